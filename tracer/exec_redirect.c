/* How a task gets to the image that was found for its execve: the path and the arguments that it makes the call with, and
 * what is to be put right in the new image. */
#include "tracer/exec.h"
#include "tracer/exec_copy.h"
#include "tracer/exec_plan.h"
#include "tracer/redirect.h"
#include "tracer/twin_files.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#define MAX_ARGS (512 * 1024)

static int set_identity(struct exec_plan *plan, int file)
{
	struct stat st;

	if (fstat(file, &st) < 0)
		return -errno;
	plan->dev = st.st_dev;
	plan->ino = st.st_ino;
	return 0;
}

int exec_host_path(const struct exec *x, const char **ret)
{
	char link[32], path[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", x->object.fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return -errno;
	path[n] = '\0';
	*ret = arena_strdup(x->c->arena, path);
	return 0;
}

static int object_name(const struct exec *x, const char **ret)
{
	int e = exec_host_path(x, ret);

	if (e == 0 && strrchr(*ret, '/'))
		*ret = strrchr(*ret, '/') + 1;
	return e;
}

/* The host has no such file as the interpreter, or the new image is out of reach: a copy of the program is executed that names
 * it by our descriptor, which is taken. */
static int name_interp(struct exec *x, struct redirect *r, struct exec_plan *plan, int interp)
{
	const char *host;
	char path[64];
	int copy, e = redirect_hold(r, interp);

	if (e == 0)
		e = exec_host_path(x, &host);
	if (e < 0)
		return e;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", x->c->ct->supervisor, interp);
	copy = exec_copy(x->file, host, path);
	if (copy < 0)
		return copy;
	plan->interp_header = x->elf.interp_header;
	plan->interp_index = (int)x->elf.interp_index;
	vfs_object_release(&x->object);
	x->object = (struct vfs_object)VFS_OBJECT_NONE;
	x->object.fd = copy;
	x->copied = true;
	return set_identity(plan, copy);
}

/* The kernel looks for the ELF interpreter in the host's tree. Where the one of the view is another, byte for byte, it is set in
 * the plan. */
static int find_interp(struct exec *x, struct redirect *r, struct exec_plan *plan)
{
	struct vfs_name name = {.path = x->elf.interp, .base = "/", .fd = -1};
	struct vfs_object object __attribute__((cleanup(vfs_object_release))) = VFS_OBJECT_NONE;
	_cleanup_close_ int host = -1, file = -1;
	int e = vfs_lookup(&x->c->vfs, &name, LOOKUP_FOLLOW, &object);

	if (e < 0)
		return e;
	if (object.native)
		return 0;
	e = exec_open(&object, &file);
	if (e < 0)
		return e;
	host = open(x->elf.interp, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (host >= 0 && twin_files(&x->c->ct->interpreters, file, host))
		return 0;
	if (host < 0 || x->held || elf_image_read(host, &plan->interp) < 0)
		return name_interp(x, r, plan, TAKE_FD(file));
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

ssize_t exec_read_argv(struct call *c, uint64_t at, uint64_t **ret)
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
	ssize_t n = exec_read_argv(x->c, x->c->args[x->argv_arg], &argv);
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

int exec_fd_path(const struct exec *x, struct redirect *r, int fd, const char *name, size_t least,
		 char path[EXEC_PATH])
{
	static const char proc[] = "/proc";
	char tail[NAME_MAX + 64];
	size_t len, shortest;
	int e = redirect_hold(r, fd);

	if (e < 0)
		return e;
	len = (size_t)snprintf(tail, sizeof(tail), "/%d/fd/%d%s%s", x->c->ct->supervisor, fd, name ? "/" : "",
			       name ? name : "");
	shortest = strlen(proc) + len;
	if (least < shortest)
		least = shortest;
	if (len >= sizeof(tail) || least >= EXEC_PATH)
		return -ENAMETOOLONG;
	memset(path, '/', least);
	memcpy(path, proc, strlen(proc));
	memcpy(path + least - len, tail, len + 1);
	return 0;
}

int exec_give_path(struct exec *x, struct redirect *r, struct exec_plan *plan, const char *path)
{
	plan->execfn = strdup(x->execfn);
	plan->given = strdup(path);
	if (!plan->execfn || !plan->given || !redirect_data(r, x->path_arg, path, strlen(path) + 1))
		return -ENOMEM;
	if (x->nofollow) /* it would stop at the link in /proc */
		redirect_arg(r, 4, 0);
	return 0;
}

/* The path by which the task reaches the file, padded to the length of execfn, which will take its place. */
static int set_fd_path(struct exec *x, struct redirect *r, struct exec_plan *plan)
{
	int fd = fcntl(x->object.fd, F_DUPFD_CLOEXEC, 3), e;
	char path[EXEC_PATH];

	if (fd < 0)
		return -errno;
	e = exec_fd_path(x, r, fd, NULL, strlen(x->execfn), path);
	return e < 0 ? e : exec_give_path(x, r, plan, path);
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

int exec_redirect(struct exec *x, struct redirect *r, struct exec_plan *plan)
{
	const bool host_view = x->native && x->c->vfs.view->all_identity;
	int e = x->by_fd ? set_comm(x, plan) : 0;

	x->held = !host_view && task_is_traced(x->c->task);
	if (e == 0)
		e = read_image(x, r, plan);
	if (e < 0)
		return e;
	if (x->native && !x->by_fd && !x->copied && plan->interp_fd < 0) {
		/* The guest's own path does: the kernel finds the same, and all names are right by themselves. */
		redirect_native(r);
		return redirect_data(r, x->path_arg, x->path, strlen(x->path) + 1) ? 0 : -ENOMEM;
	}
	if (x->by_fd && !x->scripts && !x->copied) { /* it has the descriptor itself */
		if (plan->interp_fd < 0)
			redirect_native(r);
		return redirect_data(r, x->path_arg, "", 1) ? 0 : -ENOMEM;
	}
	if (x->held)
		return exec_held(x, r, plan);
	if (x->scripts)
		e = set_script_argv(x, r);
	return e < 0 ? e : set_fd_path(x, r, plan);
}
