/* When the listener is closed, the calls that wait and all later ones fail with ENOSYS, and the guest runs on. */
#include "tests/kernel/kernel.h"

struct seen {
	long received, waiting, later, unfiltered;
	atomic_int thread_calls;
};

static void *second_thread(void *arg)
{
	struct seen *seen = arg;

	seen->thread_calls = 1;
	seen->waiting = RESULT(syscall(SYS_getpgid, 2)); /* queued, never received */
	return NULL;
}

static int run(void *arg)
{
	struct seen *seen = arg;
	pthread_t thread;

	if (pthread_create(&thread, NULL, second_thread, seen))
		return 1;
	AWAIT(seen->thread_calls);
	pause_ms(20);
	seen->received = RESULT(syscall(SYS_getpgid, 1));
	pthread_join(thread, NULL);
	seen->later = RESULT(syscall(SYS_getpgid, 3));
	seen->unfiltered = RESULT(syscall(SYS_getpid));
	return 0;
}

int main(void)
{
	static const struct sock_filter filter[] = {LOAD_NR, ON_CALL(SYS_getpgid, SECCOMP_RET_USER_NOTIF),
						    ALLOW_REST};
	struct seen *seen = share(sizeof(*seen));
	struct seccomp_notif call;
	struct guest guest;

	begin();
	guest = START_GUEST(filter, 0, run, seen);
	check(receive_call(guest.listener, &call), "a call is received", "errno %d", errno);
	pause_ms(60);
	check_is(kill(guest.pid, 0), 0, "the guest waits");
	close(guest.listener);
	check_is(wait_exit(guest.pid), 0, "the guest runs on after the listener was closed");
	check_is(seen->received, -ENOSYS, "a call that waited is ENOSYS");
	check_is(seen->waiting, -ENOSYS, "so is the other one");
	check_is(seen->later, -ENOSYS, "a later call is ENOSYS");
	check_is(seen->unfiltered, guest.pid, "a call that the filter allows works");
	return end();
}
