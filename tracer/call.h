/* One intercepted call on its way through the supervisor: its registers, the task that made it, and the memory
 * that lives until it is answered. Handlers (sys_*.c) get this and return a struct reply. */
#ifndef UCTR_TRACER_CALL_H
#define UCTR_TRACER_CALL_H

#include "lib/arena.h"
#include "tracer/container.h"
#include "tracer/reply.h"
#include "tracer/task.h"
#include "vfs/lookup.h"

#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

struct call {
	struct container *ct;
	const struct syscall_row *row; /* NULL for a number without a row */
	uint64_t id;		       /* of the notification */
	pid_t tid;		       /* the calling thread */
	int nr;
	uint64_t args[6];
	struct task *task; /* handles on /proc/TID, shared by the calls of one thread */
	struct arena *arena;
	struct vfs_ctx vfs; /* for the functions of vfs/ops.h */
	int held[4];	    /* descriptors that are closed when the call has been answered */
	int n_held;
};

/* Reads exactly len bytes of the guest's memory, or -EFAULT. */
int call_read(struct call *c, uint64_t addr, void *buf, size_t len);
/* Writes exactly len bytes, or -EFAULT. */
int call_write(struct call *c, uint64_t addr, const void *buf, size_t len);

/* Copies a NUL-terminated string of less than max bytes into the arena. -EFAULT, or too_long when there is no NUL
 * within max bytes. */
int call_read_string(struct call *c, uint64_t addr, size_t max, int too_long, const char **ret);

/* A path argument (PATH_MAX, -ENAMETOOLONG). "" is returned as such. */
int call_read_path(struct call *c, uint64_t addr, const char **ret);

/* The (dirfd, path) pair of an *at call, copied and ready for vfs/ops.h. dirfd is the register as it is; AT_FDCWD
 * for the calls without one. at_flags matters for AT_EMPTY_PATH alone. Checks that the call is still pending after its
 * memory has been read. Errors: -EFAULT, -ENAMETOOLONG, -EBADF, -ENOTDIR, -ENOENT. */
int call_name(struct call *c, int dirfd, uint64_t path, int at_flags, struct vfs_name *ret);

/* The object behind an open descriptor, for fchmod and the like: -EBADF when there is none or (unless path_ok) when
 * it was opened with O_PATH. */
int call_fd_name(struct call *c, int fd, bool path_ok, struct vfs_name *ret);

/* The canonical virtual path of an open directory or file of the task, NULL in *ret when the view does not show it. */
int call_fd_vpath(struct call *c, int fd, const char **ret);

/* The same for its working directory. */
int call_cwd_vpath(struct call *c, const char **ret);

/* The directory that a relative path starts from, for dirfd as in *at calls; NULL in *ret as above. */
int call_base(struct call *c, int dirfd, const char **ret);

/* Keeps fd open until the call has been answered; returns it. */
int call_hold(struct call *c, int fd);

/* Whether the task still waits for the answer. After it was false, nothing read of the task may be trusted. */
bool call_pending(const struct call *c);

/* For the worker. */
void call_init(struct call *c, struct container *ct, struct task_cache *tasks, struct arena *arena,
	       const struct seccomp_notif *n);
void call_release(struct call *c);

#endif
