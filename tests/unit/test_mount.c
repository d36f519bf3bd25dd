/* Building a view, and what the mount table says about it. */
#include "tests/unit/fixture.h"

static void setup(void)
{
	setup_scratch();
	make_dir(in_scratch("root"));
	make_dir(in_scratch("root/usr"));
	make_dir(in_scratch("root/usr/lib"));
	make_file(in_scratch("root/usr/lib/libc"));
	make_link("usr/lib", in_scratch("root/lib"));
	make_link("/usr", in_scratch("root/abs"));
	make_link("nowhere", in_scratch("root/dangling"));
	make_dir(in_scratch("data"));
	make_dir(in_scratch("data/inner"));
	make_file(in_scratch("data/file"));
	make_file(in_scratch("one"));
	cr_assert_eq(mount_host("/", in_scratch("root")), 0);
}

/* The host path that the virtual one shows, relative to scratch; or an errno's name. */
static const char *shows(const char *vpath)
{
	struct vfs_object o = VFS_OBJECT_NONE;
	char link[32];
	char *text = arena_zalloc(&arena, PATH_MAX);
	int r = look(vpath, 0, &o);

	if (r < 0)
		return strerrorname_np(-r);
	if (o.node)
		return S_ISDIR(o.node->mode) ? "mem dir" : S_ISLNK(o.node->mode) ? "mem link" : "mem file";
	snprintf(link, sizeof(link), "/proc/self/fd/%d", o.fd);
	cr_assert(readlink(link, text, PATH_MAX - 1) > 0);
	vfs_object_release(&o);
	cr_assert_eq(strncmp(text, scratch, strlen(scratch)), 0, "%s shows %s", vpath, text);
	return text + strlen(scratch) + 1;
}

static int collect(void *arg, const char *name, unsigned char type, ino_t ino)
{
	char *list = arg;
	size_t len = strlen(list);

	cr_assert(ino);
	snprintf(list + len, 200 - len, "%s%s%s", len ? " " : "", name,
		 type == DT_DIR	  ? "/"
		 : type == DT_LNK ? "@"
				  : "");
	return 0;
}

static const char *extra(const char *vpath)
{
	char *list = arena_zalloc(&arena, 200);

	cr_assert_eq(view_extra_names(&view, vpath, collect, list), 0);
	return list;
}

static const char *reverse(const char *host_path)
{
	char *buf = arena_alloc(&arena, PATH_MAX);
	const struct mount *m = NULL;
	int r = view_reverse(&view, host_path, buf, &m);

	if (r < 0)
		return strerrorname_np(-r);
	cr_assert_eq(m, view_find(&view, buf));
	return buf;
}

TestSuite(mount, .init = setup, .fini = teardown_scratch);

Test(mount, first_one_is_the_root)
{
	struct view other;

	cr_assert_eq(view_init(&other), 0);
	cr_assert_eq(view_mount_host(&other, "/x", open("/", O_PATH | O_CLOEXEC), false), -EINVAL);
	cr_assert_eq(view_mount_host(&other, "x", open("/", O_PATH | O_CLOEXEC), false), -EINVAL);
	cr_assert_eq(view_mount_symlink(&other, "/", "x"), -EINVAL);
	cr_assert_eq(view_mount_empty_file(&other, "/"), -EINVAL);
	cr_assert_eq(other.n_mounts, 0);
	cr_assert_eq(view_mount_host(&other, "//", open("/", O_PATH | O_CLOEXEC), false), 0);
	view_seal(&other);
	cr_assert(other.all_identity);
	view_release(&other);
	cr_assert_eq(view_mount_host(&view, "relative", open("/", O_PATH | O_CLOEXEC), false), -EINVAL);
}

Test(mount, a_root_of_placeholders)
{
	struct view other;

	cr_assert_eq(view_init(&other), 0);
	cr_assert_eq(view_mount_dir(&other, "/"), 0);
	cr_assert_eq(view_mount_host(&other, "/a/b", open("/", O_PATH | O_CLOEXEC), false), 0);
	cr_assert_eq(view_find(&other, "/a")->type, MOUNT_MEM);
	cr_assert_eq(view_find(&other, "/a")->point_len, 1);
	cr_assert_eq(view_find(&other, "/a/b/etc")->type, MOUNT_HOST);
	view_release(&other);
}

