/* Look-ups in views that differ from the host: what test_lookup_native.c cannot compare. */
#include "tests/unit/fixture.h"

/*
 * The view: /        root/     with dir/{file,sub/}, links, a directory without permissions
 *           /mnt     data/     with in/leaf, links that lead out
 *           /mnt/in/nested     other/
 *           /mem     placeholders: dir/, empty, links; /mem/host is data/
 *           /dir/file          one   (a file over a file)
 */
static void setup(void)
{
	setup_scratch();
	make_dir(in_scratch("root"));
	make_dir(in_scratch("root/dir"));
	make_file(in_scratch("root/dir/file"));
	make_dir(in_scratch("root/dir/sub"));
	make_file(in_scratch("root/top"));
	make_dir(in_scratch("root/mnt"));
	make_file(in_scratch("root/mnt/covered"));
	make_link("/dir", in_scratch("root/abs"));
	make_link("/mnt/in", in_scratch("root/to_mnt"));
	make_link("mnt/in/nested/..", in_scratch("root/to_nested_up"));
	make_link("dir/../../../top", in_scratch("root/above"));
	make_link("/mem/dir", in_scratch("root/to_mem"));
	make_link("missing", in_scratch("root/dangling"));
	make_link("/dir/new", in_scratch("root/dangling_abs"));
	make_link("dangling_abs", in_scratch("root/dangling2"));
	make_link("loop", in_scratch("root/loop"));
	make_dir(in_scratch("data"));
	make_dir(in_scratch("data/in"));
	make_file(in_scratch("data/in/leaf"));
	make_dir(in_scratch("data/in/nested"));
	make_file(in_scratch("data/in/nested/covered"));
	make_link("/top", in_scratch("data/out"));
	make_link("../top", in_scratch("data/out_rel"));
	make_link("../../../../..", in_scratch("data/in/out_far"));
	make_link("in", in_scratch("data/near"));
	make_dir(in_scratch("other"));
	make_file(in_scratch("other/deep"));
	make_file(in_scratch("one"));
	make_dir(in_scratch("top")); /* what "../top" would be on the host */
	cr_assert_eq(mount_host("/", in_scratch("root")), 0);
	cr_assert_eq(mount_host("/mnt", in_scratch("data")), 0);
	cr_assert_eq(mount_host("/mnt/in/nested", in_scratch("other")), 0);
	cr_assert_eq(mount_host("/dir/file", in_scratch("one")), 0);
	cr_assert_eq(view_mount_dir(&view, "/mem/dir/sub"), 0);
	cr_assert_eq(view_mount_empty_file(&view, "/mem/empty"), 0);
	cr_assert_eq(view_mount_symlink(&view, "/mem/link", "dir"), 0);
	cr_assert_eq(view_mount_symlink(&view, "/mem/out", "/dir"), 0);
	cr_assert_eq(view_mount_symlink(&view, "/mem/new", "none"), 0);
	cr_assert_eq(view_mount_symlink(&view, "/single", "mnt/in"), 0);
	cr_assert_eq(mount_host("/mem/host", in_scratch("data")), 0);
	view_seal(&view);
}

/* Each row: what is looked up from where, with which flags, and what comes of it. */
struct row {
	const char *base, *path;
	unsigned flags;
	const char *want;
};

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *got = where_from(rows[i].base, rows[i].path, rows[i].flags);

		cr_expect_str_eq(got, rows[i].want, "%s in %s, flags %x: %s, not %s", rows[i].path,
				 rows[i].base, rows[i].flags, got, rows[i].want);
	}
}

#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))
#define F	    LOOKUP_FOLLOW
#define D	    LOOKUP_DIRECTORY

TestSuite(lookup, .init = setup, .fini = teardown_scratch);

