/* In-memory placeholders: the read-only directories, empty files and symlinks that mount targets and --root
 * need without anything being made on disk. An open directory is represented by an anonymous one (made,
 * opened and removed again), whose (st_dev, st_ino) leads back to its node. */
#ifndef UCTR_VFS_MEM_H
#define UCTR_VFS_MEM_H

#include <sys/stat.h>
#include <sys/types.h>

struct mem_node {
	char *name;
	mode_t mode;
	ino_t ino;
	struct timespec time;	 /* of its making; atime, mtime and ctime alike */
	struct mem_node *parent; /* NULL for the root of a mount */
	struct mem_node *children, *next;
	char *target;		 /* symlinks */
	char *vpath;		 /* canonical virtual path */
	struct mem_index *index; /* of the view; NULL outside one */
	int fd; /* what stands for the node, -1 until needed: for a directory the anonymous directory, for a file an
		 * empty memfd opened read-only, for a symlink an unlinked one (O_PATH) */
};

struct view;

struct mem_index;

struct mem_index *mem_index_new(void);
void mem_index_free(struct mem_index *index); /* all nodes must be gone */
const char *mem_index_anon_dir(const struct mem_index *index);

/* A new node, last among parent's children (parent may be NULL). NULL when there is no memory. */
struct mem_node *mem_node_new(struct mem_node *parent, const char *name, mode_t mode, const char *vpath);
void mem_node_free(struct mem_node *node); /* with all below it; takes it from its parent */
struct mem_node *mem_lookup(const struct mem_node *dir, const char *name, size_t len);

/* Makes what stands for the node if it is not there yet, so that fstat(2), which runs natively, agrees in
 * st_dev and st_ino; node->ino is right from then on. */
void mem_stat(struct mem_node *node, struct stat *ret);

/* A descriptor (not owned by the caller) that stands for the node: see fd above. Negative errno when it
 * cannot be made. */
int mem_fd(struct view *v, struct mem_node *node);

/* The node that an anonymous directory or empty file stands for, NULL when it is none of ours. */
struct mem_node *mem_find(const struct view *v, dev_t dev, ino_t ino);

#endif
