/* On a view that shows the host as it is, a look-up must give what the kernel gives: the same object or the
 * same errno. Each path is tried absolute and relative, followed and not, as a directory and not. */
#include "tests/unit/native_fixture.h"

/* dir/ file, dir/sub/, links of every kind; see setup() */
static const char *const paths[] = {
	"",
	".",
	"..",
	"./",
	"../",
	"./.",
	"./..",
	"dir",
	"dir/",
	"dir//",
	"dir/.",
	"dir/./",
	"dir/..",
	"dir/../",
	"dir/../dir",
	"dir/./sub",
	"dir//sub///",
	"dir/sub/..",
	"dir/sub/../..",
	"dir/sub/../../dir/file",
	"dir/sub/../file",
	"dir/sub/../none",
	"dir/sub/./../sub/deep/../deep/leaf",
	"file",
	"file/",
	"file/.",
	"file/..",
	"file//",
	"file/./",
	"file/x",
	"file/x/y",
	"file/../file",
	"none",
	"none/",
	"none/.",
	"none/..",
	"none/x",
	"none/../file",
	"dir/none",
	"dir/none/x",
	"dir/file",
	"dir/file/",
	"dir/file/../file",
	"to_dir",
	"to_dir/",
	"to_dir/.",
	"to_dir/..",
	"to_dir/../file",
	"to_dir/file",
	"to_dir/none",
	"to_dir/sub/../file",
	"to_dir/../to_dir",
	"to_file",
	"to_file/",
	"to_file/.",
	"to_file/x",
	"to_file/..",
	"to_file/../x",
	"to_none",
	"to_none/",
	"to_none/x",
	"to_none/..",
	"to_slash_dir",
	"to_slash_dir/file",
	"to_slash_file",
	"to_slash_file/",
	"to_dot",
	"to_dot/file",
	"to_dotdot",
	"to_dotdot/",
	"to_dotdot/..",
	"up_and_down",
	"up_and_down/x",
	"to_to_dir",
	"to_to_dir/sub",
	"to_to_dir/..",
	"to_to_dir/../file",
	"to_up_link",
	"to_up_link/file",
	"loop",
	"loop/",
	"loop/x",
	"loop/..",
	"self_loop",
	"a_loop",
	"a_loop/b",
	"chain40",
	"chain41",
	"chain40/sub",
	"chain41/sub",
	"chain39",
	"chain39/../file",
	"abs",
	"abs/",
	"abs/sub",
	"abs/../file",
	"abs_file",
	"abs_file/",
	"abs_none",
	"abs_root",
	"abs_root/usr",
	"abs_dots",
	"locked",
	"locked/",
	"locked/.",
	"locked/..",
	"locked/x",
	"locked/../file",
	"locked/x/..",
	"to_locked",
	"to_locked/",
	"to_locked/x",
	"to_locked/.",
	"list_only",
	"list_only/",
	"list_only/.",
	"list_only/..",
	"list_only/in",
	"list_only/none",
	"list_only/link",
	"search_only",
	"search_only/in",
	"search_only/in/",
	"search_only/none",
	"search_only/link",
	"search_only/link/file",
	"locked/../locked",
	"dir/sub/deep/leaf",
	"dir/sub/deep/leaf/",
	"dir/sub/deep/link",
	"dir/sub/deep/link/",
	"dir/sub/deep/link/file",
	"dir/sub/deep/up/file",
	"dir/sub/deep/up/sub/deep/up/sub",
	"fifo",
	"fifo/",
	"fifo/x",
	"...",
	"..x",
	"x..",
	"dir/...",
	".hidden",
	"dir/sub/../../../..",
	"../../../../../../../../../..",
	"../../../../../../../../../../usr",
	"to_long",
	"to_long/x",
	"dir/../to_dir/../to_to_dir/../file",
	"dir/../to_none",
	"dir/../loop",
	"dir/../to_file/",
	"dir/../locked/x",
	"dir/sub/../../to_dir",
	"dir/../file/",
	"dir/../file/.",
	"dir/../none/../x",
	"file/../none",
	"none/../../none",
	"dir/../list_only/../file",
	"search_only/../file",
	"list_only/in/..",
};

/* chainN leads to dir by N + 1 symlinks */
static void make_chain(int links)
{
	char target[32];

	make_link("dir", in_scratch("chain0"));
	for (int i = 1; i < links; i++) {
		snprintf(target, sizeof(target), "chain%d", i - 1);
		make_link(target, in_scratch("chain%d", i));
	}
}

