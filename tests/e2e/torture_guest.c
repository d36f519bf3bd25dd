/* The guests of torture.py and starts.py: torture_guest MODE [SECONDS, or how many]. Each does natively what it checks, prints what went wrong and exits
 * with 1, or ends with 0. It works in its working directory. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char self[4096];
static double seconds = 2;
static int bad;
static long starts, starts_limit;
static bool storm_over;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const char *what, long value)
{
	if (__atomic_fetch_add(&bad, 1, __ATOMIC_RELAXED) < 5)
		printf("%s: %ld (%s)\n", what, value, strerror(errno));
}

static void nap(unsigned us)
{
	const struct timespec t = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};

	nanosleep(&t, NULL);
}

static void on_signal(int sig)
{
	(void)sig;
}

static void handle(int sig, int flags)
{
	const struct sigaction sa = {.sa_handler = on_signal, .sa_flags = flags};

	sigaction(sig, &sa, NULL);
}

static void timer_every(int us)
{
	const struct itimerval every = {{0, us}, {0, us}};

	setitimer(ITIMER_REAL, &every, NULL);
}

static void write_script(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fail("script", fd);
	close(fd);
}

static void make_files(void)
{
	write_script("script", "#!/bin/sh\nexit 7\n");
	mkdir("dir", 0755);
	mkfifo("fifo", 0644);
	mkfifo("dir/fifo", 0644); /* where change_dirs() may have gone */
}

static int wait_exit(pid_t pid)
{
	int status;
	pid_t p;

	do
		p = waitpid(pid, &status, 0);
	while (p < 0 && errno == EINTR);
	return p == pid ? status : -1;
}

/* Until the time is over, or, with a limit, as many starts have been begun. */
static bool go_on(double end)
{
	return starts_limit ? __atomic_fetch_add(&starts, 1, __ATOMIC_RELAXED) < starts_limit : now() < end;
}

/* Threads that fork, vfork and spawn programs and scripts at random, in a storm of timer signals. */
static void *spawner(void *arg)
{
	unsigned seed = (unsigned)(unsigned long)arg;
	const double end = now() + seconds;

	while (go_on(end)) {
		bool script = rand_r(&seed) % 2;
		const char *path = script ? "./script" : "/bin/true";
		char *const argv[] = {(char *)path, NULL};
		int how = rand_r(&seed) % 3, status, e = 0;
		pid_t pid = -1;

		if (how == 0) {
			e = posix_spawn(&pid, path, NULL, NULL, argv, NULL);
			if (e)
				fail("posix_spawn", e);
		} else {
			pid = how == 1 ? fork() : vfork();
			if (pid == 0) {
				execv(path, argv);
				_exit(99);
			}
		}
		if (pid < 0)
			continue;
		status = wait_exit(pid);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != (script ? 7 : 0))
			fail(script ? "script's status" : "true's status", status);
	}
	return NULL;
}

static void spawn_storm(void)
{
	pthread_t t[8];

	handle(SIGALRM, 0);
	timer_every(1000);
	for (long i = 0; i < 8; i++)
		pthread_create(&t[i], NULL, spawner, (void *)(i + 1));
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	timer_every(0);
	__atomic_store_n(&storm_over, true, __ATOMIC_RELAXED);
}

/* How many threads of this process are traced; in_a_row counts, by their numbers, for how many looks each has been. */
static int count_traced(int *in_a_row, int slots)
{
	DIR *dir = opendir("/proc/self/task");
	const struct dirent *entry;
	int traced = 0;

	if (!dir)
		fail("/proc/self/task", errno);
	while (dir && (entry = readdir(dir))) {
		char path[300], line[256];
		int tracer = 0, *slot = &in_a_row[atoi(entry->d_name) % slots];
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/task/%s/status", entry->d_name);
		file = entry->d_name[0] == '.' ? NULL : fopen(path, "re");
		while (file && fgets(line, sizeof(line), file))
			if (sscanf(line, "TracerPid: %d", &tracer) == 1)
				break;
		if (file)
			fclose(file);
		traced += tracer != 0;
		*slot = tracer ? *slot + 1 : 0;
		if (*slot == 200)
			fail("a thread stays traced", atoi(entry->d_name));
	}
	if (dir)
		closedir(dir);
	return traced;
}

static void *watch_traced(void *arg)
{
	static int in_a_row[4096];

	while (!__atomic_load_n(&storm_over, __ATOMIC_RELAXED)) {
		count_traced(in_a_row, 4096);
		nap(5000);
	}
	return arg;
}

