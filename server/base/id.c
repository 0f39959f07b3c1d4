/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/id.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define NUMBER_MAX 72

static const char digits62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static int digit62(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 36;
	return -1;
}

/*
 * The number is held in 32-bit limbs, most significant first, and handled five digits at a time (62^5 < 2^32): a
 * division or multiplication of the whole for every digit would cost more than the hash of the secret it stands in.
 */
#define DIGITS_AT_ONCE 5
static const uint32_t powers62[DIGITS_AT_ONCE + 1] = { 1, 62, 3844, 238328, 14776336, 916132832 };

#define LIMBS_MAX (NUMBER_MAX / 4)

void base62_of(char *text, size_t digits, struct bytes number)
{
	uint32_t limbs[LIMBS_MAX] = { 0 };
	size_t count = (number.len + 3) / 4, first = 0; /* those before are zero */
	assert(number.len <= NUMBER_MAX);
	for (size_t i = 0; i < number.len; i++) {
		size_t from_end = number.len - 1 - i;
		limbs[count - 1 - from_end / 4] |= (uint32_t)number.ptr[i] << (8 * (from_end % 4));
	}
	for (size_t left = digits; left > 0;) {
		uint64_t rest = 0;
		while (first < count && !limbs[first])
			first++;
		for (size_t k = first; k < count; k++) {
			uint64_t part = rest << 32 | limbs[k];
			limbs[k] = (uint32_t)(part / powers62[DIGITS_AT_ONCE]);
			rest = part % powers62[DIGITS_AT_ONCE];
		}
		uint32_t chunk = (uint32_t)rest;
		for (unsigned n = 0; n < DIGITS_AT_ONCE && left > 0; n++, chunk /= 62)
			text[--left] = digits62[chunk % 62];
	}
	explicit_bzero(limbs, sizeof limbs);
}

/* limbs = limbs * factor + addend; false when it no longer fits. */
static bool limbs_push(uint32_t *limbs, size_t count, uint32_t factor, uint32_t addend)
{
	uint64_t carry = addend;
	for (size_t k = count; k-- > 0;) {
		carry += (uint64_t)limbs[k] * factor;
		limbs[k] = (uint32_t)carry;
		carry >>= 32;
	}
	return carry == 0;
}

bool base62_to(struct str text, uint8_t *octets, size_t len)
{
	uint32_t limbs[LIMBS_MAX] = { 0 };
	size_t count = (len + 3) / 4;
	assert(len <= NUMBER_MAX);
	memset(octets, 0, len);
	for (size_t i = 0; i < text.len;) {
		uint32_t chunk = 0;
		unsigned n = 0;
		for (; n < DIGITS_AT_ONCE && i < text.len; n++, i++) {
			int digit = digit62(text.ptr[i]);
			if (digit < 0)
				return false;
			chunk = chunk * 62 + (uint32_t)digit;
		}
		if (!limbs_push(limbs, count, powers62[n], chunk))
			return false;
	}
	if (len % 4 && limbs[0] >> (8 * (len % 4)))
		return false;
	for (size_t i = 0; i < len; i++) {
		size_t from_end = len - 1 - i;
		octets[i] = (uint8_t)(limbs[count - 1 - from_end / 4] >> (8 * (from_end % 4)));
	}
	explicit_bzero(limbs, sizeof limbs);
	return true;
}

/*
 * The time of the next id, in units of 1/4096 ms: that of `now`, or one unit after the last that was given out. So ids
 * of one process are in the order in which they were made, whatever its threads' clocks say (RFC 9562 §6.2, method 3).
 */
static uint64_t next_time(struct instant now)
{
	static _Atomic uint64_t last;
	uint64_t us = now.us > 0 ? (uint64_t)now.us : 0;
	uint64_t wanted = us / 1000 << 12 | (us % 1000 << 12) / 1000, before = atomic_load(&last), next;
	do
		next = wanted > before ? wanted : before + 1;
	while (!atomic_compare_exchange_weak(&last, &before, next));
	return next;
}

struct id id_new(struct instant now)
{
	struct id id;
	if (getrandom(id.octets, sizeof id.octets, 0) != (ssize_t)sizeof id.octets) {
		fputs("calends: no random numbers\n", stderr);
		abort();
	}
	uint64_t time = next_time(now);
	for (int i = 0; i < 6; i++)
		id.octets[i] = (uint8_t)(time >> 12 >> (40 - 8 * i));
	id.octets[6] = (uint8_t)(0x70 | (time >> 8 & 0x0F));
	id.octets[7] = (uint8_t)time;
	id.octets[8] = (uint8_t)((id.octets[8] & 0x3F) | 0x80);
	id.octets[15] &= 0xFE;
	return id;
}

bool id_eq(struct id a, struct id b)
{
	return memcmp(a.octets, b.octets, sizeof a.octets) == 0;
}

int id_cmp(struct id a, struct id b)
{
	return memcmp(a.octets, b.octets, sizeof a.octets);
}

bool id_is_zero(struct id a)
{
	return id_eq(a, (struct id){ { 0 } });
}

struct id id_in_mode(struct id account, bool test)
{
	account.octets[15] = (uint8_t)((account.octets[15] & 0xFE) | (test ? 1 : 0));
	return account;
}

bool id_is_test(struct id account)
{
	return account.octets[15] & 1;
}

struct str id_text(struct arena *mem, const char *prefix, struct id id)
{
	size_t prefix_len = strlen(prefix);
	char *text = arena_take(mem, prefix_len + 1 + ID_DIGITS + 1, 1);
	memcpy(text, prefix, prefix_len);
	text[prefix_len] = '_';
	base62_of(text + prefix_len + 1, ID_DIGITS, bytes_of(id.octets, sizeof id.octets));
	return (struct str){ text, prefix_len + 1 + ID_DIGITS };
}

bool id_parse(struct str text, const char *prefix, struct id *out)
{
	struct id id;
	struct str want = str_of(prefix);
	if (!str_starts(text, want) || text.len != want.len + 1 + ID_DIGITS || text.ptr[want.len] != '_' ||
		!base62_to(str_from(text, want.len + 1), id.octets, sizeof id.octets))
		return false;
	*out = id;
	return true;
}

#define UUID_LEN (sizeof "00000000-0000-0000-0000-000000000000" - 1)

struct str id_uuid(struct arena *mem, struct id id)
{
	static const char digits[] = "0123456789abcdef";
	char *text = arena_take(mem, UUID_LEN + 1, 1), *to = text;
	for (size_t i = 0; i < sizeof id.octets; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		*to++ = digits[id.octets[i] >> 4];
		*to++ = digits[id.octets[i] & 15];
	}
	return (struct str){ text, UUID_LEN };
}
