/* Calls that change what an inode says: mode, owner, times, length.
 *
 * fchmod and its like need no write permission on the descriptor, so that a descriptor opened for reading on a
 * read-only mount would let the kernel change the host's inode: they are answered, never continued. */
#include "tracer/handlers.h"
#include "tracer/sys_util.h"
#include "vfs/ops.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <utime.h>

static struct reply chmod_common(struct call *c, int dirfd, uint64_t path, uint64_t mode, int at_flags)
{
	struct vfs_name name;
	int ret = call_name(c, dirfd, path, at_flags, &name);

	if (ret == 0)
		ret = vfs_chmod(&c->vfs, &name, (mode_t)(mode & 07777), at_flags);
	return reply_value(ret);
}

struct reply sys_chmod(struct call *c)
{
	return chmod_common(c, AT_FDCWD, c->args[0], c->args[1], 0);
}

struct reply sys_fchmodat(struct call *c)
{
	return chmod_common(c, arg_int(c, 0), c->args[1], c->args[2], 0);
}

struct reply sys_fchmodat2(struct call *c)
{
	return chmod_common(c, arg_int(c, 0), c->args[1], c->args[2], arg_int(c, 3));
}

struct reply sys_fchmod(struct call *c)
{
	struct vfs_name name;
	int ret = call_fd_name(c, arg_int(c, 0), false, &name);

	if (ret == 0)
		ret = vfs_chmod(&c->vfs, &name, (mode_t)(c->args[1] & 07777), AT_EMPTY_PATH);
	return reply_value(ret);
}

static struct reply chown_common(struct call *c, int dirfd, uint64_t path, uid_t uid, gid_t gid, int at_flags)
{
	struct vfs_name name;
	int ret = call_name(c, dirfd, path, at_flags, &name);

	if (ret == 0)
		ret = vfs_chown(&c->vfs, &name, uid, gid, at_flags);
	return reply_value(ret);
}

struct reply sys_chown(struct call *c)
{
	return chown_common(c, AT_FDCWD, c->args[0], (uid_t)c->args[1], (gid_t)c->args[2], 0);
}

struct reply sys_lchown(struct call *c)
{
	return chown_common(c, AT_FDCWD, c->args[0], (uid_t)c->args[1], (gid_t)c->args[2],
			    AT_SYMLINK_NOFOLLOW);
}

struct reply sys_fchownat(struct call *c)
{
	return chown_common(c, arg_int(c, 0), c->args[1], (uid_t)c->args[2], (gid_t)c->args[3],
			    arg_int(c, 4));
}

struct reply sys_fchown(struct call *c)
{
	struct vfs_name name;
	int ret = call_fd_name(c, arg_int(c, 0), false, &name);

	if (ret == 0)
		ret = vfs_chown(&c->vfs, &name, (uid_t)c->args[1], (gid_t)c->args[2], AT_EMPTY_PATH);
	return reply_value(ret);
}

/* do_utimes() in fs/utimes.c: without a path the descriptor itself is meant, which must not be an O_PATH one, and
 * no flag is allowed. */
static struct reply utimens_common(struct call *c, int dirfd, uint64_t path, const struct timespec *times,
				   int at_flags)
{
	struct vfs_name name;
	int ret;

	if (!path && dirfd != AT_FDCWD) {
		if (at_flags)
			return reply_value(-EINVAL);
		at_flags = AT_EMPTY_PATH;
		ret = call_fd_name(c, dirfd, false, &name);
	} else {
		ret = call_name(c, dirfd, path, at_flags, &name);
	}
	if (ret == 0)
		ret = vfs_utimens(&c->vfs, &name, times, at_flags);
	return reply_value(ret);
}

struct reply sys_utimensat(struct call *c)
{
	struct timespec times[2];

	if (c->args[2]) {
		int ret = call_read(c, c->args[2], times, sizeof(times));

		if (ret < 0)
			return reply_value(ret);
		/* Nothing to do: the kernel does not even look at the path then. */
		if (times[0].tv_nsec == UTIME_OMIT && times[1].tv_nsec == UTIME_OMIT)
			return reply_value(0);
	}
	return utimens_common(c, arg_int(c, 0), c->args[1], c->args[2] ? times : NULL, arg_int(c, 3));
}

/* utimes and futimesat, whose times are in microseconds and know no UTIME_NOW. */
static struct reply utimes_common(struct call *c, int dirfd, uint64_t path, uint64_t addr)
{
	struct timespec times[2];
	struct timeval tv[2];

	if (addr) {
		int ret = call_read(c, addr, tv, sizeof(tv));

		if (ret < 0)
			return reply_value(ret);
		for (int i = 0; i < 2; i++) {
			if (tv[i].tv_usec < 0 || tv[i].tv_usec >= 1000000)
				return reply_value(-EINVAL);
			times[i].tv_sec = tv[i].tv_sec;
			times[i].tv_nsec = tv[i].tv_usec * 1000;
		}
	}
	return utimens_common(c, dirfd, path, addr ? times : NULL, 0);
}

struct reply sys_utimes(struct call *c)
{
	return utimes_common(c, AT_FDCWD, c->args[0], c->args[1]);
}

struct reply sys_futimesat(struct call *c)
{
	return utimes_common(c, arg_int(c, 0), c->args[1], c->args[2]);
}

struct reply sys_utime(struct call *c)
{
	struct timespec times[2] = {0};
	struct utimbuf buf;

	if (c->args[1]) {
		int ret = call_read(c, c->args[1], &buf, sizeof(buf));

		if (ret < 0)
			return reply_value(ret);
		times[0].tv_sec = buf.actime;
		times[1].tv_sec = buf.modtime;
	}
	return utimens_common(c, AT_FDCWD, c->args[0], c->args[1] ? times : NULL, 0);
}

struct reply sys_truncate(struct call *c)
{
	off_t length = (off_t)c->args[1];
	struct vfs_name name;
	int ret;

	if (length < 0) /* do_sys_truncate() in fs/open.c: before the path is looked at */
		return reply_value(-EINVAL);
	ret = call_name(c, AT_FDCWD, c->args[0], 0, &name);
	if (ret == 0)
		ret = vfs_truncate(&c->vfs, &name, length);
	return reply_value(ret);
}
