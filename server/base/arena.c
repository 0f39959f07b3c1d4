/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(EACH_OBJECT_ALONE) /* as a test has it */
#elif defined(__SANITIZE_ADDRESS__)
#define EACH_OBJECT_ALONE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EACH_OBJECT_ALONE 1
#endif
#endif
#ifndef EACH_OBJECT_ALONE
#define EACH_OBJECT_ALONE 0
#endif

#define CHUNK_SIZE ((size_t)32 * 1024)
#define ALIGNMENT alignof(max_align_t)

struct chunk {
	struct chunk *older;
	size_t size, used;
	size_t touched; /* how far it ever was handed out: from `used` on it was wiped, and is zero */
	alignas(max_align_t) unsigned char data[];
};

struct deferred {
	void (*release)(void *ptr);
	void *ptr;
};

struct arena {
	struct chunk *newest, *first;
	struct chunk *spare; /* of CHUNK_SIZE, wiped: a loop that marks and rewinds does not go to malloc each round */
	struct deferred *deferred;
	size_t deferred_len, deferred_cap;
	size_t total;
};

static size_t round_up(size_t size)
{
	return (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

static void *must_alloc(size_t size)
{
	void *ptr = malloc(size);
	if (!ptr) {
		fputs("calends: out of memory\n", stderr);
		abort();
	}
	return ptr;
}

static struct chunk *chunk_push(struct arena *mem, size_t size)
{
	bool from_spare = mem->spare && size == CHUNK_SIZE;
	struct chunk *chunk = from_spare ? mem->spare : must_alloc(sizeof *chunk + size);
	*chunk = (struct chunk){ .older = mem->newest, .size = size, .touched = from_spare ? chunk->touched : 0 };
	if (from_spare)
		mem->spare = NULL;
	mem->newest = chunk;
	return chunk;
}

struct arena *arena_open(void)
{
	struct arena *mem = must_alloc(sizeof *mem);
	*mem = (struct arena){ 0 };
	mem->first = chunk_push(mem, EACH_OBJECT_ALONE ? 0 : CHUNK_SIZE);
	return mem;
}

/* Hands out so many octets more, zeroed. Only what never was handed out is cleared: the rest was wiped when it came
 * back. */
static void chunk_take(struct arena *mem, struct chunk *chunk, size_t size)
{
	size_t end = chunk->used + size;
	if (end > chunk->touched) {
		memset(chunk->data + chunk->touched, 0, end - chunk->touched);
		chunk->touched = end;
	}
	chunk->used = end;
	mem->total += size;
}

static void run_deferred(struct arena *mem, size_t down_to)
{
	while (mem->deferred_len > down_to) {
		struct deferred last = mem->deferred[--mem->deferred_len];
		last.release(last.ptr);
	}
}

static void drop_chunks(struct arena *mem, const struct chunk *down_to)
{
	while (mem->newest != down_to) {
		assert(mem->newest->older); /* the mark is of this arena, and was not gone back past */
		struct chunk *gone = mem->newest;
		mem->newest = gone->older;
		mem->total -= gone->used;
		explicit_bzero(gone->data, gone->used);
		if (gone->size == CHUNK_SIZE && !EACH_OBJECT_ALONE && !mem->spare)
			mem->spare = gone;
		else
			free(gone);
	}
}

void arena_rewind(struct arena *mem, struct arena_mark mark)
{
	assert(mark.deferred <= mem->deferred_len);
	run_deferred(mem, mark.deferred);
	drop_chunks(mem, mark.chunk);
	struct chunk *chunk = mem->newest;
	explicit_bzero(chunk->data + mark.used, chunk->used - mark.used);
	mem->total -= chunk->used - mark.used;
	chunk->used = mark.used;
}

struct arena_mark arena_mark(struct arena *mem)
{
	return (struct arena_mark){ mem->deferred_len, mem->newest, mem->newest->used };
}

void arena_reset(struct arena *mem)
{
	arena_rewind(mem, (struct arena_mark){ 0, mem->first, 0 });
}

void arena_close(struct arena *mem)
{
	if (!mem)
		return;
	arena_reset(mem);
	free(mem->spare);
	free(mem->first);
	free(mem->deferred);
	free(mem);
}

void *arena_take(struct arena *mem, size_t count, size_t size)
{
	size_t want;
	if (__builtin_mul_overflow(count, size, &want) || want > SIZE_MAX / 2) {
		fputs("calends: allocation overflow\n", stderr);
		abort();
	}
	if (EACH_OBJECT_ALONE) {
		/* One chunk an object, never mixed with the next one. */
		struct chunk *alone = chunk_push(mem, want);
		chunk_take(mem, alone, want);
		return alone->data;
	}
	size_t rounded = round_up(want);
	struct chunk *chunk = mem->newest;
	if (chunk->size - chunk->used < rounded)
		chunk = chunk_push(mem, rounded > CHUNK_SIZE ? rounded : CHUNK_SIZE);
	void *ptr = chunk->data + chunk->used;
	chunk_take(mem, chunk, rounded);
	return ptr;
}

/* Was the object of that size the last one handed out? */
static bool is_last(const struct chunk *chunk, const unsigned char *ptr, size_t rounded)
{
	return chunk->used >= rounded && ptr == chunk->data + chunk->used - rounded;
}

/* False where the object must move. */
static bool grow_in_place(struct arena *mem, unsigned char *ptr, size_t had, size_t want)
{
	struct chunk *chunk = mem->newest;
	size_t before = round_up(had), after = round_up(want);
	if (EACH_OBJECT_ALONE || !is_last(chunk, ptr, before) || chunk->size - chunk->used < after - before)
		return false;
	chunk_take(mem, chunk, after - before);
	return true;
}

void *arena_grow(struct arena *mem, void *ptr, size_t had, size_t want)
{
	if (ptr && (want <= had || grow_in_place(mem, ptr, had, want)))
		return ptr;
	void *bigger = arena_take(mem, 1, want);
	if (ptr && had)
		memcpy(bigger, ptr, had);
	return bigger;
}

void arena_defer(struct arena *mem, void (*release)(void *ptr), void *ptr)
{
	if (mem->deferred_len == mem->deferred_cap) {
		size_t cap = mem->deferred_cap ? mem->deferred_cap * 2 : 16;
		struct deferred *grown = realloc(mem->deferred, cap * sizeof *grown);
		if (!grown) {
			fputs("calends: out of memory\n", stderr);
			abort();
		}
		mem->deferred = grown;
		mem->deferred_cap = cap;
	}
	mem->deferred[mem->deferred_len++] = (struct deferred){ release, ptr };
}

size_t arena_used(const struct arena *mem)
{
	return mem->total;
}
