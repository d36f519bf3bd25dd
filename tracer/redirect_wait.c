/* Waiting for one traced task, while others come to an end. */
#include "tracer/redirect_internal.h"

#include "lib/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>

static void defer(struct redirector *d, pid_t pid, int status)
{
	if (d->n_deferred == d->deferred_room) {
		d->deferred_room = d->deferred_room * 2 + 16;
		d->deferred = reallocarray(d->deferred, d->deferred_room, sizeof(d->deferred[0]));
		invariant(d->deferred);
	}
	d->deferred[d->n_deferred++] = (struct wait_status){.pid = pid, .status = status};
}

/* Sleeps until some child has a status. The main loop asks for all of them anyway, and does not miss this SIGCHLD. */
static int wait_for_sigchld(const struct redirect *r)
{
	const struct timespec some_time = {.tv_nsec = 10 * 1000 * 1000};
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	if (sigtimedwait(&set, NULL, &some_time) > 0)
		return 0;
	/* An execve of another thread may have taken the number over, and is not ours. */
	return waitid(P_PID, (id_t)r->tid, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL);
}

int redirect_wait(struct redirect *r, int *ret_status)
{
	struct redirector *d = r->ct->redirector;

	for (;;) {
		bool alone = !d->active;
		pid_t pid = waitpid(alone ? r->tid : -1, ret_status, __WALL | (alone ? 0 : WNOHANG));

		if (pid == 0 && wait_for_sigchld(r) == 0)
			continue;
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid <= 0)
			return -ESRCH;
		/* PTRACE_EVENT_EXEC is of another thread, which has the leader's number now. */
		if (pid == r->tid && WIFSTOPPED(*ret_status) && event_of(*ret_status) != PTRACE_EVENT_EXEC)
			return 0;
		defer(d, pid, *ret_status);
		if (pid == r->tid)
			return -ESRCH;
	}
}

bool redirector_deferred(struct container *ct, pid_t *ret_pid, int *ret_status)
{
	struct redirector *d = ct->redirector;

	if (d->n_deferred == 0)
		return false;
	*ret_pid = d->deferred[0].pid;
	*ret_status = d->deferred[0].status;
	d->n_deferred--;
	memmove(d->deferred, d->deferred + 1, d->n_deferred * sizeof(d->deferred[0]));
	return true;
}
