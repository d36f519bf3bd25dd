/* execve while it is being decided: sys_exec.c finds the file to run, exec_redirect.c says how the task gets there. */
#ifndef UCTR_TRACER_EXEC_H
#define UCTR_TRACER_EXEC_H

#include "tracer/call.h"
#include "tracer/elf_image.h"

#include <limits.h>
#include <stdbool.h>

struct exec_plan;
struct redirect;

#define EXEC_REWRITES 5 /* exec_binprm(): scripts whose interpreter is a script */
#define EXEC_PREFIX   (3 * (EXEC_REWRITES + 1))

struct exec {
	struct call *c;
	struct vfs_name name;
	const char *path;   /* as the guest gave it */
	const char *execfn; /* what AT_EXECFN will say */
	bool nofollow;
	bool by_fd;	   /* the file is meant by its descriptor alone */
	bool inaccessible; /* execfn names it by a descriptor that will be closed: of no use to an interpreter */
	bool held;	   /* by a debugger of the guest: see exec_held.c */
	int path_arg, argv_arg;

	struct vfs_object object;	 /* the ELF file in the end */
	int file;			 /* opened for reading */
	bool native;			 /* the kernel itself finds all the same files by the guest's path */
	int scripts;			 /* on the way to it */
	bool copied;			 /* the object is a copy, see name_interp() */
	const char *prefix[EXEC_PREFIX]; /* arguments before the guest's argv[1], for scripts */
	int n_prefix;
	struct elf_image elf;
};

/* Opens an object for reading and checks that it may be executed, as do_open_execat() does. 0 or a negative errno. */
int exec_open(const struct vfs_object *object, int *ret_file);

/* Makes r the call that executes x->object, with the names that the guest shall see in plan, which r owns. */
int exec_redirect(struct exec *x, struct redirect *r, struct exec_plan *plan);

/* The same for a thread that cannot be traced, as far as it has not to do with the ELF interpreter. */
int exec_held(struct exec *x, struct redirect *r, struct exec_plan *plan);

/* Writes the path by which the task reaches fd, or name in the directory fd, with at least that many characters. Takes fd
 * over. 0 or a negative errno. */
#define EXEC_PATH (PATH_MAX + 64)
int exec_fd_path(const struct exec *x, struct redirect *r, int fd, const char *name, size_t least,
		 char path[EXEC_PATH]);

/* Makes that path the one that the kernel is given instead of the guest's. */
int exec_give_path(struct exec *x, struct redirect *r, struct exec_plan *plan, const char *path);

/* Reads the guest's argv or envp, into the call's arena. The number of pointers without the NULL, -EFAULT or -E2BIG. */
ssize_t exec_read_argv(struct call *c, uint64_t at, uint64_t **ret);

/* The name that the object's file has on the host, in the call's arena. */
int exec_host_path(const struct exec *x, const char **ret);

#endif
