/* Programs that lock themselves in: what uctr has a task do in the place of a call is nothing that its own rules would kill it
 * for, and its limits do not stand in the way. */
#include "guest.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static const int allowed[] = {SYS_read,	 SYS_write,  SYS_close,	   SYS_openat,	   SYS_newfstatat, SYS_fstat,
			      SYS_chdir, SYS_getcwd, SYS_readlink, SYS_exit_group, SYS_execve};

/* Every other call kills the process. */
static int lock_in(void)
{
	enum { N = sizeof(allowed) / sizeof(*allowed) };
	struct sock_filter f[2 * N + 2] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
	struct sock_fprog prog = {.len = 2 * N + 2, .filter = f};

	for (int i = 0; i < N; i++) {
		f[1 + 2 * i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)allowed[i],
							    0, 1);
		f[2 + 2 * i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	f[2 * N + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
}

/* The step that failed, 0: none. */
static int locked_in(const char *sub, const char *fifo)
{
	struct stat st;
	char cwd[4096];
	int fd;

	if (lock_in())
		return 1;
	if (syscall(SYS_chdir, sub))
		return 2;
	if (syscall(SYS_getcwd, cwd, sizeof(cwd)) < 0 || strcmp(cwd, sub))
		return 3;
	fd = (int)syscall(SYS_openat, AT_FDCWD, fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_close, fd))
		return 4;
	fd = (int)syscall(SYS_openat, AT_FDCWD, "..", O_PATH | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_newfstatat, fd, "sub", &st, 0) || !S_ISDIR(st.st_mode))
		return 5;
	if (syscall(SYS_execve, "/no/such/program", NULL, NULL) != -1 || errno != ENOENT)
		return 6;
	return syscall(SYS_chdir, "..") ? 7 : 0;
}

/* Run first: the process has made no call yet that needed anything of uctr's in its memory. */
static void test_filter(void)
{
	char sub[4096], fifo[4096];
	pid_t child;

	snprintf(sub, sizeof(sub), "%s/sub", guest.dir);
	snprintf(fifo, sizeof(fifo), "%s/fifo", guest.dir);
	MUST(mkdir(sub, 0755));
	MUST(mkfifo(fifo, 0644));
	fflush(stdout);
	child = MUST(fork());
	if (!child)
		syscall(SYS_exit_group, locked_in(sub, fifo));
	CHECK_VALUE(wait_for(child), 0);
}

static int with_descriptors(rlim_t n)
{
	struct rlimit limit;
	struct stat st;
	int fd;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 1;
	limit.rlim_cur = n < limit.rlim_max ? n : limit.rlim_max;
	if (syscall(SYS_close_range, 3, ~0U, 0) || setrlimit(RLIMIT_NOFILE, &limit))
		return 2;
	if (chdir(guest.dir) || chdir("sub") || stat("../fifo", &st) || !S_ISFIFO(st.st_mode))
		return 3;
	fd = open("..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (n == 3 ? fd >= 0 || errno != EMFILE : fd != 3)
		return 4;
	fd = open("../fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (n == 3 ? fd >= 0 || errno != EMFILE : fd != 4)
		return 5;
	return 0;
}

static void test_limits(void)
{
	static const rlim_t limits[] = {3, 1000000};

	for (int i = 0; i < 2; i++) {
		pid_t child;

		fflush(stdout);
		child = MUST(fork());
		if (!child)
			_exit(with_descriptors(limits[i]));
		CHECK_VALUE(wait_for(child), 0);
	}
}

/* Its rules would hold for hardly a call: refused, as by a kernel that has it switched off. */
static void test_landlock(void)
{
	if (in_view())
		CHECK_ERRNO(syscall(444 /* landlock_create_ruleset */, NULL, 0, 1), EOPNOTSUPP);
}

int main(int argc, char **argv)
{
	guest_begin(argc, argv);
	test_filter();
	test_limits();
	test_landlock();
	MUST(unlink(in_dir("fifo")));
	MUST(rmdir(in_dir("sub")));
	return guest_end();
}
