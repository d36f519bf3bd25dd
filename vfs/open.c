/* open, openat, openat2 and creat. Files, directories and the memory devices are opened here; whatever may
 * block or depend on the task that opens it (FIFOs, terminals, O_PATH) is left to the task itself. */
#include "vfs/ops.h"
#include "vfs/ops_internal.h"

#include <limits.h>
#include <sys/sysmacros.h>

#define KERNEL_O_LARGEFILE 0100000 /* libc's is 0 on 64-bit machines */
#define KERNEL_O_TMPFILE   (O_TMPFILE & ~O_DIRECTORY)

/* include/linux/fcntl.h */
#define VALID_OPEN_FLAGS                                                                                \
	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC | O_DSYNC | \
	 O_ASYNC | O_DIRECT | KERNEL_O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC |   \
	 O_PATH | KERNEL_O_TMPFILE)
#define O_PATH_FLAGS (O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC)
#define VALID_RESOLVE_FLAGS                                                                                  \
	(RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH | RESOLVE_IN_ROOT | \
	 RESOLVE_CACHED)

/* What fcntl(F_SETFL) can change (SETFL_MASK in fs/fcntl.c). */
#define SETFL_FLAGS (O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME | O_ASYNC)

#define MAX_TRIES 8 /* with a name that others make and remove all the time */

struct open_request {
	int flags;	 /* as build_open_flags() leaves them */
	mode_t mode;	 /* of what is made */
	unsigned lookup; /* for vfs_lookup() */
};

static bool wants_write(int flags)
{
	return (flags & O_ACCMODE) == O_WRONLY || (flags & O_ACCMODE) == O_RDWR;
}

static bool is_tmpfile(int flags)
{
	return (flags & O_TMPFILE) == O_TMPFILE;
}

static unsigned resolve_to_lookup(uint64_t resolve)
{
	return (resolve & RESOLVE_NO_XDEV ? LOOKUP_NO_XDEV : 0) |
	       (resolve & RESOLVE_NO_MAGICLINKS ? LOOKUP_NO_MAGICLINKS : 0) |
	       (resolve & RESOLVE_NO_SYMLINKS ? LOOKUP_NO_SYMLINKS : 0) |
	       (resolve & RESOLVE_BENEATH ? LOOKUP_BENEATH : 0) |
	       (resolve & RESOLVE_IN_ROOT ? LOOKUP_IN_ROOT : 0);
}

/* build_open_how() and build_open_flags() in fs/open.c. */
static int parse_how(const struct open_how *how, bool legacy, struct open_request *ret)
{
	uint64_t flags = how->flags, mode = how->mode;

	if (legacy) {
		flags &= VALID_OPEN_FLAGS;
		mode &= 07777;
		if (flags & O_PATH)
			flags &= O_PATH_FLAGS;
		if (!(flags & (O_CREAT | KERNEL_O_TMPFILE)))
			mode = 0;
	}
	if (flags & ~(uint64_t)VALID_OPEN_FLAGS || how->resolve & ~(uint64_t)VALID_RESOLVE_FLAGS)
		return -EINVAL;
	if (how->resolve & RESOLVE_BENEATH && how->resolve & RESOLVE_IN_ROOT)
		return -EINVAL;
	if (flags & (O_CREAT | KERNEL_O_TMPFILE) ? mode & ~(uint64_t)07777 : mode != 0)
		return -EINVAL;
	if ((flags & (O_DIRECTORY | O_CREAT)) == (O_DIRECTORY | O_CREAT))
		return -EINVAL;
	if (flags & KERNEL_O_TMPFILE && (!(flags & O_DIRECTORY) || !(flags & O_ACCMODE)))
		return -EINVAL;
	if (flags & O_PATH && flags & ~(uint64_t)O_PATH_FLAGS)
		return -EINVAL;
	if (how->resolve & RESOLVE_CACHED)
		return -EAGAIN; /* allowed at any time: "not in the cache" */

	ret->flags = (int)flags;
	ret->mode = (mode_t)mode;
	ret->lookup = resolve_to_lookup(how->resolve);
	if (!(flags & O_NOFOLLOW) && (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL))
		ret->lookup |= LOOKUP_FOLLOW;
	if (flags & O_DIRECTORY)
		ret->lookup |= LOOKUP_DIRECTORY;
	return 0;
}

static void opened_fd(struct vfs_opened *ret, int fd)
{
	*ret = (struct vfs_opened){.kind = VFS_OPEN_FD, .fd = fd};
}

/* Takes fd over. */
static void opened_by_task(struct vfs_opened *ret, int fd, int flags, bool native)
{
	*ret = (struct vfs_opened){.kind = VFS_OPEN_BY_TASK, .fd = fd, .flags = flags, .native = native};
}