Test(mount, longest_point_wins)
{
	cr_assert_eq(mount_host("/usr", in_scratch("data")), 0);
	cr_assert_eq(mount_host("/usr/inner", in_scratch("root")), 0);
	cr_assert_str_eq(view_find(&view, "/usr/inner/x")->point, "/usr/inner");
	cr_assert_str_eq(view_find(&view, "/usr/inne")->point, "/usr");
	cr_assert_str_eq(view_find(&view, "/usr/innerer")->point, "/usr");
	cr_assert_str_eq(view_find(&view, "/usrx")->point, "/");
	cr_assert_str_eq(view_find(&view, "/")->point, "/");
	cr_assert_str_eq(view_find_len(&view, "/usr/inner/x", 4)->point, "/usr");
	cr_assert_str_eq(view_find_len(&view, "", 0)->point, "/");
	cr_assert(view_is_mount_point(&view, "/usr/inner"));
	cr_assert_not(view_is_mount_point(&view, "/usr/inner/x"));
	cr_assert(view_is_mount_point(&view, "/"));
	cr_assert(view_has_mount_below(&view, "/"));
	cr_assert(view_has_mount_below(&view, "/usr"));
	cr_assert_not(view_has_mount_below(&view, "/usr/inner"));
	cr_assert_not(view_has_mount_below(&view, "/us"));
}

Test(mount, order_holds_names_with_low_characters)
{
	/* "!" and "-" sort before "/" */
	cr_assert_eq(mount_host("/usr", in_scratch("data")), 0);
	cr_assert_eq(mount_host("/usr-local", in_scratch("data")), 0);
	cr_assert_eq(mount_host("/usr!", in_scratch("data")), 0);
	cr_assert_eq(mount_host("/usr/inner", in_scratch("root")), 0);
	cr_assert_str_eq(view_find(&view, "/usr/inner/lib")->point, "/usr/inner");
	cr_assert_str_eq(view_find(&view, "/usr/x")->point, "/usr");
	cr_assert_str_eq(view_find(&view, "/usr-local/x")->point, "/usr-local");
	cr_assert_str_eq(view_find(&view, "/usr!/x")->point, "/usr!");
}

Test(mount, points_are_resolved_in_the_view)
{
	cr_assert_eq(mount_host("/lib/sub", in_scratch("data")), 0);
	cr_assert(view_is_mount_point(&view, "/usr/lib/sub"));
	cr_assert_eq(mount_host("/abs/./x/", in_scratch("data")), 0, "%s", where("/abs"));
	cr_assert(view_is_mount_point(&view, "/usr/x"));
	cr_assert_eq(mount_host("/usr/lib/..", in_scratch("data")), 0);
	cr_assert(view_is_mount_point(&view, "/usr"));
	cr_assert_str_eq(shows("/usr/inner"), "data/inner");
}

Test(mount, a_symlink_at_the_point_is_covered)
{
	cr_assert_eq(mount_host("/lib", in_scratch("data")), 0);
	cr_assert(view_is_mount_point(&view, "/lib"));
	cr_assert_str_eq(shows("/lib/file"), "data/file");
	cr_assert_str_eq(shows("/usr/lib/libc"), "root/usr/lib/libc");
}

Test(mount, a_later_mount_covers_earlier_ones)
{
	cr_assert_eq(mount_host("/usr/lib", in_scratch("data")), 0);
	cr_assert_eq(mount_host("/usr/lib/inner", in_scratch("root")), 0);
	cr_assert_eq(mount_host("/usr/lib", in_scratch("root")), 0);
	cr_assert_eq(view.n_mounts, 2);
	cr_assert_str_eq(shows("/usr/lib/usr"), "root/usr");
	cr_assert_str_eq(shows("/usr/lib/inner"), "ENOENT");
	cr_assert_eq(mount_host("/usr", in_scratch("data")), 0);
	cr_assert_str_eq(shows("/usr/lib"), "ENOENT");
	cr_assert_eq(mount_host("/", in_scratch("data")), 0);
	cr_assert_eq(view.n_mounts, 1);
	cr_assert_str_eq(shows("/file"), "data/file");
}

