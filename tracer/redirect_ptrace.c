/* The redirect protocol: ptrace for the time of one call.
 *
 * On the notification of thread T the redirector seizes and interrupts T and answers -ERESTARTNOINTR: T stops before it
 * returns to user mode, and should the supervisor die here, the kernel makes the original call again by itself. At the
 * stop the registers are changed to the other call, with all signals blocked so that none comes between; from its exit
 * stop the result is taken, everything else is put back and T is let go. Only SIGKILL and SIGSTOP can come meanwhile: the
 * first ends everything, the second stops the other threads at once and T when it is let go. */
#include "tracer/exec_plan.h"
#include "tracer/filter.h"
#include "tracer/guest_mem.h"
#include "tracer/listener.h"
#include "tracer/redirect_internal.h"
#include "tracer/task.h"

#include "lib/cleanup.h"
#include "lib/log.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Kernel-internal results of an interrupted call (include/linux/errno.h). */
#define ERESTARTSYS	      512
#define ERESTARTNOINTR	      513
#define ERESTART_RESTARTBLOCK 516

#define STOP_SYSCALL (SIGTRAP | 0x80)

int redirect_get_regs(const struct redirect *r, struct user_regs_struct *regs)
{
	return ptrace(PTRACE_GETREGS, r->tid, NULL, regs) < 0 ? -errno : 0;
}

int redirect_set_regs(const struct redirect *r, const struct user_regs_struct *regs)
{
	return ptrace(PTRACE_SETREGS, r->tid, NULL, regs) < 0 ? -errno : 0;
}

static void set_sigmask(const struct redirect *r, uint64_t mask)
{
	ptrace(PTRACE_SETSIGMASK, r->tid, sizeof(mask), &mask);
}

/* A signal is delivered on the spot: only SIGSTOP can be one, and as SIGCONT takes it back in the kernel alone, it must not
 * be kept here. In a group stop the task goes on, until the detach. */
int redirect_resume(const struct redirect *r, int request, int status)
{
	long sig = status && !event_of(status) ? WSTOPSIG(status) : 0;

	return ptrace(request, r->tid, NULL, (void *)sig) < 0 ? -ESRCH : 0;
}

static int resume_to_syscall_stop(struct redirect *r)
{
	int status = 0;

	do {
		int e = redirect_resume(r, PTRACE_SYSCALL, status);

		if (e == 0)
			e = redirect_wait(r, &status);
		if (e < 0)
			return e;
	} while (WSTOPSIG(status) != STOP_SYSCALL);
	return 0;
}

static void set_call(struct user_regs_struct *regs, uint64_t syscall_rip, int nr, const uint64_t args[6])
{
	regs->rip = syscall_rip;
	regs->rax = (unsigned long long)nr;
	regs->orig_rax = (unsigned long long)-1; /* nothing to restart */
	regs->rdi = args[0];
	regs->rsi = args[1];
	regs->rdx = args[2];
	regs->r10 = args[3];
	regs->r8 = args[4];
	regs->r9 = args[5];
}

int redirect_inject(struct redirect *r, const struct user_regs_struct *regs, uint64_t syscall_rip, int nr,
		    const uint64_t args[6], long *ret)
{
	struct user_regs_struct call = *regs;

	set_call(&call, syscall_rip, nr, args);
	if (redirect_set_regs(r, &call) < 0 || resume_to_syscall_stop(r) < 0 ||
	    resume_to_syscall_stop(r) < 0 || redirect_get_regs(r, &call) < 0)
		return -ESRCH;
	*ret = (long)call.rax;
	return 0;
}

/* For the time of the redirect the task runs on the redirector's processor: the two take turns, and each turn would
 * otherwise wake an idle processor. Its own affinity comes back at the end, unless somebody has set another meanwhile. */
