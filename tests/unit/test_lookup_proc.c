/* Look-ups in /proc: "self", who is seen, and where the magic links lead. */
#include "tests/unit/fixture.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define F LOOKUP_FOLLOW
#define D LOOKUP_DIRECTORY

static const char *proc(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The virtual path of something of this process. */
static const char *proc(const char *format, ...)
{
	char *path = arena_alloc(&arena, PATH_MAX);
	int n = snprintf(path, PATH_MAX, "/proc/%d", getpid());
	va_list args;

	va_start(args, format);
	vsnprintf(path + n, (size_t)(PATH_MAX - n), format, args);
	va_end(args);
	return path;
}

/* / is root/, /mnt is data/, /proc the host's, /mem a placeholder. */
static void setup(void)
{
	setup_scratch();
	make_dir(in_scratch("root"));
	make_dir(in_scratch("root/etc"));
	make_link("/proc/self/cwd", in_scratch("root/to_cwd"));
	make_link("/proc/self/fd", in_scratch("root/fds"));
	make_dir(in_scratch("data"));
	make_dir(in_scratch("data/in"));
	make_file(in_scratch("data/in/leaf"));
	make_dir(in_scratch("unseen"));
	make_dir(in_scratch("unseen/in"));
	make_file(in_scratch("unseen/file"));
	cr_assert_eq(mount_host("/", in_scratch("root")), 0);
	cr_assert_eq(mount_host("/mnt", in_scratch("data")), 0);
	cr_assert_eq(mount_proc("/proc"), 0);
	cr_assert_eq(view_mount_dir(&view, "/mem/sub"), 0);
	view_seal(&view);
}

static int open_scratch(const char *path, int flags)
{
	int fd = open(in_scratch("%s", path), flags | O_CLOEXEC, 0600);

	cr_assert(fd >= 0, "%s: %s", path, strerror(errno));
	return fd;
}

/* Whether a look-up of path gives the very object behind fd; says the virtual path that it has. */
static const char *same_as(const char *path, unsigned flags, int fd)
{
	struct vfs_object o = VFS_OBJECT_NONE;
	struct stat got, want;
	int r = look(path, flags, &o);

	if (r < 0)
		return strerrorname_np(-r);
	object_stat(&o, &got);
	cr_assert_eq(fstat(fd, &want), 0);
	if (got.st_dev != want.st_dev || got.st_ino != want.st_ino)
		return "another object";
	cr_expect_eq(o.magic, !o.node, "%s", path);
	if (!o.vpath)
		cr_expect_eq(o.mount->type, MOUNT_PROC, "%s", path);
	vfs_object_release(&o);
	return o.vpath ? o.vpath : "hidden";
}

TestSuite(lookup_proc, .init = setup, .fini = teardown_scratch);

Test(lookup_proc, self)
{
	cr_assert_str_eq(where("/proc/self"), proc("%s", ""));
	cr_assert_str_eq(where("/proc/self/"), proc("%s", ""));
	cr_assert_str_eq(where("/proc/self/status"), proc("/status"));
	cr_assert_str_eq(where("/proc/self/../self/fd"), proc("/fd"));
	cr_assert_str_eq(where("/proc/thread-self"), proc("/task/%d", getpid()));
	cr_assert_str_eq(where("/proc/thread-self/comm"), proc("/task/%d/comm", getpid()));
	cr_assert_str_eq(where("/proc/mounts"), proc("/mounts"), "a plain link of the host");
	cr_assert_str_eq(where("/proc/net/dev"), proc("/net/dev"));
	cr_assert_str_eq(where("/proc/version"), "/proc/version");
	cr_assert_str_eq(where("/proc/sys/kernel/../fs"), "/proc/sys/fs");
	cr_assert_str_eq(where("/proc/none"), "ENOENT");
	cr_assert_str_eq(where("/proc/.."), "/");
	cr_assert_str_eq(where_from("/", "/proc/self", 0), "/proc/self");
	cr_assert_str_eq(where_from("/", "/proc/self", D), "ENOTDIR");
	cr_assert_str_eq(where_from("/", "/proc/self", LOOKUP_NO_SYMLINKS | F), "ELOOP");
	cr_assert_str_eq(where_from("/", "/proc/self/comm", LOOKUP_NO_MAGICLINKS | F), proc("/comm"),
			 "not a magic one");
	cr_assert_str_eq(where_from("/proc/self", "comm", F), proc("/comm"));
}

Test(lookup_proc, only_own_tasks)
{
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when the test fails */
		for (;;)
			pause();
	}
	cr_assert_str_eq(where("/proc/1"), "ENOENT");
	cr_assert_str_eq(where("/proc/1/status"), "ENOENT");
	cr_assert_str_eq(where("/proc/1/.."), "ENOENT");
	cr_assert_str_eq(where(arena_printf(&arena, "/proc/%d", child)), "ENOENT");
	cr_assert_str_eq(where(arena_printf(&arena, "/proc/%d/cwd", child)), "ENOENT");
	cr_assert_str_eq(where(arena_printf(&arena, "/proc/self/task/%d", child)), "ENOENT");
	cr_assert_str_eq(where(arena_printf(&arena, "/proc/0%d", getpid())), "ENOENT");
	cr_assert_str_eq(where("/proc/99999999999"), "ENOENT");
	cr_assert_str_eq(where("/proc/0"), "ENOENT");
	cr_assert_str_eq(where(proc("/stat")), proc("/stat"));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

Test(lookup_proc, without_a_caller)
{
	const struct vfs_ctx ctx = {.view = &view, .arena = &arena};
	struct vfs_name name = {.path = "/proc/self", .base = "/", .fd = -1};
	struct vfs_object o = VFS_OBJECT_NONE;

	cr_assert_eq(vfs_lookup(&ctx, &name, F, &o), -ENOENT);
	name.path = proc("/comm");
	cr_assert_eq(vfs_lookup(&ctx, &name, F, &o), -ENOENT);
	name.path = "/proc/version";
	cr_assert_eq(vfs_lookup(&ctx, &name, F, &o), 0);
	vfs_object_release(&o);
}

Test(lookup_proc, cwd)
{
	cr_assert_eq(chdir(in_scratch("data")), 0);
	cr_assert_str_eq(where("/proc/self/cwd"), "/mnt");
	cr_assert_str_eq(where("/proc/self/cwd/in/leaf"), "/mnt/in/leaf");
	cr_assert_str_eq(where("/proc/self/cwd/in/../in"), "/mnt/in");
	cr_assert_str_eq(where("/proc/self/cwd/"), "/mnt");
	cr_assert_str_eq(where("/proc/self/cwd/."), "/mnt");
	cr_assert_str_eq(where("/proc/self/cwd/.."), "/");
	cr_assert_str_eq(where("/proc/self/cwd/none"), "ENOENT");
	cr_assert_str_eq(where("/proc/thread-self/cwd/in"), "/mnt/in");
	cr_assert_str_eq(where("/to_cwd/in"), "/mnt/in");
	cr_assert_str_eq(where_from("/", "/proc/self/cwd", 0), proc("/cwd"));
	cr_assert_eq(chdir(in_scratch("root")), 0);
	cr_assert_str_eq(where("/proc/self/cwd"), "/");
	cr_assert_str_eq(where("/proc/self/cwd/etc"), "/etc");
}

Test(lookup_proc, cwd_that_is_not_shown)
{
	int fd;

	cr_assert_eq(chdir(in_scratch("unseen")), 0);
	fd = open(".", O_PATH | O_CLOEXEC);
	cr_assert_str_eq(same_as("/proc/self/cwd", F, fd), "hidden");
	cr_assert_str_eq(where("/proc/self/cwd/in"), "ENOENT");
	cr_assert_str_eq(where("/proc/self/cwd/.."), "ENOENT");
	close(fd);
	cr_assert_eq(chdir(in_scratch("data/in")), 0);
	cr_assert_eq(unlink(in_scratch("data/in/leaf")), 0);
	fd = open(".", O_PATH | O_CLOEXEC);
	cr_assert_eq(rmdir(in_scratch("data/in")), 0);
	cr_assert_str_eq(same_as("/proc/self/cwd", F | D, fd), "hidden", "removed");
	make_dir(in_scratch("data/in"));
	make_dir(in_scratch("data/in (deleted)"));
	cr_assert_str_eq(same_as("/proc/self/cwd", F | D, fd), "hidden", "another one has its name");
	close(fd);
}

Test(lookup_proc, cwd_in_a_placeholder)
{
	struct vfs_object o = VFS_OBJECT_NONE;

	cr_assert_eq(look("/mem/sub", 0, &o), 0);
	cr_assert_eq(fchdir(mem_fd(&view, o.node)), 0);
	vfs_object_release(&o);
	cr_assert_str_eq(where("/proc/self/cwd"), "/mem/sub");
	cr_assert_str_eq(where("/proc/self/cwd/.."), "/mem");
	cr_assert_eq(look("/proc/self/cwd", F, &o), 0);
	cr_assert(o.node && o.fd == -1 && !o.magic);
	vfs_object_release(&o);
}

Test(lookup_proc, root)
{
	cr_assert_str_eq(where("/proc/self/root"), "/");
	cr_assert_str_eq(where("/proc/self/root/"), "/");
	cr_assert_str_eq(where("/proc/self/root/etc"), "/etc");
	cr_assert_str_eq(where("/proc/self/root/.."), "/");
	cr_assert_str_eq(where("/proc/self/root/mnt/in/leaf"), "/mnt/in/leaf");
	cr_assert_str_eq(where("/proc/self/root/proc/self/root/etc"), "/etc");
	cr_assert_str_eq(where_from("/", "/proc/self/root", 0), proc("/root"));
	cr_assert_str_eq(where(arena_printf(&arena, "/proc/self/task/%d/root/etc", getpid())), "/etc");
}

Test(lookup_proc, descriptors)
{
	int leaf = open_scratch("data/in/leaf", O_RDONLY), dir = open_scratch("data", O_RDONLY);
	int unseen = open_scratch("unseen", O_PATH), file = open_scratch("unseen/file", O_RDONLY);

	cr_assert_str_eq(same_as(proc("/fd/%d", leaf), F, leaf), "/mnt/in/leaf");
	cr_assert_str_eq(same_as(arena_printf(&arena, "/proc/self/fd/%d", leaf), F, leaf), "/mnt/in/leaf");
	cr_assert_str_eq(same_as(arena_printf(&arena, "/fds/%d", leaf), F, leaf), "/mnt/in/leaf");
	cr_assert_str_eq(same_as(proc("/task/%d/fd/%d", getpid(), leaf), F, leaf), "/mnt/in/leaf");
	cr_assert_str_eq(where_from("/", proc("/fd/%d", leaf), 0), proc("/fd/%d", leaf));
	cr_assert_str_eq(where(proc("/fd/%d/", leaf)), "ENOTDIR");
	cr_assert_str_eq(where_from("/", proc("/fd/%d", leaf), F | D), "ENOTDIR");
	cr_assert_str_eq(where(proc("/fd/%d/x", leaf)), "ENOTDIR");
	cr_assert_str_eq(where(proc("/fd/%d/..", leaf)), "ENOTDIR");
	cr_assert_str_eq(same_as(proc("/fd/%d", dir), F | D, dir), "/mnt");
	cr_assert_str_eq(where(proc("/fd/%d/in/leaf", dir)), "/mnt/in/leaf");
	cr_assert_str_eq(where(proc("/fd/%d/..", dir)), "/");
	cr_assert_str_eq(where(proc("/fd/%d/.", dir)), "/mnt");
	cr_assert_str_eq(same_as(proc("/fd/%d", unseen), F, unseen), "hidden");
	cr_assert_str_eq(where(proc("/fd/%d/in", unseen)), "ENOENT");
	cr_assert_str_eq(same_as(proc("/fd/%d", file), F, file), "hidden");
	close(leaf);
	cr_assert_str_eq(where(proc("/fd/%d", leaf)), "ENOENT");
	cr_assert_str_eq(where(proc("/fd/x")), "ENOENT");
	cr_assert_str_eq(where(proc("/fd")), proc("/fd"));
	cr_assert_str_eq(where(proc("/fdinfo/%d", dir)), proc("/fdinfo/%d", dir));
	close(dir);
	close(unseen);
	close(file);
}

Test(lookup_proc, descriptors_that_have_no_name)
{
	int memfd = memfd_create("x", MFD_CLOEXEC), pipes[2],
	    sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int gone = open_scratch("data/gone", O_CREAT | O_RDWR), fake;

	cr_assert_eq(pipe2(pipes, O_CLOEXEC), 0);
	cr_assert_eq(unlink(in_scratch("data/gone")), 0);
	fake = open_scratch("data/gone (deleted)", O_CREAT | O_RDWR);
	for (int i = 0; i < 5; i++) {
		int fd = (const int[]){memfd, pipes[0], pipes[1], sock, gone}[i];

		cr_assert_str_eq(same_as(proc("/fd/%d", fd), F, fd), "hidden", "%d", i);
		cr_assert_str_eq(where(proc("/fd/%d/x", fd)), "ENOTDIR");
		close(fd);
	}
	cr_assert_str_eq(same_as(proc("/fd/%d", fake), F, fake), "/mnt/gone (deleted)", "its real name");
	close(fake);
}

Test(lookup_proc, a_name_that_is_gone_of_a_file_that_is_not)
{
	int fd = open_scratch("data/first", O_CREAT | O_RDWR);

	cr_assert_eq(link(in_scratch("data/first"), in_scratch("data/second")), 0);
	cr_assert_eq(unlink(in_scratch("data/first")), 0);
	cr_assert_str_eq(same_as(proc("/fd/%d", fd), F, fd), "hidden");
	close(fd);
}

Test(lookup_proc, exe_and_the_rest)
{
	int exe = open("/proc/self/exe", O_PATH | O_CLOEXEC),
	    ns = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);

	cr_assert_str_eq(same_as("/proc/self/exe", F, exe), "hidden");
	cr_assert_str_eq(where("/proc/self/exe/x"), "ENOTDIR");
	cr_assert_str_eq(where_from("/", "/proc/self/exe", 0), proc("/exe"));
	cr_assert_str_eq(same_as("/proc/self/ns/user", F, ns), "hidden");
	cr_assert_str_eq(where_from("/", "/proc/self/ns/user", 0), proc("/ns/user"));
	cr_assert_str_eq(where("/proc/self/ns"), proc("/ns"));
	close(exe);
	close(ns);
}

