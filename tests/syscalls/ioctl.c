/* ioctl requests that change a file, and some that must go on working. */
#include "guest.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <termios.h>

static void test_flags(void)
{
	int fd = MUST(open(in_dir("file"), O_RDONLY | O_CLOEXEC)), flags = -1, got = -1;
	struct fsxattr attr;

	if (syscall(SYS_ioctl, fd, FS_IOC_GETFLAGS, &flags) < 0) {
		CHECK_SAYS(errno == ENOTTY || errno == EOPNOTSUPP, "errno %d", errno);
		printf("# no inode flags on this file system\n");
		close(fd);
		return;
	}
	got = flags | FS_NODUMP_FL;
	CHECK_OK(syscall(SYS_ioctl, fd, FS_IOC_SETFLAGS, border(&got, sizeof(got))));
	got = 0;
	CHECK_OK(syscall(SYS_ioctl, fd, FS_IOC_GETFLAGS, &got));
	CHECK_VALUE(got & FS_NODUMP_FL, FS_NODUMP_FL);
	CHECK_OK(syscall(SYS_ioctl, fd, FS_IOC_SETFLAGS, &flags));
	CHECK_ERRNO(syscall(SYS_ioctl, fd, FS_IOC_SETFLAGS, NULL), EFAULT);
	CHECK_ERRNO(syscall(SYS_ioctl, -1, FS_IOC_SETFLAGS, &flags), EBADF);
	if (!syscall(SYS_ioctl, fd, FS_IOC_FSGETXATTR, &attr)) {
		attr.fsx_xflags |= FS_XFLAG_NODUMP;
		CHECK_OK(syscall(SYS_ioctl, fd, FS_IOC_FSSETXATTR, border(&attr, sizeof(attr))));
		CHECK_OK(syscall(SYS_ioctl, fd, FS_IOC_FSGETXATTR, &attr));
		CHECK(attr.fsx_xflags & FS_XFLAG_NODUMP);
	}
	if (geteuid()) {
		got = flags | FS_IMMUTABLE_FL;
		CHECK_ERRNO(syscall(SYS_ioctl, fd, FS_IOC_SETFLAGS, &got), EPERM);
	}
	close(fd);
	fd = MUST(open(in_dir("file"), O_PATH | O_CLOEXEC));
	CHECK_ERRNO(syscall(SYS_ioctl, fd, FS_IOC_SETFLAGS, &flags), EBADF);
	close(fd);
	/* no files at all: each says that by itself */
	CHECK_ERRNO(
		syscall(SYS_ioctl, MUST(open("/dev/null", O_RDONLY | O_CLOEXEC)), FS_IOC_SETFLAGS, &flags),
		ENOTTY);
}

static void test_terminal(void)
{
	struct winsize ws = {.ws_row = 33, .ws_col = 44};
	int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), n = 0, slave, zero = 0;
	struct termios tio;
	char path[32];

	if (fd < 0) {
		printf("# no pseudo-terminals here\n");
		return;
	}
	CHECK_OK(syscall(SYS_ioctl, fd, TIOCSPTLCK, &zero));
	CHECK_OK(syscall(SYS_ioctl, fd, TIOCGPTN, &n));
	CHECK_OK(syscall(SYS_ioctl, fd, TIOCSWINSZ, &ws));
	snprintf(path, sizeof(path), "/dev/pts/%d", n);
	slave = CHECK_OK(open(path, O_RDWR | O_NOCTTY | O_CLOEXEC));
	memset(&ws, 0, sizeof(ws));
	CHECK_OK(syscall(SYS_ioctl, slave, TIOCGWINSZ, &ws));
	CHECK(ws.ws_row == 33 && ws.ws_col == 44);
	CHECK_OK(syscall(SYS_ioctl, slave, TCGETS, &tio));
	if (in_view())
		CHECK_ERRNO(syscall(SYS_ioctl, slave, TIOCSTI, "x"), EIO);
	close(slave);
	close(fd);
}

static void test_rdonly(void)
{
	int flags = 0, fd;

	if (!in_view())
		return;
	fd = MUST(open(in_ro("file"), O_RDONLY | O_CLOEXEC));
	if (!syscall(SYS_ioctl, fd, FS_IOC_GETFLAGS, &flags)) {
		flags ^= FS_NODUMP_FL;
		CHECK_ERRNO(syscall(SYS_ioctl, fd, FS_IOC_SETFLAGS, &flags), EROFS);
	}
	close(fd);
	fd = MUST(open(guest.ro, O_RDONLY | O_CLOEXEC));
	if (!syscall(SYS_ioctl, fd, FS_IOC_GETFLAGS, &flags))
		CHECK_ERRNO(syscall(SYS_ioctl, fd, FS_IOC_SETFLAGS, &flags), EROFS);
	close(fd);
}

int main(int argc, char **argv)
{
	int fds[2], n = -1, one = 1;

	guest_begin(argc, argv);
	make_file("file", "content");
	test_flags();
	MUST(pipe2(fds, O_CLOEXEC));
	MUST(write(fds[1], "abc", 3));
	CHECK_OK(syscall(SYS_ioctl, fds[0], FIONREAD, &n));
	CHECK_VALUE(n, 3);
	CHECK_OK(syscall(SYS_ioctl, fds[0], FIONBIO, &one));
	CHECK_OK(syscall(SYS_ioctl, fds[0], FIOCLEX, 0));
	CHECK_ERRNO(syscall(SYS_ioctl, fds[0], TCGETS, &n), ENOTTY);
	CHECK_ERRNO(syscall(SYS_ioctl, -1, FIONREAD, &n), EBADF);
	close(fds[0]);
	close(fds[1]);
	test_terminal();
	test_rdonly();
	MUST(unlink(in_dir("file")));
	return guest_end();
}