/* As many starts as are told, and no thread is traced for longer than its calls take, and none afterwards. */
static void spawn_many(void)
{
	static int in_a_row[4096];
	pthread_t watch;
	int traced;

	starts_limit = (long)seconds;
	pthread_create(&watch, NULL, watch_traced, NULL);
	spawn_storm();
	pthread_join(watch, NULL);
	traced = count_traced(in_a_row, 4096);
	if (traced)
		fail("threads that are traced in the end", traced);
	printf("%ld starts\n", starts_limit);
}

static void *exec_now(void *arg)
{
	char *const argv[] = {self, (char *)"exit", (char *)"5", NULL};

	nap((unsigned)(unsigned long)arg);
	execv(self, argv);
	_exit(98);
}

static void *open_fifo(void *arg)
{
	int fd = open("fifo", O_RDONLY | O_CLOEXEC);

	(void)arg;
	close(fd);
	return NULL;
}

static void *change_dirs(void *arg)
{
	(void)arg;
	for (;;)
		if (chdir("dir") < 0 || chdir("..") < 0)
			_exit(97);
	return NULL;
}

/* A process whose threads wait for a FIFO and change directories; with delay >= 0 another one executes a program then. */
static pid_t busy_process(long delay, bool leader_blocks)
{
	pid_t pid = fork();
	pthread_t t;

	if (pid)
		return pid;
	pthread_create(&t, NULL, open_fifo, NULL);
	pthread_create(&t, NULL, open_fifo, NULL);
	if (leader_blocks)
		pthread_create(&t, NULL, change_dirs, NULL);
	if (delay >= 0)
		pthread_create(&t, NULL, exec_now, (void *)delay);
	if (leader_blocks)
		open_fifo(NULL);
	else
		change_dirs(NULL);
	_exit(96);
}

/* An execve by another thread than the leader, while all others are within calls that uctr redirects. */
static void thread_exec(void)
{
	const double end = now() + seconds;
	unsigned seed = 1;

	while (now() < end) {
		int status = wait_exit(busy_process(rand_r(&seed) % 3000, rand_r(&seed) % 2));

		if (!WIFEXITED(status) || WEXITSTATUS(status) != 5)
			fail("status after an exec by a thread", status);
	}
}

/* The same, killed at a random moment. */
static void kill_storm(void)
{
	const double end = now() + seconds;
	unsigned seed = 2;

	while (now() < end) {
		bool with_exec = rand_r(&seed) % 2;
		pid_t pid = busy_process(with_exec ? rand_r(&seed) % 1500 : -1, rand_r(&seed) % 2);
		int status;

		nap(rand_r(&seed) % 4000);
		kill(pid, SIGKILL);
		status = wait_exit(pid);
		if (!(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) &&
		    !(with_exec && WIFEXITED(status) && WEXITSTATUS(status) == 5))
			fail("status of a killed child", status);
	}
}

/* Executes itself again and again. (Not from a thread: natively, such an execve drops a stop that is under way.) */
static void exec_for_ever(const char *count)
{
	char next[16];
	char *const argv[] = {self, (char *)"exec-for-ever", next, NULL};

	snprintf(next, sizeof(next), "%d", atoi(count) + 1);
	if (chdir("dir") < 0 || chdir("..") < 0)
		_exit(95);
	execv(self, argv);
	_exit(94);
}

/* SIGSTOP and SIGCONT at once after each other, without waiting, then with: a stop must not outlive its SIGCONT, and each
 * must be reported once. */
static void stop_storm(void)
{
	const double end = now() + seconds;
	unsigned seed = 3;
	pid_t pid = fork();
	int status;

	if (pid == 0)
		exec_for_ever("0");
	while (now() < end) {
		for (int i = 0; i < 5; i++) {
			kill(pid, SIGSTOP);
			nap(rand_r(&seed) % 60);
			kill(pid, SIGCONT);
			nap(rand_r(&seed) % 200);
		}
		while (waitpid(pid, &status, WNOHANG | WUNTRACED | WCONTINUED) > 0)
			if (WIFEXITED(status) || WIFSIGNALED(status)) {
				fail("status of a child that was stopped", status);
				return;
			}
		nap(rand_r(&seed) % 300);
		kill(pid, SIGSTOP);
		if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status) ||
		    WSTOPSIG(status) != SIGSTOP)
			fail("stopped status", status);
		kill(pid, SIGCONT);
		if (waitpid(pid, &status, WCONTINUED) != pid || !WIFCONTINUED(status))
			fail("continued status", status);
		nap(rand_r(&seed) % 300);
		if (waitpid(pid, &status, WNOHANG | WUNTRACED | WCONTINUED) != 0)
			fail("one status too many", status);
	}
	kill(pid, SIGKILL);
	status = wait_exit(pid);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		fail("status at the end", status);
}

