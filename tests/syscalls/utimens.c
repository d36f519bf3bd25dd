/* utime, utimes, futimesat, utimensat. */
#include "guest.h"

#include <sys/time.h>
#include <utime.h>

static long call_utime(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_utime, path, NULL);
}

static long call_utimes(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_utimes, path, NULL);
}

static long call_futimesat(int dirfd, const char *path)
{
	if (!path) { /* which means the descriptor */
		errno = EFAULT;
		return -1;
	}
	return syscall(SYS_futimesat, dirfd, path, NULL);
}

static long call_utimensat(int dirfd, const char *path)
{
	if (!path) {
		errno = EFAULT;
		return -1;
	}
	return syscall(SYS_utimensat, dirfd, path, NULL, 0);
}

static struct stat times_of(const char *name)
{
	struct stat st = {0};

	MUST(lstat(in_dir(name), &st));
	return st;
}

static void check_times(int line, const char *name, long atime, long ans, long mtime, long mns)
{
	struct stat st = times_of(name);

	report(st.st_atim.tv_sec == atime && st.st_atim.tv_nsec == ans && st.st_mtim.tv_sec == mtime &&
		       st.st_mtim.tv_nsec == mns,
	       line, "times of file", "%ld.%ld %ld.%ld", st.st_atim.tv_sec, st.st_atim.tv_nsec,
	       st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static bool is_now(struct timespec t)
{
	return labs(t.tv_sec - time(NULL)) < 10;
}

static void *put(const void *data, size_t len)
{
	return border(data, len);
}

static void test_old_calls(int fd, int dirfd)
{
	struct utimbuf ut = {1000, 2000};
	struct timeval tv[2] = {{3000, 5}, {4000, 7}};

	CHECK_OK(syscall(SYS_utime, in_dir("file"), put(&ut, sizeof(ut))));
	check_times(__LINE__, "file", 1000, 0, 2000, 0);
	CHECK_OK(syscall(SYS_utimes, in_dir("file"), put(tv, sizeof(tv))));
	check_times(__LINE__, "file", 3000, 5000, 4000, 7000);
	tv[0].tv_sec = 3001;
	CHECK_OK(syscall(SYS_futimesat, dirfd, at_border("file"), put(tv, sizeof(tv))));
	check_times(__LINE__, "file", 3001, 5000, 4000, 7000);
	tv[0].tv_sec = 3002;
	CHECK_OK(syscall(SYS_futimesat, AT_FDCWD, in_dir("file"), tv));
	check_times(__LINE__, "file", 3002, 5000, 4000, 7000);
	tv[0].tv_sec = 3003;
	CHECK_OK(syscall(SYS_futimesat, fd, NULL, tv));
	check_times(__LINE__, "file", 3003, 5000, 4000, 7000);
	tv[1].tv_usec = 1000000;
	CHECK_ERRNO(syscall(SYS_utimes, in_dir("file"), tv), EINVAL);
	CHECK_ERRNO(syscall(SYS_futimesat, AT_FDCWD, in_dir("file"), tv), EINVAL);
	CHECK_ERRNO(syscall(SYS_utime, in_dir("file"), BAD_POINTER), EFAULT);
	CHECK_ERRNO(syscall(SYS_utimes, in_dir("file"), border(NULL, 8)), EFAULT);
	CHECK_OK(syscall(SYS_utime, in_dir("file"), NULL));
	CHECK(is_now(times_of("file").st_mtim) && is_now(times_of("file").st_atim));
}

static void test_utimensat(int fd, int dirfd)
{
	struct timespec ts[2] = {{10000, 111}, {20000, 222}}, now[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}},
			omit[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};

	CHECK_OK(syscall(SYS_utimensat, AT_FDCWD, in_dir("file"), put(ts, sizeof(ts)), 0));
	check_times(__LINE__, "file", 10000, 111, 20000, 222);
	ts[0].tv_sec++;
	CHECK_OK(syscall(SYS_utimensat, dirfd, at_border("file"), put(ts, sizeof(ts)), AT_SYMLINK_NOFOLLOW));
	check_times(__LINE__, "file", 10001, 111, 20000, 222);
	ts[0].tv_sec++;
	CHECK_OK(syscall(SYS_utimensat, fd, NULL, ts, 0));
	check_times(__LINE__, "file", 10002, 111, 20000, 222);
	CHECK_OK(syscall(SYS_utimensat, AT_FDCWD, in_dir("file"), omit, 0));
	check_times(__LINE__, "file", 10002, 111, 20000, 222);
	CHECK_OK(syscall(SYS_utimensat, AT_FDCWD, in_dir("file"), now, 0));
	CHECK(is_now(times_of("file").st_atim));
	CHECK_VALUE(times_of("file").st_mtim.tv_sec, 20000);
	/* the link or what it names */
	CHECK_OK(syscall(SYS_utimensat, AT_FDCWD, in_dir("link"), ts, AT_SYMLINK_NOFOLLOW));
	check_times(__LINE__, "link", 10002, 111, 20000, 222);
	CHECK(is_now(times_of("file").st_atim));
	ts[1].tv_sec = 30000;
	CHECK_OK(syscall(SYS_utimensat, AT_FDCWD, in_dir("link"), ts, 0));
	CHECK_VALUE(times_of("file").st_mtim.tv_sec, 30000);
	ts[1].tv_sec++;
	CHECK_OK(syscall(SYS_utimensat, fd, "", ts, AT_EMPTY_PATH));
	CHECK_VALUE(times_of("file").st_mtim.tv_sec, 30001);
	CHECK_OK(syscall(SYS_utimensat, fd, NULL, NULL, 0));
	CHECK(is_now(times_of("file").st_mtim));

	CHECK_ERRNO(syscall(SYS_utimensat, AT_FDCWD, in_dir("file"), BAD_POINTER, 0), EFAULT);
	CHECK_ERRNO(syscall(SYS_utimensat, AT_FDCWD, in_dir("file"), ts, 0x1), EINVAL);
	CHECK_ERRNO(syscall(SYS_utimensat, fd, "", ts, 0), ENOENT);
	CHECK_ERRNO(syscall(SYS_utimensat, -1, NULL, ts, 0), EBADF);
	CHECK_ERRNO(syscall(SYS_utimensat, fd, NULL, ts, AT_SYMLINK_NOFOLLOW), EINVAL);
	CHECK_ERRNO(syscall(SYS_utimensat, AT_FDCWD, NULL, ts, 0), EFAULT);
	ts[0].tv_nsec = 1000000000;
	CHECK_ERRNO(syscall(SYS_utimensat, AT_FDCWD, in_dir("file"), ts, 0), EINVAL);
}

static void test_rdonly(void)
{
	struct timeval tv[2] = {{1, 0}, {1, 0}};
	int fd;

	if (!in_view())
		return;
	CHECK_ERRNO(syscall(SYS_utime, in_ro("file"), NULL), EROFS);
	CHECK_ERRNO(syscall(SYS_utimes, in_ro("file"), tv), EROFS);
	CHECK_ERRNO(syscall(SYS_futimesat, AT_FDCWD, in_ro("file"), tv), EROFS);
	CHECK_ERRNO(syscall(SYS_utimensat, AT_FDCWD, in_ro("link"), NULL, AT_SYMLINK_NOFOLLOW), EROFS);
	fd = MUST(open(in_ro("file"), O_RDONLY | O_CLOEXEC));
	CHECK_ERRNO(syscall(SYS_utimensat, fd, NULL, NULL, 0), EROFS);
	CHECK_ERRNO(syscall(SYS_futimesat, fd, NULL, tv), EROFS);
	close(fd);
	fd = MUST(open(guest.ro, O_RDONLY | O_CLOEXEC));
	CHECK_ERRNO(syscall(SYS_utimensat, fd, "file", NULL, 0), EROFS);
	CHECK_ERRNO(syscall(SYS_utimensat, fd, NULL, NULL, 0), EROFS);
	close(fd);
}

int main(int argc, char **argv)
{
	int fd, dirfd;

	guest_begin(argc, argv);
	path_errors("utime", call_utime, false);
	path_errors("utimes", call_utimes, false);
	path_errors("futimesat", call_futimesat, true);
	path_errors("utimensat", call_utimensat, true);
	make_file("file", "");
	MUST(symlink("file", in_dir("link")));
	fd = MUST(open(in_dir("file"), O_RDONLY | O_CLOEXEC));
	dirfd = MUST(open(guest.dir, O_RDONLY | O_CLOEXEC));
	test_old_calls(fd, dirfd);
	test_utimensat(fd, dirfd);
	test_rdonly();
	close(fd);
	close(dirfd);
	MUST(unlink(in_dir("file")));
	MUST(unlink(in_dir("link")));
	return guest_end();
}
