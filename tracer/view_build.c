/* From the options to the view. */
#include "lib/cleanup.h"
#include "tracer/cli.h"
#include "tracer/host_proc.h"
#include "vfs/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Opens the host's path as the user's shell would name it, symlinks followed. */
static int open_source(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int mount_host(const struct host_proc *hp, struct view *view, const char *point, const char *source,
		      bool rdonly)
{
	int fd = open_source(source);

	return fd < 0 ? fd : host_proc_mount(hp, view, point, fd, rdonly);
}

/* What --root shows beside the directory itself. */
struct piece {
	enum { PIECE_DIR, PIECE_HOST, PIECE_HOST_RDONLY, PIECE_LINK } kind;
	const char *point;
	const char *target; /* PIECE_LINK */
};

static const struct piece root_pieces[] = {
	{PIECE_HOST, "/proc", NULL},
	{PIECE_DIR, "/dev", NULL},
	{PIECE_HOST, "/dev/null", NULL},
	{PIECE_HOST, "/dev/zero", NULL},
	{PIECE_HOST, "/dev/full", NULL},
	{PIECE_HOST, "/dev/random", NULL},
	{PIECE_HOST, "/dev/urandom", NULL},
	{PIECE_HOST, "/dev/tty", NULL},
	{PIECE_HOST, "/dev/ptmx", NULL},
	{PIECE_HOST, "/dev/pts", NULL},
	{PIECE_DIR, "/dev/shm", NULL}, /* empty until memory file systems exist */
	{PIECE_LINK, "/dev/fd", "/proc/self/fd"},
	{PIECE_LINK, "/dev/stdin", "/proc/self/fd/0"},
	{PIECE_LINK, "/dev/stdout", "/proc/self/fd/1"},
	{PIECE_LINK, "/dev/stderr", "/proc/self/fd/2"},
	{PIECE_HOST_RDONLY, "/sys", NULL},
	{PIECE_HOST_RDONLY, "/etc/resolv.conf", NULL},
	{PIECE_HOST_RDONLY, "/etc/hosts", NULL},
	{PIECE_HOST_RDONLY, "/etc/hostname", NULL},
};

static int mount_piece(const struct host_proc *hp, struct view *view, const struct piece *piece)
{
	int r;

	switch (piece->kind) {
	case PIECE_DIR: return view_mount_dir(view, piece->point);
	case PIECE_LINK: return view_mount_symlink(view, piece->point, piece->target);
	case PIECE_HOST:
	case PIECE_HOST_RDONLY:
		r = mount_host(hp, view, piece->point, piece->point, piece->kind == PIECE_HOST_RDONLY);
		/* What the host does not have, or not for this user, the view has not either. */
		return r == -ENOENT || r == -EACCES ? 0 : r;
	}
	return -EINVAL;
}

static int build_root(const struct host_proc *hp, struct view *view, const struct options *o)
{
	int r = mount_host(hp, view, "/", o->root, o->root_rdonly);

	if (r)
		return option_error("--root", o->root, ACCEPTED_ROOT, "cannot be used: %s", strerror(-r));
	for (size_t i = 0; i < sizeof(root_pieces) / sizeof(root_pieces[0]); i++) {
		r = mount_piece(hp, view, &root_pieces[i]);
		if (r)
			return option_error("--root", o->root, ACCEPTED_ROOT, "%s cannot be put into it: %s",
					    root_pieces[i].point, strerror(-r));
	}
	return 0;
}

static int build_default(const struct host_proc *hp, struct view *view)
{
	int r = mount_host(hp, view, "/", "/", true);

	return r ? option_error("/", NULL, NULL, "cannot be used: %s", strerror(-r)) : 0;
}

static int add_volume(const struct host_proc *hp, struct view *view, const struct volume *volume)
{
	int fd, r;

	if (volume->kind == VOLUME_MASK) {
		r = view_mask(view, volume->target);
		if (r == -ENOENT)
			return option_error(volume->option, volume->text, ACCEPTED_MASK,
					    "the view has nothing there to mask");
		return r ? option_error(volume->option, volume->text, ACCEPTED_MASK, "%s", strerror(-r)) : 0;
	}
	fd = open_source(volume->source);
	if (fd < 0)
		return option_error(volume->option, volume->text, ACCEPTED_VOLUME, "the source '%s': %s",
				    volume->source, strerror(-fd));
	r = host_proc_mount(hp, view, volume->target, fd, volume->rdonly);
	if (r == -EXDEV)
		return option_error(volume->option, volume->text, ACCEPTED_VOLUME,
				    "a part of /proc cannot be shown elsewhere");
	return r ? option_error(volume->option, volume->text, ACCEPTED_VOLUME, "the target '%s': %s",
				volume->target, strerror(-r))
		 : 0;
}

static int add_all(const struct host_proc *hp, struct view *view, const struct options *o)
{
	int r = o->root ? build_root(hp, view, o) : build_default(hp, view);

	for (size_t i = 0; i < o->n_volumes && !r; i++)
		r = add_volume(hp, view, &o->volumes[i]);
	return r;
}

int build_view(struct view *view, const struct options *o)
{
	struct host_proc hp = {0};
	int r = view_init(view);

	if (r) {
		option_no_memory("the view");
		return r;
	}
	r = host_proc_read(&hp);
	if (r)
		option_error("/proc/self/mountinfo", NULL, NULL, "cannot be read: %s", strerror(-r));
	else if (add_all(&hp, view, o))
		r = -EINVAL;
	host_proc_release(&hp);
	if (r)
		return r;
	if (o->read_only)
		view_set_rdonly(view);
	view_seal(view);
	return 0;
}