Test(lookup_proc, restricted)
{
	int dir = open_scratch("data", O_RDONLY);
	const char *path = arena_printf(&arena, "/proc/self/fd/%d", dir);

	cr_assert_str_eq(where_from("/", path, F | LOOKUP_NO_MAGICLINKS), "ELOOP");
	cr_assert_str_eq(where_from("/", path, LOOKUP_NO_MAGICLINKS), proc("/fd/%d", dir));
	cr_assert_str_eq(where_from("/", "/proc/self/cwd/x", LOOKUP_NO_MAGICLINKS), "ELOOP");
	cr_assert_str_eq(where_from("/", "/proc/self/root/etc", LOOKUP_NO_MAGICLINKS), "ELOOP");
	cr_assert_str_eq(where_from("/", "proc/self/root/etc", LOOKUP_BENEATH), "EXDEV");
	cr_assert_str_eq(where_from("/", "proc/self/root/etc", LOOKUP_IN_ROOT), "EXDEV");
	cr_assert_str_eq(where_from("/proc", "self/root/etc", LOOKUP_NO_XDEV), "EXDEV");
	cr_assert_str_eq(where_from("/proc", "self/comm", LOOKUP_NO_XDEV), proc("/comm"));
	close(dir);
}

Test(lookup_proc, places)
{
	const struct vfs_ctx ctx = test_ctx();
	struct vfs_name name = {.base = "/", .fd = -1};
	struct vfs_place p = VFS_PLACE_NONE;
	int dir = open_scratch("data/in", O_RDONLY), unseen = open_scratch("unseen", O_RDONLY);

	name.path = arena_printf(&arena, "/proc/self/fd/%d/new", dir);
	cr_assert_eq(vfs_lookup_parent(&ctx, &name, 0, &p), 0);
	cr_assert_str_eq(p.vpath, "/mnt/in/new");
	cr_assert_str_eq(p.mount->point, "/mnt");
	vfs_place_release(&p);
	name.path = arena_printf(&arena, "/proc/self/fd/%d/new", unseen);
	cr_assert_eq(vfs_lookup_parent(&ctx, &name, 0, &p), -ENOENT);
	name.path = "/proc/self/new";
	cr_assert_eq(vfs_lookup_parent(&ctx, &name, 0, &p), 0);
	cr_assert_eq(p.mount->type, MOUNT_PROC);
	vfs_place_release(&p);
	name.path = arena_printf(&arena, "/proc/self/fd/%d", dir);
	cr_assert_eq(vfs_lookup_parent(&ctx, &name, F, &p), 0);
	cr_assert_str_eq(p.vpath, proc("/fd/%d", dir), "a magic link is no way to make a file");
	vfs_place_release(&p);
	close(dir);
	close(unseen);
}

Test(lookup_proc, at_another_point)
{
	int dir = open_scratch("data", O_RDONLY);

	cr_assert_eq(mount_proc("/other/place"), 0);
	cr_assert_str_eq(where("/other/place/self/comm"),
			 arena_printf(&arena, "/other/place/%d/comm", getpid()));
	cr_assert_str_eq(where("/other/place/self/root/etc"), "/etc");
	cr_assert_str_eq(where(arena_printf(&arena, "/other/place/self/fd/%d/in", dir)), "/mnt/in");
	cr_assert_str_eq(where("/other/place/1"), "ENOENT");
	cr_assert_str_eq(where("/other/place/mounts"),
			 arena_printf(&arena, "/other/place/%d/mounts", getpid()));
	close(dir);
}
