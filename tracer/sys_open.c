/* open, openat, creat and openat2. */
#include "lib/cleanup.h"
#include "tracer/handlers.h"
#include "tracer/redirect.h"
#include "tracer/sys_util.h"
#include "vfs/ops.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>

/* The task opens the file by itself: the supervisor must not block on a FIFO, a terminal opened by it would become
 * its own, and descriptors opened with O_PATH cannot be given away. */
static struct reply open_by_task(struct call *c, struct vfs_opened *opened, const struct open_how *how)
{
	const int path_arg = c->nr == SYS_openat || c->nr == SYS_openat2, flags_arg = path_arg + 1;
	struct redirect *r = redirect_new(c);

	if (!r) {
		close_fd(&opened->fd);
		return reply_redirect(NULL);
	}

	/* The path will be absolute: it does not matter which directory the guest has named. What it says of creation does
	 * not either, since the file is there. */
	if (c->nr == SYS_openat2) {
		/* The path leads through a link of /proc: what the flags of resolve forbid was checked on the
		 * guest's own path. */
		struct open_how own = {.flags = (unsigned)opened->flags, .mode = how->mode};

		if (!(opened->flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))))
			own.mode = 0;
		if (!redirect_data(r, 2, &own, sizeof(own)))
			goto no_memory;
		redirect_arg(r, 3, sizeof(own));
	} else if (c->nr == SYS_creat) { /* it cannot carry the flags */
		redirect_nr(r, SYS_open);
		redirect_arg(r, 1, (unsigned)opened->flags);
	} else if ((opened->flags ^ arg_int(c, flags_arg)) & ~O_CREAT)
		redirect_arg(r, flags_arg, (unsigned)opened->flags);
	if (redirect_path(r, path_arg, TAKE_FD(opened->fd), NULL) < 0)
		goto no_memory;
	if (!(opened->flags & O_PATH))
		redirect_may_block(r);
	if (opened->native)
		redirect_native(r);
	return reply_redirect(r);

no_memory:
	close_fd(&opened->fd);
	redirect_free(r);
	return reply_value(-ENOMEM);
}

static struct reply open_common(struct call *c, int dirfd, uint64_t path, const struct open_how *how,
				bool legacy)
{
	struct vfs_opened opened = {.fd = -1};
	struct vfs_name name;
	int ret;

	ret = call_name(c, dirfd, path, 0, &name);
	if (ret == 0 && (how->resolve & RESOLVE_IN_ROOT) && name.path[0] == '/')
		ret = call_base(c, dirfd, &name.base); /* where the path begins */
	if (ret == 0)
		ret = vfs_open(&c->vfs, &name, how, legacy, &opened);
	if (ret < 0)
		return reply_value(ret);

	if (opened.kind == VFS_OPEN_BY_TASK)
		return open_by_task(c, &opened, how);
	return reply_fd(opened.fd, (how->flags & O_CLOEXEC) != 0);
}

/* build_open_how() in fs/open.c: the mode counts only where a file may be made. */
static struct reply open_legacy(struct call *c, int dirfd, uint64_t path, int flags, uint64_t mode)
{
	struct open_how how = {.flags = (unsigned)flags};

	if (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)))
		how.mode = mode & 07777;
	return open_common(c, dirfd, path, &how, true);
}

struct reply sys_open(struct call *c)
{
	return open_legacy(c, AT_FDCWD, c->args[0], arg_int(c, 1), c->args[2]);
}

struct reply sys_openat(struct call *c)
{
	return open_legacy(c, arg_int(c, 0), c->args[1], arg_int(c, 2), c->args[3]);
}

struct reply sys_creat(struct call *c)
{
	return open_legacy(c, AT_FDCWD, c->args[0], O_CREAT | O_WRONLY | O_TRUNC, c->args[1]);
}

/* openat2(2), "Extensibility": a longer struct than ours is fine as long as its tail is zero (copy_struct_from_user()
 * in include/linux/uaccess.h). */
static int read_open_how(struct call *c, uint64_t addr, uint64_t size, struct open_how *ret)
{
	unsigned char bytes[4096]; /* a page, the kernel's own limit */
	int error;

	if (size < sizeof(*ret))
		return -EINVAL;
	if (size > sizeof(bytes))
		return -E2BIG;
	error = call_read(c, addr, bytes, size);
	if (error < 0)
		return error;
	for (size_t i = sizeof(*ret); i < size; i++)
		if (bytes[i])
			return -E2BIG;
	memcpy(ret, bytes, sizeof(*ret));
	return 0;
}

struct reply sys_openat2(struct call *c)
{
	struct open_how how;
	int ret = read_open_how(c, c->args[2], c->args[3], &how);

	if (ret < 0)
		return reply_value(ret);
	return open_common(c, arg_int(c, 0), c->args[1], &how, false);
}
