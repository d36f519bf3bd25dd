/* Shared by stat.c, open.c, namei.c, attr.c and readdir.c: the border to the host's own calls. */
#ifndef UCTR_VFS_OPS_INTERNAL_H
#define UCTR_VFS_OPS_INTERNAL_H

#include "lib/cleanup.h"
#include "vfs/lookup.h"
#include "vfs/mem.h"

#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>

/* -1 and errno to a negative errno. */
#define or_errno(call)                             \
	({                                         \
		__typeof__(call) result_ = (call); \
		result_ < 0 ? -errno : result_;    \
	})

/* The path by which this process reaches what one of its own O_PATH descriptors stands for. It ends at that
 * very object, also when that is a symlink (nd_jump_link() in fs/namei.c). */
struct fd_path {
	char text[32];
};

static inline const char *fd_path(struct fd_path *p, int fd)
{
	snprintf(p->text, sizeof(p->text), "/proc/self/fd/%d", fd);
	return p->text;
}

/* The mount whose read-only flag counts: none for an object outside the view, which the task has an open
 * descriptor of (a memfd, a redirected output); for those the host alone decides. */
static inline const struct mount *object_mount(const struct vfs_object *o)
{
	return o->vpath ? o->mount : NULL;
}

static inline int may_write(const struct mount *mount, mode_t mode)
{
	return mount ? vfs_may_write(mount, mode) : 0;
}

static inline bool mount_is_rdonly(const struct mount *mount)
{
	return mount && vfs_may_write(mount, S_IFDIR) != 0;
}

static inline int fd_stat(int fd, struct stat *st)
{
	return fstatat(fd, "", st, AT_EMPTY_PATH) < 0 ? -errno : 0;
}

static inline int object_stat(const struct vfs_object *o, struct stat *st)
{
	if (!o->node)
		return fd_stat(o->fd, st);
	mem_stat(o->node, st);
	return 0;
}

/* The analogue of mnt_want_write(), which protects objects of any type. */
static inline int object_want_write(const struct vfs_object *o)
{
	return o->node || mount_is_rdonly(object_mount(o)) ? -EROFS : 0;
}

#endif
