#include "tracer/task.h"

#include "lib/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL /* Linux 6.9 */
#endif

static void task_forget(struct task *t)
{
	close_fd(&t->proc_fd);
	close_fd(&t->syscall_fd);
	t->tid = 0;
	t->tgid = 0;
}

void task_cache_init(struct task_cache *cache)
{
	for (int i = 0; i < TASK_SLOTS; i++)
		cache->slots[i] = (struct task){.proc_fd = -1, .syscall_fd = -1};
}

void task_cache_release(struct task_cache *cache)
{
	for (int i = 0; i < TASK_SLOTS; i++)
		task_forget(&cache->slots[i]);
}

struct task *task_get(struct task_cache *cache, pid_t tid)
{
	struct task *t = &cache->slots[(unsigned)tid % TASK_SLOTS];

	if (t->tid != tid) {
		task_forget(t);
		t->tid = tid;
	}
	return t;
}

/* Opens /proc/TID once. A handle whose task died answers ESRCH even when the number is in use again: then the caller
 * comes here once more with renew set. */
static int task_proc(struct task *t, bool renew)
{
	char path[32];

	if (renew) {
		pid_t tid = t->tid;

		task_forget(t);
		t->tid = tid;
	}
	if (t->proc_fd < 0) {
		snprintf(path, sizeof(path), "/proc/%d", t->tid);
		t->proc_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (t->proc_fd < 0)
			return -ESRCH;
	}
	return t->proc_fd;
}

/* openat on a file below /proc/TID. */
static int task_open(struct task *t, const char *name, int flags)
{
	for (int renew = 0; renew < 2; renew++) {
		int proc = task_proc(t, renew), fd;

		if (proc < 0)
			return proc;
		fd = openat(proc, name, flags | O_CLOEXEC);
		if (fd >= 0)
			return fd;
		if (errno != ESRCH && errno != ENOENT)
			return -errno;
		if (renew)
			return errno == ENOENT ? -ENOENT : -ESRCH;
	}
	return -ESRCH;
}

static int task_readlink(struct task *t, const char *name, char *buf, bool *ret_deleted)
{
	static const char suffix[] = " (deleted)";
	ssize_t n = -1;

	for (int renew = 0; renew < 2 && n < 0; renew++) {
		int proc = task_proc(t, renew);

		if (proc < 0)
			return proc;
		n = readlinkat(proc, name, buf, PATH_MAX - 1);
		if (n < 0 && errno != ESRCH && errno != ENOENT)
			return -errno;
	}
	if (n < 0)
		return -errno;
	buf[n] = '\0';
	*ret_deleted = false;
	if ((size_t)n >= sizeof(suffix) && strcmp(buf + n - (sizeof(suffix) - 1), suffix) == 0) {
		struct stat st;

		/* A name may really end like this: then it is found under it. */
		if (buf[0] == '/' && lstat(buf, &st) == 0)
			return 0;
		buf[n - (ssize_t)(sizeof(suffix) - 1)] = '\0';
		*ret_deleted = true;
	}
	return 0;
}

int task_cwd(struct task *t, char *buf, bool *ret_deleted)
{
	return task_readlink(t, "cwd", buf, ret_deleted);
}

int task_fd_path(struct task *t, int fd, char *buf, bool *ret_deleted)
{
	char name[32];
	int r;

	if (fd < 0)
		return -EBADF;
	snprintf(name, sizeof(name), "fd/%d", fd);
	r = task_readlink(t, name, buf, ret_deleted);
	return r == -ENOENT ? -EBADF : r;
}

int task_open_fd(struct task *t, int fd)
{
	char name[32];
	int r;

	if (fd < 0)
		return -EBADF;
	snprintf(name, sizeof(name), "fd/%d", fd);
	r = task_open(t, name, O_PATH);
	return r == -ENOENT ? -EBADF : r;
}

int task_stat_fd(struct task *t, int fd, struct stat *ret)
{
	char name[32];

	snprintf(name, sizeof(name), "fd/%d", fd);
	for (int renew = 0; renew < 2; renew++) {
		int proc = task_proc(t, renew);

		if (proc < 0)
			return proc;
		if (fstatat(proc, name, ret, 0) == 0)
			return 0;
		if (errno != ESRCH && errno != ENOENT)
			return -errno;
	}
	return errno == ENOENT ? -EBADF : -ESRCH;
}

int task_open_cwd(struct task *t)
{
	return task_open(t, "cwd", O_PATH | O_DIRECTORY);
}

