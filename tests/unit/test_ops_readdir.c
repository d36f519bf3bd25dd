/* vfs_getdents64() where the view shows what the host does not have: placeholders, extra names in directories, /proc. */
#include "tests/unit/view_fixture.h"

TestSuite(ops_readdir, .init = setup, .fini = teardown_scratch, .timeout = 30);

struct dirent_record {
	uint64_t d_ino;
	int64_t d_off;
	unsigned short d_reclen;
	unsigned char d_type;
	char d_name[];
};

struct reading {
	const char *vpath;
	struct mem_node *node;
	int host_fd;
	off_t pos;
	off_t extra; /* d_off of the entry "extra" */
};

static struct reading start_reading(const char *vpath)
{
	struct vfs_object o = VFS_OBJECT_NONE;
	struct reading r = {.vpath = vpath, .host_fd = -1};

	cr_assert_eq(look(vpath, LOOKUP_FOLLOW, &o), 0);
	r.node = o.node;
	vfs_object_release(&o);
	if (!r.node)
		r.host_fd = open_here(vpath, O_RDONLY | O_DIRECTORY);
	return r;
}

/* One getdents64; appends the names to list, followed by "/" for directories. */
static ssize_t read_some(struct reading *r, size_t size, char *list)
{
	const struct vfs_ctx c = ctx();
	char *buf = arena_alloc(&arena, size);
	ssize_t n = vfs_getdents64(&c, r->vpath, r->node, r->host_fd, &r->pos, buf, size), at;

	for (at = 0; at < n;) {
		const struct dirent_record *e = (const void *)(buf + at);
		size_t len = strlen(list);

		cr_expect(e->d_ino);
		if (strcmp(e->d_name, "extra") == 0)
			r->extra = e->d_off;
		snprintf(list + len, 4096 - len, " %s%s", e->d_name, e->d_type == DT_DIR ? "/" : "");
		at += e->d_reclen;
	}
	cr_expect(n <= (ssize_t)size && (n < 0 || at == n));
	return n;
}

static const char *read_whole(const char *vpath, size_t size)
{
	struct reading r = start_reading(vpath);
	char *list = arena_zalloc(&arena, 4096);
	ssize_t n;

	do
		n = read_some(&r, size, list);
	while (n > 0);
	cr_expect_eq(n, 0, "%s: %zd", vpath, n);
	if (r.host_fd >= 0)
		close(r.host_fd);
	return list;
}

static bool lists(const char *list, const char *name)
{
	const char *at = strstr(list, name);

	/* there, and once only */
	return at && !strstr(at + 1, name);
}

static int count_words(const char *list)
{
	int n = 0;

	while ((list = strchr(list, ' '))) {
		list++;
		n++;
	}
	return n;
}

Test(ops_readdir, placeholder)
{
	struct reading r = start_reading("/new");
	char list[4096] = "";

	cr_expect_str_eq(read_whole("/new", 4096), read_whole("/new", 32));
	cr_expect(lists(read_whole("/new", 4096), " deep/"));
	cr_expect(lists(read_whole("/new", 4096), " empty"));
	cr_expect(lists(read_whole("/new", 4096), " ./"));
	cr_expect(lists(read_whole("/new", 4096), " ../"));
	cr_expect_eq(read_some(&r, 8, list), -EINVAL);
	cr_expect_eq(r.pos, 0);
	r.pos = 2; /* behind "." and ".." */
	cr_expect_gt(read_some(&r, 4096, list), 0);
	cr_expect(!strstr(list, " ."));
	cr_expect(lists(list, " deep/"));
	r.pos = 1000;
	cr_expect_eq(read_some(&r, 4096, list), 0);
}

Test(ops_readdir, extra_names)
{
	const struct vfs_ctx c = ctx();
	struct reading r = start_reading("/plain");
	char list[4096] = "", more[4096] = "";
	off_t first;

	cr_expect(vfs_dir_is_special(&c, "/"));
	cr_expect(vfs_dir_is_special(&c, "/plain"));
	cr_expect(vfs_dir_is_special(&c, "/new"));
	cr_expect(vfs_dir_is_special(&c, "/proc"));
	cr_expect(!vfs_dir_is_special(&c, "/tmp"));
	cr_expect(!vfs_dir_is_special(&c, "/ro"));
	cr_expect(lists(read_whole("/plain", 4096), " extra/"));
	cr_expect(lists(read_whole("/plain", 4096), " file"));
	cr_expect(lists(read_whole("/", 4096), " new/"));
	cr_expect(lists(read_whole("/", 4096), " ro/"));
	/* in steps: the extra names come with the first, and only then */
	cr_expect_gt(read_some(&r, 64, list), 0);
	cr_expect(lists(list, " extra/"));
	first = r.pos;
	cr_expect_gt(first, 0);
	while (read_some(&r, 64, list) > 0)
		;
	cr_expect(lists(list, " extra/"));
	cr_expect(lists(list, " file"));
	r.pos = first;
	cr_expect_gt(read_some(&r, 4096, more), 0);
	cr_expect(!strstr(more, " extra/"));
	r.pos = 0; /* rewinddir */
	cr_expect_gt(read_some(&r, 4096, more), 0);
	cr_expect(lists(more, " extra/"));
	more[0] = '\0';
	r.pos = r.extra; /* seekdir to behind it */
	cr_expect_gt(read_some(&r, 4096, more), 0);
	cr_expect(!strstr(more, " extra/"));
	cr_expect_eq(count_words(more), 2, "%s", more); /* of 4: the first and "extra" are over */
	r.pos = 0;
	cr_expect_eq(read_some(&r, 40, more), -EINVAL);
	close(r.host_fd);
}

Test(ops_readdir, proc)
{
	const char *list = read_whole("/proc", 600);

	cr_expect(lists(list, arena_printf(&arena, " %d/", getpid())));
	cr_expect(!strstr(list, " 1/"));
	cr_expect(lists(list, " cpuinfo"));
}
