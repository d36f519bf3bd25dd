/* The calls of vfs/ops.h against the kernel's own, in twin directories: first on a view that shows the host
 * as it is, then on one with mounts of its own, compared with real bind mounts where user namespaces are
 * allowed. */
#include "tests/unit/ops_fixture.h"

#include <criterion/criterion.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

static char top[64];
static struct view view;
static struct arena arena;
static struct world native, shown;
static int fds_at_start;

static void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void shell(const char *format, ...)
{
	char command[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	if (system(command) != 0)
		fprintf(stderr, "failed: %s\n", command);
}

static int open_dir(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0) {
		perror(path);
		abort();
	}
	return fd;
}

static void start_worlds(const char *native_dir, const char *shown_dir, bool absolute)
{
	native = (struct world){.native = true, .absolute = absolute};
	snprintf(native.dir, PATH_MAX, "%s/%s", top, native_dir);
	native.dir_fd = open_dir(native.dir);
	shown = (struct world){.absolute = absolute};
	shown.ctx = (struct vfs_ctx){.view = &view, .arena = &arena};
	shown.ctx.caller.apply_umask = note_umask;
	shown.ctx.caller.arg = &shown;
	snprintf(shown.dir, PATH_MAX, "%s/%s", top, shown_dir);
	/* On the view's own mount: in a new namespace the same path leads to another one. */
	shown.dir_fd = openat(view.mounts[0]->root_fd, shown.dir + 1, O_PATH | O_CLOEXEC);
	cr_assert_geq(shown.dir_fd, 0);
}

static void stop_worlds(void)
{
	close(native.dir_fd);
	close(shown.dir_fd);
}

static void setup(void)
{
	fds_at_start = count_fds();
	snprintf(top, sizeof(top), "/tmp/uctr-ops-XXXXXX");
	cr_assert(mkdtemp(top));
	umask(022);
	arena_init(&arena);
	cr_assert_eq(view_init(&view), 0);
	cr_assert_eq(view_mount_host(&view, "/", open_dir("/"), false), 0);
}

static void teardown(void)
{
	view_release(&view);
	arena_release(&arena);
	shell("chmod -R u+rwx %s; rm -rf %s", top, top);
	cr_expect_eq(count_fds(), fds_at_start, "leaked descriptors");
}

TestSuite(ops_twin, .init = setup, .fini = teardown, .timeout = 120);

/* Names, modes, sizes, link counts and contents of all that is below. */
static void expect_same_trees(const char *a, const char *b)
{
	char command[1024];

	snprintf(command, sizeof(command),
		 "tree() { cd %s/$1 && chmod -R u+rwX . && find . -printf '%%p %%M %%n %%l\\n' -type f "
		 "-printf '%%s\\n' | "
		 "sed \"s,%s/$1/,@,\" | sort; }; "
		 "tree %s >%s/1; tree %s >%s/2; diff %s/1 %s/2 >&2",
		 top, top, a, top, b, top, top, top);
	cr_expect_eq(system(command), 0, "the trees differ");
}

