/* execve, execveat: what the new image gets, from whom it may be made, and how it fails. The program runs itself again as
 * "show", which prints what it was given. */
#include "guest.h"

#include <elf.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

static char self[PATH_MAX]; /* a copy of this program in DIR */
static char *none[] = {NULL};

/* Prints argc, argv, environment, comm, AT_EXECFN, /proc/self/exe and the open descriptors from 3 on. */
static int show(int argc, char **argv)
{
	char buf[PATH_MAX], comm[17] = "";
	ssize_t n;

	for (int i = 0; i < argc; i++)
		printf("arg %d %s\n", i, argv[i]);
	for (char **e = environ; *e; e++)
		printf("env %s\n", *e);
	prctl(PR_GET_NAME, comm);
	printf("comm %s\n", comm);
	printf("execfn %s\n", (char *)getauxval(AT_EXECFN));
	n = readlink("/proc/self/exe", buf, sizeof(buf) - 1);
	buf[n < 0 ? 0 : n] = 0;
	printf("exe %s\n", buf);
	for (int fd = 3; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("fd %d\n", fd);
	n = syscall(SYS_getcwd, buf, sizeof(buf));
	printf("cwd %s\n", n > 0 ? buf : "?");
	printf("tid %d\n", getpid() == (pid_t)syscall(SYS_gettid));
	return 0;
}

enum how { EXECVE, EXECVEAT, EXECVEAT_EMPTY, EXECVEAT_DIRFD, THREAD, VFORK, SPAWN, SPAWN_SIGNALS };

struct job {
	enum how how;
	const char *path;
	char **argv, **envp;
	int fd;
};

static void do_exec(const struct job *j)
{
	switch (j->how) {
	case EXECVEAT: syscall(SYS_execveat, AT_FDCWD, j->path, j->argv, j->envp, 0); break;
	case EXECVEAT_EMPTY: syscall(SYS_execveat, j->fd, "", j->argv, j->envp, AT_EMPTY_PATH); break;
	case EXECVEAT_DIRFD: syscall(SYS_execveat, j->fd, j->path, j->argv, j->envp, 0); break;
	default: syscall(SYS_execve, j->path, j->argv, j->envp); break;
	}
}

static void *exec_thread(void *job)
{
	do_exec(job);
	_exit(errno);
}

static pid_t exec_vfork(const struct job *j)
{
	pid_t pid = vfork();

	if (!pid) {
		do_exec(j);
		_exit(errno);
	}
	return pid;
}

/* Runs the job with its output in a pipe; returns the output, and the exit status in *ret. */
static char *run(const struct job *j, int *ret)
{
	static char out[65536];
	int fds[2], got = 0, saved = fcntl(1, F_DUPFD_CLOEXEC, 3);
	ssize_t n;
	pid_t pid;

	fflush(stdout);
	MUST(pipe2(fds, O_CLOEXEC));
	if (j->how == VFORK || j->how == SPAWN || j->how == SPAWN_SIGNALS)
		dup2(fds[1], 1);
	if (j->how == VFORK) {
		pid = exec_vfork(j);
	} else if (j->how == SPAWN || j->how == SPAWN_SIGNALS) {
		int rc = posix_spawn(&pid, j->path, NULL, NULL, j->argv, j->envp);

		if (rc) {
			pid = fork();
			if (!pid)
				_exit(rc);
		}
	} else {
		pid = fork();
		if (!pid) {
			pthread_t t;

			dup2(fds[1], 1);
			close(saved);
			if (j->how != THREAD) {
				do_exec(j);
				_exit(errno);
			}
			pthread_create(&t, NULL, exec_thread, (void *)j);
			for (;;)
				pause();
		}
	}
	dup2(saved, 1);
	close(saved);
	close(fds[1]);
	while ((n = read(fds[0], out + got, sizeof(out) - 1 - got)) > 0 || (n < 0 && errno == EINTR))
		got += n > 0 ? n : 0;
	out[got] = 0;
	close(fds[0]);
	*ret = wait_for(pid);
	return out;
}

static bool has_line(const char *out, const char *format, ...)
{
	char line[PATH_MAX + 64];
	const char *p;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(line, sizeof(line) - 1, format, ap);
	va_end(ap);
	for (p = out; (p = strstr(p, line)); p++)
		if ((p == out || p[-1] == '\n') && p[n] == '\n')
			return true;
	printf("# missing: %s\n", line);
	return false;
}

#define LINE(...) CHECK_SAYS(has_line(out, __VA_ARGS__), "%.1500s", out)

static void check_image(const struct job *j, const char *name, const char *execfn)
{
	int status;
	char *out = run(j, &status);

	printf("# way %d %s\n", j->how, name);
	CHECK_VALUE(status, 0);
	LINE("arg 0 zero");
	LINE("arg 1 show");
	LINE("arg 2 two words");
	LINE("arg 3 %s", "");
	CHECK(!strstr(out, "arg 4"));
	LINE("env A=1");
	LINE("env EMPTY=");
	CHECK(!strstr(out, "env PATH="));
	if (name)
		LINE("comm %s", name);
	if (execfn)
		LINE("execfn %s", execfn);
	LINE("exe %s", self);
	LINE("cwd %s", guest.dir);
	LINE("tid 1");
	CHECK_SAYS(!strstr(out, "fd "), "a descriptor leaked: %s", strstr(out, "fd "));
}

static void test_images(void)
{
	char *argv[] = {"zero", "show", "two words", "", NULL}, *envp[] = {"A=1", "EMPTY=", NULL};
	struct job j = {.argv = argv, .envp = envp, .path = self};
	int before = count_fds();

	for (j.how = EXECVE; j.how <= SPAWN; j.how++) {
		int kept = MUST(open(self, O_RDONLY | O_CLOEXEC));
		int dir = MUST(open(guest.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
		char fd_name[64];

		j.path = self;
		if (j.how == EXECVEAT_EMPTY) {
			j.fd = kept;
			snprintf(fd_name, sizeof(fd_name), "/dev/fd/%d", kept);
			check_image(&j, NULL, fd_name);
		} else if (j.how == EXECVEAT_DIRFD) {
			j.fd = dir;
			j.path = "prog-copy";
			snprintf(fd_name, sizeof(fd_name), "/dev/fd/%d/prog-copy", dir);
			check_image(&j, "prog-copy", fd_name);
		} else {
			check_image(&j, "prog-copy", self);
		}
		close(kept);
		close(dir);
	}
	j.how = EXECVE;
	j.path = at_border("prog-copy");
	check_image(&j, "prog-copy", "prog-copy");
	j.path = at_border("./prog-copy");
	check_image(&j, "prog-copy", "./prog-copy");
	MUST(symlink("prog-copy", in_dir("sym")));
	j.path = in_dir("sym");
	check_image(&j, "sym", j.path);
	MUST(unlink(in_dir("sym")));
	CHECK_VALUE(count_fds(), before);
}

static void test_inherited_fds(void)
{
	char *argv[] = {"zero", "show", NULL};
	struct job j = {EXECVE, self, argv, none, -1};
	int status, keep = MUST(open("/dev/null", O_RDONLY)),
		    drop = MUST(open("/dev/null", O_RDONLY | O_CLOEXEC));
	char *out = run(&j, &status), *p = strstr(out, "fd ");

	LINE("fd %d", keep);
	CHECK_SAYS(p && !strstr(p + 1, "fd "), "%s", out);
	CHECK(!strstr(out, "env "));
	close(keep);
	close(drop);
	/* no argument at all: Linux 5.18 and later make it one empty one */
	j.argv = NULL;
	j.path = "/bin/true";
	run(&j, &status);
	CHECK_VALUE(status, 0);
}

static void script(const char *name, const char *text, mode_t mode)
{
	make_file(name, text);
	MUST(chmod(in_dir(name), mode));
}

static void test_scripts(void)
{
	char text[PATH_MAX + 64], *argv[] = {"ignored", "a b", "c", NULL}, *envp[] = {"A=1", NULL};
	struct job j = {EXECVE, NULL, argv, envp, -1};
	char *out, name[16], next[16];
	int status;

	snprintf(text, sizeof(text), "#!%s show with space \n", self);
	script("script", text, 0755);
	for (j.how = EXECVE; j.how <= SPAWN; j.how++) {
		j.path = in_dir("script");
		if (j.how == EXECVEAT_EMPTY || j.how == EXECVEAT_DIRFD)
			continue;
		out = run(&j, &status);
		CHECK_VALUE(status, 0);
		LINE("arg 0 %s", self);
		LINE("arg 1 show with space");
		LINE("arg 2 %s", in_dir("script"));
		LINE("arg 3 a b");
		LINE("arg 4 c");
		CHECK(!strstr(out, "arg 5"));
		LINE("comm script");
		LINE("execfn %s", in_dir("script"));
		LINE("exe %s", self);
		CHECK(!strstr(out, "fd "));
	}
	j.how = EXECVE;
	j.path = "script";
	out = run(&j, &status);
	LINE("arg 2 script");
	/* by the shell, whose text it is */
	script("sh", "#! /bin/sh\necho \"$0 $# $1\"\nexit 3\n", 0755);
	j.path = in_dir("sh");
	out = run(&j, &status);
	CHECK_VALUE(status, 3);
	LINE("%s 2 a b", in_dir("sh"));
	/* chains: a script whose interpreter is a script, at most four */
	snprintf(text, sizeof(text), "#!%s\n", in_dir("script"));
	script("c1", text, 0755);
	j.path = in_dir("c1");
	out = run(&j, &status);
	CHECK_VALUE(status, 0);
	LINE("arg 1 show with space");
	LINE("arg 2 %s", in_dir("script"));
	LINE("arg 3 %s", in_dir("c1"));
	LINE("arg 4 a b");
	LINE("comm c1");
	for (int i = 2; i <= 6; i++) {
		snprintf(next, sizeof(next), "c%d", i - 1);
		snprintf(name, sizeof(name), "c%d", i);
		snprintf(text, sizeof(text), "#!%s\n", in_dir(next));
		script(name, text, 0755);
	}
	j.path = in_dir("c4");
	run(&j, &status);
	CHECK_VALUE(status, 0);
	j.path = in_dir("c6");
	run(&j, &status);
	CHECK_VALUE(status, ELOOP);
	for (int i = 1; i <= 6; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		unlink(in_dir(name));
	}
	script("noint", "#!/no/such/interpreter\n", 0755);
	j.path = in_dir("noint");
	run(&j, &status);
	CHECK_VALUE(status, ENOENT);
	script("empty-int", "#! \n", 0755);
	j.path = in_dir("empty-int");
	run(&j, &status);
	CHECK_VALUE(status, ENOEXEC);
	unlink(in_dir("noint"));
	unlink(in_dir("empty-int"));
	unlink(in_dir("script"));
	unlink(in_dir("sh"));
}

static long call_execve(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_execve, path, none, none);
}

static long call_execveat(int dirfd, const char *path)
{
	return syscall(SYS_execveat, dirfd, path, none, none, 0);
}

static void test_errors(void)
{
	static char big[200000];
	char *argv[] = {"x", NULL}, *huge[] = {"x", big, NULL};
	int before = count_fds(), fd;

	path_errors("execve", call_execve, false);
	path_errors("execveat", call_execveat, true);
	CHECK_ERRNO(syscall(SYS_execve, in_dir("missing"), argv, none), ENOENT);
	make_file("plain", "not executable");
	CHECK_ERRNO(syscall(SYS_execve, in_dir("plain"), argv, none), EACCES);
	MUST(chmod(in_dir("plain"), 0755));
	CHECK_ERRNO(syscall(SYS_execve, in_dir("plain"), argv, none), ENOEXEC);
	CHECK_ERRNO(syscall(SYS_execve, in_dir("plain/"), argv, none), ENOTDIR);
	make_file("plain", "");
	CHECK_ERRNO(syscall(SYS_execve, in_dir("plain"), argv, none), ENOEXEC);
	make_file("plain", "\177ELF");
	CHECK_ERRNO(syscall(SYS_execve, in_dir("plain"), argv, none), ENOEXEC);
	CHECK_ERRNO(syscall(SYS_execve, guest.dir, argv, none), EACCES);
	MUST(mkfifo(in_dir("fifo"), 0755));
	CHECK_ERRNO(syscall(SYS_execve, in_dir("fifo"), argv, none), EACCES);
	MUST(unlink(in_dir("fifo")));
	MUST(symlink("prog-copy", in_dir("sym")));
	CHECK_ERRNO(syscall(SYS_execveat, AT_FDCWD, in_dir("sym"), argv, none, AT_SYMLINK_NOFOLLOW), ELOOP);
	MUST(unlink(in_dir("sym")));
	CHECK_ERRNO(syscall(SYS_execveat, AT_FDCWD, self, argv, none, 0x1), EINVAL);
	CHECK_ERRNO(syscall(SYS_execveat, -1, "", argv, none, AT_EMPTY_PATH), EBADF);
	fd = MUST(open(in_dir("plain"), O_RDONLY | O_CLOEXEC));
	CHECK_ERRNO(syscall(SYS_execveat, fd, "", argv, none, AT_EMPTY_PATH), ENOEXEC);
	CHECK_ERRNO(syscall(SYS_execveat, fd, "", argv, none, 0), ENOENT);
	close(fd);
	memset(big, 'x', sizeof(big) - 1);
	CHECK_ERRNO(syscall(SYS_execve, self, huge, none), E2BIG);
	CHECK_ERRNO(syscall(SYS_execve, self, BAD_POINTER, none), EFAULT);
	CHECK_ERRNO(syscall(SYS_execve, self, argv, BAD_POINTER), EFAULT);
	argv[0] = BAD_POINTER;
	CHECK_ERRNO(syscall(SYS_execve, self, argv, none), EFAULT);
	fd = MUST(open(self, O_RDWR | O_CLOEXEC));
	argv[0] = "x";
	CHECK_ERRNO(syscall(SYS_execve, self, argv, none), ETXTBSY);
	close(fd);
	MUST(unlink(in_dir("plain")));
	CHECK_VALUE(count_fds(), before);
}

static void on_signal(int sig)
{
	(void)sig;
}

/* Signals that come while calls are made by redirect must neither be lost nor end them. */
static void test_with_signals(void)
{
	struct itimerspec its = {{0, 300000}, {0, 300000}};
	struct sigaction sa = {.sa_handler = on_signal};
	char *argv[] = {"zero", "show", NULL};
	struct job j = {SPAWN_SIGNALS, self, argv, none, -1};
	struct sigevent se = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	timer_t timer;
	int bad = 0, status;

	sigaction(SIGUSR1, &sa, NULL);
	MUST(timer_create(CLOCK_MONOTONIC, &se, &timer));
	MUST(timer_settime(timer, 0, &its, NULL));
	for (int i = 0; i < 100; i++) {
		j.how = i % 2 ? SPAWN_SIGNALS : EXECVE;
		if (!strstr(run(&j, &status), "comm prog-copy") || status)
			bad++;
	}
	timer_delete(timer);
	CHECK_VALUE(bad, 0);
}

static void test_view(void)
{
	char *argv[] = {"prog", "hello", NULL}, *out, path[PATH_MAX];
	struct job j = {EXECVE, NULL, argv, none, -1};
	int status;

	if (!in_view())
		return;
	j.path = in_ro("prog");
	out = run(&j, &status);
	CHECK_VALUE(status, 0);
	LINE("prog: hello");
	snprintf(path, sizeof(path), "%s/secret", guest.masked);
	CHECK_ERRNO(syscall(SYS_execve, path, argv, none), ENOENT);
}

static void copy_self(char **argv)
{
	char buf[65536];
	int from = MUST(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
	int to = MUST(open(self, O_WRONLY | O_CREAT | O_CLOEXEC, 0755));
	ssize_t n;

	(void)argv;
	while ((n = read(from, buf, sizeof(buf))) > 0)
		MUST(write(to, buf, n));
	close(from);
	close(to);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strncmp(argv[1], "show", 4))
		return show(argc, argv);
	guest_begin(argc, argv);
	/* nothing of uctr's own gets into the program; the driver gives it nothing either */
	if (in_view())
		CHECK_VALUE(count_fds(), 3);
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	snprintf(self, sizeof(self), "%s/prog-copy", guest.dir);
	copy_self(argv);
	test_images();
	test_inherited_fds();
	test_scripts();
	test_errors();
	test_with_signals();
	test_view();
	MUST(unlink(self));
	return guest_end();
}
