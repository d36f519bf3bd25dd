/* Where a name would be made or removed: vfs_lookup_parent(), in the view of test_lookup.c; and paths that are too
 * long for either look-up. */
#include "tests/unit/lookup_fixture.h"

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

TestSuite(lookup_place, .init = setup, .fini = teardown_scratch);

Test(lookup_place, plain)
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

Test(lookup_place, behind_symlinks)
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

Test(lookup_place, without_permission)
{
	make_dir(in_scratch("root/locked"));
	cr_assert_eq(chmod(in_scratch("root/locked"), 0444), 0);
	cr_assert_str_eq(place_from("/", "/locked/x", 0), "EACCES");
	cr_assert_str_eq(place_from("/locked", "x", 0), "EACCES");
	cr_assert_str_eq(place_from("/", "/locked/.", 0), "EACCES");
	cr_assert_str_eq(place_from("/", "/locked", 0), "/locked");
}

Test(lookup_place, long_paths)
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