/* clang-format off */
static const char *const script[] = {
	"mkdir d 755", "mkdir d 755", "mkdir d/ 755", "mkdir . 755", "mkdir .. 755", "mkdir d/. 755",
	"mkdir '' 755", "mkdir e/ 1777", "mkdir nope/x 755", "open f O_RDWR|O_CREAT 666", "open f O_RDONLY",
	"open f O_RDWR|O_CREAT 666", "open f O_CREAT|O_EXCL|O_RDWR 666", "open f/ O_RDONLY",
	"open f/ O_CREAT|O_RDWR 644", "open new/ O_CREAT|O_RDWR 644", "open d O_CREAT|O_RDWR 644",
	"open d O_CREAT|O_EXCL|O_RDWR 644", "open d O_RDWR", "open d O_RDONLY",
	"open d O_RDONLY|O_DIRECTORY", "open f O_RDONLY|O_DIRECTORY", "open . O_RDONLY", "open .. O_PATH",
	"open . O_CREAT|O_RDWR 644", "open . O_CREAT|O_EXCL|O_RDWR 644", "open d O_TMPFILE|O_RDWR 600",
	"open d O_TMPFILE|O_RDONLY 600", "open f O_TMPFILE|O_RDWR 600", "open nope O_TMPFILE|O_RDWR 600",
	"openat2 d O_TMPFILE|O_RDWR|O_CREAT 600", "symlink nope dangling", "open dangling O_RDONLY",
	"open dangling O_CREAT|O_EXCL|O_RDWR 644", "open dangling O_CREAT|O_NOFOLLOW|O_RDWR 644",
	"open dangling O_CREAT|O_RDWR 640", "stat nope 0", "symlink missing/x far",
	"open far O_CREAT|O_RDWR 644", "symlink loop loop", "open loop O_CREAT|O_RDWR 644",
	"open loop O_RDONLY", "open loop O_PATH|O_NOFOLLOW", "symlink @/d/made abs",
	"open abs O_CREAT|O_WRONLY 600", "stat d/made NOFOLLOW", "readlink abs 100", "symlink d ld",
	"open ld O_NOFOLLOW|O_DIRECTORY", "open ld O_NOFOLLOW", "open ld/made O_RDONLY",
	"open ld O_PATH|O_NOFOLLOW", "open ld O_PATH", "open ld O_PATH|O_RDWR|O_CREAT",
	"openat2 ld O_PATH|O_RDWR", "openat2 f O_RDONLY 644", "openat2 f O_RDWR|O_CREAT 100644",
	"open f O_RDONLY 777", "openat2 ld/made O_RDONLY 0 NO_SYMLINKS", "openat2 f 40000000000",
	"openat2 f O_RDONLY 0 BENEATH|IN_ROOT", "openat2 f O_RDONLY 0 BENEATH",
	"openat2 ../x O_RDONLY 0 BENEATH", "openat2 /d/made O_RDONLY 0 IN_ROOT",
	"openat2 /made2 O_RDWR|O_CREAT 644 IN_ROOT", "open f O_WRONLY|O_APPEND", "open f O_RDWR|O_NONBLOCK",
	"open f O_ACCMODE", "open f O_RDWR|O_SYNC|O_TRUNC", "open f O_RDONLY|O_NOATIME",
	"open /dev/null O_RDWR", "open /dev/zero O_RDWR|O_CREAT|O_TRUNC 644", "open /dev/full O_WRONLY",
	"open /dev/urandom O_RDONLY|O_NONBLOCK", "open /dev/ptmx O_RDWR|O_NOCTTY", "open /dev/null/ O_RDWR",
	"open /dev/null O_RDONLY|O_DIRECTORY", "open '' O_RDONLY", "open '' O_RDWR|O_CREAT 644",
	"mknod p S_IFIFO|644 0", "open p O_RDONLY|O_NONBLOCK", "open p O_WRONLY|O_NONBLOCK",
	"open p O_RDWR", "open p O_RDWR|O_CREAT|O_TRUNC 644", "mknod s S_IFSOCK|644 0", "open s O_RDWR",
	"open s O_RDONLY|O_CREAT 644", "open s O_PATH", "truncate s 0", "truncate p 0", "truncate d 0",
	"truncate f 17", "truncate f -1", "truncate loop 0", "mknod m S_IFDIR|644 0",
	"mknod m S_IFLNK|644 0", "mknod m 644 0", "mknod m2/ S_IFREG|644 0", "mknod c 020666 403",
	"stat f/ 0", "stat d/ 0", "stat ld/ NOFOLLOW", "stat ld NOFOLLOW", "stat '' 0", "stat '' EMPTY",
	"stat f 20000", "access f 2 0", "access f 1 0", "access loop 4 NOFOLLOW", "access nope 0 0",
	"readlink f 100", "readlink d 100", "readlink ld 1", "readlink ld/ 100", "readlink '' 100",
	"readlink nope 100", "link f f2 0", "link f f2 0", "link f f3/ 0", "link d d2 0", "link ld ld2 0",
	"link ld ld3 FOLLOW", "link dangling x FOLLOW", "link nope x 0", "link f . 0", "link f nope/x 0",
	"link f y 1", "link '' y EMPTY", "link '' y 0", "chown '' -1 -1 EMPTY", "utimens '' set EMPTY",
	"symlink '' z", "symlink a f", "symlink a z/", "symlink a .", "chmod f 4751 0",
	"chmod f 600 NOFOLLOW", "chmod ld 600 NOFOLLOW", "chmod ld 700 0", "chmod nope 600 0",
	"chmod f 600 2", "chown f -1 -1 0", "chown f 0 0 0", "chown ld -1 -1 NOFOLLOW", "chown f -1 -1 2",
	"utimens f set 0", "utimens f bad 0", "utimens nope bad 0", "utimens nope omit 0",
	"utimens ld set NOFOLLOW", "utimens dangling now 0", "utimens f now 1", "setxattr f user.a v 0",
	"getxattr f user.a 0 0", "getxattr f user.b 0 0", "listxattr f 0 0 0", "setxattr ld user.a v n",
	"setxattr ld user.a v 0", "getxattr ld user.a 0 n", "removexattr f user.a 0 0",
	"removexattr f user.a 0 0", "setxattr f bad v 0", "setxattr nope user.a v 0",
	"setxattr p user.a v 0", "unlink d 0", "unlink f REMOVEDIR", "unlink . 0", "unlink .. 0",
	"unlink / 0", "unlink . REMOVEDIR", "unlink .. REMOVEDIR", "unlink / REMOVEDIR",
	"unlink d/. REMOVEDIR", "unlink d REMOVEDIR", "unlink ld/ REMOVEDIR", "unlink ld/ 0",
	"unlink f2/ 0", "unlink nope/ 0", "unlink d/ 0", "unlink f2 1", "unlink f2 0", "rename f g 0",
	"rename g g 0", "rename g d 0", "rename d g 0", "rename g h/ 0", "rename d dd/ 0", "rename dd/ d 0",
	"rename g . 0", "rename . g 0", "rename g .. NOREPLACE", "rename d d/x 0", "rename d/made d 0",
	"rename g e NOREPLACE", "rename g e EXCHANGE", "rename g nope2 EXCHANGE", "rename nope9 x 0",
	"rename g e 10", "rename ld/ x 0", "rename g/ x 0", "rename g w WHITEOUT", "unlink d/made 0",
	"unlink d/ REMOVEDIR",
};
/* clang-format on */

