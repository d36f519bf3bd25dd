/* What the programs share that stop a task by ptrace and make it call something. Needs PTRACE_O_TRACESYSGOOD. */
#ifndef UCTR_TESTS_TRACEE_H
#define UCTR_TESTS_TRACEE_H

#include "tests/kernel/kernel.h"

#include <elf.h>
#include <sys/auxv.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#define RESTART (-513) /* -ERESTARTNOINTR: the kernel's own, no errno of user mode */

/* What a status of waitpid says. */
UNUSED static bool is_syscall_stop(int status)
{
	return WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80);
}

UNUSED static bool is_event(int status, int event)
{
	return status >> 8 == (SIGTRAP | event << 8);
}

UNUSED static int wait_stop(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

/* Seizes the task of a received call and has it stop on its way out of the kernel, where the call will be made again. */
UNUSED static bool stop_in_call(int listener, const struct seccomp_notif *call, long options)
{
	pid_t tid = (pid_t)call->pid;

	if (ptrace(PTRACE_SEIZE, tid, 0, options) || ptrace(PTRACE_INTERRUPT, tid, 0, 0))
		return false;
	if (answer(listener, call, RESTART))
		return false;
	return is_event(wait_stop(tid), PTRACE_EVENT_STOP);
}

/* Offset of the bytes of a syscall instruction in an executable segment of the vDSO, 0 when there are none. */
UNUSED static uint64_t vdso_syscall(void)
{
	const unsigned char *vdso = (const unsigned char *)getauxval(AT_SYSINFO_EHDR);
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)vdso;
	const Elf64_Phdr *segment;

	if (!vdso)
		return 0;
	segment = (const Elf64_Phdr *)(vdso + header->e_phoff);
	for (int i = 0; i < header->e_phnum; i++, segment++) {
		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X))
			continue;
		for (uint64_t at = segment->p_offset; at + 2 <= segment->p_offset + segment->p_filesz; at++)
			if (vdso[at] == 0x0f && vdso[at + 1] == 0x05)
				return at;
	}
	return 0;
}

/* Makes a stopped task call nr by the syscall instruction at rip; it stops again at the end of the call. Its registers
 * are those of the call then: who wants the old ones puts them back. The call's value or -errno; -EPROTO when the task
 * did something else. */
UNUSED static long call_from(pid_t pid, const struct user_regs_struct *old, uint64_t rip, long nr,
			     const uint64_t args[6])
{
	struct user_regs_struct regs = *old;

	regs.rip = rip;
	regs.rax = (unsigned long)nr;
	regs.orig_rax = -1UL; /* nothing to make again */
	regs.rdi = args[0];
	regs.rsi = args[1];
	regs.rdx = args[2];
	regs.r10 = args[3];
	regs.r8 = args[4];
	regs.r9 = args[5];
	if (ptrace(PTRACE_SETREGS, pid, 0, &regs) || ptrace(PTRACE_SYSCALL, pid, 0, 0) ||
	    !is_syscall_stop(wait_stop(pid)))
		return -EPROTO;
	if (ptrace(PTRACE_SYSCALL, pid, 0, 0) || !is_syscall_stop(wait_stop(pid)) ||
	    ptrace(PTRACE_GETREGS, pid, 0, &regs))
		return -EPROTO;
	return (long)regs.rax;
}

UNUSED static bool write_to(pid_t pid, uint64_t address, const void *data, size_t size)
{
	struct iovec local = {(void *)data, size}, remote = {(void *)address, size};

	return process_vm_writev(pid, &local, 1, &remote, 1, 0) == (ssize_t)size;
}

UNUSED static bool read_from(pid_t pid, uint64_t address, void *data, size_t size)
{
	struct iovec local = {data, size}, remote = {(void *)address, size};

	return process_vm_readv(pid, &local, 1, &remote, 1, 0) == (ssize_t)size;
}

#endif
