/* Redirected calls of threads that a debugger of the guest holds: they cannot be traced a second time.
 *
 * Such a thread makes the call by itself (CONTINUE), where the guest's own arguments lead to what was decided on; elsewhere
 * after what they point to has been overwritten in its memory. The bytes are put back as soon as the kernel has read them,
 * through the same descriptor of /proc/TID/mem, which means the address space that was overwritten also after an execve: that
 * of a vfork child is its parent's. Registers cannot be changed, so the call must be the guest's own in number and values.
 *
 * Known differences: the other bytes can be seen by other threads of the process, and by the thread itself where its debugger
 * does not stop it at the end of the call, for some 10 us, or RUN_NS where it cannot be told that they have been read. Other
 * threads could change them before that, so that this is no boundary against a program that works against it. */
#include "tracer/exec_plan.h"
#include "tracer/guest_mem.h"
#include "tracer/listener.h"
#include "tracer/redirect_internal.h"

#include "lib/cleanup.h"
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Times are long where a virtual machine could stand still for as long, and count as running what it did not run. */
#define SPIN_NS \
	500000 /* for which the redirector itself waits: a call is over after 10 us, an execve after 300 */
#define RUN_NS	50000000  /* of running, after which a call has read its path, and an execve has failed */
#define LOCK_NS 200000000 /* for which it may wait for a lock before it reads anything */
#define POLL_MS 1	  /* between two looks at a call... */
#define CALM_MS 100	  /* ...that does nothing but block */

enum held_stage {
	HELD_READING, /* the path may not have been read yet */
	HELD_IN_CALL, /* it has been, and the call goes on */
	HELD_OVER,
};

struct held {
	int mem;	/* /proc/TID/mem */
	int syscall_fd; /* /proc/TID/syscall */
	bool put_back;
	char effect[16];    /* find_effect() */
	uint64_t arg_start; /* of the old image */
	bool aside;	    /* the thread's affinity is not its own */
	clockid_t clock;    /* CPU time of the process */
	int64_t clock_ns;   /* before the call went on */
	int64_t since_ns;   /* CLOCK_MONOTONIC: when it did */
};

void held_free(struct held *h)
{
	if (!h)
		return;
	close_fd(&h->mem);
	close_fd(&h->syscall_fd);
	free(h);
}

static int open_proc(pid_t tid, const char *name, int flags)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, name);
	return open(path, flags | O_CLOEXEC);
}

static int64_t read_clock(clockid_t clock)
{
	struct timespec t;

	return clock_gettime(clock, &t) == 0 ? (int64_t)t.tv_sec * 1000000000 + t.tv_nsec : 0;
}

static bool overlap(const struct place *a, const struct place *b)
{
	return a->at < b->at + b->len && b->at < a->at + a->len;
}

/* What has to be written, and where. -EPERM when the call cannot be made in this way. */
static int plan_places(struct redirect *r)
{
	const uint64_t base = SCRATCH_BASE + r->slot * SCRATCH_SLOT;
	int e = r->nr != r->guest_nr || r->has_result || r->nested ? -EPERM : 0;

	for (int i = 0; e == 0 && i < 6; i++) {
		if (r->data_of[i])
			e = redirect_place(r, r->guest_args[i], r->data + (r->args[i] - base), r->data_of[i]);
		else if ((uint32_t)r->args[i] != (uint32_t)r->guest_args[i])
			e = -EPERM;
	}
	for (int i = 0; e == 0 && i < r->n_places; i++)
		for (int k = 0; k < i; k++)
			if (overlap(&r->places[i], &r->places[k]))
				e = -EPERM;
	return e;
}

/* The thread runs on another processor meanwhile, so that the redirector can watch it and is quicker than the debugger, which
 * may let it run on at once. */
static void set_aside(struct redirect *r)
{
	const int cpu = sched_getcpu();
	cpu_set_t others;

	if (cpu < 0 || sched_getaffinity(r->tid, sizeof(r->affinity), &r->affinity) < 0)
		return;
	others = r->affinity;
	CPU_CLR(cpu, &others);
	r->held->aside = CPU_COUNT(&others) > 0 && sched_setaffinity(r->tid, sizeof(others), &others) == 0;
}

static void set_free(struct redirect *r)
{
	/* After an execve by another thread it has the number of the process. */
	if (r->held->aside && sched_setaffinity(r->tid, sizeof(r->affinity), &r->affinity) < 0 && r->exec)
		sched_setaffinity(r->tgid, sizeof(r->affinity), &r->affinity);
	r->held->aside = false;
}

/* Puts the first n places back, once. What is not as it was left is not ours any more. */
static void put_back(struct redirect *r, int n)
{
	const int mem = r->held->mem;

	while (!r->held->put_back && n-- > 0) {
		const struct place *p = &r->places[n];
		char *now = malloc(p->len);

		if (now && pread(mem, now, p->len, (off_t)p->at) == (ssize_t)p->len &&
		    memcmp(now, p->bytes, p->len) == 0 &&
		    pwrite(mem, p->old, p->len, (off_t)p->at) != (ssize_t)p->len)
			log_debug("cannot put back %zu bytes at %#" PRIx64, p->len, p->at); /* it ends */
		free(now);
	}
	r->held->put_back = true;
}

