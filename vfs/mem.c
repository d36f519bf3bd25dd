#include "vfs/mem.h"

#include "lib/cleanup.h"
#include "lib/log.h"
#include "vfs/mount.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <uthash.h>

/* Identity of what stands for a node. */
struct mem_key {
	dev_t dev;
	ino_t ino;
};

struct mem_entry {
	struct mem_key key;
	struct mem_node *node;
	UT_hash_handle hh;
};

/* The part of a view that changes while guests look things up, hence the lock. An entry cannot go stale: its
 * node holds the descriptor, which keeps the inode number from being given out again. */
struct mem_index {
	pthread_mutex_t lock;
	struct mem_entry *entries;
	char *anon_dir; /* NULL: there is nowhere to make anonymous directories */
};

/* Numbers for nodes that nothing stands for yet; far above what a small tmpfs gives out. */
#define MEM_FIRST_INO ((ino_t)1 << 40)

static char *find_anon_dir(void)
{
	const char *const candidates[] = {"/dev/shm", getenv("XDG_RUNTIME_DIR"), "/tmp"};

	for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++)
		if (candidates[i] && candidates[i][0] == '/' && !access(candidates[i], W_OK | X_OK))
			return strdup(candidates[i]);
	return NULL;
}

struct mem_index *mem_index_new(void)
{
	struct mem_index *index = calloc(1, sizeof(*index));

	if (!index)
		return NULL;
	pthread_mutex_init(&index->lock, NULL);
	index->anon_dir = find_anon_dir();
	return index;
}

void mem_index_free(struct mem_index *index)
{
	if (!index)
		return;
	invariant(!index->entries);
	pthread_mutex_destroy(&index->lock);
	free(index->anon_dir);
	free(index);
}

const char *mem_index_anon_dir(const struct mem_index *index)
{
	return index->anon_dir;
}

static void mem_node_destroy(struct mem_node *node)
{
	free(node->name);
	free(node->target);
	free(node->vpath);
	free(node);
}

struct mem_node *mem_node_new(struct mem_node *parent, const char *name, mode_t mode, const char *vpath)
{
	struct mem_node *node = calloc(1, sizeof(*node));
	struct mem_node **last;

	if (!node)
		return NULL;
	node->fd = -1;
	node->mode = mode;
	node->parent = parent;
	node->name = strdup(name);
	node->vpath = strdup(vpath);
	if (!node->name || !node->vpath) {
		mem_node_destroy(node);
		return NULL;
	}
	/* Unique while it lives, as its address is; replaced by the number of what stands for the node. */
	node->ino = MEM_FIRST_INO + (ino_t)((uintptr_t)node >> 4);
	clock_gettime(CLOCK_REALTIME, &node->time);
	if (!parent)
		return node;
	node->index = parent->index;
	for (last = &parent->children; *last; last = &(*last)->next)
		;
	*last = node;
	return node;
}

static void forget(struct mem_node *node)
{
	struct mem_entry *entry, *next;

	if (node->fd < 0 || !node->index)
		return;
	pthread_mutex_lock(&node->index->lock);
	HASH_ITER (hh, node->index->entries, entry, next) {
		if (entry->node == node) {
			HASH_DEL(node->index->entries, entry);
			free(entry);
		}
	}
	pthread_mutex_unlock(&node->index->lock);
}

static void unlink_child(struct mem_node *node)
{
	struct mem_node **link;

	if (!node->parent)
		return;
	for (link = &node->parent->children; *link != node; link = &(*link)->next)
		invariant(*link);
	*link = node->next;
	node->parent = NULL;
}

void mem_node_free(struct mem_node *node)
{
	if (!node)
		return;
	while (node->children)
		mem_node_free(node->children);
	unlink_child(node);
	forget(node);
	close_fd(&node->fd);
	mem_node_destroy(node);
}

struct mem_node *mem_lookup(const struct mem_node *dir, const char *name, size_t len)
{
	for (struct mem_node *child = dir->children; child; child = child->next)
		if (!strncmp(child->name, name, len) && !child->name[len])
			return child;
	return NULL;
}

/* Makes a directory that is gone from the disk again; with target it holds a symlink for a moment, whose
 * descriptor is returned instead. */
