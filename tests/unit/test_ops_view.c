/* The calls of vfs/ops.h where the view shows what the host does not have: placeholders and the
 * links of /proc; and the opens that are left to the task. */
#include "tests/unit/view_fixture.h"

#include <linux/stat.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

TestSuite(ops_view, .init = setup, .fini = teardown_scratch, .timeout = 30);

/* ---- helpers that take a path ---- */

static int open_fails(const char *path, int flags)
{
	int fd = open_here(path, flags);

	if (fd >= 0)
		close(fd);
	return fd >= 0 ? 0 : fd;
}

/* The link's text, or the name of the errno. */
static const char *link_text(const char *path)
{
	const struct vfs_ctx c = ctx();
	const struct vfs_name n = name_of(path);
	char *buf = arena_zalloc(&arena, PATH_MAX);
	int r = vfs_readlink(&c, &n, buf, PATH_MAX - 1);

	return r < 0 ? strerrorname_np(-r) : buf;
}

static int get_access(const char *path, int mode)
{
	const struct vfs_ctx c = ctx();
	const struct vfs_name n = name_of(path);

	return vfs_access(&c, &n, mode, 0);
}

static struct stat get_stat(const char *path)
{
	const struct vfs_ctx c = ctx();
	const struct vfs_name n = name_of(path);
	struct stat st = {0};

	cr_expect_eq(vfs_stat(&c, &n, AT_SYMLINK_NOFOLLOW, &st), 0, "%s", path);
	return st;
}

/* ---- placeholders ---- */

Test(ops_view, placeholder_attributes)
{
	const struct vfs_ctx c = ctx();
	const struct vfs_name n = name_of("/new");
	struct stat st = get_stat("/new");
	struct statx stx;
	struct statfs fs;

	cr_expect(S_ISDIR(st.st_mode));
	cr_assert_eq(vfs_statx(&c, &n, 0, STATX_BASIC_STATS, &stx), 0);
	cr_expect_eq(stx.stx_ino, st.st_ino);
	cr_expect_eq(stx.stx_mode, st.st_mode);
	cr_expect_eq(stx.stx_nlink, st.st_nlink);
	cr_expect_eq(vfs_statx(&c, &n, 0, STATX__RESERVED, &stx), -EINVAL);
	cr_expect_eq(vfs_statx(&c, &n, AT_STATX_SYNC_TYPE, 0, &stx), -EINVAL);
	cr_assert_eq(vfs_statfs(&c, &n, &fs), 0);
	cr_expect(fs.f_flags & 1 /* ST_RDONLY */);
	cr_expect(S_ISREG(get_stat("/new/empty").st_mode));
	cr_expect(S_ISLNK(get_stat("/new/link").st_mode));
	cr_expect_str_eq(link_text("/new/link"), "../plain");
	cr_expect_str_eq(link_text("/new/empty"), "EINVAL");
	cr_expect_eq(get_access("/new", R_OK | X_OK), 0);
	cr_expect_eq(get_access("/new/empty", X_OK), -EACCES);
	cr_expect_lt(get_access("/new", W_OK), 0);
}

Test(ops_view, placeholders_do_not_change)
{
	const struct vfs_ctx c = ctx();
	const struct vfs_name dir = name_of("/new"), file = name_of("/new/empty"),
			      made = name_of("/new/made");
	const struct vfs_name deep = name_of("/new/deep"), here = name_of("/new/deep/here"),
			      plain = name_of("/plain");

	cr_expect_eq(vfs_mkdir(&c, &made, 0755), -EROFS);
	cr_expect_eq(vfs_mkdir(&c, &deep, 0755), -EEXIST);
	cr_expect_eq(vfs_symlink(&c, "x", &file), -EEXIST);
	cr_expect_eq(vfs_unlink(&c, &file, 0), -EROFS);
	cr_expect_eq(vfs_unlink(&c, &made, 0), -EROFS);
	cr_expect_eq(vfs_rename(&c, &file, &made, 0), -EROFS);
	cr_expect_eq(vfs_rename(&c, &file, &here, 0), -EXDEV);
	cr_expect_eq(vfs_link(&c, &file, &here, 0), -EXDEV);
	cr_expect_eq(vfs_chmod(&c, &dir, 0700, 0), -EROFS);
	cr_expect_eq(vfs_chown(&c, &file, 0, 0, 0), -EROFS);
	cr_expect_eq(vfs_utimens(&c, &file, NULL, 0), -EROFS);
	cr_expect_eq(vfs_truncate(&c, &file, 0), -EROFS);
	cr_expect_eq(vfs_truncate(&c, &dir, 0), -EISDIR);
	cr_expect_eq(vfs_setxattr(&c, &dir, false, "user.a", "v", 1, 0), -EROFS);
	cr_expect_eq(vfs_getxattr(&c, &dir, false, "user.a", NULL, 0), -ENODATA);
	cr_expect_eq(vfs_listxattr(&c, &dir, false, NULL, 0), 0);
	/* "/new" and "/plain/extra" have no directory on the disk, so their mounts hold the names. */
	cr_expect_eq(vfs_unlink(&c, &dir, AT_REMOVEDIR), -EBUSY);
	cr_expect_eq(vfs_unlink(&c, &plain, AT_REMOVEDIR), -ENOTEMPTY);
	cr_expect_eq(vfs_rename(&c, &plain, &here, 0), -EXDEV);
	const struct vfs_name other = name_of("/other"), inside = name_of("/plain/extra/x");

	cr_expect_eq(vfs_rename(&c, &plain, &other, 0), -EBUSY);
	cr_expect_eq(vfs_rename(&c, &dir, &other, 0), -EBUSY);
	cr_expect_eq(vfs_mkdir(&c, &inside, 0755), -EROFS);
}

