/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request memory: a bump allocator that is reset as a whole.
 *
 * Whoever has a `struct arena *` may allocate and never frees. Memory is zeroed and never NULL: a process that cannot
 * get memory stops, so input is limited where it enters. A reset wipes what was handed out, since secrets were there.
 * Under AddressSanitizer each object is its own malloc, so that every overrun shows.
 *
 * An arena belongs to one thread at a time.
 */
#pragma once

#include <stddef.h>

struct arena;

/* A point in an arena's life to go back to; see arena_mark(). */
struct arena_mark {
	size_t deferred;
	void *chunk;
	size_t used;
};

struct arena *arena_open(void);
void arena_close(struct arena *mem);

/* Run what was deferred, newest first, wipe and take back all memory. The first chunk is kept for the next request. */
void arena_reset(struct arena *mem);

/* arena_new(mem, struct x): one zeroed object. arena_array(mem, struct x, n): n of them, stops on overflow. */
#define arena_new(mem, type) ((type *)arena_take((mem), 1, sizeof(type)))
#define arena_array(mem, type, count) ((type *)arena_take((mem), (count), sizeof(type)))

/* count * size zeroed bytes, aligned for any object. */
void *arena_take(struct arena *mem, size_t count, size_t size);

/* Grow `ptr` (from this arena, or NULL) from `had` to `want` bytes: in place where it was the last object. */
void *arena_grow(struct arena *mem, void *ptr, size_t had, size_t want);

/* Call release(ptr) at the reset, or when the arena goes back past this point. Newest first. */
void arena_defer(struct arena *mem, void (*release)(void *ptr), void *ptr);

/* A loop over many rows marks, works, and rewinds, so that memory stays flat. */
struct arena_mark arena_mark(struct arena *mem);
void arena_rewind(struct arena *mem, struct arena_mark mark);

/* For tests: bytes handed out since the last reset. */
size_t arena_used(const struct arena *mem);
