/* chown, lchown, fchown, fchownat, as far as an ordinary user may: to the ids that the file has. */
#include "guest.h"

static long call_chown(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_chown, path, -1, -1);
}

static long call_lchown(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_lchown, path, -1, -1);
}

static long call_fchownat(int dirfd, const char *path)
{
	return syscall(SYS_fchownat, dirfd, path, -1, -1, 0);
}

/* A chown to the own ids strips set-uid, which shows that it has reached the file. */
static void arm(void)
{
	MUST(chmod(in_dir("file"), 04755));
}

static bool stripped(void)
{
	struct stat st = {0};

	MUST(stat(in_dir("file"), &st));
	return !(st.st_mode & S_ISUID) && st.st_uid == geteuid() && st.st_gid == getegid();
}

static void test_own(void)
{
	uid_t u = geteuid();
	gid_t g = getegid();
	int fd, dirfd = MUST(open(guest.dir, O_RDONLY | O_CLOEXEC));

	make_file("file", "");
	MUST(symlink("file", in_dir("link")));
	MUST(symlink("nowhere", in_dir("dangling")));
	fd = MUST(open(in_dir("file"), O_RDONLY | O_CLOEXEC));
	arm();
	CHECK_OK(syscall(SYS_chown, in_dir("file"), u, g));
	CHECK(stripped());
	arm();
	CHECK_OK(syscall(SYS_chown, at_border("link"), u, -1));
	CHECK(stripped());
	arm();
	CHECK_OK(syscall(SYS_lchown, in_dir("file"), -1, g));
	CHECK(stripped());
	arm();
	CHECK_OK(syscall(SYS_lchown, in_dir("link"), u, g));
	CHECK(!stripped());
	CHECK_OK(syscall(SYS_fchown, fd, u, g));
	CHECK(stripped());
	arm();
	CHECK_OK(syscall(SYS_fchownat, dirfd, at_border("file"), u, g, 0));
	CHECK(stripped());
	arm();
	CHECK_OK(syscall(SYS_fchownat, AT_FDCWD, in_dir("link"), u, g, AT_SYMLINK_NOFOLLOW));
	CHECK(!stripped());
	CHECK_OK(syscall(SYS_fchownat, fd, at_border(""), u, g, AT_EMPTY_PATH));
	CHECK(stripped());
	CHECK_OK(syscall(SYS_lchown, in_dir("dangling"), u, g));
	CHECK_ERRNO(syscall(SYS_chown, in_dir("dangling"), u, g), ENOENT);
	CHECK_ERRNO(syscall(SYS_chown, in_dir("file/"), u, g), ENOTDIR);
	CHECK_ERRNO(syscall(SYS_fchown, -1, u, g), EBADF);
	CHECK_ERRNO(syscall(SYS_fchownat, AT_FDCWD, in_dir("file"), u, g, 0x1), EINVAL);
	CHECK_ERRNO(syscall(SYS_fchownat, fd, "", u, g, 0), ENOENT);
	if (u) {
		CHECK_ERRNO(syscall(SYS_chown, in_dir("file"), 0, -1), EPERM);
		CHECK_ERRNO(syscall(SYS_lchown, in_dir("link"), 0, 0), EPERM);
		CHECK_ERRNO(syscall(SYS_fchown, fd, -1, 0), EPERM);
		CHECK_ERRNO(syscall(SYS_fchownat, AT_FDCWD, in_dir("file"), u + 1, g, 0), EPERM);
	}
	close(fd);
	fd = MUST(open(in_dir("file"), O_PATH | O_CLOEXEC));
	CHECK_ERRNO(syscall(SYS_fchown, fd, u, g), EBADF);
	close(fd);
	close(dirfd);
	MUST(unlink(in_dir("file")));
	MUST(unlink(in_dir("link")));
	MUST(unlink(in_dir("dangling")));
}

static void test_rdonly(void)
{
	uid_t u = geteuid();
	int fd;

	if (!in_view())
		return;
	CHECK_ERRNO(syscall(SYS_chown, in_ro("file"), u, -1), EROFS);
	CHECK_ERRNO(syscall(SYS_lchown, in_ro("link"), u, -1), EROFS);
	CHECK_ERRNO(syscall(SYS_fchownat, AT_FDCWD, in_ro("dir"), u, -1, 0), EROFS);
	fd = MUST(open(in_ro("file"), O_RDONLY | O_CLOEXEC));
	CHECK_ERRNO(syscall(SYS_fchown, fd, u, -1), EROFS);
	CHECK_ERRNO(syscall(SYS_fchownat, fd, "", u, -1, AT_EMPTY_PATH), EROFS);
	close(fd);
	fd = MUST(open(guest.ro, O_RDONLY | O_CLOEXEC));
	CHECK_ERRNO(syscall(SYS_fchown, fd, u, -1), EROFS);
	CHECK_ERRNO(syscall(SYS_fchownat, fd, "file", u, -1, 0), EROFS);
	close(fd);
}

int main(int argc, char **argv)
{
	guest_begin(argc, argv);
	path_errors("chown", call_chown, false);
	path_errors("lchown", call_lchown, false);
	path_errors("fchownat", call_fchownat, true);
	test_own();
	test_rdonly();
	return guest_end();
}
