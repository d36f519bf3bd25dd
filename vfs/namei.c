/* The calls that make, remove and rename names. The host's own call on (directory, name) does the work; what
 * is decided here are the errors that only the view knows: read-only mounts, mount points, placeholders, and
 * EXDEV between mounts. The order of the errors is that of fs/namei.c. */
#include "vfs/ops.h"
#include "vfs/ops_internal.h"

#include <linux/fs.h>

/* The last component as it was given, with its trailing slash: the kernel's calls on parents do not follow
 * it. */
static const char *place_name(const struct vfs_ctx *ctx, const struct vfs_place *p)
{
	return p->slash ? arena_printf(ctx->arena, "%s/", p->name) : p->name;
}

/* The type and mode of what is mounted at the place. */
static mode_t mounted_mode(const struct vfs_ctx *ctx, const struct vfs_place *p)
{
	const struct mount *m = view_find(ctx->view, p->vpath);

	return m->type == MOUNT_MEM ? m->root->mode : m->root_mode;
}

/* 0 when the name exists, else -ENOENT or the error of looking for it. */
static int place_exists(const struct vfs_ctx *ctx, const struct vfs_place *p, mode_t *ret_mode)
{
	const struct mem_node *node;
	struct stat st;

	if (p->mount_point) {
		*ret_mode = mounted_mode(ctx, p);
		return 0;
	}
	if (p->dir_node) {
		node = mem_lookup(p->dir_node, p->name, strlen(p->name));
		if (!node)
			return -ENOENT;
		*ret_mode = node->mode;
		return 0;
	}
	if (fstatat(p->dir_fd, p->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	*ret_mode = st.st_mode;
	return 0;
}

/* A directory below which something is mounted cannot go away, since the mount would lose its place. */
static bool holds_mount(const struct vfs_ctx *ctx, const struct vfs_place *p)
{
	return p->vpath && view_has_mount_below(ctx->view, p->vpath);
}

static int dir_permission(const struct vfs_place *p, int mode)
{
	if (p->dir_node)
		return 0;
	return (int)or_errno(syscall(SYS_faccessat2, p->dir_fd, "", mode, AT_EMPTY_PATH | AT_EACCESS));
}

/* The analogue of mnt_want_write() on the directory, for the calls that do it before they look for the name. */
static int place_want_write(const struct vfs_place *p)
{
	return p->dir_node || mount_is_rdonly(p->mount) ? -EROFS : 0;
}

/* filename_create(): the place of a new name, or the reason why there can be none. After 0, the host's call
 * with place_name() finds all other errors. */
static int lookup_new(const struct vfs_ctx *ctx, const struct vfs_name *name, bool want_dir,
		      struct vfs_place *ret)
{
	mode_t mode;
	int err = vfs_lookup_parent(ctx, name, 0, ret);

	if (err < 0)
		return err;
	if (ret->last != PLACE_NORMAL || ret->mount_point)
		return -EEXIST;
	if (!ret->dir_node && !mount_is_rdonly(ret->mount))
		return 0;
	err = place_exists(ctx, ret, &mode);
	if (err != -ENOENT)
		return err < 0 ? err : -EEXIST;
	return ret->slash && !want_dir ? -ENOENT : -EROFS;
}

int vfs_mkdir(const struct vfs_ctx *ctx, const struct vfs_name *name, mode_t mode)
{
	_cleanup_place_ struct vfs_place p = VFS_PLACE_NONE;
	int err = lookup_new(ctx, name, true, &p);

	if (err < 0)
		return err;
	ctx->caller.apply_umask(ctx->caller.arg);
	return or_errno(mkdirat(p.dir_fd, place_name(ctx, &p), mode));
}

/* may_mknod() in fs/namei.c */
static int check_mknod_mode(mode_t mode)
{
	switch (mode & S_IFMT) {
	case 0:
	case S_IFREG:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK: return 0;
	case S_IFDIR: return -EPERM;
	default: return -EINVAL;
	}
}

int vfs_mknod(const struct vfs_ctx *ctx, const struct vfs_name *name, mode_t mode, dev_t dev)
{
	_cleanup_place_ struct vfs_place p = VFS_PLACE_NONE;
	int err = check_mknod_mode(mode);

	if (err < 0)
		return err;
	err = lookup_new(ctx, name, false, &p);
	if (err < 0)
		return err;
	ctx->caller.apply_umask(ctx->caller.arg);
	/* dev is in the kernel's encoding, so libc's function is no use. */
	return (int)or_errno(syscall(SYS_mknodat, p.dir_fd, place_name(ctx, &p), mode, (unsigned)dev));
}

int vfs_symlink(const struct vfs_ctx *ctx, const char *target, const struct vfs_name *name)
{
	_cleanup_place_ struct vfs_place p = VFS_PLACE_NONE;
	int err;

	if (!target[0])
		return -ENOENT;
	err = lookup_new(ctx, name, false, &p);
	if (err < 0)
		return err;
	return or_errno(symlinkat(target, p.dir_fd, place_name(ctx, &p)));
}

static int remove_mount_point(const struct vfs_ctx *ctx, const struct vfs_place *p, bool rmdir)
{
	bool is_dir = S_ISDIR(mounted_mode(ctx, p));
	int err;

	/* do_unlinkat(), then may_delete(), then is_local_mountpoint() in vfs_unlink() and vfs_rmdir() */
	if (!rmdir && p->slash)
		return is_dir ? -EISDIR : -ENOTDIR;
	err = dir_permission(p, W_OK | X_OK);
	if (err < 0)
		return err;
	if (rmdir != is_dir)
		return rmdir ? -ENOTDIR : -EISDIR;
	return -EBUSY;
}

/* do_rmdir() and do_unlinkat() */
int vfs_unlink(const struct vfs_ctx *ctx, const struct vfs_name *name, int at_flags)
{
	_cleanup_place_ struct vfs_place p = VFS_PLACE_NONE;
	bool rmdir = at_flags & AT_REMOVEDIR;
	int err;

	if (at_flags & ~AT_REMOVEDIR)
		return -EINVAL;
	err = vfs_lookup_parent(ctx, name, 0, &p);
	if (err < 0)
		return err;
	if (p.last != PLACE_NORMAL && !rmdir)
		return -EISDIR;
	if (p.last != PLACE_NORMAL)
		return p.last == PLACE_DOT ? -EINVAL : p.last == PLACE_DOTDOT ? -ENOTEMPTY : -EBUSY;
	err = place_want_write(&p);
	if (err < 0)
		return err;
	if (p.mount_point)
		return remove_mount_point(ctx, &p, rmdir);
	if (rmdir && holds_mount(ctx, &p)) {
		err = dir_permission(&p, W_OK | X_OK);
		return err < 0 ? err : -ENOTEMPTY;
	}
	return or_errno(unlinkat(p.dir_fd, place_name(ctx, &p), at_flags));
}

static bool is_below(const char *vpath, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(vpath, dir, len) == 0 && vpath[len] == '/';
}

/* The second half of do_renameat2(), up to vfs_rename(): the two names as they are. */
static int check_rename_names(const struct vfs_place *from, mode_t from_mode, const struct vfs_place *to,
			      mode_t to_mode, unsigned flags)
{
	bool exchange = flags & RENAME_EXCHANGE;

	if (to_mode && flags & RENAME_NOREPLACE)
		return -EEXIST;
	if (exchange && !to_mode)
		return -ENOENT;
	if (exchange && !S_ISDIR(to_mode) && to->slash)
		return -ENOTDIR;
	if (!S_ISDIR(from_mode) && (from->slash || (!exchange && to->slash)))
		return -ENOTDIR;
	if (is_below(to->vpath, from->vpath))
		return -EINVAL;
	if (is_below(from->vpath, to->vpath))
		return exchange ? -EINVAL : -ENOTEMPTY;
	return 0;
}

/* Where a mount stands at or below one of the two names, do_renameat2() and vfs_rename() in full, since the
 * host knows nothing of it: -EBUSY in the end. Renaming a directory that holds a mount is refused, too; Linux
 * would take the mount along. 1: no mount is concerned, the host decides. */
static int rename_mounts(const struct vfs_ctx *ctx, const struct vfs_place *from, const struct vfs_place *to,
			 unsigned flags)
{
	mode_t from_mode, to_mode = 0;
	int err;

	if (!from->mount_point && !to->mount_point && !holds_mount(ctx, from) && !holds_mount(ctx, to))
		return 1;
	err = place_exists(ctx, from, &from_mode);
	if (err < 0)
		return err;
	err = place_exists(ctx, to, &to_mode);
	if (err < 0 && err != -ENOENT)
		return err;
	err = check_rename_names(from, from_mode, to, to_mode, flags);
	if (err < 0)
		return err;
	if (strcmp(from->vpath, to->vpath) == 0)
		return 0;
	err = dir_permission(from, W_OK | X_OK);
	if (err == 0)
		err = dir_permission(to, W_OK | X_OK);
	if (err < 0)
		return err;
	if (to_mode && !(flags & RENAME_EXCHANGE) && S_ISDIR(from_mode) != S_ISDIR(to_mode))
		return S_ISDIR(from_mode) ? -ENOTDIR : -EISDIR;
	return -EBUSY;
}

int vfs_rename(const struct vfs_ctx *ctx, const struct vfs_name *from, const struct vfs_name *to,
	       unsigned flags)
{
	_cleanup_place_ struct vfs_place a = VFS_PLACE_NONE, b = VFS_PLACE_NONE;
	int err;

	if (flags & ~(unsigned)(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT))
		return -EINVAL;
	if (flags & RENAME_EXCHANGE && flags & (RENAME_NOREPLACE | RENAME_WHITEOUT))
		return -EINVAL;
	err = vfs_lookup_parent(ctx, from, 0, &a);
	if (err < 0)
		return err;
	err = vfs_lookup_parent(ctx, to, 0, &b);
	if (err < 0)
		return err;
	if (a.mount != b.mount)
		return -EXDEV;
	if (a.last != PLACE_NORMAL)
		return -EBUSY;
	if (b.last != PLACE_NORMAL)
		return flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	err = place_want_write(&a);
	if (err < 0)
		return err;
	err = rename_mounts(ctx, &a, &b, flags);
	if (err <= 0)
		return err;
	return (int)or_errno(
		syscall(SYS_renameat2, a.dir_fd, place_name(ctx, &a), b.dir_fd, place_name(ctx, &b), flags));
}

/* do_linkat() */
int vfs_link(const struct vfs_ctx *ctx, const struct vfs_name *from, const struct vfs_name *to, int at_flags)
{
	_cleanup_object_ struct vfs_object o = VFS_OBJECT_NONE;
	_cleanup_place_ struct vfs_place p = VFS_PLACE_NONE;
	struct fd_path path;
	int err;

	if (at_flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = vfs_lookup(ctx, from, at_flags & AT_SYMLINK_FOLLOW ? LOOKUP_FOLLOW : 0, &o);
	if (err < 0)
		return err;
	err = lookup_new(ctx, to, false, &p);
	if (err < 0)
		return err;
	if (o.node || (object_mount(&o) && o.mount != p.mount)) {
		mode_t mode;

		err = place_exists(ctx, &p, &mode);
		if (err == -ENOENT)
			return p.slash ? -ENOENT : -EXDEV;
		return err < 0 ? err : -EEXIST;
	}
	/* By descriptor only where the caller did so: the kernel decides who may (CAP_DAC_READ_SEARCH
	 * before 6.10). */
	if (from->fd >= 0 && !from->path[0])
		return or_errno(linkat(o.fd, "", p.dir_fd, place_name(ctx, &p), AT_EMPTY_PATH));
	return or_errno(
		linkat(AT_FDCWD, fd_path(&path, o.fd), p.dir_fd, place_name(ctx, &p), AT_SYMLINK_FOLLOW));
}
