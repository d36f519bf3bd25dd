/* mkdir, mkdirat, rmdir. */
#include "guest.h"

static long call_mkdir(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_mkdir, path, 0755);
}

static long call_mkdirat(int dirfd, const char *path)
{
	return syscall(SYS_mkdirat, dirfd, path, 0755);
}

static mode_t mode_of(const char *name)
{
	struct stat st = {0};

	CHECK_OK(lstat(in_dir(name), &st));
	return st.st_mode;
}

int main(int argc, char **argv)
{
	int fd;
	char name[16];

	guest_begin(argc, argv);
	path_errors("mkdir", call_mkdir, false);
	path_errors("mkdirat", call_mkdirat, true);

	CHECK_OK(syscall(SYS_mkdir, in_dir("a"), 0777));
	CHECK_VALUE(mode_of("a"), S_IFDIR | 0755);
	umask(027);
	CHECK_OK(syscall(SYS_mkdir, at_border("a/b"), 0777));
	CHECK_VALUE(mode_of("a/b"), S_IFDIR | 0750);
	umask(0);
	CHECK_OK(syscall(SYS_mkdirat, AT_FDCWD, in_dir("a/c/"), 01777));
	CHECK_VALUE(mode_of("a/c"), S_IFDIR | 01777);
	umask(022);
	fd = MUST(open(in_dir("a"), O_RDONLY | O_CLOEXEC));
	CHECK_OK(syscall(SYS_mkdirat, fd, at_border("d//"), 0700));
	CHECK_VALUE(mode_of("a/d"), S_IFDIR | 0700);
	CHECK_OK(syscall(SYS_mkdirat, fd, at_border("../e"), 0700));
	CHECK_VALUE(mode_of("e"), S_IFDIR | 0700);
	close(fd);
	/* the setgid bit is inherited */
	MUST(chmod(in_dir("e"), 02755));
	CHECK_OK(syscall(SYS_mkdir, in_dir("e/f"), 0755));
	CHECK_VALUE(mode_of("e/f"), S_IFDIR | 02755);

	make_file("file", "");
	MUST(symlink("nowhere", in_dir("dangling")));
	CHECK_ERRNO(syscall(SYS_mkdir, in_dir("a"), 0755), EEXIST);
	CHECK_ERRNO(syscall(SYS_mkdir, in_dir("file"), 0755), EEXIST);
	CHECK_ERRNO(syscall(SYS_mkdir, in_dir("dangling"), 0755), EEXIST);
	CHECK_ERRNO(syscall(SYS_mkdir, in_dir("a/."), 0755), EEXIST);
	CHECK_ERRNO(syscall(SYS_mkdir, in_dir("a/.."), 0755), EEXIST);
	CHECK_ERRNO(syscall(SYS_mkdir, at_border("/"), 0755), EEXIST);
	CHECK_ERRNO(syscall(SYS_mkdir, guest.dir, 0755), EEXIST);
	CHECK_ERRNO(syscall(SYS_mkdirat, AT_FDCWD, guest.dir, 0755), EEXIST);
	CHECK_ERRNO(syscall(SYS_mkdir, in_dir("missing/x"), 0755), ENOENT);
	if (geteuid()) {
		MUST(chmod(in_dir("e"), 0555));
		CHECK_ERRNO(syscall(SYS_mkdir, in_dir("e/g"), 0755), EACCES);
		MUST(chmod(in_dir("e"), 0755));
	}
	/* a removed directory has no room */
	MUST(mkdir(in_dir("gone"), 0755));
	fd = MUST(open(in_dir("gone"), O_RDONLY | O_CLOEXEC));
	MUST(rmdir(in_dir("gone")));
	CHECK_ERRNO(syscall(SYS_mkdirat, fd, "x", 0755), ENOENT);
	close(fd);
	if (in_view()) {
		CHECK_ERRNO(syscall(SYS_mkdir, in_ro("new"), 0755), EROFS);
		CHECK_ERRNO(syscall(SYS_mkdir, in_ro("dir"), 0755), EEXIST);
		CHECK_ERRNO(syscall(SYS_mkdir, guest.ro, 0755), EEXIST);
		CHECK_ERRNO(syscall(SYS_mkdir, "/uctr-new", 0755), EROFS);
		fd = MUST(open(guest.ro, O_RDONLY | O_CLOEXEC));
		CHECK_ERRNO(syscall(SYS_mkdirat, fd, "new", 0755), EROFS);
		close(fd);
	}
	CHECK_ERRNO(syscall(SYS_rmdir, in_dir("a")), ENOTEMPTY);
	CHECK_ERRNO(syscall(SYS_rmdir, in_dir("file")), ENOTDIR);
	CHECK_ERRNO(syscall(SYS_rmdir, in_dir("dangling")), ENOTDIR);
	if (in_view())
		CHECK_ERRNO(syscall(SYS_rmdir, in_ro("dir")), EROFS);
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "a/%c", 'b' + i);
		CHECK_OK(syscall(SYS_rmdir, in_dir(name)));
		CHECK_ERRNO(syscall(SYS_rmdir, in_dir(name)), ENOENT);
	}
	unlink(in_dir("file"));
	unlink(in_dir("dangling"));
	CHECK_OK(syscall(SYS_rmdir, in_dir("a/")));
	CHECK_OK(syscall(SYS_rmdir, at_border("e/f")));
	CHECK_OK(syscall(SYS_rmdir, in_dir("e")));
	return guest_end();
}
