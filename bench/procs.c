/*
 * Processes, threads, waiting and waking: nanoseconds per iteration. See bench.h for the use. Two rows are different:
 *
 *	procs run N COMMAND [ARG...]	the time from spawn to exit of a whole command
 *	procs steps N K			K times: N forks, one line out, wait for one line in
 */
#include "bench/bench.h"

#include <linux/futex.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* --- processes --- */

static void reap(pid_t pid)
{
	int status;

	must(pid > 0, "fork");
	must(waitpid(pid, &status, 0) == pid && status == 0, "wait");
}

static void loop_fork_wait(struct bench *b, long n)
{
	(void)b;
	while (n--) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		reap(pid);
	}
}

static void exec_loop(const char *program, long n)
{
	char *argv[] = {(char *)program, NULL};

	while (n--) {
		pid_t pid = fork();

		if (pid == 0) {
			execve(program, argv, environ);
			_exit(127);
		}
		reap(pid);
	}
}

static void loop_exec_dynamic(struct bench *b, long n)
{
	exec_loop(b->dynamic, n);
}

static void loop_exec_static(struct bench *b, long n)
{
	exec_loop(b->fixed, n);
}

/* What make, ninja and shells of this day do. */
static void loop_vfork_exec(struct bench *b, long n)
{
	char *argv[] = {b->dynamic, NULL};

	while (n--) {
		pid_t pid = vfork();

		if (pid == 0) {
			execve(b->dynamic, argv, environ);
			_exit(127);
		}
		reap(pid);
	}
}

static void loop_spawn(struct bench *b, long n)
{
	char *argv[] = {b->dynamic, NULL};

	while (n--) {
		pid_t pid;

		must(posix_spawn(&pid, b->dynamic, NULL, NULL, argv, environ) == 0, "posix_spawn");
		reap(pid);
	}
}

static void loop_run(struct bench *b, long n)
{
	while (n--) {
		pid_t pid;

		must(posix_spawnp(&pid, b->argv[0], NULL, NULL, b->argv, environ) == 0, b->argv[0]);
		reap(pid);
	}
}

static void *no_work(void *arg)
{
	return arg;
}

static void loop_pthread(struct bench *b, long n)
{
	while (n--) {
		pthread_t thread;

		must(pthread_create(&thread, NULL, no_work, b) == 0, "pthread_create");
		must(pthread_join(thread, NULL) == 0, "pthread_join");
	}
}

/* --- waiting and waking --- */

static void setup_pipe(struct bench *b)
{
	int to[2], from[2];
	char c;

	must(pipe2(to, O_CLOEXEC) == 0 && pipe2(from, O_CLOEXEC) == 0, "pipe2");
	b->child = fork();
	must(b->child >= 0, "fork");
	if (b->child == 0) {
		close(to[1]);
		while (read(to[0], &c, 1) == 1 && write(from[1], &c, 1) == 1)
			;
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	b->peer[0] = to[1];
	b->peer[1] = from[0];
}

static void loop_pipe(struct bench *b, long n)
{
	char c = 'x';

	while (n--)
		must(write(b->peer[0], &c, 1) == 1 && read(b->peer[1], &c, 1) == 1, "pipe");
}

static void teardown_pipe(struct bench *b)
{
	close(b->peer[0]);
	reap(b->child);
}

static void futex(atomic_int *word, int op, int value)
{
	must(syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0) >= 0 ||
		     errno == EAGAIN || errno == EINTR,
	     "futex");
}

/* Waits while the word has the value; returns what it became. */
static int await_not(atomic_int *word, int value)
{
	int now;

	while ((now = atomic_load(word)) == value)
		futex(word, FUTEX_WAIT, value);
	return now;
}

static void *futex_peer(void *arg)
{
	struct bench *b = arg;

	while (await_not(&b->turn, 0) == 1) {
		atomic_store(&b->turn, 0);
		futex(&b->turn, FUTEX_WAKE, 1);
	}
	return NULL;
}

static void setup_futex(struct bench *b)
{
	must(pthread_create(&b->thread, NULL, futex_peer, b) == 0, "pthread_create");
}

static void loop_futex(struct bench *b, long n)
{
	while (n--) {
		atomic_store(&b->turn, 1);
		futex(&b->turn, FUTEX_WAKE, 1);
		await_not(&b->turn, 1);
	}
}

static void teardown_futex(struct bench *b)
{
	atomic_store(&b->turn, 2);
	futex(&b->turn, FUTEX_WAKE, 1);
	pthread_join(b->thread, NULL);
}

static void on_signal(int sig)
{
	(void)sig;
}

static void setup_kill(struct bench *b)
{
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	(void)b;
	must(sigaction(SIGUSR1, &sa, NULL) == 0, "sigaction");
}

static void loop_kill(struct bench *b, long n)
{
	pid_t self = getpid();

	(void)b;
	while (n--)
		must(kill(self, SIGUSR1) == 0, "kill");
}

/* For measuring what stays behind in a supervisor: bench/run looks at it between the steps. */
static int steps(long n, long k)
{
	char line[8];

	while (k--) {
		loop_fork_wait(NULL, n);
		puts("done");
		fflush(stdout);
		if (!fgets(line, sizeof(line), stdin))
			return 1;
	}
	return 0;
}

static const struct row rows[] = {
	{"fork_wait", loop_fork_wait, NULL, NULL},
	{"fork_exec_dynamic", loop_exec_dynamic, NULL, NULL},
	{"fork_exec_static", loop_exec_static, NULL, NULL},
	{"posix_spawn", loop_spawn, NULL, NULL},
	{"vfork_exec", loop_vfork_exec, NULL, NULL},
	{"pthread", loop_pthread, NULL, NULL},
	{"pipe_pingpong", loop_pipe, setup_pipe, teardown_pipe},
	{"futex_pingpong", loop_futex, setup_futex, teardown_futex},
	{"kill_self", loop_kill, setup_kill, NULL},
	{"run", loop_run, NULL, NULL},
	{NULL, NULL, NULL, NULL},
};

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "steps") == 0)
		return steps(atol(argv[2]), atol(argv[3]));
	return bench_main(argc, argv, rows);
}
