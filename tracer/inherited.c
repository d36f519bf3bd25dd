#include "tracer/inherited.h"

#include "lib/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>

/* Those of stdin, stdout and stderr that are closed, or one of uctr's own descriptors would get the number. Closed on exec,
 * so that the program finds them as they were. */
static int fill_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

int inherited_init(struct inherited *in)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	int r = fill_standard();

	*in = (struct inherited){0};
	if (r < 0)
		return r;
	dir = opendir("/proc/self/fd");
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
