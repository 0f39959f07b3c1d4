/* SPDX-License-Identifier: Apache-2.0 */
/* Sync tokens and the changes since one (RFC 6578). */
#include <assert.h>

#include "caldav/calendar/store/store_private.h"
#include "server/base/buf.h"

/* A change, or the calendar's counter alone: then id is zero. */
struct change {
	int64_t state, min_modseq, modseq;
	struct id id;
	struct str name;
	struct bytes etag;
	int16_t component;
	int32_t size;
	bool deleted;
	struct instant created_at, updated_at;
};

DB_RESULT(object_changes, struct change, state, min_modseq, id, name, etag, modseq, component, size, deleted,
	created_at, updated_at);

/* The same by id. */
struct change_by_id {
	int64_t state, min_modseq, modseq;
	struct id id;
	int16_t component;
	int32_t size;
	bool deleted;
};

DB_RESULT(object_changes_by_id, struct change_by_id, state, min_modseq, id, modseq, component, size, deleted);

static const struct str token_path = STR_INIT("/dav/sync/");

struct str sync_token_text(struct arena *mem, struct str public_url, struct sync_token t)
{
	assert(!id_is_zero(t.calendar) && t.modseq > 0 &&
		(!t.base || t.base >= t.modseq)); /* sync_token_parse() takes it */
	struct buf out = buf_new(mem, 1024);
	buf_add(&out, public_url);
	buf_add(&out, token_path);
	buf_add(&out, id_text(mem, "cal", t.calendar));
	buf_char(&out, '/');
	buf_int(&out, t.modseq);
	if (t.base) {
		buf_char(&out, '/');
		buf_int(&out, t.base);
	}
	return buf_str(&out);
}

static bool number_parse(struct str text, int64_t *out)
{
	uint64_t n;
	if (!text.len || (text.len > 1 && text.ptr[0] == '0') || !str_to_u64(text, INT64_MAX, &n))
		return false;
	*out = (int64_t)n;
	return true;
}

bool sync_token_parse(struct str text, struct sync_token *out)
{
	size_t at = str_find(text, token_path);
	if (at == SIZE_MAX)
		return false;
	struct str rest = str_from(text, at + token_path.len), calendar, modseq;
	struct sync_token t = { 0 };
	if (!str_cut(&rest, '/', &calendar) || !id_parse(calendar, "cal", &t.calendar))
		return false;
	if (!str_cut(&rest, '/', &modseq) || !number_parse(modseq, &t.modseq) || t.modseq == 0)
		return false;
	if (rest.ptr && (!number_parse(rest, &t.base) || t.base < t.modseq))
		return false;
	*out = t;
	return true;
}

struct sync_token sync_token_next(struct sync_token since, int64_t state, int64_t last_modseq, bool more)
{
	struct sync_token next = { .calendar = since.calendar, .modseq = more ? last_modseq : state };
	int64_t base = since.modseq ? since.base : state;
	next.base = more && next.modseq < base ? base : 0;
	return next;
}

static struct object object_of(const struct change *c, struct id calendar)
{
	return (struct object){
		.id = c->id,
		.calendar = calendar,
		.name = c->name,
		.etag = c->etag,
		.modseq = c->modseq,
		.component = c->component,
		.size = c->size,
		.deleted = c->deleted,
		.first_at = INSTANT_NONE,
		.last_at = INSTANT_NONE,
		.occ_until = INSTANT_NONE,
		.created_at = c->created_at,
		.updated_at = c->updated_at,
	};
}

static err_t check_token(struct ctx *cx, const struct changes_query *q, int64_t state, int64_t min_modseq)
{
	const struct sync_token *since = &q->since;
	if (since->modseq && !id_eq(since->calendar, q->calendar))
		return FAIL(cx, DAV_SYNC_TOKEN, "of another calendar");
	/* Of an initial sync that was cut, tombstones up to its base are not asked for: they may be gone. */
	int64_t needed = since->base > since->modseq ? since->base : since->modseq;
	if (since->modseq && (since->modseq > state || needed < min_modseq))
		return FAIL(cx, DAV_SYNC_TOKEN, "not between %lld and %lld", (long long)min_modseq, (long long)state);
	return OK;
}

err_t object_changes(struct ctx *cx, const struct actor *actor, const struct changes_query *q, struct changes *out)
{
	assert(!id_is_zero(q->calendar) && q->limit > 0 && q->since.modseq >= 0);
	struct change *rows;
	size_t count;
	int32_t ask = q->limit < INT32_MAX ? q->limit + 1 : q->limit; /* one more tells that there are more */
	TRY(db_rows(cx, &sql_object_changes, object_changes, &rows, &count, IN(actor->owner), IN(q->calendar),
		IN(q->since.modseq), IN(q->since.base), IN(ask)));
	if (!count)
		return FAIL(cx, NOT_FOUND, "no such calendar");
	TRY(check_token(cx, q, rows[0].state, rows[0].min_modseq));
	if (id_is_zero(rows[0].id))
		count = 0;
	bool more = count > (size_t)q->limit;
	*out = (struct changes){
		.count = more ? (size_t)q->limit : count,
		.state = rows[0].state,
		.more = more,
	};
	out->rows = arena_array(cx->mem, struct object, out->count + 1);
	for (size_t i = 0; i < out->count; i++)
		out->rows[i] = object_of(&rows[i], q->calendar);
	return OK;
}

/* Where a page ends that has `limit` rows at most, or `octets` of data, but never between two of one number: a token
 * could not say which of them was told. One change makes three rows at most. */
static size_t page_end_of(const struct change_by_id *rows, size_t count, size_t limit)
{
	size_t end = 0, octets = 0;
	while (end < count) {
		size_t next = end, sum = octets;
		do
			sum += (size_t)rows[next].size;
		while (++next < count && rows[next].modseq == rows[end].modseq);
		if (end && (next > limit || sum > BATCH_OCTETS))
			break;
		octets = sum;
		end = next;
	}
	return end;
}

#define SAME_NUMBER_MAX 3

err_t object_changes_by_id(
	struct ctx *cx, const struct actor *actor, const struct changes_query *q, struct changes *out)
{
	assert(!id_is_zero(q->calendar) && q->limit > 0 && q->since.modseq >= 0);
	struct change_by_id *rows;
	size_t count;
	int32_t ask = q->limit + SAME_NUMBER_MAX;
	TRY(db_rows(cx, &sql_object_changes_by_id, object_changes_by_id, &rows, &count, IN(actor->owner),
		IN(q->calendar), IN(q->since.modseq), IN(q->since.base), IN(ask)));
	if (!count)
		return FAIL(cx, NOT_FOUND, "no such calendar");
	TRY(check_token(cx, q, rows[0].state, rows[0].min_modseq));
	if (id_is_zero(rows[0].id))
		count = 0;
	size_t end = page_end_of(rows, count, (size_t)q->limit);
	*out = (struct changes){
		.rows = arena_array(cx->mem, struct object, end + 1),
		.count = end,
		.state = rows[0].state,
		.more = count > end,
	};
	for (size_t i = 0; i < end; i++)
		out->rows[i] = (struct object){ .id = rows[i].id,
			.calendar = q->calendar,
			.modseq = rows[i].modseq,
			.component = rows[i].component,
			.size = rows[i].size,
			.deleted = rows[i].deleted };
	return OK;
}
