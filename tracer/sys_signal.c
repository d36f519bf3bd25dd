/* Signals. A task may signal the tasks of its container; all others do not exist for it (ESRCH), be it the supervisor, the
 * front or the rest of the host. A permitted signal is sent by the task itself, so that si_pid and si_uid are right. The
 * decisions rest on registers alone (tkill, tgkill and the queueing calls: see sys_pid.c); that a number can pass to another process between the check and the kernel's own
 * look-up is so for every program that signals by number. */
#include "tracer/handlers.h"
#include "tracer/redirect.h"
#include "tracer/sys_util.h"

#include <errno.h>
#include <signal.h>

static bool valid_signal(int sig)
{
	return sig >= 0 && sig < _NSIG;
}

/* Puts the caller's own process last, or drops it, since a signal may end it before it has sent the others. */
static void caller_last(struct pid_list *list, pid_t tgid, bool drop)
{
	size_t kept = 0;
	bool found = false;

	for (size_t i = 0; i < list->n; i++) {
		if (list->pids[i] == tgid)
			found = true;
		else
			list->pids[kept++] = list->pids[i];
	}
	if (found && !drop)
		list->pids[kept++] = tgid;
	list->n = kept;
}

/* Signals each process of the list. */
static struct reply kill_list(struct call *c, struct pid_list *list, int sig)
{
	if (list->n == 0)
		return reply_value(-ESRCH);
	if (sig == 0)
		return reply_value(0);
	return reply_redirect(redirect_kill_each(c, list->pids, list->n, sig));
}

/* kill(0) and kill(-pgrp): a group that lies wholly within the container is signalled by the kernel at once. The main
 * program's group also has the front and what the user's shell put there, which must not get it. */
static struct reply kill_group(struct call *c, pid_t pgrp, int sig)
{
	struct pid_list list;
	pid_t tgid;
	int ret;

	ret = pids_collect(c, PIDS_GROUP, pgrp, &list);
	if (ret < 0)
		return reply_value(ret);
	if (list.n && !list.foreign)
		return reply_continue();
	ret = task_tgid(c->task, &tgid);
	if (ret < 0)
		return reply_value(ret);
	caller_last(&list, tgid, false);
	return kill_list(c, &list, sig);
}

/* kill(-1): every process of the container but the caller's own (kill_something_info() in kernel/signal.c). */
static struct reply kill_all(struct call *c, int sig)
{
	struct pid_list list;
	pid_t tgid;
	int ret;

	ret = pids_collect(c, PIDS_ALL, 0, &list);
	if (ret == 0)
		ret = task_tgid(c->task, &tgid);
	if (ret < 0)
		return reply_value(ret);
	caller_last(&list, tgid, true);
	return kill_list(c, &list, sig);
}

struct reply sys_kill(struct call *c)
{
	pid_t pid = arg_int(c, 0);
	int sig = arg_int(c, 1);

	if (pid > 0)
		return container_has(c->ct, pid) ? reply_continue() : reply_value(-ESRCH);
	if (!valid_signal(sig))
		return reply_value(-EINVAL);
	if (pid == -1)
		return kill_all(c, sig);
	if (pid == 0) {
		pid = getpgid(c->tid);
		return pid < 0 ? reply_value(-errno) : kill_group(c, pid, sig);
	}
	/* The kernel refuses -INT_MIN, which is no positive number. */
	return pid == INT32_MIN ? reply_value(-ESRCH) : kill_group(c, -pid, sig);
}
