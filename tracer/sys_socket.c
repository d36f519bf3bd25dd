/* bind and connect. Until the network is virtual, only addresses that are paths of AF_UNIX sockets are looked at; the others
 * are copied, so that what was decided on is what the kernel gets. */
#include "lib/cleanup.h"
#include "lib/log.h"
#include "tracer/address.h"
#include "tracer/handlers.h"
#include "tracer/redirect.h"
#include "tracer/sys_util.h"
#include "vfs/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* The same for bind: the directory in which the socket file is to be made. unix_bind_bsd(). */
static int find_place(struct call *c, const struct address *a, struct vfs_place *ret)
{
	struct vfs_name name;
	struct stat st;
	int error;

	error = address_name(c, a, &name);
	if (error == 0)
		error = vfs_lookup_parent(&c->vfs, &name, 0, ret);
	if (error < 0)
		return error;
	if (ret->last != PLACE_NORMAL || ret->mount_point)
		return -EADDRINUSE;
	if (ret->dir_node)
		return mem_lookup(ret->dir_node, ret->name, strlen(ret->name)) ? -EADDRINUSE : -EROFS;
	if (fstatat(ret->dir_fd, ret->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return -EADDRINUSE;
	if (errno != ENOENT)
		return -errno;
	if (ret->slash)
		return -ENOENT;
	return vfs_may_write(ret->mount, S_IFDIR);
}

static bool is_unix(int fd)
{
	int domain;
	socklen_t len = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX;
}

/* bind or connect by the task itself. */
static struct reply by_task(struct call *c, struct address *a, bool may_block)
{
	struct redirect *r = redirect_new(c);

	if (!r)
		return reply_redirect(NULL);
	if (!address_redirect(r, 1, a)) {
		redirect_free(r);
		return reply_value(-ENOMEM);
	}
	redirect_arg(r, 2, a->len);
	if (may_block)
		redirect_may_block(r);
	if (!a->other)
		redirect_native(r);
	return reply_redirect(r);
}

/* Families of which the supervisor can bind a duplicate: a netlink socket, for one, would get the supervisor's pid as
 * its address. */
static bool bind_by_supervisor(const struct address *a)
{
	sa_family_t family = address_family(a);

	return family == AF_INET || family == AF_INET6 || (family == AF_UNIX && !address_is_path(a));
}

/* Binds in a directory of the view that is elsewhere on the host: from within that directory, so that the name fits into
 * the address whatever the host's path is. Nothing in the supervisor depends on its working directory once the program
 * runs. */
static int bind_in_directory(struct call *c, int socket, int dir_fd, const char *name)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	size_t len = strlen(name);
	int ret;

	if (len > sizeof(un.sun_path))
		return -ENAMETOOLONG;
	memcpy(un.sun_path, name, len);
	c->vfs.caller.apply_umask(c->vfs.caller.arg);
	if (fchdir(dir_fd) < 0)
		return -errno;
	ret = bind(socket, (struct sockaddr *)&un, (socklen_t)(PATH_OFFSET + len)) < 0 ? -errno : 0;
	/* Not to keep the directory's file system busy. */
	if (chdir("/") < 0)
		log_debug("cannot leave the directory of a socket: %s", strerror(errno));
	return ret;
}

/* Where the host resolves the path alike it stays as it is, since getsockname shows it. */
static struct reply bind_path(struct call *c, struct address *a)
{
	_cleanup_place_ struct vfs_place place = VFS_PLACE_NONE;
	_cleanup_close_ int dup = -1;
	int ret = find_place(c, a, &place);

	if (ret < 0)
		return address_refused(c, ret);
	if (place.native)
		return call_pending(c) ? by_task(c, a, false) : reply_value(-EINTR);

	dup = task_dup_fd(c->task, arg_int(c, 0));
	if (dup < 0 && dup != -EPERM)
		return reply_value(dup);
	if (!call_pending(c))
		return reply_value(-EINTR);
	if (dup >= 0 && is_unix(dup))
		return reply_value(bind_in_directory(c, dup, place.dir_fd, place.name));
	a->other = true;
	ret = address_set_path(c, a, TAKE_FD(place.dir_fd), place.name);
	return ret < 0 ? reply_value(ret) : by_task(c, a, false);
}

struct reply sys_bind(struct call *c)
{
	_cleanup_address_ struct address a = ADDRESS_NONE;
	_cleanup_close_ int dup = -1;
	int ret;

	ret = address_read(c, c->args[1], arg_int(c, 2), &a);
	if (ret < 0)
		return address_refused(c, ret);
	if (address_is_path(&a))
		return bind_path(c, &a);
	if (bind_by_supervisor(&a)) {
		dup = task_dup_fd(c->task, arg_int(c, 0));
		if (dup < 0 && dup != -EPERM)
			return reply_value(dup);
	}
	if (!call_pending(c))
		return reply_value(-EINTR);
	if (dup >= 0)
		return reply_value(bind(dup, &a.sa, a.len) < 0 ? -errno : 0);
	return by_task(c, &a, false);
}

struct reply sys_connect(struct call *c)
{
	_cleanup_address_ struct address a = ADDRESS_NONE;
	_cleanup_close_ int dup = -1;
	int ret;

	ret = address_read(c, c->args[1], arg_int(c, 2), &a);
	if (ret == 0)
		ret = address_translate_peer(c, &a);
	if (ret < 0)
		return address_refused(c, ret);
	if (address_family(&a) != AF_UNIX) {
		dup = task_dup_fd(c->task, arg_int(c, 0));
		if (dup < 0 && dup != -EPERM)
			return reply_value(dup);
	}
	if (!call_pending(c))
		return reply_value(-EINTR);
	if (dup >= 0 && is_inet_datagram(dup))
		return reply_value(connect(dup, &a.sa, a.len) < 0 ? -errno : 0);
	return by_task(c, &a, true);
}
