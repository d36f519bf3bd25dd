/* stat, lstat, fstat, newfstatat, statx. */
#include "guest.h"

#include <sys/socket.h>
#include <sys/sysmacros.h>

static struct stat out;
static struct statx xout;

static long call_stat(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_stat, path, &out);
}

static long call_lstat(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_lstat, path, &out);
}

static long call_newfstatat(int dirfd, const char *path)
{
	return syscall(SYS_newfstatat, dirfd, path, &out, 0);
}

static long call_statx(int dirfd, const char *path)
{
	return syscall(SYS_statx, dirfd, path, 0, STATX_BASIC_STATS, &xout);
}

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_mode == b->st_mode &&
	       a->st_nlink == b->st_nlink && a->st_uid == b->st_uid && a->st_gid == b->st_gid &&
	       a->st_rdev == b->st_rdev && a->st_size == b->st_size && a->st_blksize == b->st_blksize &&
	       a->st_blocks == b->st_blocks && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static void test_all_agree(void)
{
	struct stat *st = (void *)border(NULL, sizeof(*st)), ref;
	struct statx *stx = (void *)border(NULL, sizeof(*stx));
	int fd, dirfd = MUST(open(guest.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));

	make_file("file", "twelve bytes");
	MUST(chmod(in_dir("file"), 0640));
	fd = MUST(open(in_dir("file"), O_RDONLY | O_CLOEXEC));
	memset(&ref, 0xff, sizeof(ref));
	CHECK_OK(syscall(SYS_stat, in_dir("file"), &ref));
	CHECK_VALUE(ref.st_mode, S_IFREG | 0640);
	CHECK_VALUE(ref.st_size, 12);
	CHECK_VALUE(ref.st_nlink, 1);
	CHECK_VALUE(ref.st_uid, geteuid());
	CHECK_VALUE(ref.st_gid, getegid());
	CHECK(labs(ref.st_mtim.tv_sec - time(NULL)) < 10);
	memset(st, 0xff, sizeof(*st));
	CHECK_OK(syscall(SYS_lstat, in_dir("file"), st));
	CHECK(same(st, &ref));
	memset(st, 0xff, sizeof(*st));
	CHECK_OK(syscall(SYS_fstat, fd, st));
	CHECK(same(st, &ref));
	memset(st, 0xff, sizeof(*st));
	CHECK_OK(syscall(SYS_newfstatat, AT_FDCWD, in_dir("file"), st, 0));
	CHECK(same(st, &ref));
	memset(st, 0xff, sizeof(*st));
	CHECK_OK(
		syscall(SYS_newfstatat, dirfd, at_border("file"), st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT));
	CHECK(same(st, &ref));
	CHECK_OK(syscall(SYS_newfstatat, fd, at_border(""), st, AT_EMPTY_PATH));
	CHECK(same(st, &ref));
	CHECK_OK(syscall(SYS_newfstatat, -1, in_dir("file"), st, 0));
	CHECK(same(st, &ref));
	CHECK_OK(syscall(SYS_stat, at_border("file"), st));
	CHECK(same(st, &ref));
	memset(stx, 0xff, sizeof(*stx));
	CHECK_OK(syscall(SYS_statx, dirfd, at_border("file"), AT_STATX_SYNC_AS_STAT, STATX_BASIC_STATS, stx));
	CHECK((stx->stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS);
	CHECK_VALUE(stx->stx_ino, ref.st_ino);
	CHECK_VALUE(stx->stx_mode, ref.st_mode);
	CHECK_VALUE(stx->stx_size, 12);
	CHECK_VALUE(stx->stx_uid, ref.st_uid);
	CHECK_VALUE(makedev(stx->stx_dev_major, stx->stx_dev_minor), ref.st_dev);
	CHECK_VALUE(stx->stx_mtime.tv_nsec, ref.st_mtim.tv_nsec);
	memset(stx, 0xff, sizeof(*stx));
	CHECK_OK(syscall(SYS_statx, AT_FDCWD, in_dir("file"), AT_STATX_DONT_SYNC, STATX_ALL, stx));
	CHECK_VALUE(stx->stx_ino, ref.st_ino);
	CHECK_OK(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_SIZE, stx));
	CHECK_VALUE(stx->stx_size, 12);
	close(fd);

	/* the cwd by AT_EMPTY_PATH, the directory by its names */
	CHECK_OK(syscall(SYS_stat, guest.dir, &ref));
	CHECK(S_ISDIR(ref.st_mode));
	CHECK_OK(syscall(SYS_newfstatat, AT_FDCWD, "", st, AT_EMPTY_PATH));
	CHECK(same(st, &ref));
	CHECK_OK(syscall(SYS_newfstatat, dirfd, ".", st, 0));
	CHECK(same(st, &ref));
	CHECK_OK(syscall(SYS_fstat, dirfd, st));
	CHECK(same(st, &ref));
	close(dirfd);
	MUST(unlink(in_dir("file")));
}

