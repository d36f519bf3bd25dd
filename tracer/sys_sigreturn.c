/* rt_sigreturn(2): a call that waits for the supervisor to receive it can be interrupted by a signal and then returns
 * EINTR, which calls such as stat never do and programs do not expect. It was never received, so it had no effect, and
 * making it again after the handler is the same as if the signal had come one instruction earlier. So when a handler
 * returns, the saved context is looked at, and if it stands behind such a call with EINTR, it is set back before it.
 *
 * Left alone: call sites whose number is not loaded just before (syscall(3)), and calls that rightly end in EINTR
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

#define SITE_BYTES 24

/* The length of an instruction that libc has between the one that loads the number and "syscall", to put arguments into their
 * registers: mov or xor of one register to another, mov of a constant. None of them changes eax. 0 for all others. */
static size_t argument_insn(const unsigned char *code, size_t left)
{
	const bool rex = left > 0 && (code[0] & 0xf0) == 0x40;
	const unsigned char *op = code + rex;
	const size_t rest = left - rex;
	/* Register 0 without the extension bit of the prefix (B for r/m and constants, R for reg) is eax. */
	const bool extended_b = rex && (code[0] & 1), extended_r = rex && (code[0] & 4);

	if (rest >= 5 && (op[0] & 0xf8) == 0xb8 && !(rex && (code[0] & 8)))
		return (op[0] & 7) != 0 || extended_b ? rex + 5u : 0;
	if (rest >= 2 && (op[1] & 0xc0) == 0xc0) {
		if (op[0] == 0x89 || op[0] == 0x31) /* to r/m */
			return (op[1] & 7) != 0 || extended_b ? rex + 2u : 0;
		if (op[0] == 0x8b || op[0] == 0x33 || op[0] == 0x63) /* to reg */
			return (op[1] & 0x38) != 0 || extended_r ? rex + 2u : 0;
	}
	return 0;
}

/* The number of the call that the instructions before address make: "mov $nr,%eax" or "mov $nr,%rax", arguments, "syscall". -1
 * when they are others. */
static int call_number_at(struct call *c, uint64_t address)
{
	unsigned char code[SITE_BYTES];
	const size_t end = sizeof(code) - 2; /* of what is before "syscall" */

	if (call_read(c, address - sizeof(code), code, sizeof(code)) < 0 || code[end] != 0x0f ||
	    code[end + 1] != 0x05)
		return -1;
	for (size_t start = end - 5; start > 2; start--) {
		size_t at = start + 5, length = 1;
		int nr;

		if (code[start] != 0xb8 &&
		    !(code[start - 2] == 0x48 && code[start - 1] == 0xc7 && code[start] == 0xc0))
			continue;
		while (at < end && length > 0) {
			length = argument_insn(code + at, end - at);
			at += length;
		}
		if (at != end)
			continue;
		memcpy(&nr, code + start + 1, sizeof(nr));
		return nr;
	}
	return -1;
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
