/* What the supervisor asks the kernel about a task. Nothing of a task's state is mirrored: the only thing kept is a
 * descriptor of /proc/TID, which dies with the task (then ESRCH), also when the number is used again. */
#ifndef UCTR_TRACER_TASK_H
#define UCTR_TRACER_TASK_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#define TASK_SLOTS 64

struct task {
	pid_t tid;
	int proc_fd;	/* O_PATH of /proc/TID */
	int syscall_fd; /* /proc/TID/syscall, -1 until needed */
	pid_t tgid;	/* 0 until asked for */
};

/* Direct-mapped by tid; one per worker, so that it needs no lock. */
struct task_cache {
	struct task slots[TASK_SLOTS];
};

void task_cache_init(struct task_cache *cache);
void task_cache_release(struct task_cache *cache);

/* The task of that thread id, valid until the next call with the same cache. Never NULL: whether the task lives shows
 * when something is asked of it (-ESRCH). */
struct task *task_get(struct task_cache *cache, pid_t tid);

/* The link text of cwd, or of an open descriptor; buf has PATH_MAX bytes. Negative errno: -EBADF for a descriptor that
 * is not open. *ret_deleted: the object has been removed, and the text lost its " (deleted)". */
int task_cwd(struct task *t, char *buf, bool *ret_deleted);
int task_fd_path(struct task *t, int fd, char *buf, bool *ret_deleted);

/* A new O_PATH descriptor of what the task's descriptor or cwd refers to. */
int task_open_fd(struct task *t, int fd);
/* What fstat(2) of the task's descriptor gives. */
int task_stat_fd(struct task *t, int fd, struct stat *ret);
int task_open_cwd(struct task *t);
/* A new open description of the file behind the task's descriptor, with flags of open(2). */
int task_reopen_fd(struct task *t, int fd, int flags);

/* A duplicate of the task's descriptor: the same open file description (pidfd_getfd). -EPERM where that is refused. */
int task_dup_fd(struct task *t, int fd);

/* The pos and flags lines of /proc/TID/fdinfo/FD. */
int task_fdinfo(struct task *t, int fd, off_t *ret_pos, int *ret_flags);

int task_tgid(struct task *t, pid_t *ret);
int task_umask(struct task *t, mode_t *ret);
/* How many seccomp filters it has; -EIO before Linux 5.9. */
int task_filters(struct task *t, long *ret);
/* Whether somebody traces the thread; false when that cannot be told. */
bool task_is_traced(struct task *t);

/* Stack pointer at the system call that the task waits in. -EAGAIN while the task is not asleep yet: ask again as long as
 * the notification is pending. */
int task_sp(struct task *t, unsigned long *ret);

#endif
