/* A signal that comes before a notified call was received ends the call with EINTR, which stat never does natively. The
 * call had no effect then, so it may be made again: when the handler returns, rt_sigreturn, which is notified as well, is
 * the place to put the number and the address of the call back into the signal frame. With this repair no false EINTR is
 * left; without it, the first part shows one each time, and the second counts them under a timer. */
#include "tests/kernel/kernel.h"

#include <sys/time.h>
#include <ucontext.h>

#define ROUNDS	 50
#define RUN_NS	 1e9
#define TIMER_US 1000

#define FRAME_RAX (offsetof(ucontext_t, uc_mcontext.gregs) + REG_RAX * 8)
#define FRAME_RIP (offsetof(ucontext_t, uc_mcontext.gregs) + REG_RIP * 8)

struct state {
	atomic_long handled, calls, interrupted, wrong;
	bool under_timer; /* the guest calls for RUN_NS under a timer; else it makes ROUNDS calls */
};

static struct state *state;

static const struct sock_filter filter[] = {LOAD_NR, ON_CALL(SYS_newfstatat, SECCOMP_RET_USER_NOTIF),
					    ON_CALL(SYS_rt_sigreturn, SECCOMP_RET_USER_NOTIF), ALLOW_REST};

static void on_signal(int signo)
{
	(void)signo;
	state->handled++;
}

/* With the number in the instruction before the call, as libc makes it; the answer is 4711. */
static long call_stat(void)
{
	long result;

	__asm__ volatile("movl %1, %%eax\n\tsyscall"
			 : "=&a"(result)
			 : "i"(SYS_newfstatat), "D"(0L), "S"(0L), "d"(0L)
			 : "rcx", "r11", "memory");
	return result;
}

static int run(void *arg)
{
	struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART */
	struct itimerval timer = {{0, TIMER_US}, {0, TIMER_US}}, off = {{0, 0}, {0, 0}};
	double until = now_ns() + RUN_NS;

	(void)arg;
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	if (state->under_timer)
		setitimer(ITIMER_REAL, &timer, NULL);
	for (int i = 0; state->under_timer ? now_ns() < until : i < ROUNDS; i++) {
		long result = call_stat();

		state->calls++;
		if (result == -EINTR)
			state->interrupted++;
		else if (result != 4711)
			state->wrong++;
	}
	if (state->under_timer)
		setitimer(ITIMER_REAL, &off, NULL);
	return 0;
}

static bool guest_memory(bool write, pid_t pid, uint64_t address, void *data, size_t size)
{
	struct iovec local = {data, size}, remote = {(void *)address, size};
	ssize_t n = write ? process_vm_writev(pid, &local, 1, &remote, 1, 0)
			  : process_vm_readv(pid, &local, 1, &remote, 1, 0);

	return n == (ssize_t)size;
}

/* The stack pointer of a task in a call; 0 when the call is over. Says "running" until the task is asleep. */
static uint64_t stack_pointer(int listener, const struct seccomp_notif *call)
{
	char path[64], line[256], *last;
	uint64_t sp = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/syscall", call->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	do {
		n = pread(fd, line, sizeof(line) - 1, 0);
		if (n > 0 && line[0] != 'r') {
			line[n] = 0;
			last = strrchr(line, ' ');
			*last = 0;
			sp = strtoul(strrchr(line, ' ') + 1, NULL, 16);
			break;
		}
	} while (n > 0 && still_waits(listener, call));
	close(fd);
	return sp;
}

/* The number in the instruction before the syscall instruction that ends at rip: mov $n,%eax or mov $n,%rax; or -1. */
static int number_before(pid_t pid, uint64_t rip)
{
	unsigned char code[9];
	int nr = -1;

	if (!guest_memory(false, pid, rip - 9, code, sizeof(code)) || code[7] != 0x0f || code[8] != 0x05)
		return -1;
	if (code[2] == 0xb8 || (code[0] == 0x48 && code[1] == 0xc7 && code[2] == 0xc0))
		memcpy(&nr, code + 3, sizeof(nr));
	return nr;
}

/* What repair() did. */
enum repaired { NOTHING, A_STAT, A_SIGRETURN };

/* rt_sigreturn itself is always repaired: its own notification can be interrupted, too, and a guest that returns from it
 * is lost. */
