/* perf_event_open: of the own tasks only. */
#include "guest.h"

#include <linux/perf_event.h>

static long perf(pid_t pid, int cpu, unsigned long flags)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_TASK_CLOCK,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};

	return syscall(SYS_perf_event_open, border(&attr, sizeof(attr)), pid, cpu, -1, flags);
}

int main(int argc, char **argv)
{
	uint64_t count = 0;
	pid_t child;
	int fd;

	guest_begin(argc, argv);
	child = MUST(fork());
	if (!child) {
		for (;;)
			pause();
	}
	fd = perf(child, -1, PERF_FLAG_FD_CLOEXEC);
	if (in_view()) {
		/* also where perf is not allowed at all: what is refused is refused before */
		CHECK_ERRNO(perf(guest.outside, -1, 0), ESRCH);
		CHECK_ERRNO(perf(getppid(), -1, 0), ESRCH);
		CHECK_ERRNO(perf(-1, 0, 0), EACCES);
		CHECK_ERRNO(perf(0, 0, PERF_FLAG_PID_CGROUP), EACCES);
	}
	if (fd < 0 && (errno == EACCES || errno == ENOENT || errno == ENOSYS || errno == EPERM)) {
		int e = errno;

		kill(child, SIGKILL);
		wait_for(child);
		skip("the kernel allows no perf events here (%s)", strerror(e));
	}
	CHECK(fd >= 0);
	CHECK_VALUE(read(fd, &count, sizeof(count)), sizeof(count));
	close(fd);
	fd = CHECK_OK(perf(getpid(), -1, 0));
	for (volatile int i = 0; i < 1000000; i++)
		;
	CHECK_VALUE(read(fd, &count, sizeof(count)), sizeof(count));
	CHECK(count > 0);
	close(fd);
	fd = CHECK_OK(perf(0, -1, 0));
	close(fd);
	CHECK_ERRNO(perf(child, -1, 1UL << 20), EINVAL);
	kill(child, SIGKILL);
	wait_for(child);
	CHECK_ERRNO(perf(child, -1, 0), ESRCH);
	return guest_end();
}
