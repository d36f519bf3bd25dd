/* A directory that was removed while open is still a directory: it can be the working directory, any position in it can be
 * sought, /proc/PID/cwd gives back the same object, it cannot be filled, and nothing of it is on the disk. */
#include "tests/kernel/kernel.h"

struct state {
	atomic_int inside;
	long fchdir, mkdirat, openat, listing;
};

static void target(struct state *s, int fd)
{
	s->fchdir = RESULT(fchdir(fd));
	s->mkdirat = RESULT(mkdirat(fd, "x", 0700));
	s->openat = RESULT(openat(AT_FDCWD, "x", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	s->inside = 1;
	pause();
}

static void positions(int fd)
{
	static const off_t at[] = {0, 1, 12345, 1L << 31, 1L << 40};
	char buf[512];

	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++) {
		check_is(RESULT(lseek(fd, at[i], SEEK_SET)), at[i], "a position is set");
		check_is(RESULT(lseek(fd, 0, SEEK_CUR)), at[i], "and kept");
	}
	check_is(RESULT(syscall(SYS_getdents64, fd, buf, sizeof(buf))), -ENOENT, "there is nothing to list");
}

int main(void)
{
	const char *tmp = getenv("TMPDIR");
	struct state *s = share(sizeof(*s));
	struct stat own, cwd, again;
	char path[4096], link[64];
	int fd, through;
	pid_t pid;

	begin();
	snprintf(path, sizeof(path), "%s/anonymous-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(path))
		skip("no place for a directory: %s", path);
	fd = MUST(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	MUST(rmdir(path));
	MUST(fstat(fd, &own));
	check(S_ISDIR(own.st_mode) && own.st_nlink == 0, "it is a directory without a name",
	      "mode %o, %ld links", own.st_mode, (long)own.st_nlink);
	check_is(RESULT(stat(path, &again)), -ENOENT, "nothing is left on the disk");
	positions(fd);

	pid = fork_child();
	if (!pid)
		target(s, fd);
	AWAIT(s->inside);
	check_is(s->fchdir, 0, "a task goes into it");
	check_is(s->mkdirat, -ENOENT, "mkdirat in it is ENOENT");
	check_is(s->openat, -ENOENT, "to create a file in it is ENOENT");
	snprintf(link, sizeof(link), "/proc/%d/cwd", pid);
	through = (int)RESULT(open(link, O_PATH | O_CLOEXEC));
	check(through >= 0 && !fstat(through, &cwd) && cwd.st_dev == own.st_dev && cwd.st_ino == own.st_ino,
	      "the task's /proc/PID/cwd is the same device and inode", "%d: inode %lu, not %lu", through,
	      (unsigned long)cwd.st_ino, (unsigned long)own.st_ino);
	kill(pid, SIGKILL);
	wait_exit(pid);
	return end();
}
