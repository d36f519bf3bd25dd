/* stat and its relatives: what a path or a descriptor shows, without opening it. */
#include "tracer/handlers.h"
#include "tracer/sys_util.h"
#include "vfs/mem.h"
#include "vfs/ops.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/stat.h>
#include <sys/stat.h>

/* glibc's struct stat and struct statfs are the kernel's on x86-64. */
_Static_assert(sizeof(struct stat) == 144, "struct stat is the kernel's");
_Static_assert(sizeof(struct statfs) == 120, "struct statfs is the kernel's");

/* The name of a call that takes AT_EMPTY_PATH: since Linux 6.11 a null pointer means the same as ""
 * (getname_maybe_null() in fs/namei.c), which some libcs rely on. */
static int name_maybe_null(struct call *c, int dirfd, uint64_t path, int at_flags, struct vfs_name *ret)
{
	if (!path && dirfd >= 0 && (at_flags & AT_EMPTY_PATH))
		return call_fd_name(c, dirfd, true, ret);
	return call_name(c, dirfd, path, at_flags, ret);
}

/* Whether the call means the descriptor alone, as libc's fstat() does: it is the most frequent of all these calls. */
static bool is_fstat(struct call *c, int dirfd, uint64_t path, int at_flags)
{
	char first = '\0';

	return dirfd >= 0 && at_flags == AT_EMPTY_PATH && (!path || call_read(c, path, &first, 1) == 0) &&
	       !first;
}

/* A placeholder's stand-in is a removed directory, which shows in its link count alone. */
static int stat_descriptor(struct call *c, int fd, struct stat *ret)
{
	struct mem_node *node;
	int r = task_stat_fd(c->task, fd, ret);

	if (r < 0)
		return r;
	if (!call_pending(c))
		return -EINTR;
	node = S_ISDIR(ret->st_mode) && ret->st_nlink == 0 ? mem_find(c->vfs.view, ret->st_dev, ret->st_ino)
							   : NULL;
	if (node)
		mem_stat(node, ret);
	return 0;
}

static struct reply stat_common(struct call *c, int dirfd, uint64_t path, uint64_t buf, int at_flags)
{
	struct vfs_name name;
	struct stat st;
	int ret;

	if (is_fstat(c, dirfd, path, at_flags)) {
		ret = stat_descriptor(c, dirfd, &st);
	} else {
		ret = name_maybe_null(c, dirfd, path, at_flags, &name);
		if (ret == 0)
			ret = vfs_stat(&c->vfs, &name, at_flags, &st);
	}
	if (ret == 0)
		ret = call_write(c, buf, &st, sizeof(st));
	return reply_value(ret);
}

struct reply sys_stat(struct call *c)
{
	return stat_common(c, AT_FDCWD, c->args[0], c->args[1], 0);
}

struct reply sys_lstat(struct call *c)
{
	return stat_common(c, AT_FDCWD, c->args[0], c->args[1], AT_SYMLINK_NOFOLLOW);
}

struct reply sys_newfstatat(struct call *c)
{
	return stat_common(c, arg_int(c, 0), c->args[1], c->args[2], arg_int(c, 3));
}

struct reply sys_statx(struct call *c)
{
	int at_flags = arg_int(c, 2);
	struct vfs_name name;
	struct statx stx;
	int ret;

	ret = name_maybe_null(c, arg_int(c, 0), c->args[1], at_flags, &name);
	if (ret == 0)
		ret = vfs_statx(&c->vfs, &name, at_flags, (unsigned)c->args[3], &stx);
	if (ret == 0)
		ret = call_write(c, c->args[4], &stx, sizeof(stx));
	return reply_value(ret);
}

struct reply sys_statfs(struct call *c)
{
	struct vfs_name name;
	struct statfs st;
	int ret;

	ret = call_name(c, AT_FDCWD, c->args[0], 0, &name);
	if (ret == 0)
		ret = vfs_statfs(&c->vfs, &name, &st);
	if (ret == 0)
		ret = call_write(c, c->args[1], &st, sizeof(st));
	return reply_value(ret);
}

static struct reply access_common(struct call *c, int dirfd, uint64_t path, int mode, int at_flags)
{
	struct vfs_name name;
	int ret;

	ret = call_name(c, dirfd, path, at_flags, &name);
	if (ret == 0)
		ret = vfs_access(&c->vfs, &name, mode, at_flags);
	return reply_value(ret);
}

struct reply sys_access(struct call *c)
{
	return access_common(c, AT_FDCWD, c->args[0], arg_int(c, 1), 0);
}

struct reply sys_faccessat(struct call *c)
{
	return access_common(c, arg_int(c, 0), c->args[1], arg_int(c, 2), 0);
}

struct reply sys_faccessat2(struct call *c)
{
	return access_common(c, arg_int(c, 0), c->args[1], arg_int(c, 2), arg_int(c, 3));
}

/* do_readlinkat() in fs/stat.c: "" means the descriptor itself without any flag, and what is no symlink is then
 * ENOENT, not EINVAL. */
static struct reply readlink_common(struct call *c, int dirfd, uint64_t path, uint64_t buf, int size)
{
	struct vfs_name name;
	char *target;
	int ret;

	if (size <= 0)
		return reply_value(-EINVAL);
	if (size > PATH_MAX)
		size = PATH_MAX;

	ret = call_name(c, dirfd, path, AT_EMPTY_PATH, &name);
	if (ret < 0)
		return reply_value(ret);

	target = arena_alloc(c->arena, (size_t)size);
	ret = vfs_readlink(&c->vfs, &name, target, size);
	if (ret == -EINVAL && name.path[0] == '\0')
		ret = -ENOENT;
	if (ret > 0) {
		int written = call_write(c, buf, target, (size_t)ret);

		if (written < 0)
			ret = written;
	}
	return reply_value(ret);
}

struct reply sys_readlink(struct call *c)
{
	return readlink_common(c, AT_FDCWD, c->args[0], c->args[1], arg_int(c, 2));
}

struct reply sys_readlinkat(struct call *c)
{
	return readlink_common(c, arg_int(c, 0), c->args[1], c->args[2], arg_int(c, 3));
}
