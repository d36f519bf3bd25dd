/* A view that shows what the host does not have, and opens in it. */
#ifndef UCTR_TESTS_VIEW_FIXTURE_H
#define UCTR_TESTS_VIEW_FIXTURE_H

#include "tests/unit/fixture.h"
#include "vfs/ops.h"

static int umasks;

static inline void count_umask(void *arg)
{
	(void)arg;
	umasks++;
}

static inline struct vfs_ctx ctx(void)
{
	struct vfs_ctx c = test_ctx();

	c.caller.apply_umask = count_umask;
	return c;
}

static inline struct vfs_name name_of(const char *path)
{
	return (struct vfs_name){.path = path, .base = "/", .fd = -1};
}

/* The view: "/" is scratch/root, writable; /ro the directory scratch/data, read-only; /new/deep a mount whose
 * parent is a placeholder, /new/empty an empty file, /new/link a symlink; /proc. */
static inline void setup(void)
{
	setup_scratch();
	umasks = 0;
	make_dir(in_scratch("root"));
	make_dir(in_scratch("root/tmp"));
	make_dir(in_scratch("root/plain"));
	make_file(in_scratch("root/plain/file"));
	make_dir(in_scratch("data"));
	make_file(in_scratch("data/file"));
	make_dir(in_scratch("data/sub"));
	cr_assert_eq(mount_host("/", in_scratch("root")), 0);
	cr_assert_eq(view_mount_host(&view, "/ro", open(in_scratch("data"), O_PATH | O_CLOEXEC), true), 0);
	cr_assert_eq(mount_host("/new/deep", in_scratch("data/sub")), 0);
	cr_assert_eq(view_mount_empty_file(&view, "/new/empty"), 0);
	cr_assert_eq(view_mount_symlink(&view, "/new/link", "../plain"), 0);
	cr_assert_eq(view_mount_dir(&view, "/plain/extra"), 0);
	cr_assert_eq(mount_proc("/proc"), 0);
	view_seal(&view);
}

static inline int open_kind(const char *path, int flags, struct vfs_opened *ret)
{
	const struct vfs_ctx c = ctx();
	const struct vfs_name n = name_of(path);
	const struct open_how how = {.flags = (unsigned)flags,
				     .mode = flags & (O_CREAT | O_TMPFILE) ? 0644 : 0};

	return vfs_open(&c, &n, &how, true, ret);
}

/* A descriptor that was opened here, or a negative errno. */
static inline int open_here(const char *path, int flags)
{
	struct vfs_opened o;
	int r = open_kind(path, flags, &o);

	if (r < 0)
		return r;
	cr_assert_eq(o.kind, VFS_OPEN_FD, "%s is left to the task", path);
	return o.fd;
}

#endif
