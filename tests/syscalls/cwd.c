/* chdir, fchdir, getcwd, and what relative paths mean after them. */
#include "guest.h"

#include <pthread.h>

static char where_at_first[PATH_MAX];

static long call_chdir(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_chdir, path);
}

/* By the system call itself: it returns the length with the NUL. */
static const char *where(void)
{
	static char buf[PATH_MAX];
	long n;

	memset(buf, '#', sizeof(buf));
	n = syscall(SYS_getcwd, buf, sizeof(buf));
	if (n <= 0)
		return strerror(errno);
	if (buf[n - 1] || strlen(buf) != (size_t)n - 1)
		return "(length is wrong)";
	return buf;
}

static const char *link_text(void)
{
	static char buf[PATH_MAX];
	ssize_t n = readlink("/proc/self/cwd", buf, sizeof(buf) - 1);

	buf[n < 0 ? 0 : n] = 0;
	return buf;
}

static void test_moves(void)
{
	struct stat a, b;
	int fd;

	MUST(mkdir(in_dir("d"), 0755));
	MUST(mkdir(in_dir("d/sub"), 0755));
	make_file("d/file", "in d");
	MUST(symlink("d/sub", in_dir("link")));
	CHECK_OK(syscall(SYS_chdir, in_dir("d")));
	CHECK_STRING(where(), in_dir("d"));
	CHECK_STRING(link_text(), in_dir("d"));
	CHECK_STRING(content_of("file"), "in d");
	CHECK_STRING(content_of("../d/file"), "in d");
	CHECK_OK(syscall(SYS_chdir, at_border("sub")));
	CHECK_STRING(where(), in_dir("d/sub"));
	CHECK_STRING(content_of("../file"), "in d");
	CHECK_OK(syscall(SYS_chdir, at_border("../..")));
	CHECK_STRING(where(), guest.dir);
	CHECK_OK(syscall(SYS_chdir, at_border("link/")));
	CHECK_STRING(where(), in_dir("d/sub"));
	CHECK_OK(syscall(SYS_chdir, "/"));
	CHECK_STRING(where(), "/");
	CHECK_OK(syscall(SYS_chdir, ".."));
	CHECK_STRING(where(), "/");
	CHECK_OK(stat(at_border("etc/passwd"), &a));
	CHECK_STRING(content_of(in_dir("d/file") + 1), "in d");
	fd = MUST(open(in_dir("d"), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	CHECK_OK(syscall(SYS_fchdir, fd));
	CHECK_STRING(where(), in_dir("d"));
	CHECK_OK(stat(".", &a));
	CHECK_OK(fstat(fd, &b));
	CHECK(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	close(fd);
	fd = MUST(open(in_dir("d/sub"), O_PATH | O_CLOEXEC));
	CHECK_OK(syscall(SYS_fchdir, fd));
	CHECK_STRING(where(), in_dir("d/sub"));
	close(fd);
	/* renamed under the feet */
	MUST(rename(in_dir("d"), in_dir("e")));
	CHECK_STRING(where(), in_dir("e/sub"));
	CHECK_STRING(content_of("../file"), "in d");
	MUST(rename(in_dir("e"), in_dir("d")));
	CHECK_OK(syscall(SYS_chdir, guest.dir));
	MUST(unlink(in_dir("link")));
	MUST(unlink(in_dir("d/file")));
	MUST(rmdir(in_dir("d/sub")));
	MUST(rmdir(in_dir("d")));
}

static void test_errors(void)
{
	char *small;
	int fd;

	make_file("file", "");
	CHECK_ERRNO(syscall(SYS_chdir, in_dir("file")), ENOTDIR);
	CHECK_ERRNO(syscall(SYS_chdir, in_dir("missing")), ENOENT);
	fd = MUST(open(in_dir("file"), O_RDONLY | O_CLOEXEC));
	CHECK_ERRNO(syscall(SYS_fchdir, fd), ENOTDIR);
	close(fd);
	CHECK_ERRNO(syscall(SYS_fchdir, -1), EBADF);
	if (geteuid()) {
		MUST(mkdir(in_dir("closed"), 0600));
		CHECK_ERRNO(syscall(SYS_chdir, in_dir("closed")), EACCES);
		fd = MUST(open(in_dir("closed"), O_RDONLY | O_CLOEXEC));
		CHECK_ERRNO(syscall(SYS_fchdir, fd), EACCES);
		close(fd);
		MUST(rmdir(in_dir("closed")));
		/* a directory that can be searched and not read */
		MUST(mkdir(in_dir("blind"), 0311));
		CHECK_OK(syscall(SYS_chdir, in_dir("blind")));
		CHECK_STRING(where(), in_dir("blind"));
		CHECK_OK(syscall(SYS_chdir, ".."));
		MUST(rmdir(in_dir("blind")));
	}
	CHECK_OK(syscall(SYS_chdir, guest.dir));
	small = border(NULL, strlen(guest.dir) + 1);
	CHECK_VALUE(syscall(SYS_getcwd, small, strlen(guest.dir) + 1), strlen(guest.dir) + 1);
	CHECK_STRING(small, guest.dir);
	CHECK_ERRNO(syscall(SYS_getcwd, small, strlen(guest.dir)), ERANGE);
	CHECK_ERRNO(syscall(SYS_getcwd, small, 0), ERANGE);
	CHECK_ERRNO(syscall(SYS_getcwd, NULL, 4096), EFAULT);
	CHECK_ERRNO(syscall(SYS_getcwd, read_only_page(), 4096), EFAULT);
	MUST(unlink(in_dir("file")));
}

static void test_deleted(void)
{
	char expected[PATH_MAX];
	struct stat st;
	char buf[PATH_MAX];

	MUST(mkdir(in_dir("gone"), 0755));
	CHECK_OK(syscall(SYS_chdir, in_dir("gone")));
	MUST(rmdir(in_dir("gone")));
	CHECK_ERRNO(syscall(SYS_getcwd, buf, sizeof(buf)), ENOENT);
	CHECK_OK(stat(".", &st));
	CHECK_ERRNO(stat("file", &st), ENOENT);
	CHECK_ERRNO(open("file", O_CREAT | O_RDWR, 0600), ENOENT);
	snprintf(expected, sizeof(expected), "%s/gone (deleted)", guest.dir);
	CHECK_STRING(link_text(), expected);
	/* the name is there again, but it is another directory */
	MUST(mkdir(in_dir("gone"), 0755));
	make_file("gone/file", "");
	CHECK_ERRNO(stat("file", &st), ENOENT);
	MUST(unlink(in_dir("gone/file")));
	MUST(rmdir(in_dir("gone")));
	CHECK_OK(syscall(SYS_chdir, guest.dir));
	CHECK_STRING(where(), guest.dir);
}

static void *chdir_thread(void *arg)
{
	CHECK_OK(syscall(SYS_chdir, arg));
	return NULL;
}

static void test_shared_and_inherited(void)
{
	pthread_t t;
	pid_t child;

	/* threads share the working directory; a child has its own */
	MUST(mkdir(in_dir("t"), 0755));
	pthread_create(&t, NULL, chdir_thread, in_dir("t"));
	pthread_join(t, NULL);
	CHECK_STRING(where(), in_dir("t"));
	fflush(stdout);
	if (!(child = fork())) {
		bool ok = !strcmp(where(), in_dir("t"));

		ok = ok && !syscall(SYS_chdir, "..") && !strcmp(where(), guest.dir);
		_exit(ok ? 0 : 1);
	}
	CHECK_VALUE(wait_for(child), 0);
	CHECK_STRING(where(), in_dir("t"));
	CHECK_OK(syscall(SYS_chdir, guest.dir));
	MUST(rmdir(in_dir("t")));
}

static void test_many(void)
{
	int before = count_fds(), bad = 0;
	const char *d;
	char a[PATH_MAX];

	MUST(mkdir(in_dir("m"), 0755));
	snprintf(a, sizeof(a), "%s/m", guest.dir);
	for (int i = 0; i < 2000; i++) {
		d = i & 1 ? guest.dir : a;
		if (syscall(SYS_chdir, d) < 0 || ((i % 50) < 2 && strcmp(where(), d)))
			bad++;
	}
	CHECK_VALUE(bad, 0);
	CHECK_VALUE(count_fds(), before);
	CHECK_OK(syscall(SYS_chdir, guest.dir));
	MUST(rmdir(in_dir("m")));
}

static void test_view(void)
{
	if (!in_view())
		return;
	CHECK_STRING(where_at_first, guest.dir);
	CHECK_OK(syscall(SYS_chdir, guest.ro));
	CHECK_STRING(where(), guest.ro);
	CHECK_STRING(content_of("file"), "read-only\n");
	CHECK_ERRNO(open("new", O_CREAT | O_RDWR, 0600), EROFS);
	CHECK_STRING(content_of("dir/../file"), "read-only\n");
	/* .. of a mount is its parent in the view, not on the host */
	CHECK_OK(syscall(SYS_chdir, at_border("..")));
	CHECK_STRING(where(), "/");
	CHECK_OK(syscall(SYS_chdir, guest.masked));
	CHECK_STRING(where(), guest.masked);
	CHECK_ERRNO(open("secret", O_RDONLY), ENOENT);
	CHECK_OK(syscall(SYS_chdir, guest.dir));
}

int main(int argc, char **argv)
{
	guest_begin(argc, argv);
	snprintf(where_at_first, sizeof(where_at_first), "%s", where());
	CHECK_OK(syscall(SYS_chdir, guest.dir));
	path_errors("chdir", call_chdir, false);
	test_moves();
	test_errors();
	test_deleted();
	test_shared_and_inherited();
	test_many();
	test_view();
	return guest_end();
}
