/* sendto, sendmsg, sendmmsg: see address.h.
 *
 * Known gap: sendmsg and sendmmsg without an address are continued, as nearly all are, so that another thread could
 * still set one behind the pointer. */
#include "lib/cleanup.h"
#include "tracer/address.h"
#include "tracer/handlers.h"
#include "tracer/redirect.h"
#include "tracer/sys_util.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define DATAGRAM_MAX   65535u
#define REDIRECTED_MAX 64u   /* messages and their addresses that fit into the scratch memory of a redirect */
#define MESSAGES_MAX   1024u /* UIO_MAXIOV, to which the kernel cuts vlen too */

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
		name = address_redirect(r, -1, a);
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
	if (!a->other)
		redirect_native(r);
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
		return address_refused(c, ret);
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
		return address_refused(c, ret);
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
static int add_message(struct call *c, struct redirect *r, struct mmsghdr *message, uint64_t addr,
		       bool *native)
{
	_cleanup_address_ struct address a = ADDRESS_NONE;
	struct msghdr *header = &message->msg_hdr;
	int ret;

	ret = message_address(c, header, &a);
	if (ret == 0)
		ret = message_length(c, header, &message->msg_len);
	if (ret < 0)
		return ret;
	*native &= !a.other;
	header->msg_name = a.len ? (void *)address_redirect(r, -1, &a) : NULL;
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
	bool native = true;
	int ret = 0;

	if (!r)
		return reply_redirect(NULL);
	for (taken = 0; taken < n; taken++) {
		ret = add_message(c, r, &messages[taken], c->args[1] + taken * sizeof(*messages), &native);
		if (ret < 0)
			break;
	}
	if (taken == 0 || !call_pending(c)) {
		redirect_free(r);
		return taken == 0 ? address_refused(c, ret) : reply_value(-EINTR);
	}
	if (!redirect_data(r, 1, messages, taken * sizeof(*messages))) {
		redirect_free(r);
		return reply_value(-ENOMEM);
	}
	redirect_arg(r, 2, taken);
	redirect_may_block(r);
	if (native && taken == (unsigned)c->args[2])
		redirect_native(r);
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
		return address_refused(c, ret);
	for (unsigned i = 0; i < n; i++)
		named += messages[i].msg_hdr.msg_name && messages[i].msg_hdr.msg_namelen;
	if (!named)
		return reply_continue();
	return send_messages(c, messages, n < REDIRECTED_MAX ? n : REDIRECTED_MAX);
}
