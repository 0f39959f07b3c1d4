/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <endian.h>
#include <string.h>

#include "server/db/conn_private.h"

/* Type numbers of PostgreSQL's catalogue (pg_type.dat); they never change. */
enum {
	T_BOOL = 16,
	T_BYTEA = 17,
	T_NAME = 19,
	T_INT8 = 20,
	T_INT2 = 21,
	T_INT4 = 23,
	T_TEXT = 25,
	T_JSON = 114,
	T_BOOLS = 1000,
	T_BYTEAS = 1001,
	T_INT2S = 1005,
	T_INT4S = 1007,
	T_TEXTS = 1009,
	T_INT8S = 1016,
	T_VARCHAR = 1043,
	T_INSTANT = 1184,
	T_INSTANTS = 1185,
	T_UUID = 2950,
	T_UUIDS = 2951
};

/* clang-format off */
static const struct kind {
	const char *name;
	Oid type, element;
	size_t wire, item; /* octets of one value on the wire (0: any), of one list item in C */
} kinds[] = {
	[DB_TEXT]     = { "text",          T_TEXT,     0,         0,  0 },
	[DB_BYTEA]    = { "bytea",         T_BYTEA,    0,         0,  0 },
	[DB_UUID]     = { "uuid",          T_UUID,     0,         16, 0 },
	[DB_BOOL]     = { "boolean",       T_BOOL,     0,         1,  0 },
	[DB_INT2]     = { "smallint",      T_INT2,     0,         2,  0 },
	[DB_INT4]     = { "integer",       T_INT4,     0,         4,  0 },
	[DB_INT8]     = { "bigint",        T_INT8,     0,         8,  0 },
	[DB_INSTANT]  = { "timestamptz",   T_INSTANT,  0,         8,  0 },
	[DB_UUIDS]    = { "uuid[]",        T_UUIDS,    T_UUID,    16, sizeof(struct id) },
	[DB_TEXTS]    = { "text[]",        T_TEXTS,    T_TEXT,    0,  sizeof(struct str) },
	[DB_BYTEAS]   = { "bytea[]",       T_BYTEAS,   T_BYTEA,   0,  sizeof(struct bytes) },
	[DB_INT8S]    = { "bigint[]",      T_INT8S,    T_INT8,    8,  sizeof(int64_t) },
	[DB_INT4S]    = { "integer[]",     T_INT4S,    T_INT4,    4,  sizeof(int32_t) },
	[DB_INT2S]    = { "smallint[]",    T_INT2S,    T_INT2,    2,  sizeof(int16_t) },
	[DB_INSTANTS] = { "timestamptz[]", T_INSTANTS, T_INSTANT, 8,  sizeof(struct instant) },
	[DB_BOOLS]    = { "boolean[]",     T_BOOLS,    T_BOOL,    1,  sizeof(bool) },
	[DB_NOTHING]  = { "nothing",       0,          0,         0,  0 },
};
/* clang-format on */

/* All list structs are alike: items, count. row_read writes any of them as this one. */
static_assert(sizeof(struct id_list) == sizeof(struct str_list) && sizeof(struct id_list) == sizeof(struct int64_list),
	"lists are a pointer and a count");

bool kind_is(enum db_kind kind, Oid type)
{
	if (kind == DB_TEXT && (type == T_VARCHAR || type == T_NAME || type == T_JSON))
		return true;
	return kinds[kind].type == type;
}

/* Octets that are text by a rule of ours, as what a client PUT, are read without having the database prove it again. */
bool column_is(enum db_kind kind, Oid type)
{
	return kind_is(kind, type) || (kind == DB_TEXT && type == T_BYTEA);
}

const char *kind_name(enum db_kind kind)
{
	return kinds[kind].name;
}

Oid kind_element(enum db_kind kind)
{
	return kinds[kind].element;
}

bool row_borrows(const struct db_result *result)
{
	for (size_t i = 0; i < result->count; i++) {
		enum db_kind kind = result->cols[i].kind;
		if (kind == DB_TEXT || kind == DB_BYTEA || kind == DB_TEXTS || kind == DB_BYTEAS)
			return true;
	}
	return false;
}

static int64_t get(const uint8_t *at, size_t len)
{
	uint64_t n8;
	uint32_t n4;
	uint16_t n2;
	switch (len) {
	case 8:
		memcpy(&n8, at, 8);
		return (int64_t)be64toh(n8);
	case 4:
		memcpy(&n4, at, 4);
		return (int32_t)be32toh(n4);
	case 2:
		memcpy(&n2, at, 2);
		return (int16_t)be16toh(n2);
	default:
		return at[0] != 0;
	}
}

