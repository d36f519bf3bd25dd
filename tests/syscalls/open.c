/* open, creat, openat, openat2. */
#include "guest.h"

#include <linux/openat2.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

static long call_open(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_open, path, O_RDONLY, 0);
}

static long call_creat(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_creat, path, 0600);
}

static long call_openat(int dirfd, const char *path)
{
	return syscall(SYS_openat, dirfd, path, O_RDONLY, 0);
}

static long call_openat_create(int dirfd, const char *path)
{
	return syscall(SYS_openat, dirfd, path, O_RDWR | O_CREAT, 0600);
}

static long call_openat_path(int dirfd, const char *path)
{
	return syscall(SYS_openat, dirfd, path, O_PATH, 0);
}

static long openat2_how(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};

	return syscall(SYS_openat2, dirfd, path, border(&how, sizeof(how)), sizeof(how));
}

static long call_openat2(int dirfd, const char *path)
{
	return openat2_how(dirfd, path, O_RDONLY | O_CLOEXEC, 0, 0);
}

static mode_t mode_of(const char *name)
{
	struct stat st = {0};

	MUST(lstat(in_dir(name), &st));
	return st.st_mode;
}

static void test_create(void)
{
	int fd, again, dirfd;
	char buf[16] = "";

	fd = CHECK_OK(syscall(SYS_open, in_dir("a"), O_RDWR | O_CREAT | O_EXCL, 0666));
	CHECK_VALUE(mode_of("a"), S_IFREG | 0644);
	CHECK_VALUE(fcntl(fd, F_GETFD), 0);
	CHECK_VALUE(fcntl(fd, F_GETFL) & ~O_LARGEFILE & ~0100000, O_RDWR);
	CHECK_VALUE(write(fd, "hello", 5), 5);
	again = CHECK_OK(syscall(SYS_open, in_dir("a"), O_RDONLY | O_CLOEXEC, 0));
	CHECK_VALUE(again, fd + 1);
	CHECK_VALUE(fcntl(again, F_GETFD), FD_CLOEXEC);
	CHECK_VALUE(read(again, buf, sizeof(buf)), 5);
	CHECK_STRING(buf, "hello");
	CHECK_ERRNO(write(again, "x", 1), EBADF);
	close(again);
	CHECK_ERRNO(syscall(SYS_open, in_dir("a"), O_RDWR | O_CREAT | O_EXCL, 0666), EEXIST);
	again = CHECK_OK(syscall(SYS_open, in_dir("a"), O_WRONLY | O_APPEND, 0));
	CHECK_VALUE(fcntl(again, F_GETFL) & (O_ACCMODE | O_APPEND), O_WRONLY | O_APPEND);
	CHECK_VALUE(write(again, " you", 4), 4);
	close(again);
	CHECK_STRING(content_of(in_dir("a")), "hello you");
	again = CHECK_OK(syscall(SYS_open, in_dir("a"), O_WRONLY | O_TRUNC, 0));
	close(again);
	CHECK_STRING(content_of(in_dir("a")), "");
	close(fd);

	umask(077);
	fd = CHECK_OK(syscall(SYS_creat, in_dir("b"), 0666));
	CHECK_VALUE(mode_of("b"), S_IFREG | 0600);
	CHECK_VALUE(fcntl(fd, F_GETFL) & O_ACCMODE, O_WRONLY);
	CHECK_VALUE(write(fd, "bee", 3), 3);
	close(fd);
	umask(0);
	fd = CHECK_OK(syscall(SYS_openat, AT_FDCWD, in_dir("c"), O_CREAT | O_WRONLY, 04777));
	CHECK_VALUE(mode_of("c"), S_IFREG | 04777);
	close(fd);
	umask(022);
	fd = CHECK_OK(syscall(SYS_creat, in_dir("b"), 0777));
	close(fd);
	CHECK_VALUE(mode_of("b"), S_IFREG | 0600);
	CHECK_STRING(content_of(in_dir("b")), "");
	/* a new file of a mode that forbids it may still be written by its maker */
	fd = CHECK_OK(syscall(SYS_openat, AT_FDCWD, in_dir("d"), O_CREAT | O_RDWR, 0));
	CHECK_VALUE(write(fd, "dee", 3), 3);
	close(fd);
	CHECK_VALUE(mode_of("d"), S_IFREG);
	if (geteuid())
		CHECK_ERRNO(syscall(SYS_openat, AT_FDCWD, in_dir("d"), O_RDONLY), EACCES);

	dirfd = MUST(open(in_dir("."), O_PATH | O_DIRECTORY | O_CLOEXEC));
	fd = CHECK_OK(syscall(SYS_openat, dirfd, at_border("e"), O_CREAT | O_WRONLY, 0600));
	close(fd);
	CHECK_VALUE(mode_of("e"), S_IFREG | 0600);
	/* an absolute path ignores dirfd */
	fd = CHECK_OK(syscall(SYS_openat, -1, in_dir("e"), O_RDONLY));
	close(fd);
	fd = CHECK_OK(syscall(SYS_openat, AT_FDCWD, at_border("./../") + 2, O_RDONLY));
	close(fd);
	close(dirfd);
	CHECK_ERRNO(syscall(SYS_openat, AT_FDCWD, in_dir("new/"), O_CREAT | O_WRONLY, 0600), EISDIR);
	CHECK_ERRNO(syscall(SYS_openat, AT_FDCWD, in_dir("a/"), O_RDONLY), ENOTDIR);
	for (const char *p = "abcde"; *p; p++) {
		char name[2] = {*p, 0};

		MUST(unlink(in_dir(name)));
	}
}