static void make_links(void)
{
	make_link("dir", in_scratch("to_dir"));
	make_link("file", in_scratch("to_file"));
	make_link("none", in_scratch("to_none"));
	make_link("dir/", in_scratch("to_slash_dir"));
	make_link("file/", in_scratch("to_slash_file"));
	make_link(".", in_scratch("to_dot"));
	make_link("..", in_scratch("to_dotdot"));
	make_link("dir/../dir/sub/../file", in_scratch("up_and_down"));
	make_link("to_dir", in_scratch("to_to_dir"));
	make_link("dir/sub/deep/up", in_scratch("to_up_link"));
	make_link("loop2", in_scratch("loop"));
	make_link("loop", in_scratch("loop2"));
	make_link("self_loop", in_scratch("self_loop"));
	make_link("a_loop/a", in_scratch("a_loop"));
	make_link(in_scratch("dir"), in_scratch("abs"));
	make_link(in_scratch("file"), in_scratch("abs_file"));
	make_link(in_scratch("none"), in_scratch("abs_none"));
	make_link("/", in_scratch("abs_root"));
	make_link("/../.././usr/../usr", in_scratch("abs_dots"));
	make_link("locked", in_scratch("to_locked"));
}

static void setup(void)
{
	char *name;

	setup_scratch();
	make_dir(in_scratch("dir"));
	make_file(in_scratch("dir/file"));
	make_dir(in_scratch("dir/sub"));
	make_dir(in_scratch("dir/sub/deep"));
	make_file(in_scratch("dir/sub/deep/leaf"));
	make_link("../..", in_scratch("dir/sub/deep/link"));
	make_link("../../", in_scratch("dir/sub/deep/up"));
	make_file(in_scratch("file"));
	make_file(in_scratch(".hidden"));
	make_file(in_scratch("..x"));
	make_links();
	make_chain(45);
	name = arena_zalloc(&arena, 256);
	memset(name, 'n', 255);
	make_file(in_scratch("%s", name));
	make_link(name, in_scratch("to_long"));
	cr_assert_eq(mkfifo(in_scratch("fifo"), 0644), 0);
	for (int i = 0; i < 3; i++) {
		const char *dir = (const char *const[]){"locked", "list_only", "search_only"}[i];

		make_dir(in_scratch("%s", dir));
		make_dir(in_scratch("%s/in", dir));
		make_link("../dir", in_scratch("%s/link", dir));
		cr_assert_eq(chmod(in_scratch("%s", dir), (const mode_t[]){0, 0444, 0111}[i]), 0);
	}
	cr_assert_eq(mount_host("/", "/"), 0);
	cr_assert_eq(mount_proc("/proc"), 0);
	view_seal(&view);
	cr_assert(view.all_identity);
	cr_assert_eq(chdir(scratch), 0);
}

TestSuite(lookup_native, .init = setup, .fini = teardown_scratch);

Test(lookup_native, odd_paths_relative)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		for (size_t k = 0; k < sizeof(modes) / sizeof(modes[0]); k++)
			compare(scratch, paths[i], modes[k]);
}

Test(lookup_native, odd_paths_absolute)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const char *path = in_scratch("%s", paths[i]);

		for (size_t k = 0; k < sizeof(modes) / sizeof(modes[0]); k++)
			compare(scratch, path, modes[k]);
	}
}

Test(lookup_native, odd_paths_from_below)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		snprintf(path, sizeof(path), "../../%s", paths[i]);
		for (size_t k = 0; k < sizeof(modes) / sizeof(modes[0]); k++) {
			compare(in_scratch("dir/sub"), path, modes[k]);
			compare(in_scratch("dir/sub"), paths[i], modes[k]);
		}
	}
}

Test(lookup_native, base_that_may_not_be_searched)
{
	const char *const from[] = {".",    "..",   "../file", "../dir/sub", "in",
				    "link", "none", "./",      "../.",	     "./../file"};

	for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++)
		for (size_t k = 0; k < sizeof(modes) / sizeof(modes[0]); k++) {
			compare(in_scratch("list_only"), from[i], modes[k]);
			compare(in_scratch("search_only"), from[i], modes[k]);
			compare(in_scratch("locked"), from[i], modes[k]);
		}
}

Test(lookup_native, around_the_root)
{
	const char *const roots[] = {"/",
				     "//",
				     "/.",
				     "/..",
				     "/../..",
				     "/../usr",
				     "/usr/..",
				     "/usr/../..",
				     "/./usr/.",
				     "//usr//bin/",
				     "/none",
				     "/none/..",
				     "/usr/none/../bin",
				     "/bin",
				     "/bin/",
				     "/bin/sh",
				     "/etc/../bin/sh",
				     "/dev/fd",
				     "/dev/null",
				     "/dev/null/",
				     "/dev/null/..",
				     "/dev/../dev/null",
				     "/dev/stdin",
				     "/tmp",
				     "/tmp/..",
				     "/root/x",
				     "/etc/shadow",
				     "/proc/..",
				     "/proc/../usr",
				     "/proc",
				     "/proc/",
				     "/proc/sys/kernel/../fs",
				     "/proc/none",
				     "/sys/kernel/..",
				     "/sys/class",
				     "/usr/bin/env",
				     "/lib64/ld-linux-x86-64.so.2",
				     "/etc/alternatives/awk"};

	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
		for (size_t k = 0; k < sizeof(modes) / sizeof(modes[0]); k++) {
			if (!strncmp(roots[i], "/dev/", 5) && (modes[k] & (LOOKUP_IN_ROOT | LOOKUP_FOLLOW)))
				continue; /* compared below */
			compare("/", roots[i], modes[k]);
			compare("/usr", roots[i], modes[k]);
			if (roots[i][1])
				compare("/", roots[i] + 1, modes[k]);
		}
}