Test(ops_view, placeholder_opens)
{
	struct vfs_opened o;
	struct stat st, told = get_stat("/new");
	int a = open_here("/new", O_RDONLY | O_DIRECTORY), b = open_here("/new", O_RDONLY);

	cr_assert_geq(a, 0);
	cr_assert_geq(b, 0);
	cr_assert_eq(fstat(a, &st), 0);
	cr_expect_eq(st.st_ino, told.st_ino);
	cr_expect_eq(st.st_dev, told.st_dev);
	/* two descriptions: their positions are their own */
	cr_expect_eq(lseek(a, 3, SEEK_SET), 3);
	cr_expect_eq(lseek(b, 0, SEEK_CUR), 0);
	close(a);
	close(b);
	cr_expect_eq(open_fails("/new", O_RDWR), -EISDIR);
	cr_expect_eq(open_fails("/new", O_CREAT | O_RDONLY), -EISDIR);
	cr_expect_eq(open_fails("/new/empty", O_RDWR), -EROFS);
	cr_expect_eq(open_fails("/new/empty", O_RDONLY | O_TRUNC), -EROFS);
	cr_expect_eq(open_fails("/new/empty", O_RDONLY | O_CREAT), 0);
	cr_expect_eq(open_fails("/new/empty", O_RDONLY | O_CREAT | O_EXCL), -EEXIST);
	cr_expect_eq(open_fails("/new/none", O_RDWR | O_CREAT), -EROFS);
	cr_expect_eq(open_fails("/new/none", O_RDONLY), -ENOENT);
	cr_expect_eq(open_fails("/new/link", O_RDONLY | O_NOFOLLOW), -ELOOP);
	cr_expect_eq(open_fails("/new/link/file", O_RDONLY), 0);
	cr_expect_eq(open_fails("/new/empty", O_RDONLY | O_DIRECTORY), -ENOTDIR);
	cr_expect_eq(open_fails("/new", O_TMPFILE | O_RDWR), -EROFS);
	cr_assert_eq(open_kind("/new/link", O_PATH | O_NOFOLLOW, &o), 0);
	cr_expect_eq(o.kind, VFS_OPEN_BY_TASK);
	cr_expect(fstat(o.fd, &st) == 0 && S_ISLNK(st.st_mode));
	close(o.fd);
}

/* ---- links of /proc ---- */

static const char *fd_link(int fd)
{
	return arena_printf(&arena, "/proc/self/fd/%d", fd);
}

Test(ops_view, proc_links)
{
	int file = open_here("/ro/file", O_RDONLY), dir = open_here("/new", O_RDONLY), gone, memfd;

	cr_expect_str_eq(link_text("/proc/self"), arena_printf(&arena, "%d", getpid()));
	cr_expect_str_eq(link_text("/proc/thread-self"),
			 arena_printf(&arena, "%d/task/%d", getpid(), getpid()));
	cr_expect_str_eq(link_text("/proc/self/root"), "/");
	cr_expect_str_eq(link_text("/proc/1/root"), "ENOENT");
	cr_expect_str_eq(link_text("/proc/self/status"), "EINVAL");
	cr_expect_str_eq(link_text(fd_link(file)), "/ro/file");
	cr_expect_str_eq(link_text(fd_link(dir)), "/new");
	cr_expect_str_eq(link_text(fd_link(999)), "ENOENT");
	cr_expect_str_eq(link_text(arena_printf(&arena, "/proc/thread-self/fd/%d", file)), "/ro/file");
	cr_assert_eq(fchdir(dir), 0);
	cr_expect_str_eq(link_text("/proc/self/cwd"), "/new");
	cr_assert_eq(chdir(in_scratch("data/sub")), 0);
	cr_expect_str_eq(link_text("/proc/self/cwd"), "/new/deep"); /* the most specific source */
	cr_assert_eq(chdir(in_scratch("root/tmp")), 0);
	cr_expect_str_eq(link_text("/proc/self/cwd"), "/tmp");
	gone = open_here("/tmp/gone", O_RDWR | O_CREAT);
	cr_assert_eq(unlink(in_scratch("root/tmp/gone")), 0);
	cr_expect_str_eq(link_text(fd_link(gone)), "/tmp/gone (deleted)");
	memfd = memfd_create("x", MFD_CLOEXEC);
	cr_expect_str_eq(link_text(fd_link(memfd)), "/memfd:x (deleted)");
	close(file);
	close(dir);
	close(gone);
	close(memfd);
}