static enum repaired repair(int listener, const struct seccomp_notif *call, bool stats)
{
	pid_t pid = (pid_t)call->pid;
	uint64_t sp = stack_pointer(listener, call), rax, rip;
	int nr;

	if (!sp || !guest_memory(false, pid, sp + FRAME_RAX, &rax, 8) || (long)rax != -EINTR ||
	    !guest_memory(false, pid, sp + FRAME_RIP, &rip, 8))
		return NOTHING;
	nr = number_before(pid, rip);
	if (nr != SYS_rt_sigreturn && (nr != SYS_newfstatat || !stats))
		return NOTHING;
	rax = (uint64_t)nr;
	rip -= 2;
	if (!still_waits(listener, call) || !guest_memory(true, pid, sp + FRAME_RAX, &rax, 8) ||
	    !guest_memory(true, pid, sp + FRAME_RIP, &rip, 8))
		return NOTHING;
	return nr == SYS_newfstatat ? A_STAT : A_SIGRETURN;
}

/* The frames that were repaired, by what was put back. */
static long repaired[3];

/* Serves one call of the guest; false when the guest is gone. */
static bool serve(const struct guest *guest, bool stats)
{
	struct seccomp_notif call;

	if (!receive_call(guest->listener, &call))
		return false;
	if (call.data.nr == SYS_rt_sigreturn) {
		repaired[repair(guest->listener, &call, stats)]++;
		let_pass(guest->listener, &call);
	} else {
		answer(guest->listener, &call, 4711);
	}
	return true;
}

/* A signal to the guest while its call waits to be received; returns when its handler has run. */
static void disturb(const struct guest *guest, int signo)
{
	struct pollfd p = {.fd = guest->listener, .events = POLLIN};
	long handled = state->handled;

	while (poll(&p, 1, -1) < 0)
		;
	if (kill(guest->pid, signo) == 0)
		AWAIT(state->handled > handled || task_state(guest->pid) == 'Z');
}

static struct guest start(bool under_timer)
{
	memset(state, 0, sizeof(*state));
	memset(repaired, 0, sizeof(repaired));
	state->under_timer = under_timer;
	return START_GUEST(filter, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, run, NULL);
}

static void finish(struct guest *guest, bool stats)
{
	while (serve(guest, stats))
		;
	check_is(wait_exit(guest->pid), 0, "the guest ends well");
	close(guest->listener);
	check_is(state->wrong, 0, "no call returns anything but EINTR or its answer");
	printf("# %s: %ld calls, %ld signals, %ld false EINTR, %ld calls and %ld returns from handlers made "
	       "again\n",
	       stats ? "with repair" : "without repair", state->calls, state->handled, state->interrupted,
	       repaired[A_STAT], repaired[A_SIGRETURN]);
}

/* Each call is interrupted before it is received, and so is the return from the handler. */
static void on_purpose(bool stats)
{
	struct guest guest = start(false);

	for (int i = 0; i < ROUNDS; i++) {
		disturb(&guest, SIGUSR1);
		disturb(&guest, SIGUSR2);
		for (int k = 0; k < (stats ? 3 : 2); k++) /* the handlers' returns, then the call again */
			serve(&guest, stats);
	}
	finish(&guest, stats);
	check_is(state->handled, 2L * ROUNDS, "each signal was handled once");
	check_is(repaired[A_SIGRETURN], ROUNDS, "an interrupted return from a handler is made again");
	if (stats) {
		check_is(state->interrupted, 0, "with the repair no call returns EINTR");
		check_is(repaired[A_STAT], ROUNDS, "because it is made again");
	} else {
		check_is(state->interrupted, ROUNDS, "without the repair each call returns EINTR");
	}
}

static void under_timer(bool stats)
{
	struct guest guest = start(true);

	finish(&guest, stats);
	check(state->handled > 10 && state->calls > 10, "calls are made and signals handled",
	      "%ld calls, %ld signals", state->calls, state->handled);
	if (stats)
		check_is(state->interrupted, 0, "with the repair no call returns EINTR under a timer");
}

int main(void)
{
	begin();
	state = share(sizeof(*state));
	on_purpose(false);
	on_purpose(true);
	under_timer(false);
	under_timer(true);
	return end();
}
