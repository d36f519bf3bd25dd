/* Where the arguments of redirected calls that are pointers lie in the task: in slots of memory that is mapped in its address
 * space when first needed. */
#include "tracer/guest_mem.h"
#include "tracer/redirect_internal.h"
#include "tracer/task.h"

#include "lib/cleanup.h"
#include "lib/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#define RED_ZONE    128
#define BELOW_STACK 65536 /* bytes of data at most */

/* First fit of n slots in a row. */
static int slots_get(struct redirector *d, unsigned n, unsigned *ret)
{
	unsigned run = 0, first = n == 1 ? 0 : SCRATCH_SLOTS + 1,
		 end = n == 1 ? SCRATCH_SLOTS : 2 * SCRATCH_SLOTS;

	for (unsigned i = first; i < end; i++) {
		run = d->slots[i / 64] & 1ull << i % 64 ? 0 : run + 1;
		if (run < n)
			continue;
		*ret = i + 1 - n;
		for (unsigned k = *ret; k <= i; k++)
			d->slots[k / 64] |= 1ull << k % 64;
		return 0;
	}
	return -ENOMEM;
}

static void slots_put(struct redirector *d, unsigned slot, unsigned n)
{
	for (unsigned k = slot; k < slot + n; k++)
		d->slots[k / 64] &= ~(1ull << k % 64);
}

void scratch_release(struct redirect *r)
{
	struct redirector *d = r->ct->redirector;

	if (!r->n_slots)
		return;
	pthread_mutex_lock(&d->lock);
	slots_put(d, r->slot, r->n_slots);
	pthread_mutex_unlock(&d->lock);
}

int redirect_reserve(struct redirect *r, size_t size)
{
	unsigned n = (unsigned)((size + SCRATCH_HEADER + SCRATCH_SLOT - 1) / SCRATCH_SLOT);
	int e;

	invariant(r->n_slots == 0);
	if (size > SCRATCH_SLOTS * SCRATCH_SLOT)
		return -ENOMEM;
	r->data = malloc(n * SCRATCH_SLOT);
	if (!r->data)
		return -ENOMEM;
	pthread_mutex_lock(&r->ct->redirector->lock);
	e = slots_get(r->ct->redirector, n, &r->slot);
	pthread_mutex_unlock(&r->ct->redirector->lock);
	if (e < 0)
		return e;
	r->n_slots = n;
	memset(r->data, 0, SCRATCH_HEADER);
	memcpy(r->data, &r->ct->secret, sizeof(r->ct->secret));
	r->data_len = SCRATCH_HEADER;
	return 0;
}

static uint64_t slot_address(const struct redirect *r)
{
	return SCRATCH_BASE + r->slot * SCRATCH_SLOT;
}

static int map_area(struct redirect *r, uint64_t area)
{
	const bool large = r->n_slots > 1;
	const uint64_t args[6] = {area,
				  large ? SCRATCH_SLOTS * SCRATCH_SLOT : SCRATCH_SLOT,
				  PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE,
				  (uint64_t)-1,
				  0};
	long result;
	int e = redirect_inject(r, &r->regs, r->regs.rip - SYSCALL_LENGTH, SYS_mmap, args, &result);

	if (e < 0 || result < 0)
		return e < 0 ? e : (int)result;
	return large ? guest_write(r->tid, area, &r->ct->secret, sizeof(r->ct->secret)) : 0;
}

static long count_filters(pid_t tid)
{
	struct task t = {.tid = tid, .proc_fd = -1, .syscall_fd = -1};
	long n;

	if (task_filters(&t, &n) < 0)
		n = 0;
	close_fd(&t.proc_fd);
	return n;
}

/* Whether the task has a seccomp filter besides ours and those that we have, too: one of its own, which could kill it for a
 * call that it never makes itself. */
static bool has_own_filter(const struct redirect *r)
{
	return count_filters(r->tid) > count_filters(gettid()) + 1;
}

/* The data lies below the red zone then, whatever a small stack has there. */
static int put_below_stack(struct redirect *r)
{
	const uint64_t base = slot_address(r), at = (r->regs.rsp - RED_ZONE - r->data_len) & ~15ull;

	if (r->data_len > BELOW_STACK)
		return -ENOMEM;
	for (size_t i = 0; r->nested && i + 8 <= r->data_len; i += 8) {
		uint64_t word;

		memcpy(&word, r->data + i, sizeof(word));
		if (word >= base && word < base + r->data_len) {
			word += at - base;
			memcpy(r->data + i, &word, sizeof(word));
		}
	}
	for (int i = 0; i < 6; i++)
		if (r->data_of[i])
			r->args[i] += at - base;
	if (guest_write(r->tid, at, r->data, r->data_len) == 0)
		return 0;
	ptrace(PTRACE_POKEDATA, r->tid, at, 0); /* lets the stack grow, see redirect_calls.c */
	return guest_write(r->tid, at, r->data, r->data_len);
}

int scratch_put(struct redirect *r)
{
	const uint64_t area = r->n_slots > 1 ? SCRATCH_LARGE : slot_address(r);
	uint64_t mark;
	int e;

	if (!r->n_slots)
		return 0;
	e = guest_read(r->tid, area, &mark, sizeof(mark));
	if (e == 0 && mark != r->ct->secret) {
		if (!r->ct->redirector->warned)
			log_warn("a program uses the memory at %#lx that uctr needs", (unsigned long)area);
		r->ct->redirector->warned = true;
		return -ENOMEM;
	}
	if (e == 0 && guest_write(r->tid, slot_address(r), r->data, r->data_len) == 0)
		return 0;
	if (has_own_filter(r))
		return put_below_stack(r);
	e = map_area(r, area);
	return e < 0 ? e : guest_write(r->tid, slot_address(r), r->data, r->data_len);
}
