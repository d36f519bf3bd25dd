/* Calls with a socket address: bind, connect, sendto, sendmsg, sendmmsg. Until the network is virtual, only addresses that
 * are paths of AF_UNIX sockets are looked at; the others are copied, so that what was decided on is what the kernel gets.
 *
 * A peer is reached by "/proc/SUPERVISOR/fd/N". A socket whose place is elsewhere on the host is bound by its last name
 * alone (where pidfd_getfd is refused: by "/proc/SUPERVISOR/fd/N/NAME", if that fits). Known gap: getsockname, getpeername
 * and recvfrom show these names.
 *
 * Known gap: sendmsg and sendmmsg without an address are continued, as nearly all are, so that another thread could
 * still set one behind the pointer. */
#include "lib/cleanup.h"
#include "lib/log.h"
#include "tracer/handlers.h"
#include "tracer/redirect.h"
#include "tracer/sys_util.h"
#include "vfs/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>

#define PATH_OFFSET    offsetof(struct sockaddr_un, sun_path)
#define DATAGRAM_MAX   65535u
#define REDIRECTED_MAX 64u   /* messages and their addresses that fit into the scratch memory of a redirect */
#define MESSAGES_MAX   1024u /* UIO_MAXIOV, to which the kernel cuts vlen too */

struct address {
	union {
		struct sockaddr sa;
		struct sockaddr_un un;
		struct sockaddr_storage storage;
	};
	socklen_t len;
	int fd; /* what the path of a translated address leads to; owned, -1: none */
};

static void address_release(struct address *a)
{
	close_fd(&a->fd);
}

#define _cleanup_address_ __attribute__((cleanup(address_release)))
#define ADDRESS_NONE     \
	{                \
		.fd = -1 \
	}

/* move_addr_to_kernel() in net/socket.c. */
static int address_read(struct call *c, uint64_t addr, int len, struct address *ret)
{
	if (len < 0 || (size_t)len > sizeof(ret->storage))
		return -EINVAL;
	ret->len = (socklen_t)len;
	return len ? call_read(c, addr, &ret->storage, (size_t)len) : 0;
}

/* An address too short to have a family has none that anybody serves. */
static sa_family_t address_family(const struct address *a)
{
	return a->len >= sizeof(sa_family_t) ? a->sa.sa_family : AF_UNSPEC;
}

static bool address_is_path(const struct address *a)
{
	return address_family(a) == AF_UNIX && a->len > PATH_OFFSET && a->un.sun_path[0] != '\0';
}

/* The path of an AF_UNIX address, ready for a look-up. unix_validate_addr() and unix_mkname_bsd() in net/unix/af_unix.c:
 * it ends at the length or at the first NUL, whichever comes first, and may fill all 108 bytes. */
static int address_name(struct call *c, const struct address *a, struct vfs_name *ret)
{
	size_t len = a->len - PATH_OFFSET;

	if (len > sizeof(a->un.sun_path))
		return -EINVAL;
	*ret = (struct vfs_name){.base = "/", .fd = -1};
	ret->path = arena_strndup(c->arena, a->un.sun_path, strnlen(a->un.sun_path, len));
	return ret->path[0] == '/' ? 0 : call_cwd_vpath(c, &ret->base);
}

/* Makes the address "/proc/SUPERVISOR/fd/FD" or "/proc/SUPERVISOR/fd/FD/NAME", and takes fd over. */
static int address_set_path(struct call *c, struct address *a, int fd, const char *name)
{
	int n;

	a->fd = fd;
	n = snprintf(a->un.sun_path, sizeof(a->un.sun_path), "/proc/%d/fd/%d%s%s", c->ct->supervisor, fd,
		     name ? "/" : "", name ? name : "");
	if ((size_t)n >= sizeof(a->un.sun_path))
		return -ENAMETOOLONG;
	a->len = (socklen_t)(PATH_OFFSET + (size_t)n + 1);
	return 0;
}

/* Leads the path of a peer's socket to the object in the view, also where the host would resolve it alike: the path could
 * change its meaning in between. The peer sees no difference. unix_find_bsd() in net/unix/af_unix.c. */
static int address_translate_peer(struct call *c, struct address *a)
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
	return address_set_path(c, a, TAKE_FD(object.fd), NULL);
}

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

/* What a call fails with whose address was refused: the kernel looks at the descriptor before the address
 * (sockfd_lookup_light() in net/socket.c). */
static struct reply refused(struct call *c, int error)
{
	_cleanup_close_ int fd = task_open_fd(c->task, arg_int(c, 0));
	struct stat st;

	if (fd < 0)
		return reply_value(fd);
	return reply_value(fstat(fd, &st) == 0 && !S_ISSOCK(st.st_mode) ? -ENOTSOCK : error);
}

