#include "lib/arena.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

Test(arena, allocations_are_aligned_and_apart)
{
	struct arena a;
	char *p[100];

	arena_init(&a);
	for (int i = 0; i < 100; i++) {
		p[i] = arena_alloc(&a, (size_t)i + 1);
		cr_assert_eq((uintptr_t)p[i] % 16, 0);
		memset(p[i], i, (size_t)i + 1);
	}
	for (int i = 0; i < 100; i++)
		for (int k = 0; k <= i; k++)
			cr_assert_eq(p[i][k], i);
	arena_release(&a);
}

Test(arena, sizes_around_a_block)
{
	const size_t sizes[] = {0, 1, 32767, 32768, 32769, 1 << 20, 1, 32768, 3};
	struct arena a;

	arena_init(&a);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			char *p = arena_zalloc(&a, sizes[i]);

			for (size_t k = 0; k < sizes[i]; k++)
				cr_assert_eq(p[k], 0);
			memset(p, 0xff, sizes[i]);
		}
		arena_reset(&a);
	}
	arena_release(&a);
}

Test(arena, reset_uses_the_first_block_again)
{
	struct arena a;
	void *first;

	arena_init(&a);
	first = arena_alloc(&a, 10);
	cr_assert_neq(arena_alloc(&a, 10), first);
	arena_alloc(&a, 100000);
	arena_reset(&a);
	cr_assert_eq(arena_alloc(&a, 10), first);
	arena_release(&a);
	cr_assert_null(a.first);
	arena_release(&a);
}

Test(arena, reset_of_an_unused_arena)
{
	struct arena a;

	arena_init(&a);
	arena_reset(&a);
	cr_assert_str_eq(arena_strdup(&a, "x"), "x");
	arena_release(&a);
}

Test(arena, strings)
{
	struct arena a;
	char big[5000];

	arena_init(&a);
	cr_assert_str_eq(arena_strndup(&a, "abcdef", 3), "abc");
	cr_assert_str_eq(arena_strndup(&a, "", 0), "");
	cr_assert_str_eq(arena_strdup(&a, "abcdef"), "abcdef");
	cr_assert_str_eq(arena_printf(&a, "%d-%s", 17, "x"), "17-x");
	cr_assert_str_eq(arena_printf(&a, "%s", ""), "");
	memset(big, 'y', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	cr_assert_str_eq(arena_printf(&a, "%s", big), big);
	arena_release(&a);
}

Test(arena, a_size_that_overflows_ends_the_program, .signal = SIGABRT)
{
	volatile size_t size = SIZE_MAX - 3;
	struct arena a;

	arena_init(&a);
	arena_alloc(&a, size);
}
