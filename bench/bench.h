/*
 * What the programs of this folder share: a work directory, the loop around a row, the command line.
 *
 *	PROGRAM [-c CPU] [-d DIR] ROW N [COMMAND...]
 *
 * DIR (default: the working directory) must be writable and empty; a row leaves nothing in it. Every result is
 * checked: a row in which a call failed prints no figure and exits with 1. Calls go through libc, so that tools which
 * preload a library take part as well. bench/run does the comparing.
 */
#ifndef UCTR_BENCH_BENCH_H
#define UCTR_BENCH_BENCH_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BLOCK	  65536
#define FILE_SIZE (16 * BLOCK)

struct bench {
	const char *dir;	/* DIR */
	char file[PATH_MAX];	/* DIR/file, FILE_SIZE bytes */
	char link[PATH_MAX];	/* DIR/link -> file */
	char none[PATH_MAX];	/* does not exist; rows may make and remove it */
	char other[PATH_MAX];	/* likewise */
	char dynamic[PATH_MAX]; /* the two programs of the exec rows */
	char fixed[PATH_MAX];
	char *block; /* BLOCK bytes */
	int fd;	     /* of file, O_RDWR */
	char **argv; /* of "run" */
	int peer[2]; /* pipe_pingpong: to write to, to read from; unix_connect: the listener */
	pid_t child;
	pthread_t thread;
	atomic_int turn; /* futex_pingpong: 0 ours, 1 the peer's, 2 end */
};

struct row {
	const char *name;
	void (*loop)(struct bench *b, long n);
	void (*setup)(struct bench *b);
	void (*teardown)(struct bench *b);
};

static inline _Noreturn void fail(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
	exit(1);
}

static inline void must(bool ok, const char *what)
{
	if (!ok)
		fail(what);
}

static inline void join(char *out, size_t size, const char *dir, const char *name)
{
	int n = snprintf(out, size, "%s/%s", dir, name);

	must(n > 0 && (size_t)n < size, "path too long");
}

static inline long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static inline void pin(const char *text)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)atoi(text), &set);
	must(sched_setaffinity(0, sizeof(set), &set) == 0, "sched_setaffinity");
}

static inline void make_files(struct bench *b, const char *in, const char *self)
{
	const char *slash = strrchr(self, '/');
	char bin[PATH_MAX];

	must(slash != NULL, "call me by a path");
	snprintf(bin, sizeof(bin), "%.*s", (int)(slash - self), self);
	join(b->dynamic, sizeof(b->dynamic), bin, "true");
	join(b->fixed, sizeof(b->fixed), bin, "true_static");

	b->dir = in;
	join(b->file, sizeof(b->file), in, "file");
	join(b->link, sizeof(b->link), in, "link");
	join(b->none, sizeof(b->none), in, "none");
	join(b->other, sizeof(b->other), in, "other");
	must(symlink("file", b->link) == 0, b->link);
	b->block = calloc(1, BLOCK);
	b->fd = open(b->file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	must(b->block && b->fd >= 0, b->file);
	for (int i = 0; i < FILE_SIZE / BLOCK; i++)
		must(write(b->fd, b->block, BLOCK) == BLOCK, "write");
	must(chdir(b->dir) == 0, b->dir);
}

static inline void remove_files(struct bench *b)
{
	must(unlink(b->file) == 0 && unlink(b->link) == 0, "clean up");
}

static inline void measure(const struct row *row, struct bench *b, long n)
{
	long long start, end;

	if (row->setup)
		row->setup(b);
	row->loop(b, n / 10 + 1); /* warm-up */
	start = now_ns();
	row->loop(b, n);
	end = now_ns();
	if (row->teardown)
		row->teardown(b);
	printf("%.1f\n", (double)(end - start) / (double)n);
}

/* rows ends with a row without a name. */
static inline int bench_main(int argc, char **argv, const struct row *rows)
{
	static struct bench b;
	const char *dir = ".";
	int opt;
	long n;

	while ((opt = getopt(argc, argv, "+c:d:")) != -1) {
		if (opt == 'c')
			pin(optarg);
		else if (opt == 'd')
			dir = optarg;
		else
			return 2;
	}
	n = argc - optind < 2 ? 0 : atol(argv[optind + 1]);
	for (const struct row *row = rows; n > 0 && row->name; row++) {
		if (strcmp(argv[optind], row->name) != 0)
			continue;
		b.argv = argv + optind + 2;
		make_files(&b, dir, argv[0]);
		measure(row, &b, n);
		remove_files(&b);
		return 0;
	}
	fprintf(stderr, "usage: %s [-c CPU] [-d DIR] ROW N [COMMAND...]\nrows:", argv[0]);
	for (const struct row *row = rows; row->name; row++)
		fprintf(stderr, " %s", row->name);
	fprintf(stderr, "\n");
	return 2;
}

#endif
