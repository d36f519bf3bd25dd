/* getdents64, getdents. */
#include "guest.h"

#include <dirent.h>

struct entry64 {
	uint64_t ino;
	int64_t off;
	uint16_t len;
	uint8_t type;
	char name[];
};

struct entry {
	unsigned long ino;
	unsigned long off;
	uint16_t len;
	char name[];
};

/* How often a name is in the directory; counts all names in *ret_all, and the type of the name in *ret_type. */
static int find64(int fd, const char *name, size_t room, int *ret_all, int *ret_type)
{
	int found = 0, all = 0;
	char *buf = border(NULL, room);
	long n;

	while ((n = syscall(SYS_getdents64, fd, buf, room)) > 0) {
		for (long i = 0; i < n;) {
			struct entry64 *e = (struct entry64 *)(buf + i);

			all++;
			if (!strcmp(e->name, name)) {
				found++;
				if (ret_type)
					*ret_type = e->type;
			}
			i += e->len;
		}
	}
	if (ret_all)
		*ret_all = all;
	return n < 0 ? -errno : found;
}

static int find32(int fd, const char *name, int *ret_all)
{
	int found = 0, all = 0;
	char *buf = border(NULL, 1024);
	long n;

	while ((n = syscall(SYS_getdents, fd, buf, 1024)) > 0) {
		for (long i = 0; i < n;) {
			struct entry *e = (struct entry *)(buf + i);

			all++;
			found += !strcmp(e->name, name);
			i += e->len;
		}
	}
	if (ret_all)
		*ret_all = all;
	return n < 0 ? -errno : found;
}

static int open_dir(const char *path)
{
	return MUST(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static void test_content(void)
{
	char name[32];
	int fd, all, type = -1;

	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "file-%d", i);
		make_file(name, "");
	}
	MUST(mkdir(in_dir("dir"), 0755));
	MUST(symlink("x", in_dir("link")));
	MUST(mkfifo(in_dir("fifo"), 0600));
	fd = open_dir(guest.dir);
	CHECK_VALUE(find64(fd, "file-299", 4096, &all, &type), 1);
	CHECK_VALUE(all, 305);
	CHECK(type == DT_REG || type == DT_UNKNOWN);
	CHECK_VALUE(find64(fd, "file-299", 4096, &all, NULL), 0);
	CHECK_VALUE(all, 0);
	MUST(lseek(fd, 0, SEEK_SET));
	/* small buffers: nothing is lost or doubled */
	CHECK_VALUE(find64(fd, "dir", 48, &all, &type), 1);
	CHECK_VALUE(all, 305);
	CHECK(type == DT_DIR || type == DT_UNKNOWN);
	MUST(lseek(fd, 0, SEEK_SET));
	CHECK_VALUE(find32(fd, "link", &all), 1);
	CHECK_VALUE(all, 305);
	MUST(lseek(fd, 0, SEEK_SET));
	CHECK_VALUE(find64(fd, ".", 4096, NULL, NULL), 1);
	MUST(lseek(fd, 0, SEEK_SET));
	CHECK_VALUE(find64(fd, "..", 4096, NULL, NULL), 1);
	close(fd);
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "file-%d", i);
		unlink(in_dir(name));
	}
	MUST(rmdir(in_dir("dir")));
	MUST(unlink(in_dir("link")));
	MUST(unlink(in_dir("fifo")));
}

/* Back to the position behind the first entries of a directory, and to its begin. */
static void test_positions(const char *path, int entries)
{
	struct dirent *e;
	char next[256] = "";
	long at = -1;
	DIR *d = opendir(path);
	int n = 0;

	CHECK(d != NULL);
	if (!d)
		return;
	while ((e = readdir(d))) {
		if (++n == entries)
			at = telldir(d);
		if (n == entries + 1)
			snprintf(next, sizeof(next), "%s", e->d_name);
	}
	CHECK(n > entries);
	seekdir(d, at);
	e = readdir(d);
	CHECK_STRING(e ? e->d_name : "", next);
	rewinddir(d);
	for (int i = 0; readdir(d); i++)
		n--;
	CHECK_VALUE(n, 0);
	closedir(d);
}

