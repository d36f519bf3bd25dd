/* The little that the guest programs share. A guest program is a plain program: it must pass on the bare kernel, and
 * the same binary must pass inside uctr.
 *
 *   PROGRAM DIR [RO OUTSIDE MASKED]
 *
 * DIR is an empty writable directory and the working directory. RO, OUTSIDE and MASKED are given inside uctr only: a
 * read-only mount with file, dir, dir/file, link -> file, fifo and prog (executable) in it, the number of a process
 * that does not belong to the container, and a directory whose content is hidden. */
#ifndef UCTR_TESTS_GUEST_H
#define UCTR_TESTS_GUEST_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Newer than Debian 12's headers. */
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif
#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif
#define NR_fchmodat2	 452
#define NR_setxattrat	 463
#define NR_getxattrat	 464
#define NR_listxattrat	 465
#define NR_removexattrat 466

struct guest {
	const char *dir; /* absolute */
	const char *ro;	 /* NULL on the bare kernel, and so are the next two */
	pid_t outside;
	const char *masked;
	int failures;
	char **argv;
};

static struct guest guest;

__attribute__((unused)) static bool in_view(void)
{
	return guest.ro != NULL;
}

__attribute__((unused, format(printf, 4, 5))) static bool report(bool ok, int line, const char *what,
								 const char *format, ...)
{
	char detail[512] = "";
	va_list ap;

	if (ok) {
		printf("ok - %s\n", what);
		return true;
	}
	va_start(ap, format);
	vsnprintf(detail, sizeof(detail), format, ap);
	va_end(ap);
	printf("not ok - line %d: %s: %s\n", line, what, detail);
	fflush(stdout);
	guest.failures++;
	return false;
}

/* One line per check; the macros keep the text of what was checked. errno is left as the call set it. */
#define CHECK(cond) report((cond), __LINE__, #cond, "false (errno %d)", errno)

#define CHECK_SAYS(cond, ...) report((cond), __LINE__, #cond, __VA_ARGS__)

#define CHECK_ERRNO(call, expected)                                                     \
	({                                                                              \
		errno = 0;                                                              \
		long rc_ = (long)(call);                                                \
		int e_ = errno;                                                         \
		report(rc_ == -1 && e_ == (expected), __LINE__, #call " -> " #expected, \
		       "returned %ld, errno %d (%s)", rc_, e_, strerror(e_));           \
	})