Test(lookup, links_resolve_in_the_virtual_root)
{
	const struct row rows[] = {
		{"/", "/abs", F, "/dir"},
		{"/", "/abs", 0, "/abs"},
		{"/", "/abs/", 0, "/dir"},
		{"/", "/abs/sub", F, "/dir/sub"},
		{"/", "/above", F, "/top"},
		{"/", "/mnt/out", F, "/top"},
		{"/", "/mnt/out_rel", F, "/top"},
		{"/", "/mnt/in/out_far", F, "/"},
		{"/", "/mnt/in/out_far/dir", F, "/dir"},
		{"/", "/mnt/near/leaf", F, "/mnt/in/leaf"},
		{"/mnt", "near/../out_rel", F, "/top"},
		{"/mnt/in", "../../top", F, "/top"},
		{"/mnt/in", "../../../../top", F, "/top"},
		{"/mnt/in", "out_far/../../top", 0, "/top"},
		{"/", "/loop", F, "ELOOP"},
		{"/", "/loop", 0, "/loop"},
		{"/", "/loop/x", 0, "ELOOP"},
		{"/", "/dangling", F, "ENOENT"},
		{"/", "/dangling/", 0, "ENOENT"},
	};

	CHECK(rows);
}

Test(lookup, mounts_are_crossed)
{
	const struct row rows[] = {
		{"/", "/mnt", F, "/mnt"},
		{"/", "/mnt/", F, "/mnt"},
		{"/", "/mnt/.", F, "/mnt"},
		{"/", "/mnt/..", F, "/"},
		{"/", "/mnt/covered", F, "ENOENT"},
		{"/", "/mnt/in/leaf", F, "/mnt/in/leaf"},
		{"/", "/mnt/in/nested/deep", F, "/mnt/in/nested/deep"},
		{"/", "/mnt/in/nested/covered", F, "ENOENT"},
		{"/", "/mnt/in/nested/../leaf", F, "/mnt/in/leaf"},
		{"/", "/mnt/in/nested/../../../top", F, "/top"},
		{"/", "/mnt/near/nested/deep", F, "/mnt/in/nested/deep"},
		{"/", "/to_mnt", F, "/mnt/in"},
		{"/", "/to_mnt/nested/deep", F, "/mnt/in/nested/deep"},
		{"/", "/to_nested_up", F, "/mnt/in"},
		{"/", "/to_nested_up/leaf", F, "/mnt/in/leaf"},
		{"/", "/single", 0, "/single"},
		{"/", "/single", F, "/mnt/in"},
		{"/", "/single/leaf", F, "/mnt/in/leaf"},
		{"/", "/single/nested/deep", F, "/mnt/in/nested/deep"},
		{"/", "/single/", 0, "/mnt/in"},
		{"/", "/single/..", 0, "/mnt"},
		{"/mnt/in/nested", "deep", F, "/mnt/in/nested/deep"},
		{"/mnt/in/nested", "..", F, "/mnt/in"},
		{"/mnt/in/nested", "../leaf", F, "/mnt/in/leaf"},
		{"/mnt/in/nested", "../../near/nested/./deep", F, "/mnt/in/nested/deep"},
		{"/dir", "../mnt/in/../out", F, "/top"},
		{"/dir", "sub/../../mnt/in/leaf", F, "/mnt/in/leaf"},
		{"/dir", "none/../../mnt/in/leaf", F, "ENOENT"},
		{"/mnt", "in/none/../../../top", F, "ENOENT"},
		{"/mnt", "in/leaf/../../../top", F, "ENOTDIR"},
	};

	CHECK(rows);
}

Test(lookup, mount_over_a_file)
{
	const struct row rows[] = {
		{"/", "/dir/file", F, "/dir/file"},	{"/", "/dir/file", 0, "/dir/file"},
		{"/", "/dir/file", D, "ENOTDIR"},	{"/", "/dir/file/", F, "ENOTDIR"},
		{"/", "/dir/file/.", F, "ENOTDIR"},	{"/", "/dir/file/..", F, "ENOTDIR"},
		{"/", "/dir/file/x", F, "ENOTDIR"},	{"/", "/dir/file/x/y", F, "ENOTDIR"},
		{"/dir", "file/../file", F, "ENOTDIR"},
	};
	struct vfs_object o = VFS_OBJECT_NONE;
	struct stat got, want;

	CHECK(rows);
	cr_assert_eq(look("/abs/file", F, &o), 0);
	object_stat(&o, &got);
	cr_assert_eq(stat(in_scratch("one"), &want), 0);
	cr_assert_eq(got.st_ino, want.st_ino);
	vfs_object_release(&o);
}

