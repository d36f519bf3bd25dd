/* For test_ops_*.c: runs one file system call twice, natively and through vfs/ops.h, in twin directories, so
 * that the results can be compared. A call is a line of words such as "open a O_RDWR|O_CREAT 644". */
#ifndef UCTR_TESTS_OPS_FIXTURE_H
#define UCTR_TESTS_OPS_FIXTURE_H

#include "lib/cleanup.h"
#include "vfs/ops.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#define MAX_WORDS 6

struct world {
	bool native;
	bool absolute;	    /* give absolute paths instead of relative ones */
	char dir[PATH_MAX]; /* of the host when native, else of the view */
	int dir_fd;	    /* of dir, O_PATH */
	struct vfs_ctx ctx; /* unless native */
	int umasks;	    /* how often apply_umask was called */
};

struct outcome {
	long value;	 /* or a negative errno */
	char text[4200]; /* what the call told */
};

static const struct {
	const char *name;
	long value;
} flag_names[] = {
	{"O_RDONLY", O_RDONLY},
	{"O_WRONLY", O_WRONLY},
	{"O_RDWR", O_RDWR},
	{"O_ACCMODE", O_ACCMODE},
	{"O_CREAT", O_CREAT},
	{"O_EXCL", O_EXCL},
	{"O_TRUNC", O_TRUNC},
	{"O_APPEND", O_APPEND},
	{"O_NONBLOCK", O_NONBLOCK},
	{"O_DIRECTORY", O_DIRECTORY},
	{"O_NOFOLLOW", O_NOFOLLOW},
	{"O_PATH", O_PATH},
	{"O_TMPFILE", O_TMPFILE},
	{"O_CLOEXEC", O_CLOEXEC},
	{"O_SYNC", O_SYNC},
	{"O_NOATIME", O_NOATIME},
	{"S_IFREG", S_IFREG},
	{"S_IFDIR", S_IFDIR},
	{"S_IFIFO", S_IFIFO},
	{"S_IFSOCK", S_IFSOCK},
	{"S_IFLNK", S_IFLNK},
	{"NOFOLLOW", AT_SYMLINK_NOFOLLOW},
	{"FOLLOW", AT_SYMLINK_FOLLOW},
	{"EMPTY", AT_EMPTY_PATH},
	{"EACCESS", AT_EACCESS},
	{"REMOVEDIR", AT_REMOVEDIR},
	{"NOREPLACE", RENAME_NOREPLACE},
	{"EXCHANGE", RENAME_EXCHANGE},
	{"WHITEOUT", RENAME_WHITEOUT},
	{"NO_SYMLINKS", RESOLVE_NO_SYMLINKS},
	{"NO_XDEV", RESOLVE_NO_XDEV},
	{"BENEATH", RESOLVE_BENEATH},
	{"IN_ROOT", RESOLVE_IN_ROOT},
	{"NO_MAGIC", RESOLVE_NO_MAGICLINKS},
};

/* Names joined by "|", or an octal number. */
static inline unsigned long parse_flags(const char *text)
{
	unsigned long sum = 0;

	while (*text) {
		size_t len = strcspn(text, "|"), i, n = sizeof(flag_names) / sizeof(flag_names[0]);

		for (i = 0; i < n; i++)
			if (strlen(flag_names[i].name) == len && !memcmp(flag_names[i].name, text, len))
				break;
		sum |= i < n ? (unsigned long)flag_names[i].value : strtoul(text, NULL, 8);
		text += len + (text[len] == '|');
	}
	return sum;
}

static inline void note_umask(void *arg)
{
	((struct world *)arg)->umasks++;
}

/* A path word: '' is the empty path, @ stands for the world's own directory. */
static inline const char *world_path(const struct world *w, const char *word, char *buf)
{
	if (strcmp(word, "''") == 0)
		return "";
	if (word[0] == '@')
		snprintf(buf, PATH_MAX, "%.3000s%s", w->dir, word + 1);
	else if (w->absolute && word[0] != '/')
		snprintf(buf, PATH_MAX, "%.3000s/%s", w->dir, word);
	else
		snprintf(buf, PATH_MAX, "%s", word);
	return buf;
}

