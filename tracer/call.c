#include "tracer/call.h"

#include "lib/cleanup.h"
#include "lib/log.h"
#include "tracer/guest_mem.h"
#include "tracer/listener.h"
#include "vfs/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PAGE_SIZE  4096ul
/* Most strings are shorter; a first read of this length costs little more than one of a few bytes. */
#define FIRST_READ 256ul

int call_read(struct call *c, uint64_t addr, void *buf, size_t len)
{
	return guest_read(c->tid, addr, buf, len) < 0 ? -EFAULT : 0;
}

int call_write(struct call *c, uint64_t addr, const void *buf, size_t len)
{
	return guest_write(c->tid, addr, buf, len) < 0 ? -EFAULT : 0;
}

bool call_pending(const struct call *c)
{
	return listener_pending(c->ct->listener, c->id);
}

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

int call_read_string(struct call *c, uint64_t addr, size_t max, int too_long, const char **ret)
{
	char *copy = arena_alloc(c->arena, min_size(max, FIRST_READ));
	size_t room = min_size(max, FIRST_READ), len = 0;

	for (;;) {
		/* Never past a page border in one go: what lies behind it may be inaccessible. */
		size_t chunk = min_size(room - len, PAGE_SIZE - (addr + len) % PAGE_SIZE);
		ssize_t n = guest_read_some(c->tid, addr + len, copy + len, chunk);

		if (n <= 0)
			return -EFAULT;
		if (memchr(copy + len, '\0', (size_t)n)) {
			*ret = copy;
			return 0;
		}
		len += (size_t)n;
		if (len == max)
			return too_long;
		if (len == room) {
			char *larger = arena_alloc(c->arena, max);

			memcpy(larger, copy, len);
			copy = larger;
			room = max;
		}
	}
}

int call_read_path(struct call *c, uint64_t addr, const char **ret)
{
	return call_read_string(c, addr, PATH_MAX, -ENAMETOOLONG, ret);
}

int call_hold(struct call *c, int fd)
{
	invariant(c->n_held < (int)(sizeof(c->held) / sizeof(c->held[0])));
	c->held[c->n_held++] = fd;
	return fd;
}

/* The virtual path of a real directory or file of the task that was opened as fd, whose link text is given. */
static int vpath_of(struct call *c, int fd, const char *text, bool deleted, const char **ret)
{
	const struct mount *mount;
	char vpath[PATH_MAX];
	struct mem_node *node;
	struct stat st;

	*ret = NULL;
	if (deleted) {
		if (fd < 0 || fstat(fd, &st) < 0)
			return 0;
		node = mem_find(c->vfs.view, st.st_dev, st.st_ino);
		if (node)
			*ret = node->vpath;
		return 0;
	}
	if (text[0] == '/' && view_reverse(c->vfs.view, text, vpath, &mount) == 0)
		*ret = arena_strdup(c->arena, vpath);
	return 0;
}

int call_cwd_vpath(struct call *c, const char **ret)
{
	_cleanup_close_ int fd = -1;
	char text[PATH_MAX];
	bool deleted;
	int r = task_cwd(c->task, text, &deleted);

	if (r < 0)
		return r;
	if (deleted)
		fd = task_open_cwd(c->task);
	return vpath_of(c, fd, text, deleted, ret);
}

int call_fd_vpath(struct call *c, int fd, const char **ret)
{
	_cleanup_close_ int object = -1;
	char text[PATH_MAX];
	bool deleted;
	int r = task_fd_path(c->task, fd, text, &deleted);

	if (r < 0)
		return r;
	if (deleted)
		object = task_open_fd(c->task, fd);
	return vpath_of(c, object, text, deleted, ret);
}

/* The object that (dirfd, "") or an open descriptor means. */
static int name_of_object(struct call *c, int dirfd, struct vfs_name *ret)
{
	const char *vpath;
	int fd, r;

	r = dirfd == AT_FDCWD ? call_cwd_vpath(c, &vpath) : call_fd_vpath(c, dirfd, &vpath);
	if (r < 0)
		return r;
	fd = dirfd == AT_FDCWD ? task_open_cwd(c->task) : task_open_fd(c->task, dirfd);
	if (fd < 0)
		return fd;
	*ret = (struct vfs_name){.path = "", .fd = call_hold(c, fd), .fd_vpath = vpath};
	return 0;
}

