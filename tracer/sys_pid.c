/* Calls that name a task by its number: tasks of other containers and of the host do not exist (ESRCH). The decision rests
 * on registers alone; that a number can pass to another process between the check and the kernel's own look-up is so for
 * every program that names processes by number. */
#include "lib/cleanup.h"
#include "tracer/handlers.h"
#include "tracer/redirect.h"
#include "tracer/sys_util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <unistd.h>

/* Every argument of kind ARG_PID. 0 is the caller; the kernel judges negative numbers by itself, none of which names a
 * task in these calls. */
struct reply sys_pid_arg(struct call *c)
{
	for (int i = 0; i < c->row->n_args; i++) {
		pid_t pid = arg_int(c, i);

		if (c->row->args[i] == ARG_PID && pid > 0 && !container_has(c->ct, pid))
			return reply_value(-ESRCH);
	}
	return reply_continue();
}

/* The fourth field of /proc/TID/stat, counted from the last ')': the name before it may have any bytes. 0 when it cannot
 * be told. */
static pid_t parent_of(const struct call *c)
{
	_cleanup_close_ int fd = -1;
	char text[512], *end;
	ssize_t n;

	snprintf(text, sizeof(text), "/proc/%d/stat", c->tid);
	fd = open(text, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	end = strrchr(text, ')');
	return end && strlen(end) > 4 ? (pid_t)strtol(end + 4, NULL, 10) : 0; /* ") S 123" */
}

/* The other requests work on tracees alone: the filter sends only those here that make one, or that let one go on, which must not
 * see what we do to its memory. The parent of the main program
 * and of orphans is the supervisor, which would be a tracer against its will and never let them go on. */
struct reply sys_ptrace(struct call *c)
{
	pid_t parent;

	if (c->args[0] == PTRACE_TRACEME) {
		parent = parent_of(c);
		return parent > 0 && container_has(c->ct, parent) ? reply_continue() : reply_value(-EPERM);
	}
	if (c->args[0] != PTRACE_ATTACH && c->args[0] != PTRACE_SEIZE)
		redirector_wait_held(c->ct);
	return container_has(c->ct, arg_int(c, 1)) ? reply_continue() : reply_value(-ESRCH);
}

/* Whether a process may join the group: it is a new one of its own, or has a process of the container in it. The group in
 * which the main program was started has the front and perhaps a pipeline of the user's shell, but a shell inside that
 * made its own goes back to it at its end. */
static bool may_join(struct call *c, pid_t pid, pid_t pgrp)
{
	struct pid_list list;

	if (pgrp <= 0 || pgrp == pid || container_has(c->ct, pgrp) || pgrp == getpgid(getppid()))
		return true;
	return pids_collect(c, PIDS_GROUP, pgrp, &list) == 0 && list.n > 0;
}

/* setpgid(2): EPERM for a group that does not exist. */
struct reply sys_setpgid(struct call *c)
{
	pid_t pid = arg_int(c, 0), pgrp = arg_int(c, 1);

	if (pid > 0 && !container_has(c->ct, pid))
		return reply_value(-ESRCH);
	return may_join(c, pid, pgrp) ? reply_continue() : reply_value(-EPERM);
}

/* A negative pid means all tasks of a CPU, and with PERF_FLAG_PID_CGROUP it is the descriptor of a cgroup: both count what
 * is not of the container. */
struct reply sys_perf_event_open(struct call *c)
{
	pid_t pid = arg_int(c, 1);

	if (pid < 0 || (c->args[4] & PERF_FLAG_PID_CGROUP))
		return reply_value(-EACCES);
	return pid == 0 || container_has(c->ct, pid) ? reply_continue() : reply_value(-ESRCH);
}

/* fcntl(F_SETOWN): whom the kernel signals when there is input. f_setown() in fs/fcntl.c takes a negative number for a
 * group, which must lie wholly within the container. */
struct reply sys_fcntl(struct call *c)
{
	pid_t owner = arg_int(c, 2);
	struct pid_list list;
	int ret;

	if (arg_int(c, 1) != F_SETOWN || owner == 0)
		return reply_continue();
	if (owner > 0)
		return container_has(c->ct, owner) ? reply_continue() : reply_value(-ESRCH);
	if (owner == INT_MIN)
		return reply_value(-EINVAL);
	ret = pids_collect(c, PIDS_GROUP, -owner, &list);
	if (ret < 0)
		return reply_value(ret);
	return list.n && !list.foreign ? reply_continue() : reply_value(-ESRCH);
}
