/* A listener answers with a value, an errno, or a descriptor that SECCOMP_ADDFD_FLAG_SEND installs and returns in one
 * step: the number that the guest sees, close-on-exec as asked for, and the call is over afterwards. */
#include "tests/kernel/kernel.h"

struct seen {
	long value, error, fd, flags;
	char text[16];
};

static int run(void *arg)
{
	struct seen *seen = arg;

	seen->value = RESULT(syscall(SYS_getpgid, 1));
	seen->error = RESULT(syscall(SYS_getpgid, 2));
	seen->fd = RESULT(syscall(SYS_getpgid, 3));
	seen->flags = RESULT(fcntl((int)seen->fd, F_GETFD));
	if (read((int)seen->fd, seen->text, sizeof(seen->text) - 1) < 0)
		return 1;
	return 0;
}

int main(void)
{
	static const struct sock_filter filter[] = {LOAD_NR, ON_CALL(SYS_getpgid, SECCOMP_RET_USER_NOTIF),
						    ALLOW_REST};
	struct seen *seen = share(sizeof(*seen));
	struct seccomp_notif call;
	struct seccomp_notif_addfd add;
	struct guest guest;
	int fd, number;

	begin();
	guest = START_GUEST(filter, 0, run, seen);
	fd = MUST(memfd_create("content", MFD_CLOEXEC));
	MUST(pwrite(fd, "injected", 8, 0));

	check(receive_call(guest.listener, &call) && call.data.nr == SYS_getpgid && call.data.args[0] == 1 &&
		      call.pid == (__u32)guest.pid,
	      "a notification has number, arguments and task of the call", "call %d, argument %lld, pid %u",
	      call.data.nr, (long long)call.data.args[0], call.pid);
	check_is(answer(guest.listener, &call, 4711), 0, "a value is sent");
	receive_call(guest.listener, &call);
	check_is(answer(guest.listener, &call, -EXDEV), 0, "an errno is sent");
	receive_call(guest.listener, &call);
	add = (struct seccomp_notif_addfd){.id = call.id,
					   .flags = SECCOMP_ADDFD_FLAG_SEND,
					   .srcfd = (__u32)fd,
					   .newfd_flags = O_CLOEXEC};
	number = ioctl(guest.listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
	if (number < 0 && errno == EINVAL)
		skip("no SECCOMP_ADDFD_FLAG_SEND (Linux 5.14)");
	check(number >= 0, "a descriptor is sent", "errno %d", errno);
	check_is(answer(guest.listener, &call, 0), -ENOENT,
		 "ADDFD with FLAG_SEND was the answer: a second one is ENOENT");

	check_is(wait_exit(guest.pid), 0, "the guest went on to its end");
	check_is(seen->value, 4711, "the guest got the value");
	check_is(seen->error, -EXDEV, "the guest got the errno");
	check_is(seen->fd, number, "the guest got the number of the descriptor");
	check_is(seen->flags, FD_CLOEXEC, "the descriptor is close-on-exec as asked for");
	check(!strcmp(seen->text, "injected"), "the guest reads through the descriptor", "read '%s'",
	      seen->text);
	check_is(fcntl(fd, F_GETFD), FD_CLOEXEC, "ours is untouched");
	return end();
}