Test(mount, missing_parents_become_placeholders)
{
	cr_assert_eq(mount_host("/new/a/b", in_scratch("data")), 0);
	cr_assert_eq(mount_host("/new/a/c/d", in_scratch("root")), 0);
	cr_assert_eq(mount_host("/usr/deep/er", in_scratch("data")), 0);
	cr_assert_str_eq(shows("/new"), "mem dir");
	cr_assert_str_eq(shows("/new/a"), "mem dir");
	cr_assert_str_eq(shows("/new/a/b"), "data");
	cr_assert_str_eq(shows("/new/a/b/file"), "data/file");
	cr_assert_str_eq(shows("/new/a/c"), "mem dir");
	cr_assert_str_eq(shows("/new/a/c/d/usr"), "root/usr");
	cr_assert_str_eq(shows("/new/b"), "ENOENT");
	cr_assert_str_eq(shows("/usr/deep"), "mem dir");
	cr_assert_str_eq(shows("/usr/lib/libc"), "root/usr/lib/libc");
	cr_assert_eq(access(in_scratch("root/new"), F_OK), -1, "nothing is made on disk");
	view_seal(&view);
	cr_assert(view.extra_names);
}

Test(mount, missing_parents_with_dots)
{
	cr_assert_eq(mount_host("/new/./a//b/.", in_scratch("data")), 0);
	cr_assert_str_eq(shows("/new/a/b/file"), "data/file");
	cr_assert_eq(mount_host("/none/../x", in_scratch("data")), -ENOENT);
	cr_assert_eq(mount_host("/usr/none/../../x", in_scratch("data")), -ENOENT);
	cr_assert_eq(mount_host("/usr/lib/libc/x", in_scratch("data")), -ENOTDIR);
	cr_assert_eq(mount_host("/usr/lib/libc/x/y", in_scratch("data")), -ENOTDIR);
	cr_assert_eq(view.n_mounts, 3, "the root, /new and what is mounted");
	cr_assert_str_eq(shows("/none"), "ENOENT");
}

Test(mount, a_parent_that_leads_nowhere_is_covered)
{
	cr_assert_eq(mount_host("/dangling/x", in_scratch("data")), 0);
	cr_assert_str_eq(shows("/dangling"), "mem dir");
	cr_assert_str_eq(shows("/dangling/x/file"), "data/file");
}

Test(mount, files)
{
	cr_assert_eq(mount_host("/usr/lib/libc", in_scratch("one")), 0);
	cr_assert_eq(mount_host("/etc/hosts", in_scratch("one")), 0);
	cr_assert_str_eq(shows("/usr/lib/libc"), "one");
	cr_assert_str_eq(shows("/etc/hosts"), "one");
	cr_assert_str_eq(shows("/etc/hosts/"), "ENOTDIR");
	cr_assert_str_eq(shows("/etc/hosts/."), "ENOTDIR");
	cr_assert_str_eq(shows("/etc/hosts/.."), "ENOTDIR");
	cr_assert_str_eq(shows("/etc/hosts/x"), "ENOTDIR");
	cr_assert_eq(mount_host("/etc/hosts/x", in_scratch("one")), -ENOTDIR);
}

Test(mount, sources)
{
	int link = open(in_scratch("root/lib"), O_PATH | O_NOFOLLOW | O_CLOEXEC);

	cr_assert(link >= 0);
	cr_assert_eq(view_mount_host(&view, "/usr", link, false), -ELOOP,
		     "a symlink of the host leads out of the view");
	cr_assert_eq(fcntl(link, F_GETFD), -1, "taken over also on failure");
	cr_assert_eq(view_mount_host(&view, "/usr", -1, false), -EBADF);
	cr_assert_eq(view.n_mounts, 1);
	cr_assert_eq(mount_host(in_scratch("data"), in_scratch("data")), 0);
	cr_assert(view_find(&view, in_scratch("data"))->identity);
	cr_assert_not(view_find(&view, "/")->identity);
	view_seal(&view);
	cr_assert_not(view.all_identity);
}

