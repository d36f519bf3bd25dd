/*
 * What the bare mechanism costs on this machine: a program's calls answered through seccomp user notification by a
 * supervisor that does the least that can be called correct, with no view, no walk and no bookkeeping. uctr's figures
 * cannot be below these; how far they are above is uctr's own.
 *
 *	floor -d DIR notify|stat|open|chdir N
 *
 * notify: getppid, answered with a number. stat: the path read, the call made, the result written back. open: the path
 * read, the file opened and its descriptor handed over with the answer. chdir: the path read, and the call made by the
 * program itself with another path, by ptrace for the time of that call.
 */
#include "bench/bench.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

/* Linux 5.19, 5.14 and 6.6; in no header of Debian 12. */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef SECCOMP_ADDFD_FLAG_SEND
#define SECCOMP_ADDFD_FLAG_SEND (1UL << 1)
#endif
#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS	   SECCOMP_IOW(4, __u64)
#endif

#define ERESTARTNOINTR 513	    /* include/linux/errno.h */
#define REDIRECTED     0x5ec0de	    /* in the sixth argument register: let this call pass */
#define BELOW_STACK    (1024 + 128) /* room for the path, and the red zone */

struct server {
	int listener;
	struct seccomp_notif req;
	struct seccomp_notif_resp resp;
};

static void read_path(const struct server *s, int arg, char *path, size_t size)
{
	struct iovec local = {path, size}, remote = {(void *)(uintptr_t)s->req.data.args[arg], size};

	/* The path may lie at the end of a mapping: then it is all that is there. */
	must(process_vm_readv((pid_t)s->req.pid, &local, 1, &remote, 1, 0) > 0, "process_vm_readv");
	path[size - 1] = '\0';
}

static void serve_stat(struct server *s)
{
	struct stat st;
	struct iovec local = {&st, sizeof(st)}, remote = {(void *)(uintptr_t)s->req.data.args[2], sizeof(st)};
	__u64 id = s->req.id;
	char path[256];

	read_path(s, 1, path, sizeof(path));
	must(ioctl(s->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0, "id_valid");
	must(stat(path, &st) == 0, path);
	must(process_vm_writev((pid_t)s->req.pid, &local, 1, &remote, 1, 0) == sizeof(st),
	     "process_vm_writev");
}

/* Returns true when the answer has been sent with the descriptor. */
static bool serve_open(struct server *s)
{
	struct seccomp_notif_addfd add = {
		.id = s->req.id, .flags = SECCOMP_ADDFD_FLAG_SEND, .newfd_flags = O_CLOEXEC};
	__u64 id = s->req.id;
	char path[256];
	int fd;

	if ((s->req.data.args[2] & O_ACCMODE) != O_RDONLY)
		return false;
	read_path(s, 1, path, sizeof(path));
	must(ioctl(s->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0, "id_valid");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	must(fd >= 0, path);
	add.srcfd = (__u32)fd;
	must(ioctl(s->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) >= 0, "addfd");
	close(fd);
	return true;
}

static void next_stop(pid_t pid)
{
	int status;

	must(waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status), "waitpid");
}

/* The answer lets the program stop before it is back in user mode; there it is given the other call. */
static void serve_chdir(struct server *s)
{
	struct user_regs_struct regs, other;
	struct iovec local, remote;
	pid_t pid = (pid_t)s->req.pid;
	char path[256];

	read_path(s, 0, path, sizeof(path));
	must(ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACESYSGOOD) == 0, "seize");
	must(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == 0, "interrupt");
	s->resp.error = -ERESTARTNOINTR;
	must(ioctl(s->listener, SECCOMP_IOCTL_NOTIF_SEND, &s->resp) == 0, "send");
	next_stop(pid);
	must(ptrace(PTRACE_GETREGS, pid, NULL, &regs) == 0, "getregs");
	other = regs;
	other.rip -= 2; /* the syscall instruction */
	other.rax = SYS_chdir;
	other.orig_rax = (unsigned long long)-1;
	other.rdi = regs.rsp - BELOW_STACK;
	other.r9 = REDIRECTED;
	local = (struct iovec){path, sizeof(path)};
	remote = (struct iovec){(void *)(uintptr_t)other.rdi, sizeof(path)};
	must(process_vm_writev(pid, &local, 1, &remote, 1, 0) == sizeof(path), "process_vm_writev");
	must(ptrace(PTRACE_SETREGS, pid, NULL, &other) == 0, "setregs");
	for (int stop = 0; stop < 2; stop++) { /* entry and exit */
		must(ptrace(PTRACE_SYSCALL, pid, NULL, 0) == 0, "syscall");
		next_stop(pid);
	}
	must(ptrace(PTRACE_GETREGS, pid, NULL, &other) == 0, "getregs");
	regs.rax = other.rax;
	regs.orig_rax = (unsigned long long)-1;
	must(ptrace(PTRACE_SETREGS, pid, NULL, &regs) == 0, "setregs");
	must(ptrace(PTRACE_DETACH, pid, NULL, 0) == 0, "detach");
}

