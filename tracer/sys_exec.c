/* execve(2) and execveat(2): what the kernel's do_execveat_common(), load_script() and load_elf_binary() look up is
 * looked up in the view; the task then runs the call itself on the file that was found.
 *
 * Known differences: binfmt_misc of the host is not asked; a file that may be executed but not read is EACCES, since the
 * supervisor could not reach the process afterwards; where the guest's own path does not do, E2BIG comes some bytes earlier:
 * 8 for each argument that a script adds, and what "/proc/PID/fd/N" is longer than that path. */
#include "tracer/call.h"
#include "tracer/exec_copy.h"
#include "tracer/exec_plan.h"
#include "tracer/handlers.h"
#include "tracer/redirect.h"

#include "lib/cleanup.h"
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#define HEADER_SIZE  256 /* BINPRM_BUF_SIZE */
#define MAX_REWRITES 5	 /* exec_binprm(): scripts whose interpreter is a script */
#define MAX_PREFIX   (3 * (MAX_REWRITES + 1))
#define MAX_ARGS     (512 * 1024)

/* One execve while it is being decided. */
struct exec {
	struct call *c;
	struct vfs_name name;
	const char *path;   /* as the guest gave it */
	const char *execfn; /* what AT_EXECFN will say */
	bool nofollow;
	bool by_fd;	   /* the file is meant by its descriptor alone */
	bool inaccessible; /* execfn names it by a descriptor that will be closed: of no use to an interpreter */
	int path_arg, argv_arg;

	struct vfs_object object; /* the ELF file in the end */
	int file;		  /* opened for reading */
	bool native;		  /* the kernel itself finds all the same files by the guest's path */
	bool script;
	bool copied;			/* the object is a copy, see name_interp() */
	const char *prefix[MAX_PREFIX]; /* arguments before the guest's argv[1], for scripts */
	int n_prefix;
	struct elf_image elf;
};

static const char *mem_base_or_root(const char *base)
{
	return base ? base : "/";
}

/* Opens an object for reading and checks that it may be executed, as do_open_execat() does. */
static int open_executable(const struct vfs_object *object, int *ret_file)
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
	if (!x->script)
		push_front(x, x->execfn);
	x->script = true;
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

		if (depth > MAX_REWRITES)
			return -ELOOP;
		r = vfs_lookup(&x->c->vfs, &x->name, x->nofollow && depth == 0 ? 0 : LOOKUP_FOLLOW,
			       &x->object);
		if (r == 0)
			r = open_executable(&x->object, &x->file);
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

static int set_identity(struct exec_plan *plan, int file)
{
	struct stat st;

	if (fstat(file, &st) < 0)
		return -errno;
	plan->dev = st.st_dev;
	plan->ino = st.st_ino;
	return 0;
}

