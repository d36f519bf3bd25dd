/* inotify_add_watch on paths, and the events that come. */
#include "guest.h"

#include <poll.h>
#include <sys/inotify.h>

static int watcher;

static long call_add_watch(int dirfd, const char *path)
{
	(void)dirfd;
	return syscall(SYS_inotify_add_watch, watcher, path, IN_CREATE);
}

/* The next event, NULL when there is none within a second. */
static struct inotify_event *next_event(void)
{
	static char buf[4096] __attribute__((aligned(8)));
	static ssize_t n, at;
	struct pollfd pfd = {watcher, POLLIN, 0};
	struct inotify_event *e;

	if (at >= n) {
		if (poll(&pfd, 1, 1000) <= 0)
			return NULL;
		n = read(watcher, buf, sizeof(buf));
		at = 0;
		if (n <= 0)
			return NULL;
	}
	e = (struct inotify_event *)(buf + at);
	at += sizeof(*e) + e->len;
	return e;
}

static void check_event(int line, int wd, uint32_t mask, const char *name)
{
	struct inotify_event *e = next_event();

	report(e && e->wd == wd && e->mask == mask && !strcmp(e->len ? e->name : "", name), line, name,
	       "event wd %d mask %x name %s", e ? e->wd : -1, e ? e->mask : 0, e && e->len ? e->name : "-");
}

int main(int argc, char **argv)
{
	int wd, wd2;

	guest_begin(argc, argv);
	watcher = CHECK_OK(syscall(SYS_inotify_init1, IN_CLOEXEC | IN_NONBLOCK));
	path_errors("inotify_add_watch", call_add_watch, false);

	wd = CHECK_OK(syscall(SYS_inotify_add_watch, watcher, guest.dir, IN_CREATE | IN_DELETE | IN_MOVE));
	make_file("a", "");
	check_event(__LINE__, wd, IN_CREATE, "a");
	MUST(mkdir(in_dir("d"), 0755));
	check_event(__LINE__, wd, IN_CREATE | IN_ISDIR, "d");
	MUST(rename(in_dir("a"), in_dir("b")));
	check_event(__LINE__, wd, IN_MOVED_FROM, "a");
	check_event(__LINE__, wd, IN_MOVED_TO, "b");
	MUST(unlink(in_dir("b")));
	check_event(__LINE__, wd, IN_DELETE, "b");
	MUST(rmdir(in_dir("d")));
	check_event(__LINE__, wd, IN_DELETE | IN_ISDIR, "d");
	/* the same object again is the same watch */
	CHECK_VALUE(syscall(SYS_inotify_add_watch, watcher, at_border("."), IN_DELETE_SELF), wd);
	CHECK_ERRNO(syscall(SYS_inotify_add_watch, watcher, guest.dir, IN_OPEN | IN_MASK_CREATE), EEXIST);
	CHECK_OK(syscall(SYS_inotify_rm_watch, watcher, wd));
	check_event(__LINE__, wd, IN_IGNORED, "");

	make_file("file", "");
	MUST(symlink("file", in_dir("link")));
	wd = CHECK_OK(syscall(SYS_inotify_add_watch, watcher, in_dir("file"), IN_ATTRIB));
	CHECK_VALUE(syscall(SYS_inotify_add_watch, watcher, in_dir("link"), IN_ATTRIB), wd);
	wd2 = CHECK_OK(syscall(SYS_inotify_add_watch, watcher, in_dir("link"), IN_ATTRIB | IN_DONT_FOLLOW));
	CHECK(wd2 != wd);
	MUST(chmod(in_dir("file"), 0600));
	check_event(__LINE__, wd, IN_ATTRIB, "");
	CHECK_ERRNO(syscall(SYS_inotify_add_watch, watcher, in_dir("file"), IN_ATTRIB | IN_ONLYDIR), ENOTDIR);
	CHECK_ERRNO(syscall(SYS_inotify_add_watch, watcher, in_dir("file"), 0), EINVAL);
	CHECK_ERRNO(syscall(SYS_inotify_add_watch, -1, in_dir("file"), IN_ATTRIB), EBADF);
	CHECK_ERRNO(syscall(SYS_inotify_add_watch, 1, in_dir("file"), IN_ATTRIB), EINVAL);
	CHECK_ERRNO(syscall(SYS_inotify_rm_watch, watcher, 1000), EINVAL);
	if (in_view())
		CHECK_OK(syscall(SYS_inotify_add_watch, watcher, in_ro("file"), IN_ATTRIB));
	close(watcher);
	MUST(unlink(in_dir("file")));
	MUST(unlink(in_dir("link")));
	return guest_end();
}
