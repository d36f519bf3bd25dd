/* From the options to the view. */
#include "lib/cleanup.h"
#include "tracer/cli.h"
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

static int mount_host(struct view *view, const char *point, const char *source, bool rdonly)
{
	int fd = open_source(source);

	return fd < 0 ? fd : view_mount_host(view, point, fd, rdonly);
}

static int mount_proc(struct view *view)
{
	int fd = open_source("/proc");

	return fd < 0 ? fd : view_mount_proc(view, "/proc", fd);
}

/* What --root shows beside the directory itself. */
struct piece {
	enum { PIECE_DIR, PIECE_HOST, PIECE_HOST_RDONLY, PIECE_LINK, PIECE_PROC } kind;
	const char *point;
	const char *target; /* PIECE_LINK */
};

static const struct piece root_pieces[] = {
	{PIECE_PROC, "/proc", NULL},
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

static int mount_piece(struct view *view, const struct piece *piece)
{
	switch (piece->kind) {
	case PIECE_DIR: return view_mount_dir(view, piece->point);
	case PIECE_LINK: return view_mount_symlink(view, piece->point, piece->target);
	case PIECE_PROC: return mount_proc(view);
	case PIECE_HOST:
	case PIECE_HOST_RDONLY: {
		int fd = open_source(piece->point);

		if (fd == -ENOENT || fd == -EACCES)
			return 0; /* the host does not have it, or not for this user: nor has the view */
		return fd < 0 ? fd
			      : view_mount_host(view, piece->point, fd, piece->kind == PIECE_HOST_RDONLY);
	}
	}
	return -EINVAL;
}

static int build_root(struct view *view, const struct options *o)
{
	int r = mount_host(view, "/", o->root, o->root_rdonly);

	if (r)
		return option_error("--root", o->root, ACCEPTED_ROOT, "cannot be used: %s", strerror(-r));
	for (size_t i = 0; i < sizeof(root_pieces) / sizeof(root_pieces[0]); i++) {
		r = mount_piece(view, &root_pieces[i]);
		if (r)
			return option_error("--root", o->root, ACCEPTED_ROOT, "%s cannot be put into it: %s",
					    root_pieces[i].point, strerror(-r));
	}
	return 0;
}

static int build_default(struct view *view)
{
	int r = mount_host(view, "/", "/", true);

	if (r)
		return option_error("/", NULL, NULL, "cannot be opened: %s", strerror(-r));
	r = mount_proc(view);
	return r ? option_error("/proc", NULL, NULL, "cannot be used: %s", strerror(-r)) : 0;
}

static int add_volume(struct view *view, const struct volume *volume)
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
	r = view_mount_host(view, volume->target, fd, volume->rdonly);
	return r ? option_error(volume->option, volume->text, ACCEPTED_VOLUME, "the target '%s': %s",
				volume->target, strerror(-r))
		 : 0;
}

/* Says the one line itself and returns a negative errno, as options.h promises. */
int build_view(struct view *view, const struct options *o)
{
	if (view_init(view)) {
		option_no_memory("the view");
		return -ENOMEM;
	}
	if (o->root ? build_root(view, o) : build_default(view))
		return -EINVAL;
	for (size_t i = 0; i < o->n_volumes; i++)
		if (add_volume(view, &o->volumes[i]))
			return -EINVAL;
	if (o->read_only)
		view_set_rdonly(view);
	view_seal(view);
	return 0;
}
