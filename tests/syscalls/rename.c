/* rename, renameat, renameat2. */
#include "guest.h"

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#define RENAME_EXCHANGE	 2
#define RENAME_WHITEOUT	 4
#endif

static long from_rename(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_rename, path, in_dir("to"));
}

static long to_rename(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_rename, in_dir("from"), path);
}

static long from_renameat(int dirfd, const char *path)
{
	return syscall(SYS_renameat, dirfd, path, AT_FDCWD, in_dir("to"));
}

static long to_renameat(int dirfd, const char *path)
{
	return syscall(SYS_renameat, AT_FDCWD, in_dir("from"), dirfd, path);
}

static long from_renameat2(int dirfd, const char *path)
{
	return syscall(SYS_renameat2, dirfd, path, AT_FDCWD, in_dir("to"), RENAME_NOREPLACE);
}

static long to_renameat2(int dirfd, const char *path)
{
	return syscall(SYS_renameat2, AT_FDCWD, in_dir("from"), dirfd, path, 0);
}

static bool exists(const char *name)
{
	struct stat st;

	return !lstat(in_dir(name), &st);
}

static void test_plain(void)
{
	int dirfd;

	make_file("a", "A");
	make_file("b", "B");
	MUST(mkdir(in_dir("dir"), 0755));
	dirfd = MUST(open(in_dir("dir"), O_PATH | O_CLOEXEC));
	CHECK_OK(syscall(SYS_rename, in_dir("a"), in_dir("c")));
	CHECK(!exists("a"));
	CHECK_STRING(content_of(in_dir("c")), "A");
	CHECK_OK(syscall(SYS_rename, at_border("c"), in_dir("b")));
	CHECK_STRING(content_of(in_dir("b")), "A");
	CHECK_OK(syscall(SYS_renameat, AT_FDCWD, in_dir("b"), dirfd, at_border("d")));
	CHECK_STRING(content_of(in_dir("dir/d")), "A");
	CHECK_OK(syscall(SYS_renameat, dirfd, at_border("d"), AT_FDCWD, in_dir("e")));
	CHECK_STRING(content_of(in_dir("e")), "A");
	CHECK_OK(syscall(SYS_renameat2, AT_FDCWD, in_dir("e"), dirfd, at_border("f"), 0));
	CHECK_STRING(content_of(in_dir("dir/f")), "A");
	/* a directory with all below it, trailing slashes allowed */
	CHECK_OK(syscall(SYS_rename, in_dir("dir/"), in_dir("dir2/")));
	CHECK_STRING(content_of(in_dir("dir2/f")), "A");
	CHECK_OK(syscall(SYS_rename, in_dir("dir2/f"), in_dir("dir2/f")));
	/* a link itself is renamed */
	MUST(symlink("dir2/f", in_dir("link")));
	CHECK_OK(syscall(SYS_rename, in_dir("link"), in_dir("link2")));
	CHECK_STRING(content_of(in_dir("link2")), "A");
	CHECK_OK(syscall(SYS_rename, in_dir("dir2/f"), in_dir("link2")));
	CHECK_STRING(content_of(in_dir("link2")), "A");
	CHECK(!exists("dir2/f"));
	close(dirfd);
	MUST(unlink(in_dir("link2")));
	MUST(rmdir(in_dir("dir2")));
}

static void test_errors(void)
{
	make_file("file", "f");
	MUST(mkdir(in_dir("d"), 0755));
	MUST(mkdir(in_dir("d/sub"), 0755));
	MUST(mkdir(in_dir("empty"), 0755));
	CHECK_ERRNO(syscall(SYS_rename, in_dir("none"), in_dir("to")), ENOENT);
	CHECK_ERRNO(syscall(SYS_rename, in_dir("file"), in_dir("d")), EISDIR);
	CHECK_ERRNO(syscall(SYS_rename, in_dir("d"), in_dir("file")), ENOTDIR);
	CHECK_ERRNO(syscall(SYS_rename, in_dir("empty"), in_dir("d")), ENOTEMPTY);
	CHECK_ERRNO(syscall(SYS_rename, in_dir("d"), in_dir("d/sub/x")), EINVAL);
	CHECK_ERRNO(syscall(SYS_rename, in_dir("d/sub"), in_dir("d")), ENOTEMPTY);
	CHECK_ERRNO(syscall(SYS_rename, in_dir("d/."), in_dir("x")), EBUSY);
	CHECK_ERRNO(syscall(SYS_rename, in_dir("d"), in_dir("x/..")), ENOENT);
	CHECK_ERRNO(syscall(SYS_rename, in_dir("d"), in_dir("empty/..")), EBUSY);
	CHECK_ERRNO(syscall(SYS_rename, in_dir("file/"), in_dir("x")), ENOTDIR);
	CHECK_ERRNO(syscall(SYS_rename, in_dir("file"), in_dir("x/")), ENOTDIR);
	CHECK_ERRNO(syscall(SYS_rename, at_border("/"), at_border("/uctr-x")), EBUSY);
	/* an empty directory may be replaced by one */
	CHECK_OK(syscall(SYS_rename, in_dir("d"), in_dir("empty")));
	CHECK(exists("empty/sub") && !exists("d"));
	MUST(rmdir(in_dir("empty/sub")));
	MUST(rmdir(in_dir("empty")));
	MUST(unlink(in_dir("file")));
}

