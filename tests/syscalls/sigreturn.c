/* Signals do not make calls fail that Linux never interrupts: stat, open and readlink give no EINTR, also with handlers
 * that were installed without SA_RESTART. The registers survive the way back from the handler. */
#include "guest.h"

#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <ucontext.h>

#define CALLS 20000

static volatile int signals;

static void on_signal(int sig)
{
	(void)sig;
	signals++;
}

struct counts {
	int interrupted, wrong;
};

/* By the C library's own call sites, as programs make them. */
static struct counts make_calls(int n)
{
	struct counts k = {0};
	char buf[64];

	for (int i = 0; i < n; i++) {
		struct stat st;
		DIR *dir;
		int fd;

		errno = 0;
		switch (i % 5) {
		case 0:
			if (stat(guest.argv[0], &st) < 0)
				errno == EINTR ? k.interrupted++ : k.wrong++;
			break;
		case 1:
			fd = open(guest.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			if (fd < 0)
				errno == EINTR ? k.interrupted++ : k.wrong++;
			else
				close(fd);
			break;
		case 2:
			if (readlink("/proc/self/cwd", buf, sizeof(buf)) < 0)
				errno == EINTR ? k.interrupted++ : k.wrong++;
			break;
		case 3: /* whose call site loads an argument behind the number */
			dir = opendir(guest.dir);
			if (!dir)
				errno == EINTR ? k.interrupted++ : k.wrong++;
			else
				closedir(dir);
			break;
		default:
			if (access("nothing-here", F_OK) == 0 || errno != ENOENT)
				errno == EINTR ? k.interrupted++ : k.wrong++;
		}
	}
	return k;
}

static timer_t start_timer(int sig, long ns)
{
	struct itimerspec its = {{0, ns}, {0, ns}};
	struct sigevent se = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = sig};
	struct sigaction sa = {.sa_handler = on_signal};
	timer_t t;

	sigaction(sig, &sa, NULL);
	MUST(timer_create(CLOCK_MONOTONIC, &se, &t));
	MUST(timer_settime(t, 0, &its, NULL));
	return t;
}

static void *thread(void *ret)
{
	*(struct counts *)ret = make_calls(CALLS / 4);
	return NULL;
}

static void test_interrupted(void)
{
	timer_t a = start_timer(SIGUSR1, 200000), b = start_timer(SIGUSR2, 274000);
	struct counts k = make_calls(CALLS), per_thread[3];
	pthread_t t[3];

	CHECK_VALUE(k.interrupted, 0);
	CHECK_VALUE(k.wrong, 0);
	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, thread, &per_thread[i]);
	for (int i = 0; i < 3; i++) {
		pthread_join(t[i], NULL);
		CHECK_VALUE(per_thread[i].interrupted, 0);
		CHECK_VALUE(per_thread[i].wrong, 0);
	}
	timer_delete(a);
	timer_delete(b);
	printf("# %d signals\n", signals);
	CHECK(signals > 20);
}

/* Calls that wait are interrupted, as they should be. */
static void test_real_eintr(void)
{
	timer_t t = start_timer(SIGUSR1, 20000000);
	struct timespec ts = {5, 0};
	int fds[2];
	char c;

	MUST(pipe2(fds, O_CLOEXEC));
	CHECK_ERRNO(read(fds[0], &c, 1), EINTR);
	CHECK_ERRNO(nanosleep(&ts, NULL), EINTR);
	CHECK_ERRNO(pause(), EINTR);
	timer_delete(t);
	close(fds[0]);
	close(fds[1]);
}

/* A frame's values are the handler's to change. (Not to -EINTR behind a call that never returns it: that is repaired.) */
static volatile long rax_before;

static void set_rax(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	(void)si;
	rax_before = uc->uc_mcontext.gregs[REG_RAX];
	uc->uc_mcontext.gregs[REG_RAX] = -ENOTTY;
}

static void test_registers(void)
{
	struct sigaction sa = {.sa_sigaction = set_rax, .sa_flags = SA_SIGINFO};
	long rax = SYS_getpid, rbx = 0x1122334455667788, r12 = 0x99aabbccddeeff00, r15 = -7;
	double xmm = 1.5, out = 0;

	sigaction(SIGSEGV, &sa, NULL);
	/* kill(self) returns with the signal delivered; the handler changes its result */
	sigaction(SIGUSR1, &sa, NULL);
	rax = kill(getpid(), SIGUSR1);
	CHECK(rax == -1 && errno == ENOTTY);
	CHECK_VALUE(rax_before, 0);
	signal(SIGUSR1, on_signal);
	asm volatile("movq %[xmm], %%xmm9\n\t"
		     "mov %[sig], %%esi\n\t"
		     "mov %[pid], %%edi\n\t"
		     "mov $62, %%eax\n\t"
		     "syscall\n\t"
		     "movq %%xmm9, %[out]\n\t"
		     : [out] "=m"(out), "+b"(rbx), "=a"(rax)
		     : [xmm] "m"(xmm), [sig] "i"(SIGUSR1), [pid] "r"(getpid())
		     : "rcx", "r11", "rdi", "rsi", "xmm9", "memory");
	CHECK(rax == 0 && rbx == 0x1122334455667788 && out == 1.5);
	{
		register long a asm("r12") = r12;
		register long b asm("r15") = r15;

		asm volatile("mov $62, %%eax\n\tsyscall"
			     : "+r"(a), "+r"(b), "=a"(rax)
			     : "D"(getpid()), "S"(SIGUSR1)
			     : "rcx", "r11", "memory");
		CHECK(rax == 0 && a == r12 && b == r15);
	}
}

static sigjmp_buf jump;

static void jump_out(int sig)
{
	(void)sig;
	siglongjmp(jump, 1);
}

/* Handlers within handlers, on another stack, left by longjmp. */
static void test_handlers(void)
{
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_NODEFER};
	static char stack[65536];
	stack_t ss = {.ss_sp = stack, .ss_size = sizeof(stack)};
	sigset_t mask;
	int before;

	MUST(sigaltstack(&ss, NULL));
	sigaction(SIGUSR1, &sa, NULL);
	before = signals;
	for (int i = 0; i < 100; i++)
		raise(SIGUSR1);
	CHECK_VALUE(signals - before, 100);
	sa.sa_handler = jump_out;
	sigaction(SIGUSR1, &sa, NULL);
	if (!sigsetjmp(jump, 1)) {
		raise(SIGUSR1);
		CHECK(false);
	}
	/* the mask comes back with the frame */
	sigprocmask(SIG_SETMASK, NULL, &mask);
	CHECK(!sigismember(&mask, SIGUSR1));
	CHECK(make_calls(100).wrong == 0);
}

int main(int argc, char **argv)
{
	guest_begin(argc, argv);
	test_interrupted();
	test_real_eintr();
	test_registers();
	test_handlers();
	return guest_end();
}