/* null, zero, full, random, urandom: nothing about them depends on the task, and opening them never blocks.
 */
static bool is_memory_device(const struct stat *st)
{
	unsigned m = minor(st->st_rdev);

	return S_ISCHR(st->st_mode) && major(st->st_rdev) == 1 &&
	       (m == 3 || m == 5 || m == 7 || m == 8 || m == 9);
}

static bool opens_here(const struct stat *st)
{
	return S_ISREG(st->st_mode) || S_ISDIR(st->st_mode) || is_memory_device(st);
}

/* A regular file is opened with O_NONBLOCK, so that another process' lease on it cannot hold this one
 * (lease_break() in fs/locks.c); the guest must not see that. */
static int unset_nonblock(int fd, int flags, const struct stat *st)
{
	if (S_ISREG(st->st_mode) && !(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags & SETFL_FLAGS) < 0)
		return -errno;
	return 0;
}

static int nonblock_for(const struct stat *st)
{
	return S_ISREG(st->st_mode) ? O_NONBLOCK : 0;
}

/* The canonical virtual path vpath as a path below the root directory of the host mount m that covers it;
 * NULL when there is none. */
static const char *path_below(const struct mount *m, const char *vpath)
{
	const char *rel = vpath + (m->point_len > 1 ? m->point_len : 0);

	return m->type == MOUNT_HOST && S_ISDIR(m->root_mode) && rel[0] == '/' && rel[1] ? rel + 1 : NULL;
}

/* Opens what stands there, if no symlink has to be followed. */
static int open_below(const struct mount *m, const char *rel, int flags)
{
	struct open_how how = {.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};

	how.flags = (unsigned)flags;
	return (int)syscall(SYS_openat2, m->root_fd, rel, &how, sizeof(how));
}

/* Splits a path without symlinks in mind: the mount that covers it, and the path below that. Only for clean
 * paths, in which no component is empty, "." or "..". */
static const struct mount *guess_mount(const struct vfs_ctx *ctx, const struct vfs_name *name,
				       const char **ret_rel)
{
	const char *path = name->path, *p, *vpath;
	const struct mount *m;

	if (name->fd >= 0 || !*path || (*path != '/' && !name->base))
		return NULL;
	for (p = *path == '/' ? path + 1 : path;; p++) {
		size_t len = strcspn(p, "/");

		if (len == 0 || (p[0] == '.' && (len == 1 || (len == 2 && p[1] == '.'))))
			return NULL;
		p += len;
		if (!*p)
			break;
	}
	if (*path == '/')
		vpath = path;
	else
		vpath = arena_printf(ctx->arena, "%s/%s", name->base[1] ? name->base : "", path);
	m = view_find(ctx->view, vpath);
	*ret_rel = path_below(m, vpath);
	return *ret_rel ? m : NULL;
}

/* The short way for the usual case, an existing object below one host mount with no symlink on the way: two
 * or three host calls. Any failure means that the long way must decide, since nothing has happened yet. */
static bool open_fast(const struct vfs_ctx *ctx, const struct vfs_name *name, const struct open_request *rq,
		      struct vfs_opened *ret)
{
	const char *rel;
	const struct mount *m;
	struct stat st;
	_cleanup_close_ int fd = -1;

	if (rq->flags & (O_PATH | O_EXCL | KERNEL_O_TMPFILE) ||
	    rq->lookup & ~(LOOKUP_FOLLOW | LOOKUP_DIRECTORY))
		return false;
	m = guess_mount(ctx, name, &rel);
	if (!m || fstatat(m->root_fd, rel, &st, AT_SYMLINK_NOFOLLOW) < 0 || !opens_here(&st))
		return false;
	if (rq->flags & O_CREAT && (S_ISDIR(st.st_mode) || st.st_uid != geteuid()))
		return false;
	if ((wants_write(rq->flags) || rq->flags & O_TRUNC) && may_write(m, st.st_mode) < 0)
		return false;
	fd = open_below(m, rel, (rq->flags & ~O_CREAT) | O_CLOEXEC | nonblock_for(&st));
	if (fd < 0 || unset_nonblock(fd, rq->flags, &st) < 0)
		return false;
	opened_fd(ret, TAKE_FD(fd));
	return true;
}

