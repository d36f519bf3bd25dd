/* symlink, symlinkat. */
#include "guest.h"

static long call_symlink(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_symlink, "target", path);
}

static long call_symlinkat(int dirfd, const char *path)
{
	return syscall(SYS_symlinkat, "target", dirfd, path);
}

static const char *target_of(const char *name)
{
	static char buf[PATH_MAX + 1];
	ssize_t n = readlink(in_dir(name), buf, PATH_MAX);

	buf[n < 0 ? 0 : n] = 0;
	return buf;
}

int main(int argc, char **argv)
{
	char target[5000];
	int dirfd;

	guest_begin(argc, argv);
	path_errors("symlink", call_symlink, false);
	path_errors("symlinkat", call_symlinkat, true);

	dirfd = MUST(open(guest.dir, O_RDONLY | O_CLOEXEC));
	make_file("file", "content");
	CHECK_OK(syscall(SYS_symlink, at_border("file"), in_dir("a")));
	CHECK_STRING(target_of("a"), "file");
	CHECK_STRING(content_of(in_dir("a")), "content");
	CHECK_OK(syscall(SYS_symlinkat, at_border("no such // place/"), dirfd, at_border("b")));
	CHECK_STRING(target_of("b"), "no such // place/");
	/* an absolute target is kept as given and followed in the view */
	CHECK_OK(syscall(SYS_symlinkat, in_dir("file"), AT_FDCWD, in_dir("c")));
	CHECK_STRING(target_of("c"), in_dir("file"));
	CHECK_STRING(content_of(in_dir("c")), "content");
	memset(target, 'x', sizeof(target));
	target[4095] = 0;
	if (!syscall(SYS_symlink, target, in_dir("d"))) {
		CHECK_STRING(target_of("d"), target);
		unlink(in_dir("d"));
	} else {
		CHECK_SAYS(errno == ENAMETOOLONG, "errno %d", errno);
	}
	target[4095] = 'x';
	target[4096] = 0;
	CHECK_ERRNO(syscall(SYS_symlink, target, in_dir("d")), ENAMETOOLONG);
	CHECK_ERRNO(syscall(SYS_symlink, "", in_dir("d")), ENOENT);
	CHECK_ERRNO(syscall(SYS_symlink, NULL, in_dir("d")), EFAULT);
	CHECK_ERRNO(syscall(SYS_symlink, unterminated("file"), in_dir("d")), EFAULT);
	CHECK_ERRNO(syscall(SYS_symlinkat, BAD_POINTER, AT_FDCWD, in_dir("d")), EFAULT);
	CHECK_ERRNO(syscall(SYS_symlink, "x", in_dir("a")), EEXIST);
	CHECK_ERRNO(syscall(SYS_symlink, "x", in_dir("b")), EEXIST);
	CHECK_ERRNO(syscall(SYS_symlink, "x", in_dir("d/")), ENOENT);
	CHECK_ERRNO(syscall(SYS_symlink, "x", in_dir("file/")), EEXIST);
	CHECK_ERRNO(syscall(SYS_symlink, "x", in_dir(".")), EEXIST);
	CHECK_ERRNO(syscall(SYS_symlink, "x", "/"), EEXIST);
	if (in_view()) {
		CHECK_ERRNO(syscall(SYS_symlink, "x", in_ro("new")), EROFS);
		CHECK_ERRNO(syscall(SYS_symlinkat, "x", AT_FDCWD, in_ro("file")), EEXIST);
		CHECK_ERRNO(syscall(SYS_symlink, "x", "/uctr-new"), EROFS);
	}
	close(dirfd);
	MUST(unlink(in_dir("a")));
	MUST(unlink(in_dir("b")));
	MUST(unlink(in_dir("c")));
	MUST(unlink(in_dir("file")));
	return guest_end();
}