/* The name that the object's file has in its directory. */
static int object_name(const struct exec *x, const char **ret)
{
	char link[32], path[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", x->object.fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return -errno;
	path[n] = '\0';
	*ret = arena_strdup(x->c->arena, strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
	return 0;
}

/* The host has no such file as the interpreter, the view has: a copy of the program is executed that names it by our
 * descriptor, which is taken. */
static int name_interp(struct exec *x, struct redirect *r, struct exec_plan *plan, int interp)
{
	const char *name;
	char path[64];
	int copy, e = redirect_hold(r, interp);

	if (e == 0)
		e = object_name(x, &name);
	if (e < 0)
		return e;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", x->c->ct->supervisor, interp);
	copy = exec_copy(x->file, name, path);
	if (copy < 0)
		return copy;
	vfs_object_release(&x->object);
	x->object = (struct vfs_object)VFS_OBJECT_NONE;
	x->object.fd = copy;
	x->copied = true;
	return set_identity(plan, copy);
}

/* Whether the kernel, which looks for it in the host's tree, takes the same ELF interpreter as the view has; else the
 * view's is set in the plan. */
static int find_interp(struct exec *x, struct redirect *r, struct exec_plan *plan)
{
	struct vfs_name name = {.path = x->elf.interp, .base = "/", .fd = -1};
	struct vfs_object object __attribute__((cleanup(vfs_object_release))) = VFS_OBJECT_NONE;
	_cleanup_close_ int host = -1, file = -1;
	struct stat view_st, host_st;
	int e = vfs_lookup(&x->c->vfs, &name, LOOKUP_FOLLOW, &object);

	if (e < 0)
		return e;
	if (object.native)
		return 0;
	e = open_executable(&object, &file);
	if (e < 0)
		return e;
	host = open(x->elf.interp, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (host < 0 || elf_image_read(host, &plan->interp) < 0)
		return name_interp(x, r, plan, TAKE_FD(file));
	if (fstat(file, &view_st) < 0 || fstat(host, &host_st) < 0)
		return -errno;
	if (view_st.st_dev == host_st.st_dev && view_st.st_ino == host_st.st_ino)
		return 0;
	plan->host_interp_span = plan->interp.end - plan->interp.start;
	if (elf_image_read(file, &plan->interp) < 0)
		return -ELIBBAD;
	plan->interp_fd = TAKE_FD(file);
	return 0;
}

static int read_image(struct exec *x, struct redirect *r, struct exec_plan *plan)
{
	int e = elf_image_read(x->file, &x->elf);

	if (e == 0)
		e = set_identity(plan, x->file);
	if (e < 0 || !x->elf.has_interp || (x->native && x->c->vfs.view->all_identity))
		return e;
	return find_interp(x, r, plan);
}

/* How many of the pointers from address on lie wholly in its page, at least one. */
static size_t pointers_in_page(uint64_t address)
{
	size_t n = (4096 - address % 4096) / 8;

	return n ? n : 1;
}

/* Number of pointers in the guest's argv, without the NULL. */
static ssize_t read_argv(struct call *c, uint64_t at, uint64_t **ret)
{
	size_t room = 512, n = 0;
	uint64_t *argv = arena_alloc(c->arena, room * sizeof(*argv));

	*ret = argv;
	if (!at)
		return 0;
	for (;;) {
		size_t more = pointers_in_page(at + n * 8);

		if (more > room - n)
			more = room - n;
		if (call_read(c, at + n * 8, &argv[n], more * 8) < 0)
			return -EFAULT;
		for (size_t end = n + more; n < end; n++)
			if (!argv[n])
				return (ssize_t)n;
		if (n >= MAX_ARGS)
			return -E2BIG;
		if (n == room) {
			uint64_t *larger = arena_alloc(c->arena, 4 * room * sizeof(*argv));

			memcpy(larger, argv, n * sizeof(*argv));
			*ret = argv = larger;
			room *= 4;
		}
	}
}

/* argv as load_script() makes it: interpreter, its argument, the script, and the guest's from argv[1] on. */
static int set_script_argv(struct exec *x, struct redirect *r)
{
	uint64_t *argv, *all;
	ssize_t n = read_argv(x->c, x->c->args[x->argv_arg], &argv);
	size_t total, room;

	if (n < 0)
		return (int)n;
	total = (size_t)x->n_prefix + (n > 0 ? (size_t)n - 1 : 0);
	all = arena_zalloc(x->c->arena, (total + 1) * sizeof(*all));
	room = (total + 1) * sizeof(*all) + PATH_MAX + 64; /* and the path, set_fd_path() */
	for (int i = 0; i < x->n_prefix; i++)
		room += strlen(x->prefix[i]) + 1 + sizeof(*all);
	if (redirect_reserve(r, room + sizeof(*all)) < 0)
		return -E2BIG;
	for (int i = 0; i < x->n_prefix; i++) {
		all[i] = redirect_data(r, -1, x->prefix[i], strlen(x->prefix[i]) + 1);
		if (!all[i])
			return -E2BIG;
	}
	if (n > 1)
		memcpy(all + x->n_prefix, argv + 1, ((size_t)n - 1) * sizeof(*all));
	return redirect_data(r, x->argv_arg, all, (total + 1) * sizeof(*all)) ? 0 : -E2BIG;
}

/* The path by which the task reaches the file, padded to the length of execfn, which will take its place. */
static int set_fd_path(struct exec *x, struct redirect *r, struct exec_plan *plan)
{
	static const char proc[] = "/proc";
	char path[PATH_MAX + 64], tail[64];
	size_t len = strlen(x->execfn), least;
	int fd = fcntl(x->object.fd, F_DUPFD_CLOEXEC, 3), e;

	if (fd < 0)
		return -errno;
	e = redirect_hold(r, fd);
	if (e < 0)
		return e;
	snprintf(tail, sizeof(tail), "/%d/fd/%d", x->c->ct->supervisor, fd);
	least = strlen(proc) + strlen(tail);
	memset(path, '/', sizeof(path));
	memcpy(path, proc, strlen(proc));
	memcpy(path + (len > least ? len : least) - strlen(tail), tail, strlen(tail) + 1);
	plan->execfn = strdup(x->execfn);
	plan->execfn_room = strlen(path);
	if (!plan->execfn || !redirect_data(r, x->path_arg, path, strlen(path) + 1))
		return -ENOMEM;
	if (x->c->nr == SYS_execveat) {
		redirect_arg(r, 0, (uint64_t)AT_FDCWD);
		redirect_arg(r, 4, 0);
	}
	return 0;
}

/* Since Linux 6.14 the name of a thread that executes a descriptor is the file's, not the descriptor's number:
 * begin_new_exec(). Of a script it is the interpreter's. */
static int set_comm(const struct exec *x, struct exec_plan *plan)
{
	struct utsname kernel;
	const char *name;
	int major, minor, e;

	if (uname(&kernel) < 0 || sscanf(kernel.release, "%d.%d", &major, &minor) != 2 || major < 6 ||
	    (major == 6 && minor < 14))
		return 0;
	e = object_name(x, &name);
	if (e < 0)
		return e;
	plan->comm = strdup(name);
	return plan->comm ? 0 : -ENOMEM;
}

static int make_redirect(struct exec *x, struct redirect *r, struct exec_plan *plan)
{
	int e = x->by_fd ? set_comm(x, plan) : 0;

	if (e == 0)
		e = read_image(x, r, plan);
	if (e < 0)
		return e;
	if (x->native && !x->by_fd && !x->copied && plan->interp_fd < 0) {
		/* The guest's own path does: the kernel finds the same, and all names are right by themselves. */
		redirect_native(r);
		return redirect_data(r, x->path_arg, x->path, strlen(x->path) + 1) ? 0 : -ENOMEM;
	}
	if (x->by_fd && !x->script && !x->copied) /* it has the descriptor itself */
		return redirect_data(r, x->path_arg, "", 1) ? 0 : -ENOMEM;
	if (x->script)
		e = set_script_argv(x, r);
	return e < 0 ? e : set_fd_path(x, r, plan);
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
			e = make_redirect(x, r, plan);
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
