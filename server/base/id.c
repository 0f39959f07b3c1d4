/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/id.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define NUMBER_MAX 64

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

void base62_of(char *text, size_t digits, struct bytes number)
{
	uint8_t left[NUMBER_MAX];
	assert(number.len <= sizeof left);
	memcpy(left, number.ptr, number.len);
	for (size_t i = digits; i-- > 0;) {
		unsigned rest = 0;
		for (size_t k = 0; k < number.len; k++) {
			unsigned part = rest << 8 | left[k];
			left[k] = (uint8_t)(part / 62);
			rest = part % 62;
		}
		text[i] = digits62[rest];
	}
	explicit_bzero(left, sizeof left);
}

bool base62_to(struct str text, uint8_t *octets, size_t len)
{
	memset(octets, 0, len);
	for (size_t i = 0; i < text.len; i++) {
		int digit = digit62(text.ptr[i]);
		if (digit < 0)
			return false;
		unsigned carry = (unsigned)digit;
		for (size_t k = len; k-- > 0;) {
			carry += octets[k] * 62U;
			octets[k] = (uint8_t)(carry & 255);
			carry >>= 8;
		}
		if (carry)
			return false;
	}
	return true;
}

struct id id_new(struct instant now)
{
	struct id id;
	if (getrandom(id.octets, sizeof id.octets, 0) != (ssize_t)sizeof id.octets) {
		fputs("calends: no random numbers\n", stderr);
		abort();
	}
	uint64_t ms = (uint64_t)(now.us / 1000);
	for (int i = 0; i < 6; i++)
		id.octets[i] = (uint8_t)(ms >> (40 - 8 * i));
	id.octets[6] = (uint8_t)((id.octets[6] & 0x0F) | 0x70);
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

struct str id_uuid(struct arena *mem, struct id id)
{
	const uint8_t *o = id.octets;
	return str_fmt(mem, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", o[0], o[1], o[2],
		o[3], o[4], o[5], o[6], o[7], o[8], o[9], o[10], o[11], o[12], o[13], o[14], o[15]);
}