/* Copies the address to where the redirected call will find it and gives it the descriptor to hold. */
static uint64_t redirect_address(struct redirect *r, int i, struct address *a)
{
	if (a->fd >= 0 && redirect_hold(r, TAKE_FD(a->fd)) < 0)
		return 0;
	/* An empty address needs no bytes but a pointer. */
	return redirect_data(r, i, &a->storage, a->len ? a->len : sizeof(sa_family_t));
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
	if (!redirect_address(r, 1, a)) {
		redirect_free(r);
		return reply_value(-ENOMEM);
	}
	redirect_arg(r, 2, a->len);
	if (may_block)
		redirect_may_block(r);
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
		return refused(c, ret);
	if (place.native)
		return call_pending(c) ? by_task(c, a, false) : reply_value(-EINTR);

	dup = task_dup_fd(c->task, arg_int(c, 0));
	if (dup < 0 && dup != -EPERM)
		return reply_value(dup);
	if (!call_pending(c))
		return reply_value(-EINTR);
	if (dup >= 0 && is_unix(dup))
		return reply_value(bind_in_directory(c, dup, place.dir_fd, place.name));
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
		return refused(c, ret);
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

/* Whether the duplicate is a datagram socket of the internet, on which connect and a non-blocking send by the supervisor
 * are the same as by the task: the kernel notes no sender there, and connect waits for nobody. */
static bool is_inet_datagram(int fd)
{
	int domain, type;
	socklen_t len = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) || (domain != AF_INET && domain != AF_INET6))
		return false;
	len = sizeof(int);
	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_DGRAM;
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
		return refused(c, ret);
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

/* One message, sent by the task with sendmsg to the address a, if that has a length. Its data, and what it carries beside
 * the data, stay in the guest's memory: nothing is decided on them. With iov the message's vector is a copy of it. */
static struct redirect *redirect_message(struct call *c, const struct msghdr *message,
					 const struct iovec *iov, struct address *a, int flags)
{
	struct redirect *r = redirect_new(c);
	struct msghdr copy = *message;
	uint64_t name = 0, vector = (uint64_t)message->msg_iov;

	if (!r)
		return NULL;
	if (a->len) {
		name = redirect_address(r, -1, a);
		if (!name)
			goto fail;
	}
	if (iov) {
		vector = redirect_data(r, -1, iov, sizeof(*iov));
		if (!vector)
			goto fail;
	}
	copy.msg_name = (void *)name;
	copy.msg_namelen = a->len;
	copy.msg_iov = (struct iovec *)vector;
	if (!redirect_data(r, 1, &copy, sizeof(copy)))
		goto fail;
	redirect_nr(r, SYS_sendmsg);
	redirect_arg(r, 2, (unsigned)flags);
	redirect_may_block(r);
	return r;

fail:
	redirect_free(r);
	return NULL;
}

/* A small datagram, sent by the supervisor: much cheaper than a redirect. True when it was, with its result in *ret. */
static bool send_datagram(struct call *c, const struct address *a, int flags, long *ret)
{
	_cleanup_close_ int dup = -1;
	size_t len = c->args[2];
	void *data;
	ssize_t n;

	if (address_family(a) != AF_INET && address_family(a) != AF_INET6)
		return false;
	if (len > DATAGRAM_MAX || (flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL | MSG_CONFIRM | MSG_DONTROUTE)))
		return false;
	dup = task_dup_fd(c->task, arg_int(c, 0));
	if (dup < 0 || !is_inet_datagram(dup))
		return false;

	data = arena_alloc(c->arena, len ? len : 1);
	*ret = len ? call_read(c, c->args[1], data, len) : 0;
	if (*ret < 0)
		return true;
	if (!call_pending(c)) {
		*ret = -EINTR;
		return true;
	}
	n = sendto(dup, data, len, flags | MSG_DONTWAIT | MSG_NOSIGNAL, &a->sa, a->len);
	*ret = n < 0 ? -errno : n;
	/* A full buffer: the task may have to wait, which the supervisor must not. */
	return *ret != -EAGAIN;
}

/* Six arguments leave no register for the secret, hence sendmsg. */
struct reply sys_sendto(struct call *c)
{
	_cleanup_address_ struct address a = ADDRESS_NONE;
	struct iovec iov = {.iov_base = (void *)c->args[1], .iov_len = c->args[2]};
	struct msghdr message = {.msg_iovlen = 1};
	int flags = arg_int(c, 3), ret;
	long sent;

	ret = address_read(c, c->args[4], arg_int(c, 5), &a);
	if (ret == 0)
		ret = address_translate_peer(c, &a);
	if (ret < 0)
		return refused(c, ret);
	if (send_datagram(c, &a, flags, &sent))
		return reply_value(sent);
	if (!call_pending(c))
		return reply_value(-EINTR);
	return reply_redirect(redirect_message(c, &message, &iov, &a, flags));
}

