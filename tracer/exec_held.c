/* execve of a thread that a debugger of the guest holds. Only what its path argument points to can be changed, see
 * redirect_held.c, and its new image cannot be made to call anything. So the path has to lead to a file of which the kernel
 * makes the right image by itself: for a script to one that names the view's interpreter by our descriptor.
 *
 * Known differences: the thread's name is that of the host's file, or a number where there is none; /proc/PID/cmdline has
 * empty arguments behind a script's interpreter; a script whose interpreter is a script is EPERM. */
#include "tracer/exec.h"
#include "tracer/exec_copy.h"
#include "tracer/exec_plan.h"
#include "tracer/redirect.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define RED_ZONE   128
#define STRING_MAX (128 * 1024) /* MAX_ARG_STRLEN */

static bool leads_to_object(const struct exec *x, int dir, const char *name)
{
	struct stat st, object;

	return fstatat(dir, name, &st, 0) == 0 && fstat(x->object.fd, &object) == 0 &&
	       st.st_dev == object.st_dev && st.st_ino == object.st_ino;
}

/* The object by its name in its directory, from which the thread gets its own name: the guest's, where a link of that name
 * is beside the file. */
static int path_to_object(struct exec *x, struct redirect *r, char path[EXEC_PATH])
{
	const char *host, *name = strrchr(x->execfn, '/') ? strrchr(x->execfn, '/') + 1 : x->execfn;
	_cleanup_close_ int dir = -1;
	char *base;
	int e = exec_host_path(x, &host);

	if (e < 0)
		return e;
	base = strrchr(host, '/');
	if (!x->copied && base) {
		*base = '\0';
		dir = open(*host ? host : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir >= 0 && !leads_to_object(x, dir, name))
			name = base + 1;
		if (dir >= 0 && leads_to_object(x, dir, name))
			return exec_fd_path(x, r, TAKE_FD(dir), name, strlen(x->execfn), path);
	}
	dir = fcntl(x->object.fd, F_DUPFD_CLOEXEC, 3);
	return dir < 0 ? -errno : exec_fd_path(x, r, TAKE_FD(dir), NULL, strlen(x->execfn), path);
}

/* A script in memory that the kernel takes for the guest's. */
static int path_to_script(struct exec *x, struct redirect *r, struct exec_plan *plan, char path[EXEC_PATH])
{
	const char *interp = x->prefix[0], *argument = x->n_prefix == 3 ? x->prefix[1] : NULL;
	char given[EXEC_PATH];
	int e, fd = fcntl(x->object.fd, F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return -errno;
	e = exec_fd_path(x, r, fd, NULL, strlen(interp), given);
	if (e < 0)
		return e;
	plan->argv0 = strdup(interp);
	plan->argv0_given = strdup(given);
	plan->argument = argument ? strdup(argument) : NULL;
	if (!plan->argv0 || !plan->argv0_given || (argument && !plan->argument))
		return -ENOMEM;
	fd = exec_script(given, argument);
	return fd < 0 ? fd : exec_fd_path(x, r, fd, NULL, strlen(x->execfn), path);
}

/* Whether the string at p has bytes in the range. */
static bool reaches_into(struct call *c, uint64_t p, uint64_t from, uint64_t to)
{
	char before[PATH_MAX];

	if (p >= from)
		return p < to;
	return from - p <= sizeof(before) && call_read(c, p, before, from - p) == 0 &&
	       !memchr(before, 0, from - p);
}

static int stack_pointer(struct exec *x, uint64_t *ret)
{
	unsigned long sp;
	int e;

	do /* it may not be asleep yet */
		e = task_sp(x->c->task, &sp);
	while (e == -EAGAIN && call_pending(x->c));
	*ret = sp;
	return e;
}

/* The new path is often longer than the guest's, and its bytes are often those of argv[0], too: the strings of an array that it
 * would change are copied to below the thread's stack pointer. *below: where that is free. */
static int save_strings(struct exec *x, struct redirect *r, uint64_t array, uint64_t from, uint64_t to,
			uint64_t *below)
{
	uint64_t *pointers;
	const char *text;
	ssize_t n = exec_read_argv(x->c, array, &pointers);
	int e = n < 0 ? (int)n : 0;

	for (ssize_t i = 0; e == 0 && i < n; i++) {
		if (!reaches_into(x->c, pointers[i], from, to))
			continue;
		e = call_read_string(x->c, pointers[i], STRING_MAX, -E2BIG, &text);
		if (e < 0)
			break;
		*below -= strlen(text) + 1;
		e = redirect_place(r, *below, text, strlen(text) + 1);
		if (e == 0)
			e = redirect_place(r, array + (uint64_t)i * 8, below, sizeof(*below));
	}
	return e;
}

int exec_held(struct exec *x, struct redirect *r, struct exec_plan *plan)
{
	const uint64_t *arrays = &x->c->args[x->argv_arg], from = x->c->args[x->path_arg];
	char path[EXEC_PATH];
	uint64_t below = 0, to;
	int e;

	if (x->scripts > 1)
		return -EPERM;
	e = x->scripts ? path_to_script(x, r, plan, path) : path_to_object(x, r, path);
	if (e == 0)
		e = exec_give_path(x, r, plan, path);
	if (e == 0)
		e = stack_pointer(x, &below);
	if (e < 0)
		return e;
	below -= RED_ZONE;
	to = from + strlen(path) + 1;
	for (int i = 0; e == 0 && i < 2; i++) /* argv, envp */
		e = save_strings(x, r, arrays[i], from, to, &below);
	return e;
}