static void test_links(void)
{
	struct stat st, target;
	int fd;

	make_file("file", "");
	MUST(symlink("file", in_dir("link")));
	CHECK_OK(syscall(SYS_stat, in_dir("file"), &target));
	CHECK_OK(syscall(SYS_stat, in_dir("link"), &st));
	CHECK_VALUE(st.st_ino, target.st_ino);
	CHECK_OK(syscall(SYS_lstat, in_dir("link"), &st));
	CHECK(S_ISLNK(st.st_mode) && st.st_ino != target.st_ino);
	CHECK_VALUE(st.st_size, 4);
	CHECK_OK(syscall(SYS_newfstatat, AT_FDCWD, in_dir("link"), &st, AT_SYMLINK_NOFOLLOW));
	CHECK(S_ISLNK(st.st_mode));
	CHECK_OK(syscall(SYS_statx, AT_FDCWD, in_dir("link"), AT_SYMLINK_NOFOLLOW, STATX_TYPE, &xout));
	CHECK(S_ISLNK(xout.stx_mode));
	CHECK_ERRNO(syscall(SYS_lstat, in_dir("link/"), &st), ENOTDIR);
	CHECK_ERRNO(syscall(SYS_stat, in_dir("file/."), &st), ENOTDIR);
	fd = MUST(open(in_dir("link"), O_PATH | O_NOFOLLOW | O_CLOEXEC));
	CHECK_OK(syscall(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH));
	CHECK(S_ISLNK(st.st_mode));
	close(fd);
	MUST(unlink(in_dir("link")));
	MUST(unlink(in_dir("file")));
	CHECK_ERRNO(syscall(SYS_stat, in_dir("file"), &st), ENOENT);
}

