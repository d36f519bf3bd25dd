/* execve(2) and execveat(2): what the kernel's do_execveat_common(), load_script() and load_elf_binary() look up is
 * looked up in the view; the task then runs the call itself on the file that was found.
 *
 * Known differences: binfmt_misc of the host is not asked; a file that may be executed but not read is EACCES, since the
 * supervisor could not reach the process afterwards; where the guest's own path does not do, E2BIG comes some bytes earlier:
 * 8 for each argument that a script adds, and what "/proc/PID/fd/N" is longer than that path. */
#include "tracer/exec.h"
#include "tracer/exec_plan.h"
#include "tracer/handlers.h"
#include "tracer/redirect.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#define HEADER_SIZE 256 /* BINPRM_BUF_SIZE */

static const char *mem_base_or_root(const char *base)
{
	return base ? base : "/";
}

int exec_open(const struct vfs_object *object, int *ret_file)
{
	char path[32];
	struct stat st;
	struct statvfs fs;

	if (object->node)
		return -EACCES;
	if (fstat(object->fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return -ELOOP;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	if (fstatvfs(object->fd, &fs) == 0 && (fs.f_flag & ST_NOEXEC))
		return -EACCES;
	if (faccessat(object->fd, "", X_OK, AT_EMPTY_PATH | AT_EACCESS) < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", object->fd);
	*ret_file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return *ret_file < 0 ? -errno : 0;
}

static bool is_blank(char ch)
{
	return ch == ' ' || ch == '\t';
}

/* The "#!" line as load_script() reads it. Splits header in place. */
static int parse_script(char *header, size_t len, const char **ret_interp, const char **ret_arg)
{
	char *line = header + 2, *end = memchr(line, '\n', len - 2), *p;

	if (!end) {
		/* Cut off by the buffer: allowed only if the interpreter's name is whole. */
		for (p = line; is_blank(*p); p++)
			;
		while (*p && !is_blank(*p))
			p++;
		if (len == HEADER_SIZE && !*p)
			return -ENOEXEC;
		end = header + len;
		if (len == HEADER_SIZE)
			end--;
	}
	*end = '\0';
	while (end > line && is_blank(end[-1]))
		*--end = '\0';
	while (is_blank(*line))
		line++;
	if (!*line)
		return -ENOEXEC;
	*ret_interp = line;
	for (p = line; *p && !is_blank(*p); p++)
		;
	*ret_arg = NULL;
	if (*p) {
		*p++ = '\0';
		while (is_blank(*p))
			p++;
		if (*p)
			*ret_arg = p;
	}
	return 0;
}

static void push_front(struct exec *x, const char *arg)
{
	memmove(x->prefix + 1, x->prefix, (size_t)x->n_prefix * sizeof(x->prefix[0]));
	x->prefix[0] = arg;
	x->n_prefix++;
}

/* Goes from a script to its interpreter. */
static int enter_script(struct exec *x, char *header, size_t len)
{
	const char *interp, *arg, *cwd;
	int r = parse_script(header, len, &interp, &arg);

	if (r < 0)
		return r;
	if (x->inaccessible)
		return -ENOENT;
	if (x->scripts++ == 0)
		push_front(x, x->execfn);
	if (arg)
		push_front(x, arena_strdup(x->c->arena, arg));
	interp = arena_strdup(x->c->arena, interp);
	push_front(x, interp);
	r = call_cwd_vpath(x->c, &cwd);
	if (r < 0)
		return r;
	vfs_object_release(&x->object);
	x->object = (struct vfs_object)VFS_OBJECT_NONE;
	close_fd(&x->file);
	x->name = (struct vfs_name){.path = interp, .base = mem_base_or_root(cwd), .fd = -1};
	return 0;
}

/* Walks the chain of scripts to the ELF file. */
static int find_image(struct exec *x)
{
	for (int depth = 0;; depth++) {
		char header[HEADER_SIZE + 1];
		ssize_t len;
		int r;

		if (depth > EXEC_REWRITES)
			return -ELOOP;
		r = vfs_lookup(&x->c->vfs, &x->name, x->nofollow && depth == 0 ? 0 : LOOKUP_FOLLOW,
			       &x->object);
		if (r == 0)
			r = exec_open(&x->object, &x->file);
		if (r < 0)
			return r;
		x->native &= x->object.native;
		len = pread(x->file, header, HEADER_SIZE, 0);
		if (len < 0)
			return -errno;
		header[len] = '\0';
		if (len < 2 || header[0] != '#' || header[1] != '!')
			break;
		r = enter_script(x, header, (size_t)len);
		if (r < 0)
			return r;
	}
	return 0;
}

static struct reply exec(struct exec *x)
{
	struct exec_plan *plan = NULL;
	struct redirect *r = NULL;
	int e = find_image(x);

	if (e == 0) {
		plan = exec_plan_new();
		r = redirect_new(x->c);
		if (!plan || !r) {
			exec_plan_free(plan);
			redirect_free(r);
			e = -ENOMEM;
		} else {
			redirect_exec(r, plan);
			e = exec_redirect(x, r, plan);
			if (e < 0)
				redirect_free(r);
		}
	}
	vfs_object_release(&x->object);
	close_fd(&x->file);
	return e < 0 ? reply_value(e) : reply_redirect(r);
}

struct reply sys_execve(struct call *c)
{
	struct exec x = {.c = c, .argv_arg = 1, .native = true, .object = VFS_OBJECT_NONE, .file = -1};
	int r = call_name(c, AT_FDCWD, c->args[0], 0, &x.name);

	if (r < 0)
		return reply_value(r);
	x.path = x.execfn = x.name.path;
	return exec(&x);
}

struct reply sys_execveat(struct call *c)
{
	struct exec x = {
		.c = c, .path_arg = 1, .argv_arg = 2, .native = true, .object = VFS_OBJECT_NONE, .file = -1};
	int dirfd = (int)c->args[0], flags = (int)c->args[4], r;

	if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return reply_value(-EINVAL);
	r = call_name(c, dirfd, c->args[1], flags, &x.name);
	if (r < 0)
		return reply_value(r);
	x.path = x.execfn = x.name.path;
	x.nofollow = flags & AT_SYMLINK_NOFOLLOW;
	x.by_fd = !*x.path;
	if (dirfd != AT_FDCWD && *x.path != '/') {
		off_t pos;
		int fd_flags;

		x.execfn = arena_printf(c->arena, "/dev/fd/%d%s%s", dirfd, *x.path ? "/" : "", x.path);
		x.inaccessible = task_fdinfo(c->task, dirfd, &pos, &fd_flags) == 0 && (fd_flags & O_CLOEXEC);
	}
	return exec(&x);
}
