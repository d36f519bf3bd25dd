/* SECCOMP_IOCTL_NOTIF_ADDFD refuses an O_PATH descriptor with EBADF, and the call still waits for its answer. */
#include "tests/kernel/kernel.h"

static int run(void *arg)
{
	(void)arg;
	return syscall(SYS_getpgid, 0) == 4711 ? 0 : 1;
}

static long add(const struct guest *guest, const struct seccomp_notif *call, int fd)
{
	struct seccomp_notif_addfd add = {.id = call->id, .srcfd = (__u32)fd, .newfd_flags = O_CLOEXEC};

	return RESULT(ioctl(guest->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add));
}

int main(void)
{
	static const struct sock_filter filter[] = {LOAD_NR, ON_CALL(SYS_getpgid, SECCOMP_RET_USER_NOTIF),
						    ALLOW_REST};
	int path_only = open("/", O_PATH | O_CLOEXEC), real = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct seccomp_notif call;
	struct guest guest;
	long number;

	begin();
	guest = START_GUEST(filter, 0, run, NULL);
	receive_call(guest.listener, &call);
	check_is(add(&guest, &call, path_only), -EBADF, "ADDFD of an O_PATH descriptor is EBADF");
	number = add(&guest, &call, real);
	check(number >= 0, "ADDFD of the same directory opened for reading works", "%ld", number);
	check_is(answer(guest.listener, &call, 4711), 0, "the call still waited for its answer");
	check_is(wait_exit(guest.pid), 0, "the guest got the answer");
	return end();
}
