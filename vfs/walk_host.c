/* Runs in a mount of the host, and in one of placeholders. */
#include "lib/cleanup.h"
#include "vfs/mem.h"
#include "vfs/walk.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>

#define NO_LINKS (RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)

int walk_openat2(int dirfd, const char *path, unsigned long long flags, unsigned long long resolve)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC | flags, .resolve = resolve};
	long fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

static int done(struct walk *w, const struct mount *m, int fd)
{
	if (fd < 0)
		return fd;
	w->mount = m;
	w->fd = fd;
	return WALK_DONE;
}

/* The root of the mount itself. */
static int host_root(struct walk *w, const struct mount *m, const struct walk_run *run)
{
	int fd;

	if (run->tail == TAIL_DOT)
		return done(w, m, walk_openat2(m->root_fd, ".", O_DIRECTORY, NO_LINKS));
	if (!S_ISDIR(m->root_mode) &&
	    (run->tail != TAIL_NONE || (run->last && (w->flags & LOOKUP_DIRECTORY))))
		return -ENOTDIR;
	fd = fcntl(m->root_fd, F_DUPFD_CLOEXEC, 0);
	return done(w, m, fd < 0 ? -errno : fd);
}

/* Reads the symlink dirfd/name. Returns WALK_LINK, -EINVAL if it is none. */
static int read_link(struct walk *w, int dirfd, const char *name, size_t start, size_t end)
{
	ssize_t n = readlinkat(dirfd, name, w->text, sizeof(w->text));

	if (n < 0)
		return -errno;
	if ((size_t)n >= sizeof(w->text))
		return -ENAMETOOLONG;
	w->text[n] = '\0';
	w->link_start = start;
	w->link_end = end;
	return WALK_LINK;
}

static bool sysctl_is_on(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char digit;

	return fd >= 0 && read(fd, &digit, 1) == 1 && digit != '0';
}

/* may_follow_link() in fs/namei.c: in a sticky directory that all may write to, a symlink in the last place
 * of a path is followed only if it belongs to the caller or to the directory's owner. */
int walk_may_follow(int dirfd, const struct stat *link)
{
	struct stat dir;

	if (link->st_uid == geteuid() || fstat(dirfd, &dir) < 0)
		return 0;
	if ((dir.st_mode & (S_ISVTX | S_IWOTH)) != (S_ISVTX | S_IWOTH) || dir.st_uid == link->st_uid)
		return 0;
	return sysctl_is_on("/proc/sys/fs/protected_symlinks") ? -EACCES : 0;
}

/* The same for the symlink fd at the end of a run. */
static int may_follow_last(struct walk *w, const struct mount *m, const struct walk_run *run, int fd,
			   size_t start)
{
	size_t skip = mount_skip(m);
	_cleanup_close_ int dir = -1;
	struct stat st;

	if (!run->last || run->tail == TAIL_DOT || fstat(fd, &st) < 0 || st.st_uid == geteuid())
		return 0;
	w->cur[start - 1] = '\0';
	dir = walk_openat2(m->root_fd, start > skip + 1 ? w->cur + skip + 1 : ".", O_DIRECTORY, NO_LINKS);
	w->cur[start - 1] = '/';
	return dir < 0 ? dir : walk_may_follow(dir, &st);
}

/* The most frequent symlink is that in the last place: a run that has only that one opens it. */
static int link_at_end(struct walk *w, const struct mount *m, const struct walk_run *run)
{
	size_t start = run->len;
	_cleanup_close_ int fd = -1;
	int r;

	fd = walk_openat2(m->root_fd, w->cur + mount_skip(m) + 1, O_NOFOLLOW, NO_LINKS);
	if (fd < 0)
		return fd;
	while (w->cur[start - 1] != '/')
		start--;
	r = read_link(w, fd, "", start, run->len);
	if (r == -ENOENT || r == -EINVAL)
		return WALK_AGAIN; /* no symlink any more */
	if (r == WALK_LINK) {
		int err = may_follow_last(w, m, run, fd, start);

		if (err < 0)
			return err;
	}
	return r;
}