Test(lookup, placeholders)
{
	char name[300];
	const struct row rows[] = {
		{"/", "/mem", F, "/mem"},
		{"/", "/mem/dir/sub", F, "/mem/dir/sub"},
		{"/", "/mem/dir/sub/", D, "/mem/dir/sub"},
		{"/", "/mem/dir/sub/..", F, "/mem/dir"},
		{"/", "/mem/dir/sub/../../..", F, "/"},
		{"/", "/mem/none", F, "ENOENT"},
		{"/", "/mem/none/..", F, "ENOENT"},
		{"/", "/mem/empty", F, "/mem/empty"},
		{"/", "/mem/empty", D, "ENOTDIR"},
		{"/", "/mem/empty/", F, "ENOTDIR"},
		{"/", "/mem/empty/x", F, "ENOTDIR"},
		{"/", "/mem/empty/..", F, "ENOTDIR"},
		{"/", "/mem/link", 0, "/mem/link"},
		{"/", "/mem/link", D, "ENOTDIR"},
		{"/", "/mem/link", F | D, "/mem/dir"},
		{"/", "/mem/link/sub", F, "/mem/dir/sub"},
		{"/", "/mem/link/", 0, "/mem/dir"},
		{"/", "/mem/out", F, "/dir"},
		{"/", "/mem/out/sub", F, "/dir/sub"},
		{"/", "/mem/out/../top", F, "/top"},
		{"/", "/mem/host/in/leaf", F, "/mem/host/in/leaf"},
		{"/", "/mem/host/..", F, "/mem"},
		{"/", "/mem/host/near/leaf", F, "/mem/host/in/leaf"},
		{"/", "/mem/host/out_rel", F, "ENOENT"},
		{"/", "/to_mem/sub", F, "/mem/dir/sub"},
		{"/mem/dir", "sub", F, "/mem/dir/sub"},
		{"/mem/dir", "../host/in", F, "/mem/host/in"},
	};

	CHECK(rows);
	memset(name, 'n', sizeof(name));
	memcpy(name, "/mem/", 5);
	name[5 + 255] = '\0';
	cr_assert_str_eq(where(name), "ENOENT");
	name[5 + 255] = 'n';
	name[5 + 256] = '\0';
	cr_assert_str_eq(where(name), "ENAMETOOLONG");
}

Test(lookup, beneath)
{
	const unsigned b = F | LOOKUP_BENEATH;
	const struct row rows[] = {
		{"/dir", "sub", b, "/dir/sub"},
		{"/dir", "sub/..", b, "/dir"},
		{"/dir", "..", b, "EXDEV"},
		{"/dir", "../dir/sub", b, "EXDEV"},
		{"/dir", "/dir/sub", b, "EXDEV"},
		{"/dir", "sub/../..", b, "EXDEV"},
		{"/dir", "none/../..", b, "ENOENT"},
		{"/", "abs", b, "EXDEV"},
		{"/", "abs", LOOKUP_BENEATH, "/abs"},
		{"/", "abs/", LOOKUP_BENEATH, "EXDEV"},
		{"/", "mem/link", b, "/mem/dir"},
		{"/", "mem/out", b, "EXDEV"},
		{"/mnt", "out_rel", b, "EXDEV"},
		{"/mnt", "near/leaf", b, "/mnt/in/leaf"},
		{"/mnt", "in/nested/deep", b, "/mnt/in/nested/deep"},
		{"/mnt", "in/nested/../leaf", b, "/mnt/in/leaf"},
		{"/mnt/in", "nested/../../out", b, "EXDEV"},
		{"/", "..", b, "EXDEV"},
		{"/", ".", b, "/"},
		{"/", "above", b, "EXDEV"},
	};

	CHECK(rows);
}

