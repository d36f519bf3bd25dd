#include "vfs/lookup.h"

#include "lib/cleanup.h"
#include "vfs/mem.h"
#include "vfs/walk.h"

#include <fcntl.h>
#include <string.h>

/* Appends the plain names that come next to cur and describes them; changes nothing but the bytes behind
 * cur. */
static int next_run(struct walk *w, struct walk_run *run)
{
	const char *p = w->rest;

	/* Without any name it is cur itself that is meant; "/" needs no permission, "." does. */
	run->len = w->cur_len;
	run->tail = TAIL_NONE;
	run->last = true;
	while (p < w->end) {
		const char *slash, *name = p;
		size_t len;

		if (*p == '/') {
			if (run->tail == TAIL_NONE)
				run->tail = TAIL_SLASH;
			p++;
			continue;
		}
		slash = memchr(p, '/', (size_t)(w->end - p));
		len = slash ? (size_t)(slash - p) : (size_t)(w->end - p);
		if (len == 1 && name[0] == '.') {
			run->tail = TAIL_DOT;
		} else if (len == 2 && name[0] == '.' && name[1] == '.') {
			run->tail = TAIL_DOT;
			run->last = false;
			break;
		} else {
			if (run->len + 1 + len >= PATH_MAX)
				return -ENAMETOOLONG;
			w->cur[run->len] = '/';
			memcpy(w->cur + run->len + 1, name, len);
			run->len += 1 + len;
			run->tail = TAIL_NONE;
		}
		p += len;
	}
	run->rest = p;
	if (w->parent)
		run->tail = TAIL_DOT;
	return 0;
}

uint64_t walk_mount_id(int fd)
{
	struct statx stx;

	return statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) < 0 ? 0 : stx.stx_mnt_id;
}

/* LOOKUP_NO_XDEV: whether what the run came to lies in the host's mount that the walk began in. */
static bool same_mount(const struct walk *w, const struct mount *m, int r)
{
	_cleanup_close_ int dir = -1;
	size_t skip = mount_skip(m);
	char path[PATH_MAX];

	if (!w->base_mnt_id)
		return true;
	if (r == WALK_DONE)
		return w->fd < 0 || walk_mount_id(w->fd) == w->base_mnt_id;
	if (r != WALK_LINK || m->type == MOUNT_MEM || w->link_start <= skip + 1)
		return true;
	memcpy(path, w->cur + skip + 1, w->link_start - skip - 2);
	path[w->link_start - skip - 2] = '\0';
	dir = walk_openat2(m->root_fd, path[0] ? path : ".", O_DIRECTORY, 0);
	return dir < 0 || walk_mount_id(dir) == w->base_mnt_id;
}

static int resolve(struct walk *w, struct walk_run *run)
{
	const struct mount *m = view_find_len(w->ctx->view, w->cur, run->len);
	int r = -EIO;

	if ((w->flags & LOOKUP_NO_XDEV) && w->base_mount && m != w->base_mount)
		return -EXDEV;
	w->native &= m->identity;
	switch (m->type) {
	case MOUNT_HOST: r = walk_host(w, m, run); break;
	case MOUNT_MEM: r = walk_mem(w, m, run); break;
	case MOUNT_PROC: r = walk_proc(w, m, run); break;
	}
	return (w->flags & LOOKUP_NO_XDEV) && !same_mount(w, m, r) ? -EXDEV : r;
}

void walk_set_rest(struct walk *w, const struct walk_run *run, const char *text, size_t from)
{
	size_t text_len = strlen(text), tail_len = strlen(tail_text(run->tail));
	size_t middle = run->len - from, rest = (size_t)(w->end - run->rest);
	char *p = arena_alloc(w->ctx->arena, text_len + middle + tail_len + 1 + rest);

	w->rest = p;
	p = mempcpy(p, text, text_len);
	p = mempcpy(p, w->cur + from, middle);
	p = mempcpy(p, tail_text(run->tail), tail_len);
	if (rest) {
		*p++ = '/';
		p = mempcpy(p, run->rest, rest);
	}
	w->end = p;
}