static void test_directories(void)
{
	int fd;
	char c;

	MUST(mkdir(in_dir("dir"), 0755));
	make_file("dir/file", "in it");
	fd = CHECK_OK(syscall(SYS_open, in_dir("dir"), O_RDONLY));
	CHECK_ERRNO(read(fd, &c, 1), EISDIR);
	close(fd);
	fd = CHECK_OK(syscall(SYS_open, in_dir("dir/"), O_RDONLY | O_DIRECTORY));
	close(fd);
	CHECK_ERRNO(syscall(SYS_open, in_dir("dir"), O_WRONLY), EISDIR);
	CHECK_ERRNO(syscall(SYS_open, in_dir("dir"), O_RDONLY | O_CREAT, 0600), EISDIR);
	CHECK_ERRNO(syscall(SYS_open, in_dir("dir/file"), O_RDONLY | O_DIRECTORY), ENOTDIR);
	CHECK_ERRNO(syscall(SYS_creat, in_dir("dir"), 0600), EISDIR);
	if (geteuid()) {
		MUST(chmod(in_dir("dir"), 0311));
		CHECK_ERRNO(syscall(SYS_open, in_dir("dir"), O_RDONLY), EACCES);
		/* searching is allowed, so O_PATH is */
		fd = CHECK_OK(syscall(SYS_open, in_dir("dir"), O_PATH | O_DIRECTORY));
		close(CHECK_OK(syscall(SYS_openat, fd, "file", O_RDONLY)));
		close(fd);
		MUST(chmod(in_dir("dir"), 0755));
	}
	/* the directory of the view and the root themselves */
	close(CHECK_OK(syscall(SYS_open, guest.dir, O_RDONLY | O_DIRECTORY)));
	close(CHECK_OK(syscall(SYS_open, at_border("/"), O_RDONLY)));
	close(CHECK_OK(syscall(SYS_open, at_border("."), O_RDONLY)));
	close(CHECK_OK(syscall(SYS_open, at_border(".."), O_RDONLY)));
	MUST(unlink(in_dir("dir/file")));
	MUST(rmdir(in_dir("dir")));
}

