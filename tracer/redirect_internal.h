/* What the redirect*.c files share. */
#ifndef UCTR_TRACER_REDIRECT_INTERNAL_H
#define UCTR_TRACER_REDIRECT_INTERNAL_H

#include "tracer/container.h"
#include "tracer/redirect.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/user.h>
#include <sys/wait.h>

/* Scratch memory: the arguments of redirected calls that are pointers lie in the task's own address space, in slots that
 * are mapped when first needed. A redirect owns its slots over all address spaces, so that threads never share one.
 * (Memory below the stack pointer would be no safe place: Go and coroutines have small stacks.) */
#define SCRATCH_BASE   0x6f0000000000ull
#define SCRATCH_SLOT   (16 * 1024ul)
#define SCRATCH_SLOTS  1024u
/* Those of more than one slot are taken from one area behind the single ones that is mapped as a whole. Its first slot has
 * only the mark. */
#define SCRATCH_LARGE  (SCRATCH_BASE + SCRATCH_SLOTS * SCRATCH_SLOT)
#define SCRATCH_HEADER 16ul /* a mark by which our mapping is known again */

#define REDIRECT_FDS 4

/* Of a thread that a debugger holds: bytes in its memory for the time of a call. */
struct place {
	uint64_t at;
	size_t len;
	char *bytes, *old; /* owned; old: what was there */
};
#define HELD_PLACES 32

struct redirect {
	struct redirect *next;
	struct container *ct;
	uint64_t id; /* of the notification */
	pid_t tid;
	int guest_nr; /* the call that the guest made */
	int nr;	      /* the call that it makes instead */
	uint64_t guest_args[6], args[6];
	size_t data_of[6]; /* bytes of data that the argument points to, 0: it is a value */
	bool nested;	   /* some data is pointed to by other data */

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
	struct place *places; /* redirect_place(), room for HELD_PLACES */
	int n_places;
	struct held *held; /* see redirect_held.c */

	/* While the task is traced */
	struct user_regs_struct regs; /* at the call, rip behind the syscall instruction */
	uint64_t sigmask;
	cpu_set_t affinity; /* the task's own, while it is pinned */
	int cpu;	    /* that it is pinned to, or -1 */
	bool traced;	    /* not let go yet, and its death is for us to wait for */
	bool over;	    /* nothing is to be done any more, but its death has not been waited for */
	pid_t tgid;	    /* of an execve under way */
};

struct interrupted {
	pid_t tid;
	uint64_t rip, rsp;
};

struct wait_status {
	pid_t pid;
	int status;
};

struct redirector {
	int wake;	      /* eventfd */
	pthread_mutex_t lock; /* protects queue, slots, interrupted, held */
	struct redirect *queue, **queue_end;
	uint64_t slots[2 * SCRATCH_SLOTS / 64]; /* the single ones, then the large area */
	struct interrupted interrupted[256];	/* blocking redirects that ended in EINTR, by tid modulo */
	struct redirect *held;			/* of threads that a guest's debugger holds */
	atomic_uint n_held;
	bool warned; /* that a program uses the scratch memory */
	pid_t tid;   /* of the redirector's thread */
	int cpu;     /* that it was sent to last; used by the worker alone */

	/* Owned by the redirector's thread: */
	struct redirect *active;      /* all that are traced but the one that is being started or ended */
	struct redirect *postponed;   /* to be started when an execve has ended, see must_wait() */
	struct wait_status *deferred; /* see redirector_deferred() */
	size_t n_deferred, deferred_room;
};

/* Waits for a stop of the traced task itself. -ESRCH when it died. All that is not such a stop is deferred, but taken from
 * the kernel at once: the death of a leader is not reported, and the execve of another thread does not go on, before all
 * traced threads of its group have been waited for. */
int redirect_wait(struct redirect *r, int *ret_status);

/* The PTRACE_EVENT of a stop, 0 when it is none. */
static inline int event_of(int status)
{
	return status >> 16;
}

/* Lets the stopped task make a call with the registers regs (rip at a syscall instruction is set here) and waits until
 * its exit stop. 0 with the result in *ret, or -ESRCH when the task died. Only for calls that do not block. */
int redirect_inject(struct redirect *r, const struct user_regs_struct *regs, uint64_t syscall_rip, int nr,
		    const uint64_t args[6], long *ret);
int redirect_get_regs(const struct redirect *r, struct user_regs_struct *regs);
int redirect_set_regs(const struct redirect *r, const struct user_regs_struct *regs);

/* Resumes a stopped task with a request of ptrace(2), after a stop of that status (0: one of its call). -ESRCH. */
int redirect_resume(const struct redirect *r, int request, int status);

#define SYSCALL_LENGTH 2 /* bytes of the instruction */

/* redirect_scratch.c: writes the data to the scratch memory of the stopped task, whose arguments may change by that. -ESRCH
 * when it died, other errors are the call's. */
int scratch_put(struct redirect *r);
/* Gives the slots back. */
void scratch_release(struct redirect *r);

#define REDIRECT_OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC)

/* redirect_calls.c: several calls at once. As an argument (the first or the fifth), CALL_RESULT stands for the result of the
 * first call that succeeded. */
#define MAX_CALLS   16
#define CALL_RESULT ((uint64_t)-4095)

struct calls {
	struct one_call {
		long nr_or_result;
		uint64_t args[6];
	} table[MAX_CALLS + 1];
	char text[2][32]; /* for arguments that are strings, see calls_text() */
	size_t n;
};

/* The address of a text in the task, at the time of the calls. */
uint64_t calls_text(const struct user_regs_struct *regs, int i);

/* -E2BIG when there are too many. A call that the filter looks at needs the secret as its sixth argument. */
int calls_add(struct calls *c, int nr, const uint64_t args[6]);

/* Has them made by a task with a new image, stopped with the registers regs at PTRACE_EVENT_EXEC or after other such calls,
 * whose vDSO is there; results are in the table then. Signals must be blocked. Negative errno when they were not made. */
int calls_make(struct redirect *r, const struct user_regs_struct *regs, uint64_t vdso, struct calls *c);

/* redirect_held.c: the call of a thread that cannot be traced, because a debugger of the guest holds it. Takes r over and
 * answers the notification. */
void held_start(struct redirect *r);
void held_free(struct held *h); /* NULL is allowed */

/* redirect_exec.c: at the PTRACE_EVENT_EXEC of a successful execve: makes the new image what it would natively be. Negative
 * errno when that failed: the task must be killed. */
int exec_fix(struct redirect *r);

/* Whether the process' new image is the file that was decided on. */
bool exec_check(pid_t pid, const struct exec_plan *plan);

/* Where the strings of argv begin and end: the 48th and 49th field of /proc/PID/stat. In a new image the same until the kernel
 * has walked along them and made argv of them (create_elf_tables() in fs/binfmt_elf.c). False when it is gone. */
bool exec_arg_range(pid_t pid, uint64_t *ret_start, uint64_t *ret_end);

/* Of a thread that a debugger holds: whether its execve has succeeded. Then: puts right what can be from outside, or ends the
 * process when its image is not what was decided on. */
bool exec_done(const struct redirect *r);
void exec_fix_held(const struct redirect *r);

/* The process that a thread belongs to, 0 when it is dead. */
pid_t redirect_tgid(pid_t tid);

#endif
