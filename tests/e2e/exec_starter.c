/* exec_starter HOW FILE [ARG...]: executes FILE with its arguments in one of many ways and prints the error, by its number,
 * when that fails; then waits for it where it runs in a child, and ends as it did. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char *const env[] = {"A=1", "LONG=some value with blanks", "EMPTY=", NULL};

static char **args; /* of the program: its name first */
static const char *file;

static int failed(void)
{
	printf("errno %d\n", errno);
	fflush(stdout);
	return 1;
}

static int end_as(pid_t pid)
{
	int status;

	if (pid < 0)
		return failed();
	if (waitpid(pid, &status, __WALL) != pid)
		return failed();
	if (WIFSIGNALED(status))
		printf("signal %d\n", WTERMSIG(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int with_fd(int fd)
{
	syscall(SYS_execveat, fd, "", args, env, AT_EMPTY_PATH);
	return failed();
}

static int how_execve(void)
{
	execve(file, args, env);
	return failed();
}

static int how_at(void)
{
	char *slash = strrchr(file, '/'), *dir = strndup(file, (size_t)(slash - file));
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	syscall(SYS_execveat, fd, slash + 1, args, env, 0);
	return failed();
}

static int how_at_nofollow(void)
{
	syscall(SYS_execveat, AT_FDCWD, file, args, env, AT_SYMLINK_NOFOLLOW);
	return failed();
}

static int how_relative(void)
{
	char *slash = strrchr(file, '/'), *dir = strndup(file, (size_t)(slash - file));

	if (chdir(dir) < 0)
		return failed();
	execve(slash + 1, args, env);
	return failed();
}

static int how_fd(void)
{
	return with_fd(open(file, O_RDONLY));
}

static int how_path_fd_cloexec(void)
{
	return with_fd(open(file, O_PATH | O_CLOEXEC));
}

static int how_dev_fd(void)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/fd/%d", open(file, O_RDONLY));
	execve(path, args, env);
	return failed();
}

static int copy_to(int to)
{
	char buf[65536];
	int from = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (write(to, buf, (size_t)n) != n)
			return -1;
	close(from);
	return n < 0 ? -1 : 0;
}

static int how_memfd(void)
{
	int fd = memfd_create("program", MFD_CLOEXEC);

	if (copy_to(fd) < 0)
		return failed();
	return with_fd(fd);
}

static int how_deleted(void)
{
	char path[4096];
	int to, fd;

	snprintf(path, sizeof(path), "%s.deleted", file);
	to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	if (to < 0 || copy_to(to) < 0)
		return failed();
	close(to);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	unlink(path);
	return with_fd(fd);
}

static void *in_thread(void *arg)
{
	(void)arg;
	how_execve();
	exit(1);
}

static int how_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, in_thread, NULL);
	pthread_join(thread, NULL);
	return 1;
}

static void *sleep_on(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static int how_with_threads(void)
{
	pthread_t thread;

	for (int i = 0; i < 3; i++)
		pthread_create(&thread, NULL, sleep_on, NULL);
	return how_execve();
}

static int how_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(how_execve());
	return end_as(pid);
}

static int how_vfork(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execve(file, args, env);
		_exit(errno == ENOENT ? 127 : 126);
	}
	return end_as(pid);
}

static int how_spawn(void)
{
	pid_t pid;

	errno = posix_spawn(&pid, file, NULL, NULL, args, env);
	return errno ? failed() : end_as(pid);
}

static int in_clone(void *arg)
{
	(void)arg;
	execve(file, args, env);
	_exit(errno);
}

static int clone_with(int flags)
{
	static char stack[65536] __attribute__((aligned(16)));

	return end_as(clone(in_clone, stack + sizeof(stack), flags | SIGCHLD, NULL));
}

static int how_clone_vm(void)
{
	return clone_with(CLONE_VM);
}

static int how_clone_vm_vfork(void)
{
	return clone_with(CLONE_VM | CLONE_VFORK);
}