Test(lookup, in_root)
{
	const unsigned r = F | LOOKUP_IN_ROOT;
	const struct row rows[] = {
		{"/mnt", "/in/leaf", r, "/mnt/in/leaf"},
		{"/mnt", "in/leaf", r, "/mnt/in/leaf"},
		{"/mnt", "..", r, "/mnt"},
		{"/mnt", "../../in/leaf", r, "/mnt/in/leaf"},
		{"/mnt", "/..", r, "/mnt"},
		{"/mnt", "out", r, "ENOENT"},
		{"/mnt", "out_rel", r, "ENOENT"},
		{"/mnt", "in/out_far/near", r, "/mnt/in"},
		{"/mnt", "in/nested/../../../in", r, "/mnt/in"},
		{"/mnt", "/", r, "/mnt"},
		{"/", "/abs", r, "/dir"},
		{"/dir", "/sub/../../sub", r, "/dir/sub"},
	};

	CHECK(rows);
}

Test(lookup, no_xdev)
{
	const unsigned x = F | LOOKUP_NO_XDEV;
	const struct row rows[] = {
		{"/", "dir/sub", x, "/dir/sub"},
		{"/", "mnt", x, "EXDEV"},
		{"/", "mnt/in", x, "EXDEV"},
		{"/", "mnt/..", x, "EXDEV"},
		{"/mnt", "in/leaf", x, "/mnt/in/leaf"},
		{"/mnt", "in/nested", x, "EXDEV"},
		{"/mnt", "..", x, "EXDEV"},
		{"/mnt", "near/leaf", x, "/mnt/in/leaf"},
		{"/", "to_mnt", x, "EXDEV"},
		{"/", "dir/file", x, "EXDEV"},
		{"/mem", "dir/sub", x, "/mem/dir/sub"},
		{"/mem", "host", x, "EXDEV"},
		{"/mem/dir", "../link/sub", x, "/mem/dir/sub"},
		{"/", "/dir/sub", x, "/dir/sub"},
		{"/mnt", "/dir/sub", x, "/dir/sub"},
		{"/", "/abs/sub", x, "/dir/sub"},
	};

	CHECK(rows);
}

Test(lookup, no_symlinks)
{
	const unsigned n = LOOKUP_NO_SYMLINKS;
	const struct row rows[] = {
		{"/", "abs", n, "/abs"},
		{"/", "abs", n | F, "ELOOP"},
		{"/", "abs/sub", n, "ELOOP"},
		{"/", "mem/link", n, "/mem/link"},
		{"/", "mem/link", n | F, "ELOOP"},
		{"/", "single/leaf", n, "ELOOP"},
		{"/", "dir/sub", n | F, "/dir/sub"},
		{"/", "dir/../top", n | F, "/top"},
	};

	CHECK(rows);
}

Test(lookup, without_a_base)
{
	cr_assert_str_eq(where_from(NULL, "x", F), "ENOENT");
	cr_assert_str_eq(where_from(NULL, ".", F), "ENOENT");
	cr_assert_str_eq(where_from(NULL, "..", F), "ENOENT");
	cr_assert_str_eq(where_from(NULL, "/top", F), "/top");
	cr_assert_str_eq(where_from("/gone", ".", F), "ENOENT");
	cr_assert_str_eq(where_from("/gone", "..", F), "ENOENT");
}

Test(lookup, objects)
{
	struct vfs_object o = VFS_OBJECT_NONE;

	cr_assert_eq(look("/mnt/in/leaf", F, &o), 0);
	cr_assert_str_eq(o.mount->point, "/mnt");
	cr_assert_neq(fcntl(o.fd, F_GETFD) & FD_CLOEXEC, 0);
	cr_assert_neq(fcntl(o.fd, F_GETFL) & O_PATH, 0);
	cr_assert(!o.node && !o.magic && !o.native);
	vfs_object_release(&o);
	cr_assert_eq(o.fd, -1);
	cr_assert_eq(look("/mem/dir", F, &o), 0);
	cr_assert(o.node && o.fd == -1 && o.mount->type == MOUNT_MEM);
	vfs_object_release(&o);
	o.fd = -5;
	cr_assert_eq(look("/none", F, &o), -ENOENT);
	cr_assert_eq(o.fd, -5, "untouched on failure");
}

