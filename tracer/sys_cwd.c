/* The working directory. It is the kernel's own: chdir makes the task go to the real directory (or to the anonymous one
 * that stands for an in-memory one), and getcwd reads it back from /proc. */
#include "lib/cleanup.h"
#include "tracer/handlers.h"
#include "tracer/redirect.h"
#include "tracer/sys_util.h"
#include "vfs/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

/* The permission to search the directory is checked by the kernel in the task's own chdir, which reaches the very
 * object that was looked up. */
struct reply sys_chdir(struct call *c)
{
	_cleanup_object_ struct vfs_object object = VFS_OBJECT_NONE;
	_cleanup_close_ int fd = -1;
	struct vfs_name name;
	struct redirect *r;
	int ret;

	ret = call_name(c, AT_FDCWD, c->args[0], 0, &name);
	if (ret == 0)
		ret = vfs_lookup(&c->vfs, &name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &object);
	if (ret < 0)
		return reply_value(ret);
	fd = object_take_fd(c, &object);
	if (fd < 0)
		return reply_value(fd);

	r = redirect_new(c);
	if (!r)
		return reply_redirect(NULL);
	if (object.native)
		redirect_native(r);
	ret = redirect_path(r, 0, TAKE_FD(fd), NULL);
	if (ret < 0) {
		redirect_free(r);
		return reply_value(ret);
	}
	return reply_redirect(r);
}

/* Linux answers "(unreachable)" and the path for a directory outside the root; the host's path is none of the
 * container's business, so that only the first part is given. libc takes any answer that does not begin with a slash
 * for ENOENT or walks up by itself. */
#define UNREACHABLE "(unreachable)/"

/* getcwd(2), the raw call: the length with its NUL, -ERANGE when size is too small (also 0). */
struct reply sys_getcwd(struct call *c)
{
	_cleanup_close_ int fd = -1;
	char host[PATH_MAX], virtual[PATH_MAX];
	const struct mount *mount;
	const char *text = virtual;
	bool deleted;
	size_t len;
	int ret;

	ret = task_cwd(c->task, host, &deleted);
	if (ret < 0)
		return reply_value(ret);
	if (deleted) {
		const struct mem_node *node;
		struct stat st;

		fd = task_open_cwd(c->task);
		if (fd < 0 || fstat(fd, &st))
			return reply_value(-ENOENT);
		node = mem_find(c->vfs.view, st.st_dev, st.st_ino);
		if (!node)
			return reply_value(-ENOENT);
		text = node->vpath;
	} else if (host[0] != '/' || view_reverse(c->vfs.view, host, virtual, &mount) < 0) {
		text = UNREACHABLE;
	}
	if (!call_pending(c))
		return reply_value(-EINTR);

	len = strlen(text) + 1;
	if (c->args[1] < len)
		return reply_value(-ERANGE);
	ret = call_write(c, c->args[0], text, len);
	return reply_value(ret < 0 ? ret : (long)len);
}
