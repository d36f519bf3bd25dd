/* Single system calls on paths, descriptors, memory and sockets: nanoseconds per iteration. See bench.h for the use. */
#include "bench/bench.h"

#include <dirent.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#define MAP_SIZE  (256 * 1024)
#define N_ENTRIES 100

/* --- calls that are answered --- */

static void loop_getuid(struct bench *b, long n)
{
	uid_t uid = getuid();

	(void)b;
	while (n--)
		must(getuid() == uid, "getuid");
}

static void loop_fstat(struct bench *b, long n)
{
	struct stat st;

	while (n--)
		must(fstat(b->fd, &st) == 0, "fstat");
}

static void loop_stat(struct bench *b, long n)
{
	struct stat st;

	while (n--)
		must(stat(b->file, &st) == 0 && st.st_size == FILE_SIZE, "stat");
}

static void loop_statx(struct bench *b, long n)
{
	struct statx stx;

	while (n--)
		must(statx(AT_FDCWD, b->file, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &stx) == 0, "statx");
}

static void loop_open(struct bench *b, long n)
{
	while (n--) {
		int fd = open(b->file, O_RDONLY | O_CLOEXEC);

		must(fd >= 0, "open");
		close(fd);
	}
}

static void loop_readlink(struct bench *b, long n)
{
	char target[64];

	while (n--)
		must(readlink(b->link, target, sizeof(target)) == 4, "readlink");
}

static void loop_access(struct bench *b, long n)
{
	while (n--)
		must(access(b->none, R_OK) == -1 && errno == ENOENT, "access");
}

static void loop_mkdir_rmdir(struct bench *b, long n)
{
	while (n--) {
		must(mkdir(b->none, 0700) == 0, "mkdir");
		must(rmdir(b->none) == 0, "rmdir");
	}
}

static void loop_creat_unlink(struct bench *b, long n)
{
	while (n--) {
		int fd = open(b->none, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

		must(fd >= 0, "creat");
		close(fd);
		must(unlink(b->none) == 0, "unlink");
	}
}

static void setup_rename(struct bench *b)
{
	must(link(b->file, b->none) == 0, "link");
}

static void loop_rename(struct bench *b, long n)
{
	while (n--) {
		must(rename(b->none, b->other) == 0, "rename");
		must(rename(b->other, b->none) == 0, "rename");
	}
}

static void teardown_rename(struct bench *b)
{
	unlink(b->none);
}

static void entries(struct bench *b, bool make)
{
	char path[PATH_MAX + 16];

	if (make)
		must(mkdir(b->none, 0700) == 0, "mkdir");
	for (int i = 0; i < N_ENTRIES; i++) {
		snprintf(path, sizeof(path), "%s/%d", b->none, i);
		must((make ? symlink("x", path) : unlink(path)) == 0, path);
	}
	if (!make)
		must(rmdir(b->none) == 0, "rmdir");
}

static void setup_readdir(struct bench *b)
{
	entries(b, true);
}

static void teardown_readdir(struct bench *b)
{
	entries(b, false);
}

static void loop_readdir(struct bench *b, long n)
{
	while (n--) {
		DIR *dir = opendir(b->none);
		int count = 0;

		must(dir, "opendir");
		while (readdir(dir))
			count++;
		must(count == N_ENTRIES + 2, "readdir");
		closedir(dir);
	}
}

static void loop_getcwd(struct bench *b, long n)
{
	char cwd[PATH_MAX];

	(void)b;
	while (n--)
		must(getcwd(cwd, sizeof(cwd)) != NULL, "getcwd");
}

static void loop_chdir(struct bench *b, long n)
{
	while (n--)
		must(chdir(b->dir) == 0, "chdir");
}

/* --- data --- */

static void loop_pread(struct bench *b, long n)
{
	for (long i = 0; i < n; i++)
		must(pread(b->fd, b->block, BLOCK, i % 16 * BLOCK) == BLOCK, "pread");
}

static void loop_pwrite(struct bench *b, long n)
{
	for (long i = 0; i < n; i++)
		must(pwrite(b->fd, b->block, BLOCK, i % 16 * BLOCK) == BLOCK, "pwrite");
}

static void loop_mmap(struct bench *b, long n)
{
	(void)b;
	while (n--) {
		volatile char *p = mmap(NULL, MAP_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
					-1, 0);

		must(p != MAP_FAILED, "mmap");
		for (size_t i = 0; i < MAP_SIZE; i += 4096)
			p[i] = 1;
		must(munmap((void *)p, MAP_SIZE) == 0, "munmap");
	}
}

/* --- sockets --- */

static void loop_bind(struct bench *b, long n)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	(void)b;
	while (n--) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		must(fd >= 0 && bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0, "bind");
		must(listen(fd, 8) == 0, "listen");
		close(fd);
	}
}

/* The name is relative, for sun_path is short: main() has changed to b->dir. */
static const struct sockaddr_un unix_name = {.sun_family = AF_UNIX, .sun_path = "socket"};

static void setup_unix(struct bench *b)
{
	b->peer[0] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(b->peer[0] >= 0, "socket");
	must(bind(b->peer[0], (const struct sockaddr *)&unix_name, sizeof(unix_name)) == 0, "bind");
	must(listen(b->peer[0], 8) == 0, "listen");
}

static void loop_unix(struct bench *b, long n)
{
	while (n--) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), got;

		must(fd >= 0, "socket");
		must(connect(fd, (const struct sockaddr *)&unix_name, sizeof(unix_name)) == 0, "connect");
		got = accept4(b->peer[0], NULL, NULL, SOCK_CLOEXEC);
		must(got >= 0, "accept");
		close(got);
		close(fd);
	}
}

static void teardown_unix(struct bench *b)
{
	close(b->peer[0]);
	unlink(unix_name.sun_path);
}

static const struct row rows[] = {
	{"getuid", loop_getuid, NULL, NULL},
	{"fstat", loop_fstat, NULL, NULL},
	{"stat", loop_stat, NULL, NULL},
	{"statx", loop_statx, NULL, NULL},
	{"open", loop_open, NULL, NULL},
	{"readlink", loop_readlink, NULL, NULL},
	{"access", loop_access, NULL, NULL},
	{"mkdir_rmdir", loop_mkdir_rmdir, NULL, NULL},
	{"creat_unlink", loop_creat_unlink, NULL, NULL},
	{"rename", loop_rename, setup_rename, teardown_rename},
	{"readdir100", loop_readdir, setup_readdir, teardown_readdir},
	{"getcwd", loop_getcwd, NULL, NULL},
	{"chdir", loop_chdir, NULL, NULL},
	{"pread64k", loop_pread, NULL, NULL},
	{"pwrite64k", loop_pwrite, NULL, NULL},
	{"mmap_touch", loop_mmap, NULL, NULL},
	{"bind_listen_close", loop_bind, NULL, NULL},
	{"unix_connect", loop_unix, setup_unix, teardown_unix},
	{NULL, NULL, NULL, NULL},
};

int main(int argc, char **argv)
{
	return bench_main(argc, argv, rows);
}