static void pin(struct redirect *r)
{
	cpu_set_t set;

	r->cpu = sched_getcpu();
	CPU_ZERO(&set);
	CPU_SET(r->cpu, &set);
	if (r->cpu < 0 || sched_getaffinity(r->tid, sizeof(r->affinity), &r->affinity) < 0 ||
	    CPU_EQUAL(&set, &r->affinity) || !CPU_ISSET(r->cpu, &r->affinity) ||
	    sched_setaffinity(r->tid, sizeof(set), &set) < 0)
		r->cpu = -1;
}

static void unpin(struct redirect *r)
{
	cpu_set_t set;

	if (r->cpu >= 0 && sched_getaffinity(r->tid, sizeof(set), &set) == 0 && CPU_COUNT(&set) == 1 &&
	    CPU_ISSET(r->cpu, &set))
		sched_setaffinity(r->tid, sizeof(r->affinity), &r->affinity);
	r->cpu = -1;
}

static void detach(struct redirect *r, int sig)
{
	if (ptrace(PTRACE_DETACH, r->tid, NULL, (void *)(long)sig) == 0)
		r->traced = false;
	/* Only now, or the task would be woken on another processor. */
	unpin(r);
}

/* Puts everything back but the result, and lets the task go. */
static void finish(struct redirect *r, long result)
{
	struct user_regs_struct regs = r->regs;

	if (result >= 0 && r->has_result)
		result = r->result;
	regs.rax = (unsigned long long)result;
	/* The guest's own number: from it and a restart code in rax the kernel decides whether to make the call again. */
	regs.orig_rax = (unsigned long long)r->guest_nr;
	redirect_set_regs(r, &regs);
	set_sigmask(r, r->sigmask);
	detach(r, 0);
}

/* From the first stop to the entry stop of the other call. -ESRCH: the task is gone; other errors are the call's. */
static int enter_call(struct redirect *r)
{
	struct user_regs_struct regs;
	uint64_t args[6];
	int e;

	if (redirect_get_regs(r, &r->regs) < 0 ||
	    ptrace(PTRACE_GETSIGMASK, r->tid, sizeof(r->sigmask), &r->sigmask) < 0)
		return -ESRCH;
	set_sigmask(r, ~0ull);
	e = scratch_put(r);
	if (e < 0)
		return e;
	memcpy(args, r->args, sizeof(args));
	args[5] = filter_secret_arg(r->nr, r->ct->secret, args[5]);
	regs = r->regs;
	set_call(&regs, r->regs.rip - SYSCALL_LENGTH, r->nr, args);
	if (redirect_set_regs(r, &regs) < 0 || resume_to_syscall_stop(r) < 0)
		return -ESRCH;
	if (r->may_block) {
		set_sigmask(r, r->sigmask);
		unpin(r);
	}
	return 0;
}

/* The other targets of redirect_kill_each(). */
static long kill_rest(struct redirect *r, long result)
{
	r->kill_done = result == 0;
	while (r->next_kill < r->n_kill) {
		const uint64_t args[6] = {
			(uint64_t)r->kill_pids[r->next_kill++], r->args[1], 0, 0, 0, r->ct->secret};
		long one;

		if (redirect_inject(r, &r->regs, r->regs.rip - SYSCALL_LENGTH, SYS_kill, args, &one) < 0)
			return -ESRCH;
		r->kill_done |= one == 0;
		result = one;
	}
	return r->kill_done ? 0 : result;
}

static void remember_interrupted(struct redirect *r)
{
	struct redirector *d = r->ct->redirector;

	pthread_mutex_lock(&d->lock);
	d->interrupted[(unsigned)r->tid % 256] = (struct interrupted){
		.tid = r->tid, .rip = r->regs.rip, .rsp = r->regs.rsp};
	pthread_mutex_unlock(&d->lock);
}

static bool is_interrupted(long result)
{
	return result == -EINTR || (result <= -ERESTARTSYS && result >= -ERESTART_RESTARTBLOCK);
}

