/* The seccomp user notification descriptor: the only file that says SECCOMP_IOCTL. */
#ifndef UCTR_TRACER_LISTENER_H
#define UCTR_TRACER_LISTENER_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

/* The kernel's structures may be longer than those of our headers: room for them. */
union notification {
	struct seccomp_notif notif;
	char room[256];
};

/* Asks the kernel to wake the two sides synchronously (Linux 6.6; without it a call costs five times as much). Returns
 * whether it does. */
bool listener_sync_wake_up(int listener);

/* Blocks until a call is there. 0, or a negative errno: -EINTR and -ENOENT mean try again, -ENODEV that no task with
 * the filter is left. */
int listener_receive(int listener, union notification *n);

/* Answers; -ENOENT when the task no longer waits. error is a negative errno, or one of the kernel's restart codes. */
int listener_value(int listener, uint64_t id, int64_t value);
int listener_error(int listener, uint64_t id, int error);
int listener_continue(int listener, uint64_t id);

/* Gives the task a copy of descriptor fd as the result of the call. A failure other than -ENOENT (-EMFILE...) leaves the
 * call unanswered. */
int listener_fd(int listener, uint64_t id, int fd, bool cloexec);

/* Whether the task still waits for this answer. */
bool listener_pending(int listener, uint64_t id);

#endif
