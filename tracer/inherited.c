#include "tracer/inherited.h"

#include "lib/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>

int inherited_init(struct inherited *in)
{
	_cleanup_closedir_ DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	*in = (struct inherited){0};
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		int fd = isdigit((unsigned char)entry->d_name[0]) ? atoi(entry->d_name) : -1;
		int *larger;

		if (fd <= STDERR_FILENO || fd == dirfd(dir))
			continue;
		larger = realloc(in->fds, (in->n + 1) * sizeof(*in->fds));
		if (!larger)
			return -ENOMEM;
		in->fds = larger;
		in->fds[in->n++] = fd;
	}
	return 0;
}

void inherited_close(struct inherited *in)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (size_t i = 0; i < in->n; i++)
		close(in->fds[i]);
	free(in->fds);
	*in = (struct inherited){0};
	if (null >= 0) {
		dup3(null, STDIN_FILENO, O_CLOEXEC);
		dup3(null, STDOUT_FILENO, O_CLOEXEC);
		close(null);
	}
}
