/* The mount table of a view, and the view itself: what the container sees as its file system tree.
 * A view is built once, before the program starts, and is constant afterwards, so that look-ups need no lock.
 * (The analogue of the kernel's struct mnt_namespace, struct mount and struct path.) */
#ifndef UCTR_VFS_MOUNT_H
#define UCTR_VFS_MOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct mem_node;

enum mount_type {
	MOUNT_HOST, /* a directory or a single file of the host */
	MOUNT_MEM,  /* placeholders that exist in memory alone: directories, empty files, symlinks */
	MOUNT_PROC, /* the host's /proc, with the container's own tasks only */
};

struct mount {
	enum mount_type type;
	bool rdonly;   /* EROFS for regular files, directories and symlinks, as MS_RDONLY */
	bool identity; /* a host mount whose source and point are the same path */
	char *point;   /* canonical virtual path: absolute, no symlink, no trailing slash but for "/" */
	size_t point_len;

	/* MOUNT_HOST and MOUNT_PROC */
	int root_fd;	  /* O_PATH descriptor of the source, owned */
	mode_t root_mode; /* its st_mode */
	char *source;	  /* its canonical host path */
	size_t source_len;

	/* MOUNT_MEM */
	struct mem_node *root; /* owned */
};

struct view {
	struct mount **mounts; /* sorted by point, so that a parent stands before its children */
	size_t n_mounts;
	bool all_identity; /* every mount is an identity host mount or /proc on /proc: getcwd needs no look */
	bool extra_names;  /* some directory shows a name that it does not have on the host */
	struct mem_index *mem_index; /* anonymous directories by (st_dev, st_ino), see mem.h */
	const char *anon_dir;	     /* where anonymous directories are made, NULL when there is nowhere */
};

/* An empty view; view_release() frees all mounts and nodes. */
int view_init(struct view *v);
void view_release(struct view *v);

/* Each of these adds one mount at the virtual path point, which is resolved in the view as it is so far
 * (so add mounts from the root down): its parents' symlinks are followed, a symlink at point itself is
 * covered. Parents that do not exist become in-memory directories. A later mount at the same point covers
 * the earlier one. Returns 0 or a negative errno; the view is unchanged on failure. The first mount must be
 * at "/". source_fd is an O_PATH descriptor that the view takes over (also on failure). */
int view_mount_host(struct view *v, const char *point, int source_fd, bool rdonly);
int view_mount_proc(struct view *v, const char *point, int source_fd);

/* An empty read-only directory, an empty read-only file, or a symlink, in memory.
 * view_mask chooses directory or file by what stands at path: -ENOENT when nothing does. */
int view_mount_dir(struct view *v, const char *point);
int view_mount_empty_file(struct view *v, const char *point);
int view_mount_symlink(struct view *v, const char *point, const char *target);
int view_mask(struct view *v, const char *point);

/* Makes every mount of the view read-only but those in keep (--read-only). */
void view_set_rdonly(struct view *v);

/* To be called after the last mount, before the first look-up of a guest: computes the flags above. */
void view_seal(struct view *v);

/* The mount that covers the canonical virtual path: the one with the longest point. Never NULL. */
const struct mount *view_find(const struct view *v, const char *vpath);
/* The same for a path of len bytes, where the root may be "" too. */
const struct mount *view_find_len(const struct view *v, const char *vpath, size_t len);

/* Whether some mount's point lies below the canonical virtual directory vpath. */
bool view_has_mount_below(const struct view *v, const char *vpath);
bool view_is_mount_point(const struct view *v, const char *vpath);

/* The reverse: where the view shows the host path (absolute, canonical, as /proc/T/cwd tells it). The mount
 * with the most specific source wins. Writes the virtual path to buf (PATH_MAX bytes) and its mount to
 * *ret_mount. -ENOENT when the view does not show it. */
int view_reverse(const struct view *v, const char *host_path, char *buf, const struct mount **ret_mount);

/* Names that the directory vpath shows beyond what its file system has itself (mount points whose name does
 * not exist there). Calls each(arg, name, d_type, ino) for every one; stops and returns its value when it
 * is not 0. */
int view_extra_names(const struct view *v, const char *vpath,
		     int (*each)(void *arg, const char *name, unsigned char type, ino_t ino), void *arg);

#endif