/* A placeholder. Its descriptor is opened again, so that the guest has a description of its own. */
static int open_mem(const struct vfs_ctx *ctx, const struct vfs_object *o, int flags, struct vfs_opened *ret)
{
	struct fd_path path;
	int fd;

	if (S_ISLNK(o->node->mode) && !(flags & O_PATH))
		return -ELOOP;
	if (S_ISDIR(o->node->mode) && flags & (O_CREAT | O_TRUNC | O_ACCMODE))
		return -EISDIR;
	if (flags & O_TRUNC || wants_write(flags))
		return -EROFS;
	fd = mem_fd(ctx->view, o->node);
	if (fd < 0)
		return fd;
	if (flags & O_PATH) {
		fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			return -errno;
		opened_by_task(ret, fd, flags & ~O_NOFOLLOW, false);
		return 0;
	}
	fd = open(fd_path(&path, fd), (flags & (O_NONBLOCK | O_DIRECTORY | O_NOATIME)) | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	opened_fd(ret, fd);
	return 0;
}

/* The checks of do_open() and may_open() in fs/namei.c that the host cannot make, since its mount may be
 * writable. */
static int check_rdonly(const struct vfs_object *o, int flags, const struct stat *st)
{
	int err, access_mode = (flags & O_ACCMODE) == O_RDWR ? R_OK | W_OK : W_OK;

	if (!S_ISREG(st->st_mode) || may_write(object_mount(o), st->st_mode) == 0)
		return 0;
	if (flags & O_TRUNC)
		return -EROFS;
	if (!wants_write(flags))
		return 0;
	err = (int)or_errno(syscall(SYS_faccessat2, o->fd, "", access_mode, AT_EMPTY_PATH | AT_EACCESS));
	return err < 0 ? err : -EROFS;
}

/* Opens an object that was found as a file of its own: by its canonical path where it has one, which is
 * quicker than by its descriptor's link in /proc. */
static int reopen(const struct vfs_object *o, int flags)
{
	const char *rel = o->vpath && !o->magic ? path_below(o->mount, o->vpath) : NULL;
	struct fd_path path;
	int fd = rel ? open_below(o->mount, rel, flags) : -1;

	return fd >= 0 ? fd : open(fd_path(&path, o->fd), flags);
}

/* Opens an object that was found; takes o's descriptor where the task is to open it. */
static int open_object(const struct vfs_ctx *ctx, struct vfs_object *o, int flags, struct vfs_opened *ret)
{
	/* The link in /proc is to be followed; it ends at the object, also when that is a symlink (O_PATH).
	 */
	int again = flags & ~(O_CREAT | O_EXCL | O_NOFOLLOW);
	struct stat st;
	_cleanup_close_ int fd = -1;
	int err;

	if (o->node)
		return open_mem(ctx, o, flags, ret);
	if (flags & O_PATH) {
		opened_by_task(ret, TAKE_FD(o->fd), again, o->native);
		return 0;
	}
	err = fd_stat(o->fd, &st);
	if (err < 0)
		return err;
	if (S_ISLNK(st.st_mode))
		return -ELOOP;
	if (S_ISDIR(st.st_mode) && flags & O_CREAT)
		return -EISDIR;
	err = check_rdonly(o, flags, &st);
	if (err < 0)
		return err;
	if (opens_here(&st) || S_ISSOCK(st.st_mode)) { /* a socket fails at once, with EACCES or ENXIO */
		fd = reopen(o, again | O_CLOEXEC | nonblock_for(&st));
		if (fd >= 0) {
			err = unset_nonblock(fd, flags, &st);
			if (err < 0)
				return err;
			opened_fd(ret, TAKE_FD(fd));
			return 0;
		}
		/* Somebody has a lease on the file: the task must wait for it, or not, itself. */
		if (errno != EWOULDBLOCK || !S_ISREG(st.st_mode))
			return -errno;
	}
	opened_by_task(ret, TAKE_FD(o->fd), again, o->native);
	return 0;
}

static int read_sysctl(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char digit;

	return fd >= 0 && read(fd, &digit, 1) == 1 && digit >= '0' && digit <= '9' ? digit - '0' : 0;
}

/* may_create_in_sticky() in fs/namei.c: O_CREAT on somebody else's file or FIFO in a sticky directory. The
 * host cannot check it, because O_CREAT is left out where the file exists. */
static int check_sticky(const struct vfs_ctx *ctx, const struct vfs_object *o, int flags)
{
	const struct vfs_name name = {.path = o->vpath, .fd = -1};
	_cleanup_place_ struct vfs_place place = VFS_PLACE_NONE;
	struct stat st, dir;
	int level;

	if (!(flags & O_CREAT) || o->node || o->magic || !o->vpath || fd_stat(o->fd, &st) < 0)
		return 0;
	if ((!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode)) || st.st_uid == geteuid())
		return 0;
	if (vfs_lookup_parent(ctx, &name, 0, &place) < 0 || place.dir_node || fd_stat(place.dir_fd, &dir) < 0)
		return 0;
	if (!(dir.st_mode & S_ISVTX) || st.st_uid == dir.st_uid)
		return 0;
	level = read_sysctl(S_ISREG(st.st_mode) ? "/proc/sys/fs/protected_regular"
						: "/proc/sys/fs/protected_fifos");
	if (level >= 1 && dir.st_mode & S_IWOTH)
		return -EACCES;
	return level >= 2 && dir.st_mode & S_IWGRP ? -EACCES : 0;
}