Test(mount, placeholders)
{
	cr_assert_eq(view_mount_dir(&view, "/run"), 0);
	cr_assert_eq(view_mount_empty_file(&view, "/run/utmp"), 0);
	cr_assert_eq(view_mount_symlink(&view, "/run/lib", "/usr/lib"), 0);
	cr_assert_eq(view_mount_symlink(&view, "/link", "usr"), 0);
	cr_assert_eq(view_mount_symlink(&view, "/run/lock/new/link", "../.."), 0);
	cr_assert_eq(view.n_mounts, 3, "what is in a placeholder is part of its mount");
	cr_assert_str_eq(shows("/run"), "mem dir");
	cr_assert_str_eq(shows("/run/utmp"), "mem file");
	cr_assert_str_eq(shows("/run/utmp/"), "ENOTDIR");
	cr_assert_str_eq(shows("/run/utmp/x"), "ENOTDIR");
	cr_assert_str_eq(shows("/run/lib"), "mem link");
	cr_assert_str_eq(where("/run/lib"), "/usr/lib");
	cr_assert_str_eq(shows("/run/lib/libc"), "root/usr/lib/libc");
	cr_assert_str_eq(shows("/link/lib/libc"), "root/usr/lib/libc");
	cr_assert_str_eq(where("/run/lock/new/link"), "/run");
	cr_assert_eq(view_mount_symlink(&view, "/x", ""), -ENOENT);
	cr_assert_eq(view_mount_dir(&view, "/run/utmp/x"), -ENOTDIR);
}

Test(mount, placeholders_replace_each_other)
{
	cr_assert_eq(view_mount_dir(&view, "/run/a/b"), 0);
	cr_assert_eq(mount_host("/run/a/c", in_scratch("data")), 0);
	cr_assert_eq(view_mount_empty_file(&view, "/run/a"), 0);
	cr_assert_str_eq(shows("/run/a"), "mem file");
	cr_assert_str_eq(shows("/run/a/c"), "ENOTDIR");
	cr_assert_eq(view_mount_dir(&view, "/run/a"), 0);
	cr_assert_str_eq(shows("/run/a"), "mem dir");
	cr_assert_str_eq(shows("/run/a/b"), "ENOENT");
	cr_assert_eq(mount_host("/run/a", in_scratch("data")), 0);
	cr_assert_str_eq(shows("/run/a/file"), "data/file");
	cr_assert_eq(view_mount_dir(&view, "/run/a"), 0);
	cr_assert_str_eq(shows("/run/a/file"), "ENOENT");
}

Test(mount, mask)
{
	cr_assert_eq(view_mask(&view, "/usr/lib/libc"), 0);
	cr_assert_str_eq(shows("/usr/lib/libc"), "mem file");
	cr_assert_eq(view_mask(&view, "/lib"), 0);
	cr_assert_str_eq(shows("/usr/lib"), "mem dir");
	cr_assert_str_eq(shows("/usr/lib/libc"), "ENOENT");
	cr_assert_str_eq(where("/lib"), "/usr/lib");
	cr_assert_eq(view_mask(&view, "/none"), -ENOENT);
	cr_assert_eq(view_mask(&view, "/dangling"), -ENOENT);
	cr_assert_eq(view_mask(&view, "/usr/lib/libc/x"), -ENOENT);
}

Test(mount, rdonly)
{
	const struct mount *m;

	cr_assert_eq(view_mount_host(&view, "/usr", open(in_scratch("data"), O_PATH | O_CLOEXEC), true), 0);
	m = view_find(&view, "/usr");
	cr_assert_eq(vfs_may_write(m, S_IFREG | 0644), -EROFS);
	cr_assert_eq(vfs_may_write(m, S_IFDIR | 0755), -EROFS);
	cr_assert_eq(vfs_may_write(m, S_IFLNK | 0777), -EROFS);
	cr_assert_eq(vfs_may_write(m, S_IFCHR | 0666), 0);
	cr_assert_eq(vfs_may_write(m, S_IFIFO | 0666), 0);
	cr_assert_eq(vfs_may_write(m, S_IFSOCK | 0666), 0);
	m = view_find(&view, "/lib");
	cr_assert_eq(vfs_may_write(m, S_IFREG | 0644), 0);
	view_set_rdonly(&view);
	cr_assert_eq(vfs_may_write(m, S_IFREG | 0644), -EROFS);
	cr_assert_eq(view_mount_dir(&view, "/x"), 0);
	cr_assert_eq(vfs_may_write(view_find(&view, "/x"), S_IFDIR | 0755), -EROFS);
}

