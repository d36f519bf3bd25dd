/* chmod, fchmod, fchmodat, fchmodat2. */
#include "guest.h"

static long call_chmod(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_chmod, path, 0600);
}

static long call_fchmodat(int dirfd, const char *path)
{
	return syscall(SYS_fchmodat, dirfd, path, 0600);
}

static long call_fchmodat2(int dirfd, const char *path)
{
	return syscall(NR_fchmodat2, dirfd, path, 0600, 0);
}

static mode_t mode_of(const char *name)
{
	struct stat st = {0};

	CHECK_OK(stat(in_dir(name), &st));
	return st.st_mode & 07777;
}

/* Linux 6.6 has it; uctr serves it on every kernel. */
static bool have_fchmodat2(void)
{
	return in_view() || (syscall(NR_fchmodat2, AT_FDCWD, NULL, 0, 0) < 0 && errno != ENOSYS);
}

static void test_modes(void)
{
	int fd, dirfd = MUST(open(guest.dir, O_RDONLY | O_CLOEXEC));

	make_file("file", "");
	MUST(symlink("file", in_dir("link")));
	CHECK_OK(syscall(SYS_chmod, in_dir("file"), 0604));
	CHECK_VALUE(mode_of("file"), 0604);
	CHECK_OK(syscall(SYS_chmod, at_border("link"), 04711));
	CHECK_VALUE(mode_of("file"), 04711);
	CHECK_OK(syscall(SYS_chmod, in_dir("file"), S_IFDIR | 0700));
	CHECK_VALUE(mode_of("file"), 0700);
	CHECK_OK(syscall(SYS_fchmodat, dirfd, at_border("file"), 0640));
	CHECK_VALUE(mode_of("file"), 0640);
	CHECK_OK(syscall(SYS_fchmodat, AT_FDCWD, in_dir("link"), 0641));
	CHECK_VALUE(mode_of("file"), 0641);
	fd = MUST(open(in_dir("file"), O_RDONLY | O_CLOEXEC));
	CHECK_OK(syscall(SYS_fchmod, fd, 0642));
	CHECK_VALUE(mode_of("file"), 0642);
	CHECK_OK(syscall(SYS_fchmod, dirfd, 01755));
	CHECK_VALUE(mode_of("."), 01755);
	CHECK_OK(syscall(SYS_chmod, guest.dir, 0755));
	CHECK_VALUE(mode_of("."), 0755);
	CHECK_ERRNO(syscall(SYS_fchmod, -1, 0600), EBADF);
	CHECK_ERRNO(syscall(SYS_chmod, in_dir("missing"), 0600), ENOENT);
	CHECK_ERRNO(syscall(SYS_chmod, in_dir("file/"), 0600), ENOTDIR);
	if (have_fchmodat2()) {
		CHECK_OK(syscall(NR_fchmodat2, AT_FDCWD, in_dir("link"), 0643, 0));
		CHECK_VALUE(mode_of("file"), 0643);
		CHECK_OK(syscall(NR_fchmodat2, dirfd, "file", 0644, AT_SYMLINK_NOFOLLOW));
		CHECK_VALUE(mode_of("file"), 0644);
		CHECK_OK(syscall(NR_fchmodat2, fd, "", 0645, AT_EMPTY_PATH));
		CHECK_VALUE(mode_of("file"), 0645);
		CHECK_ERRNO(syscall(NR_fchmodat2, AT_FDCWD, in_dir("link"), 0600, AT_SYMLINK_NOFOLLOW),
			    EOPNOTSUPP);
		CHECK_ERRNO(syscall(NR_fchmodat2, AT_FDCWD, in_dir("file"), 0600, 0x1), EINVAL);
		CHECK_ERRNO(syscall(NR_fchmodat2, fd, "", 0600, 0), ENOENT);
	}
	close(fd);
	fd = MUST(open(in_dir("file"), O_PATH | O_CLOEXEC));
	CHECK_ERRNO(syscall(SYS_fchmod, fd, 0600), EBADF);
	close(fd);
	/* a file that has no name any more */
	fd = MUST(open(in_dir("file"), O_RDWR | O_CLOEXEC));
	MUST(unlink(in_dir("file")));
	MUST(unlink(in_dir("link")));
	CHECK_OK(syscall(SYS_fchmod, fd, 0611));
	CHECK_VALUE(({
			    struct stat st = {0};
			    fstat(fd, &st);
			    st.st_mode & 07777;
		    }),
		    0611);
	close(fd);
	close(dirfd);
}

static void test_rdonly(void)
{
	int fd, dirfd;

	if (geteuid())
		CHECK_ERRNO(syscall(SYS_chmod, "/proc/version", 0600), EPERM);
	if (!in_view())
		return;
	CHECK_ERRNO(syscall(SYS_chmod, in_ro("file"), 0600), EROFS);
	CHECK_ERRNO(syscall(SYS_chmod, in_ro("fifo"), 0600), EROFS);
	CHECK_ERRNO(syscall(SYS_fchmodat, AT_FDCWD, in_ro("dir"), 0700), EROFS);
	fd = MUST(open(in_ro("file"), O_RDONLY | O_CLOEXEC));
	CHECK_ERRNO(syscall(SYS_fchmod, fd, 0600), EROFS);
	if (have_fchmodat2()) {
		CHECK_ERRNO(syscall(NR_fchmodat2, fd, "", 0600, AT_EMPTY_PATH), EROFS);
		CHECK_ERRNO(syscall(NR_fchmodat2, AT_FDCWD, in_ro("file"), 0600, 0), EROFS);
	}
	close(fd);
	dirfd = MUST(open(guest.ro, O_RDONLY | O_CLOEXEC));
	CHECK_ERRNO(syscall(SYS_fchmod, dirfd, 0700), EROFS);
	CHECK_ERRNO(syscall(SYS_fchmodat, dirfd, "file", 0600), EROFS);
	close(dirfd);
}

int main(int argc, char **argv)
{
	guest_begin(argc, argv);
	path_errors("chmod", call_chmod, false);
	path_errors("fchmodat", call_fchmodat, true);
	if (have_fchmodat2())
		path_errors("fchmodat2", call_fchmodat2, true);
	test_modes();
	test_rdonly();
	return guest_end();
}
