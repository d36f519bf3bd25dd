#include "tracer/probe.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Newer than Debian 12's headers (Linux 6.6). */
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS	   SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

#define PROBE_SECONDS 5 /* no probe takes longer, whatever goes wrong in it */

/* Runs probe in a child of its own, since most leave marks on the process. An errno fits an exit status. */
static int in_child(int (*probe)(void))
{
	pid_t child = fork();
	int status;

	if (child < 0)
		return -errno;
	if (child == 0) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal(SIGALRM, SIG_DFL);
		signal(SIGCHLD, SIG_DFL);
		alarm(PROBE_SECONDS);
		_exit(-probe());
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (WIFEXITED(status))
		return -WEXITSTATUS(status);
	return WTERMSIG(status) == SIGALRM ? -ETIMEDOUT : -EPROTO;
}

/* A child that does nothing until it is killed, which it also is when its parent dies. */
static pid_t spawn_idle(void)
{
	pid_t parent = getpid(), child = fork();

	if (child != 0)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent)
		pause();
	_exit(0);
}

static void reap(pid_t child)
{
	kill(child, SIGKILL);
	while (waitpid(child, NULL, __WALL) < 0 && errno == EINTR)
		;
}

/* seccomp */

/* Loads a filter that notifies getppid and allows all else. Returns what seccomp(2) does: the listener with
 * SECCOMP_FILTER_FLAG_NEW_LISTENER. */
static int load_filter(unsigned long flags)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
	long r;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	return r < 0 ? -errno : (int)r;
}

static int filter_child(void)
{
	int r = load_filter(0);

	return r < 0 ? r : 0;
}

static int probe_filter(void)
{
	return in_child(filter_child);
}

static int probe_notification(void)
{
	uint32_t action = SECCOMP_RET_USER_NOTIF;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) ? -errno : 0;
}

static int listener_child(void)
{
	int r = load_filter(SECCOMP_FILTER_FLAG_NEW_LISTENER);

	return r < 0 ? r : 0;
}

static int probe_only_listener(void)
{
	return in_child(listener_child);
}

/* Answers one getppid of the task behind listener with a descriptor. */
static int send_descriptor(int listener)
{
	_cleanup_close_ int source = -1;
	/* A newer kernel's struct may be larger than this header's. */
	union {
		struct seccomp_notif notif;
		char room[1024];
	} request = {.room = {0}};
	struct seccomp_notif_addfd addfd = {.flags = SECCOMP_ADDFD_FLAG_SEND, .newfd_flags = O_CLOEXEC};
	struct pollfd ready = {.fd = listener, .events = POLLIN};

	if (poll(&ready, 1, PROBE_SECONDS * 1000) != 1)
		return -ETIMEDOUT;
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request))
		return -errno;
	source = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (source < 0)
		return -errno;
	addfd.id = request.notif.id;
	addfd.srcfd = (unsigned)source;
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &addfd) < 0 ? -errno : 0;
}

static int addfd_child(void)
{
	_cleanup_close_ int listener = load_filter(SECCOMP_FILTER_FLAG_NEW_LISTENER);
	pid_t child;
	int status = 0, r;

	if (listener < 0)
		return listener;
	child = fork();
	if (child < 0)
		return -errno;
	if (child == 0) {
		long fd;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fd = syscall(SYS_getppid);
		_exit(fd > 2 && fcntl((int)fd, F_GETFD) == FD_CLOEXEC ? 0 : 1);
	}
	r = send_descriptor(listener);
	if (r)
		kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return r ? r : status ? -EPROTO : 0;
}

static int probe_addfd(void)
{
	return in_child(addfd_child);
}

static int killable_child(void)
{
	int r = load_filter(SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);

	/* The kernel knows the flag when it got as far as looking for another listener. */
	return r < 0 && r != -EBUSY ? r : 0;
}

static int probe_killable(void)
{
	return in_child(killable_child);
}

static int sync_child(void)
{
	_cleanup_close_ int listener = load_filter(SECCOMP_FILTER_FLAG_NEW_LISTENER);

	if (listener < 0)
		return listener;
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP) ? -errno
												  : 0;
}

static int probe_sync(void)
{
	return in_child(sync_child);
}

/* access to other processes */

