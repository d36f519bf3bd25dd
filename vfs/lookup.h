/* Path walk: from a path that a guest gives to the object that the view shows there. POSIX semantics whole;
 * imitates the kernel's path_lookupat() and filename_parentat() (fs/namei.c). No cache: each look-up asks the
 * host, by one openat2(2) for the longest run of components within one mount, by component only where it meets a
 * symlink. */
#ifndef UCTR_VFS_LOOKUP_H
#define UCTR_VFS_LOOKUP_H

#include "lib/arena.h"
#include "vfs/mount.h"

#include <stdint.h>
#include <sys/stat.h>

/* A file in memory whose name is this and a path of the host is a copy of that file, made to be executed in its stead
 * (tracer/exec_copy.h): links of /proc that lead to it lead to that file. */
#define VFS_COPY_NAME "uctr"
/* How the text of such a link begins, up to the path. */
#define VFS_COPY_LINK "/memfd:" VFS_COPY_NAME

/* What a look-up must know of the calling task, supplied by the caller since vfs knows no tasks. */
struct vfs_caller {
	void *arg;
	/* What /proc/self and /proc/thread-self lead to, such as "123" and "123/task/124". */
	int (*self)(void *arg, char *buf, size_t size);
	int (*thread_self)(void *arg, char *buf, size_t size);
	/* Whether /proc shows the directory of that number. */
	bool (*visible)(void *arg, pid_t pid);
	/* Makes the calling thread's umask the guest's. Called only when something is about to be made, since
	 * finding it out is slow. */
	void (*apply_umask)(void *arg);
};

struct vfs_ctx {
	struct view *view;
	struct arena *arena; /* results live here */
	struct vfs_caller caller;
};

/* One path argument of a call. */
struct vfs_name {
	const char *path; /* as given; not NULL; "" is ENOENT unless fd is used */
	const char
		*base; /* canonical virtual path of the directory that a relative path starts from; NULL: none
			   * (a deleted or foreign directory): then only "." (as fd) can be found */
	int fd;	       /* >= 0: the object itself is meant (AT_EMPTY_PATH); an O_PATH descriptor, borrowed */
	const char *fd_vpath; /* with fd: its canonical virtual path, NULL when the view does not show it */
};

enum lookup_flags {
	LOOKUP_FOLLOW = 1 << 0,	   /* follow a symlink in the last place (a trailing slash does so anyway) */
	LOOKUP_DIRECTORY = 1 << 1, /* ENOTDIR unless it is a directory */
	/* openat2's RESOLVE_ flags */
	LOOKUP_NO_XDEV = 1 << 2,
	LOOKUP_NO_MAGICLINKS = 1 << 3,
	LOOKUP_NO_SYMLINKS = 1 << 4,
	LOOKUP_BENEATH = 1 << 5,
	LOOKUP_IN_ROOT = 1 << 6,
};

/* An object that exists. Analogue of the kernel's struct path. */
struct vfs_object {
	const struct mount *mount;
	struct mem_node *node; /* on a mem mount, else NULL */
	int fd; /* O_PATH descriptor of the object itself; owned unless node (then it may be -1: use mem_fd()) */
	const char *vpath; /* canonical virtual path, in the arena; NULL for an object outside the view that
			    * was reached through a /proc/N/fd link */
	bool magic;	   /* reached by a magic link of /proc: reopen it through /proc/self/fd/N only */
	bool native; /* every mount on the way is an identity one: the host resolves the given path alike */
};

/* A place in a directory, to be made, removed or renamed. Analogue of what filename_create() returns. */
struct vfs_place {
	const struct mount *mount; /* of the directory */
	struct mem_node *dir_node; /* the directory is a placeholder: every change is EROFS */
	int dir_fd;		   /* O_PATH descriptor of the directory, owned; -1 with dir_node */
	const char *name; /* last component, no slash; "" when it is "." or ".." or the root itself */
	int last;	  /* what the last component is: */
#define PLACE_NORMAL 0
#define PLACE_DOT    1
#define PLACE_DOTDOT 2
#define PLACE_ROOT   3
	bool slash;	   /* there was a trailing slash */
	bool mount_point;  /* something is mounted at dir/name: EBUSY for rmdir, unlink, rename */
	const char *vpath; /* of dir/name, canonical but for name itself */
	bool native;	   /* as in vfs_object */
};

/* Both return 0 or the errno that Linux would give (negative); *ret is untouched on failure.
 * Of the directory that a place is in, LOOKUP_DIRECTORY says nothing; with LOOKUP_FOLLOW a symlink that stands at
 * the place is followed, whether it leads to something or not, so that the place is where O_CREAT makes a file. */
int vfs_lookup(const struct vfs_ctx *ctx, const struct vfs_name *name, unsigned flags,
	       struct vfs_object *ret);
int vfs_lookup_parent(const struct vfs_ctx *ctx, const struct vfs_name *name, unsigned flags,
		      struct vfs_place *ret);

void vfs_object_release(struct vfs_object *o);
void vfs_place_release(struct vfs_place *p);

#define _cleanup_object_ __attribute__((cleanup(vfs_object_release)))
#define _cleanup_place_	 __attribute__((cleanup(vfs_place_release)))
#define VFS_OBJECT_NONE  \
	{                \
		.fd = -1 \
	}
#define VFS_PLACE_NONE       \
	{                    \
		.dir_fd = -1 \
	}

/* EROFS when the object's mount is read-only and its type is one that a read-only mount protects
 * (sb_permission() in fs/namei.c), else 0. */
int vfs_may_write(const struct mount *mount, mode_t mode);

#endif