static void run_script(bool absolute)
{
	bool ok = true;

	shell("mkdir -p %s/n/1/2/3/r %s/v/1/2/3/r", top, top);
	start_worlds("n/1/2/3/r", "v/1/2/3/r", absolute);
	for (size_t i = 0; i < sizeof(script) / sizeof(script[0]); i++)
		ok &= agree(&native, &shown, script[i]);
	cr_expect(ok);
	cr_expect_gt(shown.umasks, 0);
	expect_same_trees("n", "v");
	stop_worlds();
}

Test(ops_twin, script_relative)
{
	view_seal(&view);
	run_script(false);
}

Test(ops_twin, script_absolute)
{
	view_seal(&view);
	run_script(true);
}

/* clang-format off */
static const char *const plain_paths[] = {
	"a", "a", "b", "b", "d", "d", "d/x", "d/y", "l", "l/x", "m", "d/l", "d/d", "d/d/x", "a/", "d/",
	"l/", "b/x", ".", "..", "d/..", "d/.", "./a", "d/../a", "d//x", "d/d/../x", "l/../b", "''", "@/a",
	"@/d/", "d/nope/x",
};
/* clang-format on */

static void run_fuzz(struct fuzz *f, unsigned rounds)
{
	char line[512];

	for (unsigned i = 0; i < rounds; i++) {
		fuzz_line(f, line, sizeof(line));
		cr_assert(agree(&native, &shown, line), "round %u: %s", i, line);
	}
}

static void fuzz_identity(uint64_t seed, bool fifos, bool absolute)
{
	struct fuzz f = {.state = seed,
			 .paths = plain_paths,
			 .n_paths = sizeof(plain_paths) / sizeof(plain_paths[0]),
			 .fifos = fifos};

	view_seal(&view);
	shell("mkdir -p %s/n/1/2/3/r %s/v/1/2/3/r", top, top);
	start_worlds("n/1/2/3/r", "v/1/2/3/r", absolute);
	run_fuzz(&f, 20000);
	expect_same_trees("n", "v");
	stop_worlds();
}

Test(ops_twin, fuzz_relative)
{
	fuzz_identity(1, false, false);
}

Test(ops_twin, fuzz_absolute)
{
	fuzz_identity(2, false, true);
}

Test(ops_twin, fuzz_fifos)
{
	fuzz_identity(3, true, false);
}

/* ---- a view with mounts, against real bind mounts ---- */

/* Two mounts, one writable and one read-only, in a directory that is itself writable. Natively "n/rw" and
 * "n/ro" are bind mounts of "nsrc/..."; in the view "v/rw" and "v/ro" are mounts of "vsrc/...". */
static void make_sources(void)
{
	shell("cd %s && for t in n v; do mkdir -p $t/1/2/r/rw $t/1/2/r/ro ${t}src/rw ${t}src/ro/d/d "
	      "${t}src/ro/closed && "
	      "echo f >$t/1/2/r/file && (cd ${t}src/ro && echo text >a && echo text >d/x && ln a b && ln -s "
	      "a l && "
	      "ln -s nope dangling && ln -s ../rw/new out && ln -s %s/$t/1/2/r/rw abs && mkfifo p && echo x "
	      ">secret && "
	      "chmod 000 secret && echo x >closed/x && chmod 500 d && chmod 000 closed && ln -s d/d dd); "
	      "done",
	      top, top);
}

