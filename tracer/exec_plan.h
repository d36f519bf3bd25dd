/* What an execve was decided to be: made by sys_exec.c, carried out by redirect_exec.c when the kernel has replaced the
 * image. */
#ifndef UCTR_TRACER_EXEC_PLAN_H
#define UCTR_TRACER_EXEC_PLAN_H

#include "tracer/elf_image.h"

#include <stdbool.h>
#include <sys/types.h>

struct exec_plan {
	/* The file that the kernel must have mapped in the end; 0: unknown (a script whose interpreter the kernel itself
	 * finds). */
	dev_t dev;
	ino_t ino;

	/* The name that the guest gave, for AT_EXECFN and comm, and the one that the kernel is given instead, which is at
	 * least as long; NULL where the kernel has the guest's own. Owned. */
	char *execfn, *given;
	char *comm; /* the thread's name, where it is not from execfn. Owned. */
	/* For a thread that a debugger holds, which executes a script: the interpreter as it shall stand in argv[0], what the
	 * kernel writes there, which is at least as long, and the interpreter's argument, if any. Owned. */
	char *argv0, *argv0_given, *argument;

	/* Of a copy that names another interpreter: that program header as it was, and its place among all, or -1. */
	Elf64_Phdr interp_header;
	int interp_index;

	/* The view's ELF interpreter, where it is not the one that the kernel takes. -1: nothing to swap. Owned. */
	int interp_fd;
	struct elf_image interp;
	uint64_t host_interp_span; /* bytes that the kernel mapped for its own */
};

struct exec_plan *exec_plan_new(void);
void exec_plan_free(struct exec_plan *plan); /* NULL is allowed */
bool exec_plan_has_fixes(const struct exec_plan *plan);

#endif
