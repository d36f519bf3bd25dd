/* readlink, readlinkat. */
#include "guest.h"

static char out[PATH_MAX];

static long call_readlink(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_readlink, path, out, sizeof(out));
}

static long call_readlinkat(int dirfd, const char *path)
{
	return syscall(SYS_readlinkat, dirfd, path, out, sizeof(out));
}

/* The text of a link, by both calls. */
static const char *text_of(const char *path)
{
	static char buf[PATH_MAX];
	ssize_t n = syscall(SYS_readlink, path, buf, sizeof(buf) - 1), m;

	if (n < 0)
		return "(error)";
	buf[n] = 0;
	m = syscall(SYS_readlinkat, AT_FDCWD, path, out, sizeof(out) - 1);
	if (m != n || memcmp(buf, out, n))
		return "(readlink and readlinkat differ)";
	return buf;
}

static void test_text(void)
{
	int dirfd = MUST(open(guest.dir, O_RDONLY | O_CLOEXEC)), fd;
	char *buf = border(NULL, 6);

	MUST(symlink("target", in_dir("link")));
	CHECK_STRING(text_of(in_dir("link")), "target");
	CHECK_STRING(text_of(at_border("link")), "target");
	CHECK_VALUE(syscall(SYS_readlink, in_dir("link"), buf, 4096), 6);
	CHECK(!memcmp(buf, "target", 6));
	memset(buf, '#', 6);
	CHECK_VALUE(syscall(SYS_readlink, in_dir("link"), buf, 3), 3);
	CHECK(!memcmp(buf, "tar###", 6));
	CHECK_VALUE(syscall(SYS_readlinkat, dirfd, at_border("link"), buf, 6), 6);
	fd = MUST(open(in_dir("link"), O_PATH | O_NOFOLLOW | O_CLOEXEC));
	memset(buf, '#', 6);
	CHECK_VALUE(syscall(SYS_readlinkat, fd, at_border(""), buf, 6), 6);
	CHECK(!memcmp(buf, "target", 6));
	close(fd);
	CHECK_ERRNO(syscall(SYS_readlink, in_dir("link"), buf, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_readlink, in_dir("link"), buf, -1), EINVAL);
	CHECK_ERRNO(syscall(SYS_readlinkat, AT_FDCWD, in_dir("link"), buf, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_readlink, in_dir("link"), NULL, 6), EFAULT);
	CHECK_ERRNO(syscall(SYS_readlink, in_dir("link"), read_only_page(), 6), EFAULT);
	CHECK_ERRNO(syscall(SYS_readlink, guest.dir, buf, 6), EINVAL);
	CHECK_ERRNO(syscall(SYS_readlinkat, dirfd, at_border("."), buf, 6), EINVAL);
	CHECK_ERRNO(syscall(SYS_readlinkat, dirfd, at_border(""), buf, 6), ENOENT);
	CHECK_ERRNO(syscall(SYS_readlink, in_dir("link/"), buf, 6), ENOENT);
	MUST(unlink(in_dir("link")));
	close(dirfd);
}

static void test_proc(void)
{
	char path[64], expected[PATH_MAX];
	int fd;

	snprintf(expected, sizeof(expected), "%d", getpid());
	CHECK_STRING(text_of("/proc/self"), expected);
	snprintf(expected, sizeof(expected), "%d/task/%d", getpid(), getpid());
	CHECK_STRING(text_of("/proc/thread-self"), expected);
	CHECK_STRING(text_of("/proc/self/cwd"), guest.dir);
	CHECK_STRING(text_of("/proc/self/root"), "/");
	CHECK_STRING(text_of("/proc/self/exe"), guest.argv[0]);
	make_file("file", "");
	fd = MUST(open(in_dir("file"), O_RDONLY | O_CLOEXEC));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK_STRING(text_of(path), in_dir("file"));
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), fd);
	CHECK_STRING(text_of(path), in_dir("file"));
	MUST(unlink(in_dir("file")));
	snprintf(expected, sizeof(expected), "%s/file (deleted)", guest.dir);
	CHECK_STRING(text_of(path), expected);
	close(fd);
	CHECK_ERRNO(syscall(SYS_readlink, path, out, sizeof(out)), ENOENT);
	if (in_view()) {
		snprintf(path, sizeof(path), "/proc/%d/exe", guest.outside);
		CHECK_ERRNO(syscall(SYS_readlink, path, out, sizeof(out)), ENOENT);
		CHECK_STRING(text_of(in_ro("link")), "file");
	}
}

int main(int argc, char **argv)
{
	guest_begin(argc, argv);
	path_errors("readlink", call_readlink, false);
	path_errors("readlinkat", call_readlinkat, true);
	test_text();
	test_proc();
	return guest_end();
}