/* nd_jump_root(): where an absolute symlink leads to, unless that is refused. */
static int jump_root(struct walk *w)
{
	const struct mount *root = view_find_len(w->ctx->view, "", 0);

	if (w->flags & LOOKUP_BENEATH)
		return -EXDEV;
	w->cur_len = w->floor;
	w->searched = w->cur_len == 0;
	if (!(w->flags & LOOKUP_NO_XDEV) || (w->flags & LOOKUP_IN_ROOT))
		return 0;
	/* nd->root is set by an absolute path or the first ".." only; before that the kernel refuses any. */
	if (!w->root_set || root != w->base_mount ||
	    (w->base_mnt_id && walk_mount_id(root->root_fd) != w->base_mnt_id))
		return -EXDEV;
	return 0;
}

/* Puts the text of the symlink that was met in its place. */
static int follow(struct walk *w, const struct walk_run *run)
{
	if (++w->links > WALK_MAX_LINKS || (w->flags & LOOKUP_NO_SYMLINKS))
		return -ELOOP;
	if (!w->text[0])
		return -ENOENT;
	walk_set_rest(w, run, w->text, w->link_end);
	w->cur_len = w->link_start - 1;
	w->searched = true;
	w->stepwise = false;
	return w->text[0] == '/' ? jump_root(w) : 0;
}

/* cur is a directory: goes to the one that it is in. */
static int leave(struct walk *w)
{
	if (w->cur_len <= w->floor)
		return w->flags & LOOKUP_BENEATH ? -EXDEV : 0;
	while (w->cur[--w->cur_len] != '/')
		;
	return 0;
}

static void drop_result(struct walk *w)
{
	close_fd(&w->fd);
	w->node = NULL;
	w->magic = false;
	w->hidden = false;
}

/* Takes one run. Returns 1 when the path ends with it, 0 when the walk goes on, or a negative errno. */
static int take_run(struct walk *w)
{
	struct walk_run run;
	int r = next_run(w, &run);

	if (r < 0)
		return r;
	if (!run.last && !w->stepwise) {
		r = walk_host_dotdot(w, &run);
		if (r != WALK_AGAIN)
			return r < 0 ? r : 1;
		w->stepwise = true;
	}
	if (!run.last && run.len == w->cur_len && w->searched)
		r = WALK_DONE; /* nothing new to look at */
	else
		r = resolve(w, &run);
	switch (r) {
	case WALK_DONE:
		w->cur_len = run.len;
		if (run.last)
			return 1;
		drop_result(w);
		w->searched = true;
		w->rest = run.rest + 2;
		w->root_set = true;
		return leave(w);
	case WALK_LINK: return follow(w, &run);
	case WALK_AGAIN: /* bounded, as somebody may change things on and on */
		return ++w->links > WALK_MAX_LINKS ? -ELOOP : 0;
	default: return r == WALK_MOVED ? 0 : r;
	}
}

static int walk_path(struct walk *w)
{
	int r;

	do
		r = take_run(w);
	while (r == 0);
	if (r < 0)
		close_fd(&w->fd);
	return r < 0 ? r : 0;
}

/* LOOKUP_NO_XDEV: remembers the mount that the walk starts in, on both sides. */
static int start_xdev(struct walk *w)
{
	struct walk_run here = {.len = w->cur_len, .tail = TAIL_NONE, .last = false, .rest = w->rest};
	int r;

	r = resolve(w, &here);
	if (r < 0)
		return r;
	w->base_mount = w->mount;
	if (r == WALK_DONE && w->fd >= 0)
		w->base_mnt_id = walk_mount_id(w->fd);
	drop_result(w);
	return 0;
}

