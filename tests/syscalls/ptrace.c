/* ptrace: a debugger works inside, also on calls that are not the kernel's own, and reaches no process outside. */
#include "guest.h"

#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

static pid_t sleeper(void)
{
	pid_t pid = MUST(fork());

	if (!pid) {
		for (;;)
			pause();
	}
	return pid;
}

static int wait_stop(pid_t pid)
{
	int status = 0;

	if (waitpid(pid, &status, __WALL) != pid)
		return -1;
	return status;
}

static void test_attach(void)
{
	pid_t pid = sleeper();
	struct user_regs_struct regs = {0};
	long word;
	int status;

	CHECK_OK(syscall(SYS_ptrace, PTRACE_ATTACH, pid, 0, 0));
	status = wait_stop(pid);
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	CHECK_OK(syscall(SYS_ptrace, PTRACE_GETREGS, pid, 0, &regs));
	CHECK(regs.rsp != 0);
	CHECK_OK(syscall(SYS_ptrace, PTRACE_PEEKDATA, pid, &guest.dir, &word));
	CHECK_VALUE(word, (long)guest.dir);
	CHECK_ERRNO(syscall(SYS_ptrace, PTRACE_ATTACH, pid, 0, 0), EPERM);
	CHECK_OK(syscall(SYS_ptrace, PTRACE_DETACH, pid, 0, 0));
	kill(pid, SIGKILL);
	CHECK_VALUE(wait_for(pid), 128 + SIGKILL);

	pid = sleeper();
	CHECK_OK(syscall(SYS_ptrace, PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD));
	CHECK_OK(syscall(SYS_ptrace, PTRACE_INTERRUPT, pid, 0, 0));
	status = wait_stop(pid);
	CHECK(WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_STOP);
	kill(pid, SIGKILL);
	CHECK_VALUE(wait_for(pid), 128 + SIGKILL);
	CHECK_ERRNO(syscall(SYS_ptrace, PTRACE_ATTACH, pid, 0, 0), ESRCH);
	CHECK_ERRNO(syscall(SYS_ptrace, PTRACE_SEIZE, pid, 0, 0), ESRCH);
	CHECK_ERRNO(syscall(SYS_ptrace, PTRACE_ATTACH, getpid(), 0, 0), EPERM);
}

/* As strace does: from TRACEME over the exec to the end, every stop. */
static void test_strace(void)
{
	char *argv[] = {"true", NULL};
	int status, entries = 0, execs = 0, exit_calls = 0;
	struct user_regs_struct regs;
	bool entering = true;
	pid_t pid;

	fflush(stdout);
	pid = MUST(fork());
	if (!pid) {
		syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		chdir(guest.dir);
		execve("/bin/true", argv, environ);
		_exit(99);
	}
	status = wait_stop(pid);
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	CHECK_OK(ptrace(PTRACE_SETOPTIONS, pid, 0,
			PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL));
	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, 0, 0) < 0)
			break;
		status = wait_stop(pid);
		if (!WIFSTOPPED(status))
			break;
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8)) {
			execs++;
		} else if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			if (entering) {
				MUST(ptrace(PTRACE_GETREGS, pid, 0, &regs));
				entries++;
				exit_calls += regs.orig_rax == SYS_exit_group;
			}
			entering = !entering;
		}
	}
	CHECK_SAYS(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
	CHECK_VALUE(execs, 1);
	CHECK_VALUE(exit_calls, 1);
	CHECK(entries > 10);
}

/* A breakpoint-like use: single steps, changed registers, /proc/PID/mem. */
static void test_change(void)
{
	static volatile int variable = 1;
	struct user_regs_struct regs, old;
	pid_t pid = sleeper();
	int status;

	CHECK_OK(ptrace(PTRACE_ATTACH, pid, 0, 0));
	wait_stop(pid);
	CHECK_OK(ptrace(PTRACE_POKEDATA, pid, &variable, 42L));
	CHECK_VALUE(ptrace(PTRACE_PEEKDATA, pid, &variable, 0) & 0xffffffff, 42);
	CHECK_VALUE(variable, 1);
	MUST(ptrace(PTRACE_GETREGS, pid, 0, &regs));
	old = regs;
	regs.rbx = 0x1234;
	CHECK_OK(ptrace(PTRACE_SETREGS, pid, 0, &regs));
	MUST(ptrace(PTRACE_GETREGS, pid, 0, &regs));
	CHECK_VALUE(regs.rbx, 0x1234);
	MUST(ptrace(PTRACE_SETREGS, pid, 0, &old));
	CHECK_OK(ptrace(PTRACE_CONT, pid, 0, SIGTERM));
	status = wait_stop(pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

/* A child that is traced still gets its paths right. (Its redirected calls, such as chdir, cannot be served where the path
 * means another object natively: a known gap, see doc/SYSCALLS.md.) */
static void test_paths_of_traced(void)
{
	int status;
	struct stat st;
	pid_t pid;

	make_file("file", "content");
	fflush(stdout);
	pid = MUST(fork());
	if (!pid) {
		bool ok;

		syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		ok = !stat(in_dir("file"), &st) && st.st_size == 7 &&
		     !strcmp(content_of(in_dir("file")), "content");
		ok = ok && !chdir("/") && !stat(".", &st) && S_ISDIR(st.st_mode);
		_exit(ok ? 0 : 1);
	}
	wait_stop(pid);
	CHECK_OK(ptrace(PTRACE_CONT, pid, 0, 0));
	status = wait_stop(pid);
	CHECK_SAYS(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
	MUST(unlink(in_dir("file")));
}

int main(int argc, char **argv)
{
	guest_begin(argc, argv);
	test_attach();
	test_strace();
	test_change();
	test_paths_of_traced();
	if (in_view()) {
		CHECK_ERRNO(syscall(SYS_ptrace, PTRACE_ATTACH, guest.outside, 0, 0), ESRCH);
		CHECK_ERRNO(syscall(SYS_ptrace, PTRACE_SEIZE, guest.outside, 0, 0), ESRCH);
		CHECK_ERRNO(syscall(SYS_ptrace, PTRACE_SEIZE, getppid(), 0, 0), ESRCH);
	}
	return guest_end();
}
