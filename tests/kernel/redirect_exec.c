/* An execve whose file another process chose: the stopped task makes it with the path /proc/SUPERVISOR/fd/N, and a 64-bit
 * secret in the sixth argument register, which execve does not have, lets it through the filter. An exec by a thread that
 * is not the leader is reported under the process's number, with the old one in GETEVENTMSG. */
#include "tests/kernel/tracee.h"

#define SECRET	0x5ca1ab1e0ddba11fUL
#define ARRIVED 42

enum start { BY_LEADER, BY_THREAD, REFUSED };

static char scratch[64]; /* of the guest, where the path is written: a fork has it at the same address */

#define ARGUMENT_6(half) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5]) + 4 * (half))

static const struct sock_filter filter[] = {
	LOAD_NR,
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 0, 5),
	ARGUMENT_6(0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)SECRET, 0, 2),
	ARGUMENT_6(1),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(SECRET >> 32), 1, 0),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	ALLOW_REST,
};

static long exec_with(const char *path, uint64_t sixth)
{
	static const char *const args[] = {"guest", "arrived", NULL}, *const env[] = {"KEPT=yes", NULL};

	return RESULT(syscall(SYS_execve, path, args, env, 0, 0, sixth));
}

static int by_secret(void *arg)
{
	long *results = arg;

	results[0] = exec_with("/no/such/program", SECRET);
	for (int bit = 0; bit < 64; bit++)
		if (exec_with("/no/such/program", SECRET ^ 1UL << bit) == -EXDEV)
			results[1]++;
	return 0;
}

static void *thread(void *arg)
{
	exec_with("/no/such/program", 0);
	return arg;
}

static int redirected(void *arg)
{
	enum start start = *(enum start *)arg;
	pthread_t id;

	if (start != BY_THREAD)
		return (int)-exec_with("/no/such/program", 0);
	if (pthread_create(&id, NULL, thread, NULL))
		return 1;
	pthread_join(id, NULL);
	return 1;
}

static void secret_passes(void)
{
	long *results = share(2 * sizeof(*results));
	struct guest guest = START_GUEST(filter, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, by_secret, results);
	struct seccomp_notif call;
	int asked = 0;

	while (receive_call(guest.listener, &call)) {
		answer(guest.listener, &call, -EXDEV);
		asked++;
	}
	check_is(wait_exit(guest.pid), 0, "the guest ends");
	check_is(results[0], -ENOENT, "execve with the secret goes to the kernel");
	check_is(results[1], 64, "execve with any one bit wrong goes to the listener");
	check_is(asked, 64, "and nothing else does");
	close(guest.listener);
}

/* To the entry stop of the execve with the other path. */
static bool start_redirect(pid_t tid, int fd, struct user_regs_struct *old)
{
	struct user_regs_struct regs;
	char path[sizeof(scratch)];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), fd);
	if (!write_to(tid, (uint64_t)scratch, path, sizeof(path)) || ptrace(PTRACE_GETREGS, tid, 0, old))
		return false;
	regs = *old;
	regs.rip -= 2; /* the syscall instruction again */
	regs.rax = SYS_execve;
	regs.orig_rax = -1UL;
	regs.rdi = (uint64_t)scratch;
	regs.r9 = SECRET;
	return !ptrace(PTRACE_SETREGS, tid, 0, &regs) && !ptrace(PTRACE_SYSCALL, tid, 0, 0) &&
	       is_syscall_stop(wait_stop(tid)) && !ptrace(PTRACE_SYSCALL, tid, 0, 0);
}

/* Receives the execve and redirects it to the file; returns the status of the stop that follows, that task in *who. */
static int redirect(const struct guest *guest, int fd, pid_t *who, pid_t *tid, struct user_regs_struct *old)
{
	struct seccomp_notif call;
	int status = -1;

	if (!receive_call(guest->listener, &call))
		return -1;
	*tid = (pid_t)call.pid;
	if (!check(stop_in_call(guest->listener, &call, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC),
		   "the task stops in its execve", "errno %d", errno))
		return -1;
	if (!check(start_redirect(*tid, fd, old), "it makes an execve of our file", "errno %d", errno))
		return -1;
	*who = waitpid(-1, &status, __WALL);
	return status;
}

static void arrives(enum start start)
{
	struct guest guest = START_GUEST(filter, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, redirected, &start);
	int fd = MUST(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
	struct user_regs_struct old;
	unsigned long message = 0;
	pid_t who = 0, tid = 0;
	int status = redirect(&guest, fd, &who, &tid, &old);

	check(is_event(status, PTRACE_EVENT_EXEC), "the new image is reported", "status %#x", status);
	check_is(who, guest.pid, "under the number of the process");
	check_is(ptrace(PTRACE_GETEVENTMSG, who, 0, &message), 0, "the event has a message");
	check_is((long)message, tid, "which is the old number of the task");
	check((tid == guest.pid) == (start == BY_LEADER), "the right thread made the call", "tid %d of %d",
	      tid, guest.pid);
	check_is(ptrace(PTRACE_DETACH, who, 0, 0), 0, "it is let go");
	check_is(wait_exit(guest.pid), ARRIVED, "the program runs with its arguments and environment");
	close(fd);
	close(guest.listener);
}

/* A redirected execve that fails is the guest's execve that fails. */
static void is_refused(void)
{
	enum start start = REFUSED;
	struct guest guest = START_GUEST(filter, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, redirected, &start);
	int fd = MUST(memfd_create("no program", MFD_CLOEXEC));
	struct user_regs_struct old, regs;
	pid_t who = 0, tid = 0;
	int status;

	MUST(fchmod(fd, 0600));
	status = redirect(&guest, fd, &who, &tid, &old);
	check(is_syscall_stop(status), "an execve that fails ends with its exit stop", "status %#x", status);
	MUST(ptrace(PTRACE_GETREGS, tid, 0, &regs));
	check_is((long)regs.rax, -EACCES, "with its errno");
	old.rax = regs.rax;
	old.orig_rax = SYS_execve;
	check(!ptrace(PTRACE_SETREGS, tid, 0, &old) && !ptrace(PTRACE_DETACH, tid, 0, 0),
	      "it gets its registers back", "errno %d", errno);
	check_is(wait_exit(guest.pid), EACCES, "the guest goes on with that errno");
	close(fd);
	close(guest.listener);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "arrived")) /* what the guests are made to execute */
		return getenv("KEPT") ? ARRIVED : 1;
	begin();
	secret_passes();
	arrives(BY_LEADER);
	arrives(BY_THREAD);
	is_refused();
	return end();
}