/* Finds the first symlink of a run that has one, name by name. */
static int find_link(struct walk *w, const struct mount *m, const struct walk_run *run)
{
	_cleanup_close_ int dir = -1;
	size_t start = mount_skip(m) + 1;

	while (start <= run->len) {
		char *name = w->cur + start;
		const char *slash = memchr(name, '/', run->len - start);
		size_t end = slash ? (size_t)(slash - w->cur) : run->len;
		char saved = w->cur[end];
		int fd, r;

		w->cur[end] = '\0';
		r = read_link(w, dir < 0 ? m->root_fd : dir, name, start, end);
		fd = -1;
		if (r == -EINVAL && end < run->len)
			fd = walk_openat2(dir < 0 ? m->root_fd : dir, name, O_NOFOLLOW | O_DIRECTORY,
					  NO_LINKS);
		w->cur[end] = saved;
		if (r != -EINVAL)
			return r;
		if (end == run->len)
			break;
		if (fd < 0)
			return fd;
		close_fd(&dir);
		dir = fd;
		start = end + 1;
	}
	return WALK_AGAIN;
}

/* Where /usr is merged, /bin, /lib, /lib64 and /sbin are symlinks, and many paths begin with them: looking at
 * those first saves the attempt that would fail. Else than WALK_LINK means nothing. */
static int link_at_start(struct walk *w, const struct mount *m, const struct walk_run *run)
{
	static const char *const names[] = {"bin/", "lib/", "lib64/", "sbin/"};

	if (m->point_len > 1 || w->cur_len > 0 || run->len < 6)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t len = strlen(names[i]);
		char name[8];

		if (run->len <= len || memcmp(w->cur + 1, names[i], len))
			continue;
		memcpy(name, names[i], len - 1);
		name[len - 1] = '\0';
		return read_link(w, m->root_fd, name, 1, len);
	}
	return -EINVAL;
}

int walk_host(struct walk *w, const struct mount *m, const struct walk_run *run)
{
	const char *tail = tail_text(run->tail);
	size_t skip = mount_skip(m);
	unsigned flags = 0;
	int fd;

	if (run->len == skip)
		return host_root(w, m, run);
	if (link_at_start(w, m, run) == WALK_LINK)
		return WALK_LINK;
	/* The host minds what follows the last name, in the order of errors that Linux has. */
	memcpy(w->cur + run->len, tail, strlen(tail) + 1);
	if (!walk_follows_last(w, run))
		flags |= O_NOFOLLOW;
	if (run->last && (w->flags & LOOKUP_DIRECTORY))
		flags |= O_DIRECTORY;
	/* Success proves that no symlink was met, and without ".." the path cannot leave the mount. */
	fd = walk_openat2(m->root_fd, w->cur + skip + 1, flags, NO_LINKS);
	w->cur[run->len] = '\0';
	if (fd != -ELOOP)
		return done(w, m, fd);
	if (walk_follows_last(w, run)) {
		int r = link_at_end(w, m, run);

		if (r != -ELOOP)
			return r;
	}
	return find_link(w, m, run);
}

/* A virtual path in parallel with its spelling for the host. */
struct spelling {
	size_t len;	   /* of path */
	size_t native_len; /* of native */
	char path[PATH_MAX];
	char native[PATH_MAX]; /* relative to the mount's root, with ".." in it */
};

static bool add_name(struct spelling *s, const char *name, size_t len)
{
	if (s->len + 1 + len >= PATH_MAX || s->native_len + 1 + len >= PATH_MAX - 2)
		return false;
	s->path[s->len++] = '/';
	memcpy(s->path + s->len, name, len);
	s->len += len;
	s->native[s->native_len++] = '/';
	memcpy(s->native + s->native_len, name, len);
	s->native_len += len;
	return true;
}

/* ".." is taken only if it stays in the mount and above the floor, and if all that was named before it lies
 * in the mount. */
static bool add_dotdot(const struct walk *w, const struct mount *m, struct spelling *s)
{
	if (s->len <= mount_skip(m) || s->len <= w->floor || s->native_len + 3 >= PATH_MAX - 2 ||
	    view_find_len(w->ctx->view, s->path, s->len) != m)
		return false;
	while (s->path[--s->len] != '/')
		;
	memcpy(s->native + s->native_len, "/..", 3);
	s->native_len += 3;
	return true;
}

