/* Look-ups in views that differ from the host: what test_lookup_native.c cannot compare. */
#include "tests/unit/lookup_fixture.h"

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *got = where_from(rows[i].base, rows[i].path, rows[i].flags);

		cr_expect_str_eq(got, rows[i].want, "%s in %s, flags %x: %s, not %s", rows[i].path,
				 rows[i].base, rows[i].flags, got, rows[i].want);
	}
}

#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

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
