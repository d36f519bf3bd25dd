/* Other calls that name a task: setpgid, getpgid, getsid, kcmp, get_robust_list, move_pages, migrate_pages. */
#include "guest.h"

#define KCMP_FILE 0
#define KCMP_VM	  1

static pid_t sleeper(void)
{
	pid_t pid = MUST(fork());

	if (!pid) {
		for (;;)
			pause();
	}
	return pid;
}

static void test_groups(pid_t a, pid_t b)
{
	CHECK_VALUE(syscall(SYS_getpgid, 0), getpgrp());
	CHECK_VALUE(syscall(SYS_getpgid, getpid()), getpgrp());
	CHECK_VALUE(syscall(SYS_getpgid, a), getpgrp());
	CHECK_VALUE(syscall(SYS_getsid, a), getsid(0));
	CHECK_VALUE(syscall(SYS_getsid, getpid()), getsid(0));
	CHECK_OK(syscall(SYS_setpgid, a, 0));
	CHECK_VALUE(syscall(SYS_getpgid, a), a);
	CHECK_OK(syscall(SYS_setpgid, b, a));
	CHECK_VALUE(syscall(SYS_getpgid, b), a);
	/* back into the group of this process, where no process of the container may be the leader */
	CHECK_OK(syscall(SYS_setpgid, a, getpgrp()));
	CHECK_VALUE(syscall(SYS_getpgid, a), getpgrp());
	CHECK_ERRNO(syscall(SYS_setpgid, a, -1), EINVAL);
	CHECK_ERRNO(syscall(SYS_setpgid, a, 0x7ffffff0), EPERM);
	CHECK_ERRNO(syscall(SYS_getpgid, 0x7ffffff0), ESRCH);
	CHECK_ERRNO(syscall(SYS_getpgid, -1), ESRCH);
}

static void test_kcmp(pid_t a)
{
	int fd = MUST(open("/dev/null", O_RDONLY | O_CLOEXEC)), fd2 = dup(fd);
	long rc = syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, fd, fd2);

	if (rc < 0 && (errno == ENOSYS || errno == EPERM)) {
		printf("# no kcmp here (%s)\n", strerror(errno));
	} else {
		CHECK_VALUE(rc, 0);
		CHECK(syscall(SYS_kcmp, getpid(), a, KCMP_VM, 0, 0) > 0);
		CHECK_ERRNO(syscall(SYS_kcmp, getpid(), a, 99, 0, 0), EINVAL);
		CHECK_ERRNO(syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, fd, 999), EBADF);
		CHECK_ERRNO(syscall(SYS_kcmp, 0x7ffffff0, getpid(), KCMP_VM, 0, 0), ESRCH);
	}
	close(fd);
	close(fd2);
}

static void test_memory(pid_t a)
{
	void *page = border("x", 1);
	unsigned long none = 0;
	void *head = NULL;
	size_t len = 0;
	int status = -1;

	CHECK_OK(syscall(SYS_get_robust_list, 0, &head, &len));
	CHECK_VALUE(len, 24);
	head = NULL;
	CHECK_OK(syscall(SYS_get_robust_list, getpid(), &head, &len));
	CHECK_OK(syscall(SYS_get_robust_list, a, border(NULL, sizeof(head)), border(NULL, sizeof(len))));
	CHECK_ERRNO(syscall(SYS_get_robust_list, getpid(), BAD_POINTER, &len), EFAULT);
	/* A kernel without NUMA has neither. With 0 they never wake uctr, so this is the kernel's own answer. */
	if (syscall(SYS_move_pages, 0, 0, NULL, NULL, NULL, 0) < 0 && errno == ENOSYS) {
		printf("# no move_pages here\n");
		return;
	}
	CHECK_OK(syscall(SYS_move_pages, a, 1, &page, NULL, &status, 0));
	CHECK_SAYS(status >= 0 || status == -ENOENT || status == -EFAULT, "status %d", status);
	CHECK_OK(syscall(SYS_move_pages, getpid(), 1, &page, NULL, &status, 0));
	CHECK_ERRNO(syscall(SYS_move_pages, a, 1, &page, NULL, &status, 0x100), EINVAL);
	none = 1;
	CHECK_OK(syscall(SYS_migrate_pages, a, 2, &none, &none));
	CHECK_OK(syscall(SYS_migrate_pages, getpid(), 2, &none, &none));
	if (in_view()) {
		CHECK_ERRNO(syscall(SYS_move_pages, guest.outside, 1, &page, NULL, &status, 0), ESRCH);
		CHECK_ERRNO(syscall(SYS_migrate_pages, guest.outside, 2, &none, &none), ESRCH);
	}
}

static void test_outside(pid_t a)
{
	pid_t out = guest.outside;
	void *head;
	size_t len;

	if (!in_view())
		return;
	CHECK_ERRNO(syscall(SYS_getpgid, out), ESRCH);
	CHECK_ERRNO(syscall(SYS_getsid, out), ESRCH);
	CHECK_ERRNO(syscall(SYS_setpgid, out, 0), ESRCH);
	/* its group is of this session, so the kernel would allow it */
	CHECK_ERRNO(syscall(SYS_setpgid, a, out), EPERM);
	CHECK_ERRNO(syscall(SYS_kcmp, out, getpid(), KCMP_VM, 0, 0), ESRCH);
	CHECK_ERRNO(syscall(SYS_kcmp, getpid(), out, KCMP_VM, 0, 0), ESRCH);
	CHECK_ERRNO(syscall(SYS_get_robust_list, out, &head, &len), ESRCH);
	CHECK_ERRNO(syscall(SYS_getsid, 1), ESRCH);
}

int main(int argc, char **argv)
{
	pid_t a, b;

	guest_begin(argc, argv);
	a = sleeper();
	b = sleeper();
	test_groups(a, b);
	test_kcmp(a);
	test_memory(a);
	test_outside(a);
	kill(a, SIGKILL);
	kill(b, SIGKILL);
	wait_for(a);
	wait_for(b);
	CHECK_ERRNO(syscall(SYS_getpgid, a), ESRCH);
	return guest_end();
}
