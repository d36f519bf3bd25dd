/* With SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV a call that was received is immune to signals until it is answered, but for
 * SIGKILL. Without the flag the same signal ends it with EINTR: that shows that the test can tell. */
#include "tests/kernel/kernel.h"

static const struct sock_filter filter[] = {LOAD_NR, ON_CALL(SYS_getpgid, SECCOMP_RET_USER_NOTIF),
					    ALLOW_REST};

struct seen {
	atomic_long result;
	atomic_int handled, handled_at_return;
};

static struct seen *seen;

static void on_signal(int signo)
{
	(void)signo;
	seen->handled++;
}

static int run(void *arg)
{
	struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART */

	(void)arg;
	sigaction(SIGUSR1, &action, NULL);
	seen->result = RESULT(syscall(SYS_getpgid, 0));
	seen->handled_at_return = seen->handled;
	return 0;
}

static void signals_wait(void)
{
	struct guest guest = START_GUEST(filter, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, run, NULL);
	struct seccomp_notif call;

	receive_call(guest.listener, &call);
	MUST(kill(guest.pid, SIGUSR1));
	pause_ms(50);
	check(still_waits(guest.listener, &call), "a received call waits on under a signal", "errno %d",
	      errno);
	check_is(seen->handled, 0, "the handler does not run before the answer");
	check_is(answer(guest.listener, &call, 4711), 0, "the call is answered");
	check_is(wait_exit(guest.pid), 0, "the guest goes on");
	check_is(seen->result, 4711, "the guest gets the answer, not EINTR");
	check_is(seen->handled_at_return, 1, "the handler ran once, as the call returned");
	close(guest.listener);
}

static void kill_ends_it(void)
{
	struct guest guest = START_GUEST(filter, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, run, NULL);
	struct seccomp_notif call;

	receive_call(guest.listener, &call);
	MUST(kill(guest.pid, SIGKILL));
	check_is(wait_exit(guest.pid), 128 + SIGKILL, "SIGKILL ends the guest in a received call");
	check_is(answer(guest.listener, &call, 0), -ENOENT, "to answer it is ENOENT");
	close(guest.listener);
}

static void without_the_flag(void)
{
	struct guest guest = START_GUEST(filter, 0, run, NULL);
	struct seccomp_notif call;

	seen->handled = 0;
	receive_call(guest.listener, &call);
	MUST(kill(guest.pid, SIGUSR1));
	check_is(wait_exit(guest.pid), 0, "without the flag: the guest goes on without an answer");
	check_is(seen->result, -EINTR, "without the flag: the guest gets EINTR");
	check_is(answer(guest.listener, &call, 0), -ENOENT, "without the flag: to answer it is ENOENT");
	close(guest.listener);
}

int main(void)
{
	begin();
	seen = share(sizeof(*seen));
	signals_wait();
	kill_ends_it();
	without_the_flag();
	return end();
}