/* The call succeeds; its value is returned. */
#define CHECK_OK(call)                                                                 \
	({                                                                             \
		errno = 0;                                                             \
		long rc_ = (long)(call);                                               \
		int e_ = errno;                                                        \
		report(rc_ != -1, __LINE__, #call, "errno %d (%s)", e_, strerror(e_)); \
		errno = e_;                                                            \
		rc_;                                                                   \
	})

#define CHECK_VALUE(call, expected)                                                                          \
	({                                                                                                   \
		errno = 0;                                                                                   \
		long long rc_ = (long long)(call);                                                           \
		int e_ = errno;                                                                              \
		long long x_ = (long long)(expected);                                                        \
		report(rc_ == x_, __LINE__, #call " == " #expected, "is %lld, not %lld (errno %d)", rc_, x_, \
		       e_);                                                                                  \
		errno = e_;                                                                                  \
	})

#define CHECK_STRING(text, expected)                                                                    \
	({                                                                                              \
		const char *t_ = (text), *x_ = (expected);                                              \
		report(!strcmp(t_, x_), __LINE__, #text " == " #expected, "is '%s', not '%s'", t_, x_); \
	})

/* For the fixture: the test makes no sense without it. */
#define MUST(call)                                                                                     \
	({                                                                                             \
		errno = 0;                                                                             \
		long rc_ = (long)(call);                                                               \
		if (rc_ == -1) {                                                                       \
			printf("not ok - line %d: set-up %s: %s\n", __LINE__, #call, strerror(errno)); \
			fflush(stdout);                                                                \
			exit(1);                                                                       \
		}                                                                                      \
		rc_;                                                                                   \
	})

__attribute__((unused, noreturn, format(printf, 1, 2))) static void skip(const char *format, ...)
{
	va_list ap;

	printf("skip - ");
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	exit(guest.failures ? 1 : 77);
}

/* len bytes that end at an unmapped page; filled from data unless that is NULL. A ring: the oldest of 128 is reused. */
__attribute__((unused)) static char *border(const void *data, size_t len)
{
	static char *ring[128];
	static unsigned next;
	const size_t room = 2 * 4096;
	char **slot = &ring[next++ % 128];

	if (!*slot) {
		*slot = mmap(NULL, room + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (*slot == MAP_FAILED || munmap(*slot + room, 4096) < 0)
			exit(1);
		/* keep others from being mapped there */
		mmap(*slot + room, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	}
	if (len > room)
		exit(1);
	if (data)
		memcpy(*slot + room - len, data, len);
	return *slot + room - len;
}

/* A pointer to a string without end: the page ends first. */
__attribute__((unused)) static char *unterminated(const char *s)
{
	return border(s, strlen(s));
}

/* A readable but not writable buffer of 4096 bytes. */
__attribute__((unused)) static void *read_only_page(void)
{
	static void *page;

	if (!page)
		page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page;
}

#define BAD_POINTER ((void *)-4095L)

/* The absolute path of a name in DIR; its NUL is the last byte before an unmapped page. */
__attribute__((unused)) static char *in_dir(const char *name)
{
	char buf[PATH_MAX];
	int n = snprintf(buf, sizeof(buf), "%s/%s", guest.dir, name);

	return border(buf, n + 1);
}

__attribute__((unused)) static char *in_ro(const char *name)
{
	char buf[PATH_MAX];
	int n = snprintf(buf, sizeof(buf), "%s/%s", guest.ro, name);

	return border(buf, n + 1);
}

/* The same for a relative path or any other string. */
__attribute__((unused)) static char *at_border(const char *s)
{
	return border(s, strlen(s) + 1);
}

__attribute__((unused)) static void make_file(const char *name, const char *content)
{
	int fd = MUST(
		syscall(SYS_openat, AT_FDCWD, in_dir(name), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644));

	MUST(write(fd, content, strlen(content)));
	close(fd);
}

/* The content of a small file, "" when it cannot be read. */
__attribute__((unused)) static const char *content_of(const char *path)
{
	static char buf[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);

	buf[n < 0 ? 0 : n] = 0;
	if (fd >= 0)
		close(fd);
	return buf;
}

__attribute__((unused)) static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 4096; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			n++;
	return n;
}

/* Waits for the child and returns its exit status, 128 + N for signal N. */
__attribute__((unused)) static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

__attribute__((unused)) static void sleep_ms(int ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000L};

	while (nanosleep(&t, &t) < 0)
		;
}

__attribute__((unused)) static char process_state(pid_t pid)
{
	char path[64], buf[512], *p;
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return 0;
	buf[n] = 0;
	p = strrchr(buf, ')');
	return p && p[1] ? p[2] : 0;
}

/* Waits at most 5 s until the task is in one of the states. */
__attribute__((unused)) static bool wait_state(pid_t pid, const char *states)
{
	for (int i = 0; i < 2500; i++) {
		char s = process_state(pid);

		if (s && strchr(states, s))
			return true;
		sleep_ms(2);
	}
	return false;
}

/* A call with a path, in its dirfd form; functions without a dirfd ignore it. */
typedef long (*path_call)(int dirfd, const char *path);

/* The errnos that each call with a path has in common: those of the way to the last component. */
__attribute__((unused)) static void path_errors(const char *what, path_call fn, bool has_dirfd)
{
	char comp[300], path[5000];
	int fd, before = count_fds();

	printf("# %s: common errors\n", what);
	mkdir(in_dir("e_dir"), 0755);
	symlink("e_loop", in_dir("e_loop"));
	make_file("e_file", "x");
	CHECK_ERRNO(fn(AT_FDCWD, at_border("")), ENOENT);
	CHECK_ERRNO(fn(AT_FDCWD, in_dir("e_missing/x")), ENOENT);
	CHECK_ERRNO(fn(AT_FDCWD, at_border("e_missing/x")), ENOENT);
	CHECK_ERRNO(fn(AT_FDCWD, in_dir("e_file/x")), ENOTDIR);
	CHECK_ERRNO(fn(AT_FDCWD, in_dir("e_file/../x")), ENOTDIR);
	CHECK_ERRNO(fn(AT_FDCWD, in_dir("e_missing/../x")), ENOENT);
	CHECK_ERRNO(fn(AT_FDCWD, in_dir("e_loop/x")), ELOOP);
	memset(comp, 'n', 256);
	strcpy(comp + 256, "/x");
	CHECK_ERRNO(fn(AT_FDCWD, in_dir(comp)), ENAMETOOLONG);
	comp[256] = 0;
	CHECK_ERRNO(fn(AT_FDCWD, in_dir(comp)), ENAMETOOLONG);
	for (int i = 0; i < 4096; i += 2)
		memcpy(path + i, "./", 2);
	path[4096] = 0;
	CHECK_ERRNO(fn(AT_FDCWD, at_border(path)), ENAMETOOLONG);
	CHECK_ERRNO(fn(AT_FDCWD, NULL), EFAULT);
	CHECK_ERRNO(fn(AT_FDCWD, BAD_POINTER), EFAULT);
	CHECK_ERRNO(fn(AT_FDCWD, unterminated("e_dir")), EFAULT);
	if (geteuid()) {
		MUST(chmod(in_dir("e_dir"), 0600));
		CHECK_ERRNO(fn(AT_FDCWD, in_dir("e_dir/x")), EACCES);
		MUST(chmod(in_dir("e_dir"), 0755));
	}
	if (has_dirfd) {
		CHECK_ERRNO(fn(-1, at_border("x")), EBADF);
		CHECK_ERRNO(fn(1000, at_border("x")), EBADF);
		fd = MUST(open(in_dir("e_file"), O_RDONLY | O_CLOEXEC));
		CHECK_ERRNO(fn(fd, at_border("x")), ENOTDIR);
		close(fd);
		fd = MUST(open(in_dir("e_dir"), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
		CHECK_ERRNO(fn(fd, at_border("missing/x")), ENOENT);
		CHECK_ERRNO(fn(fd, NULL), EFAULT);
		close(fd);
	}
	unlink(in_dir("e_file"));
	unlink(in_dir("e_loop"));
	rmdir(in_dir("e_dir"));
	CHECK_VALUE(count_fds(), before);
}

static inline void guest_begin(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: %s DIR [RO OUTSIDE MASKED]\n", argv[0]);
		exit(2);
	}
	setvbuf(stdout, NULL, _IOFBF, 65536);
	guest.argv = argv;
	guest.dir = argv[1];
	if (argc > 4) {
		guest.ro = argv[2];
		guest.outside = atoi(argv[3]);
		guest.masked = argv[4];
	}
	umask(022);
}

static inline int guest_end(void)
{
	fflush(stdout);
	return guest.failures ? 1 : 0;
}

#endif