Test(mount, extra_names)
{
	view_seal(&view);
	cr_assert_not(view.extra_names);
	cr_assert_eq(mount_host("/usr/lib", in_scratch("data")), 0);
	view_seal(&view);
	cr_assert_not(view.extra_names, "the name is there already");
	cr_assert_eq(mount_host("/usr/more", in_scratch("data")), 0);
	cr_assert_eq(mount_host("/usr/moreover", in_scratch("one")), 0);
	cr_assert_eq(mount_host("/usr/more/inside", in_scratch("one")), 0);
	cr_assert_eq(view_mount_symlink(&view, "/usr/zlink", "lib"), 0);
	cr_assert_eq(mount_host("/top", in_scratch("data")), 0);
	cr_assert_eq(mount_host("/mem/point", in_scratch("data")), 0);
	cr_assert_eq(view_mount_empty_file(&view, "/mem/node"), 0);
	view_seal(&view);
	cr_assert(view.extra_names);
	cr_assert_str_eq(extra("/"), "mem/ top/");
	cr_assert_str_eq(extra("/usr"), "more/ moreover zlink@");
	cr_assert_str_eq(extra("/usr/lib"), "");
	cr_assert_str_eq(extra("/usr/more"), "inside");
	cr_assert_str_eq(extra("/mem"), "point/", "nodes are told by their directory itself");
	cr_assert_str_eq(extra("/us"), "");
}

static int stop_at_once(void *arg, const char *name, unsigned char type, ino_t ino)
{
	(void)name;
	(void)type;
	(void)ino;
	++*(int *)arg;
	return -7;
}

Test(mount, extra_names_stop_when_told)
{
	int calls = 0;

	cr_assert_eq(mount_host("/x", in_scratch("data")), 0);
	cr_assert_eq(mount_host("/y", in_scratch("data")), 0);
	cr_assert_eq(view_extra_names(&view, "/", stop_at_once, &calls), -7);
	cr_assert_eq(calls, 1);
}

Test(mount, reverse)
{
	cr_assert_eq(mount_host("/mnt", in_scratch("data")), 0);
	cr_assert_eq(mount_host("/one", in_scratch("one")), 0);
	cr_assert_str_eq(reverse(in_scratch("root")), "/");
	cr_assert_str_eq(reverse(in_scratch("root/usr/lib")), "/usr/lib");
	cr_assert_str_eq(reverse(in_scratch("data")), "/mnt");
	cr_assert_str_eq(reverse(in_scratch("data/inner/x")), "/mnt/inner/x");
	cr_assert_str_eq(reverse(in_scratch("one")), "/one");
	cr_assert_str_eq(reverse(in_scratch("database")), "ENOENT");
	cr_assert_str_eq(reverse("/"), "ENOENT");
	cr_assert_str_eq(reverse("/etc"), "ENOENT");
	cr_assert_str_eq(reverse("pipe:[1]"), "ENOENT");
	cr_assert_str_eq(reverse(""), "ENOENT");
}

Test(mount, reverse_takes_the_most_specific_source)
{
	struct view other = view;

	cr_assert_eq(view_init(&view), 0);
	cr_assert_eq(mount_host("/", "/"), 0);
	cr_assert_eq(mount_host("/mnt", in_scratch("data")), 0);
	cr_assert_str_eq(reverse("/"), "/");
	cr_assert_str_eq(reverse("/etc/passwd"), "/etc/passwd");
	cr_assert_str_eq(reverse(in_scratch("data/file")), "/mnt/file");
	cr_assert_str_eq(reverse(in_scratch("root")), in_scratch("root"));
	/* covered at the one place: the other shows it */
	cr_assert_eq(mount_host("/mnt/inner", in_scratch("root")), 0);
	cr_assert_str_eq(reverse(in_scratch("data/inner/x")), in_scratch("data/inner/x"));
	cr_assert_str_eq(reverse(in_scratch("root/usr")), "/mnt/inner/usr");
	/* the same source twice: where it has its own path */
	cr_assert_eq(mount_host(in_scratch("data"), in_scratch("data")), 0);
	cr_assert_str_eq(reverse(in_scratch("data/file")), in_scratch("data/file"));
	/* covered everywhere */
	cr_assert_eq(view_mount_dir(&view, in_scratch("data")), 0);
	cr_assert_str_eq(reverse(in_scratch("data/inner/x")), "ENOENT");
	view_release(&view);
	view = other;
}

