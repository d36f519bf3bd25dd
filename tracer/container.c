#include "tracer/container.h"

#include "lib/cleanup.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

bool container_has(const struct container *ct, pid_t pid)
{
	struct rlimit limit;

	return pid > 0 && prlimit(pid, RLIMIT_LOCKS, NULL, &limit) == 0 && limit.rlim_cur == ct->tag;
}

int container_each(const struct container *ct, int (*each)(void *arg, pid_t pid), void *arg)
{
	_cleanup_closedir_ DIR *proc = opendir("/proc");
	struct dirent *entry;
	int r;

	if (!proc)
		return -errno;
	while ((entry = readdir(proc))) {
		pid_t pid = isdigit((unsigned char)entry->d_name[0]) ? atoi(entry->d_name) : 0;

		if (!container_has(ct, pid))
			continue;
		r = each(arg, pid);
		if (r != 0)
			return r;
	}
	return 0;
}

struct signal_count {
	int sig;
	int count;
};

static int signal_one(void *arg, pid_t pid)
{
	struct signal_count *s = arg;

	if (kill(pid, s->sig) == 0)
		s->count++;
	return 0;
}

int container_signal_all(const struct container *ct, int sig)
{
	struct signal_count s = {.sig = sig};

	container_each(ct, signal_one, &s);
	return s.count;
}
