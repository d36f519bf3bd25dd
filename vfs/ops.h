/* The file system calls on a view, each as the system call of its name: arguments as the kernel gets them, 0
 * (or a count) or a negative errno back. Those that make something call caller.apply_umask() right before.
 * Flags are the call's own AT_ flags; unknown ones are -EINVAL as in the kernel. */
#ifndef UCTR_VFS_OPS_H
#define UCTR_VFS_OPS_H

#include "vfs/lookup.h"

#include <linux/openat2.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/time.h>

struct statx;

/* stat.c */
int vfs_stat(const struct vfs_ctx *ctx, const struct vfs_name *name, int at_flags, struct stat *ret);
int vfs_statx(const struct vfs_ctx *ctx, const struct vfs_name *name, int at_flags, unsigned mask,
	      struct statx *ret);
int vfs_statfs(const struct vfs_ctx *ctx, const struct vfs_name *name, struct statfs *ret);
int vfs_access(const struct vfs_ctx *ctx, const struct vfs_name *name, int mode, int at_flags);
/* Writes at most size bytes without a NUL, returns their number. size <= 0 is -EINVAL. */
int vfs_readlink(const struct vfs_ctx *ctx, const struct vfs_name *name, char *buf, int size);

/* open.c */
enum vfs_open_kind {
	VFS_OPEN_FD,	  /* fd is the open file, to be given to the guest */
	VFS_OPEN_BY_TASK, /* the guest itself must open host_path (a FIFO, a terminal, O_PATH: see the design) with
			   * flags; fd is what host_path leads to and must be held until it has */
};
struct vfs_opened {
	enum vfs_open_kind kind;
	int fd; /* owned by the caller */
	/* VFS_OPEN_BY_TASK: open "/proc/SUPERVISOR/fd/<fd>" with these */
	int flags;
	bool native; /* as in vfs_object */
};
/* how is openat2's; legacy says that the call is open, openat or creat, which ignore unknown flags. */
int vfs_open(const struct vfs_ctx *ctx, const struct vfs_name *name, const struct open_how *how, bool legacy,
	     struct vfs_opened *ret);

/* namei.c */
int vfs_mkdir(const struct vfs_ctx *ctx, const struct vfs_name *name, mode_t mode);
int vfs_mknod(const struct vfs_ctx *ctx, const struct vfs_name *name, mode_t mode, dev_t dev);
int vfs_unlink(const struct vfs_ctx *ctx, const struct vfs_name *name, int at_flags); /* AT_REMOVEDIR */
int vfs_rename(const struct vfs_ctx *ctx, const struct vfs_name *from, const struct vfs_name *to,
	       unsigned flags);
int vfs_link(const struct vfs_ctx *ctx, const struct vfs_name *from, const struct vfs_name *to, int at_flags);
int vfs_symlink(const struct vfs_ctx *ctx, const char *target, const struct vfs_name *name);

/* attr.c */
int vfs_chmod(const struct vfs_ctx *ctx, const struct vfs_name *name, mode_t mode, int at_flags);
int vfs_chown(const struct vfs_ctx *ctx, const struct vfs_name *name, uid_t uid, gid_t gid, int at_flags);
/* times is NULL for "now", or two as utimensat(2) takes them. */
int vfs_utimens(const struct vfs_ctx *ctx, const struct vfs_name *name, const struct timespec *times,
		int at_flags);
int vfs_truncate(const struct vfs_ctx *ctx, const struct vfs_name *name, off_t length);
/* nofollow as in the l* calls. */
ssize_t vfs_getxattr(const struct vfs_ctx *ctx, const struct vfs_name *name, bool nofollow, const char *key,
		     void *buf, size_t size);
ssize_t vfs_listxattr(const struct vfs_ctx *ctx, const struct vfs_name *name, bool nofollow, char *buf,
		      size_t size);
int vfs_setxattr(const struct vfs_ctx *ctx, const struct vfs_name *name, bool nofollow, const char *key,
		 const void *value, size_t size, int flags);
int vfs_removexattr(const struct vfs_ctx *ctx, const struct vfs_name *name, bool nofollow, const char *key);

/* readdir.c: getdents64 on a directory that is not its file system's alone: a placeholder, or one that shows
 * extra names. host_fd is an own open description of the host directory, or -1 for a placeholder; *pos is the
 * position of the guest's description, updated. Returns bytes written, 0 at the end. */
ssize_t vfs_getdents64(const struct vfs_ctx *ctx, const char *vpath, struct mem_node *node, int host_fd,
		       off_t *pos, void *buf, size_t size);
/* Whether the directory needs the above. */
bool vfs_dir_is_special(const struct vfs_ctx *ctx, const char *vpath);

#endif