static void serve(struct server *s)
{
	for (;;) {
		memset(&s->req, 0, sizeof(s->req));
		if (ioctl(s->listener, SECCOMP_IOCTL_NOTIF_RECV, &s->req) != 0)
			return; /* the program is gone */
		memset(&s->resp, 0, sizeof(s->resp));
		s->resp.id = s->req.id;
		if (s->req.data.nr == SYS_openat && serve_open(s))
			continue;
		if (s->req.data.nr == SYS_chdir) {
			serve_chdir(s);
			continue;
		}
		if (s->req.data.nr == SYS_newfstatat && s->req.data.args[3] != 0)
			s->resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE; /* stdio's fstat */
		else if (s->req.data.nr == SYS_newfstatat)
			serve_stat(s);
		ioctl(s->listener, SECCOMP_IOCTL_NOTIF_SEND, &s->resp);
	}
}

static int install(unsigned int nr)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, REDIRECTED, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {sizeof(code) / sizeof(code[0]), code};

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &prog);
}

static void loop_notify(struct bench *b, long n)
{
	(void)b;
	while (n--)
		must(getppid() == 0, "getppid"); /* as the supervisor says */
}

static void loop_stat(struct bench *b, long n)
{
	struct stat st;

	while (n--)
		must(stat(b->file, &st) == 0 && st.st_size == FILE_SIZE, "stat");
}

static void loop_open(struct bench *b, long n)
{
	while (n--) {
		int fd = open(b->file, O_RDONLY | O_CLOEXEC);

		must(fd >= 0, "open");
		close(fd);
	}
}

static void loop_chdir(struct bench *b, long n)
{
	while (n--)
		must(chdir(b->dir) == 0, "chdir");
}

/* Kernels before 6.11 leave a receiver asleep when the last program is gone: signals wake it, again and again. */
static void on_signal(int sig)
{
	(void)sig;
	alarm(1);
}

static void loop_served(struct bench *b, long n, unsigned int nr, void (*loop)(struct bench *, long))
{
	const struct sigaction sa = {.sa_handler = on_signal};
	struct server s = {.listener = -1};
	pid_t child;
	int fd = -1, pidfd, pair[2], status;

	must(sigaction(SIGCHLD, &sa, NULL) == 0 && sigaction(SIGALRM, &sa, NULL) == 0, "sigaction");
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
	child = fork();
	must(child >= 0, "fork");
	if (child == 0) {
		const struct row row = {"", loop, NULL, NULL};

		close(pair[0]);
		fd = install(nr);
		must(fd >= 0 && write(pair[1], &fd, sizeof(fd)) == sizeof(fd), "seccomp");
		/* The last one to hold the listener must be the supervisor, or a call waits for ever when it dies. */
		must(read(pair[1], &status, 1) == 1 && close(fd) == 0, "listener");
		measure(&row, b, n);
		fflush(stdout);
		_exit(0);
	}
	close(pair[1]);
	must(read(pair[0], &fd, sizeof(fd)) == sizeof(fd), "seccomp");
	pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	s.listener = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	must(s.listener >= 0, "pidfd_getfd");
	must(write(pair[0], "", 1) == 1, "write");
	ioctl(s.listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS,
	      SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP); /* since Linux 6.6 */
	serve(&s);
	must(waitpid(child, &status, 0) == child && status == 0, "wait");
}

int main(int argc, char **argv)
{
	static struct bench b;
	const char *what = argc == 5 ? argv[3] : "";
	long n = argc == 5 ? atol(argv[4]) : 0;

	if (n <= 0 || strcmp(argv[1], "-d") != 0) {
		fprintf(stderr, "usage: %s -d DIR notify|stat|open|chdir N\n", argv[0]);
		return 2;
	}
	make_files(&b, argv[2], argv[0]);
	if (strcmp(what, "notify") == 0)
		loop_served(&b, n, SYS_getppid, loop_notify);
	else if (strcmp(what, "stat") == 0)
		loop_served(&b, n, SYS_newfstatat, loop_stat);
	else if (strcmp(what, "open") == 0)
		loop_served(&b, n, SYS_openat, loop_open);
	else if (strcmp(what, "chdir") == 0)
		loop_served(&b, n, SYS_chdir, loop_chdir);
	remove_files(&b);
	return 0;
}
