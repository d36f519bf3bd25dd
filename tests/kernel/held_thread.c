/* A thread that another process traces cannot be seized a second time. Its call can be led elsewhere all the same: what its path
 * argument points to is overwritten through /proc/TID/mem, also in read-only memory, the call goes on, and the bytes are put
 * back through the same descriptor, which means the address space that was overwritten also after an execve: for a vfork child
 * that of its parent. Its tracer sees the call's own end, and no stop but those that it would see anyway. */
#include "tests/kernel/tracee.h"

struct state {
	char cwd[64];
	long chdir_result, exec_status;
	bool constant_kept, path_kept;
	long stops; /* of the thread, as its tracer saw them */
};

static struct state *state;
static const char constant[] =
	"/nowhere/at/all"; /* in read-only memory, shorter than what it is overwritten with */
static const char missing[] = "/no/such/program/anywhere/in/this/system";

static int thread(void)
{
	char *const argv[] = {(char *)"sleep", (char *)"1", NULL}, *const env[] = {NULL};
	static char path[sizeof(missing)];
	pid_t child;
	int status = -1;

	memcpy(path, missing, sizeof(path));
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	raise(SIGSTOP);
	state->chdir_result = RESULT(syscall(SYS_chdir, constant));
	state->constant_kept = strcmp(constant, "/nowhere/at/all") == 0;
	MUST(syscall(SYS_getcwd, state->cwd, sizeof(state->cwd)));
	child = vfork();
	if (child == 0) {
		syscall(SYS_execve, path, argv, env);
		_exit(errno);
	}
	/* Until the tracer of the test has put them back. */
	while (memcmp(path, missing, sizeof(path)) != 0)
		pause_ms(1);
	state->path_kept = true;
	waitpid(child, &status, 0);
	state->exec_status = status;
	return 0;
}

/* The debugger, a process of the guest's own. */
static int debugger(void *arg)
{
	pid_t pid = fork_child(), stopped;
	int status;

	(void)arg;
	if (pid == 0)
		_exit(thread());
	wait_stop(pid);
	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC);
	ptrace(PTRACE_SYSCALL, pid, 0, 0);
	while ((stopped = waitpid(-1, &status, __WALL)) > 0) {
		if (!WIFSTOPPED(status))
			continue;
		if (!is_syscall_stop(status))
			state->stops++;
		ptrace(PTRACE_SYSCALL, stopped, 0, WSTOPSIG(status) == SIGCHLD ? SIGCHLD : 0);
	}
	return 0;
}

static const struct sock_filter filter[] = {LOAD_NR, ON_CALL(SYS_chdir, SECCOMP_RET_USER_NOTIF),
					    ON_CALL(SYS_execve, SECCOMP_RET_USER_NOTIF), ALLOW_REST};

/* Overwrites, lets the call pass, waits until its tracer has got it, puts back. */
static void lead_to(int listener, const struct seccomp_notif *call, const char *path, bool executes)
{
	const size_t size = strlen(path) + 1;
	const off_t at = (off_t)call->data.args[0];
	char name[32], old[64], exe[64] = "";
	int mem;

	snprintf(name, sizeof(name), "/proc/%d/mem", call->pid);
	mem = (int)MUST(open(name, O_RDWR | O_CLOEXEC));
	check_is(pread(mem, old, size, at), (long)size, "its memory is read");
	check_is(pwrite(mem, path, size, at), (long)size, "its memory is written");
	check_is(let_pass(listener, call), 0, "the call goes on");
	if (executes) {
		snprintf(name, sizeof(name), "/proc/%d/exe", call->pid);
		AWAIT(readlink(name, exe, sizeof(exe) - 1) > 0 && strstr(exe, "sleep"));
	} else
		AWAIT(task_state((pid_t)call->pid) != 'S');
	pause_ms(executes ? 0 : 1);
	check_is(pwrite(mem, old, size, at), (long)size, "its memory is put back by the same descriptor");
	close(mem);
}

int main(void)
{
	struct seccomp_notif call;
	struct guest guest;
	char path[64];
	int fd;

	begin();
	state = share(sizeof(*state));
	guest = START_GUEST(filter, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, debugger, NULL);
	fd = (int)MUST(open("/usr", O_PATH | O_CLOEXEC));
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), fd);
	check(receive_call(guest.listener, &call) && call.data.nr == SYS_chdir, "chdir is received", "none");
	errno = 0;
	check_is(RESULT(ptrace(PTRACE_SEIZE, call.pid, 0, 0)), -EPERM, "PTRACE_SEIZE is refused");
	lead_to(guest.listener, &call, path, false);

	fd = (int)MUST(open("/bin/sleep", O_PATH | O_CLOEXEC));
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), fd);
	check(receive_call(guest.listener, &call) && call.data.nr == SYS_execve, "execve is received",
	      "none");
	lead_to(guest.listener, &call, path, true);
	check_is(wait_exit(guest.pid), 0, "the debugger ends well");
	check_is(state->chdir_result, 0, "chdir succeeded");
	check(strcmp(state->cwd, "/usr") == 0, "it went to the other directory", "%s", state->cwd);
	check(state->constant_kept, "the constant is as it was", "it is not");
	check(state->path_kept, "the parent's path is as it was", "it is not");
	check_is(state->exec_status, 0, "the other program was executed");
	check_is(state->stops, 4, "the debugger saw vfork, the child's first stop, the execve and SIGCHLD");
	return end();
}
