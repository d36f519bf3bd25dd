/* The ioctl requests that change an inode through a descriptor that may be open for reading alone (FS_IOC_SETFLAGS and its
 * like: the kernel asks for the owner, and for mnt_want_write_file(), which a read-only mount of the view does not stop).
 * They are made on a duplicate, so that what was checked is what is changed. */
#include "lib/cleanup.h"
#include "tracer/handlers.h"
#include "tracer/sys_util.h"

#include <errno.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

/* From headers that have no user-space form. */
#define EXT4_IOC_SETVERSION	 _IOW('f', 4, long)
#define EXT4_IOC_MIGRATE	 _IO('f', 9)
#define FAT_IOCTL_SET_ATTRIBUTES _IOW('r', 0x11, uint32_t)

union argument {
	int number; /* also where the request's own number says long: the kernel reads an int */
	struct fsxattr attr;
};

/* Copies the request's argument. FS_IOC_ENABLE_VERITY and FS_IOC_SET_ENCRYPTION_POLICY, whose arguments point to more, are
 * answered as by a file system that has neither. */
static int read_argument(struct call *c, unsigned request, union argument *ret)
{
	switch (request) {
	case FS_IOC_SETFLAGS:
	case FS_IOC_SETVERSION:
	case EXT4_IOC_SETVERSION:
	case FAT_IOCTL_SET_ATTRIBUTES: return call_read(c, c->args[2], &ret->number, sizeof(ret->number));
	case FS_IOC_FSSETXATTR: return call_read(c, c->args[2], &ret->attr, sizeof(ret->attr));
	case EXT4_IOC_MIGRATE: return 0;
	default: return -ENOTTY;
	}
}

/* Whether both descriptors are of one file. */
static bool same_file(int a, int b)
{
	struct stat sa, sb;

	return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

struct reply sys_ioctl(struct call *c)
{
	_cleanup_close_ int dup = -1;
	unsigned request = (unsigned)c->args[1];
	union argument argument;
	struct vfs_name name;
	int ret;

	ret = call_fd_name(c, arg_int(c, 0), false, &name);
	if (ret == 0)
		ret = fd_may_write(c, &name);
	if (ret == 0)
		ret = read_argument(c, request, &argument);
	if (ret < 0)
		return reply_value(ret);
	dup = task_dup_fd(c->task, arg_int(c, 0));
	if (dup < 0)
		return reply_value(dup);
	/* Another thread may have put something else behind the number meanwhile. */
	if (!same_file(dup, name.fd))
		return reply_value(-EBADF);
	return reply_value(ioctl(dup, request, &argument) < 0 ? -errno : 0);
}
