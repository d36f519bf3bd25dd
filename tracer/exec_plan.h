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

	/* The name that the guest gave, for AT_EXECFN and comm, where the kernel was given another; NULL otherwise. The
	 * kernel's is at least as long. Owned. */
	char *execfn;
	size_t execfn_room; /* length of the name that the kernel was given */
	char *comm;	    /* the thread's name, where it is not from execfn. Owned. */

	/* The view's ELF interpreter, where it is not the one that the kernel takes. -1: nothing to swap. Owned. */
	int interp_fd;
	struct elf_image interp;
	uint64_t host_interp_span; /* bytes that the kernel mapped for its own */
};

struct exec_plan *exec_plan_new(void);
void exec_plan_free(struct exec_plan *plan); /* NULL is allowed */
bool exec_plan_has_fixes(const struct exec_plan *plan);

#endif
