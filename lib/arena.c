#include "lib/arena.h"

#include "lib/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BLOCK_SIZE ((size_t)32 * 1024)
#define ARENA_ALIGN	 ((size_t)16)

struct arena_block {
	struct arena_block *next;
	size_t size; /* bytes in data */
	_Alignas(16) char data[];
};

void arena_init(struct arena *a)
{
	*a = (struct arena){0};
}

static void free_chain(struct arena_block *block)
{
	while (block) {
		struct arena_block *next = block->next;

		free(block);
		block = next;
	}
}

void arena_release(struct arena *a)
{
	free_chain(a->first);
	arena_init(a);
}

void arena_reset(struct arena *a)
{
	if (a->first) {
		free_chain(a->first->next);
		a->first->next = NULL;
	}
	a->current = a->first;
	a->used = 0;
}

static struct arena_block *add_block(struct arena *a, size_t size)
{
	struct arena_block *block = size <= SIZE_MAX - sizeof(*block) ? malloc(sizeof(*block) + size) : NULL;

	if (!block)
		log_bug(__FILE__, __LINE__, "out of memory");
	block->next = NULL;
	block->size = size;
	if (a->current)
		a->current->next = block;
	else
		a->first = block;
	a->current = block;
	a->used = 0;
	return block;
}

void *arena_alloc(struct arena *a, size_t size)
{
	void *p;

	if (size > SIZE_MAX - ARENA_ALIGN)
		log_bug(__FILE__, __LINE__, "out of memory");
	size = (size + ARENA_ALIGN - 1) & ~(ARENA_ALIGN - 1);
	/* The block that outlives resets always has the usual size, so that one big request is not kept. */
	if (!a->first)
		add_block(a, ARENA_BLOCK_SIZE);
	if (size > a->current->size - a->used)
		add_block(a, size > ARENA_BLOCK_SIZE ? size : ARENA_BLOCK_SIZE);
	p = a->current->data + a->used;
	a->used += size;
	return p;
}

void *arena_zalloc(struct arena *a, size_t size)
{
	return memset(arena_alloc(a, size), 0, size);
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *copy = arena_alloc(a, len + 1);

	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	invariant(format); /* else gcc's -fsanitize=undefined warns of a path where it is NULL */
	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0)
		log_bug(__FILE__, __LINE__, "bad format");
	text = arena_alloc(a, (size_t)len + 1);
	va_start(args, format);
	vsnprintf(text, (size_t)len + 1, format, args);
	va_end(args);
	return text;
}
