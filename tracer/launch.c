#include "tracer/launch.h"

#include "tracer/container.h"
#include "tracer/filter.h"
#include "tracer/listener.h"
#include "tracer/options.h"
#include "tracer/probe.h"

#include "lib/cleanup.h"
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

enum { EXIT_UCTR = 125, EXIT_CANNOT_EXECUTE = 126, EXIT_NOT_FOUND = 127 };

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* One control message with a descriptor. The filter may already be in place, so the call carries the secret. */
static int send_fd(const struct container *ct, int socket, int fd)
{
	char byte = 0;
	struct iovec data = {.iov_base = &byte, .iov_len = 1};
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr m = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&m);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	if (syscall(SYS_sendmsg, socket, &m, 0, 0, 0, ct->secret) < 0)
		return -errno;
	/* The secret must not stay in the register: the calls that follow have fewer arguments and leave it alone. */
	syscall(SYS_getpid, 0, 0, 0, 0, 0, 0);
	return 0;
}

static int receive_fd(int socket)
{
	char byte;
	struct iovec data = {.iov_base = &byte, .iov_len = 1};
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr m = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	struct cmsghdr *header;
	int fd;

	if (recvmsg(socket, &m, MSG_CMSG_CLOEXEC) <= 0)
		return -EIO;
	header = CMSG_FIRSTHDR(&m);
	if (!header || header->cmsg_type != SCM_RIGHTS)
		return -EIO;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

/* Below: in the program's process, behind the filter but for one chdir(2). Every path is one of the view. */

static int exit_status_of(int error)
{
	return error == ENOENT || error == ENOTDIR ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
}

/* A file that is no program the kernel knows is run by the shell, as execvp(3) does. */
static void exec_one(const char *path, char **argv, char **env)
{
	char **shell_argv;
	size_t n = 0;

	execve(path, argv, env);
	if (errno != ENOEXEC)
		return;
	while (argv[n])
		n++;
	shell_argv = calloc(n + 2, sizeof(*shell_argv));
	if (!shell_argv)
		return;
	shell_argv[0] = (char *)"sh";
	shell_argv[1] = (char *)path;
	memcpy(shell_argv + 2, argv + 1, n * sizeof(*argv)); /* with the NULL */
	execve("/bin/sh", shell_argv, env);
	free(shell_argv);
	errno = ENOEXEC;
}

static const char *path_of(char **env)
{
	for (; *env; env++)
		if (strncmp(*env, "PATH=", 5) == 0)
			return *env + 5;
	return DEFAULT_PATH;
}

/* Returns only when the program could not be executed: the errno, as execvp(3) chooses it. */
static int exec_program(char **argv, char **env)
{
	const char *dir = path_of(env);
	bool denied = false;

	if (strchr(argv[0], '/')) {
		exec_one(argv[0], argv, env);
		return errno;
	}
	while (dir) {
		const char *end = strchrnul(dir, ':');
		char path[PATH_MAX];
		int len = (int)(end - dir);

		if (snprintf(path, sizeof(path), "%.*s%s%s", len, dir, len ? "/" : "./", argv[0]) <
		    PATH_MAX) {
			exec_one(path, argv, env);
			if (errno == EACCES) /* of the file, or of a directory on the way? */
				denied |= access(path, F_OK) == 0;
			else if (errno != ENOENT && errno != ENOTDIR)
				return errno;
		}
		dir = *end ? end + 1 : NULL;
	}
	return denied ? EACCES : ENOENT;
}

static int enter_workdir(const struct container *ct, const char *cwd)
{
	const struct options *o = ct->options;

	if (o->workdir) {
		if (chdir(o->workdir) == 0)
			return 0;
		log_error("-w %s: %s; accepted: a directory of the container", o->workdir, strerror(errno));
		return -errno;
	}
	if (ct->view.all_identity)
		return 0; /* it is there */
	/* The caller's directory where the view has it. */
	if (!cwd[0] || chdir(cwd) < 0)
		return chdir("/");
	return 0;
}

static void become_program(struct container *ct, int socket, const sigset_t *mask, const struct rlimit *files)
{
	const struct rlimit tag = {.rlim_cur = ct->tag, .rlim_max = RLIM_INFINITY};
	unsigned needs = (ct->view.extra_names ? NEED_EXTRA_NAMES : 0) |
			 (ct->view.all_identity ? 0 : NEED_TRANSLATION);
	const struct options *o = ct->options;
	char cwd[PATH_MAX];
	int listener, e;

	if (!getcwd(cwd, sizeof(cwd)) || cwd[0] != '/')
		cwd[0] = '\0';
	setpgid(0, ct->program_group);
	setrlimit(RLIMIT_NOFILE, files);
	if (setrlimit(RLIMIT_LOCKS, &tag) < 0) {
		log_error("cannot start: the hard limit RLIMIT_LOCKS is not unlimited");
		_exit(EXIT_UCTR);
	}
	/* Where each path is the host's, the directory is entered before there is a filter: that needs no redirect. */
	if (ct->view.all_identity && enter_workdir(ct, cwd) < 0)
		_exit(EXIT_UCTR);
	listener = filter_load(needs, ct->secret, 0);
	if (listener == -EBUSY) {
		log_error("cannot run inside uctr, or below another program that uses seccomp notification: "
			  "Linux "
			  "allows one such filter");
		_exit(EXIT_UCTR);
	}
	if (listener < 0) {
		log_error("cannot load the seccomp filter: %s (see uctr doctor)", strerror(-listener));
		_exit(EXIT_UCTR);
	}
	e = send_fd(ct, socket, listener);
	close(listener);
	close(socket);
	if (e < 0 || (!ct->view.all_identity && enter_workdir(ct, cwd) < 0))
		_exit(EXIT_UCTR);
	if (ct->ignore_sigchld)
		signal(SIGCHLD, SIG_IGN);
	sigprocmask(SIG_SETMASK, mask, NULL);
	e = exec_program(o->argv, o->env);
	log_error("cannot run %s: %s", o->argv[0], strerror(e));
	_exit(exit_status_of(e));
}

/* A table of descriptors that must grow while threads share it waits for an RCU grace period, about 20 ms (the kernel's
 * expand_fdtable): it grows now, while there is no thread, to more than a usual container's supervisor holds. */
static void grow_fd_table(int fd)
{
	int last = fcntl(fd, F_DUPFD_CLOEXEC, 1000);

	if (last >= 0)
		close(last);
}

int launch(struct container *ct, const sigset_t *mask)
{
	int sockets[2];
	struct rlimit files, most;
	const char *why;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return -errno;
	getrlimit(RLIMIT_NOFILE, &files);
	pid = fork();
	if (pid == 0) {
		close(sockets[0]);
		become_program(ct, sockets[1], mask, &files);
	}
	close(sockets[1]);
	if (pid < 0) {
		close(sockets[0]);
		return -errno;
	}
	most = (struct rlimit){.rlim_cur = files.rlim_max, .rlim_max = files.rlim_max};
	setrlimit(RLIMIT_NOFILE, &most);
	grow_fd_table(sockets[0]);
	ct->program = pid;
	ct->listener = receive_fd(sockets[0]);
	close(sockets[0]);
	if (ct->listener < 0)
		return ct->listener;
	why = probe_listener(ct->listener);
	if (why) {
		log_error("%s", why);
		return -ENOSYS;
	}
	if (!listener_sync_wake_up(ct->listener))
		log_info("this kernel has no synchronous wake-up: calls are slower (see uctr doctor)");
	return 0;
}