Test(ops_view, magic_links_open)
{
	const struct vfs_ctx c = ctx();
	const struct vfs_name named = name_of("/tmp/named"), ro_file = name_of("/ro/file");
	int file = open_here("/ro/file", O_RDONLY), tmp = open_here("/tmp", O_TMPFILE | O_RDWR), again,
	    pipes[2];
	const struct vfs_name by_link = name_of(fd_link(tmp)), ro_link = name_of(fd_link(file));
	struct vfs_opened o;
	struct stat a, b;

	/* read-only as its mount is */
	cr_expect_eq(open_fails(fd_link(file), O_RDONLY), 0);
	cr_expect_eq(open_fails(fd_link(file), O_RDWR), -EROFS);
	cr_expect_eq(open_fails(fd_link(file), O_RDONLY | O_TRUNC), -EROFS);
	cr_expect_eq(vfs_chmod(&c, &ro_link, 0600, 0), -EROFS);
	cr_expect_eq(vfs_truncate(&c, &ro_file, 0), -EROFS);
	/* nameless */
	again = open_here(fd_link(tmp), O_RDWR | O_CREAT);
	cr_assert_geq(again, 0);
	cr_assert(fstat(tmp, &a) == 0 && fstat(again, &b) == 0);
	cr_expect_eq(a.st_ino, b.st_ino);
	close(again);
	/* gets a name, as open(2) says under O_TMPFILE */
	cr_expect_eq(vfs_link(&c, &by_link, &named, AT_SYMLINK_FOLLOW), 0);
	cr_expect_eq(get_stat("/tmp/named").st_ino, a.st_ino);
	cr_expect_eq(vfs_link(&c, &by_link, &named, AT_SYMLINK_FOLLOW), -EEXIST);
	cr_expect_eq(vfs_link(&c, &ro_file, &named, 0), -EEXIST);
	/* a pipe's other openings belong to the task */
	cr_assert_eq(pipe2(pipes, O_CLOEXEC), 0);
	cr_assert_eq(open_kind(fd_link(pipes[0]), O_RDONLY, &o), 0);
	cr_expect_eq(o.kind, VFS_OPEN_BY_TASK);
	close(o.fd);
	close(file);
	close(tmp);
	close(pipes[0]);
	close(pipes[1]);
}

/* ---- what must not block, and what must not be done unasked ---- */

Test(ops_view, fifo_is_left_alone)
{
	const struct vfs_ctx c = ctx();
	const struct vfs_name n = name_of("/tmp/fifo");
	struct vfs_opened o;

	cr_assert_eq(vfs_mknod(&c, &n, S_IFIFO | 0644, 0), 0);
	cr_assert_eq(open_kind("/tmp/fifo", O_RDONLY | O_CREAT | O_CLOEXEC, &o), 0);
	cr_expect_eq(o.kind, VFS_OPEN_BY_TASK);
	cr_expect_not(o.native); /* it is elsewhere on the host */
	cr_expect_eq(o.flags, O_RDONLY | O_CLOEXEC);
	/* nobody has become a reader */
	cr_expect(open(in_scratch("root/tmp/fifo"), O_WRONLY | O_NONBLOCK) < 0 && errno == ENXIO);
	close(o.fd);
	cr_assert_eq(open_kind("/tmp/fifo", O_WRONLY, &o), 0);
	cr_expect_eq(o.kind, VFS_OPEN_BY_TASK);
	close(o.fd);
	cr_expect_eq(vfs_truncate(&c, &n, 0), -EINVAL);
}