static int make_anonymous(const struct mem_index *index, mode_t mode, const char *target)
{
	char path[PATH_MAX];
	_cleanup_close_ int dir = -1, fd = -1;
	int r = 0, n;

	if (!index->anon_dir)
		return -EROFS;
	n = snprintf(path, sizeof(path), "%s/uctr-XXXXXX", index->anon_dir);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	if (!mkdtemp(path))
		return -errno;
	/* The thread's umask may be a guest's, so that mkdtemp's 0700 is not sure. */
	if (chmod(path, 0700) < 0 || (dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
		r = -errno;
	if (!r && target) {
		if (symlinkat(target, dir, "l") < 0)
			r = -errno;
		if (!r && (fd = openat(dir, "l", O_PATH | O_NOFOLLOW | O_CLOEXEC)) < 0)
			r = -errno;
		unlinkat(dir, "l", 0);
	}
	if (!r && !target && fchmod(dir, mode & 07777) < 0)
		r = -errno;
	rmdir(path);
	if (r < 0)
		return r;
	return target ? TAKE_FD(fd) : TAKE_FD(dir);
}

/* An empty memfd that can never be filled: sealed, since the guest could open it for writing through
 * /proc/self/fd. Only a read-only descriptor is kept: one for writing would make exec of it ETXTBSY. */
static int make_empty_file(const char *name, mode_t mode)
{
	_cleanup_close_ int memfd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char path[32];
	int fd;

	if (memfd < 0)
		return -errno;
	if (fchmod(memfd, mode & 07777) < 0 ||
	    fcntl(memfd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", memfd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Makes what stands for the node, and enters it in the index. The lock is held. */
static int make_stand_in(struct mem_index *index, struct mem_node *node)
{
	const struct timespec times[2] = {node->time, node->time};
	_cleanup_close_ int fd = -1;
	struct mem_entry *entry;
	struct stat st;

	if (S_ISREG(node->mode))
		fd = make_empty_file(node->name, node->mode);
	else
		fd = make_anonymous(index, node->mode, S_ISLNK(node->mode) ? node->target : NULL);
	if (fd < 0)
		return fd;
	if (!S_ISLNK(node->mode))
		futimens(fd, times);
	if (fstat(fd, &st) < 0)
		return -errno;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	entry->key.dev = st.st_dev;
	entry->key.ino = st.st_ino;
	entry->node = node;
	HASH_ADD(hh, index->entries, key, sizeof(entry->key), entry);
	node->ino = st.st_ino;
	__atomic_store_n(&node->fd, TAKE_FD(fd), __ATOMIC_RELEASE);
	return node->fd;
}

static int node_fd(struct mem_index *index, struct mem_node *node)
{
	int fd = __atomic_load_n(&node->fd, __ATOMIC_ACQUIRE);

	if (fd >= 0)
		return fd;
	pthread_mutex_lock(&index->lock);
	fd = node->fd >= 0 ? node->fd : make_stand_in(index, node);
	pthread_mutex_unlock(&index->lock);
	return fd;
}

int mem_fd(struct view *v, struct mem_node *node)
{
	return node_fd(v->mem_index, node);
}

void mem_stat(struct mem_node *node, struct stat *ret)
{
	int fd = node->index ? node_fd(node->index, node) : -EBADF;
	nlink_t links = 1;

	if (fd < 0 || fstat(fd, ret) < 0) {
		memset(ret, 0, sizeof(*ret));
		ret->st_ino = node->ino;
		ret->st_uid = geteuid();
		ret->st_gid = getegid();
		ret->st_blksize = 4096;
	}
	ret->st_mode = node->mode;
	ret->st_atim = ret->st_mtim = ret->st_ctim = node->time;
	if (S_ISDIR(node->mode)) {
		links = 2;
		for (const struct mem_node *child = node->children; child; child = child->next)
			links += S_ISDIR(child->mode);
	}
	ret->st_nlink = links;
	ret->st_size = S_ISLNK(node->mode) ? (off_t)strlen(node->target) : 0;
}

struct mem_node *mem_find(const struct view *v, dev_t dev, ino_t ino)
{
	struct mem_index *index = v->mem_index;
	struct mem_entry *entry = NULL;
	struct mem_key key;

	memset(&key, 0, sizeof(key));
	key.dev = dev;
	key.ino = ino;
	pthread_mutex_lock(&index->lock);
	HASH_FIND(hh, index->entries, &key, sizeof(key), entry);
	pthread_mutex_unlock(&index->lock);
	return entry ? entry->node : NULL;
}
