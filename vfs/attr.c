/* The calls that change or read attributes: mode, owner, times, size, extended attributes. They work on the
 * O_PATH descriptor of the object, directly or by its link in /proc/self/fd. */
#include "vfs/ops.h"
#include "vfs/ops_internal.h"

#include <limits.h>
#include <linux/limits.h>
#include <sys/xattr.h>

static unsigned follow_flag(int at_flags)
{
	return at_flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
}

/* The common beginning: flags, look-up, mnt_want_write(). */
static int lookup_for_write(const struct vfs_ctx *ctx, const struct vfs_name *name, int at_flags,
			    struct vfs_object *ret)
{
	int err;

	if (at_flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = vfs_lookup(ctx, name, follow_flag(at_flags), ret);
	return err < 0 ? err : object_want_write(ret);
}

/* do_fchmodat() in fs/open.c. fchmodat2(2) is newer than the oldest kernel served, so by way of /proc. */
int vfs_chmod(const struct vfs_ctx *ctx, const struct vfs_name *name, mode_t mode, int at_flags)
{
	_cleanup_object_ struct vfs_object o = VFS_OBJECT_NONE;
	struct fd_path path;
	struct stat st;
	int err = lookup_for_write(ctx, name, at_flags, &o);

	if (err < 0)
		return err;
	/* notify_change() in fs/attr.c; before Linux 6.6 some file systems changed a symlink's mode. */
	if (at_flags & AT_SYMLINK_NOFOLLOW || name->fd >= 0) {
		err = fd_stat(o.fd, &st);
		if (err < 0)
			return err;
		if (S_ISLNK(st.st_mode))
			return -EOPNOTSUPP;
	}
	return or_errno(chmod(fd_path(&path, o.fd), mode));
}

int vfs_chown(const struct vfs_ctx *ctx, const struct vfs_name *name, uid_t uid, gid_t gid, int at_flags)
{
	_cleanup_object_ struct vfs_object o = VFS_OBJECT_NONE;
	int err = lookup_for_write(ctx, name, at_flags, &o);

	if (err < 0)
		return err;
	return or_errno(fchownat(o.fd, "", uid, gid, AT_EMPTY_PATH));
}

static bool nsec_valid(long nsec)
{
	return nsec == UTIME_OMIT || nsec == UTIME_NOW || (nsec >= 0 && nsec <= 999999999);
}

/* utimensat(2) and do_utimes_path() in fs/utimes.c */
int vfs_utimens(const struct vfs_ctx *ctx, const struct vfs_name *name, const struct timespec *times,
		int at_flags)
{
	_cleanup_object_ struct vfs_object o = VFS_OBJECT_NONE;
	int err;

	/* Nothing to do: not even the path is looked at. */
	if (times && times[0].tv_nsec == UTIME_OMIT && times[1].tv_nsec == UTIME_OMIT)
		return 0;
	if (at_flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = vfs_lookup(ctx, name, follow_flag(at_flags), &o);
	if (err < 0)
		return err;
	if (times && (!nsec_valid(times[0].tv_nsec) || !nsec_valid(times[1].tv_nsec)))
		return -EINVAL;
	err = object_want_write(&o);
	if (err < 0)
		return err;
	return (int)or_errno(syscall(SYS_utimensat, o.fd, "", times, AT_EMPTY_PATH));
}

/* do_sys_truncate() and vfs_truncate() in fs/open.c. truncate(2) itself waits for the holder of a lease, so
 * the file is opened without waiting; where there is a lease the call fails with EAGAIN, and its holder has
 * been told. */
int vfs_truncate(const struct vfs_ctx *ctx, const struct vfs_name *name, off_t length)
{
	_cleanup_object_ struct vfs_object o = VFS_OBJECT_NONE;
	_cleanup_close_ int fd = -1;
	struct fd_path path;
	struct stat st;
	int err;

	if (length < 0)
		return -EINVAL;
	err = vfs_lookup(ctx, name, LOOKUP_FOLLOW, &o);
	if (err < 0)
		return err;
	err = object_stat(&o, &st);
	if (err < 0)
		return err;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (!o.node && mount_is_rdonly(object_mount(&o))) {
		/* Newer kernels look at the permission first. */
		err = (int)or_errno(syscall(SYS_faccessat2, o.fd, "", W_OK, AT_EMPTY_PATH | AT_EACCESS));
		if (err < 0)
			return err;
	}
	err = object_want_write(&o);
	if (err < 0)
		return err;
	fd = open(fd_path(&path, o.fd), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return or_errno(ftruncate(fd, length));
}

/* import_xattr_name() in fs/xattr.c */
static int check_xattr_name(const char *key)
{
	size_t len = strlen(key);

	return len == 0 || len > XATTR_NAME_MAX ? -ERANGE : 0;
}

static int lookup_xattr(const struct vfs_ctx *ctx, const struct vfs_name *name, bool nofollow,
			struct vfs_object *ret)
{
	return vfs_lookup(ctx, name, nofollow ? 0 : LOOKUP_FOLLOW, ret);
}

ssize_t vfs_getxattr(const struct vfs_ctx *ctx, const struct vfs_name *name, bool nofollow, const char *key,
		     void *buf, size_t size)
{
	_cleanup_object_ struct vfs_object o = VFS_OBJECT_NONE;
	struct fd_path path;
	int err = check_xattr_name(key);

	if (err == 0)
		err = lookup_xattr(ctx, name, nofollow, &o);
	if (err < 0)
		return err;
	if (o.node)
		return -ENODATA;
	return or_errno(getxattr(fd_path(&path, o.fd), key, buf, size));
}

ssize_t vfs_listxattr(const struct vfs_ctx *ctx, const struct vfs_name *name, bool nofollow, char *buf,
		      size_t size)
{
	_cleanup_object_ struct vfs_object o = VFS_OBJECT_NONE;
	struct fd_path path;
	int err = lookup_xattr(ctx, name, nofollow, &o);

	if (err < 0)
		return err;
	if (o.node)
		return 0;
	return or_errno(listxattr(fd_path(&path, o.fd), buf, size));
}

int vfs_setxattr(const struct vfs_ctx *ctx, const struct vfs_name *name, bool nofollow, const char *key,
		 const void *value, size_t size, int flags)
{
	_cleanup_object_ struct vfs_object o = VFS_OBJECT_NONE;
	struct fd_path path;
	int err;

	/* setxattr_copy() in fs/xattr.c comes before the look-up. */
	if (flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	err = check_xattr_name(key);
	if (err == 0 && size > XATTR_SIZE_MAX)
		err = -E2BIG;
	if (err == 0)
		err = lookup_xattr(ctx, name, nofollow, &o);
	if (err == 0)
		err = object_want_write(&o);
	if (err < 0)
		return err;
	return or_errno(setxattr(fd_path(&path, o.fd), key, value, size, flags));
}

int vfs_removexattr(const struct vfs_ctx *ctx, const struct vfs_name *name, bool nofollow, const char *key)
{
	_cleanup_object_ struct vfs_object o = VFS_OBJECT_NONE;
	struct fd_path path;
	int err = check_xattr_name(key);

	if (err == 0)
		err = lookup_xattr(ctx, name, nofollow, &o);
	if (err == 0)
		err = object_want_write(&o);
	if (err < 0)
		return err;
	return or_errno(removexattr(fd_path(&path, o.fd), key));
}