static void mount_view(const char *name, bool rdonly)
{
	char source[128], point[128];

	snprintf(source, sizeof(source), "%s/vsrc/%s", top, name);
	snprintf(point, sizeof(point), "%s/v/1/2/r/%s", top, name);
	cr_assert_eq(view_mount_host(&view, point, open_dir(source), rdonly), 0);
}

static bool write_text(const char *path, const char *text)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static bool bind_native(const char *name, bool rdonly)
{
	char source[128], point[128];

	snprintf(source, sizeof(source), "%s/nsrc/%s", top, name);
	snprintf(point, sizeof(point), "%s/n/1/2/r/%s", top, name);
	return mount(source, point, NULL, MS_BIND, NULL) == 0 &&
	       (!rdonly || mount(NULL, point, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) == 0);
}

/* In a user and mount namespace of its own, and then without the capabilities that come with it. */
static bool enter_namespace(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {0};
	unsigned uid = geteuid(), gid = getegid();
	char map[64];

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return false;
	snprintf(map, sizeof(map), "%u %u 1", uid, uid);
	if (!write_text("/proc/self/setgroups", "deny") || !write_text("/proc/self/uid_map", map))
		return false;
	snprintf(map, sizeof(map), "%u %u 1", gid, gid);
	if (!write_text("/proc/self/gid_map", map) || !bind_native("rw", false) || !bind_native("ro", true))
		return false;
	return syscall(SYS_capset, &header, none) == 0;
}

/* One byte more than NAME_MAX. */
#define N64	  "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
#define LONG_NAME N64 N64 N64 N64

/* clang-format off */
static const char *const mount_paths[] = {
	"ro/" LONG_NAME, "rw/" LONG_NAME,
	"a", "a", "b", "rw", "ro", "rw/a", "rw/a", "rw/b", "rw/d", "rw/d/x", "rw/l", "rw/l/x", "ro/a",
	"ro/b", "ro/d", "ro/d/x", "ro/d/nope", "ro/nope", "ro/nope/", "ro/l", "ro/l/", "ro/dangling",
	"ro/out", "ro/abs", "ro/abs/a", "ro/p", "ro/secret", "ro/closed", "ro/closed/x", "ro/dd", "ro/dd/x",
	"ro/.", "ro/..", "rw/.", "rw/..", "ro/../rw/a", "rw/../ro/a", "rw/", "ro/", "ro/d/../a", "file",
	"''", "@/ro/a", "@/rw/b", "ro/a/", "ro/a/x", "ro/d/", "ro/d/.", "ro/d/..",
};
/* clang-format on */

