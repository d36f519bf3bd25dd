/* getdents64 on the directories that are not their file system's alone: placeholders, host directories that
 * show mount points which they do not have themselves, and the root of /proc, which shows the container's
 * tasks only. */
#include "lib/log.h"
#include "vfs/ops.h"
#include "vfs/ops_internal.h"

#include <dirent.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>

/* struct linux_dirent64 (include/linux/dirent.h) under libc's name. */
struct record {
	uint64_t d_ino;
	int64_t d_off;
	unsigned short d_reclen;
	unsigned char d_type;
	char d_name[];
} __attribute__((packed, aligned(8)));

/* A buffer that fills up, as in the kernel's struct getdents_callback64. */
struct filler {
	char *buf;
	size_t size, used;
	off_t skip;  /* entries before this position are left out */
	off_t index; /* position of the next entry */
	bool full;   /* one did not fit; none after it is taken */
};

static size_t record_size(size_t name_len)
{
	return (offsetof(struct record, d_name) + name_len + 1 + 7) & ~(size_t)7;
}

static void fill(struct filler *f, const char *name, unsigned char type, ino_t ino)
{
	size_t len = strlen(name), need = record_size(len);
	struct record *r = (void *)(f->buf + f->used);

	f->index++;
	if (f->full || f->index <= f->skip)
		return;
	if (need > f->size - f->used) {
		f->full = true;
		f->index--;
		return;
	}
	memset(r, 0, need);
	r->d_ino = ino;
	r->d_off = f->index;
	r->d_reclen = (unsigned short)need;
	r->d_type = type;
	memcpy(r->d_name, name, len);
	f->used += need;
}

static int fill_extra(void *arg, const char *name, unsigned char type, ino_t ino)
{
	struct filler *f = arg;

	fill(f, name, type, ino);
	return f->full;
}

/* As stat tells it: what stands for the node is made if need be. */
static ino_t node_ino(struct mem_node *node)
{
	struct stat st;

	mem_stat(node, &st);
	return st.st_ino;
}

/* A placeholder: the position is the number of entries before. The view is constant, so the order is, too. */
static ssize_t read_placeholder(const struct vfs_ctx *ctx, const char *vpath, struct mem_node *node,
				off_t *pos, void *buf, size_t size)
{
	struct filler f = {.buf = buf, .size = size, .skip = *pos};
	struct mem_node *child;

	if (*pos < 0)
		return -EINVAL;
	fill(&f, ".", DT_DIR, node_ino(node));
	if (!f.full)
		fill(&f, "..", DT_DIR, node_ino(node->parent ? node->parent : node));
	for (child = node->children; child && !f.full; child = child->next)
		fill(&f, child->name, IFTODT(child->mode), node_ino(child));
	if (!f.full)
		view_extra_names(ctx->view, vpath, fill_extra, &f);
	if (f.full && f.used == 0)
		return -EINVAL;
	if (f.used > 0)
		*pos = f.index;
	return (ssize_t)f.used;
}

struct size_sum {
	size_t bytes;
};

static int add_size(void *arg, const char *name, unsigned char type, ino_t ino)
{
	struct size_sum *sum = arg;

	(void)type;
	(void)ino;
	sum->bytes += record_size(strlen(name));
	return 0;
}

static bool is_proc_root(const struct vfs_ctx *ctx, const char *vpath)
{
	const struct mount *m = view_find(ctx->view, vpath);

	return m->type == MOUNT_PROC && strcmp(m->point, vpath) == 0;
}

/* Takes the directories of tasks that the caller may not see out of n bytes of records; returns what is left.
 */
static size_t hide_tasks(const struct vfs_caller *caller, char *buf, size_t n)
{
	size_t from = 0, to = 0;

	while (from < n) {
		const struct record *r = (const void *)(buf + from);
		size_t len = r->d_reclen;
		char *end;
		long pid = strtol(r->d_name, &end, 10);

		if (r->d_name[0] < '0' || r->d_name[0] > '9' || *end ||
		    (caller->visible && caller->visible(caller->arg, (pid_t)pid))) {
			memmove(buf + to, r, len);
			to += len;
		}
		from += len;
	}
	return to;
}

/* Puts the extra names behind the first of n bytes of host records and gives them the first one's position:
 * who seeks to what telldir(3) said at one of them goes on with the host's next entry. */
static size_t insert_extra(const struct vfs_ctx *ctx, const char *vpath, char *buf, size_t n, size_t extra)
{
	const struct record *first = (const void *)buf;
	size_t head = first->d_reclen, at;
	struct filler f = {.buf = buf + head, .size = extra};

	memmove(buf + head + extra, buf + head, n - head);
	view_extra_names(ctx->view, vpath, fill_extra, &f);
	invariant(f.used == extra);
	for (at = 0; at < extra;) {
		struct record *r = (void *)(buf + head + at);

		r->d_off = first->d_off;
		at += r->d_reclen;
	}
	return n + extra;
}

static ssize_t read_host(const struct vfs_ctx *ctx, const char *vpath, int host_fd, off_t *pos, char *buf,
			 size_t size)
{
	struct size_sum extra = {0};
	bool proc_root = is_proc_root(ctx, vpath);
	off_t next;
	ssize_t n;

	if (*pos == 0)
		view_extra_names(ctx->view, vpath, add_size, &extra);
	if (extra.bytes >= size)
		return -EINVAL;
	if (lseek(host_fd, *pos, SEEK_SET) < 0)
		return -errno;
	do {
		n = syscall(SYS_getdents64, host_fd, buf, size - extra.bytes);
		if (n <= 0)
			return n < 0 ? -errno : 0;
		if (proc_root)
			n = (ssize_t)hide_tasks(&ctx->caller, buf, (size_t)n);
	} while (n == 0);
	next = lseek(host_fd, 0, SEEK_CUR);
	if (next < 0)
		return -errno;
	if (extra.bytes > 0)
		n = (ssize_t)insert_extra(ctx, vpath, buf, (size_t)n, extra.bytes);
	*pos = next;
	return n;
}

ssize_t vfs_getdents64(const struct vfs_ctx *ctx, const char *vpath, struct mem_node *node, int host_fd,
		       off_t *pos, void *buf, size_t size)
{
	if (host_fd < 0 && !node)
		return -EBADF;
	if (host_fd < 0)
		return S_ISDIR(node->mode) ? read_placeholder(ctx, vpath, node, pos, buf, size) : -ENOTDIR;
	return read_host(ctx, vpath, host_fd, pos, buf, size);
}

static int any(void *arg, const char *name, unsigned char type, ino_t ino)
{
	(void)arg;
	(void)name;
	(void)type;
	(void)ino;
	return 1;
}

bool vfs_dir_is_special(const struct vfs_ctx *ctx, const char *vpath)
{
	if (view_find(ctx->view, vpath)->type == MOUNT_MEM || is_proc_root(ctx, vpath))
		return true;
	return ctx->view->extra_names && view_extra_names(ctx->view, vpath, any, NULL) != 0;
}
