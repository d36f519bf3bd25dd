/* One listener per chain of filters: a second one is EBUSY, also for a child, while filters without one can be added. */
#include "tests/kernel/kernel.h"

struct seen {
	long second, plain, filtered, after_plain, in_child;
};

static const struct sock_filter to_listener[] = {LOAD_NR, ON_CALL(SYS_getpgid, SECCOMP_RET_USER_NOTIF),
						 ALLOW_REST};
static const struct sock_filter refuse[] = {LOAD_NR, ON_CALL(SYS_getsid, SECCOMP_RET_ERRNO | EXDEV),
					    ALLOW_REST};

static long second_listener(void)
{
	return RESULT(install_filter(to_listener, sizeof(to_listener) / sizeof(*to_listener),
				     SECCOMP_FILTER_FLAG_NEW_LISTENER));
}

static int run(void *arg)
{
	struct seen *seen = arg;
	pid_t child;

	seen->second = second_listener();
	seen->plain = RESULT(install_filter(refuse, sizeof(refuse) / sizeof(*refuse), 0));
	seen->filtered = RESULT(syscall(SYS_getsid, 0));
	seen->after_plain = RESULT(syscall(SYS_getpgid, 0));
	child = fork_child();
	if (!child) {
		seen->in_child = second_listener();
		_exit(0);
	}
	return wait_exit(child);
}

int main(void)
{
	struct seen *seen = share(sizeof(*seen));
	struct seccomp_notif call;
	struct guest guest;
	int served = 0;

	begin();
	guest = START_GUEST(to_listener, 0, run, seen);
	while (receive_call(guest.listener, &call)) {
		answer(guest.listener, &call, 4711);
		served++;
	}
	check_is(wait_exit(guest.pid), 0, "the guest ends well");
	check_is(seen->second, -EBUSY, "a second listener is EBUSY");
	check_is(seen->plain, 0, "a filter without listener can be added");
	check_is(seen->filtered, -EXDEV, "the added filter works");
	check_is(seen->after_plain, 4711, "the first listener still serves");
	check_is(served, 1, "it was asked once");
	check_is(seen->in_child, -EBUSY, "a listener of a child is EBUSY");
	return end();
}