int task_reopen_fd(struct task *t, int fd, int flags)
{
	char name[32];
	int r;

	snprintf(name, sizeof(name), "fd/%d", fd);
	r = task_open(t, name, flags);
	return r == -ENOENT ? -EBADF : r;
}

int task_dup_fd(struct task *t, int fd)
{
	_cleanup_close_ int pidfd = -1;
	pid_t tgid;
	int dup;

	pidfd = (int)syscall(SYS_pidfd_open, t->tid, PIDFD_THREAD);
	if (pidfd < 0) {
		if (task_tgid(t, &tgid) < 0)
			return -ESRCH;
		pidfd = (int)syscall(SYS_pidfd_open, tgid, 0);
	}
	if (pidfd < 0)
		return -errno;
	dup = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	if (dup >= 0)
		return dup;
	return errno == ENOSYS ? -EPERM : -errno;
}

/* Reads a whole small file of /proc/TID. */
static int task_read(struct task *t, const char *name, char *buf, size_t size)
{
	_cleanup_close_ int fd = task_open(t, name, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, buf, size - 1);
	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return 0;
}

int task_fdinfo(struct task *t, int fd, off_t *ret_pos, int *ret_flags)
{
	char name[32], buf[512];
	const char *pos, *flags;
	int r;

	snprintf(name, sizeof(name), "fdinfo/%d", fd);
	r = task_read(t, name, buf, sizeof(buf));
	if (r < 0)
		return r == -ENOENT ? -EBADF : r;
	pos = strstr(buf, "pos:");
	flags = strstr(buf, "flags:");
	if (!pos || !flags)
		return -EIO;
	*ret_pos = strtoll(pos + strlen("pos:"), NULL, 10);
	*ret_flags = (int)strtol(flags + strlen("flags:"), NULL, 8);
	return 0;
}

/* The number after key in /proc/TID/status, in the given base. */
static int task_status(struct task *t, const char *key, int base, long *ret)
{
	char buf[4096], *at;
	int r = task_read(t, "status", buf, sizeof(buf));

	if (r < 0)
		return r;
	at = strstr(buf, key);
	if (!at)
		return -EIO;
	*ret = strtol(at + strlen(key), NULL, base);
	return 0;
}

int task_tgid(struct task *t, pid_t *ret)
{
	long value;
	int r;

	/* Most calls come from the first thread of a process, and this call is the shortest way to know. */
	if (tgkill(t->tid, t->tid, 0) == 0) {
		*ret = t->tid;
		return 0;
	}
	/* The number may be another task's by now: then the handle is dead, and the answer with it. */
	if (!t->tgid || faccessat(t->proc_fd, "stat", F_OK, 0) < 0) {
		r = task_status(t, "\nTgid:", 10, &value);
		if (r < 0)
			return r;
		t->tgid = (pid_t)value;
	}
	*ret = t->tgid;
	return 0;
}

int task_umask(struct task *t, mode_t *ret)
{
	long value;
	int r = task_status(t, "\nUmask:", 8, &value);

	if (r < 0)
		return r;
	*ret = (mode_t)value;
	return 0;
}

int task_filters(struct task *t, long *ret)
{
	return task_status(t, "\nSeccomp_filters:", 10, ret);
}

bool task_is_traced(struct task *t)
{
	long tracer;

	return task_status(t, "\nTracerPid:", 10, &tracer) == 0 && tracer > 0;
}

/* One read of /proc/TID/syscall; -EAGAIN while it says "running". */
static int task_read_syscall(struct task *t, char *buf, size_t size)
{
	ssize_t n;

	if (t->syscall_fd < 0) {
		t->syscall_fd = task_open(t, "syscall", O_RDONLY);
		if (t->syscall_fd < 0)
			return t->syscall_fd;
	}
	n = pread(t->syscall_fd, buf, size - 1, 0);
	if (n <= 0) {
		close_fd(&t->syscall_fd);
		return -ESRCH;
	}
	buf[n] = '\0';
	return isdigit((unsigned char)buf[0]) ? 0 : -EAGAIN;
}

int task_sp(struct task *t, unsigned long *ret)
{
	char buf[256], *sp;
	int r = task_read_syscall(t, buf, sizeof(buf));

	if (r == -ESRCH)
		r = task_read_syscall(t, buf, sizeof(buf));
	if (r < 0)
		return r;
	/* "NR ARG*6 SP PC" */
	sp = strrchr(buf, ' ');
	if (!sp)
		return -EIO;
	*sp = '\0';
	sp = strrchr(buf, ' ');
	if (!sp)
		return -EIO;
	*ret = strtoul(sp + 1, NULL, 16);
	return 0;
}