static struct instant instant_from_wire(int64_t us)
{
	if (us == INT64_MAX || us == INT64_MIN)
		return (struct instant){ us };
	int64_t since_1970;
	return __builtin_add_overflow(us, DB_EPOCH_US, &since_1970) ? (struct instant){ INT64_MAX - 1 }
								    : (struct instant){ since_1970 };
}

/* One value whose length was checked, into a field or an item of a list. `kind` is no list. */
static void value_read(enum db_kind kind, const uint8_t *at, size_t len, void *out)
{
	int64_t n = kind == DB_TEXT || kind == DB_BYTEA || kind == DB_UUID ? 0 : get(at, len);
	switch (kind) {
	case DB_TEXT:
		*(struct str *)out = (struct str){ (const char *)at, len };
		break;
	case DB_BYTEA:
		*(struct bytes *)out = (struct bytes){ at, len };
		break;
	case DB_UUID:
		memcpy(out, at, 16);
		break;
	case DB_BOOL:
		*(bool *)out = n;
		break;
	case DB_INT2:
		*(int16_t *)out = (int16_t)n;
		break;
	case DB_INT4:
		*(int32_t *)out = (int32_t)n;
		break;
	case DB_INT8:
		*(int64_t *)out = n;
		break;
	case DB_INSTANT:
		*(struct instant *)out = instant_from_wire(n);
		break;
	case DB_UUIDS:
	case DB_TEXTS:
	case DB_BYTEAS:
	case DB_INT8S:
	case DB_INT4S:
	case DB_INT2S:
	case DB_INSTANTS:
	case DB_BOOLS:
	case DB_NOTHING:
		assert(false && "a single value");
	}
}

/* The kind of a list's items. */
static enum db_kind item_kind(enum db_kind kind)
{
	for (unsigned i = 0; i < DB_UUIDS; i++)
		if (kinds[i].type == kinds[kind].element)
			return (enum db_kind)i;
	return DB_NOTHING;
}

static void null_read(enum db_kind kind, void *out)
{
	if (kind == DB_INSTANT)
		*(struct instant *)out = INSTANT_NONE;
}

/* array_send; see array_to_wire(). One dimension at most. False for another shape. */
static bool list_read(struct ctx *cx, enum db_kind kind, struct bytes wire, struct id_list *out)
{
	if (wire.len < 12)
		return false;
	int64_t dimensions = get(wire.ptr, 4);
	bool whole = dimensions == 1 && wire.len >= 20;
	int64_t count = whole ? get(wire.ptr + 12, 4) : 0;
	if ((Oid)get(wire.ptr + 8, 4) != kinds[kind].element || (!whole && dimensions != 0) || count < 0 ||
		(size_t)count > wire.len / 4)
		return false;
	enum db_kind item = item_kind(kind);
	unsigned char *items = arena_take(cx->mem, (size_t)count, kinds[kind].item);
	size_t at = 20;
	for (int64_t i = 0; i < count; i++) {
		if (wire.len - at < 4)
			return false;
		int64_t len = get(wire.ptr + at, 4);
		at += 4;
		void *slot = items + (size_t)i * kinds[kind].item;
		if (len == -1) {
			null_read(item, slot);
			continue;
		}
		if (len < 0 || (size_t)len > wire.len - at || (kinds[kind].wire && (size_t)len != kinds[kind].wire))
			return false;
		value_read(item, wire.ptr + at, (size_t)len, slot);
		at += (size_t)len;
	}
	*out = (struct id_list){ (const struct id *)(void *)items, (size_t)count };
	return true;
}

static bool column_read(struct ctx *cx, const struct db_col *col, const PGresult *res, int at, int i, void *field)
{
	const struct kind *kind = &kinds[col->kind];
	if (!column_is(col->kind, PQftype(res, i)))
		return false;
	if (PQgetisnull(res, at, i)) {
		null_read(col->kind, field);
		return true;
	}
	struct bytes wire = bytes_of(PQgetvalue(res, at, i), (size_t)PQgetlength(res, at, i));
	if (kind->element)
		return list_read(cx, col->kind, wire, field);
	if (kind->wire && kind->wire != wire.len)
		return false;
	value_read(col->kind, wire.ptr, wire.len, field);
	return true;
}

err_t row_read(struct ctx *cx, const struct db_result *result, const PGresult *res, int at, unsigned char *out)
{
	memset(out, 0, result->row_size);
	if ((size_t)PQnfields(res) != result->count)
		return FAIL(
			cx, INTERNAL, "%s: %d columns, not %zu", result->query->name, PQnfields(res), result->count);
	for (size_t i = 0; i < result->count; i++)
		if (!column_read(cx, &result->cols[i], res, at, (int)i, out + result->cols[i].offset))
			return FAIL(cx, INTERNAL, "%s: column %s has another type or shape than %s",
				result->query->name, result->cols[i].name, kinds[result->cols[i].kind].name);
	return OK;
}