/* Whether a link of /proc/TID leads to what the call's path leads to. */
static bool leads_there(const struct redirect *r, const char *link)
{
	struct stat st, target;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/%s", r->tid, link);
	return r->n_fds > 0 && stat(path, &st) == 0 && fstat(r->fds[0], &target) == 0 &&
	       st.st_dev == target.st_dev && st.st_ino == target.st_ino;
}

/* The link that will lead there when the call has been made: of the working directory, or of the lowest free descriptor. Left
 * empty where nothing can be seen, since it does so already. */
static void find_effect(struct redirect *r)
{
	char *link = r->held->effect, path[48];
	struct stat st;

	if (r->guest_nr == SYS_chdir)
		snprintf(link, sizeof(r->held->effect), "cwd");
	else if (r->guest_nr == SYS_open || r->guest_nr == SYS_openat || r->guest_nr == SYS_openat2)
		for (int fd = 0; !*link || lstat(path, &st) == 0; fd++) {
			snprintf(link, sizeof(r->held->effect), "fd/%d", fd);
			snprintf(path, sizeof(path), "/proc/%d/%s", r->tid, link);
		}
	if (leads_there(r, link))
		*link = '\0';
}

static int overwrite(struct redirect *r)
{
	struct held *h = calloc(1, sizeof(*h));
	uint64_t end;
	int e;

	if (!h)
		return -ENOMEM;
	r->held = h;
	h->mem = open_proc(r->tid, "mem", O_RDWR);
	h->syscall_fd = open_proc(r->tid, "syscall", O_RDONLY);
	r->tgid = redirect_tgid(r->tid);
	if (h->mem < 0 || h->syscall_fd < 0 || clock_getcpuclockid(r->tgid, &h->clock) != 0)
		return -EPERM;
	e = plan_places(r);
	if (e == 0 && r->exec && !exec_arg_range(r->tgid, &h->arg_start, &end))
		e = -ESRCH;
	if (e < 0)
		return e;
	find_effect(r);
	if (!listener_pending(r->ct->listener, r->id)) /* or it may be another one's */
		return -ESRCH;
	for (int i = 0; i < r->n_places; i++) {
		const struct place *p = &r->places[i];

		if (pread(h->mem, p->old, p->len, (off_t)p->at) == (ssize_t)p->len &&
		    pwrite(h->mem, p->bytes, p->len, (off_t)p->at) == (ssize_t)p->len)
			continue;
		put_back(r, i);
		return -EFAULT;
	}
	h->clock_ns = read_clock(h->clock);
	h->since_ns = read_clock(CLOCK_MONOTONIC);
	return 0;
}

/* The state letter and the number of threads in /proc/TID/stat. 0 for a task that is gone. */
static char read_state(pid_t tid, long *ret_threads)
{
	_cleanup_close_ int fd = open_proc(tid, "stat", O_RDONLY);
	char text[512], *p;
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	char state;

	text[n > 0 ? n : 0] = '\0';
	p = strrchr(text, ')');
	if (!p || sscanf(p, ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld",
			 &state, ret_threads) != 2)
		return 0;
	return state;
}

