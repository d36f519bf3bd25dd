/* The view of the look-up tests, which differs from the host, and their tables. */
#ifndef UCTR_TESTS_LOOKUP_FIXTURE_H
#define UCTR_TESTS_LOOKUP_FIXTURE_H

#include "tests/unit/fixture.h"

/*
 * The view: /        root/     with dir/{file,sub/}, links, a directory without permissions
 *           /mnt     data/     with in/leaf, links that lead out
 *           /mnt/in/nested     other/
 *           /mem     placeholders: dir/, empty, links; /mem/host is data/
 *           /dir/file          one   (a file over a file)
 */
static inline void setup(void)
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

#define F LOOKUP_FOLLOW
#define D LOOKUP_DIRECTORY

#endif
