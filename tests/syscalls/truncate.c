/* truncate, ftruncate. */
#include "guest.h"

static long call_truncate(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_truncate, path, 0L);
}

static long size_of(const char *name)
{
	struct stat st = {.st_size = -1};

	stat(in_dir(name), &st);
	return st.st_size;
}

int main(int argc, char **argv)
{
	int fd;
	char buf[16];

	guest_begin(argc, argv);
	path_errors("truncate", call_truncate, false);
	make_file("file", "0123456789");
	MUST(symlink("file", in_dir("link")));
	CHECK_OK(syscall(SYS_truncate, in_dir("file"), 4L));
	CHECK_STRING(content_of(in_dir("file")), "0123");
	CHECK_OK(syscall(SYS_truncate, at_border("link"), 8L));
	CHECK_VALUE(size_of("file"), 8);
	fd = MUST(open(in_dir("file"), O_RDWR | O_CLOEXEC));
	CHECK_VALUE(read(fd, buf, sizeof(buf)), 8);
	CHECK(!memcmp(buf, "0123\0\0\0\0", 8));
	CHECK_OK(syscall(SYS_ftruncate, fd, 2L));
	CHECK_VALUE(size_of("file"), 2);
	close(fd);
	CHECK_OK(syscall(SYS_truncate, in_dir("file"), 5000000000L));
	CHECK_VALUE(size_of("file"), 5000000000L);
	CHECK_OK(syscall(SYS_truncate, in_dir("file"), 0L));
	CHECK_VALUE(size_of("file"), 0);
	CHECK_ERRNO(syscall(SYS_truncate, in_dir("file"), -1L), EINVAL);
	CHECK_ERRNO(syscall(SYS_truncate, guest.dir, 0L), EISDIR);
	CHECK_ERRNO(syscall(SYS_truncate, in_dir("missing"), 0L), ENOENT);
	CHECK_ERRNO(syscall(SYS_truncate, in_dir("file/"), 0L), ENOTDIR);
	MUST(mkfifo(in_dir("fifo"), 0600));
	CHECK_ERRNO(syscall(SYS_truncate, in_dir("fifo"), 0L), EINVAL);
	MUST(unlink(in_dir("fifo")));
	if (geteuid()) {
		MUST(chmod(in_dir("file"), 0444));
		CHECK_ERRNO(syscall(SYS_truncate, in_dir("file"), 0L), EACCES);
	}
	if (in_view()) {
		CHECK_ERRNO(syscall(SYS_truncate, in_ro("file"), 0L), EROFS);
		CHECK_ERRNO(syscall(SYS_truncate, in_ro("link"), 3L), EROFS);
		fd = MUST(open(in_ro("file"), O_RDONLY | O_CLOEXEC));
		CHECK_ERRNO(syscall(SYS_ftruncate, fd, 0L), EINVAL);
		close(fd);
		CHECK_STRING(content_of(in_ro("file")), "read-only\n");
	}
	MUST(unlink(in_dir("file")));
	MUST(unlink(in_dir("link")));
	return guest_end();
}
