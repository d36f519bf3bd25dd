#include "tracer/exec_copy.h"

#include "lib/cleanup.h"
#include "vfs/lookup.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

static int new_memfd(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_EXEC);

	if (fd < 0 && errno == EINVAL) /* COMPAT: before Linux 6.3 */
		fd = memfd_create(name, MFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int copy_all(int to, int from, off_t size)
{
	off_t at = 0;

	while (at < size) {
		ssize_t n = sendfile(to, from, &at, (size_t)(size - at));

		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO; /* it has become shorter */
	}
	return 0;
}

/* The name is put behind the file, and the program header led there. Its address in memory still is that of the old name,
 * which the dynamic linker reads. */
static int set_interp(int fd, off_t size, const char *interp)
{
	const size_t len = strlen(interp) + 1;
	Elf64_Ehdr header;
	Elf64_Phdr p;

	if (pread(fd, &header, sizeof(header), 0) != sizeof(header))
		return -ENOEXEC;
	for (unsigned i = 0; i < header.e_phnum; i++) {
		const off_t at = (off_t)(header.e_phoff + i * sizeof(p));

		if (pread(fd, &p, sizeof(p), at) != sizeof(p))
			return -ENOEXEC;
		if (p.p_type != PT_INTERP)
			continue;
		p.p_offset = (Elf64_Off)size;
		p.p_filesz = len;
		if (pwrite(fd, &p, sizeof(p), at) != sizeof(p) ||
		    pwrite(fd, interp, len, size) != (ssize_t)len)
			return -errno;
		return 0;
	}
	return -ENOEXEC;
}

/* As long as it is open for writing a file cannot be executed: ETXTBSY. */
static int reopen(int fd)
{
	char path[32];
	int copy;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	copy = open(path, O_RDONLY | O_CLOEXEC);
	return copy < 0 ? -errno : copy;
}

int exec_copy(int file, const char *path, const char *interp)
{
	char name[250]; /* the longest that the kernel takes */
	_cleanup_close_ int fd = -1;
	struct stat st;
	int e;

	if ((size_t)snprintf(name, sizeof(name), VFS_COPY_NAME "%s", path) >= sizeof(name))
		snprintf(name, sizeof(name), "program");
	fd = new_memfd(name);

	if (fd < 0)
		return fd;
	if (fstat(file, &st) < 0)
		return -errno;
	e = copy_all(fd, file, st.st_size);
	if (e == 0)
		e = set_interp(fd, st.st_size, interp);
	return e < 0 ? e : reopen(fd);
}

int exec_script(const char *interp, const char *argument)
{
	_cleanup_close_ int fd = new_memfd("script");

	if (fd < 0)
		return fd;
	if (dprintf(fd, "#!%s%s%s\n", interp, argument ? " " : "", argument ? argument : "") < 0)
		return -errno;
	return reopen(fd);
}