/* Describes an open descriptor by what both worlds must agree in. */
static inline long tell_fd(int fd, char *text)
{
	struct stat st = {0};
	char content[32] = "";
	int flags = fcntl(fd, F_GETFL);
	ssize_t n = 0;

	fstat(fd, &st);
	if (S_ISREG(st.st_mode) && !(flags & O_PATH))
		n = pread(fd, content, sizeof(content) - 1, 0);
	/* O_NOFOLLOW is lost when a descriptor is opened again */
	snprintf(text, 200, "mode %o size %ld flags %o content %zd %s", st.st_mode,
		 S_ISREG(st.st_mode) ? (long)st.st_size : -1, flags & ~O_NOFOLLOW, n, n > 0 ? content : "");
	return 0;
}

static inline long finish_open(int fd, char *text)
{
	long r;

	if (fd < 0)
		return -errno;
	r = tell_fd(fd, text);
	close(fd);
	return r;
}

static inline int open_as_task(const struct vfs_opened *o)
{
	char path[PATH_MAX];
	int fd;

	if (o->kind == VFS_OPEN_FD)
		return o->fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", o->fd);
	fd = open(path, o->flags | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	close(o->fd);
	if (fd < 0)
		errno = -fd;
	return fd < 0 ? -1 : fd;
}

static inline void tell_stat(const struct stat *st, char *text)
{
	snprintf(text, 200, "mode %o uid %u gid %u size %ld nlink %lu", st->st_mode, st->st_uid, st->st_gid,
		 S_ISDIR(st->st_mode) ? -1 : (long)st->st_size, (unsigned long)st->st_nlink);
}

/* A link's text, with the world's own directory as "@". */
static inline void tell_link(const struct world *w, const char *buf, long n, char *text)
{
	size_t len = strlen(w->dir);

	if (n < 0)
		return;
	if ((size_t)n >= len && !memcmp(buf, w->dir, len))
		snprintf(text, 4200, "@%.*s", (int)(n - (long)len), buf + len);
	else
		snprintf(text, 4200, "%.*s", (int)n, buf);
}

static const struct timespec some_times[2] = {{1000, 5}, {2000, 7}};
static const struct timespec bad_times[2] = {{1000, 5000000000L}, {2000, 7}};
static const struct timespec omit_times[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};

static inline const struct timespec *pick_times(const char *word)
{
	return !strcmp(word, "now")    ? NULL
	       : !strcmp(word, "bad")  ? bad_times
	       : !strcmp(word, "omit") ? omit_times
				       : some_times;
}

#define OP(name_) (strcmp(op, name_) == 0)

static inline long native_call(const struct world *w, char **v, char *text)
{
	char a[PATH_MAX], b[PATH_MAX], data[4096];
	const char *op = v[0], *p = world_path(w, v[1], a), *q = world_path(w, v[2], b);
	int dir = w->dir_fd;
	struct open_how how = {0};
	struct stat st;
	long r = -1;

	errno = 0;
	if (OP("stat")) {
		r = syscall(SYS_newfstatat, dir, p, &st, parse_flags(v[2]));
		if (r == 0)
			tell_stat(&st, text);
	} else if (OP("access")) {
		r = syscall(SYS_faccessat2, dir, p, parse_flags(v[2]), parse_flags(v[3]));
	} else if (OP("readlink")) {
		r = syscall(SYS_readlinkat, dir, p, data, atoi(v[2]));
		tell_link(w, data, r, text);
	} else if (OP("open")) {
		return finish_open((int)syscall(SYS_openat, dir, p, parse_flags(v[2]), parse_flags(v[3])),
				   text);
	} else if (OP("openat2")) {
		how = (struct open_how){parse_flags(v[2]), parse_flags(v[3]), parse_flags(v[4])};
		return finish_open((int)syscall(SYS_openat2, dir, p, &how, sizeof(how)), text);
	} else if (OP("mkdir")) {
		r = syscall(SYS_mkdirat, dir, p, parse_flags(v[2]));
	} else if (OP("mknod")) {
		r = syscall(SYS_mknodat, dir, p, parse_flags(v[2]), parse_flags(v[3]));
	} else if (OP("unlink")) {
		r = syscall(SYS_unlinkat, dir, p, parse_flags(v[2]));
	} else if (OP("rename")) {
		r = syscall(SYS_renameat2, dir, p, dir, q, parse_flags(v[3]));
	} else if (OP("link")) {
		r = syscall(SYS_linkat, dir, p, dir, q, parse_flags(v[3]));
	} else if (OP("symlink")) {
		r = syscall(SYS_symlinkat, v[1][0] == '@' || v[1][0] == '\'' ? p : v[1], dir, q);
	} else if (OP("chmod")) {
		r = v[3][0] == '0'
			    ? syscall(SYS_fchmodat, dir, p, parse_flags(v[2]))
			    : syscall(452 /* fchmodat2 */, dir, p, parse_flags(v[2]), parse_flags(v[3]));
	} else if (OP("chown")) {
		r = syscall(SYS_fchownat, dir, p, atoi(v[2]), atoi(v[3]), parse_flags(v[4]));
	} else if (OP("utimens")) {
		r = syscall(SYS_utimensat, dir, p, pick_times(v[2]), parse_flags(v[3]));
	} else {
		/* calls without a directory descriptor: made in the directory itself */
		if (fchdir(dir) < 0)
			abort();
		if (OP("truncate"))
			r = truncate(p, atol(v[2]));
		else if (OP("setxattr"))
			r = (v[4][0] == 'n' ? lsetxattr : setxattr)(p, v[2], v[3], strlen(v[3]), 0);
		else if (OP("getxattr"))
			r = (v[4][0] == 'n' ? lgetxattr : getxattr)(p, v[2], data, sizeof(data));
		else if (OP("listxattr"))
			r = (v[4][0] == 'n' ? llistxattr : listxattr)(p, data, sizeof(data));
		else if (OP("removexattr"))
			r = (v[4][0] == 'n' ? lremovexattr : removexattr)(p, v[2]);
		else
			abort();
		if (chdir("/") < 0)
			abort();
	}
	return r < 0 ? -errno : r;
}

static inline long vfs_open_call(const struct world *w, const struct vfs_name *n, const struct open_how *how,
				 bool legacy, char *text)
{
	struct vfs_opened o;
	int r = vfs_open(&w->ctx, n, how, legacy, &o);

	return r < 0 ? r : finish_open(open_as_task(&o), text);
}

static inline long vfs_call(const struct world *w, char **v, char *text)
{
	char a[PATH_MAX], b[PATH_MAX], data[4096];
	const char *op = v[0];
	const struct vfs_ctx *c = &w->ctx;
	/* With AT_EMPTY_PATH the handler passes the descriptor itself. */
	bool by_fd = !strcmp(v[1], "''") &&
		     (!strcmp(v[2], "EMPTY") || !strcmp(v[3], "EMPTY") || !strcmp(v[4], "EMPTY"));
	const struct vfs_name n = {.path = world_path(w, v[1], a),
				   .base = w->dir,
				   .fd = by_fd ? w->dir_fd : -1,
				   .fd_vpath = by_fd ? w->dir : NULL};
	const struct vfs_name m = {.path = world_path(w, v[2], b), .base = w->dir, .fd = -1};
	bool nofollow = v[4][0] == 'n';
	struct open_how how;
	struct stat st;
	long r;

	if (OP("stat")) {
		r = vfs_stat(c, &n, (int)parse_flags(v[2]), &st);
		if (r == 0)
			tell_stat(&st, text);
		return r;
	}
	if (OP("access"))
		return vfs_access(c, &n, (int)parse_flags(v[2]), (int)parse_flags(v[3]));
	if (OP("readlink")) {
		r = vfs_readlink(c, &n, data, atoi(v[2]));
		tell_link(w, data, r, text);
		return r;
	}
	if (OP("open") || OP("openat2")) {
		bool legacy = OP("open");

		how = (struct open_how){parse_flags(v[2]), parse_flags(v[3]), legacy ? 0 : parse_flags(v[4])};
		return vfs_open_call(w, &n, &how, legacy, text);
	}
	if (OP("mkdir"))
		return vfs_mkdir(c, &n, (mode_t)parse_flags(v[2]));
	if (OP("mknod"))
		return vfs_mknod(c, &n, (mode_t)parse_flags(v[2]), parse_flags(v[3]));
	if (OP("unlink"))
		return vfs_unlink(c, &n, (int)parse_flags(v[2]));
	if (OP("rename"))
		return vfs_rename(c, &n, &m, (unsigned)parse_flags(v[3]));
	if (OP("link"))
		return vfs_link(c, &n, &m, (int)parse_flags(v[3]));
	if (OP("symlink"))
		return vfs_symlink(c, v[1][0] == '@' || v[1][0] == '\'' ? n.path : v[1], &m);
	if (OP("chmod"))
		return vfs_chmod(c, &n, (mode_t)parse_flags(v[2]), (int)parse_flags(v[3]));
	if (OP("chown"))
		return vfs_chown(c, &n, (uid_t)atoi(v[2]), (gid_t)atoi(v[3]), (int)parse_flags(v[4]));
	if (OP("utimens"))
		return vfs_utimens(c, &n, pick_times(v[2]), (int)parse_flags(v[3]));
	if (OP("truncate"))
		return vfs_truncate(c, &n, atol(v[2]));
	if (OP("setxattr"))
		return vfs_setxattr(c, &n, nofollow, v[2], v[3], strlen(v[3]), 0);
	if (OP("getxattr"))
		return vfs_getxattr(c, &n, nofollow, v[2], data, sizeof(data));
	if (OP("listxattr"))
		return vfs_listxattr(c, &n, nofollow, data, sizeof(data));
	if (OP("removexattr"))
		return vfs_removexattr(c, &n, nofollow, v[2]);
	abort();
}

static inline struct outcome world_run(struct world *w, const char *line)
{
	char copy[1024], zero[] = "0", *words[MAX_WORDS + 1], *save = NULL, *word;
	struct outcome o = {0};
	int n = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (word = strtok_r(copy, " ", &save); word && n < MAX_WORDS; word = strtok_r(NULL, " ", &save))
		words[n++] = word;
	while (n <= MAX_WORDS)
		words[n++] = zero;
	o.value = w->native ? native_call(w, words, o.text) : vfs_call(w, words, o.text);
	if (!w->native)
		arena_reset(w->ctx.arena);
	return o;
}

/* Runs the line in both worlds; returns whether they agree, and says how they differ. */
static inline bool agree(struct world *native, struct world *view, const char *line)
{
	struct outcome a = world_run(native, line), b = world_run(view, line);

	if (a.value == b.value && !strcmp(a.text, b.text))
		return true;
	if (a.value == -ENOSYS) /* this kernel has no fchmodat2 */
		return true;
	fprintf(stderr, "%s: native %ld (%s), view %ld (%s)\n", line, a.value, a.text, b.value, b.text);
	return false;
}

static inline int count_fds(void)
{
	_cleanup_closedir_ DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (d && readdir(d))
		n++;
	return n;
}

/* ---- random calls ---- */

struct fuzz {
	uint64_t state;
	const char *const *paths;
	unsigned n_paths;
	bool fifos; /* make FIFOs; then every open has O_NONBLOCK */
};

static inline unsigned fuzz_next(struct fuzz *f, unsigned below)
{
	f->state = f->state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(f->state >> 33) % below;
}

#define PICK(f, ...)                                                            \
	({                                                                      \
		static const char *const choices_[] = {__VA_ARGS__};            \
		choices_[fuzz_next(f, sizeof(choices_) / sizeof(choices_[0]))]; \
	})

static inline void fuzz_open(struct fuzz *f, const char *p, char *line, size_t size)
{
	const char *access = PICK(f, "O_RDONLY", "O_RDONLY", "O_WRONLY", "O_RDWR", "O_RDWR", "O_ACCMODE",
				  "O_PATH");
	const char *make = PICK(f, "0", "0", "O_CREAT", "O_CREAT", "O_CREAT|O_EXCL", "O_TRUNC",
				"O_CREAT|O_TRUNC", "O_EXCL", "O_TMPFILE");
	const char *more = PICK(f, "0", "0", "0", "O_NOFOLLOW", "O_DIRECTORY", "O_APPEND",
				"O_NOFOLLOW|O_DIRECTORY", "O_CLOEXEC", "O_SYNC", "O_NOATIME", "40000000000");
	/* NO_XDEV and BENEATH are left to the tests of the walk. */
	const char *resolve = PICK(f, "0", "0", "0", "NO_SYMLINKS", "NO_MAGIC", "BENEATH|IN_ROOT", "1000");
	bool strict = fuzz_next(f, 3) == 0;

	if (strstr(make, "O_CREAT") && strstr(more, "O_DIRECTORY"))
		more = "0"; /* EINVAL only since Linux 6.4 */
	snprintf(line, size, "%s %s %s|%s|%s%s %s %s", strict ? "openat2" : "open", p, access, make, more,
		 f->fifos && !(strict && access[2] == 'P') ? "|O_NONBLOCK" : "",
		 strict && fuzz_next(f, 2) ? "0" : PICK(f, "644", "666", "600", "4755", "0", "100644"),
		 resolve);
}

static inline void fuzz_line(struct fuzz *f, char *line, size_t size)
{
	const char *p = f->paths[fuzz_next(f, f->n_paths)], *q = f->paths[fuzz_next(f, f->n_paths)];

	switch (fuzz_next(f, 22)) {
	case 0: snprintf(line, size, "stat %s %s", p, PICK(f, "0", "NOFOLLOW", "EMPTY", "1")); break;
	case 1:
		snprintf(line, size, "access %s %s %s", p, PICK(f, "0", "1", "2", "3", "4", "6", "7", "10"),
			 PICK(f, "0", "0", "EACCESS", "NOFOLLOW", "EMPTY", "1"));
		break;
	case 2: snprintf(line, size, "readlink %s %s", p, PICK(f, "100", "2", "0", "-1")); break;
	case 3:
	case 4: snprintf(line, size, "mkdir %s %s", p, PICK(f, "755", "777", "1777", "500")); break;
	case 5:
		snprintf(line, size, "mknod %s %s 0", p,
			 f->fifos ? PICK(f, "S_IFIFO|644", "S_IFSOCK|666", "S_IFREG|600", "S_IFDIR|644", "0",
					 "S_IFLNK|777")
				  : PICK(f, "S_IFSOCK|666", "S_IFREG|600", "S_IFDIR|644", "S_IFLNK|777",
					 "170000"));
		break;
	case 6:
	case 7:
		snprintf(line, size, "unlink %s %s", p, PICK(f, "0", "0", "REMOVEDIR", "REMOVEDIR", "1"));
		break;
	case 8:
	case 9:
		snprintf(line, size, "rename %s %s %s", p, q,
			 PICK(f, "0", "0", "0", "NOREPLACE", "EXCHANGE", "NOREPLACE|EXCHANGE", "10"));
		break;
	case 10:
	case 11:
		snprintf(line, size, "link %s %s %s", p, q, PICK(f, "0", "0", "FOLLOW", "EMPTY", "1"));
		break;
	case 12:
	case 13:
		snprintf(line, size, "symlink %s %s",
			 PICK(f, "a", "b", "d", "nope", "l", "d/x", "nope/", "..", "@/a", "@/d/new", "''",
			      "./d/../b"),
			 q);
		break;
	case 14:
		snprintf(line, size, "chmod %s %s 0", p, PICK(f, "744", "755", "700", "500", "300", "777"));
		break;
	case 15: snprintf(line, size, "chown %s -1 -1 %s", p, PICK(f, "0", "NOFOLLOW", "EMPTY", "1")); break;
	case 16:
		snprintf(line, size, "utimens %s %s %s", p, PICK(f, "now", "set", "bad", "omit"),
			 PICK(f, "0", "NOFOLLOW", "EMPTY", "1"));
		break;
	case 17: snprintf(line, size, "truncate %s %s", p, PICK(f, "0", "5", "-1", "100")); break;
	case 18:
		snprintf(line, size, "%s %s %s v %s",
			 PICK(f, "setxattr", "getxattr", "removexattr", "listxattr"), p,
			 PICK(f, "user.a", "user.b", "trusted.c", "bad"), PICK(f, "n", "0"));
		break;
	default: fuzz_open(f, p, line, size);
	}
}

#endif
