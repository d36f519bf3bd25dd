/* What the unit tests of vfs share: a scratch directory owned by an ordinary user, and a check that nothing
 * that a test opened is left open. */
#ifndef UCTR_TESTS_UNIT_FIXTURE_H
#define UCTR_TESTS_UNIT_FIXTURE_H

#include "lib/arena.h"
#include "vfs/lookup.h"
#include "vfs/mem.h"
#include "vfs/mount.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct view view;
static struct arena arena;
static char scratch[64];
static int fds_before;

static inline int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	cr_assert(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* Permission checks mean nothing to root. The process stays dumpable, so that its /proc entry is its own. */
static inline void become_ordinary_user(void)
{
	if (geteuid() != 0)
		return;
	cr_assert_eq(setgroups(0, NULL), 0);
	cr_assert_eq(setresgid(65534, 65534, 65534), 0);
	cr_assert_eq(setresuid(65534, 65534, 65534), 0);
	cr_assert_eq(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
}

static inline int self_text(void *arg, char *buf, size_t size)
{
	(void)arg;
	snprintf(buf, size, "%d", getpid());
	return 0;
}

static inline int thread_self_text(void *arg, char *buf, size_t size)
{
	(void)arg;
	snprintf(buf, size, "%d/task/%d", getpid(), getpid());
	return 0;
}

static inline bool is_self(void *arg, pid_t pid)
{
	(void)arg;
	return pid == getpid();
}

static inline struct vfs_ctx test_ctx(void)
{
	return (struct vfs_ctx){
		.view = &view,
		.arena = &arena,
		.caller = {.self = self_text, .thread_self = thread_self_text, .visible = is_self},
	};
}

static inline void setup_scratch(void)
{
	fds_before = count_fds();
	become_ordinary_user();
	strcpy(scratch, "/tmp/uctr-unit-XXXXXX");
	cr_assert(mkdtemp(scratch));
	cr_assert_eq(chmod(scratch, 0755), 0);
	umask(022);
	arena_init(&arena);
	cr_assert_eq(view_init(&view), 0);
}

static inline int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	return type == FTW_DP || type == FTW_DNR || type == FTW_D ? rmdir(path) : unlink(path);
}

static inline int open_up(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	if (type == FTW_D || type == FTW_DNR)
		chmod(path, 0700 | st->st_mode);
	return 0;
}

static inline void teardown_scratch(void)
{
	view_release(&view);
	arena_release(&arena);
	if (chdir("/") < 0)
		cr_assert(false);
	nftw(scratch, open_up, 16, FTW_PHYS);
	nftw(scratch, open_up, 16, FTW_PHYS); /* what could not be read the first time */
	nftw(scratch, remove_entry, 16, FTW_PHYS | FTW_DEPTH);
	cr_assert_eq(count_fds(), fds_before, "descriptors are left open");
}

__attribute__((format(printf, 1, 2))) static inline char *in_scratch(const char *format, ...)
{
	char *path = arena_alloc(&arena, PATH_MAX);
	int n = snprintf(path, PATH_MAX, "%s/", scratch);
	va_list args;

	va_start(args, format);
	vsnprintf(path + n, (size_t)(PATH_MAX - n), format, args);
	va_end(args);
	return path;
}

static inline void make_dir(const char *path)
{
	cr_assert_eq(mkdir(path, 0755), 0, "mkdir %s: %s", path, strerror(errno));
}

static inline void make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	cr_assert(fd >= 0, "open %s: %s", path, strerror(errno));
	close(fd);
}

static inline void make_link(const char *target, const char *path)
{
	cr_assert_eq(symlink(target, path), 0, "symlink %s: %s", path, strerror(errno));
}

static inline int mount_host(const char *point, const char *source)
{
	int fd = open(source, O_PATH | O_CLOEXEC);

	cr_assert(fd >= 0, "open %s: %s", source, strerror(errno));
	return view_mount_host(&view, point, fd, false);
}

static inline int mount_proc(const char *point)
{
	return view_mount_proc(&view, point, open("/proc", O_PATH | O_CLOEXEC));
}

/* Looks path up, relative to base. */
static inline int look_from(const char *base, const char *path, unsigned flags, struct vfs_object *ret)
{
	const struct vfs_ctx ctx = test_ctx();
	const struct vfs_name name = {.path = path, .base = base, .fd = -1};

	return vfs_lookup(&ctx, &name, flags, ret);
}

static inline int look(const char *path, unsigned flags, struct vfs_object *ret)
{
	return look_from("/", path, flags, ret);
}

/* The canonical virtual path that path leads to, or the name of its errno. */
static inline const char *where_from(const char *base, const char *path, unsigned flags)
{
	struct vfs_object o = VFS_OBJECT_NONE;
	int r = look_from(base, path, flags, &o);

	if (r < 0)
		return strerrorname_np(-r);
	vfs_object_release(&o);
	return o.vpath ? o.vpath : "hidden";
}

static inline const char *where(const char *path)
{
	return where_from("/", path, LOOKUP_FOLLOW);
}

static inline void object_stat(const struct vfs_object *o, struct stat *st)
{
	if (o->node)
		mem_stat(o->node, st);
	else
		cr_assert_eq(fstat(o->fd, st), 0);
}

#endif
