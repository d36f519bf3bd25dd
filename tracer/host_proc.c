#include "tracer/host_proc.h"

#include "lib/cleanup.h"
#include "vfs/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

/* mangle_path() in fs/seq_file.c writes space, tab, newline and backslash as three octal digits. Works in place. */
static void unmangle(char *path)
{
	char *out = path;

	for (const char *in = path; *in; out++) {
		if (in[0] == '\\' && strspn(in + 1, "01234567") >= 3) {
			*out = (char)((in[1] - '0') << 6 | (in[2] - '0') << 3 | (in[3] - '0'));
			in += 4;
		} else {
			*out = *in++;
		}
	}
	*out = '\0';
}

/* One line, "36 35 98:0 ROOT POINT options optional... - TYPE source ...". Works in place. */
static int add_line(struct host_proc *hp, char *line)
{
	char *type = strstr(line, " - "), *rest = line, *root = NULL, *point;
	struct proc_mount *mounts;

	if (!type || strncmp(type + 3, "proc ", 5) != 0)
		return 0;
	for (int i = 0; i < 4; i++)
		root = strsep(&rest, " ");
	point = strsep(&rest, " ");
	if (!root || !point || strncmp(point, "/proc/", 6) == 0)
		return 0;
	unmangle(point);
	mounts = reallocarray(hp->mounts, hp->n + 1, sizeof(mounts[0]));
	if (!mounts)
		return -ENOMEM;
	hp->mounts = mounts;
	mounts[hp->n] = (struct proc_mount){strdup(point), strcmp(root, "/") == 0};
	return mounts[hp->n].point ? (hp->n++, 0) : -ENOMEM;
}

int host_proc_read(struct host_proc *hp)
{
	_cleanup_fclose_ FILE *file = fopen("/proc/self/mountinfo", "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	int r = 0;

	*hp = (struct host_proc){0};
	if (!file)
		return -errno;
	while (!r && getline(&line, &size, file) >= 0)
		r = add_line(hp, line);
	return r;
}

void host_proc_release(struct host_proc *hp)
{
	for (size_t i = 0; i < hp->n; i++)
		free(hp->mounts[i].point);
	free(hp->mounts);
	*hp = (struct host_proc){0};
}

static int mount_proc(struct view *view, const char *point)
{
	int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : view_mount_proc(view, point, fd);
}

static const struct proc_mount *find_mount(const struct host_proc *hp, const char *point)
{
	for (size_t i = hp->n; i-- > 0;)
		if (strcmp(hp->mounts[i].point, point) == 0)
			return &hp->mounts[i];
	return NULL;
}

/* The host's path of an open file or directory. */
static int descriptor_path(int fd, char *buf, size_t size)
{
	char link[32];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, buf, size);
	if (len < 0)
		return -errno;
	if ((size_t)len >= size)
		return -ENAMETOOLONG;
	buf[len] = '\0';
	return 0;
}

/* What of proc(5) lies below the directory source of the host, which the view shows at point. */
static int mount_below(const struct host_proc *hp, struct view *view, const char *point, const char *source)
{
	size_t len = strcmp(source, "/") ? strlen(source) : 0;

	if (strcmp(point, "/") == 0)
		point = "";
	for (size_t i = 0; i < hp->n; i++) {
		const char *below = hp->mounts[i].point + len;
		_cleanup_free_ char *target = NULL;
		int r;

		if (strncmp(hp->mounts[i].point, source, len) != 0 || *below != '/')
			continue;
		if (asprintf(&target, "%s%s", point, below) < 0)
			return -ENOMEM;
		r = hp->mounts[i].whole ? mount_proc(view, target) : view_mask(view, target);
		/* Covered by another mount of the host, or out of this user's reach: there is nothing to show. */
		if (r && r != -ENOENT && r != -ENOTDIR && r != -EACCES)
			return r;
	}
	return 0;
}

int host_proc_mount(const struct host_proc *hp, struct view *view, const char *point, int source_fd,
		    bool rdonly)
{
	_cleanup_close_ int fd = source_fd;
	const struct proc_mount *proc;
	char source[PATH_MAX];
	struct statfs fs;
	int r = descriptor_path(fd, source, sizeof(source));

	if (r)
		return r;
	if (fstatfs(fd, &fs))
		return -errno;
	if (fs.f_type == PROC_SUPER_MAGIC) {
		proc = find_mount(hp, source);
		return proc && proc->whole ? mount_proc(view, point) : -EXDEV;
	}
	r = view_mount_host(view, point, TAKE_FD(fd), rdonly);
	return r ? r : mount_below(hp, view, point, source);
}
