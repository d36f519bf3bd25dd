/* The ioctl requests that change an inode through a descriptor that may be open for reading alone (FS_IOC_SETFLAGS and its
 * like: the kernel asks for the owner, and for mnt_want_write_file(), which a read-only mount of the view does not stop).
 * They are made on the very object that was checked, whatever another thread puts behind the number meanwhile. */
#include "lib/cleanup.h"
#include "tracer/handlers.h"
#include "tracer/sys_util.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
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

/* A descriptor of the object on which the request can be made. -ENOTTY for what is neither file nor directory: the
 * requests mean nothing there. O_NONBLOCK, so that nobody's lease on the file holds the supervisor (lease_break() in
 * fs/locks.c). */
static int reopen(int fd)
{
	char path[32];
	struct stat st;
	int ret;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return -ENOTTY;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ret = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (ret < 0 && errno == EACCES && S_ISREG(st.st_mode))
		ret = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	return ret < 0 ? -errno : ret;
}

struct reply sys_ioctl(struct call *c)
{
	unsigned request = (unsigned)c->args[1];
	_cleanup_close_ int fd = -1;
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
	fd = reopen(name.fd);
	if (fd < 0)
		return reply_value(fd);
	if (!call_pending(c))
		return reply_value(-EINTR);
	return reply_value(ioctl(fd, request, &argument) < 0 ? -errno : 0);
}
