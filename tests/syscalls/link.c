/* link, linkat. */
#include "guest.h"

static long from_link(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_link, path, in_dir("to"));
}

static long to_link(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_link, in_dir("from"), path);
}

static long from_linkat(int dirfd, const char *path)
{
	return syscall(SYS_linkat, dirfd, path, AT_FDCWD, in_dir("to"), 0);
}

static long to_linkat(int dirfd, const char *path)
{
	return syscall(SYS_linkat, AT_FDCWD, in_dir("from"), dirfd, path, 0);
}

static ino_t ino_of(const char *name, nlink_t links)
{
	struct stat st = {0};

	CHECK_OK(lstat(in_dir(name), &st));
	CHECK_VALUE(st.st_nlink, links);
	return st.st_ino;
}

int main(int argc, char **argv)
{
	int fd, dirfd;
	char path[64];
	struct stat st;

	guest_begin(argc, argv);
	path_errors("link from", from_link, false);
	path_errors("linkat from", from_linkat, true);
	make_file("from", "");
	path_errors("link to", to_link, false);
	path_errors("linkat to", to_linkat, true);
	unlink(in_dir("from"));

	dirfd = MUST(open(guest.dir, O_RDONLY | O_CLOEXEC));
	make_file("a", "one file");
	CHECK_OK(syscall(SYS_link, in_dir("a"), in_dir("b")));
	CHECK_VALUE(ino_of("a", 2), ino_of("b", 2));
	CHECK_OK(syscall(SYS_linkat, dirfd, at_border("b"), AT_FDCWD, in_dir("c"), 0));
	CHECK_VALUE(ino_of("a", 3), ino_of("c", 3));
	CHECK_OK(syscall(SYS_linkat, AT_FDCWD, in_dir("c"), dirfd, at_border("d"), 0));
	CHECK_STRING(content_of(in_dir("d")), "one file");

	/* a symlink is linked itself, unless told otherwise */
	MUST(symlink("a", in_dir("sym")));
	CHECK_OK(syscall(SYS_link, in_dir("sym"), in_dir("sym2")));
	CHECK_OK(lstat(in_dir("sym2"), &st));
	CHECK(S_ISLNK(st.st_mode));
	CHECK_OK(syscall(SYS_linkat, AT_FDCWD, in_dir("sym"), AT_FDCWD, in_dir("e"), AT_SYMLINK_FOLLOW));
	CHECK_VALUE(ino_of("a", 5), ino_of("e", 5));
	/* by descriptor, through /proc */
	fd = MUST(open(in_dir("a"), O_RDONLY | O_CLOEXEC));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK_OK(syscall(SYS_linkat, AT_FDCWD, path, AT_FDCWD, in_dir("f"), AT_SYMLINK_FOLLOW));
	CHECK_VALUE(ino_of("a", 6), ino_of("f", 6));
	CHECK_ERRNO(syscall(SYS_linkat, AT_FDCWD, path, AT_FDCWD, in_dir("g"), 0), EXDEV);
	close(fd);

	CHECK_ERRNO(syscall(SYS_link, in_dir("a"), in_dir("b")), EEXIST);
	CHECK_ERRNO(syscall(SYS_link, in_dir("none"), in_dir("x")), ENOENT);
	CHECK_ERRNO(syscall(SYS_link, in_dir("a"), in_dir("x/")), ENOENT);
	CHECK_ERRNO(syscall(SYS_link, in_dir("a/"), in_dir("x")), ENOTDIR);
	MUST(mkdir(in_dir("dir"), 0755));
	CHECK_ERRNO(syscall(SYS_link, in_dir("dir"), in_dir("x")), EPERM);
	CHECK_ERRNO(syscall(SYS_link, in_dir("a"), in_dir("dir")), EEXIST);
	CHECK_ERRNO(syscall(SYS_link, in_dir("a"), in_dir("dir/.")), EEXIST);
	CHECK_ERRNO(syscall(SYS_link, "/proc/version", in_dir("x")), EXDEV);
	CHECK_ERRNO(syscall(SYS_linkat, AT_FDCWD, in_dir("a"), AT_FDCWD, in_dir("x"), 0x1), EINVAL);
	CHECK_ERRNO(syscall(SYS_linkat, AT_FDCWD, in_dir("a"), AT_FDCWD, in_dir("x"), AT_SYMLINK_NOFOLLOW),
		    EINVAL);
	MUST(rmdir(in_dir("dir")));
	if (in_view()) {
		CHECK_ERRNO(syscall(SYS_link, in_ro("file"), in_dir("x")), EXDEV);
		CHECK_ERRNO(syscall(SYS_link, in_ro("file"), in_ro("x")), EROFS);
		CHECK_ERRNO(syscall(SYS_link, in_ro("file"), in_ro("link")), EEXIST);
		fd = MUST(open(guest.ro, O_RDONLY | O_CLOEXEC));
		CHECK_ERRNO(syscall(SYS_linkat, fd, "file", fd, "x", 0), EROFS);
		close(fd);
	}
	close(dirfd);
	for (const char *p = "abcdef"; *p; p++) {
		char name[2] = {*p, 0};

		MUST(unlink(in_dir(name)));
	}
	MUST(unlink(in_dir("sym")));
	MUST(unlink(in_dir("sym2")));
	return guest_end();
}
