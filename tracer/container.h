/* The root object: one running container. Everything that is mutable and not on a stack hangs on it. */
#ifndef UCTR_TRACER_CONTAINER_H
#define UCTR_TRACER_CONTAINER_H

#include "tracer/inherited.h"
#include "tracer/options.h"
#include "tracer/table.h"
#include "tracer/twin_files.h"
#include "vfs/mount.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct redirector;

struct container {
	const struct options *options;
	struct view view; /* constant after start */

	/* The tag that all tasks of the container carry in their soft RLIMIT_LOCKS, which fork, exec and threads
	 * copy and Linux itself has not used since 2.4.25. */
	uint64_t tag;
	/* The value of the sixth argument register with which a redirected call passes the filter. Not a security
	 * boundary. */
	uint64_t secret;

	int listener; /* seccomp user notification */
	int front;    /* SOCK_SEQPACKET to the front, see protocol.h */
	pid_t front_pid;
	pid_t supervisor;				/* this process */
	pid_t program;					/* the main program */
	pid_t program_group;				/* the process group that it starts in: the front's */
	bool program_done, program_stopped, front_dead; /* used by the main thread alone */
	int stop_signal;				/* program_stopped: by which */
	bool front_stopped;  /* told to stop, and has not said yet that it runs again */
	bool front_woken;    /* front_stopped, and the program runs: so shall the front */
	bool ignore_sigchld; /* the program is started so */
	int exit_status;
	struct inherited inherited;
	struct redirector *redirector;
	struct twin_files interpreters; /* of execve; used by the worker alone */

	bool have_getfd; /* pidfd_getfd works here (Docker's default profile refuses it) */

	/* Statistics, for the dump. */
	atomic_ulong calls[SYSCALL_ROWS];
	atomic_ulong repaired;	 /* false EINTRs mended at rt_sigreturn */
	atomic_ulong unrepaired; /* those whose call site could not be read */
	atomic_ulong redirects;
	atomic_uint logged_unknown[16]; /* bit per number without a row that was logged, modulo 512 */
};

/* Whether the process or thread belongs to the container, by its tag. */
bool container_has(const struct container *ct, pid_t pid);

/* Calls each(arg, pid) for every process of the container until it returns something other than 0, which is returned. */
int container_each(const struct container *ct, int (*each)(void *arg, pid_t pid), void *arg);

/* Sends sig to every process of the container but this one; returns how many there were. */
int container_signal_all(const struct container *ct, int sig);

#endif
