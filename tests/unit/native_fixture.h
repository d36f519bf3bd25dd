/* Compares a look-up with what the kernel does. */
#ifndef UCTR_TESTS_NATIVE_FIXTURE_H
#define UCTR_TESTS_NATIVE_FIXTURE_H

#include "tests/unit/fixture.h"

#include <linux/openat2.h>
#include <sys/syscall.h>

static const unsigned modes[] = {0,
				 LOOKUP_FOLLOW,
				 LOOKUP_DIRECTORY,
				 LOOKUP_FOLLOW | LOOKUP_DIRECTORY,
				 LOOKUP_NO_SYMLINKS,
				 LOOKUP_FOLLOW | LOOKUP_NO_SYMLINKS,
				 LOOKUP_FOLLOW | LOOKUP_BENEATH,
				 LOOKUP_BENEATH,
				 LOOKUP_IN_ROOT,
				 LOOKUP_FOLLOW | LOOKUP_IN_ROOT,
				 LOOKUP_FOLLOW | LOOKUP_NO_XDEV};

/* What the kernel says. Its own RESOLVE_ flags are relative to dirfd, as are ours to the base. */
static inline int native(int dirfd, const char *path, unsigned flags, struct stat *st)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC};
	int fd, r = 0;

	if (!(flags & LOOKUP_FOLLOW))
		how.flags |= O_NOFOLLOW;
	if (flags & LOOKUP_DIRECTORY)
		how.flags |= O_DIRECTORY;
	if (flags & LOOKUP_NO_SYMLINKS)
		how.resolve |= RESOLVE_NO_SYMLINKS;
	if (flags & LOOKUP_NO_MAGICLINKS)
		how.resolve |= RESOLVE_NO_MAGICLINKS;
	if (flags & LOOKUP_BENEATH)
		how.resolve |= RESOLVE_BENEATH;
	if (flags & LOOKUP_IN_ROOT)
		how.resolve |= RESOLVE_IN_ROOT;
	if (flags & LOOKUP_NO_XDEV)
		how.resolve |= RESOLVE_NO_XDEV;
	fd = (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
	if (fd < 0)
		return -errno;
	if (fstat(fd, st) < 0)
		r = -errno;
	close(fd);
	return r;
}

static inline void compare(const char *base, const char *path, unsigned flags)
{
	int dirfd = open(base, O_PATH | O_CLOEXEC);
	struct vfs_object o = VFS_OBJECT_NONE;
	struct stat want = {0}, got = {0};
	int wanted = native(dirfd, path, flags, &want), r;

	close(dirfd);
	r = look_from(base, path, flags, &o);
	cr_expect_eq(r, wanted, "%s in %s, flags %x: %s, the kernel says %s", path, base, flags,
		     strerrorname_np(-r), strerrorname_np(-wanted));
	if (r == 0) {
		object_stat(&o, &got);
		if (wanted == 0)
			cr_expect(got.st_dev == want.st_dev && got.st_ino == want.st_ino,
				  "%s in %s, flags %x: %s", path, base, flags, o.vpath ? o.vpath : "hidden");
		cr_expect(o.native, "%s", path);
		vfs_object_release(&o);
	}
}

#endif
