/* access, faccessat, faccessat2. */
#include "guest.h"

static long call_access(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_access, path, F_OK);
}

static long call_faccessat(int dirfd, const char *path)
{
	return syscall(SYS_faccessat, dirfd, path, F_OK);
}

static long call_faccessat2(int dirfd, const char *path)
{
	return syscall(SYS_faccessat2, dirfd, path, F_OK, 0);
}

static void test_modes(void)
{
	int dirfd = MUST(open(guest.dir, O_PATH | O_CLOEXEC)), fd;

	make_file("file", "");
	for (int mode = 0; mode < 8; mode++) {
		MUST(chmod(in_dir("file"), mode << 6));
		for (int ask = 0; ask < 8 && geteuid(); ask++) {
			/* mode bits and R_OK, W_OK, X_OK are the same numbers */
			long want = (ask & ~mode) ? -1 : 0;

			errno = 0;
			CHECK_VALUE(syscall(SYS_access, in_dir("file"), ask), want);
			CHECK(want == 0 || errno == EACCES);
			CHECK_VALUE(syscall(SYS_faccessat, AT_FDCWD, in_dir("file"), ask), want);
			CHECK_VALUE(syscall(SYS_faccessat2, AT_FDCWD, in_dir("file"), ask, AT_EACCESS), want);
		}
	}
	MUST(chmod(in_dir("file"), 0644));
	CHECK_OK(syscall(SYS_access, at_border("file"), R_OK));
	CHECK_OK(syscall(SYS_access, in_dir("."), R_OK | W_OK | X_OK));
	CHECK_OK(syscall(SYS_faccessat, dirfd, at_border("file"), R_OK | W_OK));
	CHECK_OK(syscall(SYS_faccessat2, dirfd, at_border("file"), R_OK | W_OK, AT_EACCESS));
	CHECK_ERRNO(syscall(SYS_access, in_dir("file"), X_OK), EACCES);
	CHECK_ERRNO(syscall(SYS_access, in_dir("file"), 8), EINVAL);
	CHECK_ERRNO(syscall(SYS_faccessat, AT_FDCWD, in_dir("file"), 0100), EINVAL);
	CHECK_ERRNO(syscall(SYS_faccessat2, AT_FDCWD, in_dir("file"), 0, 0x4), EINVAL);
	CHECK_ERRNO(syscall(SYS_faccessat2, AT_FDCWD, in_dir("file"), 8, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_access, in_dir("missing"), F_OK), ENOENT);
	CHECK_ERRNO(syscall(SYS_access, in_dir("file/"), F_OK), ENOTDIR);
	fd = MUST(open(in_dir("file"), O_RDONLY | O_CLOEXEC));
	CHECK_OK(syscall(SYS_faccessat2, fd, at_border(""), R_OK, AT_EMPTY_PATH));
	CHECK_ERRNO(syscall(SYS_faccessat2, fd, at_border(""), X_OK, AT_EMPTY_PATH), EACCES);
	CHECK_ERRNO(syscall(SYS_faccessat2, fd, at_border(""), R_OK, 0), ENOENT);
	CHECK_ERRNO(syscall(SYS_faccessat2, -1, at_border(""), R_OK, AT_EMPTY_PATH), EBADF);
	close(fd);
	close(dirfd);
	MUST(unlink(in_dir("file")));
}

static void test_links(void)
{
	MUST(symlink("nowhere", in_dir("dangling")));
	CHECK_ERRNO(syscall(SYS_access, in_dir("dangling"), F_OK), ENOENT);
	CHECK_ERRNO(syscall(SYS_faccessat, AT_FDCWD, in_dir("dangling"), F_OK), ENOENT);
	CHECK_ERRNO(syscall(SYS_faccessat2, AT_FDCWD, in_dir("dangling"), F_OK, 0), ENOENT);
	CHECK_OK(syscall(SYS_faccessat2, AT_FDCWD, in_dir("dangling"), F_OK, AT_SYMLINK_NOFOLLOW));
	MUST(unlink(in_dir("dangling")));
}

static void test_rdonly(void)
{
	char path[PATH_MAX];

	if (!in_view())
		return;
	CHECK_OK(syscall(SYS_access, in_ro("file"), R_OK));
	CHECK_OK(syscall(SYS_access, in_ro("prog"), X_OK));
	CHECK_ERRNO(syscall(SYS_access, in_ro("file"), W_OK), EROFS);
	CHECK_ERRNO(syscall(SYS_access, in_ro("dir"), W_OK), EROFS);
	CHECK_ERRNO(syscall(SYS_faccessat, AT_FDCWD, in_ro("link"), W_OK), EROFS);
	CHECK_ERRNO(syscall(SYS_faccessat2, AT_FDCWD, in_ro("file"), R_OK | W_OK, 0), EROFS);
	/* a read-only mount does not stop writing to a FIFO */
	CHECK_OK(syscall(SYS_access, in_ro("fifo"), W_OK));
	CHECK_ERRNO(syscall(SYS_access, "/", W_OK), geteuid() ? EACCES : EROFS);
	snprintf(path, sizeof(path), "%s/secret", guest.masked);
	CHECK_ERRNO(syscall(SYS_access, path, F_OK), ENOENT);
}

int main(int argc, char **argv)
{
	guest_begin(argc, argv);
	path_errors("access", call_access, false);
	path_errors("faccessat", call_faccessat, true);
	path_errors("faccessat2", call_faccessat2, true);
	test_modes();
	test_links();
	test_rdonly();
	return guest_end();
}