static void test_symlinks(void)
{
	int fd;
	struct stat st;

	make_file("file", "content");
	MUST(symlink("file", in_dir("rel")));
	MUST(symlink(in_dir("file"), in_dir("abs")));
	MUST(symlink("nowhere", in_dir("dangling")));
	MUST(symlink(".", in_dir("dirlink")));
	CHECK_STRING(content_of(in_dir("rel")), "content");
	CHECK_STRING(content_of(in_dir("abs")), "content");
	CHECK_STRING(content_of(in_dir("dirlink/dirlink/abs")), "content");
	CHECK_ERRNO(syscall(SYS_open, in_dir("rel"), O_RDONLY | O_NOFOLLOW), ELOOP);
	CHECK_ERRNO(syscall(SYS_open, in_dir("dirlink/rel/../rel"), O_RDONLY), ENOTDIR);
	CHECK_ERRNO(syscall(SYS_open, in_dir("dangling"), O_RDONLY), ENOENT);
	CHECK_ERRNO(syscall(SYS_open, in_dir("dangling"), O_WRONLY | O_CREAT | O_EXCL, 0600), EEXIST);
	/* O_CREAT without O_EXCL makes what the link names */
	fd = CHECK_OK(syscall(SYS_open, in_dir("dangling"), O_WRONLY | O_CREAT, 0600));
	close(fd);
	CHECK_VALUE(mode_of("nowhere"), S_IFREG | 0600);
	CHECK_ERRNO(syscall(SYS_open, in_dir("dirlink"), O_RDONLY | O_NOFOLLOW), ELOOP);
	close(CHECK_OK(syscall(SYS_open, in_dir("dirlink/"), O_RDONLY | O_NOFOLLOW)));
	CHECK_ERRNO(syscall(SYS_open, in_dir("dirlink"), O_RDONLY | O_NOFOLLOW | O_DIRECTORY), ENOTDIR);
	/* O_PATH | O_NOFOLLOW opens the link itself */
	fd = CHECK_OK(syscall(SYS_open, in_dir("rel"), O_PATH | O_NOFOLLOW));
	CHECK_OK(fstat(fd, &st));
	CHECK(S_ISLNK(st.st_mode));
	close(fd);
	MUST(unlink(in_dir("rel")));
	MUST(unlink(in_dir("abs")));
	MUST(unlink(in_dir("dangling")));
	MUST(unlink(in_dir("nowhere")));
	MUST(unlink(in_dir("dirlink")));
	MUST(unlink(in_dir("file")));
}

static void test_chain(void)
{
	char name[16], next[16];

	/* 40 links are followed, the 41st is ELOOP */
	make_file("l0", "end");
	for (int i = 1; i <= 41; i++) {
		snprintf(name, sizeof(name), "l%d", i);
		snprintf(next, sizeof(next), "l%d", i - 1);
		MUST(symlink(next, in_dir(name)));
	}
	CHECK_STRING(content_of(in_dir("l40")), "end");
	CHECK_ERRNO(syscall(SYS_open, in_dir("l41"), O_RDONLY), ELOOP);
	for (int i = 0; i <= 41; i++) {
		snprintf(name, sizeof(name), "l%d", i);
		MUST(unlink(in_dir(name)));
	}
}