static int getfd_child(void)
{
	_cleanup_close_ int pidfd = -1, copy = -1;
	pid_t child = spawn_idle();
	int r = 0;

	if (child < 0)
		return -errno;
	pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	if (pidfd < 0)
		r = -errno;
	else
		copy = (int)syscall(SYS_pidfd_getfd, pidfd, STDOUT_FILENO, 0);
	if (!r && copy < 0)
		r = -errno;
	reap(child);
	return r;
}

static int probe_getfd(void)
{
	return in_child(getfd_child);
}

static int vm_child(void)
{
	uint64_t word = 0x7563747270726f62, seen = 0; /* the same address in the child */
	struct iovec here = {&seen, sizeof(seen)}, there = {&word, sizeof(word)};
	pid_t child = spawn_idle();
	int r = 0;

	if (child < 0)
		return -errno;
	if (process_vm_readv(child, &here, 1, &there, 1, 0) != sizeof(seen))
		r = -errno;
	else if (seen != word)
		r = -EPROTO;
	else if (process_vm_writev(child, &here, 1, &there, 1, 0) != sizeof(seen))
		r = -errno;
	reap(child);
	return r;
}

static int probe_vm(void)
{
	return in_child(vm_child);
}

/* Seizes, stops and kills the task. */
static int seize(pid_t pid)
{
	int status;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL))
		return -errno;
	if (waitpid(pid, &status, __WALL) != pid)
		return -errno;
	return WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_STOP ? 0 : -EPROTO;
}

/* Yama's scope 1 allows descendants only, 2 and 3 nobody; so a grandchild tells all. */
static int seize_child(void)
{
	int pair[2], r;
	pid_t child, grandchild = -1;

	if (prctl(PR_SET_CHILD_SUBREAPER, 1) || pipe2(pair, O_CLOEXEC))
		return -errno;
	child = fork();
	if (child < 0)
		return -errno;
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		grandchild = spawn_idle();
		if (write(pair[1], &grandchild, sizeof(grandchild)) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	if (read(pair[0], &grandchild, sizeof(grandchild)) != sizeof(grandchild) || grandchild < 0)
		r = -EPROTO;
	else
		r = seize(grandchild);
	if (grandchild > 0)
		kill(grandchild, SIGKILL);
	kill(child, SIGKILL);
	while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
		;
	return r;
}

static int probe_seize(void)
{
	return in_child(seize_child);
}

static int locks_child(void)
{
	struct rlimit limit, tag, seen;
	pid_t child;
	int r = 0;

	if (getrlimit(RLIMIT_LOCKS, &limit))
		return -errno;
	if (limit.rlim_cur != RLIM_INFINITY)
		return -EBUSY; /* somebody else counts on the number, or set a limit that has no meaning */
	tag = (struct rlimit){0x1234567890abcdef, limit.rlim_max};
	child = spawn_idle();
	if (child < 0)
		return -errno;
	if (prlimit(child, RLIMIT_LOCKS, &tag, NULL) || prlimit(child, RLIMIT_LOCKS, NULL, &seen))
		r = -errno;
	else if (seen.rlim_cur != tag.rlim_cur)
		r = -EPROTO;
	reap(child);
	return r;
}

static int probe_locks(void)
{
	return in_child(locks_child);
}

static int personality_child(void)
{
	int old = personality(0xffffffff);

	/* Bit 8 means nothing to Linux. */
	if (old < 0 || personality((unsigned long)old | 0x100) < 0)
		return -errno;
	return personality(0xffffffff) == (old | 0x100) ? 0 : -EPROTO;
}

static int probe_personality(void)
{
	return in_child(personality_child);
}

static int subreaper_child(void)
{
	int on = 0;

	if (prctl(PR_SET_CHILD_SUBREAPER, 1) || prctl(PR_GET_CHILD_SUBREAPER, &on))
		return -errno;
	return on ? 0 : -EPROTO;
}

static int probe_subreaper(void)
{
	return in_child(subreaper_child);
}

/* files */

static int probe_openat2(void)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int fd = (int)syscall(SYS_openat2, root, ".", &how, sizeof(how));

	return fd < 0 ? -errno : 0;
}

static int probe_faccessat2(void)
{
	return syscall(SYS_faccessat2, AT_FDCWD, "/", F_OK, AT_EACCESS) ? -errno : 0;
}

