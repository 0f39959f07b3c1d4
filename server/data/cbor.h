/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CBOR (RFC 8949) of others, as authenticators write it. libcbor parses what was checked before: one item of bounded
 * size, depth and count, of definite lengths, without tags, its texts UTF-8 (CTAP2's canonical form has nothing else).
 */
#pragma once

#include "server/base/str.h"

#define CBOR_OCTETS_MAX ((size_t)8 * 1024)
#define CBOR_DEPTH_MAX 4 /* CTAP 2.1 §8 */
#define CBOR_ITEMS_MAX 128

struct cbor_item_t; /* libcbor's */

/*
 * The item that data begins with, kept until mem ends.
 *
 * used_out  the octets that it takes; what follows is the caller's to validate
 * returns   NULL: there is none that is whole, or it is beyond the bounds
 */
const struct cbor_item_t *cbor_read(struct arena *mem, struct bytes data, size_t *used_out);

/* A member of a map, by its key. NULL: it is no map, has none, or several of this key. */
const struct cbor_item_t *cbor_member(const struct cbor_item_t *map, struct str name);
const struct cbor_item_t *cbor_member_at(const struct cbor_item_t *map, int64_t key);
/* What an item is; false for another kind, and for NULL. Octets and texts are borrowed from it. */
bool cbor_as_int(const struct cbor_item_t *item, int64_t *out);
bool cbor_as_bytes(const struct cbor_item_t *item, struct bytes *out);
bool cbor_as_text(const struct cbor_item_t *item, struct str *out); /* for tests: else names alone are texts */
