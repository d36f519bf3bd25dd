/* kill, tkill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo, and fcntl(F_SETOWN). */
#include "guest.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* What the handlers saw, shared with children. */
struct seen {
	volatile int count, sig, code, value;
	volatile pid_t pid;
	volatile uid_t uid;
};

static struct seen *seen;

static void on_signal(int sig, siginfo_t *si, void *context)
{
	(void)context;
	seen->sig = sig;
	seen->code = si->si_code;
	seen->pid = si->si_pid;
	seen->uid = si->si_uid;
	seen->value = si->si_value.sival_int;
	__atomic_add_fetch(&seen->count, 1, __ATOMIC_SEQ_CST);
}

static void handle(int sig)
{
	struct sigaction sa = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};

	sigaction(sig, &sa, NULL);
}

static bool saw(int count, int sig, int code, pid_t from)
{
	for (int i = 0; i < 1000 && seen->count < count; i++)
		sleep_ms(2);
	if (seen->count == count && seen->sig == sig && seen->code == code && seen->pid == from &&
	    seen->uid == getuid())
		return true;
	printf("# saw count %d sig %d code %d pid %d\n", seen->count, seen->sig, seen->code, seen->pid);
	return false;
}

/* A child that handles SIGUSR1, in a group of its own or not. */
static pid_t spawn(bool own_group)
{
	int fds[2];
	char c;
	pid_t pid;

	fflush(stdout);
	MUST(pipe2(fds, O_CLOEXEC));
	pid = MUST(fork());
	if (!pid) {
		handle(SIGUSR1);
		if (own_group)
			setpgid(0, 0);
		if (write(fds[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	MUST(read(fds[0], &c, 1));
	close(fds[0]);
	close(fds[1]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	wait_for(pid);
}

static void test_one(void)
{
	pid_t child = spawn(false), me = getpid();

	memset(seen, 0, sizeof(*seen));
	CHECK_OK(syscall(SYS_kill, me, SIGUSR1));
	CHECK(saw(1, SIGUSR1, SI_USER, me));
	CHECK_OK(syscall(SYS_kill, child, SIGUSR1));
	CHECK(saw(2, SIGUSR1, SI_USER, me));
	CHECK_OK(syscall(SYS_tkill, me, SIGUSR1));
	CHECK(saw(3, SIGUSR1, SI_TKILL, me));
	CHECK_OK(syscall(SYS_tkill, child, SIGUSR1));
	CHECK(saw(4, SIGUSR1, SI_TKILL, me));
	CHECK_OK(syscall(SYS_tgkill, child, child, SIGUSR1));
	CHECK(saw(5, SIGUSR1, SI_TKILL, me));
	CHECK_ERRNO(syscall(SYS_tgkill, me, child, SIGUSR1), ESRCH);
	CHECK_OK(syscall(SYS_kill, child, 0));
	CHECK_OK(syscall(SYS_kill, child, SIGSTOP));
	CHECK(wait_state(child, "T"));
	CHECK_OK(syscall(SYS_kill, child, SIGCONT));
	CHECK(wait_state(child, "S"));
	CHECK_ERRNO(syscall(SYS_kill, child, 65), EINVAL);
	CHECK_ERRNO(syscall(SYS_kill, child, -1), EINVAL);
	CHECK_ERRNO(syscall(SYS_tkill, 0, SIGUSR1), EINVAL);
	CHECK_ERRNO(syscall(SYS_tkill, -1, SIGUSR1), EINVAL);
	CHECK_ERRNO(syscall(SYS_tgkill, 0, child, SIGUSR1), EINVAL);
	CHECK_ERRNO(syscall(SYS_tkill, child, 65), EINVAL);
	CHECK_OK(syscall(SYS_kill, child, SIGTERM));
	CHECK_VALUE(wait_for(child), 128 + SIGTERM);
	CHECK_ERRNO(syscall(SYS_kill, child, 0), ESRCH);
	CHECK_ERRNO(syscall(SYS_kill, INT_MIN, SIGUSR1), ESRCH);
}

static void test_queue(void)
{
	pid_t child = spawn(false), me = getpid();
	siginfo_t si = {.si_signo = SIGUSR1, .si_code = SI_QUEUE};

	si.si_pid = me;
	si.si_uid = getuid();
	si.si_value.sival_int = 4711;
	memset(seen, 0, sizeof(*seen));
	CHECK_OK(syscall(SYS_rt_sigqueueinfo, me, SIGUSR1, border(&si, sizeof(si))));
	CHECK(saw(1, SIGUSR1, SI_QUEUE, me) && seen->value == 4711);
	CHECK_OK(syscall(SYS_rt_sigqueueinfo, child, SIGUSR1, &si));
	CHECK(saw(2, SIGUSR1, SI_QUEUE, me) && seen->value == 4711);
	CHECK_OK(syscall(SYS_rt_tgsigqueueinfo, child, child, SIGUSR1, &si));
	CHECK(saw(3, SIGUSR1, SI_QUEUE, me));
	CHECK_ERRNO(syscall(SYS_rt_sigqueueinfo, child, SIGUSR1, NULL), EFAULT);
	CHECK_ERRNO(syscall(SYS_rt_tgsigqueueinfo, child, 0, SIGUSR1, &si), EINVAL);
	si.si_code = SI_USER;
	CHECK_ERRNO(syscall(SYS_rt_sigqueueinfo, child, SIGUSR1, &si), EPERM);
	end(child);
}

static void *killed_thread(void *ret)
{
	*(pid_t *)ret = syscall(SYS_gettid);
	for (int i = 0; i < 500 && !seen->count; i++)
		sleep_ms(2);
	return NULL;
}

static void test_thread(void)
{
	pid_t tid = 0, me = getpid();
	pthread_t t;

	memset(seen, 0, sizeof(*seen));
	pthread_create(&t, NULL, killed_thread, &tid);
	while (!__atomic_load_n(&tid, __ATOMIC_SEQ_CST))
		sleep_ms(1);
	CHECK_OK(syscall(SYS_tgkill, me, tid, SIGUSR1));
	CHECK(saw(1, SIGUSR1, SI_TKILL, me));
	pthread_join(t, NULL);
	memset(seen, 0, sizeof(*seen));
	pthread_kill(pthread_self(), SIGUSR1);
	raise(SIGUSR1);
	CHECK(saw(2, SIGUSR1, SI_TKILL, me));
}

/* The group, and everything: in a process that is a group leader itself, so that the driver is not hit on the bare
 * kernel. */
static int group_leader(bool everything)
{
	pid_t a, b, c, me;

	setpgid(0, 0);
	me = getpid();
	a = spawn(false);
	b = spawn(false);
	c = spawn(true);
	memset(seen, 0, sizeof(*seen));
	CHECK_OK(syscall(SYS_kill, 0, SIGUSR1));
	CHECK(saw(3, SIGUSR1, SI_USER, me));
	CHECK_OK(syscall(SYS_kill, -me, SIGUSR1));
	CHECK(saw(6, SIGUSR1, SI_USER, me));
	CHECK_OK(syscall(SYS_kill, -c, SIGUSR1));
	CHECK(saw(7, SIGUSR1, SI_USER, me));
	CHECK_OK(syscall(SYS_kill, 0, 0));
	CHECK_ERRNO(syscall(SYS_kill, -a, SIGUSR1), ESRCH);
	CHECK_ERRNO(syscall(SYS_kill, 0, 65), EINVAL);
	CHECK_ERRNO(syscall(SYS_kill, -me, 65), EINVAL);
	if (everything) {
		/* all of the container but the caller; the program itself ignores it */
		CHECK_OK(syscall(SYS_kill, -1, 0));
		CHECK_ERRNO(syscall(SYS_kill, -1, 65), EINVAL);
		CHECK_OK(syscall(SYS_kill, -1, SIGUSR2));
		CHECK_VALUE(wait_for(a), 128 + SIGUSR2);
		CHECK_VALUE(wait_for(b), 128 + SIGUSR2);
		CHECK_VALUE(wait_for(c), 128 + SIGUSR2);
		CHECK_OK(syscall(SYS_kill, getppid(), 0));
	} else {
		end(a);
		end(b);
		end(c);
	}
	return guest_end();
}

static void test_outside(void)
{
	siginfo_t si = {.si_signo = SIGKILL, .si_code = SI_QUEUE};
	pid_t out = guest.outside;

	if (!in_view())
		return;
	CHECK_ERRNO(syscall(SYS_kill, out, 0), ESRCH);
	CHECK_ERRNO(syscall(SYS_kill, out, SIGKILL), ESRCH);
	CHECK_ERRNO(syscall(SYS_kill, -out, SIGKILL), ESRCH);
	CHECK_ERRNO(syscall(SYS_tkill, out, SIGKILL), ESRCH);
	CHECK_ERRNO(syscall(SYS_tgkill, out, out, SIGKILL), ESRCH);
	CHECK_ERRNO(syscall(SYS_tgkill, getpid(), out, SIGKILL), ESRCH);
	CHECK_ERRNO(syscall(SYS_rt_sigqueueinfo, out, SIGKILL, &si), ESRCH);
	CHECK_ERRNO(syscall(SYS_rt_tgsigqueueinfo, out, out, SIGKILL, &si), ESRCH);
	/* the supervisor, and init */
	CHECK_ERRNO(syscall(SYS_kill, getppid(), SIGKILL), ESRCH);
	CHECK_ERRNO(syscall(SYS_kill, 1, 0), ESRCH);
}

/* Whom the kernel signals when a descriptor becomes readable. */
static void test_owner(void)
{
	int fds[2];
	pid_t child;

	memset(seen, 0, sizeof(*seen));
	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
	handle(SIGIO);
	CHECK_OK(syscall(SYS_fcntl, fds[0], F_SETOWN, getpid()));
	CHECK_VALUE(syscall(SYS_fcntl, fds[0], F_GETOWN, 0), getpid());
	MUST(fcntl(fds[0], F_SETFL, O_ASYNC));
	MUST(write(fds[1], "x", 1));
	for (int i = 0; i < 500 && !seen->count; i++)
		sleep_ms(2);
	CHECK_VALUE(seen->sig, SIGIO);
	child = spawn(true);
	CHECK_OK(syscall(SYS_fcntl, fds[0], F_SETOWN, child));
	CHECK_VALUE(syscall(SYS_fcntl, fds[0], F_GETOWN, 0), child);
	CHECK_OK(syscall(SYS_fcntl, fds[0], F_SETOWN, -child));
	CHECK_OK(syscall(SYS_fcntl, fds[0], F_SETOWN, 0));
	end(child);
	CHECK_ERRNO(syscall(SYS_fcntl, -1, F_SETOWN, getpid()), EBADF);
	if (in_view()) {
		CHECK_ERRNO(syscall(SYS_fcntl, fds[0], F_SETOWN, guest.outside), ESRCH);
		CHECK_ERRNO(syscall(SYS_fcntl, fds[0], F_SETOWN, -guest.outside), ESRCH);
	}
	signal(SIGIO, SIG_IGN);
	close(fds[0]);
	close(fds[1]);
}

int main(int argc, char **argv)
{
	pid_t pid;

	guest_begin(argc, argv);
	seen = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	handle(SIGUSR1);
	test_one();
	test_queue();
	test_thread();
	test_owner();
	signal(SIGUSR2, SIG_IGN);
	fflush(stdout);
	pid = MUST(fork());
	if (!pid) {
		signal(SIGUSR2, SIG_DFL);
		/* kill(-1) means every process of the user on the bare kernel */
		_exit(group_leader(in_view()));
	}
	CHECK_VALUE(wait_for(pid), 0);
	test_outside();
	return guest_end();
}
