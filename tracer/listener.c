#include "tracer/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>

/* Newer than Debian 12's headers (Linux 6.6). */
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS	   SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

bool listener_sync_wake_up(int listener)
{
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP) == 0;
}

int listener_receive(int listener, union notification *n)
{
	struct pollfd poll_listener = {.fd = listener, .events = POLLIN};

	/* The kernel refuses a buffer that is not zeroed. */
	memset(n, 0, sizeof(*n));
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &n->notif) == 0)
		return 0;
	if (errno == ENOENT && poll(&poll_listener, 1, 0) > 0 && (poll_listener.revents & POLLHUP))
		return -ENODEV;
	return -errno;
}

static int send_response(int listener, const struct seccomp_notif_resp *response)
{
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, response) < 0 ? -errno : 0;
}

int listener_value(int listener, uint64_t id, int64_t value)
{
	return send_response(listener, &(struct seccomp_notif_resp){.id = id, .val = value});
}

int listener_error(int listener, uint64_t id, int error)
{
	return send_response(listener, &(struct seccomp_notif_resp){.id = id, .error = error});
}

int listener_continue(int listener, uint64_t id)
{
	return send_response(listener, &(struct seccomp_notif_resp){
					       .id = id,
					       .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE,
				       });
}

int listener_fd(int listener, uint64_t id, int fd, bool cloexec)
{
	struct seccomp_notif_addfd add = {
		.id = id,
		.flags = SECCOMP_ADDFD_FLAG_SEND,
		.srcfd = (__u32)fd,
		.newfd_flags = cloexec ? O_CLOEXEC : 0,
	};

	return ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0 ? -errno : 0;
}

bool listener_pending(int listener, uint64_t id)
{
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}