/* At the exit stop of the other call. */
static void leave_call(struct redirect *r)
{
	struct user_regs_struct regs;
	long result;

	if (redirect_get_regs(r, &regs) < 0)
		return;
	result = (long)regs.rax;
	if (r->kill_pids)
		result = kill_rest(r, result);
	if (r->may_block && is_interrupted(result))
		remember_interrupted(r);
	finish(r, result);
}

/* The exec has succeeded: the old image, and all that had to be put back there, is gone. */
static void leave_exec(struct redirect *r)
{
	int e = exec_check(r->tid, r->exec) ? 0 : -EACCES;

	if (e == 0 && exec_plan_has_fixes(r->exec))
		e = exec_fix(r);
	if (e < 0) {
		if (e != -ESRCH)
			log_warn("process %d is ended: its new program could not be set up: %s", r->tid,
				 strerror(-e));
		kill(r->tid, SIGKILL);
		detach(r, 0);
		return;
	}
	set_sigmask(r, r->sigmask);
	detach(r, 0);
}

static void add_active(struct redirect *r)
{
	r->next = r->ct->redirector->active;
	r->ct->redirector->active = r;
}

/* The end of a redirect. Where the task died, it is kept until that is reported: as long as a traced thread has not been
 * waited for, nobody may block in waiting for another one. */
static void let_go(struct redirect *r)
{
	r->over = true;
	if (r->traced)
		add_active(r);
	else
		redirect_free(r);
}

pid_t redirect_tgid(pid_t tid)
{
	struct task t = {.tid = tid, .proc_fd = -1, .syscall_fd = -1};
	pid_t tgid;

	if (task_tgid(&t, &tgid) < 0)
		tgid = 0; /* it is dead */
	close_fd(&t.proc_fd);
	return tgid;
}

/* Whether another thread of the task's group is in an execve. That holds the mutex which PTRACE_SEIZE needs until all other
 * traced threads have died and been waited for (de_thread() in fs/exec.c): seizing one would never return. */
static bool must_wait(const struct redirect *r)
{
	for (const struct redirect *a = r->ct->redirector->active; a; a = a->next) {
		if (a->exec && !a->over && tgkill(a->tgid, r->tid, 0) == 0)
			return true;
	}
	return false;
}

/* A redirect has ended: those that waited are tried again. */
static void requeue_postponed(struct redirector *d)
{
	const uint64_t one = 1;

	if (!d->postponed)
		return;
	pthread_mutex_lock(&d->lock);
	*d->queue_end = d->postponed;
	while (*d->queue_end)
		d->queue_end = &(*d->queue_end)->next;
	pthread_mutex_unlock(&d->lock);
	d->postponed = NULL;
	if (write(d->wake, &one, sizeof(one)) < 0)
		log_bug(__FILE__, __LINE__, "eventfd");
}

static struct redirect *take_active(struct redirector *d, pid_t tid)
{
	for (struct redirect **p = &d->active; *p; p = &(*p)->next)
		if ((*p)->tid == tid) {
			struct redirect *r = *p;

			*p = r->next;
			r->next = NULL;
			return r;
		}
	return NULL;
}

/* Answers the notification so that the task comes to its first stop. 0 when it has, and nothing else happened. -EPERM when
 * it cannot be traced; then it still waits for an answer. */
static int stop_task(struct redirect *r)
{
	int listener = r->ct->listener, status, e, answered;

	/* The number may be another task's by now. */
	if (!listener_pending(listener, r->id))
		return -ESRCH;
	if (ptrace(PTRACE_SEIZE, r->tid, NULL, REDIRECT_OPTIONS) < 0) {
		e = errno;
		if (e != EPERM)
			listener_error(listener, r->id, -ESRCH);
		return -e;
	}
	r->traced = true;
	ptrace(PTRACE_INTERRUPT, r->tid, NULL, NULL);
	pin(r);
	answered = listener_error(listener, r->id, -ERESTARTNOINTR);
	e = redirect_wait(r, &status);
	if (e < 0)
		return e;
	if (answered == 0 && event_of(status) == PTRACE_EVENT_STOP && WSTOPSIG(status) == SIGTRAP)
		return 0;
	/* A signal or a group stop was first. Nothing has been changed: the kernel makes the call again. (Or the call was
	 * over before it could be answered.) */
	detach(r, event_of(status) ? 0 : WSTOPSIG(status));
	return -EAGAIN;
}

