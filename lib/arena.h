/* A bump allocator for memory that lives exactly as long as one intercepted call: everything is given
 * back at once by arena_reset(). Not thread-safe: each worker has its own. */
#ifndef UCTR_LIB_ARENA_H
#define UCTR_LIB_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *first; /* the block that is kept over resets */
	struct arena_block *current;
	size_t used; /* bytes used in current */
};

void arena_init(struct arena *a);
void arena_release(struct arena *a);

/* Frees all but the first block; every pointer handed out becomes invalid. */
void arena_reset(struct arena *a);

/* Returns size bytes aligned to 16, uninitialised. Never NULL: running out of memory is fatal to the
 * supervisor, as sizes from a guest are checked before they get here. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((returns_nonnull, alloc_size(2)));
void *arena_zalloc(struct arena *a, size_t size) __attribute__((returns_nonnull, alloc_size(2)));

/* Copies len bytes of s and adds a NUL. */
char *arena_strndup(struct arena *a, const char *s, size_t len) __attribute__((returns_nonnull));
char *arena_strdup(struct arena *a, const char *s) __attribute__((returns_nonnull));
char *arena_printf(struct arena *a, const char *format, ...)
	__attribute__((returns_nonnull, format(printf, 2, 3)));

#endif