static void test_errors(void)
{
	char buf[1024];
	int fd;

	make_file("file", "");
	fd = MUST(open(in_dir("file"), O_RDONLY | O_CLOEXEC));
	CHECK_ERRNO(syscall(SYS_getdents64, fd, buf, sizeof(buf)), ENOTDIR);
	CHECK_ERRNO(syscall(SYS_getdents, fd, buf, sizeof(buf)), ENOTDIR);
	close(fd);
	fd = open_dir(guest.dir);
	CHECK_ERRNO(syscall(SYS_getdents64, fd, buf, 8), EINVAL);
	CHECK_ERRNO(syscall(SYS_getdents, fd, buf, 8), EINVAL);
	CHECK_ERRNO(syscall(SYS_getdents64, fd, BAD_POINTER, sizeof(buf)), EFAULT);
	close(fd);
	CHECK_ERRNO(syscall(SYS_getdents64, -1, buf, sizeof(buf)), EBADF);
	CHECK_ERRNO(syscall(SYS_getdents, -1, buf, sizeof(buf)), EBADF);
	fd = MUST(open(guest.dir, O_PATH | O_CLOEXEC));
	CHECK_ERRNO(syscall(SYS_getdents64, fd, buf, sizeof(buf)), EBADF);
	close(fd);
	MUST(unlink(in_dir("file")));
	/* a removed directory has not even dots */
	MUST(mkdir(in_dir("gone"), 0755));
	fd = open_dir(in_dir("gone"));
	MUST(rmdir(in_dir("gone")));
	CHECK_ERRNO(syscall(SYS_getdents64, fd, buf, sizeof(buf)), ENOENT);
	close(fd);
}

static void test_view(void)
{
	struct stat st;
	char own[16], buf[1024];
	int fd, all, type = -1;

	if (!in_view())
		return;
	/* the root shows the mounts that the host does not have, once, and all the rest */
	fd = open_dir("/");
	CHECK_VALUE(find64(fd, guest.dir + 1, 4096, &all, &type), 1);
	CHECK_VALUE(type, DT_DIR);
	CHECK(all > 10);
	MUST(lseek(fd, 0, SEEK_SET));
	/* The host's position is the only state, so all names that the host does not have come at once: in a
	 * buffer of 64 bytes they have no room, and a position among them leads behind them. */
	CHECK_VALUE(find64(fd, guest.ro + 1, 512, NULL, NULL), 1);
	MUST(lseek(fd, 0, SEEK_SET));
	CHECK_VALUE(find64(fd, "etc", 4096, NULL, NULL), 1);
	MUST(lseek(fd, 0, SEEK_SET));
	CHECK_VALUE(find64(fd, "..", 512, NULL, NULL), 1);
	MUST(lseek(fd, 0, SEEK_SET));
	CHECK_VALUE(find32(fd, guest.ro + 1, &type), 1);
	CHECK_VALUE(type, all);
	MUST(lseek(fd, 0, SEEK_SET));
	CHECK_ERRNO(syscall(SYS_getdents64, fd, buf, 8), EINVAL);
	CHECK_ERRNO(syscall(SYS_getdents, fd, buf, 8), EINVAL);
	CHECK_ERRNO(syscall(SYS_getdents64, fd, BAD_POINTER, sizeof(buf)), EFAULT);
	close(fd);
	test_positions("/", all / 2);
	/* a read-only mount */
	fd = open_dir(guest.ro);
	CHECK_VALUE(find64(fd, "link", 4096, &all, &type), 1);
	CHECK_VALUE(all, 7);
	close(fd);
	test_positions(guest.ro, 2);
	/* what is masked is empty */
	fd = open_dir(guest.masked);
	CHECK_VALUE(find64(fd, "secret", 4096, &all, NULL), 0);
	CHECK_VALUE(all, 2);
	CHECK_VALUE(find64(fd, ".", 4096, NULL, NULL), 0);
	MUST(lseek(fd, 0, SEEK_SET));
	CHECK_VALUE(find64(fd, ".", 4096, NULL, NULL), 1);
	CHECK_OK(fstat(fd, &st));
	CHECK(S_ISDIR(st.st_mode));
	close(fd);
	/* other processes are not listed */
	snprintf(own, sizeof(own), "%d", getpid());
	fd = open_dir("/proc");
	CHECK_VALUE(find64(fd, own, 4096, NULL, NULL), 1);
	snprintf(own, sizeof(own), "%d", guest.outside);
	MUST(lseek(fd, 0, SEEK_SET));
	CHECK_VALUE(find64(fd, own, 4096, NULL, NULL), 0);
	MUST(lseek(fd, 0, SEEK_SET));
	CHECK_VALUE(find32(fd, own, NULL), 0);
	close(fd);
}

int main(int argc, char **argv)
{
	guest_begin(argc, argv);
	test_content();
	test_errors();
	test_positions("/etc", 2);
	test_view();
	return guest_end();
}