static void test_errors(void)
{
	struct stat st;
	int fds[2];

	make_file("file", "");
	CHECK_ERRNO(syscall(SYS_stat, in_dir("file"), NULL), EFAULT);
	CHECK_ERRNO(syscall(SYS_lstat, in_dir("file"), BAD_POINTER), EFAULT);
	CHECK_ERRNO(syscall(SYS_stat, in_dir("file"), read_only_page()), EFAULT);
	CHECK_ERRNO(syscall(SYS_newfstatat, AT_FDCWD, in_dir("file"), border(NULL, 64), 0), EFAULT);
	CHECK_ERRNO(syscall(SYS_newfstatat, AT_FDCWD, in_dir("file"), &st, 0x4), EINVAL);
	CHECK_ERRNO(syscall(SYS_newfstatat, AT_FDCWD, "", &st, 0), ENOENT);
	CHECK_ERRNO(syscall(SYS_newfstatat, -1, "", &st, AT_EMPTY_PATH), EBADF);
	CHECK_ERRNO(syscall(SYS_fstat, -1, &st), EBADF);
	CHECK_ERRNO(syscall(SYS_fstat, 1, NULL), EFAULT);
	CHECK_ERRNO(syscall(SYS_statx, AT_FDCWD, in_dir("file"), 0x4, STATX_ALL, &xout), EINVAL);
	CHECK_ERRNO(syscall(SYS_statx, AT_FDCWD, in_dir("file"), 0x6000, STATX_ALL, &xout), EINVAL);
	CHECK_ERRNO(syscall(SYS_statx, AT_FDCWD, in_dir("file"), 0, 0x80000000u, &xout), EINVAL);
	CHECK_ERRNO(syscall(SYS_statx, AT_FDCWD, in_dir("file"), 0, STATX_ALL, NULL), EFAULT);
	MUST(unlink(in_dir("file")));
	/* not files, but descriptors */
	MUST(pipe2(fds, O_CLOEXEC));
	CHECK_OK(syscall(SYS_fstat, fds[0], &st));
	CHECK(S_ISFIFO(st.st_mode));
	CHECK_OK(syscall(SYS_newfstatat, fds[0], "", &st, AT_EMPTY_PATH));
	CHECK(S_ISFIFO(st.st_mode));
	CHECK_ERRNO(syscall(SYS_newfstatat, fds[0], "x", &st, 0), ENOTDIR);
	close(fds[0]);
	close(fds[1]);
	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
	CHECK_OK(syscall(SYS_newfstatat, fds[0], "", &st, AT_EMPTY_PATH));
	CHECK(S_ISSOCK(st.st_mode));
	close(fds[0]);
	close(fds[1]);
	CHECK_OK(syscall(SYS_stat, "/dev/null", &st));
	CHECK(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
}

static void test_proc(void)
{
	struct stat st, own;
	char path[64];
	pid_t child;

	snprintf(path, sizeof(path), "/proc/%d", getpid());
	CHECK_OK(syscall(SYS_stat, path, &own));
	CHECK_OK(syscall(SYS_stat, "/proc/self", &st));
	CHECK_VALUE(st.st_ino, own.st_ino);
	CHECK_OK(syscall(SYS_lstat, "/proc/self", &st));
	CHECK(S_ISLNK(st.st_mode));
	CHECK_OK(syscall(SYS_stat, "/proc/self/cwd", &st));
	CHECK_OK(syscall(SYS_stat, guest.dir, &own));
	CHECK_VALUE(st.st_ino, own.st_ino);
	if (!(child = fork())) {
		pause();
		_exit(0);
	}
	snprintf(path, sizeof(path), "/proc/%d", child);
	CHECK_OK(syscall(SYS_stat, path, &st));
	kill(child, SIGKILL);
	wait_for(child);
	CHECK_ERRNO(syscall(SYS_stat, path, &st), ENOENT);
	if (!in_view())
		return;
	snprintf(path, sizeof(path), "/proc/%d", guest.outside);
	CHECK_ERRNO(syscall(SYS_stat, path, &st), ENOENT);
	CHECK_ERRNO(syscall(SYS_statx, AT_FDCWD, path, 0, STATX_ALL, &xout), ENOENT);
	snprintf(path, sizeof(path), "/proc/%d/cwd", guest.outside);
	CHECK_ERRNO(syscall(SYS_lstat, path, &st), ENOENT);
}

static void test_view(void)
{
	struct stat st;
	char path[PATH_MAX];

	if (!in_view())
		return;
	CHECK_OK(syscall(SYS_stat, in_ro("file"), &st));
	CHECK_VALUE(st.st_size, 10);
	CHECK_OK(syscall(SYS_lstat, in_ro("link"), &st));
	CHECK(S_ISLNK(st.st_mode));
	CHECK_OK(syscall(SYS_stat, in_ro("../uctr-view/../uctr-ro/dir/file"), &st));
	CHECK_OK(syscall(SYS_stat, guest.masked, &st));
	CHECK(S_ISDIR(st.st_mode));
	snprintf(path, sizeof(path), "%s/secret", guest.masked);
	CHECK_ERRNO(syscall(SYS_stat, path, &st), ENOENT);
	CHECK_OK(syscall(SYS_stat, "/", &st));
	CHECK(S_ISDIR(st.st_mode));
	CHECK_OK(syscall(SYS_stat, "/etc/passwd", &st));
	CHECK(st.st_size > 0);
}

int main(int argc, char **argv)
{
	guest_begin(argc, argv);
	path_errors("stat", call_stat, false);
	path_errors("lstat", call_lstat, false);
	path_errors("newfstatat", call_newfstatat, true);
	path_errors("statx", call_statx, true);
	test_all_agree();
	test_links();
	test_errors();
	test_proc();
	test_view();
	return guest_end();
}
