/* prctl and seccomp: names, dumpability, a filter of the program's own. */
#include "guest.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

static void test_simple(void)
{
	char name[16] = "";
	int sig = 0;

	CHECK_OK(syscall(SYS_prctl, PR_SET_NAME, at_border("a name"), 0, 0, 0));
	CHECK_OK(syscall(SYS_prctl, PR_GET_NAME, border(NULL, 16), 0, 0, 0));
	CHECK_OK(syscall(SYS_prctl, PR_GET_NAME, name, 0, 0, 0));
	CHECK_STRING(name, "a name");
	CHECK_STRING(content_of("/proc/self/comm"), "a name\n");
	CHECK_OK(syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0));
	CHECK_OK(syscall(SYS_prctl, PR_GET_PDEATHSIG, &sig, 0, 0, 0));
	CHECK_VALUE(sig, SIGUSR1);
	CHECK_OK(syscall(SYS_prctl, PR_SET_PDEATHSIG, 0, 0, 0, 0));
	CHECK_ERRNO(syscall(SYS_prctl, 0x7fff, 0, 0, 0, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_prctl, PR_SET_NAME, NULL, 0, 0, 0), EFAULT);
}

/* A process that asks not to be looked at: its paths go on working. */
static void test_dumpable(void)
{
	pid_t child;

	make_file("file", "content");
	fflush(stdout);
	child = MUST(fork());
	if (!child) {
		struct stat st;
		bool ok = syscall(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;

		ok = ok && !stat(in_dir("file"), &st) && st.st_size == 7;
		ok = ok && !strcmp(content_of(in_dir("file")), "content");
		ok = ok && !chdir(guest.dir) && !stat("file", &st);
		_exit(ok ? 0 : 1);
	}
	CHECK_VALUE(wait_for(child), 0);
	CHECK_VALUE(syscall(SYS_prctl, PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
	CHECK_OK(syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0));
	CHECK_ERRNO(syscall(SYS_prctl, PR_SET_DUMPABLE, 2, 0, 0, 0), EINVAL);
	MUST(unlink(in_dir("file")));
}

/* getppid fails with ENOTTY from here on, everything else is allowed. */
static int filter_with(unsigned long op, unsigned long flags, bool by_prctl)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {4, f};

	if (by_prctl)
		return syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0);
	return syscall(SYS_seccomp, op, flags, &prog);
}

static void test_filter(bool by_prctl)
{
	pid_t child;

	make_file("file", "content");
	fflush(stdout);
	child = MUST(fork());
	if (!child) {
		struct stat st;
		bool ok = !syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);

		ok = ok && syscall(SYS_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
		ok = ok && !filter_with(SECCOMP_SET_MODE_FILTER, 0, by_prctl);
		ok = ok && syscall(SYS_getppid) == -1 && errno == ENOTTY;
		ok = ok && !stat(in_dir("file"), &st) && st.st_size == 7;
		ok = ok && !strcmp(content_of(in_dir("file")), "content");
		ok = ok && !chdir(guest.dir) && !chdir("/");
		if (ok)
			execl("/bin/true", "true", NULL);
		_exit(1);
	}
	CHECK_VALUE(wait_for(child), 0);
	MUST(unlink(in_dir("file")));
}

static void test_view(void)
{
	int fd;

	if (!in_view())
		return;
	/* the listener is taken: there is one per process, and programs must cope */
	CHECK_ERRNO(filter_with(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, false), EBUSY);
	CHECK_ERRNO(syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0), EINVAL);
	CHECK_VALUE(syscall(SYS_prctl, PR_GET_SECCOMP, 0, 0, 0, 0), 2);
	/* a namespace would let paths mean something else */
	CHECK_ERRNO(syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */), EPERM);
	CHECK_ERRNO(syscall(SYS_clone, 0x10000000 | SIGCHLD, 0, 0, 0, 0), EPERM);
	CHECK_OK(syscall(SYS_unshare, 0x200 /* CLONE_FS */));
	/* the other tables of calls are closed; the number is getpid's in them */
	CHECK_ERRNO(syscall(0x40000000 | SYS_getpid), ENOSYS);
	CHECK_ERRNO(syscall(100000), ENOSYS);
	fd = syscall(SYS_io_uring_setup, 4, NULL);
	CHECK(fd < 0 && errno == ENOSYS);
}

int main(int argc, char **argv)
{
	guest_begin(argc, argv);
	test_simple();
	test_dumpable();
	test_filter(true);
	test_filter(false);
	test_view();
	return guest_end();
}
