#include "vfs/mount.h"

#include "lib/cleanup.h"
#include "lib/log.h"
#include "vfs/lookup.h"
#include "vfs/mem.h"
#include "vfs/path.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define DIR_MODE  (S_IFDIR | 0555)
#define FILE_MODE (S_IFREG | 0444)
#define LINK_MODE (S_IFLNK | 0777)

/* A virtual path to mount at: vpath is canonical, its first `existing` bytes name a directory that the view
 * has, and what follows up to the last component does not exist ("/" has existing 0, as has "/name"). */
struct spot {
	const char *vpath;
	size_t existing;
};

/* The length of the parent directory's path, 0 for the root. */
static size_t parent_len(const char *vpath)
{
	return (size_t)(strrchr(vpath, '/') - vpath);
}

int view_init(struct view *v)
{
	memset(v, 0, sizeof(*v));
	v->mem_index = mem_index_new();
	if (!v->mem_index)
		return -ENOMEM;
	v->anon_dir = mem_index_anon_dir(v->mem_index);
	return 0;
}

static void mount_free(struct mount *m)
{
	mem_node_free(m->root);
	close_fd(&m->root_fd);
	free(m->source);
	free(m->point);
	free(m);
}

void view_release(struct view *v)
{
	for (size_t i = 0; i < v->n_mounts; i++)
		mount_free(v->mounts[i]);
	free(v->mounts);
	mem_index_free(v->mem_index);
	memset(v, 0, sizeof(*v));
}

static struct mount *mount_new(enum mount_type type, const char *point)
{
	struct mount *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->type = type;
	m->root_fd = -1;
	m->point = strdup(point);
	if (!m->point) {
		free(m);
		return NULL;
	}
	m->point_len = strlen(point);
	return m;
}

const struct mount *view_find_len(const struct view *v, const char *vpath, size_t len)
{
	/* All points that are prefixes of one path are prefixes of each other, so the last in order is the
	 * longest. */
	for (size_t i = v->n_mounts; i-- > 0;)
		if (path_has_prefix(v->mounts[i]->point, v->mounts[i]->point_len, vpath, len))
			return v->mounts[i];
	log_bug(__FILE__, __LINE__, "a view without a root");
}

const struct mount *view_find(const struct view *v, const char *vpath)
{
	return view_find_len(v, vpath, strlen(vpath));
}

bool view_has_mount_below(const struct view *v, const char *vpath)
{
	size_t len = strlen(vpath);

	for (size_t i = 0; i < v->n_mounts; i++)
		if (v->mounts[i]->point_len > len &&
		    path_has_prefix(vpath, len, v->mounts[i]->point, v->mounts[i]->point_len))
			return true;
	return false;
}

bool view_is_mount_point(const struct view *v, const char *vpath)
{
	return !strcmp(view_find(v, vpath)->point, vpath);
}

/* Puts all mounts at or below the path out of sight, as a mount there does. */
static void uncover(struct view *v, const char *vpath)
{
	size_t len = strlen(vpath), kept = 0;

	for (size_t i = 0; i < v->n_mounts; i++) {
		if (path_has_prefix(vpath, len, v->mounts[i]->point, v->mounts[i]->point_len))
			mount_free(v->mounts[i]);
		else
			v->mounts[kept++] = v->mounts[i];
	}
	v->n_mounts = kept;
}

/* Makes room for one more mount, so that view_insert() cannot fail. */
static int reserve(struct view *v)
{
	struct mount **mounts = realloc(v->mounts, (v->n_mounts + 1) * sizeof(*mounts));

	if (!mounts)
		return -ENOMEM;
	v->mounts = mounts;
	return 0;
}

static int view_insert(struct view *v, struct mount *m)
{
	size_t at;
	int r;

	r = reserve(v);
	if (r < 0)
		return r;
	uncover(v, m->point);
	for (at = v->n_mounts; at > 0 && strcmp(v->mounts[at - 1]->point, m->point) > 0; at--)
		v->mounts[at] = v->mounts[at - 1];
	v->mounts[at] = m;
	v->n_mounts++;
	return 0;
}

/* The node of a canonical path below a mem mount's point, or NULL. */
static struct mem_node *node_at(const struct mount *m, const char *vpath, size_t len)
{
	struct mem_node *node = m->root;
	size_t pos = m->point_len == 1 ? 0 : m->point_len;

	while (node && pos < len) {
		const char *name = vpath + pos + 1;
		size_t name_len = strcspn(name, "/");

		if (name_len > len - pos - 1)
			name_len = len - pos - 1;
		node = mem_lookup(node, name, name_len);
		pos += 1 + name_len;
	}
	return node;
}

static int resolve_spot(const struct vfs_ctx *ctx, const char *point, struct spot *ret);

