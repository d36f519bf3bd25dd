/* Runs in /proc. It is the host's, but "self" is the calling task, processes outside of the container do not
 * exist, and the magic links below /proc/N lead to where the view shows what they lead to on the host. */
#include "lib/cleanup.h"
#include "vfs/mem.h"
#include "vfs/walk.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A component of the run. */
struct part {
	size_t start, end; /* in w->cur; equal when there is none */
};

static struct part part_at(const struct walk *w, const struct walk_run *run, size_t after)
{
	struct part part = {run->len, run->len};
	const char *slash;

	if (after >= run->len)
		return part;
	part.start = after + 1;
	slash = memchr(w->cur + part.start, '/', run->len - part.start);
	if (slash)
		part.end = (size_t)(slash - w->cur);
	return part;
}

static bool part_is(const struct walk *w, struct part part, const char *name)
{
	return part.end - part.start == strlen(name) &&
	       !memcmp(w->cur + part.start, name, part.end - part.start);
}

/* A number as proc_pid_lookup() takes it (name_to_int() in fs/proc/util.c), or -1. */
static pid_t part_number(const struct walk *w, struct part part)
{
	pid_t n = 0;

	if (part.start == part.end || part.end - part.start > 9 || w->cur[part.start] == '0')
		return -1;
	for (size_t i = part.start; i < part.end; i++) {
		if (w->cur[i] < '0' || w->cur[i] > '9')
			return -1;
		n = n * 10 + (w->cur[i] - '0');
	}
	return n;
}

/* Finds the magic link in the part of the run that follows the task's directory /proc/N. */
static bool find_magic(const struct walk *w, const struct walk_run *run, struct part task, struct part *ret)
{
	struct part part = part_at(w, run, task.end), below;

	if (part_is(w, part, "task")) {
		part = part_at(w, run, part.end); /* the thread's number */
		part = part_at(w, run, part.end);
	}
	below = part_at(w, run, part.end);
	*ret = part;
	if (part_is(w, part, "cwd") || part_is(w, part, "root") || part_is(w, part, "exe"))
		return true;
	*ret = below;
	return below.start < below.end &&
	       (part_is(w, part, "fd") || part_is(w, part, "map_files") || part_is(w, part, "ns"));
}

/* Whether the text ends as the kernel marks a name that is gone. A file may really be called so. */
static bool says_deleted(const char *text, const struct stat *st)
{
	static const char mark[] = " (deleted)";
	size_t len = strlen(text);
	struct stat named;

	if (len < sizeof(mark) - 1 || strcmp(text + len - (sizeof(mark) - 1), mark))
		return false;
	return fstatat(AT_FDCWD, text, &named, AT_SYMLINK_NOFOLLOW) < 0 || named.st_dev != st->st_dev ||
	       named.st_ino != st->st_ino;
}

/* Finds the place in the view of what the descriptor refers to: mount, node if it is a placeholder, and the
 * virtual path in buf. -ENOENT when the view does not show it. */
static int identify(const struct walk *w, int fd, const struct stat *st, char *buf,
		    const struct mount **ret_mount, struct mem_node **ret_node)
{
	char link[32], text[PATH_MAX];
	ssize_t n;

	*ret_node = mem_find(w->ctx->view, st->st_dev, st->st_ino);
	if (*ret_node) {
		*ret_mount = view_find(w->ctx->view, (*ret_node)->vpath);
		memcpy(buf, (*ret_node)->vpath, strlen((*ret_node)->vpath) + 1);
		return 0;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, text, sizeof(text));
	if (n < 0 || (size_t)n >= sizeof(text))
		return -ENOENT;
	text[n] = '\0';
	if (text[0] != '/' || says_deleted(text, st))
		return -ENOENT;
	return view_reverse(w->ctx->view, text, buf, ret_mount);
}

/* The walk goes on at the canonical virtual path vpath with what follows byte `from` of the run. */
static int move_to(struct walk *w, const struct walk_run *run, const char *vpath, size_t from)
{
	size_t len = strlen(vpath) == 1 ? 0 : strlen(vpath);

	walk_set_rest(w, run, "", from);
	memcpy(w->cur, vpath, len);
	w->cur_len = len;
	w->searched = len == 0;
	w->stepwise = false;
	return WALK_MOVED;
}

