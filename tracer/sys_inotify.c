/* inotify_add_watch: names a path, and what it watches is the inode behind it. */
#include "lib/cleanup.h"
#include "tracer/handlers.h"
#include "tracer/redirect.h"
#include "tracer/sys_util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/inotify.h>

/* Events of an in-memory directory never come: it does not change. Permission to read the object is checked by the
 * kernel, which reaches it by a link of /proc: IN_DONT_FOLLOW has done its work then and would stop at that link. */
struct reply sys_inotify_add_watch(struct call *c)
{
	_cleanup_object_ struct vfs_object object = VFS_OBJECT_NONE;
	_cleanup_close_ int fd = -1, dup = -1;
	uint32_t mask = (uint32_t)c->args[2], own = mask & ~(uint32_t)IN_DONT_FOLLOW;
	unsigned flags = (mask & IN_DONT_FOLLOW ? 0 : LOOKUP_FOLLOW) |
			 (mask & IN_ONLYDIR ? LOOKUP_DIRECTORY : 0);
	struct vfs_name name;
	struct redirect *r;
	char path[64];
	int ret;

	ret = call_name(c, AT_FDCWD, c->args[1], 0, &name);
	if (ret == 0)
		ret = vfs_lookup(&c->vfs, &name, flags, &object);
	if (ret < 0)
		return reply_value(ret);
	fd = object_take_fd(c, &object);
	if (fd < 0)
		return reply_value(fd);

	dup = task_dup_fd(c->task, arg_int(c, 0));
	if (dup >= 0) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		ret = inotify_add_watch(dup, path, own);
		return reply_value(ret < 0 ? -errno : ret);
	}
	if (dup != -EPERM)
		return reply_value(dup);

	r = redirect_new(c);
	if (!r)
		return reply_redirect(NULL);
	ret = redirect_path(r, 1, TAKE_FD(fd), NULL);
	if (ret < 0) {
		redirect_free(r);
		return reply_value(ret);
	}
	redirect_arg(r, 2, own);
	if (object.native)
		redirect_native(r);
	return reply_redirect(r);
}
