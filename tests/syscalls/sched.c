/* The sched_ calls that name a task. */
#include "guest.h"

#include <sched.h>

/* struct sched_attr of linux/sched/types.h, which some headers lack */
struct attr {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

int main(int argc, char **argv)
{
	struct sched_param param = {0}, *got;
	struct attr attr = {.size = sizeof(attr)};
	unsigned long mask[16] = {0}, one[16] = {0};
	struct timespec *ts;
	pid_t child, me;
	long n;

	guest_begin(argc, argv);
	got = (void *)border(NULL, sizeof(*got));
	ts = (void *)border(NULL, sizeof(*ts));
	me = getpid();
	child = MUST(fork());
	if (!child) {
		for (;;)
			pause();
	}
	for (int i = 0; i < 2; i++) {
		pid_t pid = i ? child : me;

		CHECK_VALUE(syscall(SYS_sched_getscheduler, pid), SCHED_OTHER);
		CHECK_OK(syscall(SYS_sched_getparam, pid, got));
		CHECK_VALUE(got->sched_priority, 0);
		CHECK_OK(syscall(SYS_sched_setparam, pid, border(&param, sizeof(param))));
		CHECK_OK(syscall(SYS_sched_rr_get_interval, pid, ts));
		CHECK(ts->tv_sec == 0);
		n = CHECK_OK(syscall(SYS_sched_getaffinity, pid, sizeof(mask), mask));
		CHECK(n >= 8 && mask[0] != 0);
		/* to one processor and back */
		one[0] = mask[0] & -mask[0];
		CHECK_OK(syscall(SYS_sched_setaffinity, pid, 8, border(one, 8)));
		memset(one, 0, sizeof(one));
		CHECK_OK(syscall(SYS_sched_getaffinity, pid, sizeof(one), one));
		CHECK_VALUE(one[0], mask[0] & -mask[0]);
		CHECK_OK(syscall(SYS_sched_setaffinity, pid, sizeof(mask), mask));
		CHECK_OK(syscall(SYS_sched_getattr, pid, &attr, sizeof(attr), 0));
		CHECK_VALUE(attr.policy, SCHED_OTHER);
		CHECK_VALUE(attr.nice, 0);
	}
	attr.policy = SCHED_BATCH;
	attr.nice = 3;
	CHECK_OK(syscall(SYS_sched_setattr, child, border(&attr, sizeof(attr)), 0));
	CHECK_VALUE(syscall(SYS_sched_getscheduler, child), SCHED_BATCH);
	CHECK_OK(syscall(SYS_sched_setscheduler, child, SCHED_OTHER, &param));
	CHECK_VALUE(syscall(SYS_sched_getscheduler, child), SCHED_OTHER);
	CHECK_VALUE(syscall(SYS_sched_getscheduler, 0), SCHED_OTHER);
	CHECK_ERRNO(syscall(SYS_sched_setscheduler, child, 99, &param), EINVAL);
	CHECK_ERRNO(syscall(SYS_sched_getscheduler, -1), EINVAL);
	CHECK_ERRNO(syscall(SYS_sched_getparam, child, NULL), EINVAL);
	CHECK_ERRNO(syscall(SYS_sched_getparam, child, BAD_POINTER), EFAULT);
	CHECK_ERRNO(syscall(SYS_sched_getaffinity, child, 3, mask), EINVAL);
	if (geteuid()) {
		param.sched_priority = 1;
		CHECK_ERRNO(syscall(SYS_sched_setscheduler, child, SCHED_FIFO, &param), EPERM);
		param.sched_priority = 0;
	}
	kill(child, SIGKILL);
	wait_for(child);
	for (int i = 0; i < (in_view() ? 3 : 1); i++) {
		pid_t pid = i == 0 ? child : i == 1 ? guest.outside : 1;

		CHECK_ERRNO(syscall(SYS_sched_getscheduler, pid), ESRCH);
		CHECK_ERRNO(syscall(SYS_sched_setscheduler, pid, SCHED_BATCH, &param), ESRCH);
		CHECK_ERRNO(syscall(SYS_sched_getparam, pid, got), ESRCH);
		CHECK_ERRNO(syscall(SYS_sched_setparam, pid, &param), ESRCH);
		CHECK_ERRNO(syscall(SYS_sched_rr_get_interval, pid, ts), ESRCH);
		CHECK_ERRNO(syscall(SYS_sched_getaffinity, pid, sizeof(mask), mask), ESRCH);
		CHECK_ERRNO(syscall(SYS_sched_setaffinity, pid, sizeof(mask), mask), ESRCH);
		CHECK_ERRNO(syscall(SYS_sched_getattr, pid, &attr, sizeof(attr), 0), ESRCH);
		CHECK_ERRNO(syscall(SYS_sched_setattr, pid, &attr, 0), ESRCH);
	}
	return guest_end();
}
