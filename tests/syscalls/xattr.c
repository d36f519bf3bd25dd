/* setxattr, getxattr, listxattr, removexattr with their l and f forms, and the *xattrat calls of Linux 6.13. */
#include "guest.h"

#include <sys/xattr.h>

#define KEY "user.uctr"

static char out[256];

static long call_set(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_setxattr, path, KEY, "v", 1, 0);
}

static long call_lset(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_lsetxattr, path, KEY, "v", 1, 0);
}

static long call_get(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_getxattr, path, KEY, out, sizeof(out));
}

static long call_lget(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_lgetxattr, path, KEY, out, sizeof(out));
}

static long call_list(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_listxattr, path, out, sizeof(out));
}

static long call_llist(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_llistxattr, path, out, sizeof(out));
}

static long call_remove(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_removexattr, path, KEY);
}

static long call_lremove(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_lremovexattr, path, KEY);
}

static bool lists(const char *name, const char *key)
{
	char list[1024];
	ssize_t n = listxattr(in_dir(name), list, sizeof(list));

	for (ssize_t i = 0; i < n; i += strlen(list + i) + 1)
		if (!strcmp(list + i, key))
			return true;
	return false;
}

static bool value_is(const char *name, const char *value)
{
	char buf[256];
	ssize_t n = getxattr(in_dir(name), KEY, buf, sizeof(buf));

	return n == (ssize_t)strlen(value) && !memcmp(buf, value, n);
}

static void test_paths(void)
{
	char *key = at_border(KEY), *value = border("value", 5);

	CHECK_ERRNO(syscall(SYS_getxattr, in_dir("file"), key, out, sizeof(out)), ENODATA);
	CHECK_OK(syscall(SYS_setxattr, in_dir("file"), key, value, 5, XATTR_CREATE));
	CHECK(value_is("file", "value"));
	CHECK_VALUE(syscall(SYS_getxattr, in_dir("link"), key, border(NULL, 5), 5), 5);
	CHECK_VALUE(syscall(SYS_getxattr, at_border("file"), key, out, sizeof(out)), 5);
	CHECK(!memcmp(out, "value", 5));
	CHECK_VALUE(syscall(SYS_lgetxattr, in_dir("file"), key, out, sizeof(out)), 5);
	CHECK_VALUE(syscall(SYS_getxattr, in_dir("file"), key, NULL, 0), 5);
	CHECK_ERRNO(syscall(SYS_getxattr, in_dir("file"), key, out, 3), ERANGE);
	CHECK_ERRNO(syscall(SYS_lgetxattr, in_dir("link"), key, out, sizeof(out)), ENODATA);
	CHECK_ERRNO(syscall(SYS_setxattr, in_dir("file"), key, value, 5, XATTR_CREATE), EEXIST);
	CHECK_ERRNO(syscall(SYS_setxattr, in_dir("file"), "user.none", value, 5, XATTR_REPLACE), ENODATA);
	CHECK_ERRNO(syscall(SYS_setxattr, in_dir("file"), key, value, 5, 4), EINVAL);
	CHECK_ERRNO(syscall(SYS_lsetxattr, in_dir("link"), key, value, 5, 0), EPERM);
	CHECK_OK(syscall(SYS_lsetxattr, in_dir("file"), key, border("new", 3), 3, XATTR_REPLACE));
	CHECK(value_is("file", "new"));
	memset(out, 0, sizeof(out));
	CHECK(syscall(SYS_listxattr, in_dir("file"), out, sizeof(out)) >= (long)sizeof(KEY));
	CHECK(lists("file", KEY));
	CHECK(syscall(SYS_llistxattr, in_dir("file"), NULL, 0) >= (long)sizeof(KEY));
	CHECK(syscall(SYS_llistxattr, in_dir("link"), out, sizeof(out)) < (long)sizeof(KEY));
	CHECK_ERRNO(syscall(SYS_listxattr, in_dir("file"), out, 3), ERANGE);
	CHECK_OK(syscall(SYS_removexattr, in_dir("link"), key));
	CHECK(!lists("file", KEY));
	CHECK_ERRNO(syscall(SYS_removexattr, in_dir("file"), key), ENODATA);
	CHECK_OK(syscall(SYS_setxattr, in_dir("file"), key, NULL, 0, 0));
	CHECK(value_is("file", ""));
	CHECK_OK(syscall(SYS_lremovexattr, in_dir("file"), key));

	CHECK_ERRNO(syscall(SYS_setxattr, in_dir("file"), "nonsense", value, 5, 0), EOPNOTSUPP);
	CHECK_ERRNO(syscall(SYS_setxattr, in_dir("file"), "", value, 5, 0), ERANGE);
	memset(out, 'k', sizeof(out));
	CHECK_ERRNO(syscall(SYS_setxattr, in_dir("file"), border(out, 256), value, 5, 0), ERANGE);
	CHECK_ERRNO(syscall(SYS_setxattr, in_dir("file"), NULL, value, 5, 0), EFAULT);
	CHECK_ERRNO(syscall(SYS_setxattr, in_dir("file"), unterminated(KEY), value, 5, 0), EFAULT);
	CHECK_ERRNO(syscall(SYS_setxattr, in_dir("file"), key, BAD_POINTER, 5, 0), EFAULT);
	CHECK_ERRNO(syscall(SYS_setxattr, in_dir("file"), key, value, 65537, 0), E2BIG);
	CHECK_ERRNO(syscall(SYS_getxattr, in_dir("file"), BAD_POINTER, out, 5), EFAULT);
	if (geteuid())
		CHECK_ERRNO(syscall(SYS_setxattr, in_dir("file"), "trusted.x", value, 5, 0), EPERM);
}