/* clang-format off */
/* What Linux answers, in this order: checked where bind mounts can be made, relied on where they cannot. */
static const struct {
	const char *line;
	long value;
} mount_script[] = {
	{"open ro/a O_RDONLY", 0}, {"open ro/a O_RDWR", -EROFS}, {"open ro/a O_RDONLY|O_TRUNC", -EROFS},
	{"open ro/a O_CREAT|O_RDONLY 644", 0}, {"open ro/a O_CREAT|O_EXCL|O_RDWR 644", -EEXIST},
	{"open ro/new O_CREAT|O_RDWR 644", -EROFS}, {"open ro/new O_CREAT|O_EXCL|O_RDWR 644", -EROFS},
	{"open ro/secret O_RDWR", -EACCES}, {"open ro/secret O_RDWR|O_TRUNC", -EROFS},
	{"open ro/d O_RDWR", -EISDIR}, {"open ro/d O_TMPFILE|O_RDWR 600", -EROFS},
	{"open ro/out O_CREAT|O_RDWR 644", 0}, {"open ro/out O_RDONLY", 0},
	{"open ro/p O_RDWR|O_NONBLOCK", 0}, {"open ro/a O_ACCMODE", 0},
	{"open ro/dangling O_CREAT|O_RDWR 644", -EROFS}, {"access ro/a 2 0", -EROFS},
	{"access ro/secret 2 0", -EACCES}, {"access ro/p 2 0", 0}, {"access ro/l 2 NOFOLLOW", -EROFS},
	{"unlink ro/nope 0", -EROFS}, {"unlink ro/closed/x 0", -EACCES}, {"unlink rw 0", -EISDIR},
	{"unlink rw REMOVEDIR", -EBUSY}, {"unlink ro REMOVEDIR", -EBUSY}, {"mkdir ro 755", -EEXIST},
	{"mkdir ro/nope/x 755", -ENOENT}, {"mkdir ro/a/ 755", -EEXIST}, {"symlink x ro/nope/", -ENOENT},
	{"rename rw x 0", -EBUSY}, {"rename file rw 0", -EISDIR}, {"rename file rw NOREPLACE", -EEXIST},
	{"rename rw ro EXCHANGE", -EBUSY}, {"rename file rw/x 0", -EXDEV}, {"rename ro/a ro/c 0", -EROFS},
	{"rename ro/nope ro/c 0", -EROFS}, {"rename ro/. ro/x 0", -EBUSY}, {"link ro/a rw/c 0", -EXDEV},
	{"link rw/nope ro/c 0", -ENOENT}, {"link file ro/a 0", -EEXIST}, {"link file ro/c 0", -EROFS},
	{"link ro/a ro/c 0", -EROFS}, {"link file rw/k 0", -EXDEV}, {"chmod ro/a 600 0", -EROFS},
	{"chmod ro/p 600 0", -EROFS}, {"chmod ro/l 600 NOFOLLOW", -EROFS}, {"chown ro/a -1 -1 0", -EROFS},
	{"utimens ro/a now 0", -EROFS}, {"utimens ro/a bad 0", -EINVAL}, {"utimens ro/a omit 0", 0},
	{"truncate ro/a 0", -EROFS}, {"truncate ro/d 0", -EISDIR}, {"truncate ro/p 0", -EINVAL},
	{"setxattr ro/a user.a v 0", -EROFS}, {"removexattr ro/a user.a 0 0", -EROFS},
	{"setxattr ro/l user.a v n", -EROFS}, {"mknod ro/a S_IFIFO|600 0", -EEXIST},
	{"mknod ro/q S_IFIFO|600 0", -EROFS}, {"mknod ro/p S_IFDIR 0", -EPERM},
	{"open rw/k O_RDWR|O_CREAT 644", 0},
};
/* clang-format on */

/* Whether every line is answered as expected; not strict: the kernel may be too old to have the call. */
static bool run_mount_script(struct world *w, bool strict)
{
	bool ok = true;

	for (size_t i = 0; i < sizeof(mount_script) / sizeof(mount_script[0]); i++) {
		long value = world_run(w, mount_script[i].line).value;

		if (value == mount_script[i].value || (!strict && value == -ENOSYS))
			continue;
		fprintf(stderr, "%s: %ld, expected %ld%s\n", mount_script[i].line, value,
			mount_script[i].value, w->native ? " (native)" : "");
		ok = false;
	}
	return ok;
}

/* In a child, since a namespace cannot be left again: 0, 1 for a difference, 77 where namespaces are refused.
 */
static int compare_with_bind_mounts(uint64_t seed)
{
	struct fuzz f = {
		.state = seed, .paths = mount_paths, .n_paths = sizeof(mount_paths) / sizeof(mount_paths[0])};
	char line[512];
	bool ok;

	if (!enter_namespace())
		return 77;
	start_worlds("n/1/2/r", "v/1/2/r", seed % 2);
	ok = run_mount_script(&native, false) & run_mount_script(&shown, true);
	for (unsigned i = 0; i < 20000; i++) {
		fuzz_line(&f, line, sizeof(line));
		if (strncmp(line, "open", 4) == 0 && strstr(line, "ro/p") && !strstr(line, "O_PATH"))
			continue; /* could block natively */
		if (strncmp(line, "truncate", 8) == 0 && (strstr(line, "secret") || strstr(line, "closed")))
			continue; /* the order of EACCES and EROFS depends on the kernel's version */
		if (!agree(&native, &shown, line)) {
			fprintf(stderr, "in round %u\n", i);
			return 1;
		}
	}
	stop_worlds();
	return ok ? 0 : 1;
}

static void run_mounts(uint64_t seed)
{
	int status;
	pid_t pid;

	make_sources();
	mount_view("rw", false);
	mount_view("ro", true);
	view_seal(&view);
	pid = fork();
	if (pid == 0)
		_exit(compare_with_bind_mounts(seed));
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		/* No namespaces here: only what Linux is known to answer. */
		start_worlds("n/1/2/r", "v/1/2/r", seed % 2);
		status = !run_mount_script(&shown, true);
		stop_worlds();
	}
	cr_expect_eq(status, 0);
}

Test(ops_twin, bind_mounts)
{
	run_mounts(4);
}

Test(ops_twin, bind_mounts_absolute)
{
	run_mounts(5);
}
