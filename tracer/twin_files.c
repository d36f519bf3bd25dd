#include "tracer/twin_files.h"

#include <string.h>
#include <unistd.h>

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Neither written to nor replaced since. */
static bool unchanged(const struct stat *old, const struct stat *now)
{
	return same_file(old, now) && old->st_size == now->st_size &&
	       old->st_mtim.tv_sec == now->st_mtim.tv_sec && old->st_mtim.tv_nsec == now->st_mtim.tv_nsec &&
	       old->st_ctim.tv_sec == now->st_ctim.tv_sec && old->st_ctim.tv_nsec == now->st_ctim.tv_nsec;
}

static bool same_bytes(int a, int b, off_t size)
{
	char block_a[16384], block_b[16384];
	off_t at = 0;

	while (at < size) {
		const ssize_t n = pread(a, block_a, sizeof(block_a), at);

		if (n <= 0 || pread(b, block_b, (size_t)n, at) != n ||
		    memcmp(block_a, block_b, (size_t)n) != 0)
			return false;
		at += n;
	}
	return true;
}

bool twin_files(struct twin_files *last, int a, int b)
{
	struct stat stat_a, stat_b;

	if (fstat(a, &stat_a) < 0 || fstat(b, &stat_b) < 0)
		return false;
	if (same_file(&stat_a, &stat_b))
		return true;
	if (!unchanged(&last->a, &stat_a) || !unchanged(&last->b, &stat_b))
		*last = (struct twin_files){
			.a = stat_a,
			.b = stat_b,
			.same = stat_a.st_size == stat_b.st_size && same_bytes(a, b, stat_a.st_size),
		};
	return last->same;
}
