/* Small things that several handlers (sys_*.c) share. */
#include "tracer/sys_util.h"

#include "lib/cleanup.h"
#include "vfs/mem.h"
#include "vfs/mount.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int object_take_fd(const struct call *c, struct vfs_object *o)
{
	int fd;

	if (!o->node)
		return TAKE_FD(o->fd);

	fd = mem_fd(c->vfs.view, o->node);
	if (fd < 0)
		return fd;
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

int fd_may_write(const struct call *c, const struct vfs_name *name)
{
	struct stat st;

	if (!name->fd_vpath)
		return 0;
	if (fstat(name->fd, &st))
		return -errno;
	return vfs_may_write(view_find(c->vfs.view, name->fd_vpath), st.st_mode);
}

static void pid_list_add(struct call *c, struct pid_list *list, size_t *room, pid_t pid)
{
	if (list->n == *room) {
		size_t more = *room ? *room * 2 : 64;
		pid_t *pids = arena_alloc(c->arena, more * sizeof(*pids));

		if (list->n)
			memcpy(pids, list->pids, list->n * sizeof(*pids));
		list->pids = pids;
		*room = more;
	}
	list->pids[list->n++] = pid;
}

int pids_collect(struct call *c, enum pid_scope scope, pid_t pgrp, struct pid_list *ret)
{
	struct pid_list list = {0};
	_cleanup_closedir_ DIR *dir = opendir("/proc");
	const struct dirent *entry;
	size_t room = 0;

	if (!dir)
		return -errno;

	while ((entry = readdir(dir))) {
		pid_t pid;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		pid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (scope == PIDS_GROUP && getpgid(pid) != pgrp)
			continue;
		if (container_has(c->ct, pid))
			pid_list_add(c, &list, &room, pid);
		else
			list.foreign = true;
	}
	*ret = list;
	return 0;
}
