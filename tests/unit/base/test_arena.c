/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of requests as a release has it, objects beside each other in chunks: with sanitizers each would be one of its
 * own, so that no other test sees them so. (What stands here is linked in place of the library's.)
 */
#define EACH_OBJECT_ALONE 0
#include "server/base/arena.c"

#include "tests/support/test.h"

static bool is_all(const unsigned char *at, size_t size, int octet)
{
	for (size_t i = 0; i < size; i++)
		if (at[i] != octet)
			return false;
	return true;
}

static void *used(size_t size)
{
	return memset(arena_take(test_mem, 1, size), 0xAA, size);
}

TEST(memory_is_zero_also_where_it_was_used_before)
{
	static const size_t sizes[] = { 1, 100, CHUNK_SIZE - 200, CHUNK_SIZE, CHUNK_SIZE + 1, 5 * CHUNK_SIZE };
	for (size_t round = 0; round < 4; round++) {
		struct arena_mark mark = arena_mark(test_mem);
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
			assert_true(is_all(arena_take(test_mem, 1, sizes[i]), sizes[i], 0));
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
			used(sizes[i]);
		if (round % 2)
			arena_rewind(test_mem, mark);
		else
			arena_reset(test_mem);
	}
}

TEST(what_comes_back_is_wiped)
{
	const unsigned char *kept = used(64);
	struct arena_mark mark = arena_mark(test_mem);
	const unsigned char *secret = used(1000);
	arena_rewind(test_mem, mark);
	assert_true(is_all(secret, 1000, 0) && is_all(kept, 64, 0xAA));
	arena_reset(test_mem); /* the first chunk stays */
	assert_true(is_all(kept, 64, 0));
	used(CHUNK_SIZE);
	const unsigned char *in_spare = used(CHUNK_SIZE);
	arena_reset(test_mem);
	assert_ptr_equal(test_mem->spare->data, in_spare);
	assert_true(is_all(in_spare, CHUNK_SIZE, 0));
}

TEST(an_object_that_grows_keeps_what_it_has_and_moves_where_another_follows)
{
	unsigned char *one = memset(arena_take(test_mem, 1, 10), 1, 10);
	assert_ptr_equal(arena_grow(test_mem, one, 10, 1000), one);
	assert_true(is_all(one, 10, 1) && is_all(one + 10, 990, 0));
	memset(one, 1, 1000);
	unsigned char *two = memset(arena_take(test_mem, 1, 3), 2, 3);
	unsigned char *moved = arena_grow(test_mem, one, 1000, 1001);
	assert_ptr_not_equal(moved, one);
	assert_true(is_all(moved, 1000, 1) && !moved[1000] && is_all(two, 3, 2));
	assert_ptr_equal(arena_grow(test_mem, two, 3, 3), two);
	unsigned char *large = arena_grow(test_mem, moved, 1001, 2 * CHUNK_SIZE); /* of a chunk of its own */
	assert_true(is_all(large, 1000, 1) && is_all(large + 1000, 2 * CHUNK_SIZE - 1000, 0));
	assert_true(is_all(arena_grow(test_mem, NULL, 0, 50), 50, 0));
}

static char order[8];
static void note(void *letter)
{
	size_t len = strlen(order);
	order[len] = *(char *)letter;
}

TEST(what_was_deferred_runs_once_newest_first_from_a_mark_on)
{
	static char letters[] = "abcd";
	memset(order, 0, sizeof order);
	arena_defer(test_mem, note, &letters[0]);
	struct arena_mark mark = arena_mark(test_mem);
	arena_defer(test_mem, note, &letters[1]);
	arena_defer(test_mem, note, &letters[2]);
	arena_rewind(test_mem, mark);
	assert_string_equal(order, "cb");
	arena_defer(test_mem, note, &letters[3]);
	arena_reset(test_mem);
	assert_string_equal(order, "cbda");
	arena_reset(test_mem);
	assert_string_equal(order, "cbda");
	for (size_t i = 0; i < 100; i++) /* more than it had room for at first */
		arena_defer(test_mem, note, &letters[0]);
	assert_true(test_mem->deferred_len == 100);
	test_mem->deferred_len = 0;
}

TEST(a_loop_that_goes_back_stays_flat)
{
	used(100);
	size_t before = arena_used(test_mem);
	for (size_t i = 0; i < 1000; i++) {
		struct arena_mark mark = arena_mark(test_mem);
		used(i);
		used(CHUNK_SIZE - i);
		used(i * 100);
		arena_rewind(test_mem, mark);
		assert_int_equal(arena_used(test_mem), before);
	}
}

/* Objects of all sizes, some of which grow, and marks: each keeps its octets, and begins where any type may. */
TEST(no_object_lies_in_another)
{
	static struct {
		unsigned char *at;
		size_t size;
	} live[400];
	struct arena_mark marks[8];
	size_t count = 0, depth = 0, counts[8];
	uint64_t random = 88172645463325252U;
	for (unsigned round = 0; round < 20000; round++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		size_t size = random >> 20 & ((random >> 50 & 15) ? 511 : 65535), pick = count ? random % count : 0;
		bool grows = count && (random >> 56 & 3) == 0;
		if (count == ARRAY_LEN(live) || (depth && (random >> 40 & 63) == 0)) {
			arena_rewind(test_mem, depth ? marks[--depth] : (struct arena_mark){ 0, test_mem->first, 0 });
			count = counts[depth] * (depth > 0 || count < ARRAY_LEN(live));
			if (count == ARRAY_LEN(live) || !depth) {
				arena_reset(test_mem);
				count = depth = 0;
			}
			continue;
		}
		if (depth < ARRAY_LEN(marks) && (random >> 40 & 63) == 1) {
			counts[depth] = count;
			marks[depth++] = arena_mark(test_mem);
			continue;
		}
		if (grows && depth == 0 && live[pick].size < 4096) {
			size += live[pick].size;
			live[pick].at = arena_grow(test_mem, live[pick].at, live[pick].size, size);
			assert_true(is_all(live[pick].at, live[pick].size, (int)(pick & 255)));
		} else {
			pick = count++;
			live[pick].at = arena_take(test_mem, 1, size);
			assert_true(is_all(live[pick].at, size, 0));
		}
		assert_true((uintptr_t)live[pick].at % ALIGNMENT == 0);
		memset(live[pick].at, (int)(pick & 255), live[pick].size = size);
		if (round % 50 == 0)
			for (size_t i = 0; i < count; i++)
				assert_true(is_all(live[i].at, live[i].size, (int)(i & 255)));
	}
}

TESTS(RUN(memory_is_zero_also_where_it_was_used_before), RUN(what_comes_back_is_wiped),
	RUN(an_object_that_grows_keeps_what_it_has_and_moves_where_another_follows),
	RUN(what_was_deferred_runs_once_newest_first_from_a_mark_on), RUN(a_loop_that_goes_back_stays_flat),
	RUN(no_object_lies_in_another))
