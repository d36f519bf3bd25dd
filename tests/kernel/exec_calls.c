/* A new image, stopped at PTRACE_EVENT_EXEC, is made to make several calls without a stop in between: code that is written
 * over the head of its vDSO makes them, and ends with a call that the filter answers with SECCOMP_RET_TRACE. That one stop comes
 * only where the tracer has PTRACE_O_TRACESECCOMP; without a tracer the call fails with ENOSYS. */
#include "tests/kernel/tracee.h"

#define MARK	0x5eca11ul
#define STARTED 42

/* Makes the calls of a table at r12: number, six arguments; each result replaces the number. */
extern const char calls_begin[], calls_end[];
__asm__(".pushsection .rodata\n"
	"calls_begin:\n"
	"1:	mov (%r12), %rax\n"
	"	mov 8(%r12), %rdi\n"
	"	mov 16(%r12), %rsi\n"
	"	mov 24(%r12), %rdx\n"
	"	mov 32(%r12), %r10\n"
	"	mov 40(%r12), %r8\n"
	"	mov 48(%r12), %r9\n"
	"	syscall\n"
	"	mov %rax, (%r12)\n"
	"	add $56, %r12\n"
	"	jmp 1b\n"
	"	.balign 8\n"
	"calls_end:\n"
	".popsection\n");

#define CODE_WORDS 16

static void filter_marked_execve(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MARK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

/* A child that stops at the end of its execve of this program. */
static pid_t start_stopped(void)
{
	char *const args[] = {"program", "started", NULL};
	pid_t pid = fork_child();

	if (!pid) {
		filter_marked_execve();
		raise(SIGSTOP);
		execv("/proc/self/exe", args);
		_exit(1);
	}
	MUST(waitpid(pid, NULL, WUNTRACED));
	MUST(ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL));
	kill(pid, SIGCONT);
	for (int status = wait_stop(pid); !is_event(status, PTRACE_EVENT_EXEC); status = wait_stop(pid))
		if (!WIFSTOPPED(status) || ptrace(PTRACE_CONT, pid, 0, 0))
			return -1;
	return pid;
}

static uint64_t vdso_of(pid_t pid)
{
	Elf64_auxv_t entry;
	char path[64];
	uint64_t value = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/auxv", pid);
	fd = MUST(open(path, O_RDONLY | O_CLOEXEC));
	while (!value && read(fd, &entry, sizeof(entry)) == sizeof(entry) && entry.a_type != AT_NULL)
		if (entry.a_type == AT_SYSINFO_EHDR)
			value = entry.a_un.a_val;
	close(fd);
	return value;
}

static void exchange(pid_t pid, uint64_t at, long *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		long old;

		errno = 0;
		old = ptrace(PTRACE_PEEKTEXT, pid, at + i * 8, 0);
		MUST(errno ? -1 : 0);
		MUST(ptrace(PTRACE_POKETEXT, pid, at + i * 8, words[i]));
		words[i] = old;
	}
}

int main(int argc, char **argv)
{
	struct user_regs_struct start, regs;
	size_t words = (size_t)(calls_end - calls_begin) / 8;
	long code[CODE_WORDS];
	uint64_t table[3][7] = {{SYS_getpid}, {SYS_getppid}, {SYS_execve, 0, 0, 0, 0, 0, MARK}};
	uint64_t at, vdso;
	pid_t pid;
	int status;

	if (argc == 2 && !strcmp(argv[1], "started")) {
		check_is(RESULT(syscall(SYS_execve, "/", 0, 0, 0, 0, MARK)), -ENOSYS,
			 "without a tracer the marked call fails");
		return failures ? 1 : STARTED;
	}
	begin();
	pid = start_stopped();
	if (!check(pid > 0, "a task stops in its execve", "errno %d", errno))
		return end();
	vdso = vdso_of(pid);
	memcpy(code, calls_begin, words * 8);
	exchange(pid, vdso, code, words);
	MUST(ptrace(PTRACE_GETREGS, pid, 0, &start));
	regs = start;
	at = start.rsp - 1024; /* nothing is there yet */
	check(write_to(pid, at, table, sizeof(table)), "the calls are written below the stack", "errno %d",
	      errno);
	regs.rip = vdso;
	regs.r12 = at;
	MUST(ptrace(PTRACE_SETREGS, pid, 0, &regs));
	MUST(ptrace(PTRACE_CONT, pid, 0, 0));
	status = wait_stop(pid);
	check(is_event(status, PTRACE_EVENT_SECCOMP), "the next stop is the marked call", "status %#x",
	      status);
	MUST(process_vm_readv(pid, &(struct iovec){table, sizeof(table)}, 1,
			      &(struct iovec){(void *)at, sizeof(table)}, 1, 0));
	check_is((long)table[0][0], pid, "the first call was made");
	check_is((long)table[1][0], getpid(), "and the second");
	exchange(pid, vdso, code, words);
	start.rax = 0;
	start.orig_rax = -1UL;
	MUST(ptrace(PTRACE_SETREGS, pid, 0, &start));
	MUST(ptrace(PTRACE_DETACH, pid, 0, 0));
	check_is(wait_exit(pid), STARTED, "the program starts as if nothing had been");
	return end();
}
