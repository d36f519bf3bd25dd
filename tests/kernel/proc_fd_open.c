/* Another process of the same user opens /proc/PID/fd/N of an O_PATH descriptor: a directory is opened anew, a FIFO without
 * a name blocks as every FIFO does until its other end is there. */
#include "tests/kernel/kernel.h"

struct state {
	atomic_int about_to_open, opened;
	long fd, read, end_of_file;
	char text[16];
};

/* Where the descriptor of this process is seen by others. */
static const char *path_of(int fd)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), fd);
	return path;
}

static pid_t start_reader(struct state *s, const char *path, int inherited)
{
	pid_t pid = fork_child();

	if (pid)
		return pid;
	close(inherited); /* only the path is left */
	s->about_to_open = 1;
	s->fd = RESULT(open(path, O_RDONLY | O_CLOEXEC));
	s->opened = 1;
	s->read = RESULT(read((int)s->fd, s->text, 5));
	s->end_of_file = RESULT(read((int)s->fd, s->text + 8, 1));
	_exit(0);
}

static void fifo(const char *dir)
{
	struct state *s = share(sizeof(*s));
	char name[4096], path[64];
	pid_t reader, writer;
	int fd, end;

	snprintf(name, sizeof(name), "%s/fifo", dir);
	MUST(mkfifo(name, 0600));
	fd = MUST(open(name, O_PATH | O_CLOEXEC));
	MUST(unlink(name));
	snprintf(path, sizeof(path), "%s", path_of(fd));

	reader = start_reader(s, path, fd);
	AWAIT(s->about_to_open);
	AWAIT(task_state(reader) == 'S');
	pause_ms(50);
	check(!s->opened && task_state(reader) == 'S', "to open a FIFO for reading blocks without a writer",
	      "state %c", task_state(reader));
	writer = fork_child();
	if (!writer) {
		close(fd);
		end = (int)MUST(open(path, O_WRONLY | O_CLOEXEC));
		_exit(write(end, "hello", 5) == 5 ? 0 : 1);
	}
	check_is(wait_exit(writer), 0, "a writer opens it in the same way and meets the reader");
	check_is(wait_exit(reader), 0, "the reader goes on");
	check(s->fd >= 0 && s->read == 5 && !memcmp(s->text, "hello", 5), "what was written is read",
	      "open %ld, read %ld", s->fd, s->read);
	check_is(s->end_of_file, 0, "the writer's end is the end of the file");
	check_is(RESULT(open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)), -ENXIO,
		 "O_NONBLOCK for writing without a reader is ENXIO");
	close(fd);
}

static void directory(const char *dir)
{
	int fd = MUST(open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC)), opened;
	struct stat ours, theirs;
	char path[64], buf[1024];
	pid_t child;

	snprintf(path, sizeof(path), "%s", path_of(fd));
	MUST(fstat(fd, &ours));
	check_is(RESULT(syscall(SYS_getdents64, fd, buf, sizeof(buf))), -EBADF,
		 "an O_PATH directory cannot be listed");
	child = fork_child();
	if (!child) {
		close(fd);
		opened = (int)RESULT(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
		if (opened < 0 || fstat(opened, &theirs))
			_exit(2);
		if (theirs.st_ino != ours.st_ino || theirs.st_dev != ours.st_dev)
			_exit(3);
		_exit(syscall(SYS_getdents64, opened, buf, sizeof(buf)) > 0 ? 0 : 4);
	}
	check_is(wait_exit(child), 0, "another process opens it for reading and lists it");
	close(fd);
}

int main(void)
{
	const char *tmp = getenv("TMPDIR");
	char dir[2048];

	begin();
	snprintf(dir, sizeof(dir), "%s/proc-fd-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		skip("no place for a directory: %s", dir);
	fifo(dir);
	directory(dir);
	rmdir(dir);
	return end();
}