static void test_flags(void)
{
	long rc;

	make_file("a", "A");
	make_file("b", "B");
	CHECK_ERRNO(syscall(SYS_renameat2, AT_FDCWD, in_dir("a"), AT_FDCWD, in_dir("b"), RENAME_NOREPLACE),
		    EEXIST);
	CHECK_STRING(content_of(in_dir("b")), "B");
	CHECK_OK(syscall(SYS_renameat2, AT_FDCWD, in_dir("a"), AT_FDCWD, in_dir("c"), RENAME_NOREPLACE));
	CHECK_STRING(content_of(in_dir("c")), "A");
	CHECK_OK(syscall(SYS_renameat2, AT_FDCWD, in_dir("b"), AT_FDCWD, in_dir("c"), RENAME_EXCHANGE));
	CHECK_STRING(content_of(in_dir("c")), "B");
	CHECK_STRING(content_of(in_dir("b")), "A");
	MUST(mkdir(in_dir("dir"), 0755));
	CHECK_OK(syscall(SYS_renameat2, AT_FDCWD, in_dir("b"), AT_FDCWD, in_dir("dir"), RENAME_EXCHANGE));
	CHECK_STRING(content_of(in_dir("dir")), "A");
	CHECK_ERRNO(syscall(SYS_renameat2, AT_FDCWD, in_dir("c"), AT_FDCWD, in_dir("none"), RENAME_EXCHANGE),
		    ENOENT);
	CHECK_ERRNO(syscall(SYS_renameat2, AT_FDCWD, in_dir("c"), AT_FDCWD, in_dir("x"), 0x8), EINVAL);
	CHECK_ERRNO(syscall(SYS_renameat2, AT_FDCWD, in_dir("c"), AT_FDCWD, in_dir("x"),
			    RENAME_EXCHANGE | RENAME_NOREPLACE),
		    EINVAL);
	CHECK_ERRNO(syscall(SYS_renameat2, AT_FDCWD, in_dir("c"), AT_FDCWD, in_dir("x"),
			    RENAME_EXCHANGE | RENAME_WHITEOUT),
		    EINVAL);
	/* a whiteout is a device 0:0, which everybody may make, but not on every file system */
	rc = syscall(SYS_renameat2, AT_FDCWD, in_dir("c"), AT_FDCWD, in_dir("w"), RENAME_WHITEOUT);
	CHECK(rc == 0 || errno == EINVAL || errno == EPERM);
	unlink(in_dir("w"));
	unlink(in_dir("c"));
	MUST(unlink(in_dir("dir")));
	MUST(rmdir(in_dir("b")));
}

static void test_view(void)
{
	int fd;

	if (!in_view())
		return;
	make_file("a", "A");
	CHECK_ERRNO(syscall(SYS_rename, in_dir("a"), in_ro("a")), EXDEV);
	CHECK_ERRNO(syscall(SYS_rename, in_ro("file"), in_dir("b")), EXDEV);
	/* do_renameat2() compares the mounts first */
	CHECK_ERRNO(syscall(SYS_rename, "/", in_dir("b")), EXDEV);
	CHECK_ERRNO(syscall(SYS_rename, in_ro("file"), in_ro("b")), EROFS);
	CHECK_ERRNO(syscall(SYS_renameat, AT_FDCWD, in_ro("dir"), AT_FDCWD, in_ro("b")), EROFS);
	CHECK_ERRNO(syscall(SYS_renameat2, AT_FDCWD, in_ro("dir"), AT_FDCWD, in_ro("file"), RENAME_EXCHANGE),
		    EROFS);
	fd = MUST(open(guest.ro, O_RDONLY | O_CLOEXEC));
	CHECK_ERRNO(syscall(SYS_renameat, fd, "file", fd, "b"), EROFS);
	close(fd);
	MUST(unlink(in_dir("a")));
	errno = 0;
	CHECK(syscall(SYS_rename, guest.dir, "/uctr-other") < 0 &&
	      (errno == EBUSY || errno == EXDEV || errno == EROFS));
	CHECK_OK(access(guest.dir, F_OK));
}

int main(int argc, char **argv)
{
	guest_begin(argc, argv);
	path_errors("rename from", from_rename, false);
	path_errors("renameat from", from_renameat, true);
	path_errors("renameat2 from", from_renameat2, true);
	make_file("from", "");
	path_errors("rename to", to_rename, false);
	path_errors("renameat to", to_renameat, true);
	path_errors("renameat2 to", to_renameat2, true);
	unlink(in_dir("from"));
	test_plain();
	test_errors();
	test_flags();
	test_view();
	return guest_end();
}