/* Copies and translates the address of a message. copy_msghdr_from_user() in net/socket.c: too long a length is cut, and
 * without an address it counts as 0. */
static int message_address(struct call *c, const struct msghdr *message, struct address *ret)
{
	int len = (int)message->msg_namelen, error;

	if (!message->msg_name)
		len = 0;
	if ((size_t)len > sizeof(ret->storage) && len > 0)
		len = (int)sizeof(ret->storage);
	error = address_read(c, (uint64_t)message->msg_name, len, ret);
	return error < 0 ? error : address_translate_peer(c, ret);
}

struct reply sys_sendmsg(struct call *c)
{
	_cleanup_address_ struct address a = ADDRESS_NONE;
	struct msghdr message;
	int ret = call_read(c, c->args[1], &message, sizeof(message));

	if (ret < 0)
		return reply_value(ret);
	if (!message.msg_name || !message.msg_namelen)
		return reply_continue();
	ret = message_address(c, &message, &a);
	if (ret < 0)
		return refused(c, ret);
	if (!call_pending(c))
		return reply_value(-EINTR);
	return reply_redirect(redirect_message(c, &message, NULL, &a, arg_int(c, 2)));
}

/* The bytes of a message, which a datagram sends all or not at all. */
static int message_length(struct call *c, const struct msghdr *message, unsigned *ret)
{
	struct iovec *iov;
	size_t sum = 0;
	int error;

	if (message->msg_iovlen > MESSAGES_MAX)
		return -EMSGSIZE;
	iov = arena_alloc(c->arena, message->msg_iovlen * sizeof(*iov) + 1);
	error = call_read(c, (uint64_t)message->msg_iov, iov, message->msg_iovlen * sizeof(*iov));
	for (size_t i = 0; error == 0 && i < message->msg_iovlen; i++)
		sum += iov[i].iov_len;
	*ret = (unsigned)sum;
	return error;
}

/* Moves one message to the redirect and writes its length to the guest's array at addr: see sys_sendmmsg(). */
static int add_message(struct call *c, struct redirect *r, struct mmsghdr *message, uint64_t addr)
{
	_cleanup_address_ struct address a = ADDRESS_NONE;
	struct msghdr *header = &message->msg_hdr;
	int ret;

	ret = message_address(c, header, &a);
	if (ret == 0)
		ret = message_length(c, header, &message->msg_len);
	if (ret < 0)
		return ret;
	header->msg_name = a.len ? (void *)redirect_address(r, -1, &a) : NULL;
	header->msg_namelen = a.len;
	if (a.len && !header->msg_name)
		return -ENOMEM;
	return call_write(c, addr + offsetof(struct mmsghdr, msg_len), &message->msg_len,
			  sizeof(message->msg_len));
}

/* The messages up to the first whose address is refused or for which there is no room in the redirect: the call may send
 * fewer than it was given. The length of each is written beforehand, since the kernel writes it to the copy; on a stream
 * socket, where addresses mean nothing, it would be wrong if only a part went out. */
static struct reply send_messages(struct call *c, struct mmsghdr *messages, unsigned n)
{
	struct redirect *r = redirect_new(c);
	unsigned taken;
	int ret = 0;

	if (!r)
		return reply_redirect(NULL);
	for (taken = 0; taken < n; taken++) {
		ret = add_message(c, r, &messages[taken], c->args[1] + taken * sizeof(*messages));
		if (ret < 0)
			break;
	}
	if (taken == 0 || !call_pending(c)) {
		redirect_free(r);
		return taken == 0 ? refused(c, ret) : reply_value(-EINTR);
	}
	if (!redirect_data(r, 1, messages, taken * sizeof(*messages))) {
		redirect_free(r);
		return reply_value(-ENOMEM);
	}
	redirect_arg(r, 2, taken);
	redirect_may_block(r);
	return reply_redirect(r);
}

struct reply sys_sendmmsg(struct call *c)
{
	unsigned n = (unsigned)c->args[2], named = 0;
	struct mmsghdr *messages;
	int ret;

	if (n > MESSAGES_MAX)
		n = MESSAGES_MAX;
	messages = arena_alloc(c->arena, n * sizeof(*messages) + 1);
	ret = call_read(c, c->args[1], messages, n * sizeof(*messages));
	if (ret < 0)
		return refused(c, ret);
	for (unsigned i = 0; i < n; i++)
		named += messages[i].msg_hdr.msg_name && messages[i].msg_hdr.msg_namelen;
	if (!named)
		return reply_continue();
	return send_messages(c, messages, n < REDIRECTED_MAX ? n : REDIRECTED_MAX);
}
