/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/cbor.h"

#include <cbor.h>

enum major { MAJOR_UNSIGNED, MAJOR_NEGATIVE, MAJOR_BYTES, MAJOR_TEXT, MAJOR_ARRAY, MAJOR_MAP, MAJOR_TAG, MAJOR_SIMPLE };

struct cbor_walk {
	struct bytes data;
	size_t at, items;
};

/* The head of an item (RFC 8949 §3): its kind, and its number or length. Not of an indefinite one. */
static bool read_head(struct cbor_walk *w, enum major *major, unsigned *info, uint64_t *number)
{
	if (w->at >= w->data.len || ++w->items > CBOR_ITEMS_MAX)
		return false;
	uint8_t first = w->data.ptr[w->at++];
	*major = (enum major)(first >> 5);
	*info = first & 31;
	*number = *info;
	if (*info < 24)
		return true;
	size_t octets = (size_t)1 << (*info - 24);
	if (*info > 27 || octets > w->data.len - w->at)
		return false;
	*number = 0;
	for (size_t i = 0; i < octets; i++)
		*number = *number << 8 | w->data.ptr[w->at++];
	return true;
}

static bool skip_octets(struct cbor_walk *w, uint64_t count, bool text)
{
	if (count > w->data.len - w->at)
		return false;
	struct str octets = { (const char *)w->data.ptr + w->at, (size_t)count };
	w->at += (size_t)count;
	return !text || str_is_utf8(octets);
}

static bool skip_item(struct cbor_walk *w, int depth);

static bool skip_items(struct cbor_walk *w, uint64_t count, int depth)
{
	if (depth >= CBOR_DEPTH_MAX || count > CBOR_ITEMS_MAX)
		return false;
	while (count--)
		if (!skip_item(w, depth + 1))
			return false;
	return true;
}

/* As deep as CBOR_DEPTH_MAX. */
static bool skip_item(struct cbor_walk *w, int depth) /* NOLINT(misc-no-recursion) */
{
	enum major major;
	unsigned info;
	uint64_t number;
	if (!read_head(w, &major, &info, &number))
		return false;
	switch (major) {
	case MAJOR_UNSIGNED:
	case MAJOR_NEGATIVE:
		return true;
	case MAJOR_BYTES:
	case MAJOR_TEXT:
		return skip_octets(w, number, major == MAJOR_TEXT);
	case MAJOR_ARRAY:
		return skip_items(w, number, depth);
	case MAJOR_MAP:
		return number <= CBOR_ITEMS_MAX / 2 && skip_items(w, 2 * number, depth);
	case MAJOR_SIMPLE:
		return info >= 20 && info <= 27 && info != 24; /* false, true, null, undefined, and floats */
	case MAJOR_TAG:
		break;
	}
	return false;
}

static void let_go(void *item)
{
	cbor_item_t *held = item;
	cbor_decref(&held);
}

const struct cbor_item_t *cbor_read(struct arena *mem, struct bytes data, size_t *used_out)
{
	struct cbor_walk w = { data, 0, 0 };
	struct cbor_load_result result;
	if (data.len > CBOR_OCTETS_MAX || !skip_item(&w, 0))
		return NULL;
	cbor_item_t *item = cbor_load(data.ptr, w.at, &result);
	if (!item)
		return NULL;
	arena_defer(mem, let_go, item);
	*used_out = w.at;
	return result.read == w.at ? item : NULL;
}

static bool is_key(const cbor_item_t *key, struct str name, int64_t number)
{
	struct str text;
	int64_t value = 0;
	return name.ptr ? cbor_as_text(key, &text) && str_eq(text, name) : cbor_as_int(key, &value) && value == number;
}

static const cbor_item_t *find(const cbor_item_t *map, struct str name, int64_t number)
{
	const cbor_item_t *found = NULL;
	if (!map || !cbor_isa_map(map))
		return NULL;
	const struct cbor_pair *pairs = cbor_map_handle(map);
	for (size_t i = 0; i < cbor_map_size(map); i++) {
		if (!is_key(pairs[i].key, name, number))
			continue;
		if (found)
			return NULL;
		found = pairs[i].value;
	}
	return found;
}

const struct cbor_item_t *cbor_member(const struct cbor_item_t *map, struct str name)
{
	return find(map, name, 0);
}

const struct cbor_item_t *cbor_member_at(const struct cbor_item_t *map, int64_t key)
{
	return find(map, STR_ABSENT, key);
}

bool cbor_as_int(const struct cbor_item_t *item, int64_t *out)
{
	if (!item || !(cbor_isa_uint(item) || cbor_isa_negint(item)))
		return false;
	uint64_t number = cbor_get_int(item);
	if (number > INT64_MAX)
		return false;
	*out = cbor_isa_uint(item) ? (int64_t)number : -1 - (int64_t)number;
	return true;
}

bool cbor_as_bytes(const struct cbor_item_t *item, struct bytes *out)
{
	if (!item || !cbor_isa_bytestring(item))
		return false;
	*out = bytes_of(cbor_bytestring_handle(item), cbor_bytestring_length(item));
	return true;
}

bool cbor_as_text(const struct cbor_item_t *item, struct str *out)
{
	if (!item || !cbor_isa_string(item))
		return false;
	*out = (struct str){ (const char *)cbor_string_handle(item), cbor_string_length(item) };
	return true;
}
