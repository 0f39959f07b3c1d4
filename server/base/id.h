/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 128-bit ids. A resource id is a UUIDv7 (RFC 9562 §5.7), so that ids sort by time; outside it is written as a prefix
 * and 22 base62 digits: usr_…, cal_…, evt_….
 *
 * Live and test are two worlds: the test twin of an account is the same id with its last bit set. id_new()
 * therefore always clears that bit.
 */
#pragma once

#include "server/base/clock.h"

struct id {
	uint8_t octets[16];
};

struct id_list {
	const struct id *items;
	size_t count;
};

/* Digits of a 128-bit number in base62. */
#define ID_DIGITS 22

/*
 * A new UUIDv7 of `now`, to the quarter of a microsecond; the rest is random. Later than all that this process made
 * before: where `now` is not, an id's time is the next after the last one's.
 */
struct id id_new(struct instant now);
bool id_eq(struct id a, struct id b);
bool id_is_zero(struct id a);
int id_cmp(struct id a, struct id b);

/* The same account in live (test == false) or test mode, and which of them this is. */
struct id id_in_mode(struct id account, bool test);
bool id_is_test(struct id account);

/* id_text(mem, "cpa", id) is "cpa_" and 22 digits. */
struct str id_text(struct arena *mem, const char *prefix, struct id id);
/* Exactly that prefix, '_', 22 base62 digits of a number below 2^128. */
bool id_parse(struct str text, const char *prefix, struct id *out);

/* The UUID form for logs: 8-4-4-4-12 hex. */
struct str id_uuid(struct arena *mem, struct id id);

/*
 * Base62 (0-9 A-Z a-z, most significant first) of up to 72 octets as one big-endian number, left-padded to `digits`.
 * base62_to is strict: only that alphabet, and the number must fit `len` octets.
 */
void base62_of(char *text, size_t digits, struct bytes number);
bool base62_to(struct str text, uint8_t *octets, size_t len);
