/* unlink, unlinkat, rmdir. */
#include "guest.h"

static long call_unlink(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_unlink, path);
}

static long call_rmdir(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_rmdir, path);
}

static long call_unlinkat(int dirfd, const char *path)
{
	return syscall(SYS_unlinkat, dirfd, path, 0);
}

static long call_unlinkat_dir(int dirfd, const char *path)
{
	return syscall(SYS_unlinkat, dirfd, path, AT_REMOVEDIR);
}

static bool exists(const char *name)
{
	struct stat st;

	return !lstat(in_dir(name), &st);
}

static void test_files(void)
{
	int fd, dirfd = MUST(open(guest.dir, O_RDONLY | O_CLOEXEC));
	struct stat st;
	char c = 0;

	make_file("a", "still open");
	make_file("b", "");
	make_file("c", "");
	MUST(symlink("c", in_dir("link")));
	fd = MUST(open(in_dir("a"), O_RDONLY | O_CLOEXEC));
	CHECK_OK(syscall(SYS_unlink, in_dir("a")));
	CHECK(!exists("a"));
	CHECK_VALUE(read(fd, &c, 1), 1);
	CHECK_VALUE(c, 's');
	CHECK_OK(fstat(fd, &st));
	CHECK_VALUE(st.st_nlink, 0);
	close(fd);
	CHECK_ERRNO(syscall(SYS_unlink, in_dir("a")), ENOENT);
	CHECK_OK(syscall(SYS_unlinkat, dirfd, at_border("b"), 0));
	CHECK(!exists("b"));
	/* the link goes, not what it names */
	CHECK_OK(syscall(SYS_unlinkat, AT_FDCWD, in_dir("link"), 0));
	CHECK(!exists("link") && exists("c"));
	CHECK_ERRNO(syscall(SYS_unlink, in_dir("c/")), ENOTDIR);
	CHECK_ERRNO(syscall(SYS_rmdir, in_dir("c")), ENOTDIR);
	CHECK_ERRNO(syscall(SYS_unlinkat, AT_FDCWD, in_dir("c"), AT_REMOVEDIR), ENOTDIR);
	CHECK_ERRNO(syscall(SYS_unlinkat, AT_FDCWD, in_dir("c"), 0x1), EINVAL);
	CHECK_ERRNO(syscall(SYS_unlinkat, AT_FDCWD, in_dir("c"), AT_EMPTY_PATH), EINVAL);
	CHECK(exists("c"));
	CHECK_OK(syscall(SYS_unlink, at_border("c")));
	CHECK(!exists("c"));
	close(dirfd);
}

static void test_directories(void)
{
	MUST(mkdir(in_dir("d"), 0755));
	MUST(mkdir(in_dir("d/e"), 0755));
	MUST(symlink("d", in_dir("dlink")));
	CHECK_ERRNO(syscall(SYS_unlink, in_dir("d")), EISDIR);
	CHECK_ERRNO(syscall(SYS_unlinkat, AT_FDCWD, in_dir("d"), 0), EISDIR);
	CHECK_ERRNO(syscall(SYS_unlink, in_dir("d/")), EISDIR);
	CHECK_ERRNO(syscall(SYS_rmdir, in_dir("d")), ENOTEMPTY);
	CHECK_ERRNO(syscall(SYS_rmdir, in_dir("d/.")), EINVAL);
	CHECK_ERRNO(syscall(SYS_rmdir, in_dir("d/e/..")), ENOTEMPTY);
	CHECK_ERRNO(syscall(SYS_rmdir, in_dir("dlink")), ENOTDIR);
	CHECK_ERRNO(syscall(SYS_rmdir, in_dir("dlink/")), ENOTDIR);
	CHECK_ERRNO(syscall(SYS_unlink, in_dir("d/..")), EISDIR);
	CHECK_ERRNO(syscall(SYS_rmdir, at_border("/")), EBUSY);
	if (geteuid()) {
		MUST(chmod(in_dir("d"), 0555));
		CHECK_ERRNO(syscall(SYS_rmdir, in_dir("d/e")), EACCES);
		MUST(chmod(in_dir("d"), 0755));
	}
	CHECK_OK(syscall(SYS_rmdir, in_dir("d/e/")));
	CHECK(!exists("d/e"));
	CHECK_OK(syscall(SYS_unlinkat, AT_FDCWD, in_dir("d"), AT_REMOVEDIR));
	CHECK(!exists("d"));
	CHECK_OK(syscall(SYS_unlink, in_dir("dlink")));
}

static void test_view(void)
{
	int fd;

	if (!in_view())
		return;
	CHECK_ERRNO(syscall(SYS_unlink, in_ro("file")), EROFS);
	CHECK_ERRNO(syscall(SYS_unlinkat, AT_FDCWD, in_ro("link"), 0), EROFS);
	CHECK_ERRNO(syscall(SYS_rmdir, in_ro("dir")), EROFS);
	CHECK_ERRNO(syscall(SYS_unlinkat, AT_FDCWD, in_ro("dir"), AT_REMOVEDIR), EROFS);
	fd = MUST(open(guest.ro, O_RDONLY | O_CLOEXEC));
	CHECK_ERRNO(syscall(SYS_unlinkat, fd, "file", 0), EROFS);
	close(fd);
	CHECK_OK(access(in_ro("file"), F_OK));
	/* a mount point is busy, or its parent is read-only */
	errno = 0;
	CHECK(syscall(SYS_rmdir, guest.dir) < 0 && (errno == EBUSY || errno == EROFS));
	CHECK_OK(access(guest.dir, F_OK));
}

int main(int argc, char **argv)
{
	guest_begin(argc, argv);
	path_errors("unlink", call_unlink, false);
	path_errors("rmdir", call_rmdir, false);
	path_errors("unlinkat", call_unlinkat, true);
	path_errors("unlinkat AT_REMOVEDIR", call_unlinkat_dir, true);
	test_files();
	test_directories();
	test_view();
	return guest_end();
}