static void test_fds(int fd)
{
	int path_fd;

	CHECK_OK(syscall(SYS_fsetxattr, fd, KEY, "abc", 3, 0));
	CHECK(value_is("file", "abc"));
	CHECK_VALUE(syscall(SYS_fgetxattr, fd, KEY, out, sizeof(out)), 3);
	CHECK(syscall(SYS_flistxattr, fd, out, sizeof(out)) >= (long)sizeof(KEY));
	CHECK_OK(syscall(SYS_fremovexattr, fd, KEY));
	CHECK(!lists("file", KEY));
	CHECK_ERRNO(syscall(SYS_fsetxattr, -1, KEY, "abc", 3, 0), EBADF);
	CHECK_ERRNO(syscall(SYS_fremovexattr, -1, KEY), EBADF);
	CHECK_ERRNO(syscall(SYS_fgetxattr, fd, KEY, out, sizeof(out)), ENODATA);
	path_fd = MUST(open(in_dir("file"), O_PATH | O_CLOEXEC));
	CHECK_ERRNO(syscall(SYS_fsetxattr, path_fd, KEY, "abc", 3, 0), EBADF);
	close(path_fd);
}

/* struct xattr_args of linux/xattr.h */
struct args {
	uint64_t value;
	uint32_t size;
	uint32_t flags;
};

static void test_at(int dirfd)
{
	struct args a = {(uintptr_t) "atval", 5, 0}, got = {(uintptr_t)out, sizeof(out), 0};

	if (syscall(NR_getxattrat, dirfd, "file", 0, KEY, &got, sizeof(got)) < 0 && errno == ENOSYS) {
		printf("# no *xattrat calls here\n");
		return;
	}
	CHECK_OK(syscall(NR_setxattrat, dirfd, at_border("file"), 0, KEY, &a, sizeof(a)));
	CHECK(value_is("file", "atval"));
	CHECK_VALUE(syscall(NR_getxattrat, AT_FDCWD, in_dir("link"), 0, KEY, &got, sizeof(got)), 5);
	CHECK_ERRNO(
		syscall(NR_getxattrat, AT_FDCWD, in_dir("link"), AT_SYMLINK_NOFOLLOW, KEY, &got, sizeof(got)),
		ENODATA);
	CHECK(syscall(NR_listxattrat, AT_FDCWD, in_dir("file"), 0, out, sizeof(out)) >= (long)sizeof(KEY));
	CHECK_OK(syscall(NR_removexattrat, AT_FDCWD, in_dir("file"), 0, KEY));
	CHECK(!lists("file", KEY));
	CHECK_ERRNO(syscall(NR_removexattrat, AT_FDCWD, in_dir("file"), 1, KEY), EINVAL);
}

static void test_rdonly(void)
{
	int fd;

	if (!in_view())
		return;
	CHECK_ERRNO(syscall(SYS_setxattr, in_ro("file"), KEY, "v", 1, 0), EROFS);
	CHECK_ERRNO(syscall(SYS_lsetxattr, in_ro("dir"), KEY, "v", 1, 0), EROFS);
	CHECK_ERRNO(syscall(SYS_removexattr, in_ro("file"), KEY), EROFS);
	CHECK_ERRNO(syscall(SYS_lremovexattr, in_ro("file"), KEY), EROFS);
	CHECK_ERRNO(syscall(SYS_getxattr, in_ro("file"), KEY, out, 1), ENODATA);
	fd = MUST(open(in_ro("file"), O_RDONLY | O_CLOEXEC));
	CHECK_ERRNO(syscall(SYS_fsetxattr, fd, KEY, "v", 1, 0), EROFS);
	CHECK_ERRNO(syscall(SYS_fremovexattr, fd, KEY), EROFS);
	close(fd);
}

int main(int argc, char **argv)
{
	int fd, dirfd;

	guest_begin(argc, argv);
	make_file("file", "");
	if (setxattr(in_dir("file"), KEY, "v", 1, 0) < 0 && errno == EOPNOTSUPP) {
		unlink(in_dir("file"));
		skip("no user extended attributes on this file system");
	}
	removexattr(in_dir("file"), KEY);
	MUST(symlink("file", in_dir("link")));
	path_errors("setxattr", call_set, false);
	path_errors("lsetxattr", call_lset, false);
	path_errors("getxattr", call_get, false);
	path_errors("lgetxattr", call_lget, false);
	path_errors("listxattr", call_list, false);
	path_errors("llistxattr", call_llist, false);
	path_errors("removexattr", call_remove, false);
	path_errors("lremovexattr", call_lremove, false);
	fd = MUST(open(in_dir("file"), O_RDONLY | O_CLOEXEC));
	dirfd = MUST(open(guest.dir, O_RDONLY | O_CLOEXEC));
	test_paths();
	test_fds(fd);
	test_at(dirfd);
	test_rdonly();
	close(fd);
	close(dirfd);
	MUST(unlink(in_dir("file")));
	MUST(unlink(in_dir("link")));
	return guest_end();
}