/* The magic link is the last component: the object is what the descriptor refers to. */
static int end_at(struct walk *w, const struct mount *m, struct walk_run *run, int fd, const struct stat *st)
{
	_cleanup_close_ int owned = fd;
	const struct mount *mount = m;
	struct mem_node *node = NULL;
	char vpath[PATH_MAX];

	if ((run->tail != TAIL_NONE || (w->flags & LOOKUP_DIRECTORY)) && !S_ISDIR(st->st_mode))
		return -ENOTDIR;
	if (run->tail == TAIL_DOT) {
		_cleanup_close_ int searched = walk_openat2(owned, ".", 0, 0);

		if (searched < 0)
			return searched;
	}
	w->hidden = identify(w, owned, st, vpath, &mount, &node) < 0;
	w->mount = w->hidden ? m : mount;
	w->node = node;
	w->magic = !node;
	if (!node)
		w->fd = TAKE_FD(owned);
	if (!w->hidden) {
		run->len = strlen(vpath) == 1 ? 0 : strlen(vpath);
		memcpy(w->cur, vpath, run->len);
		w->native &= mount->identity;
	}
	return WALK_DONE;
}

/* Of a copy that was made to be executed: the file it was made of, if that is still there. Else -1. */
static int open_original(int fd, const struct stat *st)
{
	static const char mark[] = " (deleted)";
	char link[32], text[PATH_MAX];
	ssize_t n;

	if (!S_ISREG(st->st_mode) || st->st_nlink > 0)
		return -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, text, sizeof(text) - 1) - (ssize_t)strlen(mark);
	if (n <= 0 || strncmp(text, VFS_COPY_LINK "/", strlen(VFS_COPY_LINK "/")) != 0)
		return -1;
	text[n] = '\0';
	return open(text + strlen(VFS_COPY_LINK), O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

static int follow_magic(struct walk *w, const struct mount *m, struct walk_run *run, struct part magic)
{
	bool is_root = part_is(w, magic, "root"), is_last = run->last && magic.end == run->len;
	size_t skip = mount_skip(m);
	_cleanup_close_ int fd = -1, original = -1;
	const struct mount *mount;
	struct mem_node *node;
	char vpath[PATH_MAX], saved;
	struct stat st;

	saved = w->cur[magic.end];
	w->cur[magic.end] = '\0';
	/* All before the link is a plain name, so that the host follows this link alone. */
	fd = openat(m->root_fd, w->cur + skip + 1, O_PATH | O_CLOEXEC);
	w->cur[magic.end] = saved;
	if (fd < 0)
		return -errno;
	if (++w->links > WALK_MAX_LINKS || (w->flags & (LOOKUP_NO_SYMLINKS | LOOKUP_NO_MAGICLINKS)))
		return -ELOOP;
	/* nd_jump_link(): a magic link stays in one mount at best, and beneath nothing. */
	if ((w->flags & LOOKUP_NO_XDEV) && w->base_mnt_id && walk_mount_id(fd) != w->base_mnt_id)
		return -EXDEV;
	if (w->flags & (LOOKUP_BENEATH | LOOKUP_IN_ROOT))
		return -EXDEV;
	if (is_root)
		return move_to(w, run, "/", magic.end);
	if (fstat(fd, &st) < 0)
		return -errno;
	original = is_last ? open_original(fd, &st) : -1;
	if (original >= 0 && fstat(original, &st) == 0) {
		close_fd(&fd);
		fd = TAKE_FD(original);
	}
	if (is_last)
		return end_at(w, m, run, TAKE_FD(fd), &st);
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	if (identify(w, fd, &st, vpath, &mount, &node) < 0)
		return -ENOENT;
	return move_to(w, run, vpath, magic.end);
}

/* "self" and "thread-self" are plain symlinks whose text depends on who reads it. */
static int self_link(struct walk *w, struct part part, int (*text)(void *arg, char *buf, size_t size))
{
	int r;

	if (!text)
		return -ENOENT;
	r = text(w->ctx->caller.arg, w->text, sizeof(w->text));
	if (r < 0)
		return r;
	w->link_start = part.start;
	w->link_end = part.end;
	return WALK_LINK;
}

int walk_proc(struct walk *w, const struct mount *m, struct walk_run *run)
{
	const struct vfs_caller *caller = &w->ctx->caller;
	struct part first = part_at(w, run, mount_skip(m)), magic;
	pid_t pid;

	if (first.end < run->len || walk_follows_last(w, run)) {
		if (part_is(w, first, "self"))
			return self_link(w, first, caller->self);
		if (part_is(w, first, "thread-self"))
			return self_link(w, first, caller->thread_self);
	}
	pid = part_number(w, first);
	if (pid < 0)
		return walk_host(w, m, run);
	if (!caller->visible || !caller->visible(caller->arg, pid))
		return -ENOENT;
	if (find_magic(w, run, first, &magic) && (magic.end < run->len || walk_follows_last(w, run)))
		return follow_magic(w, m, run, magic);
	return walk_host(w, m, run);
}
