/* What the redirect*.c files share. */
#ifndef UCTR_TRACER_REDIRECT_INTERNAL_H
#define UCTR_TRACER_REDIRECT_INTERNAL_H

#include "tracer/container.h"
#include "tracer/redirect.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/user.h>

/* Scratch memory: the arguments of redirected calls that are pointers lie in the task's own address space, in slots that
 * are mapped when first needed. A redirect owns its slots over all address spaces, so that threads never share one.
 * (Memory below the stack pointer would be no safe place: Go and coroutines have small stacks.) */
#define SCRATCH_BASE   0x6f0000000000ull
#define SCRATCH_SLOT   (16 * 1024ul)
#define SCRATCH_SLOTS  1024u
#define SCRATCH_HEADER 16ul /* a mark by which our mapping is known again */

#define REDIRECT_FDS 4

struct redirect {
	struct redirect *next;
	struct container *ct;
	uint64_t id; /* of the notification */
	pid_t tid;
	int guest_nr; /* the call that the guest made */
	int nr;	      /* the call that it makes instead */
	uint64_t args[6];

	unsigned slot, n_slots; /* scratch; n_slots 0: none yet */
	char *data;		/* what goes there, header included */
	size_t data_len;

	int fds[REDIRECT_FDS];
	int n_fds;
	bool may_block, native;
	bool has_result;
	long result;
	pid_t *kill_pids; /* redirect_kill_each() */
	size_t n_kill, next_kill;
	bool kill_done; /* one could be signalled */
	struct exec_plan *exec;

	/* While the task is traced */
	struct user_regs_struct regs; /* at the call, rip behind the syscall instruction */
	uint64_t sigmask;
	cpu_set_t affinity; /* the task's own, while it is pinned */
	int cpu;	    /* that it is pinned to, or -1 */
	int late_signal;    /* a SIGSTOP that came meanwhile */
};

struct redirector {
	int wake;	      /* eventfd */
	pthread_mutex_t lock; /* protects queue, slots, interrupted */
	struct redirect *queue, **queue_end;
	uint64_t slots[SCRATCH_SLOTS / 64];
	pid_t interrupted[256];	 /* threads whose last blocking redirect ended in EINTR, by tid modulo */
	pid_t tid;		 /* of the redirector's thread */
	int cpu;		 /* that it was sent to last; used by the worker alone */
	struct redirect *active; /* owned by the redirector's thread: calls that the task is in now */
};

/* Lets the stopped task make a call with the registers regs (rip at a syscall instruction is set here) and waits until
 * its exit stop. 0 with the result in *ret, or -ESRCH when the task died. Only for calls that do not block. */
int redirect_inject(struct redirect *r, const struct user_regs_struct *regs, uint64_t syscall_rip, int nr,
		    const uint64_t args[6], long *ret);
int redirect_get_regs(const struct redirect *r, struct user_regs_struct *regs);
int redirect_set_regs(const struct redirect *r, const struct user_regs_struct *regs);

/* redirect_exec.c: at the exit stop of a successful execve: makes the new image what it would natively be. Negative errno
 * when that failed: the task must be killed. */
int exec_fix(struct redirect *r);

/* Whether the task's new image is the file that was decided on. */
bool exec_check(const struct redirect *r);

#endif
