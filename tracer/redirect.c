#include "tracer/redirect_internal.h"

#include "lib/cleanup.h"
#include "lib/log.h"
#include "tracer/call.h"
#include "tracer/exec_plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

struct redirect *redirect_new(const struct call *c)
{
	struct redirect *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->ct = c->ct;
	r->id = c->id;
	r->tid = c->tid;
	r->guest_nr = c->nr;
	r->nr = c->nr;
	memcpy(r->args, c->args, sizeof(r->args));
	memcpy(r->guest_args, c->args, sizeof(r->guest_args));
	return r;
}

void redirect_free(struct redirect *r)
{
	if (!r)
		return;
	scratch_release(r);
	for (int i = 0; i < r->n_fds; i++)
		close(r->fds[i]);
	exec_plan_free(r->exec);
	held_free(r->held);
	for (int i = 0; i < r->n_places; i++) {
		free(r->places[i].bytes);
		free(r->places[i].old);
	}
	free(r->places);
	free(r->kill_pids);
	free(r->data);
	free(r);
}

void redirect_nr(struct redirect *r, int nr)
{
	r->nr = nr;
}

void redirect_arg(struct redirect *r, int i, uint64_t value)
{
	r->args[i] = value;
}

uint64_t redirect_data(struct redirect *r, int i, const void *data, size_t len)
{
	uint64_t address;

	if (!r->n_slots && redirect_reserve(r, SCRATCH_SLOT - SCRATCH_HEADER) < 0)
		return 0;
	r->data_len = (r->data_len + 7) & ~7ul;
	if (len > r->n_slots * SCRATCH_SLOT || r->data_len + len > r->n_slots * SCRATCH_SLOT)
		return 0;
	memcpy(r->data + r->data_len, data, len);
	address = SCRATCH_BASE + r->slot * SCRATCH_SLOT + r->data_len;
	r->data_len += len;
	if (i >= 0) {
		r->args[i] = address;
		r->data_of[i] = len;
	} else
		r->nested = true;
	return address;
}

int redirect_hold(struct redirect *r, int fd)
{
	if (r->n_fds == REDIRECT_FDS) {
		close(fd);
		return -EMFILE;
	}
	r->fds[r->n_fds++] = fd;
	return 0;
}

int redirect_path(struct redirect *r, int i, int fd, const char *name)
{
	_cleanup_free_ char *path = NULL;
	int e = redirect_hold(r, fd);

	if (e < 0)
		return e;
	if (asprintf(&path, "/proc/%d/fd/%d%s%s", r->ct->supervisor, fd, name && *name ? "/" : "",
		     name ? name : "") < 0)
		return -ENOMEM;
	return redirect_data(r, i, path, strlen(path) + 1) ? 0 : -ENOMEM;
}

void redirect_may_block(struct redirect *r)
{
	r->may_block = true;
}

void redirect_native(struct redirect *r)
{
	r->native = true;
}

int redirect_place(struct redirect *r, uint64_t at, const void *bytes, size_t len)
{
	struct place p = {.at = at, .len = len, .bytes = malloc(len), .old = malloc(len)};

	if (!r->places)
		r->places = calloc(HELD_PLACES, sizeof(*r->places));
	if (!r->places || !p.bytes || !p.old || r->n_places == HELD_PLACES) {
		free(p.bytes);
		free(p.old);
		return -ENOMEM;
	}
	memcpy(p.bytes, bytes, len);
	r->places[r->n_places++] = p;
	return 0;
}

void redirect_result(struct redirect *r, long value)
{
	r->has_result = true;
	r->result = value;
}

struct redirect *redirect_kill_each(const struct call *c, const pid_t *pids, size_t n, int sig)
{
	struct redirect *r = redirect_new(c);

	if (!r || n == 0)
		return r;
	r->kill_pids = calloc(n, sizeof(*pids));
	if (!r->kill_pids) {
		redirect_free(r);
		return NULL;
	}
	memcpy(r->kill_pids, pids, n * sizeof(*pids));
	r->n_kill = n;
	r->nr = SYS_kill;
	r->args[0] = (uint64_t)pids[0];
	r->args[1] = (uint64_t)sig;
	r->next_kill = 1;
	return r;
}

void redirect_exec(struct redirect *r, struct exec_plan *plan)
{
	r->exec = plan;
}

int redirector_init(struct container *ct)
{
	struct redirector *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (d->wake < 0) {
		free(d);
		return -errno;
	}
	pthread_mutex_init(&d->lock, NULL);
	d->queue_end = &d->queue;
	d->tid = gettid();
	d->cpu = -1;
	ct->redirector = d;
	return 0;
}

void redirector_release(struct container *ct)
{
	struct redirector *d = TAKE_PTR(ct->redirector);

	if (!d)
		return;
	close(d->wake);
	pthread_mutex_destroy(&d->lock);
	free(d->deferred);
	free(d);
}

void redirector_submit(struct container *ct, struct redirect *r)
{
	struct redirector *d = ct->redirector;
	int cpu = sched_getcpu();
	uint64_t one = 1;
	cpu_set_t set;

	/* Waking a thread on another processor costs more than all the rest of a redirect. */
	if (cpu >= 0 && cpu != d->cpu) {
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		sched_setaffinity(d->tid, sizeof(set), &set);
		d->cpu = cpu;
	}

	pthread_mutex_lock(&d->lock);
	*d->queue_end = r;
	d->queue_end = &r->next;
	pthread_mutex_unlock(&d->lock);
	/* Cannot fail: the counter never comes near its limit. */
	if (write(d->wake, &one, sizeof(one)) < 0)
		log_bug(__FILE__, __LINE__, "eventfd");
}

int redirector_fd(const struct container *ct)
{
	return ct->redirector->wake;
}

bool redirect_was_interrupted(struct container *ct, pid_t tid, uint64_t rip, uint64_t rsp)
{
	struct redirector *d = ct->redirector;
	struct interrupted *slot = &d->interrupted[(unsigned)tid % 256];
	bool found;

	pthread_mutex_lock(&d->lock);
	found = slot->tid == tid && slot->rip == rip && slot->rsp == rsp;
	if (found)
		slot->tid = 0;
	pthread_mutex_unlock(&d->lock);
	return found;
}

void redirector_dump(const struct container *ct)
{
	for (const struct redirect *r = ct->redirector->active; r; r = r->next) {
		const struct syscall_row *row = syscall_find(r->guest_nr);

		log_line("  thread %d is in a redirected %s\n", r->tid, row ? row->name : "call");
	}
}
