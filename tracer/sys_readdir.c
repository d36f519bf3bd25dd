/* getdents and getdents64, for directories that show other names than their file system has: in-memory ones, and those
 * in which something is mounted at a name that does not exist on the host. The position lives in the guest's own open
 * file description, as everywhere on Linux: the supervisor reads it, fills the buffer from a description of its own, and
 * moves the guest's. */
#include "lib/cleanup.h"
#include "tracer/handlers.h"
#include "tracer/redirect.h"
#include "tracer/sys_util.h"
#include "vfs/mem.h"
#include "vfs/ops.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

/* More than this is not filled in one go; the largest record has 280 bytes. */
#define BUFFER_MAX 32768ul

/* Record of the older call (fs/readdir.c). Its header is one byte shorter than that of struct dirent64, and the type
 * stands in the last byte of the record, so that the records of both have the same length. */
struct dirent_legacy {
	unsigned long d_ino;
	unsigned long d_off;
	unsigned short d_reclen;
	char d_name[];
};

static void to_legacy(char *buf, size_t len)
{
	for (size_t at = 0; at < len;) {
		struct dirent64 *entry = (struct dirent64 *)(void *)(buf + at);
		struct dirent_legacy *legacy = (struct dirent_legacy *)(void *)entry;
		unsigned short reclen = entry->d_reclen;
		unsigned char type = entry->d_type;

		if (reclen == 0)
			return;
		memmove(legacy->d_name, entry->d_name, strlen(entry->d_name) + 1);
		buf[at + reclen - 1] = (char)type;
		at += reclen;
	}
}

/* Moves the guest's description to pos; the call then returns filled. */
static struct reply set_position(struct call *c, int fd, off_t pos, long filled)
{
	_cleanup_close_ int dup = task_dup_fd(c->task, fd);
	struct redirect *r;

	if (dup >= 0)
		return reply_value(lseek(dup, pos, SEEK_SET) < 0 ? -errno : filled);
	if (dup != -EPERM)
		return reply_value(dup);

	/* No pidfd_getfd here (Docker's default profile): the task moves it by itself. */
	r = redirect_new(c);
	if (!r)
		return reply_redirect(NULL);
	redirect_nr(r, SYS_lseek);
	redirect_arg(r, 0, (uint64_t)fd);
	redirect_arg(r, 1, (uint64_t)pos);
	redirect_arg(r, 2, SEEK_SET);
	redirect_result(r, filled);
	return reply_redirect(r);
}

/* The in-memory directory that the descriptor stands for, NULL when it is a real one. */
static struct mem_node *node_of(const struct call *c, int host_fd)
{
	struct stat st;

	return fstat(host_fd, &st) ? NULL : mem_find(c->vfs.view, st.st_dev, st.st_ino);
}

static struct reply getdents_common(struct call *c, bool legacy)
{
	_cleanup_close_ int host_fd = -1;
	int fd = arg_int(c, 0), flags, ret;
	size_t size = (unsigned)c->args[2];
	struct mem_node *node;
	const char *vpath;
	off_t pos, before;
	ssize_t filled;
	char *buf;

	ret = call_fd_vpath(c, fd, &vpath);
	if (ret < 0)
		return reply_value(ret);
	/* A listing of a real directory shows nothing that the host's names do not, whichever directory another
	 * thread may put behind the number meanwhile: every descriptor that the task has was given to it. */
	if (!vpath || !vfs_dir_is_special(&c->vfs, vpath))
		return reply_continue();

	ret = task_fdinfo(c->task, fd, &pos, &flags);
	if (ret < 0)
		return reply_value(ret);
	if (flags & O_PATH)
		return reply_value(-EBADF);
	host_fd = task_reopen_fd(c->task, fd, O_RDONLY | O_DIRECTORY);
	if (host_fd < 0)
		return reply_value(host_fd);
	if (!call_pending(c))
		return reply_value(-EINTR);

	if (size > BUFFER_MAX)
		size = BUFFER_MAX;
	buf = arena_alloc(c->arena, size ? size : 1);
	node = node_of(c, host_fd);
	before = pos;
	filled = vfs_getdents64(&c->vfs, vpath, node, node ? -1 : host_fd, &pos, buf, size);
	if (filled > 0) {
		if (legacy)
			to_legacy(buf, (size_t)filled);
		ret = call_write(c, c->args[1], buf, (size_t)filled);
		if (ret < 0)
			return reply_value(ret);
	}
	if (filled < 0 || pos == before)
		return reply_value(filled);
	return set_position(c, fd, pos, filled);
}

struct reply sys_getdents(struct call *c)
{
	return getdents_common(c, true);
}

struct reply sys_getdents64(struct call *c)
{
	return getdents_common(c, false);
}