static void start(struct redirect *r)
{
	int e;

	atomic_fetch_add_explicit(&r->ct->redirects, 1, memory_order_relaxed);
	e = stop_task(r);
	if (e == -EPERM) {
		held_start(r);
		return;
	}
	if (e == 0) {
		e = enter_call(r);
		if (e < 0 && e != -ESRCH)
			finish(r, e);
	}
	if (e == 0 && (r->may_block || r->exec)) {
		/* The task waits in the call; its exit stop comes to redirector_status(). */
		if (r->exec)
			r->tgid = redirect_tgid(r->tid);
		e = redirect_resume(r, PTRACE_SYSCALL, 0);
		if (e == 0) {
			add_active(r);
			return;
		}
	}
	if (e == 0 && resume_to_syscall_stop(r) == 0)
		leave_call(r);
	let_go(r);
}

void redirector_run(struct container *ct)
{
	struct redirector *d = ct->redirector;
	struct redirect *queue;
	uint64_t count;

	if (read(d->wake, &count, sizeof(count)) < 0)
		return;
	pthread_mutex_lock(&d->lock);
	queue = d->queue;
	d->queue = NULL;
	d->queue_end = &d->queue;
	pthread_mutex_unlock(&d->lock);
	while (queue) {
		struct redirect *r = queue;

		queue = r->next;
		r->next = NULL;
		if (must_wait(r)) {
			r->next = d->postponed;
			d->postponed = r;
		} else
			start(r);
	}
}

/* After an exec by another thread than the leader the task has the leader's number. */
static struct redirect *take_for_status(struct redirector *d, pid_t pid, int status)
{
	unsigned long old;
	struct redirect *r, *stale;

	if (!WIFSTOPPED(status) || event_of(status) != PTRACE_EVENT_EXEC ||
	    ptrace(PTRACE_GETEVENTMSG, pid, NULL, &old) < 0 || (pid_t)old == pid)
		return take_active(d, pid);
	stale = take_active(d, pid);
	redirect_free(stale);
	r = take_active(d, (pid_t)old);
	if (r)
		r->tid = pid;
	return r;
}

/* A process has died. An execve that failed beyond the point of no return may have changed the number of its thread, which
 * is then never reported: it ends here. */
static void forget_execs(struct redirector *d, pid_t tgid)
{
	struct redirect **p = &d->active;

	while (*p) {
		struct redirect *r = *p;

		if (r->exec && r->tgid == tgid) {
			*p = r->next;
			redirect_free(r);
		} else
			p = &r->next;
	}
}

bool redirector_status(struct container *ct, pid_t pid, int status)
{
	struct redirect *r;

	/* Not about the call: SIGCONT came to the task's group. */
	if (WIFCONTINUED(status))
		return false;
	r = take_for_status(ct->redirector, pid, status);
	requeue_postponed(ct->redirector);
	if (!WIFSTOPPED(status)) {
		redirect_free(r);
		forget_execs(ct->redirector, pid);
		return false;
	}
	if (!r)
		return false;
	if (r->over)
		detach(r, event_of(status) ? 0 : WSTOPSIG(status));
	else if (event_of(status) == PTRACE_EVENT_EXEC) {
		/* Another one's: the thread of this was killed by the execve, and that by SIGKILL. */
		if (r->exec)
			leave_exec(r);
	} else if (WSTOPSIG(status) == STOP_SYSCALL)
		leave_call(r);
	else if (redirect_resume(r, PTRACE_SYSCALL, status) == 0) {
		/* A signal while the task waits in the call. */
		add_active(r);
		return true;
	}
	let_go(r);
	return true;
}
