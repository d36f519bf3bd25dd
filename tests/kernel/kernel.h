/* The little that the programs in tests/kernel share. Each of them shows, as an ordinary user and without uctr, one fact
 * about the kernel that uctr builds on:
 *
 *   PROGRAM
 *
 * prints "ok - what" or "not ok - what: detail" for every check and exits with 0 or 1, or with 77 after "skip - reason"
 * when this kernel lacks the feature. Nothing takes longer than LIMIT seconds; no child outlives its parent. */
#ifndef UCTR_TESTS_KERNEL_H
#define UCTR_TESTS_KERNEL_H

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIMIT 20

/* Newer than the oldest headers that this is compiled with. */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef SECCOMP_ADDFD_FLAG_SEND
#define SECCOMP_ADDFD_FLAG_SEND (1UL << 1)
#endif
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif
#define SYNC_WAKE_UP (1UL << 0) /* SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP */

#define UNUSED __attribute__((unused))

static int failures;

UNUSED static void begin(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(LIMIT);
}

UNUSED static int end(void)
{
	return failures ? 1 : 0;
}

UNUSED __attribute__((noreturn, format(printf, 1, 2))) static void skip(const char *format, ...)
{
	va_list ap;

	printf("skip - ");
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n");
	exit(failures ? 1 : 77);
}

UNUSED __attribute__((format(printf, 3, 4))) static bool check(bool ok, const char *what, const char *format,
							       ...)
{
	va_list ap;

	printf("%s - %s", ok ? "ok" : "not ok", what);
	if (!ok) {
		failures++;
		printf(": ");
		va_start(ap, format);
		vprintf(format, ap);
		va_end(ap);
	}
	printf("\n");
	return ok;
}

/* The value is the expected one. */
UNUSED static bool check_is(long value, long expected, const char *what)
{
	return check(value == expected, what, "is %ld, not %ld", value, expected);
}

/* For what the test makes no sense without. Safe in children, too: their parent then misses what they should report. */
#define MUST(call)                                                                              \
	({                                                                                      \
		long rc_ = (long)(call);                                                        \
		if (rc_ == -1) {                                                                \
			printf("not ok - line %d: %s: %s\n", __LINE__, #call, strerror(errno)); \
			fflush(stdout);                                                         \
			_exit(1);                                                               \
		}                                                                               \
		rc_;                                                                            \
	})

/* The value of a call, -errno when it fails: what a raw system call returns. */
#define RESULT(call)                      \
	({                                \
		long rc_ = (long)(call);  \
		rc_ == -1 ? -errno : rc_; \
	})

UNUSED static void pause_ms(int ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000L};

	while (nanosleep(&t, &t) < 0)
		;
}

UNUSED static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

/* Waits for what another process does; alarm() ends a wait in vain. */
#define AWAIT(condition)             \
	do {                         \
		while (!(condition)) \
			pause_ms(1); \
	} while (0)

/* Zeroed memory that children share; never freed. */
UNUSED static void *share(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(1);
	return p;
}

/* fork() of a child that dies with its parent. */
UNUSED static pid_t fork_child(void)
{
	pid_t pid = MUST(fork());

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(LIMIT); /* also for who loses its parent at once */
	}
	return pid;
}

/* Waits for the end of a child: its exit status, or 128 + N for signal N. */
UNUSED static int wait_exit(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The state letter of a task, 0 when there is no such task. */
UNUSED static char task_state(pid_t pid)
{
	char path[64], buf[512], *p;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	buf[n] = 0;
	p = strrchr(buf, ')');
	return p && p[1] ? p[2] : 0;
}

/* Filters: what the call number decides. */
#define LOAD_NR		  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define ON_CALL(nr_, ret) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr_), 0, 1), BPF_STMT(BPF_RET | BPF_K, (ret))
#define ALLOW_REST	  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/* The listener, or 0 without FLAG_NEW_LISTENER; -1 with errno. */
UNUSED static int install_filter(const struct sock_filter *filter, size_t count, unsigned long flags)
{
	struct sock_fprog program = {.len = (unsigned short)count, .filter = (struct sock_filter *)filter};

	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

/* A descriptor and one int over a unix socket. */
UNUSED static void send_fd(int socket, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec iov = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(int));
	MUST(sendmsg(socket, &message, 0));
}

UNUSED static int receive_fd(int socket)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	int fd = -1;

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	return fd;
}

/* A child whose calls the filter sends to a listener of ours. */
struct guest {
	pid_t pid;
	int listener; /* ours; the guest has none */
};

#define START_GUEST(filter, flags, run, arg) \
	start_guest((filter), sizeof(filter) / sizeof(*(filter)), (flags), (run), (arg))

/* flags are added to FLAG_NEW_LISTENER. The child ends with the value of run(arg). Skips the whole program when the
 * kernel does not know the flags. */
UNUSED static struct guest start_guest(const struct sock_filter *filter, size_t count, unsigned long flags,
				       int (*run)(void *), void *arg)
{
	struct guest guest;
	int pair[2], listener;

	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	guest.pid = fork_child();
	if (!guest.pid) {
		listener = install_filter(filter, count, SECCOMP_FILTER_FLAG_NEW_LISTENER | flags);
		if (listener >= 0)
			send_fd(pair[1], listener);
		close(listener);
		close(pair[0]);
		close(pair[1]);
		_exit(listener < 0 ? 1 : run(arg));
	}
	close(pair[1]);
	guest.listener = receive_fd(pair[0]);
	close(pair[0]);
	if (guest.listener < 0)
		skip("no seccomp listener with flags %#lx", flags);
	return guest;
}

/* The next call of the guests; false when none is left. */
UNUSED static bool receive_call(int listener, struct seccomp_notif *call)
{
	struct pollfd p = {.fd = listener, .events = POLLIN};

	for (;;) {
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return false;
		if (p.revents & POLLIN) {
			memset(call, 0, sizeof(*call));
			if (!ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, call))
				return true;
		} else if (p.revents) {
			return false;
		}
	}
}

/* Answers a call with a value, or with an errno when value is negative. 0, or -errno. */
UNUSED static int answer(int listener, const struct seccomp_notif *call, long value)
{
	struct seccomp_notif_resp resp = {
		.id = call->id, .val = value < 0 ? 0 : value, .error = value < 0 ? (int)value : 0};

	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &resp) ? -errno : 0;
}

/* Lets the kernel make the call. 0, or -errno. */
UNUSED static int let_pass(int listener, const struct seccomp_notif *call)
{
	struct seccomp_notif_resp resp = {.id = call->id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};

	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &resp) ? -errno : 0;
}

/* The call is still waiting for its answer. */
UNUSED static bool still_waits(int listener, const struct seccomp_notif *call)
{
	__u64 id = call->id;

	return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

#endif
