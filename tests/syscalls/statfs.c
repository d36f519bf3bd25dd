/* statfs, fstatfs. */
#include "guest.h"

#include <sys/statvfs.h>
#include <sys/vfs.h>

static struct statfs out;

static long call_statfs(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_statfs, path, &out);
}

static bool same(const struct statfs *a, const struct statfs *b)
{
	return a->f_type == b->f_type && a->f_bsize == b->f_bsize && a->f_blocks == b->f_blocks &&
	       a->f_files == b->f_files && !memcmp(&a->f_fsid, &b->f_fsid, sizeof(a->f_fsid)) &&
	       a->f_namelen == b->f_namelen;
}

int main(int argc, char **argv)
{
	struct statfs ref = {0}, *st = (void *)border(NULL, sizeof(*st));
	int fd;

	guest_begin(argc, argv);
	path_errors("statfs", call_statfs, false);
	make_file("file", "");
	fd = MUST(open(in_dir("file"), O_RDONLY | O_CLOEXEC));
	CHECK_OK(syscall(SYS_fstatfs, fd, &ref));
	CHECK(ref.f_type && ref.f_bsize && ref.f_namelen);
	memset(st, 0xff, sizeof(*st));
	CHECK_OK(syscall(SYS_statfs, in_dir("file"), st));
	CHECK(same(st, &ref));
	CHECK(!(st->f_flags & ST_RDONLY));
	memset(st, 0xff, sizeof(*st));
	CHECK_OK(syscall(SYS_statfs, at_border("."), st));
	CHECK(same(st, &ref));
	CHECK_OK(syscall(SYS_statfs, guest.dir, st));
	CHECK(same(st, &ref));
	close(fd);
	CHECK_OK(syscall(SYS_statfs, "/proc", st));
	CHECK_VALUE(st->f_type, 0x9fa0);
	CHECK_ERRNO(syscall(SYS_statfs, guest.dir, NULL), EFAULT);
	CHECK_ERRNO(syscall(SYS_statfs, guest.dir, read_only_page()), EFAULT);
	CHECK_ERRNO(syscall(SYS_statfs, in_dir("missing"), st), ENOENT);
	CHECK_ERRNO(syscall(SYS_statfs, in_dir("file/"), st), ENOTDIR);
	CHECK_ERRNO(syscall(SYS_fstatfs, -1, st), EBADF);
	if (in_view()) {
		CHECK_OK(syscall(SYS_statfs, in_ro("file"), st));
		CHECK(st->f_flags & ST_RDONLY);
		CHECK_OK(syscall(SYS_statfs, "/", st));
		CHECK(st->f_flags & ST_RDONLY);
	}
	MUST(unlink(in_dir("file")));
	return guest_end();
}
