/* Small things that several handlers (sys_*.c) share. */
#ifndef UCTR_TRACER_SYS_UTIL_H
#define UCTR_TRACER_SYS_UTIL_H

#include "tracer/call.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Argument i as the kernel takes an int: the upper half of the register means nothing. */
static inline int arg_int(const struct call *c, int i)
{
	return (int)c->args[i];
}

/* A new descriptor of the object for a redirect, owned by the caller; o keeps none of its own. Negative errno. */
int object_take_fd(const struct call *c, struct vfs_object *o);

/* EROFS when the open file is on a read-only mount of the view, else 0. A file that the view does not show (a memfd, a
 * pipe, a descriptor that was inherited) is on no mount. */
int fd_may_write(const struct call *c, const struct vfs_name *name);

/* Processes of this container, in the call's arena. */
struct pid_list {
	pid_t *pids;
	size_t n;
	bool foreign; /* the group also has processes that are not of this container */
};

enum pid_scope {
	PIDS_ALL,   /* every process of the container */
	PIDS_GROUP, /* those of one process group */
};

/* Asks /proc. The list may miss a process that is being forked meanwhile. Negative errno. */
int pids_collect(struct call *c, enum pid_scope scope, pid_t pgrp, struct pid_list *ret);

#endif
