/* Resource limits and priorities.
 *
 * The soft RLIMIT_LOCKS of every task carries the container's tag. Linux has not used that limit since 2.4.25 and starts
 * with it unlimited: that is what is shown, and setting it is accepted and changes nothing (a lower limit that was set is
 * not shown: known gap). */
#include "tracer/handlers.h"
#include "tracer/sys_util.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* do_prlimit() in kernel/sys.c checks no more than this. */
static int locks_set(struct call *c, uint64_t addr)
{
	struct rlimit limit;
	int ret = call_read(c, addr, &limit, sizeof(limit));

	if (ret < 0)
		return ret;
	return limit.rlim_cur > limit.rlim_max ? -EINVAL : 0;
}

static int locks_get(struct call *c, uint64_t addr)
{
	const struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

	return call_write(c, addr, &limit, sizeof(limit));
}

struct reply sys_getrlimit(struct call *c)
{
	if ((unsigned)c->args[0] != RLIMIT_LOCKS)
		return reply_continue();
	return reply_value(locks_get(c, c->args[1]));
}

struct reply sys_setrlimit(struct call *c)
{
	if ((unsigned)c->args[0] != RLIMIT_LOCKS)
		return reply_continue();
	return reply_value(locks_set(c, c->args[1]));
}

struct reply sys_prlimit64(struct call *c)
{
	pid_t pid = arg_int(c, 0);
	int ret = 0;

	if (pid && !container_has(c->ct, pid))
		return reply_value(-ESRCH);
	if ((unsigned)c->args[1] != RLIMIT_LOCKS)
		return reply_continue();
	if (c->args[2])
		ret = locks_set(c, c->args[2]);
	if (ret == 0 && c->args[3])
		ret = locks_get(c, c->args[3]);
	return reply_value(ret);
}

/* Priorities: of a process, of a group, of a user's processes. A set of processes is cut down to those of the container:
 * where that leaves some out, the supervisor does to each what the kernel would, which the kernel allows it as it would
 * allow the caller (the same user on both sides). */
struct priority_calls {
	int set, get; /* numbers */
	int process;  /* "which" for one process */
};

static const struct priority_calls nice_calls = {SYS_setpriority, SYS_getpriority, PRIO_PROCESS};
static const struct priority_calls ioprio_calls = {SYS_ioprio_set, SYS_ioprio_get, IOPRIO_WHO_PROCESS};

/* As the loops of sys_setpriority() (kernel/sys.c) and ioprio_set (block/ioprio.c) do it: the last error stays unless
 * all went well. */
static long set_each(const struct priority_calls *calls, const struct pid_list *list, int value)
{
	long ret = list->n ? 0 : -ESRCH;

	for (size_t i = 0; i < list->n; i++)
		if (syscall(calls->set, calls->process, list->pids[i], value) < 0)
			ret = -errno;
	return ret;
}

/* The raw getpriority gives 20 - nice, so that the highest number is the highest priority; in ioprio the best is the
 * lowest of the highest class (ioprio_best()). */
static bool is_better(const struct priority_calls *calls, long value, long than)
{
	if (calls == &nice_calls)
		return value > than;
	return value < than;
}

static long get_best(const struct priority_calls *calls, const struct pid_list *list)
{
	long best = -ESRCH;

	for (size_t i = 0; i < list->n; i++) {
		long value = syscall(calls->get, calls->process, list->pids[i]);

		if (value >= 0 && (best < 0 || is_better(calls, value, best)))
			best = value;
	}
	return best;
}

/* The group of the caller when who is 0. */
static int group_of(const struct call *c, int who, pid_t *ret)
{
	if (who < 0)
		return -ESRCH;
	*ret = who ? who : getpgid(c->tid);
	return *ret < 0 ? -errno : 0;
}

enum who { WHO_PROCESS, WHO_GROUP, WHO_USER };

static struct reply priority_common(struct call *c, const struct priority_calls *calls, enum who kind,
				    bool set)
{
	int who = arg_int(c, 1), ret;
	struct pid_list list;
	pid_t pgrp;

	switch (kind) {
	case WHO_PROCESS: return who && !container_has(c->ct, who) ? reply_value(-ESRCH) : reply_continue();
	case WHO_GROUP:
		ret = group_of(c, who, &pgrp);
		if (ret == 0)
			ret = pids_collect(c, PIDS_GROUP, pgrp, &list);
		if (ret < 0)
			return reply_value(ret);
		if (list.n && !list.foreign)
			return reply_continue();
		break;
	case WHO_USER:
		/* All processes of the container are the user's who started it. */
		if (who && (uid_t)who != getuid())
			return reply_value(-ESRCH);
		ret = pids_collect(c, PIDS_ALL, 0, &list);
		if (ret < 0)
			return reply_value(ret);
		break;
	}
	return reply_value(set ? set_each(calls, &list, arg_int(c, 2)) : get_best(calls, &list));
}

/* The kernel answers EINVAL for a "which" that it does not know. */
static struct reply nice_common(struct call *c, bool set)
{
	switch (arg_int(c, 0)) {
	case PRIO_PROCESS: return priority_common(c, &nice_calls, WHO_PROCESS, set);
	case PRIO_PGRP: return priority_common(c, &nice_calls, WHO_GROUP, set);
	case PRIO_USER: return priority_common(c, &nice_calls, WHO_USER, set);
	default: return reply_value(-EINVAL);
	}
}

static struct reply ioprio_common(struct call *c, bool set)
{
	switch (arg_int(c, 0)) {
	case IOPRIO_WHO_PROCESS: return priority_common(c, &ioprio_calls, WHO_PROCESS, set);
	case IOPRIO_WHO_PGRP: return priority_common(c, &ioprio_calls, WHO_GROUP, set);
	case IOPRIO_WHO_USER: return priority_common(c, &ioprio_calls, WHO_USER, set);
	default: return reply_value(-EINVAL);
	}
}

struct reply sys_setpriority(struct call *c)
{
	return nice_common(c, true);
}

struct reply sys_getpriority(struct call *c)
{
	return nice_common(c, false);
}

struct reply sys_ioprio_set(struct call *c)
{
	return ioprio_common(c, true);
}

struct reply sys_ioprio_get(struct call *c)
{
	return ioprio_common(c, false);
}
