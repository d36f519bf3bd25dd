/* getpriority, setpriority, ioprio_get, ioprio_set. */
#include "guest.h"

#include <sys/resource.h>

#define IOPRIO_WHO_PROCESS  1
#define IOPRIO_WHO_PGRP	    2
#define IOPRIO_WHO_USER	    3
#define IOPRIO(class, data) ((class) << 13 | (data))

/* The raw call gives 20 - nice. */
static long nice_of(int which, int who)
{
	long n = syscall(SYS_getpriority, which, who);

	return n < 0 ? -100 : 20 - n;
}

static pid_t sleeper(bool own_group)
{
	pid_t pid = MUST(fork());

	if (!pid) {
		for (;;)
			pause();
	}
	if (own_group)
		MUST(setpgid(pid, pid));
	return pid;
}

static void test_nice(pid_t child, pid_t grouped)
{
	CHECK_VALUE(nice_of(PRIO_PROCESS, 0), 0);
	CHECK_VALUE(nice_of(PRIO_PROCESS, getpid()), 0);
	CHECK_OK(syscall(SYS_setpriority, PRIO_PROCESS, child, 5));
	CHECK_VALUE(nice_of(PRIO_PROCESS, child), 5);
	CHECK_VALUE(nice_of(PRIO_PROCESS, 0), 0);
	CHECK_OK(syscall(SYS_setpriority, PRIO_PGRP, grouped, 7));
	CHECK_VALUE(nice_of(PRIO_PGRP, grouped), 7);
	CHECK_VALUE(nice_of(PRIO_PROCESS, grouped), 7);
	/* the best of all of the user's: this process */
	CHECK_VALUE(nice_of(PRIO_USER, 0), 0);
	CHECK_VALUE(nice_of(PRIO_USER, getuid()), 0);
	CHECK_VALUE(nice_of(PRIO_PGRP, 0), 0);
	CHECK_ERRNO(syscall(SYS_getpriority, 3, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_setpriority, -1, 0, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_getpriority, PRIO_PGRP, child), ESRCH);
	CHECK_ERRNO(syscall(SYS_getpriority, PRIO_PROCESS, -1), ESRCH);
	CHECK_ERRNO(syscall(SYS_getpriority, PRIO_USER, getuid() + 12345), ESRCH);
	if (geteuid())
		CHECK_ERRNO(syscall(SYS_setpriority, PRIO_PROCESS, child, -5), EACCES);
}

static void test_io(pid_t child, pid_t grouped)
{
	CHECK_OK(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, child, IOPRIO(2, 6)));
	CHECK_VALUE(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, child), IOPRIO(2, 6));
	CHECK_OK(syscall(SYS_ioprio_set, IOPRIO_WHO_PGRP, grouped, IOPRIO(2, 7)));
	CHECK_VALUE(syscall(SYS_ioprio_get, IOPRIO_WHO_PGRP, grouped), IOPRIO(2, 7));
	CHECK_OK(syscall(SYS_ioprio_get, IOPRIO_WHO_USER, getuid()));
	CHECK_OK(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0));
	CHECK_OK(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, getpid()));
	CHECK_ERRNO(syscall(SYS_ioprio_get, 9, 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, child, IOPRIO(7, 0)), EINVAL);
	CHECK_ERRNO(syscall(SYS_ioprio_get, IOPRIO_WHO_PGRP, child), ESRCH);
}

int main(int argc, char **argv)
{
	pid_t child, grouped;

	guest_begin(argc, argv);
	child = sleeper(false);
	grouped = sleeper(true);
	test_nice(child, grouped);
	test_io(child, grouped);
	if (in_view()) {
		pid_t out = guest.outside;

		CHECK_ERRNO(syscall(SYS_getpriority, PRIO_PROCESS, out), ESRCH);
		CHECK_ERRNO(syscall(SYS_setpriority, PRIO_PROCESS, out, 10), ESRCH);
		CHECK_ERRNO(syscall(SYS_setpriority, PRIO_PGRP, out, 10), ESRCH);
		CHECK_ERRNO(syscall(SYS_getpriority, PRIO_PGRP, out), ESRCH);
		CHECK_ERRNO(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, out), ESRCH);
		CHECK_ERRNO(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, out, IOPRIO(2, 7)), ESRCH);
		CHECK_ERRNO(syscall(SYS_ioprio_set, IOPRIO_WHO_PGRP, out, IOPRIO(2, 7)), ESRCH);
		/* "all of the user's" are those in the container; the driver looks at the one outside */
		CHECK_OK(syscall(SYS_setpriority, PRIO_USER, 0, 11));
		CHECK_VALUE(nice_of(PRIO_PROCESS, child), 11);
		CHECK_OK(syscall(SYS_ioprio_set, IOPRIO_WHO_USER, getuid(), IOPRIO(2, 5)));
		CHECK_VALUE(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, child), IOPRIO(2, 5));
	}
	kill(child, SIGKILL);
	kill(grouped, SIGKILL);
	wait_for(child);
	wait_for(grouped);
	CHECK_ERRNO(syscall(SYS_getpriority, PRIO_PROCESS, child), ESRCH);
	return guest_end();
}