static void test_path_and_tmpfile(void)
{
	int fd, again;
	struct stat a, b;
	char link[64], c;

	make_file("file", "content");
	fd = CHECK_OK(syscall(SYS_open, in_dir("file"), O_PATH | O_CLOEXEC));
	CHECK_VALUE(fcntl(fd, F_GETFL) & O_PATH, O_PATH);
	CHECK_VALUE(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_ERRNO(read(fd, &c, 1), EBADF);
	CHECK_OK(fstat(fd, &a));
	CHECK_OK(stat(in_dir("file"), &b));
	CHECK(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	again = CHECK_OK(syscall(SYS_open, link, O_RDWR));
	CHECK_VALUE(read(again, &c, 1), 1);
	CHECK_VALUE(c, 'c');
	close(again);
	close(fd);
	/* O_PATH works without any right to the file */
	MUST(chmod(in_dir("file"), 0));
	close(CHECK_OK(syscall(SYS_open, in_dir("file"), O_PATH)));
	MUST(unlink(in_dir("file")));

	fd = syscall(SYS_open, guest.dir, O_TMPFILE | O_RDWR, 0600);
	if (fd < 0 && errno == EOPNOTSUPP) {
		printf("# no O_TMPFILE on this file system\n");
		return;
	}
	CHECK(fd >= 0);
	CHECK_VALUE(write(fd, "nameless", 8), 8);
	CHECK_OK(fstat(fd, &a));
	CHECK_VALUE(a.st_nlink, 0);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	CHECK_OK(syscall(SYS_linkat, AT_FDCWD, link, AT_FDCWD, in_dir("named"), AT_SYMLINK_FOLLOW));
	CHECK_STRING(content_of(in_dir("named")), "nameless");
	CHECK_VALUE(mode_of("named"), S_IFREG | 0600);
	MUST(unlink(in_dir("named")));
	close(fd);
	CHECK_ERRNO(syscall(SYS_open, guest.dir, O_TMPFILE | O_RDONLY, 0600), EINVAL);
	CHECK_ERRNO(syscall(SYS_open, in_dir("none"), O_TMPFILE | O_RDWR, 0600), ENOENT);
}

static void test_openat2(void)
{
	struct {
		struct open_how how;
		uint64_t more;
	} big = {.how = {.flags = O_RDONLY}};
	int fd, dirfd;

	MUST(mkdir(in_dir("base"), 0755));
	make_file("base/file", "content");
	make_file("outside", "outside");
	MUST(symlink("file", in_dir("base/link")));
	MUST(symlink("../outside", in_dir("base/up")));
	MUST(symlink("/file", in_dir("base/abs")));
	dirfd = MUST(open(in_dir("base"), O_PATH | O_CLOEXEC));
	fd = CHECK_OK(openat2_how(AT_FDCWD, in_dir("base/file"), O_RDONLY, 0, 0));
	CHECK_VALUE(fcntl(fd, F_GETFD), 0);
	close(fd);
	fd = CHECK_OK(openat2_how(dirfd, "new", O_CREAT | O_RDWR | O_CLOEXEC, 0640, 0));
	CHECK_VALUE(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	CHECK_VALUE(mode_of("base/new"), S_IFREG | 0640);
	close(CHECK_OK(openat2_how(dirfd, "link", O_RDONLY, 0, RESOLVE_BENEATH)));
	CHECK_ERRNO(openat2_how(dirfd, "up", O_RDONLY, 0, RESOLVE_BENEATH), EXDEV);
	CHECK_ERRNO(openat2_how(dirfd, "../outside", O_RDONLY, 0, RESOLVE_BENEATH), EXDEV);
	CHECK_ERRNO(openat2_how(dirfd, in_dir("base/file"), O_RDONLY, 0, RESOLVE_BENEATH), EXDEV);
	close(CHECK_OK(openat2_how(dirfd, "/file", O_RDONLY, 0, RESOLVE_IN_ROOT)));
	close(CHECK_OK(openat2_how(dirfd, "../../abs", O_RDONLY, 0, RESOLVE_IN_ROOT)));
	CHECK_ERRNO(openat2_how(dirfd, "up", O_RDONLY, 0, RESOLVE_IN_ROOT), ENOENT);
	CHECK_ERRNO(openat2_how(dirfd, "link", O_RDONLY, 0, RESOLVE_NO_SYMLINKS), ELOOP);
	close(CHECK_OK(openat2_how(dirfd, "file", O_RDONLY, 0, RESOLVE_NO_SYMLINKS)));
	CHECK_ERRNO(openat2_how(AT_FDCWD, "/proc/self/fd/1", O_RDONLY, 0, RESOLVE_NO_MAGICLINKS), ELOOP);
	CHECK_ERRNO(openat2_how(AT_FDCWD, "/proc/self/status", O_RDONLY, 0, RESOLVE_NO_SYMLINKS), ELOOP);
	CHECK_ERRNO(openat2_how(AT_FDCWD, "/proc/version", O_RDONLY, 0, RESOLVE_NO_XDEV), EXDEV);
	close(CHECK_OK(openat2_how(dirfd, "file", O_RDONLY, 0, RESOLVE_NO_XDEV)));
	if (in_view())
		CHECK_ERRNO(openat2_how(AT_FDCWD, in_dir("base/file"), O_RDONLY, 0, RESOLVE_NO_XDEV), EXDEV);

	CHECK_ERRNO(openat2_how(dirfd, "file", 1ULL << 40, 0, 0), EINVAL);
	CHECK_ERRNO(openat2_how(dirfd, "file", O_RDONLY, 0, 1 << 20), EINVAL);
	CHECK_ERRNO(openat2_how(dirfd, "file", O_RDONLY, 0600, 0), EINVAL);
	CHECK_ERRNO(openat2_how(dirfd, "x", O_CREAT | O_RDWR, 0200000, 0), EINVAL);
	CHECK_ERRNO(openat2_how(dirfd, "file", O_PATH | O_RDWR, 0, 0), EINVAL);
	CHECK_ERRNO(openat2_how(dirfd, "file", O_RDONLY, 0, RESOLVE_BENEATH | RESOLVE_IN_ROOT), EINVAL);
	CHECK_ERRNO(syscall(SYS_openat2, dirfd, "file", &big, 8), EINVAL);
	close(CHECK_OK(syscall(SYS_openat2, dirfd, "file", &big, sizeof(big))));
	big.more = 1;
	CHECK_ERRNO(syscall(SYS_openat2, dirfd, "file", &big, sizeof(big)), E2BIG);
	CHECK_ERRNO(syscall(SYS_openat2, dirfd, "file", &big, 5000), E2BIG);
	CHECK_ERRNO(syscall(SYS_openat2, dirfd, "file", NULL, sizeof(struct open_how)), EFAULT);
	close(dirfd);
	unlink(in_dir("base/file"));
	unlink(in_dir("base/new"));
	unlink(in_dir("base/link"));
	unlink(in_dir("base/up"));
	unlink(in_dir("base/abs"));
	unlink(in_dir("outside"));
	MUST(rmdir(in_dir("base")));
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void *write_later(void *name)
{
	int fd;

	sleep_ms(100);
	fd = open(name, O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, "late", 4) != 4)
		abort();
	close(fd);
	return NULL;
}

static void test_fifo(void)
{
	struct sigaction sa = {.sa_handler = on_alarm};
	pthread_t thread;
	char buf[8] = "", *name = in_dir("fifo");
	int fd, fd2;

	MUST(mkfifo(name, 0600));
	CHECK_ERRNO(syscall(SYS_open, name, O_WRONLY | O_NONBLOCK), ENXIO);
	fd = CHECK_OK(syscall(SYS_open, name, O_RDONLY | O_NONBLOCK));
	fd2 = CHECK_OK(syscall(SYS_open, name, O_WRONLY | O_NONBLOCK));
	CHECK_VALUE(write(fd2, "abc", 3), 3);
	CHECK_VALUE(read(fd, buf, 8), 3);
	close(fd2);
	CHECK_VALUE(read(fd, buf, 8), 0);
	close(fd);
	close(CHECK_OK(syscall(SYS_open, name, O_RDWR)));
	/* the open waits for the other end */
	pthread_create(&thread, NULL, write_later, name);
	fd = CHECK_OK(syscall(SYS_open, name, O_RDONLY));
	memset(buf, 0, sizeof(buf));
	CHECK_VALUE(read(fd, buf, 8), 4);
	CHECK_STRING(buf, "late");
	pthread_join(thread, NULL);
	close(fd);
	/* a signal ends the wait, and only without SA_RESTART */
	sigaction(SIGALRM, &sa, NULL);
	alarm(1);
	CHECK_ERRNO(syscall(SYS_open, name, O_RDONLY), EINTR);
	sa.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &sa, NULL);
	alarm(1);
	if (!(fd2 = fork())) {
		sleep_ms(1300);
		close(open(name, O_WRONLY));
		_exit(0);
	}
	fd = CHECK_OK(syscall(SYS_openat, AT_FDCWD, name, O_RDONLY));
	wait_for(fd2);
	close(fd);
	MUST(unlink(name));
}

static void test_special(void)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX, .sun_path = "sock"};
	struct rlimit old, low;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fds[64], n = 0;
	char buf[8] = "x", expected[32];

	MUST(bind(fd, (struct sockaddr *)&sun, sizeof(sun)));
	CHECK_ERRNO(syscall(SYS_open, in_dir("sock"), O_RDWR), ENXIO);
	close(CHECK_OK(syscall(SYS_open, in_dir("sock"), O_PATH)));
	close(fd);
	MUST(unlink(in_dir("sock")));
	fd = CHECK_OK(syscall(SYS_open, "/dev/null", O_RDWR));
	CHECK_VALUE(write(fd, "abc", 3), 3);
	CHECK_VALUE(read(fd, buf, 1), 0);
	close(fd);
	fd = CHECK_OK(syscall(SYS_open, "/dev/zero", O_RDONLY));
	CHECK_VALUE(read(fd, buf, 1), 1);
	CHECK_VALUE(buf[0], 0);
	close(fd);
	/* /proc/self is the caller */
	snprintf(expected, sizeof(expected), "%d ", getpid());
	CHECK(!strncmp(content_of("/proc/self/stat"), expected, strlen(expected)));
	CHECK(!strncmp(content_of("/proc/thread-self/stat"), expected, strlen(expected)));
	CHECK_ERRNO(syscall(SYS_open, "/proc/self/fd/999", O_RDONLY), ENOENT);
	/* no descriptor left */
	getrlimit(RLIMIT_NOFILE, &old);
	low = old;
	low.rlim_cur = 32;
	setrlimit(RLIMIT_NOFILE, &low);
	while (n < 64 && (fds[n] = syscall(SYS_openat, AT_FDCWD, guest.dir, O_RDONLY)) >= 0)
		n++;
	CHECK(n < 64 && errno == EMFILE);
	CHECK_ERRNO(syscall(SYS_openat, AT_FDCWD, guest.dir, O_PATH), EMFILE);
	while (n)
		close(fds[--n]);
	setrlimit(RLIMIT_NOFILE, &old);
}

