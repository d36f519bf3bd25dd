/* The state of one path walk, shared by lookup.c and walk_*.c alone. Analogue of the kernel's struct
 * nameidata.
 *
 * A walk goes in runs. A run is the longest row of plain names (no "..") that comes next; it is appended to
 * what has been resolved so far, the mount that covers the result is found, and the part within that mount is
 * resolved in one go. A symlink in it ends the run: its text takes its place and the walk goes on. */
#ifndef UCTR_VFS_WALK_H
#define UCTR_VFS_WALK_H

#include "vfs/lookup.h"

#include <limits.h>

/* What follows the last name of a run. */
enum walk_tail {
	TAIL_NONE,
	TAIL_SLASH, /* it must be a directory */
	TAIL_DOT,   /* that may be searched, too: "/.", and whatever ".." or a last component follows */
};

/* How the resolution of a run ended, if not with a negative errno. */
enum walk_end {
	WALK_DONE,  /* mount and fd or node are set */
	WALK_LINK,  /* a symlink with the text w->text stands at link_start to link_end of w->cur */
	WALK_MOVED, /* through a magic link: cur and rest were set anew */
	WALK_AGAIN, /* something changed meanwhile, or the way taken does not do */
};

struct walk_run {
	size_t len; /* bytes of w->cur up to its end */
	enum walk_tail tail;
	bool last;	  /* the path ends here; else ".." follows */
	const char *rest; /* what follows, from ".." on */
};

#define WALK_MAX_LINKS 40 /* MAXSYMLINKS */

struct walk {
	const struct vfs_ctx *ctx;
	unsigned flags;
	bool parent;	  /* the path is that of a directory which something is looked up in */
	const char *rest; /* of the path, not resolved yet */
	const char *end;  /* of rest */
	size_t cur_len;	  /* bytes of cur that are resolved; the root is "" */
	size_t floor;	  /* LOOKUP_BENEATH, LOOKUP_IN_ROOT: bytes of cur that ".." must not touch */
	bool searched;	  /* cur is known to be a directory that may be searched */
	bool stepwise;	  /* take ".." by its meaning, not by the host's */
	int links;	  /* symlinks so far */
	bool native;	  /* see vfs_object */
	bool root_set;	  /* LOOKUP_NO_XDEV: see jump_root() */
	const struct mount *base_mount; /* LOOKUP_NO_XDEV: the only one allowed */
	uint64_t base_mnt_id;		/* ... and the host's number of it */

	/* the result */
	const struct mount *mount;
	struct mem_node *node;
	int fd;	     /* owned */
	bool magic;  /* see vfs_object */
	bool hidden; /* the view does not show it: no vpath */

	size_t link_start, link_end;
	char cur[PATH_MAX + 4]; /* canonical virtual path, not terminated */
	char text[PATH_MAX];	/* of a symlink, terminated */
};

/* Whether a symlink in the last place of the run is followed. */
static inline bool walk_follows_last(const struct walk *w, const struct walk_run *run)
{
	return !run->last || run->tail != TAIL_NONE || (w->flags & LOOKUP_FOLLOW);
}

/* Where the path within the mount starts in a virtual path (at a slash or the end). */
static inline size_t mount_skip(const struct mount *m)
{
	return m->point_len == 1 ? 0 : m->point_len;
}

/* How the tail is written behind a path, for the host or for the walk itself. */
static inline const char *tail_text(enum walk_tail tail)
{
	return tail == TAIL_DOT ? "/." : tail == TAIL_SLASH ? "/" : "";
}

/* A new O_PATH descriptor, or a negative errno. */
int walk_openat2(int dirfd, const char *path, unsigned long long flags, unsigned long long resolve);

/* The host's number of the mount that the descriptor lies in, 0 when it does not tell. */
uint64_t walk_mount_id(int fd);

/* Whether the symlink in directory dirfd may be followed in the last place of a path: 0 or -EACCES. */
int walk_may_follow(int dirfd, const struct stat *link);

/* One run in a mount of each type: an enum walk_end or a negative errno. */
int walk_host(struct walk *w, const struct mount *m, const struct walk_run *run);
int walk_mem(struct walk *w, const struct mount *m, const struct walk_run *run);
int walk_proc(struct walk *w, const struct mount *m, struct walk_run *run);

/* The whole of what is left, ".." and all, by one call to the host. Only WALK_DONE, WALK_AGAIN or an
 * errno. */
int walk_host_dotdot(struct walk *w, const struct walk_run *run);

/* Sets rest to text (may be ""), then what the run has from byte `from` on, then what follows the run. */
void walk_set_rest(struct walk *w, const struct walk_run *run, const char *text, size_t from);

#endif