/* Whether the thread, which was woken when its call went on, sleeps again, and then in which call. */
static bool sleeps(const struct redirect *r, int *ret_nr)
{
	char text[256];
	ssize_t n = pread(r->held->syscall_fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	*ret_nr = atoi(text);
	return text[0] != 'r'; /* "running" */
}

/* The execve of another thread than the leader, or of one that has died: its number is gone. If there is anything to be waited
 * for, it has the number of the process. */
static bool follow_exec(struct redirect *r)
{
	if (!r->exec || r->tid == r->tgid)
		return false;
	r->tid = r->tgid;
	close_fd(&r->held->syscall_fd);
	r->held->syscall_fd = open_proc(r->tid, "syscall", O_RDONLY);
	return r->held->syscall_fd >= 0;
}

/* How far the call has come, as far as can be seen. The path is the first that the kernel reads; what it leads to must be kept
 * longer, that of an execve until the end. (The CPU time is that of all threads of the process.) */
static enum held_stage stage_of(struct redirect *r)
{
	int nr;
	const bool asleep = sleeps(r, &nr);
	uint64_t start, end;
	long threads = 1;
	char state;

	if (!asleep && *r->held->effect && leads_there(r, r->held->effect))
		return HELD_OVER;
	if (r->exec && exec_arg_range(r->tgid, &start, &end) && start && start != r->held->arg_start)
		return exec_done(r) ? HELD_OVER : HELD_IN_CALL;
	if (!asleep && read_clock(r->held->clock) - r->held->clock_ns < RUN_NS)
		return HELD_READING;
	state = read_state(r->tid, &threads);
	if (!state && follow_exec(r))
		return HELD_IN_CALL;
	if (!state || strchr("tTZXx", state) || (asleep && nr != r->guest_nr))
		return HELD_OVER;
	if (state == 'S')
		return HELD_IN_CALL;
	/* On its way out of the notification it can wait for the listener's mutex, uninterruptibly. */
	if (asleep)
		return read_clock(CLOCK_MONOTONIC) - r->held->since_ns < LOCK_NS ? HELD_READING
										 : HELD_IN_CALL;
	return read_clock(r->held->clock) - r->held->clock_ns < RUN_NS * threads ? HELD_READING : HELD_OVER;
}

/* Whether it is the thread of that number, which it changes for that of the process by an execve. */
static bool has_number(const struct redirect *r, pid_t tid)
{
	return r->tid == tid || (r->exec && r->tgid == tid && tgkill(r->tgid, r->tid, 0) < 0);
}

/* Puts the memory right of those that have come far enough, and takes those out of the list whose call is over. To be called
 * with the lock held; the result must be freed without. tid: 0, or the only thread that is looked at, whose call is over. */
static struct redirect *take_over(struct redirector *d, pid_t tid, int *ret_wait_ms)
{
	struct redirect *taken = NULL, **p = &d->held, *r;
	bool calm = true;

	while ((r = *p)) {
		const enum held_stage stage = !tid		   ? stage_of(r)
					      : has_number(r, tid) ? HELD_OVER
								   : HELD_READING;

		if (stage != HELD_READING) {
			put_back(r, r->n_places);
			set_free(r);
		}
		if (stage != HELD_OVER) {
			calm &= stage == HELD_IN_CALL && !r->exec;
			p = &r->next;
			continue;
		}
		*p = r->next;
		r->next = taken;
		taken = r;
		d->n_held--;
		if (r->exec && exec_done(r))
			exec_fix_held(r);
	}
	*ret_wait_ms = calm ? CALM_MS : POLL_MS;
	return taken;
}

/* Returns how long to wait until the next look. */
static int finish_held(struct redirector *d, pid_t tid)
{
	struct redirect *taken;
	int wait_ms;

	pthread_mutex_lock(&d->lock);
	taken = take_over(d, tid, &wait_ms);
	pthread_mutex_unlock(&d->lock);
	while (taken) {
		struct redirect *r = taken;

		taken = r->next;
		redirect_free(r);
	}
	return wait_ms;
}

void redirector_settle(struct container *ct, pid_t tid)
{
	if (atomic_load(&ct->redirector->n_held) > 0)
		finish_held(ct->redirector, tid);
	/* The caller may be the debugger that has just been told of an execve. */
	redirector_poll(ct, 0);
}

int redirector_poll(struct container *ct, int wanted)
{
	int wait_ms = CALM_MS;

	if (atomic_load(&ct->redirector->n_held) > 0)
		wait_ms = finish_held(ct->redirector, 0);
	if (atomic_load(&ct->redirector->n_held) == 0)
		return wanted;
	return wanted >= 0 && wanted < wait_ms ? wanted : wait_ms;
}

void redirector_wait_held(struct container *ct)
{
	const struct timespec a_while = {.tv_nsec = 50000};

	for (int i = 0; i < 40 && redirector_poll(ct, CALM_MS) < CALM_MS; i++)
		nanosleep(&a_while, NULL);
}

/* The supervisor sends the signals: si_pid is its own then. */
static int kill_by_supervisor(const struct redirect *r)
{
	bool done = false;
	int e = -ESRCH;

	for (size_t i = 0; i < r->n_kill; i++) {
		e = kill(r->kill_pids[i], (int)r->args[1]) < 0 ? -errno : 0;
		done |= e == 0;
	}
	return done ? 0 : e;
}

/* Under the lock, since a thread that waits for the answer looks like one that sleeps in its call. */
static void go_on(struct redirect *r)
{
	struct container *ct = r->ct;
	struct redirector *d = ct->redirector;

	pthread_mutex_lock(&d->lock);
	r->next = d->held;
	d->held = r;
	d->n_held++;
	listener_continue(ct->listener, r->id);
	pthread_mutex_unlock(&d->lock);
}

void held_start(struct redirect *r)
{
	struct container *ct = r->ct;
	const struct timespec a_moment = {.tv_nsec = 5000};
	int64_t until;
	bool moved;
	int e;

	if (r->native || r->kill_pids) {
		if (r->native)
			listener_continue(ct->listener, r->id);
		else {
			e = kill_by_supervisor(r);
			if (e < 0)
				listener_error(ct->listener, r->id, e);
			else
				listener_value(ct->listener, r->id, 0);
		}
		redirect_free(r);
		return;
	}
	e = overwrite(r);
	if (e < 0) {
		log_info("thread %d is held by a debugger and cannot be helped with its call: %s", r->tid,
			 strerror(-e));
		listener_error(ct->listener, r->id, e);
		redirect_free(r);
		return;
	}
	set_aside(r);
	moved = r->held->aside;
	go_on(r);
	until = read_clock(CLOCK_MONOTONIC) + SPIN_NS;
	while (redirector_poll(ct, CALM_MS) < CALM_MS && read_clock(CLOCK_MONOTONIC) < until)
		if (!moved)
			nanosleep(&a_moment, NULL);
}