/* Spells what is left of the path; returns what follows its last name, or -1. */
static int spell_rest(const struct walk *w, const struct mount *m, const struct walk_run *run,
		      struct spelling *s)
{
	enum walk_tail tail = TAIL_DOT;
	const char *p = run->rest;

	while (p < w->end) {
		const char *slash, *name = p;
		size_t len;

		if (*p == '/') {
			if (tail == TAIL_NONE)
				tail = TAIL_SLASH;
			p++;
			continue;
		}
		slash = memchr(p, '/', (size_t)(w->end - p));
		len = slash ? (size_t)(slash - p) : (size_t)(w->end - p);
		p += len;
		if (len == 1 && name[0] == '.') {
			tail = TAIL_DOT;
		} else if (len == 2 && name[0] == '.' && name[1] == '.') {
			if (!add_dotdot(w, m, s))
				return -1;
			tail = TAIL_SLASH;
		} else {
			if (!add_name(s, name, len))
				return -1;
			tail = TAIL_NONE;
		}
	}
	if (view_find_len(w->ctx->view, s->path, s->len) != m)
		return -1;
	return w->parent ? TAIL_DOT : (int)tail;
}

/* Where no symlink is met, ".." on the host means what it means here, as long as one mount covers it all.
 * RESOLVE_BENEATH guards against directories that are moved meanwhile. */
int walk_host_dotdot(struct walk *w, const struct walk_run *run)
{
	const struct mount *m = view_find_len(w->ctx->view, w->cur, run->len);
	unsigned flags = 0;
	struct spelling s;
	int fd, tail;

	if (m->type != MOUNT_HOST || run->len == mount_skip(m) || (w->flags & LOOKUP_NO_XDEV))
		return WALK_AGAIN;
	s.len = run->len;
	memcpy(s.path, w->cur, s.len);
	s.native_len = run->len - mount_skip(m);
	memcpy(s.native, w->cur + mount_skip(m), s.native_len);
	tail = spell_rest(w, m, run, &s);
	if (tail < 0)
		return WALK_AGAIN;
	memcpy(s.native + s.native_len, tail_text((enum walk_tail)tail),
	       strlen(tail_text((enum walk_tail)tail)) + 1);
	if (tail == TAIL_NONE && !(w->flags & LOOKUP_FOLLOW))
		flags |= O_NOFOLLOW;
	if (w->flags & LOOKUP_DIRECTORY)
		flags |= O_DIRECTORY;
	fd = walk_openat2(m->root_fd, s.native + 1, flags, NO_LINKS | RESOLVE_BENEATH);
	if (fd == -ELOOP || fd == -EXDEV || fd == -EAGAIN)
		return WALK_AGAIN;
	if (fd < 0)
		return fd;
	memcpy(w->cur, s.path, s.len);
	w->cur_len = s.len;
	w->native &= m->identity;
	return done(w, m, fd);
}

int walk_mem(struct walk *w, const struct mount *m, const struct walk_run *run)
{
	struct mem_node *node = m->root;
	size_t pos = mount_skip(m), start = pos;

	/* the name of the mount's root is outside of the mount */
	while (start > 0 && w->cur[start - 1] != '/')
		start--;
	for (;;) {
		const char *slash;
		size_t len;

		if (S_ISLNK(node->mode) && (pos < run->len || walk_follows_last(w, run))) {
			memcpy(w->text, node->target, strlen(node->target) + 1);
			w->link_start = start;
			w->link_end = pos;
			return WALK_LINK;
		}
		if (pos == run->len)
			break;
		if (!S_ISDIR(node->mode))
			return -ENOTDIR;
		start = pos + 1;
		slash = memchr(w->cur + start, '/', run->len - start);
		len = slash ? (size_t)(slash - w->cur) - start : run->len - start;
		if (len > NAME_MAX)
			return -ENAMETOOLONG;
		node = mem_lookup(node, w->cur + start, len);
		if (!node)
			return -ENOENT;
		pos = start + len;
	}
	if (!S_ISDIR(node->mode) && (run->tail != TAIL_NONE || (run->last && (w->flags & LOOKUP_DIRECTORY))))
		return -ENOTDIR;
	w->mount = m;
	w->node = node;
	return WALK_DONE;
}
