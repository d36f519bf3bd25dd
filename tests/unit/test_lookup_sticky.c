/* protected_symlinks: whose links in a sticky directory are followed. Needs root to make the links of
 * others. */
#include "tests/unit/native_fixture.h"

Test(lookup_sticky, links_of_others)
{
	const char *const names[] = {
		"sticky/mine",	   "sticky/owners",	   "sticky/others",
		"open/others",	   "sticky/others/",	   "sticky/others/.",
		"sticky/others/x", "sticky/to_others",	   "sticky/mine/../sticky/others",
		"sticky/nodir",	   "open/../sticky/others"};
	const uid_t me = 65534, other = 65533;

	if (geteuid() != 0)
		cr_skip_test("needs root");
	fds_before = count_fds();
	strcpy(scratch, "/tmp/uctr-unit-XXXXXX");
	cr_assert(mkdtemp(scratch));
	cr_assert_eq(chmod(scratch, 0755), 0);
	arena_init(&arena);
	cr_assert_eq(view_init(&view), 0);
	make_dir(in_scratch("sticky"));
	make_dir(in_scratch("open"));
	make_dir(in_scratch("dir"));
	make_link("../dir", in_scratch("sticky/mine"));
	make_link("../dir", in_scratch("sticky/others"));
	make_link("../dir", in_scratch("sticky/owners"));
	make_link("others", in_scratch("sticky/to_others"));
	make_link("none", in_scratch("sticky/nodir"));
	make_link("../dir", in_scratch("open/others"));
	cr_assert_eq(lchown(in_scratch("sticky/mine"), me, me), 0);
	cr_assert_eq(lchown(in_scratch("sticky/to_others"), me, me), 0);
	cr_assert_eq(lchown(in_scratch("sticky/others"), other, other), 0);
	cr_assert_eq(lchown(in_scratch("sticky/nodir"), other, other), 0);
	cr_assert_eq(lchown(in_scratch("open/others"), other, other), 0);
	cr_assert_eq(chmod(in_scratch("sticky"), 01777), 0);
	cr_assert_eq(chmod(in_scratch("open"), 0777), 0);
	cr_assert_eq(mount_host("/", "/"), 0);
	view_seal(&view);
	cr_assert_eq(seteuid(me), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (size_t k = 0; k < sizeof(modes) / sizeof(modes[0]); k++) {
			compare(scratch, names[i], modes[k]);
			compare(scratch, in_scratch("%s", names[i]), modes[k]);
		}
	cr_assert_eq(seteuid(0), 0);
	teardown_scratch();
}
