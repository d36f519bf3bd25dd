/* A kept descriptor of /proc/PID belongs to that task alone: after its death all in it is ESRCH (or ENOENT), also when the
 * number is in use again. */
#include "tests/kernel/kernel.h"

#define TRY_NS 3e9 /* so long at most for the number to come again */
#define NEAR   16  /* numbers before it, from which on each new process is meant to live */

static pid_t start(void)
{
	pid_t pid = fork_child();

	if (!pid)
		for (;;)
			pause();
	return pid;
}

static bool is_gone(long result)
{
	return result == -ESRCH || result == -ENOENT;
}

static void all_gone(const char *when, int dir, int status)
{
	char buf[64], what[128];
	long link = RESULT(readlinkat(dir, "cwd", buf, sizeof(buf)));
	long open = RESULT(openat(dir, "status", O_RDONLY | O_CLOEXEC));
	long read = RESULT(pread(status, buf, sizeof(buf), 0));

	snprintf(what, sizeof(what), "the handle leads nowhere %s", when);
	check(is_gone(link) && is_gone(open), what, "readlinkat cwd %ld, openat status %ld", link, open);
	snprintf(what, sizeof(what), "an open file of it is ESRCH %s", when);
	check_is(read, -ESRCH, what);
}

/* Makes processes until one has the number. 0 when that takes too long, or when another process was faster. */
static pid_t reuse(pid_t number)
{
	double until = now_ns() + TRY_NS;
	pid_t last = 0;

	while (now_ns() < until) {
		bool near = last >= number - NEAR && last < number;
		pid_t pid = near ? start() : vfork();

		if (!pid)
			_exit(0);
		if (near && pid == number)
			return pid;
		if (near)
			kill(pid, SIGKILL);
		if (pid > 0)
			wait_exit(pid);
		last = pid;
	}
	return 0;
}

int main(void)
{
	char path[64], buf[64];
	int dir, status;
	pid_t pid, again;

	begin();
	pid = start();
	snprintf(path, sizeof(path), "/proc/%d", pid);
	dir = MUST(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
	status = MUST(openat(dir, "status", O_RDONLY | O_CLOEXEC));
	check(RESULT(readlinkat(dir, "cwd", buf, sizeof(buf))) > 0,
	      "the handle of a task that lives leads to its directory", "errno %d", errno);
	check(RESULT(pread(status, buf, sizeof(buf), 0)) > 0, "an open file of it can be read", "errno %d",
	      errno);
	kill(pid, SIGKILL);
	wait_exit(pid);
	all_gone("after its death", dir, status);
	again = reuse(pid);
	if (again) {
		check_is(kill(again, 0), 0, "another task has the number");
		all_gone("when the number is in use again", dir, status);
		kill(again, SIGKILL);
		wait_exit(again);
	} else {
		printf("# the number did not come again in time\n");
	}
	return end();
}