static int start(struct walk *w, const struct vfs_ctx *ctx, const struct vfs_name *name, unsigned flags,
		 const char *end)
{
	w->ctx = ctx;
	w->flags = flags;
	w->parent = false;
	w->rest = name->path;
	w->end = end;
	w->cur_len = 0;
	w->floor = 0;
	w->stepwise = false;
	w->links = 0;
	w->native = true;
	w->root_set = true;
	w->base_mount = NULL;
	w->base_mnt_id = 0;
	w->mount = NULL;
	w->node = NULL;
	w->fd = -1;
	w->magic = false;
	w->hidden = false;
	if (name->path[0] != '/' || (flags & LOOKUP_IN_ROOT)) {
		if (!name->base)
			return -ENOENT;
		w->cur_len = strlen(name->base);
		if (w->cur_len >= PATH_MAX)
			return -ENAMETOOLONG;
		if (w->cur_len == 1)
			w->cur_len = 0;
		memcpy(w->cur, name->base, w->cur_len);
		w->root_set = false;
		w->native = view_find_len(ctx->view, w->cur, w->cur_len)->identity;
	} else if (flags & LOOKUP_BENEATH) {
		return -EXDEV;
	}
	w->searched = w->cur_len == 0;
	if (flags & (LOOKUP_BENEATH | LOOKUP_IN_ROOT))
		w->floor = w->cur_len;
	return flags & LOOKUP_NO_XDEV ? start_xdev(w) : 0;
}

static char *cur_path(const struct walk *w)
{
	return w->cur_len ? arena_strndup(w->ctx->arena, w->cur, w->cur_len)
			  : arena_strndup(w->ctx->arena, "/", 1);
}

/* The object that a descriptor of the guest refers to. */
static int lookup_fd(const struct vfs_ctx *ctx, const struct vfs_name *name, unsigned flags,
		     struct vfs_object *ret)
{
	struct vfs_object o = VFS_OBJECT_NONE;
	struct stat st;

	if (fstat(name->fd, &st) < 0)
		return -errno;
	if ((flags & LOOKUP_DIRECTORY) && !S_ISDIR(st.st_mode))
		return -ENOTDIR;
	o.mount = view_find(ctx->view, name->fd_vpath ? name->fd_vpath : "/");
	o.node = mem_find(ctx->view, st.st_dev, st.st_ino);
	if (o.node) {
		o.mount = view_find(ctx->view, o.node->vpath);
		o.vpath = arena_strdup(ctx->arena, o.node->vpath);
		*ret = o;
		return 0;
	}
	o.fd = fcntl(name->fd, F_DUPFD_CLOEXEC, 0);
	if (o.fd < 0)
		return -errno;
	o.vpath = name->fd_vpath ? arena_strdup(ctx->arena, name->fd_vpath) : NULL;
	o.magic = !o.vpath;
	o.native = o.vpath && o.mount->identity;
	*ret = o;
	return 0;
}

int vfs_lookup(const struct vfs_ctx *ctx, const struct vfs_name *name, unsigned flags, struct vfs_object *ret)
{
	size_t len = strnlen(name->path, PATH_MAX);
	struct walk w;
	int r;

	if (name->fd >= 0)
		return lookup_fd(ctx, name, flags, ret);
	if (!len || len == PATH_MAX)
		return len ? -ENAMETOOLONG : -ENOENT;
	r = start(&w, ctx, name, flags, name->path + len);
	if (!r)
		r = walk_path(&w);
	if (r < 0)
		return r;
	ret->mount = w.mount;
	ret->node = w.node;
	ret->fd = w.fd;
	ret->vpath = w.hidden ? NULL : cur_path(&w);
	ret->magic = w.magic;
	ret->native = w.native;
	return 0;
}

/* Splits off the last component as filename_parentat() does: returns where it starts, and notes its kind and
 * whether slashes follow it. */
static const char *split_last(const char *path, const char *end, size_t *ret_len, int *ret_last,
			      bool *ret_slash)
{
	const char *name, *path_end = end;

	while (end > path && end[-1] == '/')
		end--;
	*ret_slash = end < path_end;
	for (name = end; name > path && name[-1] != '/'; name--)
		;
	*ret_len = (size_t)(end - name);
	*ret_last = PLACE_NORMAL;
	if (name == end)
		*ret_last = PLACE_ROOT;
	else if (*ret_len == 1 && name[0] == '.')
		*ret_last = PLACE_DOT;
	else if (*ret_len == 2 && name[0] == '.' && name[1] == '.')
		*ret_last = PLACE_DOTDOT;
	return name;
}