Test(lookup, native_only_through_identity_mounts)
{
	struct vfs_object o = VFS_OBJECT_NONE;

	cr_assert_eq(mount_host(in_scratch("data"), in_scratch("data")), 0);
	cr_assert_eq(look(in_scratch("data/in/leaf"), F, &o), 0);
	cr_assert(o.native);
	vfs_object_release(&o);
	cr_assert_eq(look_from(in_scratch("data/in"), "../in/leaf", F, &o), 0);
	cr_assert(o.native);
	vfs_object_release(&o);
	cr_assert_eq(look_from("/dir", in_scratch("data/in/leaf"), F, &o), 0);
	cr_assert(o.native);
	vfs_object_release(&o);
	cr_assert_eq(look_from("/dir", "../mnt/in", F, &o), 0);
	cr_assert_not(o.native);
	vfs_object_release(&o);
	cr_assert_eq(look_from("/", in_scratch("data/in/leaf") + 1, F, &o), 0);
	cr_assert_not(o.native, "the base is none");
	vfs_object_release(&o);
}

Test(lookup, by_descriptor)
{
	const struct vfs_ctx ctx = test_ctx();
	struct vfs_name name = {.path = "", .base = "/", .fd_vpath = "/mnt/in"};
	struct vfs_object o = VFS_OBJECT_NONE, dir = VFS_OBJECT_NONE;

	name.fd = open(in_scratch("data/in"), O_PATH | O_CLOEXEC);
	cr_assert_eq(vfs_lookup(&ctx, &name, D, &o), 0);
	cr_assert(o.fd >= 0 && o.fd != name.fd && !o.magic && !o.node);
	cr_assert_str_eq(o.vpath, "/mnt/in");
	cr_assert_str_eq(o.mount->point, "/mnt");
	vfs_object_release(&o);
	name.fd_vpath = NULL;
	cr_assert_eq(vfs_lookup(&ctx, &name, 0, &o), 0);
	cr_assert(o.magic && !o.vpath);
	cr_assert_str_eq(o.mount->point, "/");
	vfs_object_release(&o);
	close(name.fd);
	name.fd = open(in_scratch("one"), O_PATH | O_CLOEXEC);
	cr_assert_eq(vfs_lookup(&ctx, &name, D, &o), -ENOTDIR);
	close(name.fd);
	cr_assert_eq(look("/mem/dir", 0, &dir), 0);
	name.fd = mem_fd(&view, dir.node);
	cr_assert_eq(vfs_lookup(&ctx, &name, 0, &o), 0);
	cr_assert_eq(o.node, dir.node);
	cr_assert_eq(o.fd, -1);
	cr_assert_str_eq(o.vpath, "/mem/dir");
	vfs_object_release(&o);
}

Test(lookup, no_permission)
{
	make_dir(in_scratch("root/locked"));
	make_dir(in_scratch("root/locked/in"));
	make_link("/locked/in", in_scratch("root/to_locked"));
	cr_assert_eq(mount_host("/locked/mounted", in_scratch("data")), 0);
	cr_assert_eq(chmod(in_scratch("root/locked"), 0), 0);
	cr_assert_str_eq(where("/locked"), "/locked");
	cr_assert_str_eq(where("/locked/"), "/locked");
	cr_assert_str_eq(where("/locked/."), "EACCES");
	cr_assert_str_eq(where("/locked/.."), "EACCES");
	cr_assert_str_eq(where("/locked/in"), "EACCES");
	cr_assert_str_eq(where("/locked/none"), "EACCES");
	cr_assert_str_eq(where("/to_locked"), "EACCES");
	cr_assert_str_eq(where("/mnt/in/../../locked/in"), "EACCES");
	cr_assert_str_eq(where("/locked/mounted/in"), "/locked/mounted/in",
			 "what is mounted is beside its parents");
}