static int probe_memfd(void)
{
	_cleanup_close_ int fd = memfd_create("uctr-probe", MFD_CLOEXEC), again = -1;
	char path[32];

	if (fd < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDONLY | O_CLOEXEC);
	return again < 0 ? -errno : 0;
}

static int anonymous_directory(const char *parent)
{
	char path[PATH_MAX];
	_cleanup_close_ int fd = -1;
	int r = 0;

	if (snprintf(path, sizeof(path), "%s/uctr-XXXXXX", parent) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (!mkdtemp(path))
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		r = -errno;
	if (rmdir(path) && !r)
		r = -errno;
	return r;
}

static int probe_anonymous(void)
{
	const char *places[] = {"/dev/shm", getenv("XDG_RUNTIME_DIR"), getenv("TMPDIR"), "/tmp"};
	int r = -ENOENT;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && r; i++)
		if (places[i])
			r = anonymous_directory(places[i]);
	return r;
}

static int probe_proc(void)
{
	return access("/proc/self/fd", X_OK) ? -errno : 0;
}

/* proc(5): under hidepid=1 another user's files cannot be opened, under hidepid=2 the directory is not even
 * there. Process 1 is another user's for everybody whom the option restricts. */
static int probe_hidepid(void)
{
	_cleanup_close_ int fd = open("/proc/1/status", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : 0;
}

#define CANNOT_RUN "uctr cannot run"

const struct probe probes[] = {
	{"seccomp filter", true, CANNOT_RUN, probe_filter},
	{"seccomp user notification", true, CANNOT_RUN, probe_notification},
	{"no other seccomp listener", true, CANNOT_RUN " inside a sandbox that has one", probe_only_listener},
	{"descriptor as an answer", true, CANNOT_RUN " (Linux 5.14 has it)", probe_addfd},
	{"calls wait killable", false, "a signal can interrupt calls that Linux never interrupts",
	 probe_killable},
	{"synchronous wake-up", false, "each intercepted call costs 11 us, not 2", probe_sync},
	{"process_vm_readv, writev", true, CANNOT_RUN, probe_vm},
	{"ptrace of descendants", true, CANNOT_RUN " (Yama's ptrace_scope must be 0 or 1)", probe_seize},
	{"RLIMIT_LOCKS is free", true, CANNOT_RUN ": it marks the processes of a container", probe_locks},
	{"child subreaper", true, CANNOT_RUN, probe_subreaper},
	{"pidfd_getfd", false, "what needs a descriptor of the program is slower", probe_getfd},
	{"openat2", true, CANNOT_RUN, probe_openat2},
	{"faccessat2", true, CANNOT_RUN, probe_faccessat2},
	{"memfd_create", true, CANNOT_RUN, probe_memfd},
	{"/proc", true, CANNOT_RUN, probe_proc},
	{"/proc shows all processes", false, "the program does not see other users' processes",
	 probe_hidepid},
	{"anonymous directories", false, "no --root, --mask, mounts below missing directories",
	 probe_anonymous},
	{"personality", false, "nothing yet", probe_personality},
};
const size_t n_probes = sizeof(probes) / sizeof(probes[0]);

const char *probe_floor(void)
{
	struct seccomp_notif_sizes sizes;
	struct open_how how = {.flags = O_PATH | O_CLOEXEC};
	_cleanup_close_ int fd = -1;

	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes))
		return "this kernel has no seccomp user notification; Linux 5.14 or later is needed";
	if (sizes.seccomp_notif > 1024 || sizes.seccomp_notif_resp > 1024)
		return "this kernel's seccomp notifications are larger than uctr knows";
	fd = (int)syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how));
	if (fd < 0)
		return "openat2(2) is missing or refused here; Linux 5.14 or later is needed";
	return NULL;
}

/* seccomp_notify_addfd() in kernel/seccomp.c checks the flags (EINVAL), then the descriptor (EBADF), then the
 * notification. */
const char *probe_listener(int listener)
{
	struct seccomp_notif_addfd addfd = {.flags = SECCOMP_ADDFD_FLAG_SEND, .srcfd = (unsigned)-1};

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &addfd) == 0 || errno == EBADF)
		return NULL;
	return "this kernel cannot send a descriptor as an answer; Linux 5.14 or later is needed";
}
