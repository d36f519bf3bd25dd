/* What a program does whose calls uctr has it make with other arguments, under a debugger that holds it: see debuggers.py.
 *   debuggee DIRECTORY [nap] [short]
 *                             everything, from the directory that has "sub", "fifo", "script", "text" and this program as
 *                             "debuggee"; absolute paths begin with DIRECTORY. nap: sleeps a little after each call before
 *                             it looks at its arguments. short: without an execve that fails too late for valgrind
 *   debuggee one              executes one child
 *   debuggee abort            dumps core
 *   debuggee child ARGUMENT   prints what it was started as
 * It prints the same natively and inside, with and without a debugger. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *directory;
static bool naps, is_short;

/* The calls get copies of their paths in memory that has something behind them, which must all be as it was afterwards. */
struct guarded {
	char before[32], path[256], after[64];
};

static struct guarded *guard(const char *format, ...)
{
	struct guarded *g = malloc(sizeof(*g));
	va_list ap;

	memset(g, '#', sizeof(*g));
	va_start(ap, format);
	vsnprintf(g->path, sizeof(g->path), format, ap);
	va_end(ap);
	return g;
}

static void unguard(struct guarded *g, const char *what, long result)
{
	char expected[sizeof(g->before) + sizeof(g->path) + sizeof(g->after)];
	const size_t len = strlen(g->path) + 1;
	int error = errno;

	if (naps)
		usleep(20000);
	memset(expected, '#', sizeof(expected));
	printf("%s %s: %s%s\n", what, strstr(g->path, "fd/") ? "(wrong path)" : g->path,
	       result < 0 ? strerror(error) : "done",
	       memcmp(g->before, expected, sizeof(g->before)) == 0 &&
			       memcmp(g->path + len, expected, sizeof(g->path) - len + sizeof(g->after)) == 0
		       ? ""
		       : ", and it changed memory");
	free(g);
}

static void where(void)
{
	char cwd[4096];

	printf("in %s\n", getcwd(cwd, sizeof(cwd)) ? cwd : strerror(errno));
}

static void directories(void)
{
	struct guarded *g = guard("sub");

	unguard(g, "chdir", chdir(g->path));
	where();
	g = guard("%s/no/such/directory", directory);
	unguard(g, "chdir", chdir(g->path));
	g = guard("..");
	unguard(g, "chdir", chdir(g->path));
	g = guard("%s/sub", directory);
	unguard(g, "chdir", chdir(g->path));
	where();
	if (chdir("..") < 0)
		perror("chdir");
	if (naps)
		usleep(20000);
	printf("chdir of a constant: done\n");
	where();
}

static void opens(void)
{
	struct guarded *g = guard("sub");
	int fd = open(g->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	unguard(g, "open O_PATH", fd);
	printf("it is %s\n", fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? "a directory" : "something else");
	close(fd);
	g = guard("fifo");
	fd = openat(AT_FDCWD, g->path, O_RDWR | O_CLOEXEC);
	unguard(g, "open of a FIFO", fd);
	printf("it is %s\n", fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) ? "a FIFO" : "something else");
	close(fd);
}

static void sockets(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "sub/socket"}, short_one = address;
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
	    client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct ucred peer;
	socklen_t len = sizeof(peer);

	unlink(address.sun_path);
	printf("bind: %s\n", bind(server, (void *)&address, sizeof(address)) == 0 ? "done" : strerror(errno));
	listen(server, 1);
	if (connect(client, (void *)&address, sizeof(address)) < 0)
		perror("connect");
	if (naps)
		usleep(20000);
	printf("address %s\n", memcmp(&address, &short_one, sizeof(address)) == 0 ? "as it was" : "changed");
	getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	printf("the peer is %s\n", peer.pid == getpid() ? "right" : "wrong");
	close(client);
	close(server);
}

static void report(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	printf("ended with %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void run(const char *how, struct guarded *g)
{
	char *const argv[] = {g->path, (char *)"child", (char *)"of the debuggee", NULL};
	pid_t pid = -1;
	int e;

	fflush(stdout);
	if (strcmp(how, "spawn") == 0) {
		e = posix_spawn(&pid, g->path, NULL, NULL, argv, environ);
		errno = e;
		unguard(g, how, e ? -1 : 0);
		if (e == 0)
			report(pid);
		return;
	}
	pid = strcmp(how, "vfork") == 0 ? vfork() : fork();
	if (pid == 0) {
		execv(g->path, argv);
		_exit(errno);
	}
	report(pid);
	unguard(g, how, 0);
}

static void *run_in_thread(void *arg)
{
	char *const argv[] = {arg, (char *)"child", (char *)"of a thread", NULL};

	execv(arg, argv);
	_exit(errno);
}

static void executions(void)
{
	static const char *const names[] = {"debuggee", "./debuggee", "script", "script-argument",
					    "text",	"missing",    "sub"};
	struct guarded *g;
	pthread_t thread;
	pid_t pid;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		run("fork", guard("%s", names[i]));
		run("fork", guard("%s/%s", directory, names[i]));
		run("vfork", guard("%s", names[i]));
		run("spawn", guard("%s", names[i]));
	}
	fflush(stdout);
	g = guard("%s/debuggee", directory);
	pid = fork();
	if (pid == 0) {
		pthread_create(&thread, NULL, run_in_thread, g->path);
		pthread_join(thread, NULL);
		_exit(99);
	}
	report(pid);
	unguard(g, "execution in a thread", 0);
}

/* Fails in the kernel alone, when everything has been read. */
static void too_much(void)
{
	struct guarded *g = guard("./debuggee");
	char *huge = malloc(200000), *const argv[] = {g->path, huge, NULL};

	memset(huge, 'x', 200000);
	huge[199999] = '\0';
	unguard(g, "execution with too long an argument", execv(g->path, argv));
	free(huge);
}

static int child(int argc, char **argv)
{
	char comm[16];

	prctl(PR_GET_NAME, comm);
	printf("child: AT_EXECFN %s, %d arguments", (const char *)getauxval(AT_EXECFN), argc);
	for (int i = 0; i < argc; i++)
		printf(" [%s]", argv[i]);
	printf("\nthread name: %s\n", comm);
	return 7;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "child") == 0)
		return child(argc, argv);
	/* A script's interpreter. */
	if (argc > 1 && (strncmp(argv[1], "-x", 2) == 0 || strstr(argv[1], "script")))
		return child(argc, argv);
	if (argc < 2)
		return 2;
	if (strcmp(argv[1], "one") == 0) {
		run("fork", guard("./debuggee"));
		return 0;
	}
	if (strcmp(argv[1], "abort") == 0)
		abort();
	for (int i = 2; i < argc; i++) {
		naps |= strcmp(argv[i], "nap") == 0;
		is_short |= strcmp(argv[i], "short") == 0;
	}
	directory = argv[1];
	directories();
	opens();
	sockets();
	executions();
	if (!is_short)
		too_much();
	return 0;
}