static int open_existing(const struct vfs_ctx *ctx, const struct vfs_name *name,
			 const struct open_request *rq, struct vfs_opened *ret)
{
	_cleanup_object_ struct vfs_object o = VFS_OBJECT_NONE;
	int err = vfs_lookup(ctx, name, rq->lookup, &o);

	if (err < 0)
		return err;
	err = check_sticky(ctx, &o, rq->flags);
	if (err < 0)
		return err;
	return open_object(ctx, &o, rq->flags, ret);
}

/* do_tmpfile() in fs/namei.c */
static int open_tmpfile(const struct vfs_ctx *ctx, const struct vfs_name *name, const struct open_request *rq,
			struct vfs_opened *ret)
{
	_cleanup_object_ struct vfs_object o = VFS_OBJECT_NONE;
	int fd, err = vfs_lookup(ctx, name, rq->lookup | LOOKUP_DIRECTORY, &o);

	if (err < 0)
		return err;
	err = object_want_write(&o);
	if (err < 0)
		return err;
	ctx->caller.apply_umask(ctx->caller.arg);
	fd = openat(o.fd, ".", rq->flags | O_CLOEXEC, rq->mode);
	if (fd < 0)
		return -errno;
	opened_fd(ret, fd);
	return 0;
}

/* Makes the file; -EEXIST when there is anything of that name. Always with O_EXCL, so that a name that has
 * just become a FIFO or a symlink is never opened. The read-only mount is looked at last, as lookup_open() in
 * fs/namei.c does. */
static int create_new(const struct vfs_ctx *ctx, const struct vfs_place *p, const struct open_request *rq,
		      struct vfs_opened *ret)
{
	struct stat st;
	int fd;

	if (p->mount_point)
		return -EEXIST;
	if (p->dir_node)
		return mem_lookup(p->dir_node, p->name, strlen(p->name)) ? -EEXIST : -EROFS;
	if (mount_is_rdonly(p->mount)) {
		if (fstatat(p->dir_fd, p->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			return -EEXIST;
		return errno == ENOENT ? -EROFS : -errno;
	}
	ctx->caller.apply_umask(ctx->caller.arg);
	/* O_EXCL follows no symlink. */
	fd = openat(p->dir_fd, p->name, rq->flags | O_CREAT | O_EXCL | O_CLOEXEC, rq->mode);
	if (fd < 0)
		return -errno;
	opened_fd(ret, fd);
	return 0;
}

/* O_CREAT: the object where it exists, else it is made, where a dangling symlink leads in its case. */
static int open_create(const struct vfs_ctx *ctx, const struct vfs_name *name, const struct open_request *rq,
		       struct vfs_opened *ret)
{
	int err = -ENOENT;

	for (int i = 0; i < MAX_TRIES && err == -ENOENT; i++) {
		_cleanup_place_ struct vfs_place place = VFS_PLACE_NONE;

		err = vfs_lookup_parent(ctx, name, rq->lookup & ~(unsigned)LOOKUP_DIRECTORY, &place);
		if (err < 0)
			return err;
		if (place.last != PLACE_NORMAL)
			return rq->flags & O_EXCL ? -EEXIST : -EISDIR;
		if (place.slash)
			return -EISDIR;
		err = create_new(ctx, &place, rq, ret);
		if (err != -EEXIST || rq->flags & O_EXCL)
			return err;
		err = open_existing(ctx, name, rq, ret);
		/* -ENOENT: somebody has removed it between the two */
	}
	return err;
}

int vfs_open(const struct vfs_ctx *ctx, const struct vfs_name *name, const struct open_how *how, bool legacy,
	     struct vfs_opened *ret)
{
	struct open_request rq;
	int err = parse_how(how, legacy, &rq);

	if (err < 0)
		return err;
	if (open_fast(ctx, name, &rq, ret))
		return 0;
	if (is_tmpfile(rq.flags))
		return open_tmpfile(ctx, name, &rq, ret);
	if (rq.flags & O_CREAT)
		return open_create(ctx, name, &rq, ret);
	return open_existing(ctx, name, &rq, ret);
}
