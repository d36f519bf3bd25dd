/* rt_sigreturn(2): a call that waits for the supervisor to receive it can be interrupted by a signal and then returns
 * EINTR, which calls such as stat never do and programs do not expect. It was never received, so it had no effect, and
 * making it again after the handler is the same as if the signal had come one instruction earlier. So when a handler
 * returns, the saved context is looked at, and if it stands behind such a call with EINTR, it is set back before it.
 *
 * Left alone: call sites whose number is not in the instruction before (syscall(3)), and calls that rightly end in EINTR
 * because their redirect did. */
#include "tracer/call.h"
#include "tracer/handlers.h"
#include "tracer/redirect.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>

/* struct rt_sigframe on x86-64: the return address, which sigreturn has popped, then the ucontext. */
#define CONTEXT_GREG(reg) (offsetof(ucontext_t, uc_mcontext.gregs) + (reg) * sizeof(greg_t))

/* The number that the two instructions before address load and call: "mov $nr,%eax; syscall" or "mov $nr,%rax;
 * syscall". -1 when it is something else. */
static int call_number_at(struct call *c, uint64_t address)
{
	unsigned char code[9];
	int nr;

	if (call_read(c, address - sizeof(code), code, sizeof(code)) < 0 || code[7] != 0x0f ||
	    code[8] != 0x05)
		return -1;
	if (code[2] != 0xb8 && !(code[0] == 0x48 && code[1] == 0xc7 && code[2] == 0xc0))
		return -1;
	memcpy(&nr, code + 3, sizeof(nr));
	return nr;
}

static void repair(struct call *c, uint64_t context)
{
	const struct syscall_row *row;
	uint64_t rax, rip, rsp;
	int nr;

	if (call_read(c, context + CONTEXT_GREG(REG_RAX), &rax, sizeof(rax)) < 0 || (int64_t)rax != -EINTR ||
	    call_read(c, context + CONTEXT_GREG(REG_RIP), &rip, sizeof(rip)) < 0 ||
	    call_read(c, context + CONTEXT_GREG(REG_RSP), &rsp, sizeof(rsp)) < 0)
		return;
	nr = call_number_at(c, rip);
	row = syscall_find(nr);
	if (nr < 0 || !row || !row->handler) {
		if (nr < 0)
			atomic_fetch_add(&c->ct->unrepaired, 1);
		return;
	}
	if (redirect_was_interrupted(c->ct, c->tid, rip, rsp))
		return;
	rax = (uint64_t)nr;
	rip -= 2;
	if (call_write(c, context + CONTEXT_GREG(REG_RAX), &rax, sizeof(rax)) == 0 &&
	    call_write(c, context + CONTEXT_GREG(REG_RIP), &rip, sizeof(rip)) == 0)
		atomic_fetch_add(&c->ct->repaired, 1);
}

struct reply sys_rt_sigreturn(struct call *c)
{
	unsigned long sp;
	int r;

	/* The task may not have gone to sleep yet, and then /proc does not tell its stack pointer. */
	while ((r = task_sp(c->task, &sp)) == -EAGAIN && call_pending(c))
		sched_yield();
	if (r == 0)
		repair(c, sp);
	return reply_continue();
}
