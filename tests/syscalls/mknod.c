/* mknod, mknodat. */
#include "guest.h"

#include <sys/sysmacros.h>

static long call_mknod(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_mknod, path, S_IFIFO | 0600, 0);
}

static long call_mknodat(int dirfd, const char *path)
{
	return syscall(SYS_mknodat, dirfd, path, S_IFREG | 0600, 0);
}

static mode_t mode_of(const char *name)
{
	struct stat st = {0};

	CHECK_OK(lstat(in_dir(name), &st));
	return st.st_mode;
}

int main(int argc, char **argv)
{
	int dirfd;

	guest_begin(argc, argv);
	path_errors("mknod", call_mknod, false);
	path_errors("mknodat", call_mknodat, true);

	dirfd = MUST(open(guest.dir, O_PATH | O_CLOEXEC));
	CHECK_OK(syscall(SYS_mknod, in_dir("fifo"), S_IFIFO | 0666, 0));
	CHECK_VALUE(mode_of("fifo"), S_IFIFO | 0644);
	CHECK_OK(syscall(SYS_mknod, in_dir("file"), S_IFREG | 0666, 0));
	CHECK_VALUE(mode_of("file"), S_IFREG | 0644);
	umask(077);
	CHECK_OK(syscall(SYS_mknodat, AT_FDCWD, in_dir("plain"), 0666, 0));
	CHECK_VALUE(mode_of("plain"), S_IFREG | 0600);
	umask(022);
	CHECK_OK(syscall(SYS_mknodat, dirfd, at_border("sock"), S_IFSOCK | 0700, 0));
	CHECK_VALUE(mode_of("sock"), S_IFSOCK | 0700);
	CHECK_ERRNO(syscall(SYS_mknod, in_dir("file"), S_IFREG | 0600, 0), EEXIST);
	CHECK_ERRNO(syscall(SYS_mknod, in_dir("new/"), S_IFREG | 0600, 0), ENOENT);
	CHECK_ERRNO(syscall(SYS_mknod, in_dir("new"), S_IFDIR | 0600, 0), EPERM);
	CHECK_ERRNO(syscall(SYS_mknod, in_dir("new"), S_IFLNK | 0600, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_mknodat, AT_FDCWD, in_dir("new"), 0170000 | 0600, 0), EINVAL);
	if (geteuid()) {
		CHECK_ERRNO(syscall(SYS_mknod, in_dir("new"), S_IFCHR | 0600, makedev(1, 3)), EPERM);
		CHECK_ERRNO(syscall(SYS_mknodat, AT_FDCWD, in_dir("new"), S_IFBLK | 0600, makedev(8, 0)),
			    EPERM);
	}
	if (in_view()) {
		CHECK_ERRNO(syscall(SYS_mknod, in_ro("new"), S_IFREG | 0600, 0), EROFS);
		CHECK_ERRNO(syscall(SYS_mknodat, AT_FDCWD, in_ro("new"), S_IFIFO | 0600, 0), EROFS);
		CHECK_ERRNO(syscall(SYS_mknodat, AT_FDCWD, in_ro("file"), S_IFIFO | 0600, 0), EEXIST);
	}
	close(dirfd);
	MUST(unlink(in_dir("fifo")));
	MUST(unlink(in_dir("file")));
	MUST(unlink(in_dir("plain")));
	MUST(unlink(in_dir("sock")));
	return guest_end();
}