/* The path of the place, and what is mounted on it if something is. */
static const struct mount *name_place(const struct walk *w, struct vfs_place *place)
{
	const struct mount *m;
	char *path;

	if (place->last != PLACE_NORMAL) {
		place->vpath = cur_path(w);
		return NULL;
	}
	path = arena_alloc(w->ctx->arena, w->cur_len + 1 + strlen(place->name) + 1);
	memcpy(path, w->cur, w->cur_len);
	path[w->cur_len] = '/';
	memcpy(path + w->cur_len + 1, place->name, strlen(place->name) + 1);
	place->vpath = path;
	m = view_find(w->ctx->view, path);
	place->mount_point = m->point_len > 1 && !strcmp(m->point, path);
	return place->mount_point ? m : NULL;
}

/* Whether what stands at the place is a symlink, and may be followed; its text is then in w->text. 0, 1 or a
 * negative errno. A name with a slash behind it is none that could be made. */
static int place_link(struct walk *w, const struct vfs_place *place, const struct mount *on)
{
	const struct mem_node *node = NULL;
	struct stat st;
	ssize_t n;

	if (place->last != PLACE_NORMAL || place->slash || (place->mount->type == MOUNT_PROC && !on))
		return 0;
	if (on || place->dir_node) {
		if (on)
			node = on->root;
		else
			node = mem_lookup(place->dir_node, place->name, strlen(place->name));
		if (!node || !S_ISLNK(node->mode))
			return 0;
		memcpy(w->text, node->target, strlen(node->target) + 1);
		return 1;
	}
	n = readlinkat(place->dir_fd, place->name, w->text, sizeof(w->text));
	if (n < 0 || (size_t)n >= sizeof(w->text))
		return 0;
	w->text[n] = '\0';
	if (fstatat(place->dir_fd, place->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		int r = walk_may_follow(place->dir_fd, &st);

		if (r < 0)
			return r;
	}
	return 1;
}

/* Walks to the directory of the last component of w's rest and describes the place. Returns 1 when a symlink
 * stands there that is to be followed: w then has the way on. */
static int find_place(struct walk *w, struct vfs_place *place)
{
	const struct mount *on;
	struct walk_run none;
	const char *name;
	size_t len;
	int r;

	name = split_last(w->rest, w->end, &len, &place->last, &place->slash);
	w->end = name;
	w->parent = true;
	r = walk_path(w);
	if (r < 0)
		return r;
	place->mount = w->mount;
	place->dir_node = w->node;
	place->dir_fd = TAKE_FD(w->fd);
	if (w->hidden) {
		vfs_place_release(place);
		return -ENOENT;
	}
	place->name = place->last == PLACE_NORMAL ? arena_strndup(w->ctx->arena, name, len) : "";
	place->mount_point = false;
	on = name_place(w, place);
	place->native = w->native && (!on || on->identity);
	r = w->flags & LOOKUP_FOLLOW ? place_link(w, place, on) : 0;
	if (r == 0)
		return 0;
	vfs_place_release(place);
	if (r < 0)
		return r;
	none = (struct walk_run){.len = w->cur_len, .tail = TAIL_NONE, .rest = w->end};
	w->link_start = w->cur_len + 1;
	w->link_end = w->cur_len;
	drop_result(w);
	r = follow(w, &none);
	return r < 0 ? r : 1;
}

int vfs_lookup_parent(const struct vfs_ctx *ctx, const struct vfs_name *name, unsigned flags,
		      struct vfs_place *ret)
{
	struct vfs_place place = VFS_PLACE_NONE;
	size_t len = strnlen(name->path, PATH_MAX);
	struct walk w;
	int r;

	if (!len || len == PATH_MAX)
		return len ? -ENAMETOOLONG : -ENOENT;
	r = start(&w, ctx, name, flags & ~(unsigned)LOOKUP_DIRECTORY, name->path + len);
	if (r < 0)
		return r;
	do
		r = find_place(&w, &place);
	while (r == 1);
	if (!r)
		*ret = place;
	return r;
}

void vfs_object_release(struct vfs_object *o)
{
	close_fd(&o->fd);
}

void vfs_place_release(struct vfs_place *p)
{
	close_fd(&p->dir_fd);
}

/* A file or directory below a mount of read-only type is protected, a device or FIFO on it is not. */
int vfs_may_write(const struct mount *mount, mode_t mode)
{
	return mount->rdonly && (S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode)) ? -EROFS : 0;
}