static const char *place_from(const char *base, const char *path, unsigned flags)
{
	static const char *const kinds[] = {"", " dot", " dotdot", " root"};
	const struct vfs_ctx ctx = test_ctx();
	const struct vfs_name name = {.path = path, .base = base, .fd = -1};
	struct vfs_place p = VFS_PLACE_NONE;
	struct stat got, want;
	const char *dir;
	int r = vfs_lookup_parent(&ctx, &name, flags, &p);

	if (r < 0)
		return strerrorname_np(-r);
	dir = p.vpath;
	if (p.last == PLACE_NORMAL) {
		const char *slash = strrchr(dir, '/');

		cr_expect_str_eq(slash + 1, p.name);
		dir = slash == dir ? "/" : arena_strndup(&arena, dir, (size_t)(slash - dir));
	} else {
		cr_expect_str_eq(p.name, "");
	}
	if (p.dir_node) {
		cr_expect_eq(p.dir_fd, -1);
		cr_expect_str_eq(p.dir_node->vpath, dir);
	} else {
		struct vfs_object o = VFS_OBJECT_NONE;

		cr_expect_eq(look(dir, 0, &o), 0);
		cr_expect_eq(fstat(o.fd, &want), 0);
		cr_expect_eq(fstat(p.dir_fd, &got), 0);
		cr_expect(got.st_ino == want.st_ino && got.st_dev == want.st_dev);
		cr_expect_eq(o.mount, p.mount);
		vfs_object_release(&o);
	}
	vfs_place_release(&p);
	return arena_printf(&arena, "%s%s%s%s", p.vpath, kinds[p.last], p.slash ? " slash" : "",
			    p.mount_point ? " mount" : "");
}

static void check_places(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *got = place_from(rows[i].base, rows[i].path, rows[i].flags);

		cr_expect_str_eq(got, rows[i].want, "%s in %s, flags %x: %s, not %s", rows[i].path,
				 rows[i].base, rows[i].flags, got, rows[i].want);
	}
}

Test(lookup, places)
{
	const struct row rows[] = {
		{"/", "/new", 0, "/new"},
		{"/", "/dir/new", 0, "/dir/new"},
		{"/", "/dir/new/", 0, "/dir/new slash"},
		{"/", "/dir/new//", 0, "/dir/new slash"},
		{"/", "/dir//./new", 0, "/dir/new"},
		{"/", "new", 0, "/new"},
		{"/dir", "new", 0, "/dir/new"},
		{"/dir", "../new", 0, "/new"},
		{"/", "/abs/new", 0, "/dir/new"},
		{"/", "/abs", 0, "/abs"},
		{"/", "/to_mnt/nested/new", 0, "/mnt/in/nested/new"},
		{"/", "/mnt/in/nested", 0, "/mnt/in/nested mount"},
		{"/", "/mnt", 0, "/mnt mount"},
		{"/", "/mnt/", 0, "/mnt slash mount"},
		{"/", "/single", 0, "/single mount"},
		{"/", "/dir/file", 0, "/dir/file mount"},
		{"/", "/dir/file/x", 0, "ENOTDIR"},
		{"/", "/top/x", 0, "ENOTDIR"},
		{"/", "/none/x", 0, "ENOENT"},
		{"/", "/mem/new", 0, "/mem/new"},
		{"/", "/mem/dir/new", 0, "/mem/dir/new"},
		{"/", "/mem/host", 0, "/mem/host mount"},
		{"/", "/mem/host/new", 0, "/mem/host/new"},
		{"/", "/mem/empty/x", 0, "ENOTDIR"},
		{"/", "/", 0, "/ root slash"},
		{"/", "//", 0, "/ root slash"},
		{"/", ".", 0, "/ dot"},
		{"/dir", ".", 0, "/dir dot"},
		{"/dir", "./", 0, "/dir dot slash"},
		{"/dir", "..", 0, "/dir dotdot"},
		{"/", "/dir/.", 0, "/dir dot"},
		{"/", "/dir/sub/..", 0, "/dir/sub dotdot"},
		{"/", "/none/.", 0, "ENOENT"},
		{"/", "", 0, "ENOENT"},
		{NULL, "x", 0, "ENOENT"},
		{"/gone", "x", 0, "ENOENT"},
		{"/", "/...", 0, "/..."},
		{"/dir", "../x", LOOKUP_BENEATH, "EXDEV"},
		{"/dir", "/x", LOOKUP_BENEATH, "EXDEV"},
		{"/dir", "/x", LOOKUP_IN_ROOT, "/dir/x"},
		{"/", "abs/x", LOOKUP_NO_SYMLINKS, "ELOOP"},
	};

	check_places(rows, sizeof(rows) / sizeof(rows[0]));
}

