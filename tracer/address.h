/* Socket addresses on their way from the guest to the kernel: copied, and paths of AF_UNIX sockets looked up in the view.
 *
 * A peer is reached by "/proc/SUPERVISOR/fd/N". A socket whose place is elsewhere on the host is bound by its last name
 * alone (where pidfd_getfd is refused: by "/proc/SUPERVISOR/fd/N/NAME", if that fits). Known gap: getsockname, getpeername
 * and recvfrom show these names. */
#ifndef UCTR_TRACER_ADDRESS_H
#define UCTR_TRACER_ADDRESS_H

#include "tracer/call.h"
#include "tracer/reply.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#define PATH_OFFSET offsetof(struct sockaddr_un, sun_path)

struct redirect;

struct address {
	union {
		struct sockaddr sa;
		struct sockaddr_un un;
		struct sockaddr_storage storage;
	};
	socklen_t len;
	int fd;	    /* what the path of a translated address leads to; owned, -1: none */
	bool other; /* the guest's own address would not lead the kernel there */
};

void address_release(struct address *a);

#define _cleanup_address_ __attribute__((cleanup(address_release)))
#define ADDRESS_NONE     \
	{                \
		.fd = -1 \
	}

/* Copies len bytes at addr. 0, -EINVAL for a length that no address has, -EFAULT. */
int address_read(struct call *c, uint64_t addr, int len, struct address *ret);

/* AF_UNSPEC for an address too short to have one. */
sa_family_t address_family(const struct address *a);
bool address_is_path(const struct address *a);

/* The path of an AF_UNIX address, ready for a look-up. */
int address_name(struct call *c, const struct address *a, struct vfs_name *ret);

/* Makes the address "/proc/SUPERVISOR/fd/FD" or "/proc/SUPERVISOR/fd/FD/NAME", and takes fd over. */
int address_set_path(struct call *c, struct address *a, int fd, const char *name);

/* Leads the path of a peer's socket to the object in the view. 0 for all other addresses. */
int address_translate_peer(struct call *c, struct address *a);

/* What a call fails with whose address was refused with error. */
struct reply address_refused(struct call *c, int error);

/* Copies the address to where the redirected call will find it, as argument i (or -1), and gives it the descriptor to hold.
 * Returns where it will be, 0 when there is no room. */
uint64_t address_redirect(struct redirect *r, int i, struct address *a);

/* Whether fd is a datagram socket of the internet, on which connect and a non-blocking send by the supervisor are the same
 * as by the task: the kernel notes no sender there, and connect waits for nobody. */
bool is_inet_datagram(int fd);

#endif
