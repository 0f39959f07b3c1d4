/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <endian.h>
#include <string.h>

#include "server/base/log.h"
#include "server/db/conn_private.h"

/* ---- IN(value) ---- */

static struct db_in number(enum db_kind kind, int64_t v)
{
	return (struct db_in){ .kind = kind, .number = v };
}

static struct db_in list(enum db_kind kind, const void *items, size_t count)
{
	return (struct db_in){ .kind = kind, .null = !items, .list = { items, count } };
}

struct db_in db_in_text(struct str v)
{
	return (struct db_in){ .kind = DB_TEXT, .null = !v.ptr, .text = v };
}

struct db_in db_in_bytes(struct bytes v)
{
	return (struct db_in){ .kind = DB_BYTEA, .null = !v.ptr, .bytea = v };
}

struct db_in db_in_id(struct id v)
{
	return (struct db_in){ .kind = DB_UUID, .uuid = v };
}

struct db_in db_in_id_or_null(struct id v)
{
	return (struct db_in){ .kind = DB_UUID, .null = id_is_zero(v), .uuid = v };
}

struct db_in db_in_bool(bool v)
{
	return (struct db_in){ .kind = DB_BOOL, .boolean = v };
}

struct db_in db_in_int2(int16_t v)
{
	return number(DB_INT2, v);
}

struct db_in db_in_int4(int32_t v)
{
	return number(DB_INT4, v);
}

struct db_in db_in_int8(int64_t v)
{
	return number(DB_INT8, v);
}

/* Scope masks and the like: the same 64 bits. */
struct db_in db_in_uint8(uint64_t v)
{
	return number(DB_INT8, (int64_t)v);
}

struct db_in db_in_instant(struct instant v)
{
	return (struct db_in){ .kind = DB_INSTANT, .null = instant_is_none(v), .instant = v };
}

struct db_in db_in_ids(struct id_list v)
{
	return list(DB_UUIDS, v.items, v.count);
}

struct db_in db_in_texts(struct str_list v)
{
	return list(DB_TEXTS, v.items, v.count);
}

struct db_in db_in_byteas(struct bytes_list v)
{
	return list(DB_BYTEAS, v.items, v.count);
}

struct db_in db_in_int8s(struct int64_list v)
{
	return list(DB_INT8S, v.items, v.count);
}

struct db_in db_in_int4s(struct int32_list v)
{
	return list(DB_INT4S, v.items, v.count);
}

struct db_in db_in_int2s(struct int16_list v)
{
	return list(DB_INT2S, v.items, v.count);
}

struct db_in db_in_instants(struct instant_list v)
{
	return list(DB_INSTANTS, v.items, v.count);
}

struct db_in db_in_bools(struct bool_list v)
{
	return list(DB_BOOLS, v.items, v.count);
}

/* ---- to the wire ---- */

static void put16(uint8_t *at, int16_t v)
{
	uint16_t n = htobe16((uint16_t)v);
	memcpy(at, &n, sizeof n);
}

static void put32(uint8_t *at, int32_t v)
{
	uint32_t n = htobe32((uint32_t)v);
	memcpy(at, &n, sizeof n);
}

static void put64(uint8_t *at, int64_t v)
{
	uint64_t n = htobe64((uint64_t)v);
	memcpy(at, &n, sizeof n);
}

/* Both infinities are the same numbers here and there; what lies beyond PostgreSQL's range is refused by it. */
static int64_t instant_to_wire(struct instant t)
{
	int64_t us;
	if (t.us == INT64_MAX || t.us == INT64_MIN)
		return t.us;
	return __builtin_sub_overflow(t.us, DB_EPOCH_US, &us) ? INT64_MIN + 1 : us;
}

/* One element: its octets into `at` (8 at most) unless it is borrowed. NULL for a NULL. */
static const void *element(enum db_kind kind, const void *items, size_t i, uint8_t *at, size_t *len_out)
{
	switch (kind) {
	case DB_UUIDS:
		*len_out = 16;
		return ((const struct id *)items)[i].octets;
	case DB_TEXTS:
		*len_out = ((const struct str *)items)[i].len;
		return ((const struct str *)items)[i].ptr;
	case DB_BYTEAS:
		*len_out = ((const struct bytes *)items)[i].len;
		return ((const struct bytes *)items)[i].ptr;
	case DB_INT8S:
		put64(at, ((const int64_t *)items)[i]);
		break;
	case DB_INT4S:
		put32(at, ((const int32_t *)items)[i]);
		*len_out = 4;
		return at;
	case DB_INT2S:
		put16(at, ((const int16_t *)items)[i]);
		*len_out = 2;
		return at;
	case DB_INSTANTS:
		if (instant_is_none(((const struct instant *)items)[i]))
			return NULL;
		put64(at, instant_to_wire(((const struct instant *)items)[i]));
		break;
	case DB_BOOLS:
		at[0] = ((const bool *)items)[i];
		*len_out = 1;
		return at;
	case DB_TEXT:
	case DB_BYTEA:
	case DB_UUID:
	case DB_BOOL:
	case DB_INT2:
	case DB_INT4:
	case DB_INT8:
	case DB_INSTANT:
	case DB_NOTHING:
		assert(false && "a list");
	}
	*len_out = 8;
	return at;
}