static int how_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN + 3);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGUSR2, SIG_IGN);
	signal(SIGTRAP, SIG_IGN);
	raise(SIGUSR1);
	umask(027);
	return how_execve();
}

static int how_no_argv(void)
{
	syscall(SYS_execve, file, NULL, NULL);
	return failed();
}

static int how_bad_argv(void)
{
	syscall(SYS_execve, file, 8, env);
	return failed();
}

static int how_bad_string(void)
{
	char *bad[] = {args[0], (char *)8, NULL};

	execve(file, bad, env);
	return failed();
}

static int how_bad_path(void)
{
	syscall(SYS_execve, 8, args, env);
	return failed();
}

/* One string of that many bytes, as an argument. */
static int with_length(size_t n)
{
	char *text = malloc(n + 1), *some[] = {args[0], text, NULL};

	memset(text, 'x', n);
	text[n] = 0;
	execve("/bin/true", some, env);
	return failed();
}

static int how_longest_string(void)
{
	return with_length(32 * 4096 - 1);
}

static int how_too_long_string(void)
{
	return with_length(32 * 4096);
}

/* Whether the program can be executed with n arguments of 1000 bytes and one of so many. */
static bool fits(size_t n, size_t last)
{
	char **some = calloc(n + 3, sizeof(*some)), *text = malloc(1000), *end = malloc(last + 1);
	pid_t pid;
	int status;

	memset(text, 'y', 999);
	text[999] = 0;
	memset(end, 'z', last);
	end[last] = 0;
	some[0] = args[0];
	for (size_t i = 0; i < n; i++)
		some[i + 1] = text;
	some[n + 1] = end;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		execve(file, some, env);
		_exit(errno);
	}
	waitpid(pid, &status, 0);
	free(some);
	free(text);
	free(end);
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != E2BIG)
		printf("errno %d\n", WEXITSTATUS(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* How many bytes of arguments there can be, to the byte, with this limit of the stack. */
static int how_border(void)
{
	static const rlim_t limits[] = {8 << 20, 1 << 20, 256 << 10};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct rlimit limit;
		size_t n, low = 0, high = 131071;

		getrlimit(RLIMIT_STACK, &limit);
		limit.rlim_cur = limits[i];
		setrlimit(RLIMIT_STACK, &limit);
		n = limits[i] / 4 > 131072 ? limits[i] / 4 / 1008 - 100 : 40;
		while (low < high) {
			size_t middle = (low + high + 1) / 2;

			if (fits(n, middle))
				low = middle;
			else
				high = middle - 1;
		}
		printf("stack limit %lu: %zu of 1000 and one of %zu\n", (unsigned long)limits[i], n, low);
	}
	return 0;
}

static int how_busy(void)
{
	int fd = open(file, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return failed();
	return how_execve();
}

static const struct {
	const char *name;
	int (*run)(void);
} ways[] = {
	{"execve", how_execve},
	{"at", how_at},
	{"at-nofollow", how_at_nofollow},
	{"relative", how_relative},
	{"fd", how_fd},
	{"path-fd-cloexec", how_path_fd_cloexec},
	{"dev-fd", how_dev_fd},
	{"memfd", how_memfd},
	{"deleted", how_deleted},
	{"thread", how_thread},
	{"with-threads", how_with_threads},
	{"fork", how_fork},
	{"vfork", how_vfork},
	{"spawn", how_spawn},
	{"clone-vm", how_clone_vm},
	{"clone-vm-vfork", how_clone_vm_vfork},
	{"signals", how_signals},
	{"no-argv", how_no_argv},
	{"bad-argv", how_bad_argv},
	{"bad-string", how_bad_string},
	{"bad-path", how_bad_path},
	{"longest-string", how_longest_string},
	{"too-long-string", how_too_long_string},
	{"border", how_border},
	{"busy", how_busy},
};

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	file = argv[2];
	args = argv + 2;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(ways[i].name, argv[1]) == 0)
			return ways[i].run();
	return 2;
}