/* Another process holds a write lease on the file and ignores that it is asked to give it up. */
static pid_t hold_lease(const char *path)
{
	int ready[2];
	char byte;
	pid_t pid;

	cr_assert_eq(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		int fd = open(path, O_RDWR | O_CLOEXEC);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGIO, SIG_IGN);
		byte = fcntl(fd, F_SETLEASE, F_WRLCK) == 0;
		if (write(ready[1], &byte, 1) == 1)
			pause();
		_exit(1);
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	cr_assert(byte, "no lease");
	close(ready[0]);
	close(ready[1]);
	return pid;
}

Test(ops_view, leases_do_not_block)
{
	const struct vfs_ctx c = ctx();
	const struct vfs_name n = name_of("/plain/file");
	time_t start = time(NULL);
	struct vfs_opened o;
	pid_t pid = hold_lease(in_scratch("root/plain/file"));

	cr_assert_eq(open_kind("/plain/file", O_RDWR, &o), 0);
	cr_expect_eq(o.kind, VFS_OPEN_BY_TASK);
	cr_expect_eq(o.flags, O_RDWR);
	close(o.fd);
	cr_expect_eq(vfs_truncate(&c, &n, 0), -EAGAIN);
	cr_expect_lt(time(NULL) - start, 10); /* lease-break-time is 45 s */
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

Test(ops_view, nonblock_is_not_seen)
{
	const int kept = O_APPEND | O_NONBLOCK | O_NOATIME;
	int fd = open_here("/plain/file", O_RDWR | O_APPEND);

	cr_expect_eq(fcntl(fd, F_GETFL) & kept, O_APPEND);
	close(fd);
	fd = open_here("/plain/file", O_RDWR | O_NONBLOCK);
	cr_expect_eq(fcntl(fd, F_GETFL) & kept, O_NONBLOCK);
	close(fd);
	fd = open_here("/new/link/file", O_RDONLY | O_NOATIME); /* not by the short way */
	cr_expect_eq(fcntl(fd, F_GETFL) & kept, O_NOATIME);
	close(fd);
}

Test(ops_view, umask_is_asked_for_when_needed)
{
	const struct vfs_ctx c = ctx();
	const struct vfs_name d = name_of("/tmp/d"), s = name_of("/tmp/s");

	cr_expect_eq(open_fails("/plain/file", O_RDWR | O_CREAT), 0);
	cr_expect_eq(open_fails("/ro/none", O_RDWR | O_CREAT), -EROFS);
	cr_expect_eq(vfs_symlink(&c, "x", &s), 0);
	cr_expect_eq(umasks, 0);
	cr_expect_eq(open_fails("/tmp/made", O_RDWR | O_CREAT), 0);
	cr_expect_eq(umasks, 1);
	cr_expect_eq(vfs_mkdir(&c, &d, 0777), 0);
	cr_expect_eq(umasks, 2);
	cr_expect_eq(open_fails("/tmp", O_RDWR | O_TMPFILE), 0);
	cr_expect_eq(umasks, 3);
}

Test(ops_view, openat2_is_strict)
{
	static const struct open_how bad[] = {
		{.flags = O_RDONLY | 1ULL << 40},
		{.flags = O_RDONLY, .mode = 0644},
		{.flags = O_RDWR | O_CREAT, .mode = 0200000},
		{.flags = O_RDONLY, .resolve = 1 << 10},
		{.flags = O_RDWR | O_CREAT | O_DIRECTORY, .mode = 0644},
		{.flags = O_PATH | O_RDWR},
	};
	const struct open_how cached = {.flags = O_RDONLY, .resolve = RESOLVE_CACHED};
	const struct vfs_ctx c = ctx();
	const struct vfs_name n = name_of("/plain/file");
	struct vfs_opened o;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(vfs_open(&c, &n, &bad[i], false, &o), -EINVAL, "%zu", i);
	cr_expect_eq(vfs_open(&c, &n, &cached, false, &o), -EAGAIN);
}

Test(ops_view, devices)
{
	struct vfs_opened o;

	cr_assert_eq(view_mount_host(&view, "/null", open("/dev/null", O_PATH | O_CLOEXEC), true), 0);
	cr_assert_eq(view_mount_host(&view, "/ptmx", open("/dev/ptmx", O_PATH | O_CLOEXEC), true), 0);
	view_seal(&view);
	/* a read-only mount protects no device */
	cr_expect_eq(open_fails("/null", O_RDWR | O_CREAT | O_TRUNC), 0);
	cr_expect_eq(get_access("/null", W_OK), 0);
	cr_assert_eq(open_kind("/ptmx", O_RDWR | O_NOCTTY, &o), 0);
	cr_expect_eq(o.kind, VFS_OPEN_BY_TASK);
	cr_expect_eq(o.flags, O_RDWR | O_NOCTTY);
	close(o.fd);
}
