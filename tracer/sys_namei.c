/* Calls that make, remove and rename names. */
#include "tracer/handlers.h"
#include "tracer/sys_util.h"
#include "vfs/ops.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>

static struct reply mkdir_common(struct call *c, int dirfd, uint64_t path, uint64_t mode)
{
	struct vfs_name name;
	int ret = call_name(c, dirfd, path, 0, &name);

	if (ret == 0)
		ret = vfs_mkdir(&c->vfs, &name, (mode_t)(uint16_t)mode); /* umode_t has 16 bits */
	return reply_value(ret);
}

struct reply sys_mkdir(struct call *c)
{
	return mkdir_common(c, AT_FDCWD, c->args[0], c->args[1]);
}

struct reply sys_mkdirat(struct call *c)
{
	return mkdir_common(c, arg_int(c, 0), c->args[1], c->args[2]);
}

static struct reply mknod_common(struct call *c, int dirfd, uint64_t path, uint64_t mode, uint64_t dev)
{
	struct vfs_name name;
	int ret = call_name(c, dirfd, path, 0, &name);

	if (ret == 0)
		ret = vfs_mknod(&c->vfs, &name, (mode_t)(uint16_t)mode, (dev_t)(uint32_t)dev);
	return reply_value(ret);
}

struct reply sys_mknod(struct call *c)
{
	return mknod_common(c, AT_FDCWD, c->args[0], c->args[1], c->args[2]);
}

struct reply sys_mknodat(struct call *c)
{
	return mknod_common(c, arg_int(c, 0), c->args[1], c->args[2], c->args[3]);
}

static struct reply unlink_common(struct call *c, int dirfd, uint64_t path, int at_flags)
{
	struct vfs_name name;
	int ret = call_name(c, dirfd, path, 0, &name);

	if (ret == 0)
		ret = vfs_unlink(&c->vfs, &name, at_flags);
	return reply_value(ret);
}

struct reply sys_unlink(struct call *c)
{
	return unlink_common(c, AT_FDCWD, c->args[0], 0);
}

struct reply sys_rmdir(struct call *c)
{
	return unlink_common(c, AT_FDCWD, c->args[0], AT_REMOVEDIR);
}

struct reply sys_unlinkat(struct call *c)
{
	return unlink_common(c, arg_int(c, 0), c->args[1], arg_int(c, 2));
}

static struct reply rename_common(struct call *c, int from_dirfd, uint64_t from_path, int to_dirfd,
				  uint64_t to_path, unsigned flags)
{
	struct vfs_name from, to;
	int ret = call_name(c, from_dirfd, from_path, 0, &from);

	if (ret == 0)
		ret = call_name(c, to_dirfd, to_path, 0, &to);
	if (ret == 0)
		ret = vfs_rename(&c->vfs, &from, &to, flags);
	return reply_value(ret);
}

struct reply sys_rename(struct call *c)
{
	return rename_common(c, AT_FDCWD, c->args[0], AT_FDCWD, c->args[1], 0);
}

struct reply sys_renameat(struct call *c)
{
	return rename_common(c, arg_int(c, 0), c->args[1], arg_int(c, 2), c->args[3], 0);
}

struct reply sys_renameat2(struct call *c)
{
	return rename_common(c, arg_int(c, 0), c->args[1], arg_int(c, 2), c->args[3], (unsigned)c->args[4]);
}

static struct reply link_common(struct call *c, int from_dirfd, uint64_t from_path, int to_dirfd,
				uint64_t to_path, int at_flags)
{
	struct vfs_name from, to;
	int ret = call_name(c, from_dirfd, from_path, at_flags, &from);

	if (ret == 0)
		ret = call_name(c, to_dirfd, to_path, 0, &to);
	if (ret == 0)
		ret = vfs_link(&c->vfs, &from, &to, at_flags);
	return reply_value(ret);
}

struct reply sys_link(struct call *c)
{
	return link_common(c, AT_FDCWD, c->args[0], AT_FDCWD, c->args[1], 0);
}

struct reply sys_linkat(struct call *c)
{
	return link_common(c, arg_int(c, 0), c->args[1], arg_int(c, 2), c->args[3], arg_int(c, 4));
}

static struct reply symlink_common(struct call *c, uint64_t target_addr, int dirfd, uint64_t path)
{
	const char *target;
	struct vfs_name name;
	int ret = call_read_path(c, target_addr, &target);

	if (ret == 0 && target[0] == '\0')
		ret = -ENOENT;
	if (ret == 0)
		ret = call_name(c, dirfd, path, 0, &name);
	if (ret == 0)
		ret = vfs_symlink(&c->vfs, target, &name);
	return reply_value(ret);
}

struct reply sys_symlink(struct call *c)
{
	return symlink_common(c, c->args[0], AT_FDCWD, c->args[1]);
}

struct reply sys_symlinkat(struct call *c)
{
	return symlink_common(c, c->args[0], arg_int(c, 1), c->args[2]);
}
