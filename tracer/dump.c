#include "tracer/dump.h"

#include "tracer/container.h"
#include "tracer/redirect.h"

#include "lib/cleanup.h"
#include "lib/log.h"

#include <fcntl.h>
#include <string.h>

static int dump_task(void *arg, pid_t pid)
{
	_cleanup_close_ int fd = -1;
	char path[64], line[512] = "", name[1024], *newline;

	(void)arg;
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, line, sizeof(line) - 1) <= 0)
		return 0;
	newline = strchr(line, '\n');
	if (newline)
		*newline = '\0';
	log_line("  task %.100s\n", log_escape(name, sizeof(name), line));
	return 0;
}

void dump(const struct container *ct)
{
	log_line("uctr: supervisor %d, program %d\n", ct->supervisor, ct->program);
	container_each(ct, dump_task, NULL);
	redirector_dump(ct);
	for (int i = 0; i < SYSCALL_ROWS; i++) {
		unsigned long n = atomic_load(&ct->calls[i]);

		if (n)
			log_line("  %10lu %s\n", n, syscall_table[i].name);
	}
	log_line("  %lu redirects, %lu interrupted calls repaired, %lu not\n", atomic_load(&ct->redirects),
		 atomic_load(&ct->repaired), atomic_load(&ct->unrepaired));
}