static void test_rdonly(void)
{
	int fd;

	if (!in_view())
		return;
	CHECK_ERRNO(syscall(SYS_open, in_ro("file"), O_WRONLY), EROFS);
	CHECK_ERRNO(syscall(SYS_open, in_ro("file"), O_RDWR), EROFS);
	CHECK_ERRNO(syscall(SYS_open, in_ro("file"), O_RDONLY | O_TRUNC), EROFS);
	CHECK_ERRNO(syscall(SYS_open, in_ro("link"), O_WRONLY | O_APPEND), EROFS);
	CHECK_ERRNO(syscall(SYS_open, in_ro("new"), O_WRONLY | O_CREAT, 0600), EROFS);
	CHECK_ERRNO(syscall(SYS_open, in_ro("file"), O_RDONLY | O_CREAT | O_EXCL, 0600), EEXIST);
	CHECK_ERRNO(syscall(SYS_creat, in_ro("file"), 0600), EROFS);
	CHECK_ERRNO(syscall(SYS_openat, AT_FDCWD, guest.ro, O_TMPFILE | O_RDWR, 0600), EROFS);
	CHECK_ERRNO(openat2_how(AT_FDCWD, in_ro("file"), O_RDWR, 0, 0), EROFS);
	close(CHECK_OK(syscall(SYS_open, in_ro("file"), O_RDONLY | O_CREAT, 0600)));
	CHECK_STRING(content_of(in_ro("file")), "read-only\n");
	/* the old ways round: a reopen through /proc, a relative open below a descriptor */
	fd = MUST(open(in_ro("file"), O_PATH | O_CLOEXEC));
	CHECK_ERRNO(({
			    char path[64];
			    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
			    syscall(SYS_open, path, O_WRONLY);
		    }),
		    EROFS);
	close(fd);
	fd = MUST(open(guest.ro, O_RDONLY | O_CLOEXEC));
	CHECK_ERRNO(syscall(SYS_openat, fd, "file", O_WRONLY), EROFS);
	CHECK_ERRNO(syscall(SYS_openat, fd, "new", O_WRONLY | O_CREAT, 0600), EROFS);
	close(fd);
	/* the host's file system is read-only, too */
	CHECK_ERRNO(syscall(SYS_open, "/uctr-new-file", O_WRONLY | O_CREAT, 0600), EROFS);
	/* a device or a FIFO on a read-only mount may be written */
	fd = CHECK_OK(syscall(SYS_open, in_ro("fifo"), O_RDWR));
	CHECK_VALUE(write(fd, "x", 1), 1);
	close(fd);
	/* what is masked is empty */
	CHECK_ERRNO(syscall(SYS_openat, MUST(open(guest.masked, O_PATH | O_CLOEXEC)), "secret", O_RDONLY),
		    ENOENT);
}

int main(int argc, char **argv)
{
	int before;

	guest_begin(argc, argv);
	before = count_fds();
	path_errors("open", call_open, false);
	path_errors("creat", call_creat, false);
	path_errors("openat", call_openat, true);
	path_errors("openat O_CREAT", call_openat_create, true);
	path_errors("openat O_PATH", call_openat_path, true);
	path_errors("openat2", call_openat2, true);
	test_create();
	test_directories();
	test_symlinks();
	test_chain();
	test_path_and_tmpfile();
	test_openat2();
	test_fifo();
	test_special();
	test_rdonly();
	CHECK_VALUE(count_fds(), before + (in_view() ? 1 : 0));
	return guest_end();
}