/* Point's parent does not exist (or is a symlink that leads nowhere, which is then covered). */
static int resolve_missing(const struct vfs_ctx *ctx, const char *point, struct spot *ret)
{
	size_t end = strlen(point), start;
	struct spot parent;
	int r;

	while (end > 1 && point[end - 1] == '/')
		end--;
	for (start = end; start > 0 && point[start - 1] != '/'; start--)
		;
	if (start <= 1)
		return -ENOENT;
	r = resolve_spot(ctx, arena_strndup(ctx->arena, point, start), &parent);
	if (r < 0)
		return r;
	if (end - start == 1 && point[start] == '.') {
		*ret = parent;
		return 0;
	}
	if (end - start == 2 && !strncmp(point + start, "..", 2))
		return -ENOENT;
	if (end - start > NAME_MAX)
		return -ENAMETOOLONG;
	ret->vpath = arena_printf(ctx->arena, "%s/%.*s", parent.vpath, (int)(end - start), point + start);
	ret->existing = parent.existing;
	return strlen(ret->vpath) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int resolve_spot(const struct vfs_ctx *ctx, const char *point, struct spot *ret)
{
	const struct vfs_name name = {.path = point, .base = "/", .fd = -1};
	_cleanup_object_ struct vfs_object object = VFS_OBJECT_NONE;
	_cleanup_place_ struct vfs_place place = VFS_PLACE_NONE;
	int r;

	r = vfs_lookup_parent(ctx, &name, 0, &place);
	if (r == -ENOENT)
		return resolve_missing(ctx, point, ret);
	if (r < 0)
		return r;
	if (place.last == PLACE_NORMAL) {
		ret->vpath = place.vpath;
	} else {
		r = vfs_lookup(ctx, &name, LOOKUP_FOLLOW, &object);
		if (r < 0)
			return r;
		ret->vpath = object.vpath;
	}
	if (!ret->vpath)
		return -ENOENT; /* through a link of /proc to what the view does not show */
	ret->existing = parent_len(ret->vpath);
	return 0;
}

static int find_spot(struct view *v, struct arena *arena, const char *point, struct spot *ret)
{
	const struct vfs_ctx ctx = {.view = v, .arena = arena};

	if (point[0] != '/')
		return -EINVAL;
	if (strlen(point) >= PATH_MAX)
		return -ENAMETOOLONG;
	if (v->n_mounts)
		return resolve_spot(&ctx, point, ret);
	*ret = (struct spot){.vpath = "/"};
	return point[strspn(point, "/")] ? -EINVAL : 0;
}

static int mount_mem(struct view *v, const char *point, mode_t mode, const char *target)
{
	struct mount *m = mount_new(MOUNT_MEM, point);
	int r = -ENOMEM;

	if (!m)
		return -ENOMEM;
	m->rdonly = true;
	m->root = mem_node_new(NULL, strrchr(point, '/') + 1, mode, point);
	if (m->root) {
		m->root->index = v->mem_index;
		if (!target || (m->root->target = strdup(target)))
			r = view_insert(v, m);
	}
	if (r < 0)
		mount_free(m);
	return r;
}

/* Adds a node at the canonical path, whose parent exists: a child of its parent's node where the parent is
 * one, else a mount of its own. */
static int add_node(struct view *v, const char *vpath, mode_t mode, const char *target)
{
	size_t dir_len = parent_len(vpath);
	const struct mount *m = v->n_mounts ? view_find_len(v, vpath, dir_len) : NULL;
	struct mem_node *dir, *node, *old;

	if (!vpath[1] || m->type != MOUNT_MEM)
		return mount_mem(v, vpath, mode, target);
	dir = node_at(m, vpath, dir_len);
	if (!dir || !S_ISDIR(dir->mode))
		return -ENOTDIR;
	old = mem_lookup(dir, vpath + dir_len + 1, strlen(vpath + dir_len + 1));
	node = mem_node_new(dir, vpath + dir_len + 1, mode, vpath);
	if (!node || (target && !(node->target = strdup(target)))) {
		mem_node_free(node);
		return -ENOMEM;
	}
	uncover(v, vpath);
	mem_node_free(old);
	return 0;
}

/* Makes the directories between what exists and the last component. The topmost is a mount (or a node of the
 * mem mount that it is in), the others are nodes in it. */
static int make_parents(struct view *v, struct arena *arena, const struct spot *spot)
{
	size_t last = parent_len(spot->vpath), pos = spot->existing;

	while (pos < last) {
		int r;

		pos += 1 + strcspn(spot->vpath + pos + 1, "/");
		r = add_node(v, arena_strndup(arena, spot->vpath, pos), DIR_MODE, NULL);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Fills in what the descriptor says about the source. */
static int set_source(struct mount *m)
{
	char link[32], path[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (fstat(m->root_fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return -ELOOP; /* a mount that is a symlink of the host would lead out of the view */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", m->root_fd);
	n = readlink(link, path, sizeof(path));
	if (n < 0)
		return -errno;
	if ((size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	m->source = strndup(path, (size_t)n);
	if (!m->source)
		return -ENOMEM;
	m->source_len = (size_t)n;
	m->root_mode = st.st_mode;
	m->identity = !strcmp(m->source, m->point);
	return 0;
}

static int mount_fd(struct view *v, enum mount_type type, const char *point, int source_fd, bool rdonly)
{
	_cleanup_close_ int fd = source_fd;
	struct arena arena;
	struct mount *m = NULL;
	struct spot spot;
	int r;

	arena_init(&arena);
	r = find_spot(v, &arena, point, &spot);
	if (!r)
		r = (m = mount_new(type, spot.vpath)) ? 0 : -ENOMEM;
	if (!r) {
		m->rdonly = rdonly;
		m->root_fd = TAKE_FD(fd);
		r = set_source(m);
	}
	if (!r)
		r = make_parents(v, &arena, &spot);
	if (!r)
		r = view_insert(v, m);
	if (r < 0 && m)
		mount_free(m);
	arena_release(&arena);
	return r;
}

int view_mount_host(struct view *v, const char *point, int source_fd, bool rdonly)
{
	return mount_fd(v, MOUNT_HOST, point, source_fd, rdonly);
}

int view_mount_proc(struct view *v, const char *point, int source_fd)
{
	return mount_fd(v, MOUNT_PROC, point, source_fd, false);
}

static int mount_node(struct view *v, const char *point, mode_t mode, const char *target)
{
	struct arena arena;
	struct spot spot;
	int r;

	arena_init(&arena);
	r = find_spot(v, &arena, point, &spot);
	if (!r && !spot.vpath[1] && !S_ISDIR(mode))
		r = -EINVAL;
	if (!r)
		r = make_parents(v, &arena, &spot);
	if (!r)
		r = add_node(v, spot.vpath, mode, target);
	arena_release(&arena);
	return r;
}

int view_mount_dir(struct view *v, const char *point)
{
	return mount_node(v, point, DIR_MODE, NULL);
}

int view_mount_empty_file(struct view *v, const char *point)
{
	return mount_node(v, point, FILE_MODE, NULL);
}

int view_mount_symlink(struct view *v, const char *point, const char *target)
{
	size_t len = strlen(target);

	if (!len)
		return -ENOENT;
	return len < PATH_MAX ? mount_node(v, point, LINK_MODE, target) : -ENAMETOOLONG;
}

/* A symlink is followed here: what is to be hidden is what it leads to, and then the link shows nothing
 * either. */
int view_mask(struct view *v, const char *point)
{
	_cleanup_object_ struct vfs_object object = VFS_OBJECT_NONE;
	const struct vfs_name name = {.path = point, .base = "/", .fd = -1};
	struct arena arena;
	struct vfs_ctx ctx = {.view = v, .arena = &arena};
	struct stat st;
	int r;

	if (point[0] != '/' || !v->n_mounts)
		return -EINVAL;
	arena_init(&arena);
	r = vfs_lookup(&ctx, &name, LOOKUP_FOLLOW, &object);
	if (!r && !object.vpath)
		r = -ENOENT;
	if (!r && object.node)
		st.st_mode = object.node->mode;
	else if (!r && fstat(object.fd, &st) < 0)
		r = -errno;
	if (!r)
		r = mount_node(v, object.vpath, S_ISDIR(st.st_mode) ? DIR_MODE : FILE_MODE, NULL);
	arena_release(&arena);
	return r;
}

void view_set_rdonly(struct view *v)
{
	for (size_t i = 0; i < v->n_mounts; i++)
		v->mounts[i]->rdonly = true;
}

/* Whether the directory that holds the mount point has its name itself. Its path is canonical, so that no
 * symlink is met. */
static bool name_exists(const struct view *v, const char *point)
{
	size_t dir_len = parent_len(point);
	const struct mount *m = view_find_len(v, point, dir_len);
	size_t skip = m->point_len == 1 ? 0 : m->point_len;
	struct stat st;

	if (m->type == MOUNT_MEM)
		return node_at(m, point, strlen(point));
	return !fstatat(m->root_fd, point + skip + 1, &st, AT_SYMLINK_NOFOLLOW);
}

void view_seal(struct view *v)
{
	v->all_identity = true;
	v->extra_names = false;
	for (size_t i = 0; i < v->n_mounts; i++) {
		const struct mount *m = v->mounts[i];

		if (!m->identity)
			v->all_identity = false;
		if (m->point_len > 1 && !name_exists(v, m->point))
			v->extra_names = true;
	}
}

int view_extra_names(const struct view *v, const char *vpath,
		     int (*each)(void *arg, const char *name, unsigned char type, ino_t ino), void *arg)
{
	size_t len = strlen(vpath) == 1 ? 0 : strlen(vpath);

	for (size_t i = 0; i < v->n_mounts; i++) {
		const struct mount *m = v->mounts[i];
		struct stat st;
		int r;

		if (m->point_len == 1 || parent_len(m->point) != len || strncmp(m->point, vpath, len) ||
		    name_exists(v, m->point))
			continue;
		if (m->type == MOUNT_MEM)
			mem_stat(m->root, &st);
		else if (fstat(m->root_fd, &st) < 0)
			return -errno;
		r = each(arg, m->point + len + 1, (unsigned char)IFTODT(st.st_mode), st.st_ino);
		if (r)
			return r;
	}
	return 0;
}