Test(lookup, places_behind_symlinks)
{
	const struct row rows[] = {
		{"/", "/dangling", 0, "/dangling"},
		{"/", "/dangling", F, "/missing"},
		{"/", "/dangling_abs", F, "/dir/new"},
		{"/", "/dangling2", F, "/dir/new"},
		{"/", "/dangling2/", F, "/dangling2 slash"},
		{"/", "/abs", F, "/dir"},
		{"/", "/mnt/out", F, "/top"},
		{"/", "/mem/new", F, "/mem/none"},
		{"/", "/single", F, "/mnt/in"},
		{"/", "/loop", F, "ELOOP"},
		{"/", "/dangling", F | LOOKUP_NO_SYMLINKS, "ELOOP"},
		{"/", "/dir/none", F, "/dir/none"},
		{"/", "/mnt", F, "/mnt mount"},
		{"/", "dangling_abs", F | LOOKUP_BENEATH, "EXDEV"},
		{"/mnt", "out", F | LOOKUP_IN_ROOT, "/mnt/top"},
	};

	check_places(rows, sizeof(rows) / sizeof(rows[0]));
}

Test(lookup, places_without_permission)
{
	make_dir(in_scratch("root/locked"));
	cr_assert_eq(chmod(in_scratch("root/locked"), 0444), 0);
	cr_assert_str_eq(place_from("/", "/locked/x", 0), "EACCES");
	cr_assert_str_eq(place_from("/locked", "x", 0), "EACCES");
	cr_assert_str_eq(place_from("/", "/locked/.", 0), "EACCES");
	cr_assert_str_eq(place_from("/", "/locked", 0), "/locked");
}

Test(lookup, long_paths)
{
	char *path = arena_zalloc(&arena, 2 * PATH_MAX), *base = in_scratch("x"),
	     *name = arena_zalloc(&arena, 300);

	memset(path, '/', PATH_MAX - 4);
	strcat(path, "top");
	cr_assert_eq(strlen(path), PATH_MAX - 1);
	cr_assert_str_eq(where(path), "/top");
	memset(path, '/', PATH_MAX - 3);
	strcpy(path + PATH_MAX - 3, "top");
	cr_assert_str_eq(where(path), "ENAMETOOLONG");
	cr_assert_str_eq(place_from("/", path, 0), "ENAMETOOLONG");

	/* a symlink whose text makes it too long, and a base that does */
	memset(name, 'n', 250);
	make_link(arena_printf(&arena, "/%s/%s", name, name), in_scratch("root/long"));
	*path = '\0';
	for (int i = 0; i < 15; i++)
		strcat(strcat(path, "/"), name);
	cr_assert_str_eq(where(path), "ENOENT");
	cr_assert_str_eq(where(arena_printf(&arena, "/long%s", path)), "ENAMETOOLONG");
	base = arena_strdup(&arena, path);
	cr_assert_str_eq(where_from(base, path + 1, F), "ENAMETOOLONG");
}
