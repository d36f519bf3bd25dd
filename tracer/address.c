#include "tracer/address.h"

#include "lib/cleanup.h"
#include "tracer/redirect.h"
#include "tracer/sys_util.h"
#include "vfs/mem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void address_release(struct address *a)
{
	close_fd(&a->fd);
}

/* move_addr_to_kernel() in net/socket.c. */
int address_read(struct call *c, uint64_t addr, int len, struct address *ret)
{
	if (len < 0 || (size_t)len > sizeof(ret->storage))
		return -EINVAL;
	ret->len = (socklen_t)len;
	return len ? call_read(c, addr, &ret->storage, (size_t)len) : 0;
}

/* An address too short to have a family has none that anybody serves. */
sa_family_t address_family(const struct address *a)
{
	return a->len >= sizeof(sa_family_t) ? a->sa.sa_family : AF_UNSPEC;
}

bool address_is_path(const struct address *a)
{
	return address_family(a) == AF_UNIX && a->len > PATH_OFFSET && a->un.sun_path[0] != '\0';
}

/* The path of an AF_UNIX address, ready for a look-up. unix_validate_addr() and unix_mkname_bsd() in net/unix/af_unix.c:
 * it ends at the length or at the first NUL, whichever comes first, and may fill all 108 bytes. */
int address_name(struct call *c, const struct address *a, struct vfs_name *ret)
{
	size_t len = a->len - PATH_OFFSET;

	if (len > sizeof(a->un.sun_path))
		return -EINVAL;
	*ret = (struct vfs_name){.base = "/", .fd = -1};
	ret->path = arena_strndup(c->arena, a->un.sun_path, strnlen(a->un.sun_path, len));
	return ret->path[0] == '/' ? 0 : call_cwd_vpath(c, &ret->base);
}

/* Makes the address "/proc/SUPERVISOR/fd/FD" or "/proc/SUPERVISOR/fd/FD/NAME", and takes fd over. */
int address_set_path(struct call *c, struct address *a, int fd, const char *name)
{
	const socklen_t given = a->len;
	int n;

	a->fd = fd;
	n = snprintf(a->un.sun_path, sizeof(a->un.sun_path), "/proc/%d/fd/%d%s%s", c->ct->supervisor, fd,
		     name ? "/" : "", name ? name : "");
	if ((size_t)n >= sizeof(a->un.sun_path))
		return -ENAMETOOLONG;
	a->len = (socklen_t)(PATH_OFFSET + (size_t)n + 1);
	if (a->len < given) { /* as long as it was: redirect_held.c cannot change a length */
		memset((char *)&a->un + a->len, 0, given - a->len);
		a->len = given;
	}
	return 0;
}

/* Leads the path of a peer's socket to the object in the view, also where the host would resolve it alike: the path could
 * change its meaning in between. The peer sees no difference. unix_find_bsd() in net/unix/af_unix.c. */
int address_translate_peer(struct call *c, struct address *a)
{
	_cleanup_object_ struct vfs_object object = VFS_OBJECT_NONE;
	struct vfs_name name;
	int ret;

	if (!address_is_path(a))
		return 0;
	ret = address_name(c, a, &name);
	if (ret == 0)
		ret = vfs_lookup(&c->vfs, &name, LOOKUP_FOLLOW, &object);
	if (ret < 0)
		return ret;
	if (object.node)
		return S_ISDIR(object.node->mode) ? -ECONNREFUSED : -EACCES;
	a->other = !object.native;
	return address_set_path(c, a, TAKE_FD(object.fd), NULL);
}

/* What a call fails with whose address was refused: the kernel looks at the descriptor before the address
 * (sockfd_lookup_light() in net/socket.c). */
struct reply address_refused(struct call *c, int error)
{
	_cleanup_close_ int fd = task_open_fd(c->task, arg_int(c, 0));
	struct stat st;

	if (fd < 0)
		return reply_value(fd);
	return reply_value(fstat(fd, &st) == 0 && !S_ISSOCK(st.st_mode) ? -ENOTSOCK : error);
}

/* Copies the address to where the redirected call will find it and gives it the descriptor to hold. */
uint64_t address_redirect(struct redirect *r, int i, struct address *a)
{
	if (a->fd >= 0 && redirect_hold(r, TAKE_FD(a->fd)) < 0)
		return 0;
	/* An empty address needs no bytes but a pointer. */
	return redirect_data(r, i, &a->storage, a->len ? a->len : sizeof(sa_family_t));
}

bool is_inet_datagram(int fd)
{
	int domain, type;
	socklen_t len = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) || (domain != AF_INET && domain != AF_INET6))
		return false;
	len = sizeof(int);
	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_DGRAM;
}
