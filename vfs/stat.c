/* The calls that look at an object: stat, statx, statfs, access, readlink. */
#include "vfs/ops.h"
#include "vfs/ops_internal.h"

#include <linux/magic.h>
#include <linux/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#define ST_VALID 0x20 /* f_flags is filled in (include/linux/statfs.h) */

/* The flags that vfs_statx() in fs/stat.c knows; AT_STATX_SYNC_TYPE are two bits of which only one may be
 * set. */
#define STAT_AT_FLAGS (AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE)

static unsigned follow_flag(int at_flags)
{
	return at_flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
}

int vfs_stat(const struct vfs_ctx *ctx, const struct vfs_name *name, int at_flags, struct stat *ret)
{
	_cleanup_object_ struct vfs_object o = VFS_OBJECT_NONE;
	int err;

	if (at_flags & ~STAT_AT_FLAGS)
		return -EINVAL;
	err = vfs_lookup(ctx, name, follow_flag(at_flags), &o);
	if (err < 0)
		return err;
	return object_stat(&o, ret);
}

static struct statx_timestamp to_statx_time(const struct timespec *t)
{
	return (struct statx_timestamp){.tv_sec = t->tv_sec, .tv_nsec = (unsigned)t->tv_nsec};
}

static void mem_statx(struct mem_node *node, struct statx *ret)
{
	struct stat st;

	mem_stat(node, &st);
	*ret = (struct statx){
		.stx_mask = STATX_BASIC_STATS,
		.stx_blksize = (unsigned)st.st_blksize,
		.stx_nlink = (unsigned)st.st_nlink,
		.stx_uid = st.st_uid,
		.stx_gid = st.st_gid,
		.stx_mode = (unsigned short)st.st_mode,
		.stx_ino = st.st_ino,
		.stx_size = (unsigned long long)st.st_size,
		.stx_blocks = (unsigned long long)st.st_blocks,
		.stx_atime = to_statx_time(&st.st_atim),
		.stx_mtime = to_statx_time(&st.st_mtim),
		.stx_ctime = to_statx_time(&st.st_ctim),
		.stx_rdev_major = major(st.st_rdev),
		.stx_rdev_minor = minor(st.st_rdev),
		.stx_dev_major = major(st.st_dev),
		.stx_dev_minor = minor(st.st_dev),
	};
}

int vfs_statx(const struct vfs_ctx *ctx, const struct vfs_name *name, int at_flags, unsigned mask,
	      struct statx *ret)
{
	_cleanup_object_ struct vfs_object o = VFS_OBJECT_NONE;
	int err;

