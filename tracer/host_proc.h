/* Where the host has proc(5) mounted. A view shows every such place through MOUNT_PROC: read naively, /proc/self in it
 * would lead to the supervisor. */
#ifndef UCTR_TRACER_HOST_PROC_H
#define UCTR_TRACER_HOST_PROC_H

#include <stdbool.h>
#include <stddef.h>

struct view;

struct proc_mount {
	char *point; /* on the host; owned */
	bool whole;  /* all of it, not a directory of it mounted on its own */
};

struct host_proc {
	struct proc_mount *mounts;
	size_t n;
};

/* Reads /proc/self/mountinfo; mounts inside /proc are left out, as they are seen through it. 0 or a negative errno;
 * host_proc_release() in both cases. */
int host_proc_read(struct host_proc *hp);
void host_proc_release(struct host_proc *hp);

/* Shows the host's file or directory source_fd (O_PATH, taken over) at point, and with it what it has of proc(5). -EXDEV
 * when it is itself a part of proc(5), which cannot be shown elsewhere. */
int host_proc_mount(const struct host_proc *hp, struct view *view, const char *point, int source_fd,
		    bool rdonly);

#endif