Test(lookup_native, proc)
{
	const char *const links[] = {"/proc/self",
				     "/proc/self/",
				     "/proc/thread-self/comm",
				     "/proc/self/cwd",
				     "/proc/self/cwd/",
				     "/proc/self/cwd/file",
				     "/proc/self/cwd/..",
				     "/proc/self/cwd/../x",
				     "/proc/self/cwd/to_dir/sub",
				     "/proc/self/cwd/none",
				     "/proc/self/root",
				     "/proc/self/root/",
				     "/proc/self/root/etc",
				     "/proc/self/root/..",
				     "/proc/self/exe",
				     "/proc/self/exe/",
				     "/proc/self/exe/x",
				     "/proc/self/fd",
				     "/proc/self/fd/0",
				     "/proc/self/fd/0/x",
				     "/proc/self/fd/999",
				     "/proc/self/fd/none",
				     "/proc/self/fd/../comm",
				     "/proc/self/ns/mnt",
				     "/proc/self/ns/none",
				     "/proc/self/ns/mnt/",
				     "/proc/mounts",
				     "/proc/net/",
				     "/proc/net/dev",
				     "/proc/self/none",
				     "/proc/self/map_files/none",
				     "/dev/fd",
				     "/dev/fd/",
				     "/dev/fd/0",
				     "/dev/stdin",
				     "/dev/stdin/",
				     "/dev/fd/999",
				     "/proc/self/task/1/cwd",
				     "/proc/self/none/cwd",
				     "/proc/self/cwd/.",
				     "/proc/self/fdinfo/0",
				     "/proc/self/task/../cwd",
				     "/proc/self/cwd/loop"};

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		for (size_t k = 0; k < sizeof(modes) / sizeof(modes[0]); k++) {
			compare("/", links[i], modes[k]);
			compare("/", links[i], modes[k] | LOOKUP_NO_MAGICLINKS);
			compare("/", links[i] + 1, modes[k]);
			compare("/usr", links[i], modes[k]);
			if (!strncmp(links[i], "/proc/", 6))
				compare("/proc", links[i] + 6, modes[k]);
		}
}

Test(lookup_native, long_names)
{
	char name[PATH_MAX + 300];

	for (int len = 250; len < 260; len++) {
		memset(name, 'n', (size_t)len);
		name[len] = '\0';
		compare(scratch, name, 0);
		compare(scratch, in_scratch("%s", name), 0);
		compare(scratch, in_scratch("%s/x", name), LOOKUP_FOLLOW);
		compare(scratch, in_scratch("%s/../file", name), LOOKUP_FOLLOW);
		compare(scratch, in_scratch("dir/../%s", name), LOOKUP_FOLLOW);
	}
}

Test(lookup_native, long_paths)
{
	char path[PATH_MAX + 100];

	/* "./././.../file" and "dir/../dir/../.../file" of each length around PATH_MAX */
	for (size_t len = PATH_MAX - 20; len < PATH_MAX + 10; len++) {
		size_t at;

		for (at = 0; at + 2 + 4 <= len; at += 2)
			memcpy(path + at, "./", 2);
		while (at + 4 < len)
			path[at++] = '/';
		memcpy(path + at, "file", 5);
		compare(scratch, path, LOOKUP_FOLLOW);
		for (at = 0; at + 7 + 4 <= len; at += 7)
			memcpy(path + at, "dir/../", 7);
		while (at + 4 < len)
			path[at++] = '/';
		memcpy(path + at, "file", 5);
		compare(scratch, path, LOOKUP_FOLLOW);
	}
}

/* Whatever can be spelled with a few words. */
Test(lookup_native, random_paths)
{
	const char *const words[] = {"dir",  "file",	  "sub",	 "..", ".",    "to_dir", "abs",
				     "none", "to_dotdot", "loop",	 "",   "link", "locked", "to_file",
				     "deep", "list_only", "search_only", "in", ".."};
	const unsigned n_words = sizeof(words) / sizeof(words[0]);
	unsigned seed = 20;

	for (int i = 0; i < 20000; i++) {
		char path[256] = "";
		size_t len = 0;
		int parts = 1 + rand_r(&seed) % 7;

		for (int k = 0; k < parts; k++)
			len += (size_t)snprintf(path + len, sizeof(path) - len, "%s%s",
						words[(unsigned)rand_r(&seed) % n_words],
						k + 1 < parts || rand_r(&seed) % 4 == 0 ? "/" : "");
		compare(in_scratch("dir"), path,
			modes[(unsigned)rand_r(&seed) % (sizeof(modes) / sizeof(modes[0]))]);
		if (i % 100 == 0)
			arena_reset(&arena);
	}
}
