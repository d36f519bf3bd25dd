/* pidfd_open, and what can be done with the descriptor. */
#include "guest.h"

#include <poll.h>

int main(int argc, char **argv)
{
	siginfo_t si = {0};
	struct pollfd pfd;
	int fd, fds[2], got;
	char c = 0;
	pid_t child;

	guest_begin(argc, argv);
	MUST(pipe2(fds, O_CLOEXEC));
	child = MUST(fork());
	if (!child) {
		for (;;)
			pause();
	}
	fd = CHECK_OK(syscall(SYS_pidfd_open, child, 0));
	CHECK_VALUE(fcntl(fd, F_GETFD), FD_CLOEXEC);
	pfd = (struct pollfd){fd, POLLIN, 0};
	CHECK_VALUE(poll(&pfd, 1, 0), 0);
	CHECK_OK(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
	got = syscall(SYS_pidfd_getfd, fd, fds[1], 0);
	if (got >= 0) {
		CHECK_VALUE(write(got, "y", 1), 1);
		CHECK_VALUE(read(fds[0], &c, 1), 1);
		CHECK_VALUE(c, 'y');
		close(got);
	} else {
		/* Docker's default profile refuses it, as uctr may */
		CHECK_SAYS(errno == EPERM || errno == ENOSYS, "errno %d", errno);
	}
	CHECK_OK(syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0));
	CHECK_VALUE(poll(&pfd, 1, 5000), 1);
	CHECK_OK(waitid(P_PIDFD, fd, &si, WEXITED));
	CHECK_VALUE(si.si_pid, child);
	CHECK_VALUE(si.si_status, SIGKILL);
	CHECK_ERRNO(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0), ESRCH);
	close(fd);
	CHECK_ERRNO(syscall(SYS_pidfd_open, child, 0), ESRCH);
	CHECK_ERRNO(syscall(SYS_pidfd_open, -1, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_pidfd_open, 0, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_pidfd_open, getpid(), 1), EINVAL);
	close(CHECK_OK(syscall(SYS_pidfd_open, getpid(), O_NONBLOCK)));
	if (in_view()) {
		CHECK_ERRNO(syscall(SYS_pidfd_open, guest.outside, 0), ESRCH);
		CHECK_ERRNO(syscall(SYS_pidfd_open, getppid(), 0), ESRCH);
		CHECK_ERRNO(syscall(SYS_pidfd_open, 1, 0), ESRCH);
		CHECK_ERRNO(syscall(SYS_pidfd_open, guest.outside, PIDFD_THREAD), ESRCH);
	}
	close(fds[0]);
	close(fds[1]);
	return guest_end();
}