Test(mount, reverse_of_a_path_that_gets_too_long)
{
	char *path = in_scratch("data/");
	char *point = arena_alloc(&arena, 300);

	memset(point, 'p', 250);
	point[0] = '/';
	point[250] = '\0';
	cr_assert_eq(mount_host(point, in_scratch("data")), 0);
	while (strlen(path) + 2 < PATH_MAX - 1)
		strcat(path, "x/");
	path[strlen(path) - 1] = '\0';
	cr_assert_str_eq(reverse(path), "ENOENT");
}

Test(mount, stand_ins)
{
	struct vfs_object dir = VFS_OBJECT_NONE, file = VFS_OBJECT_NONE, link = VFS_OBJECT_NONE;
	const off_t sizes[] = {0, 0, 6};
	const nlink_t links[] = {3, 1, 1};
	struct stat told, real;
	char text[10];

	cr_assert_eq(view_mount_empty_file(&view, "/run/sub/utmp"), 0);
	cr_assert_eq(view_mount_symlink(&view, "/run/link", "target"), 0);
	cr_assert_eq(look("/run", 0, &dir), 0);
	cr_assert_eq(look("/run/sub/utmp", 0, &file), 0);
	cr_assert_eq(look("/run/link", 0, &link), 0);
	for (int i = 0; i < 3; i++) {
		struct mem_node *node = (struct mem_node *[]){dir.node, file.node, link.node}[i];
		int fd;

		mem_stat(node, &told);
		fd = mem_fd(&view, node);
		cr_assert(fd >= 0);
		cr_assert_eq(fd, mem_fd(&view, node), "made once");
		cr_assert_eq(fstat(fd, &real), 0);
		cr_assert(told.st_dev == real.st_dev && told.st_ino == real.st_ino &&
			  told.st_mode == real.st_mode);
		cr_assert_eq(told.st_ino, node->ino);
		cr_assert_eq(told.st_size, sizes[i]);
		cr_assert_eq(told.st_nlink, links[i]);
		cr_assert_eq(told.st_uid, geteuid());
		cr_assert_eq(mem_find(&view, real.st_dev, real.st_ino), node);
		cr_assert_null(mem_find(&view, real.st_dev, real.st_ino + 1000000));
		cr_assert_neq(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	}
	cr_assert_eq(readlinkat(mem_fd(&view, link.node), "", text, sizeof(text)), 6);
	cr_assert_eq(fchdir(mem_fd(&view, dir.node)), 0);
	cr_assert_eq(openat(mem_fd(&view, dir.node), "x", O_CREAT | O_RDWR, 0600), -1,
		     "nothing can be made there");
	cr_assert_eq(write(mem_fd(&view, file.node), "x", 1), -1);
	cr_assert_eq(ftruncate(mem_fd(&view, file.node), 1), -1);
}

Test(mount, an_empty_file_stays_empty)
{
	struct vfs_object file = VFS_OBJECT_NONE;
	char path[32], c;
	int fd;

	cr_assert_eq(view_mount_empty_file(&view, "/run/utmp"), 0);
	cr_assert_eq(look("/run/utmp", 0, &file), 0);
	fd = mem_fd(&view, file.node);
	cr_assert(fd >= 0);
	cr_assert_eq(read(fd, &c, 1), 0);
	/* its owner may give itself the right to write: the seals hold */
	cr_assert_eq(fchmod(fd, 0600), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0) {
		cr_assert_eq(write(fd, "x", 1), -1);
		cr_assert_eq(ftruncate(fd, 10), -1);
		close(fd);
	}
}

Test(mount, stand_ins_under_any_umask)
{
	struct vfs_object dir = VFS_OBJECT_NONE;

	cr_assert_eq(view_mount_dir(&view, "/run"), 0);
	cr_assert_eq(look("/run", 0, &dir), 0);
	umask(0777);
	cr_assert(mem_fd(&view, dir.node) >= 0);
	umask(022);
}
