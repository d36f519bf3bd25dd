/* Scope-bound ownership: a variable marked _cleanup_X_ releases what it holds when it leaves scope;
 * TAKE_FD and TAKE_PTR hand the resource on and leave the variable empty. */
#ifndef UCTR_LIB_CLEANUP_H
#define UCTR_LIB_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Closes *fd when it is one, keeps errno, and leaves -1. */
static inline void close_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

static inline void free_ptr(void *p)
{
	free(*(void **)p);
}

static inline void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static inline void close_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

#define _cleanup_close_	   __attribute__((cleanup(close_fd)))
#define _cleanup_free_	   __attribute__((cleanup(free_ptr)))
#define _cleanup_closedir_ __attribute__((cleanup(close_dir)))
#define _cleanup_fclose_   __attribute__((cleanup(close_file)))

#define TAKE_FD(fd)                \
	({                         \
		int taken_ = (fd); \
		(fd) = -1;         \
		taken_;            \
	})

#define TAKE_PTR(p)                         \
	({                                  \
		__typeof__(p) taken_ = (p); \
		(p) = NULL;                 \
		taken_;                     \
	})

#endif