	/* do_statx() in fs/stat.c, in its order. */
	if (mask & STATX__RESERVED || (at_flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE ||
	    at_flags & ~STAT_AT_FLAGS)
		return -EINVAL;
	err = vfs_lookup(ctx, name, follow_flag(at_flags), &o);
	if (err < 0)
		return err;
	if (o.node) {
		mem_statx(o.node, ret);
		return 0;
	}
	if (statx(o.fd, "", AT_EMPTY_PATH | (at_flags & (AT_STATX_SYNC_TYPE | AT_NO_AUTOMOUNT)), mask, ret) <
	    0)
		return -errno;
	return 0;
}

int vfs_statfs(const struct vfs_ctx *ctx, const struct vfs_name *name, struct statfs *ret)
{
	_cleanup_object_ struct vfs_object o = VFS_OBJECT_NONE;
	int err = vfs_lookup(ctx, name, LOOKUP_FOLLOW, &o);

	if (err < 0)
		return err;
	if (o.node) {
		*ret = (struct statfs){
			.f_type = TMPFS_MAGIC,
			.f_bsize = 4096,
			.f_frsize = 4096,
			.f_namelen = 255,
			.f_flags = ST_VALID | ST_RDONLY,
		};
		return 0;
	}
	if (fstatfs(o.fd, ret) < 0)
		return -errno;
	if (mount_is_rdonly(object_mount(&o)))
		ret->f_flags |= ST_RDONLY;
	return 0;
}

/* generic_permission() in fs/namei.c, for the placeholders, which have no access control lists. */
static int mem_permission(struct mem_node *node, int mode)
{
	struct stat st;
	unsigned granted;

	mem_stat(node, &st);
	if (geteuid() == 0)
		granted = R_OK | W_OK | (S_ISREG(st.st_mode) && !(st.st_mode & 0111) ? 0 : X_OK);
	else if (st.st_uid == geteuid())
		granted = st.st_mode >> 6;
	else if (st.st_gid == getegid())
		granted = st.st_mode >> 3;
	else
		granted = st.st_mode;
	return (unsigned)mode & ~granted & 7 ? -EACCES : 0;
}

int vfs_access(const struct vfs_ctx *ctx, const struct vfs_name *name, int mode, int at_flags)
{
	_cleanup_object_ struct vfs_object o = VFS_OBJECT_NONE;
	struct stat st;
	int err;

	/* do_faccessat() in fs/open.c: a read-only mount is looked at last. */
	if (mode & ~(R_OK | W_OK | X_OK) || at_flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = vfs_lookup(ctx, name, follow_flag(at_flags), &o);
	if (err < 0)
		return err;
	if (o.node)
		err = mem_permission(o.node, mode);
	else /* libc's faccessat emulates the flags, so it would look at the path "" */
		err = (int)or_errno(
			syscall(SYS_faccessat2, o.fd, "", mode, AT_EMPTY_PATH | (at_flags & AT_EACCESS)));
	if (err < 0 || !(mode & W_OK) || object_want_write(&o) == 0)
		return err;
	err = object_stat(&o, &st);
	return err < 0 ? err : may_write(o.mount, st.st_mode);
}

/* The links of /proc/N and /proc/N/task/T whose text is a path of the host. */
enum proc_link { PROC_LINK_NONE, PROC_LINK_SELF, PROC_LINK_THREAD_SELF, PROC_LINK_ROOT, PROC_LINK_PATH };

static bool is_number(const char *s, size_t len)
{
	return len > 0 && strspn(s, "0123456789") >= len;
}

/* rel is the path below the mount point, without a slash in front. */
static enum proc_link proc_link_kind(const char *rel)
{
	size_t len = strcspn(rel, "/");

	if (strcmp(rel, "self") == 0)
		return PROC_LINK_SELF;
	if (strcmp(rel, "thread-self") == 0)
		return PROC_LINK_THREAD_SELF;
	if (!is_number(rel, len) || rel[len] != '/')
		return PROC_LINK_NONE;
	rel += len + 1;
	if (strncmp(rel, "task/", 5) == 0) {
		rel += 5;
		len = strcspn(rel, "/");
		if (rel[len] != '/')
			return PROC_LINK_NONE;
		rel += len + 1;
	}
	if (strcmp(rel, "root") == 0)
		return PROC_LINK_ROOT;
	if (strcmp(rel, "cwd") == 0 || strcmp(rel, "exe") == 0 || strncmp(rel, "fd/", 3) == 0 ||
	    strncmp(rel, "map_files/", 10) == 0)
		return PROC_LINK_PATH;
	return PROC_LINK_NONE;
}

static const char deleted_suffix[] = " (deleted)";

/* Whether text has the suffix of a removed object (d_path() in fs/d_path.c), which is then cut off. */
static bool cut_deleted(char *text)
{
	size_t len = strlen(text), suffix = sizeof(deleted_suffix) - 1;

	if (len <= suffix || strcmp(text + len - suffix, deleted_suffix) != 0)
		return false;
	text[len - suffix] = '\0';
	return true;
}

/* What a link of /proc that leads to the host path text shows in the view: the path of the placeholder that
 * an anonymous directory stands for, or the place where the view shows the object, or the text itself. */
static const char *virtual_link_text(const struct vfs_ctx *ctx, const struct mount *proc, const char *rel,
				     char *text)
{
	const struct mem_node *node;
	const struct mount *mount;
	struct stat st;
	char *vpath = arena_alloc(ctx->arena, PATH_MAX);
	bool deleted = cut_deleted(text);

	if (deleted && fstatat(proc->root_fd, rel, &st, 0) == 0) {
		node = mem_find(ctx->view, st.st_dev, st.st_ino);
		if (node)
			return node->vpath;
	}
	if (deleted && strncmp(text, VFS_COPY_LINK "/", strlen(VFS_COPY_LINK "/")) == 0) {
		text += strlen(VFS_COPY_LINK);
		deleted = false;
	}
	if (view_reverse(ctx->view, text, vpath, &mount) < 0)
		vpath = text;
	return deleted ? arena_printf(ctx->arena, "%s%s", vpath, deleted_suffix) : vpath;
}

/* The text of a link on a proc mount; text holds the host's. */
static int proc_link_text(const struct vfs_ctx *ctx, const struct vfs_object *o, char *text, const char **ret)
{
	const char *rel = o->vpath + (o->mount->point_len > 1 ? o->mount->point_len : 0);
	const struct vfs_caller *caller = &ctx->caller;
	int err = -ENOENT;

	*ret = text;
	if (*rel != '/')
		return 0;
	rel++;
	switch (proc_link_kind(rel)) {
	case PROC_LINK_SELF: /* the host's text means this process */
		if (caller->self)
			err = caller->self(caller->arg, text, PATH_MAX);
		return err < 0 ? err : 0;
	case PROC_LINK_THREAD_SELF:
		if (caller->thread_self)
			err = caller->thread_self(caller->arg, text, PATH_MAX);
		return err < 0 ? err : 0;
	case PROC_LINK_ROOT: *ret = "/"; return 0;
	case PROC_LINK_PATH:
		if (text[0] == '/')
			*ret = virtual_link_text(ctx, o->mount, rel, text);
		return 0;
	case PROC_LINK_NONE: break;
	}
	return 0;
}

static int copy_link_text(const char *text, char *buf, int size)
{
	size_t len = strlen(text);

	if (len > (size_t)size)
		len = (size_t)size;
	memcpy(buf, text, len);
	return (int)len;
}

int vfs_readlink(const struct vfs_ctx *ctx, const struct vfs_name *name, char *buf, int size)
{
	_cleanup_object_ struct vfs_object o = VFS_OBJECT_NONE;
	struct stat st;
	const char *shown;
	char *text;
	ssize_t n;
	int err;

	/* do_readlinkat() in fs/stat.c */
	if (size <= 0)
		return -EINVAL;
	err = vfs_lookup(ctx, name, 0, &o);
	if (err < 0)
		return err;
	if (o.node && S_ISLNK(o.node->mode))
		return copy_link_text(o.node->target, buf, size);
	if (o.node)
		return name->path[0] ? -EINVAL : -ENOENT;

	text = arena_alloc(ctx->arena, PATH_MAX + 1);
	n = readlinkat(o.fd, "", text, PATH_MAX);
	if (n < 0) {
		err = -errno;
		/* An empty path makes the kernel say ENOENT for what is no symlink. */
		if (err == -ENOENT && name->path[0] && fd_stat(o.fd, &st) == 0 && !S_ISLNK(st.st_mode))
			return -EINVAL;
		return err;
	}
	text[n] = '\0';
	shown = text;
	if (o.mount && o.mount->type == MOUNT_PROC && o.vpath) {
		err = proc_link_text(ctx, &o, text, &shown);
		if (err < 0)
			return err;
	}
	return copy_link_text(shown, buf, size);
}
