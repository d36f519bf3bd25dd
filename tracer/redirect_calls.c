/* Several calls of a stopped task without a stop in between: code that is written over the head of its vDSO makes them and
 * ends with one that the filter turns into a stop. Each call by redirect_inject() costs two stops, as much as the rest of
 * an execve's redirect all together. Only for a new image, where no other thread can come by. */
#include "tracer/filter.h"
#include "tracer/guest_mem.h"
#include "tracer/redirect_internal.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#define RED_ZONE 128

/* Makes the calls of the table at r12: the number, then six arguments, of which CALL_RESULT is replaced by the first result
 * that is not negative (kept in rbx). Each result replaces the number. */
extern const char calls_begin[], calls_end[];
__asm__(".pushsection .rodata\n"
	".balign 8\n"
	"calls_begin:\n"
	"1:	mov (%r12), %rax\n"
	"	mov 8(%r12), %rdi\n"
	"	mov 16(%r12), %rsi\n"
	"	mov 24(%r12), %rdx\n"
	"	mov 32(%r12), %r10\n"
	"	mov 40(%r12), %r8\n"
	"	mov 48(%r12), %r9\n"
	"	cmp $-4095, %rdi\n"
	"	cmove %rbx, %rdi\n"
	"	cmp $-4095, %r8\n"
	"	cmove %rbx, %r8\n"
	"	syscall\n"
	"	mov %rax, (%r12)\n"
	"	test %rbx, %rbx\n"
	"	cmovs %rax, %rbx\n"
	"	add $56, %r12\n"
	"	jmp 1b\n"
	"	.balign 8\n"
	"calls_end:\n"
	".popsection\n");

int calls_add(struct calls *c, int nr, const uint64_t args[6])
{
	struct one_call *one = &c->table[c->n];

	if (c->n == MAX_CALLS)
		return -E2BIG;
	one->nr_or_result = nr;
	memcpy(one->args, args, sizeof(one->args));
	c->n++;
	return 0;
}

/* Overwrites the head of the task's vDSO, which is as long as the code. */
static int write_vdso(const struct redirect *r, uint64_t vdso, const char *bytes)
{
	for (long i = 0; i < calls_end - calls_begin; i += (long)sizeof(long)) {
		long word;

		memcpy(&word, bytes + i, sizeof(word));
		if (ptrace(PTRACE_POKETEXT, r->tid, vdso + (uint64_t)i, word) < 0)
			return -errno;
	}
	return 0;
}

/* Lets the task go on to the stop behind its calls. */
static int run_to_stop(struct redirect *r)
{
	int status = 0;

	do {
		int e = redirect_resume(r, PTRACE_CONT, status);

		if (e == 0)
			e = redirect_wait(r, &status);
		if (e < 0)
			return e;
	} while (event_of(status) == PTRACE_EVENT_STOP || status >> 8 == SIGSTOP);
	return event_of(status) == PTRACE_EVENT_SECCOMP ? 0 : -EFAULT;
}

/* Where the calls are in the task: nothing is below the stack pointer of a new image. */
static uint64_t place(const struct user_regs_struct *regs)
{
	return (regs->rsp - RED_ZONE - sizeof(struct calls)) & ~15ull;
}

uint64_t calls_text(const struct user_regs_struct *regs, int i)
{
	return place(regs) + offsetof(struct calls, text[i]);
}

int calls_make(struct redirect *r, const struct user_regs_struct *regs, uint64_t vdso, struct calls *c)
{
	const uint64_t stop[6] = {0, 0, 0, 0, 0, filter_stop_arg(r->ct->secret)}, at = place(regs);
	/* Every process has the same. */
	const char *const own_vdso = (const char *)getauxval(AT_SYSINFO_EHDR);
	const size_t size = offsetof(struct calls, n);
	static const struct calls nothing;
	struct user_regs_struct going = *regs;
	int e;

	if (!vdso || !own_vdso)
		return -ENOSYS;
	c->table[c->n].nr_or_result = SYS_execve;
	memcpy(c->table[c->n].args, stop, sizeof(stop));
	going.r12 = at;
	going.rbx = (unsigned long long)-1;
	going.rip = vdso;
	going.orig_rax = (unsigned long long)-1;
	if (ptrace(PTRACE_SETOPTIONS, r->tid, NULL, REDIRECT_OPTIONS | PTRACE_O_TRACESECCOMP) < 0)
		return -errno;
	e = write_vdso(r, vdso, calls_begin);
	if (e == 0 && guest_write(r->tid, at, c, size) < 0) {
		/* Below the mapped part of the stack, after many arguments: ptrace makes it grow, process_vm_writev(2) since
		 * Linux 6.5 does not. */
		ptrace(PTRACE_POKEDATA, r->tid, at, 0);
		e = guest_write(r->tid, at, c, size);
	}
	if (e == 0)
		e = redirect_set_regs(r, &going);
	if (e == 0)
		e = run_to_stop(r);
	if (e == 0)
		e = guest_read(r->tid, at, c, size);
	if (e == 0)
		e = write_vdso(r, vdso, own_vdso);
	if (e == 0) /* the secret does not stay there */
		e = guest_write(r->tid, at, &nothing, size);
	return e;
}
