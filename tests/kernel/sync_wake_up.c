/* SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP is accepted, a flag that does not exist is refused, and calls are answered with it
 * as without. What a call costs is printed; it depends on the machine and is not checked. */
#include "tests/kernel/kernel.h"

#define CALLS 3000

static int run(void *arg)
{
	double *ns = arg, start = now_ns();

	for (long i = 0; i < CALLS; i++)
		if (syscall(SYS_getpgid, i) != i + 1)
			return 1;
	*ns = (now_ns() - start) / CALLS;
	return 0;
}

static void serve(const char *what, unsigned long flags)
{
	static const struct sock_filter filter[] = {LOAD_NR, ON_CALL(SYS_getpgid, SECCOMP_RET_USER_NOTIF),
						    ALLOW_REST};
	double *ns = share(sizeof(*ns));
	struct guest guest = START_GUEST(filter, 0, run, ns);
	struct seccomp_notif call;
	long served = 0;

	if (flags && ioctl(guest.listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, flags))
		skip("no SYNC_WAKE_UP (Linux 6.6): %s", strerror(errno));
	while (receive_call(guest.listener, &call))
		if (!answer(guest.listener, &call, (long)call.data.args[0] + 1))
			served++;
	check_is(served, CALLS, what);
	check_is(wait_exit(guest.pid), 0, "each call got its own answer");
	check(ioctl(guest.listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, 1UL << 40) < 0 && errno == EINVAL,
	      "an unknown flag is refused", "errno %d", errno);
	printf("# %s: %.0f ns\n", what, *ns);
	close(guest.listener);
}

int main(void)
{
	begin();
	serve("calls answered with SYNC_WAKE_UP", SYNC_WAKE_UP);
	serve("calls answered without", 0);
	return end();
}
