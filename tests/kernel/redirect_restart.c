/* PTRACE_SEIZE and PTRACE_INTERRUPT of a task in a received call, then the answer -ERESTARTNOINTR: the task stops before it
 * returns to user mode, and when it is let go untouched, by a detach or by the tracer's death, the kernel makes the same
 * call again. The task's parent, which watches every stop, sees none. */
#include "tests/kernel/tracee.h"

#define CALLS 200

struct state {
	long wrong;
	long stops, changes; /* what the parent saw */
};

static struct state *state;
static atomic_int child_signals;

static void on_child(int signo)
{
	(void)signo;
	child_signals++;
}

static void make_calls(void)
{
	for (long i = 0; i < CALLS; i++)
		if (RESULT(syscall(SYS_getpgid, i)) != i + 4711)
			state->wrong++;
	_exit(42);
}

/* The parent of the task that is redirected. */
static int parent(void *arg)
{
	struct sigaction action = {.sa_handler = on_child};
	pid_t child;
	int status;

	(void)arg;
	sigaction(SIGCHLD, &action, NULL); /* no SA_NOCLDSTOP: stops would be signalled, too */
	child = fork_child();
	if (!child)
		make_calls();
	for (;;) {
		if (waitpid(child, &status, WUNTRACED | WCONTINUED) < 0) {
			if (errno != EINTR)
				return 1;
			continue;
		}
		if (WIFEXITED(status) || WIFSIGNALED(status))
			break;
		state->stops++;
	}
	state->changes = child_signals;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static const struct sock_filter filter[] = {LOAD_NR, ON_CALL(SYS_getpgid, SECCOMP_RET_USER_NOTIF),
					    ALLOW_REST};

static void detach(void)
{
	struct guest guest = START_GUEST(filter, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, parent, NULL);
	struct seccomp_notif first, again;
	long same = 0, stopped = 0;

	while (receive_call(guest.listener, &first)) {
		if (!stop_in_call(guest.listener, &first, PTRACE_O_TRACESYSGOOD) ||
		    ptrace(PTRACE_DETACH, first.pid, 0, 0))
			break;
		stopped++;
		if (!receive_call(guest.listener, &again))
			break;
		if (again.id != first.id && again.pid == first.pid &&
		    !memcmp(&again.data, &first.data, sizeof(again.data)))
			same++;
		answer(guest.listener, &again, (long)again.data.args[0] + 4711);
	}
	check_is(wait_exit(guest.pid), 42, "the task and its parent end well");
	check_is(stopped, CALLS, "each call was stopped and let go");
	check_is(same, CALLS, "the same call came again each time");
	check_is(state->wrong, 0, "no call returned anything but the answer to the second one");
	check_is(state->stops, 0, "waitpid(WUNTRACED | WCONTINUED) of the parent saw no stop");
	check_is(state->changes, 1, "the parent got one SIGCHLD, for the end");
	close(guest.listener);
}

static int one_call(void *arg)
{
	*(long *)arg = RESULT(syscall(SYS_getpgid, 1));
	return 0;
}

static void tracer_dies(void)
{
	long *result = share(sizeof(*result));
	struct guest guest = START_GUEST(filter, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, one_call, result);
	struct seccomp_notif call;
	pid_t tracer;
	int status;

	receive_call(guest.listener, &call);
	MUST(prctl(PR_SET_CHILD_SUBREAPER, 1));
	tracer = fork_child();
	if (!tracer) {
		if (ptrace(PTRACE_SEIZE, call.pid, 0, 0))
			_exit(77);
		if (ptrace(PTRACE_INTERRUPT, call.pid, 0, 0) || answer(guest.listener, &call, RESTART))
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	status = wait_exit(tracer);
	if (status == 77) {
		printf("# the tracer's death is not tried: only ancestors may trace here\n");
		answer(guest.listener, &call, 0);
		wait_exit(guest.pid);
	} else {
		check_is(status, 128 + SIGKILL, "a tracer dies while the task is about to stop");
		check(receive_call(guest.listener, &call), "the call comes again", "the guest is gone");
		check_is(answer(guest.listener, &call, 4711), 0, "it is answered");
		check_is(wait_exit(guest.pid), 0, "the task goes on");
		check_is(*result, 4711, "the call returned the answer");
	}
	close(guest.listener);
}

/* Why SEIZE and INTERRUPT come first: without something to stop for, nothing translates the number. */
static void leaks_without_stop(void)
{
	long *result = share(sizeof(*result));
	struct guest guest = START_GUEST(filter, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, one_call, result);
	struct seccomp_notif call;

	receive_call(guest.listener, &call);
	check_is(answer(guest.listener, &call, RESTART), 0,
		 "-ERESTARTNOINTR is sent to a task that nobody stops");
	check_is(wait_exit(guest.pid), 0, "that task goes on");
	check_is(*result, RESTART, "it gets 513 as its errno");
	close(guest.listener);
}

int main(void)
{
	begin();
	state = share(sizeof(*state));
	detach();
	tracer_dies();
	leaks_without_stop();
	return end();
}