/* array_recv: dimensions, has NULLs, element type; length and lower bound; then length and octets of each. */
static struct bytes array_to_wire(struct ctx *cx, enum db_kind kind, const void *items, size_t count)
{
	uint8_t small[8];
	size_t size = 20, len = 0;
	bool has_null = false;
	for (size_t i = 0; i < count; i++)
		size += 4 + (element(kind, items, i, small, &len) ? len : 0);
	uint8_t *out = arena_take(cx->mem, size, 1), *at = out + 20;
	for (size_t i = 0; i < count; i++) {
		const void *from = element(kind, items, i, small, &len);
		has_null |= !from;
		put32(at, from ? (int32_t)len : -1);
		at += 4;
		if (from && len) {
			memcpy(at, from, len);
			at += len;
		}
	}
	put32(out, count ? 1 : 0);
	put32(out + 4, has_null);
	put32(out + 8, (int32_t)kind_element(kind));
	put32(out + 12, (int32_t)count);
	put32(out + 16, 1);
	return (struct bytes){ out, count ? size : 12 };
}

static bool is_number(enum db_kind kind)
{
	return kind == DB_INT2 || kind == DB_INT4 || kind == DB_INT8;
}

/*
 * A number goes in the width that the statement asks for; C's true and false are numbers too. 0 when it does not fit,
 * or no number is asked for.
 */
static int number_to_wire(int64_t v, Oid type, uint8_t *at)
{
	if (kind_is(DB_INT8, type)) {
		put64(at, v);
		return 8;
	}
	if (kind_is(DB_INT4, type) && v == (int32_t)v) {
		put32(at, (int32_t)v);
		return 4;
	}
	if (kind_is(DB_INT2, type) && v == (int16_t)v) {
		put16(at, (int16_t)v);
		return 2;
	}
	if (kind_is(DB_BOOL, type) && (v == 0 || v == 1)) {
		at[0] = (uint8_t)v;
		return 1;
	}
	return 0;
}

static void set(struct db_wire *out, int i, const void *value, size_t len, int format)
{
	out->values[i] = value;
	out->lengths[i] = (int)len;
	out->formats[i] = format;
}

/* Our own mistake: loud in dev builds, an error in a release. */
static err_t mismatch(struct ctx *cx, const struct query *q, struct str what)
{
	log_event(LOG_ERROR, "parameters_mismatch", LOG_C("statement", q->name), LOG_STR("what", what));
#ifdef CALENDS_DEV
	assert(false && "IN() agrees with the statement's parameters; see the line above");
#endif
	return FAIL(cx, INTERNAL, "%s: %.*s", q->name, STR_ARG(what));
}

static err_t kind_mismatch(struct ctx *cx, const struct query *q, int i, const struct db_in *in, Oid type)
{
	return mismatch(cx, q, str_fmt(cx->mem, "$%d has type %u, given %s", i + 1, type, kind_name(in->kind)));
}

/*
 * Text for a text parameter is sent as it is. For any other type (jsonb, inet, interval) it is sent as a literal of
 * that type, which the database reads; a NUL cannot be in one.
 */
static err_t text_to_wire(
	struct ctx *cx, const struct query *q, int i, const struct db_in *in, Oid type, struct db_wire *out)
{
	if (kind_is(DB_TEXT, type)) {
		set(out, i, in->text.ptr, in->text.len, 1);
		return OK;
	}
	const char *literal = str_c(cx->mem, in->text);
	if (!literal)
		return FAIL(cx, INVALID_VALUE, "%s: a NUL in $%d", q->name, i + 1);
	set(out, i, literal, 0, 0);
	return OK;
}

static err_t value_to_wire(
	struct ctx *cx, const struct query *q, int i, const struct db_in *in, Oid type, struct db_wire *out)
{
	uint8_t *fixed = out->fixed[i];
	int len;
	if (is_number(in->kind)) {
		len = number_to_wire(in->number, type, fixed);
		if (!len)
			return kind_mismatch(cx, q, i, in, type);
		set(out, i, fixed, (size_t)len, 1);
		return OK;
	}
	if (in->kind == DB_TEXT && !kind_is(DB_BYTEA, type))
		return text_to_wire(cx, q, i, in, type, out);
	if (!kind_is(in->kind, type))
		return kind_mismatch(cx, q, i, in, type);
	if (in->kind == DB_BYTEA) {
		set(out, i, in->bytea.ptr, in->bytea.len, 1);
	} else if (in->kind == DB_UUID) {
		set(out, i, in->uuid.octets, 16, 1);
	} else if (in->kind == DB_BOOL) {
		fixed[0] = in->boolean;
		set(out, i, fixed, 1, 1);
	} else if (in->kind == DB_INSTANT) {
		put64(fixed, instant_to_wire(in->instant));
		set(out, i, fixed, 8, 1);
	} else {
		struct bytes array = array_to_wire(cx, in->kind, in->list.items, in->list.count);
		set(out, i, array.ptr, array.len, 1);
	}
	return OK;
}

err_t params_write(struct ctx *cx, const struct query *q, const struct db_types *types, const struct db_in *in,
	size_t n, struct db_wire *out)
{
	if (n == 1 && in[0].kind == DB_NOTHING)
		n = 0;
	if (!atomic_load(&types->known))
		return FAIL(cx, INTERNAL, "%s: the database refused this statement", q->name);
	if (n != (size_t)types->count)
		return mismatch(cx, q, str_fmt(cx->mem, "%d parameters, given %zu", types->count, n));
	out->count = types->count;
	for (int i = 0; i < out->count; i++) {
		if (in[i].null)
			set(out, i, NULL, 0, 1);
		else
			TRY(value_to_wire(cx, q, i, &in[i], types->params[i], out));
	}
	return OK;
}