/* A child that hammers the parent or a sibling with a signal. */
static pid_t hammer(pid_t pid, int sig, unsigned us)
{
	pid_t child = fork();

	if (child)
		return child;
	for (;;) {
		nap(us);
		if (kill(pid, sig) < 0)
			_exit(0);
	}
}

/* Blocking opens and connects end in EINTR without SA_RESTART, and go on with it. */
static void interrupted_calls(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd, extra[16], n = 0, r;
	pid_t pid;

	handle(SIGUSR1, 0);
	pid = hammer(getpid(), SIGUSR1, 20000);
	for (int i = 0; i < 10; i++) {
		fd = open("fifo", O_RDONLY | O_CLOEXEC);
		if (fd >= 0 || errno != EINTR)
			fail("open of a FIFO, interrupted", fd);
	}
	unlink("socket");
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(listener, 0) < 0)
		fail("listen", -1);
	do {
		extra[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		r = connect(extra[n], (struct sockaddr *)&address, sizeof(address));
	} while (++n < 16 && r == 0);
	if (r == 0 || errno != EINTR)
		fail("connect to a full socket, interrupted", r);

	handle(SIGUSR1, SA_RESTART);
	if (fork() == 0) {
		nap(300000);
		fd = open("fifo", O_WRONLY | O_CLOEXEC);
		nap(300000);
		fd = accept(listener, NULL, NULL);
		nap(100000);
		_exit(fd < 0);
	}
	fd = open("fifo", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail("open of a FIFO with SA_RESTART", fd);
	r = connect(extra[n - 1], (struct sockaddr *)&address, sizeof(address));
	if (r < 0)
		fail("connect to a full socket with SA_RESTART", r);
	kill(pid, SIGKILL);
	while (wait(NULL) > 0 || errno == EINTR)
		;
}

/* Programs with hardly any descriptors, and with all closed. */
static void few_descriptors(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		char *const argv[] = {(char *)"./script", NULL};
		struct stat st;

		for (int i = 0; i < 1024; i++)
			close(i);
		if (stat("dir", &st) < 0 || chdir("dir") < 0 || chdir("..") < 0 ||
		    open("script", O_RDONLY) != 0)
			_exit(1);
		close(0);
		execv("script", argv);
		_exit(2);
	}
	status = wait_exit(pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 7)
		fail("status without descriptors", status);
}

/* 2 MB of arguments, most of what the kernel takes. The new stack ends anywhere in a page: many times. */
static void huge_argv(void)
{
	enum { N = 100000, TIMES = 16 };
	char **argv = calloc(N + 3, sizeof(*argv));
	pid_t pid;
	int status;

	write_script("count", "#!/bin/sh\n[ $# = 100000 ] && exit 9\n");
	for (int i = 1; i <= N; i++)
		argv[i] = (char *)"123456789";
	for (int i = 0; i < 2 * TIMES; i++) {
		const bool script = i % 2;

		argv[0] = script ? (char *)"./count" : (char *)"true";
		pid = fork();
		if (pid == 0) {
			execv(script ? "./count" : "/bin/true", argv);
			_exit(99);
		}
		status = wait_exit(pid);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != (script ? 9 : 0))
			fail(script ? "script with many arguments" : "program with many arguments", status);
	}
	free(argv);
}

/* Forks and programs for as long as it is told; the test looks at the supervisor meanwhile. */
static void churn(void)
{
	const double end = now() + seconds;
	char *const argv[] = {(char *)"./script", NULL};

	for (unsigned i = 0; now() < end; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			if (i % 4 == 0)
				execv("./script", argv);
			_exit(chdir("dir") < 0);
		}
		wait_exit(pid);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} modes[] = {
		{"spawn", spawn_storm},
		{"thread-exec", thread_exec},
		{"kill", kill_storm},
		{"stop", stop_storm},
		{"interrupted", interrupted_calls},
		{"descriptors", few_descriptors},
		{"huge-argv", huge_argv},
		{"many", spawn_many},
		{"churn", churn},
	};

	if (argc < 2 || readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return 2;
	if (strcmp(argv[1], "exit") == 0 && argc > 2)
		return atoi(argv[2]);
	if (strcmp(argv[1], "exec-for-ever") == 0 && argc > 2)
		exec_for_ever(argv[2]);
	if (argc > 2)
		seconds = atof(argv[2]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	make_files();
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(argv[1], modes[i].name) == 0) {
			modes[i].run();
			printf("%d failures\n", bad);
			return bad > 0;
		}
	return 2;
}