int call_fd_name(struct call *c, int fd, bool path_ok, struct vfs_name *ret)
{
	off_t pos;
	int flags, r;

	if (!path_ok) {
		r = task_fdinfo(c->task, fd, &pos, &flags);
		if (r < 0)
			return r;
		if (flags & O_PATH)
			return -EBADF;
	}
	r = name_of_object(c, fd, ret);
	if (r == 0 && !call_pending(c))
		return -EINTR;
	return r;
}

/* ENOTDIR for a relative path that starts from something that is no directory at all (a pipe, a socket). */
static int check_directory(struct call *c, int dirfd)
{
	_cleanup_close_ int fd = task_open_fd(c->task, dirfd);
	struct stat st;

	if (fd < 0)
		return fd;
	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int call_base(struct call *c, int dirfd, const char **ret)
{
	int r = dirfd == AT_FDCWD ? call_cwd_vpath(c, ret) : call_fd_vpath(c, dirfd, ret);

	if (r == 0 && !*ret && dirfd != AT_FDCWD)
		r = check_directory(c, dirfd);
	return r;
}

int call_name(struct call *c, int dirfd, uint64_t path, int at_flags, struct vfs_name *ret)
{
	const char *text;
	int r = call_read_path(c, path, &text);

	/* Only now: before, the thread could have died and another have got its number. */
	if (!call_pending(c))
		return -EINTR;
	if (r < 0)
		return r;
	*ret = (struct vfs_name){.path = text, .base = "/", .fd = -1};
	if (text[0] == '/')
		return 0;
	if (text[0] == '\0')
		return at_flags & AT_EMPTY_PATH ? name_of_object(c, dirfd, ret) : 0;
	r = call_base(c, dirfd, &ret->base);
	if (r < 0)
		return r;
	if (!ret->base && strcmp(text, ".") == 0)
		return name_of_object(c, dirfd, ret);
	return 0;
}

static int caller_self(void *arg, char *buf, size_t size)
{
	struct call *c = arg;
	pid_t tgid;
	int r = task_tgid(c->task, &tgid);

	if (r == 0)
		snprintf(buf, size, "%d", tgid);
	return r;
}

static int caller_thread_self(void *arg, char *buf, size_t size)
{
	struct call *c = arg;
	pid_t tgid;
	int r = task_tgid(c->task, &tgid);

	if (r == 0)
		snprintf(buf, size, "%d/task/%d", tgid, c->tid);
	return r;
}

static bool caller_visible(void *arg, pid_t pid)
{
	struct call *c = arg;

	return container_has(c->ct, pid);
}

static void caller_apply_umask(void *arg)
{
	struct call *c = arg;
	mode_t mask;

	/* 077 when the task has just died: the call's result is not seen by anybody. */
	umask(task_umask(c->task, &mask) == 0 ? mask : 077);
}

void call_init(struct call *c, struct container *ct, struct task_cache *tasks, struct arena *arena,
	       const struct seccomp_notif *n)
{
	*c = (struct call){
		.ct = ct,
		.row = syscall_find(n->data.nr),
		.id = n->id,
		.tid = (pid_t)n->pid,
		.nr = n->data.nr,
		.task = task_get(tasks, (pid_t)n->pid),
		.arena = arena,
		.vfs =
			{
				.view = &ct->view,
				.arena = arena,
				.caller =
					{
						.arg = c,
						.self = caller_self,
						.thread_self = caller_thread_self,
						.visible = caller_visible,
						.apply_umask = caller_apply_umask,
					},
			},
	};
	for (int i = 0; i < 6; i++)
		c->args[i] = n->data.args[i];
}

void call_release(struct call *c)
{
	for (int i = 0; i < c->n_held; i++)
		close(c->held[i]);
	arena_reset(c->arena);
}
