/* SPDX-License-Identifier: Apache-2.0 */
/* One object: put, get, delete, move, copy. Each is one round trip; who wins a race is decided in sql/migrations. */
#include <assert.h>
#include <string.h>

#include "caldav/calendar/store/store_private.h"
#include "caldav/calendar/store/store_write.h"
#include "server/crypto/digest.h"

struct put {
	struct str outcome;
	struct id calendar, id;
	int64_t modseq;
	struct str other;
	struct instant created_at, updated_at;
};

struct relocated {
	struct str outcome;
	struct str other;
};

DB_RESULT(object_get, struct object, OBJECT_COLUMNS, data);
DB_RESULT(object_get_with_key, struct object, OBJECT_COLUMNS, data);
DB_RESULT(object_by_uid, struct object, OBJECT_COLUMNS, data);
DB_RESULT(object_by_id, struct object, calendar_name, OBJECT_COLUMNS, data);
DB_RESULT(object_shown, struct object, OBJECT_SHOWN_COLUMNS);
DB_RESULT(object_shown_with_key, struct object, OBJECT_SHOWN_COLUMNS);
DB_RESULT(object_put, struct put, outcome, calendar, id, modseq, other, created_at, updated_at);
DB_RESULT(object_make, struct put, outcome, calendar, id, modseq, other, created_at, updated_at);
DB_RESULT(object_delete, struct outcome_row, outcome);
DB_RESULT(object_relocate, struct relocated, outcome, other);

struct str etag_text(struct arena *mem, struct bytes etag)
{
	return str_cat(mem, str_cat(mem, STR("\""), hex_of(mem, etag)), STR("\""));
}

size_t object_batch(const struct object *rows, size_t from, size_t count)
{
	size_t end = from, octets = 0;
	while (end < count && (end == from || octets + (size_t)rows[end].size <= BATCH_OCTETS))
		octets += (size_t)rows[end++].size;
	return end;
}

struct ical_facts object_facts(const struct object *o)
{
	return (struct ical_facts){
		.uid = o->uid,
		.component = (enum component)o->component,
		.flags = o->flags,
		.first_at = o->first_at,
		.last_at = o->last_at,
		.occ_until = o->occ_until,
		.occ = o->occ,
	};
}

err_t object_store(struct ctx *cx, const struct actor *actor, const struct object_write *in,
	const struct ical_facts *facts, enum put_outcome *outcome_out, struct object *out)
{
	assert(in->calendar_name.ptr && in->name.ptr && in->data.ptr && facts->uid.ptr);
	assert(in->data.len <= OBJECT_SIZE_MAX);
	uint8_t digest[SHA256_SIZE];
	struct bytes data = bytes_of(in->data.ptr, in->data.len);
	sha256(data, digest);
	struct bytes etag = bytes_of(memcpy(arena_take(cx->mem, 1, ETAG_OCTETS), digest, ETAG_OCTETS), ETAG_OCTETS);

	struct id random = id_new(cx->now); /* its time is the database's, by which changes are in order */
	struct put got;
#define FACTS_AND_ROOM                                                                                                 \
	IN(facts->uid), IN(etag), IN(facts->first_at), IN(facts->last_at), IN(facts->occ_until),                       \
		IN((int16_t)facts->component), IN(facts->flags), IN(facts->occ), IN(data),                             \
		IN((int64_t)CALENDAR_BYTES_MAX), db_in_storage_max(cx), IN(facts->words),                              \
		IN(bytes_of(random.octets + 8, 8))
	err_t e = OK;
	if (in->is_fresh)
		e = db_row(cx, &sql_object_make, ROW(object_make, &got), IN_ACTOR(cx, actor), IN(in->calendar_name),
			IN(in->name), FACTS_AND_ROOM);
	if (!in->is_fresh || err_is(e, NOT_FOUND))
		e = db_row(cx, &sql_object_put, ROW(object_put, &got), IN_ACTOR(cx, actor), IN(in->calendar_name),
			IN(in->name), IN_CONDITIONS(in->when), FACTS_AND_ROOM);
	TRY(e);
#undef FACTS_AND_ROOM
	cx->changed = actor->owner;
	enum outcome outcome = outcome_of(got.outcome);
	if (outcome != OUTCOME_CREATED && outcome != OUTCOME_CHANGED && outcome != OUTCOME_SAME)
		return outcome_refusal(cx, outcome, got.other);

	*outcome_out = outcome == OUTCOME_CREATED ? PUT_CREATED : outcome == OUTCOME_CHANGED ? PUT_CHANGED : PUT_SAME;
	*out = (struct object){
		.id = got.id,
		.calendar = got.calendar,
		.calendar_name = in->calendar_name,
		.name = in->name,
		.uid = facts->uid,
		.data = in->data,
		.etag = etag,
		.modseq = got.modseq,
		.component = (int16_t)facts->component,
		.flags = facts->flags,
		.size = (int32_t)in->data.len,
		.first_at = facts->first_at,
		.last_at = facts->last_at,
		.occ_until = facts->occ_until,
		.created_at = got.created_at,
		.updated_at = got.updated_at,
		.occ = facts->occ,
	};
	return OK;
}

err_t object_get(
	struct ctx *cx, const struct actor *actor, struct str calendar_name, struct str name, struct object *out)
{
	return db_row(cx, &sql_object_get, ROW(object_get, out), IN(actor->owner), IN(actor->calendars),
		IN(calendar_name), IN(name));
}

void object_prefetch(struct ctx *cx, struct id account, struct str calendar_name, struct str name, struct bytes key)
{
	const struct id_list all = { NULL, 0 };
	db_prefetch(cx, &sql_object_get_with_key, &sql_object_get, IN(account), IN(all), IN(calendar_name), IN(name),
		IN(key));
}

void object_prefetch_known(struct ctx *cx, const struct actor *actor, struct str calendar_name, struct str name)
{
	db_prefetch(cx, &sql_object_get, &sql_object_get, IN(actor->owner), IN(actor->calendars), IN(calendar_name),
		IN(name));
}

err_t object_by_id(struct ctx *cx, const struct actor *actor, struct id id, struct object *out)
{
	return db_row(cx, &sql_object_by_id, ROW(object_by_id, out), IN(actor->owner), IN(actor->calendars), IN(id));
}

err_t object_shown(struct ctx *cx, const struct actor *actor, struct id id, struct object *out)
{
	return db_row(cx, &sql_object_shown, ROW(object_shown, out), IN(actor->owner), IN(actor->calendars), IN(id));
}

void object_shown_prefetch(struct ctx *cx, struct id account, struct id id, struct bytes key)
{
	const struct id_list all = { NULL, 0 };
	db_prefetch(cx, &sql_object_shown_with_key, &sql_object_shown, IN(account), IN(all), IN(id), IN(key));
}

err_t object_by_uid(struct ctx *cx, const struct actor *actor, struct id calendar, struct str uid, struct object *out)
{
	assert(!id_is_zero(calendar) && uid.ptr);
	return db_row(cx, &sql_object_by_uid, ROW(object_by_uid, out), IN(actor->owner), IN(calendar), IN(uid));
}

err_t object_bury(struct ctx *cx, const struct actor *actor, struct object_path at, const struct preconditions *when)
{
	assert(at.calendar_name.ptr && at.name.ptr);
	struct outcome_row got;
	TRY(db_row(cx, &sql_object_delete, ROW(object_delete, &got), IN_ACTOR(cx, actor), IN(at.calendar_name),
		IN(at.name), IN_CONDITIONS(*when), IN((int32_t)TOMBSTONES_MAX)));
	cx->changed = actor->owner;
	enum outcome outcome = outcome_of(got.outcome);
	return outcome == OUTCOME_DELETED ? OK : outcome_refusal(cx, outcome, STR_ABSENT);
}

err_t object_relocate(struct ctx *cx, const struct actor *actor, struct object_path from, struct object_path to,
	bool keep, bool overwrite, const struct preconditions *when, bool *created_out)
{
	assert(from.name.ptr && to.name.ptr &&
		!(str_eq(from.calendar_name, to.calendar_name) && str_eq(from.name, to.name)));
	struct relocated got;
	TRY(db_row(cx, &sql_object_relocate, ROW(object_relocate, &got), IN_ACTOR(cx, actor), IN(from.calendar_name),
		IN(from.name), IN(to.calendar_name), IN(to.name), IN(keep), IN(overwrite), IN_CONDITIONS(*when),
		IN((int64_t)CALENDAR_BYTES_MAX), db_in_storage_max(cx), IN((int32_t)TOMBSTONES_MAX)));
	cx->changed = actor->owner;
	enum outcome outcome = outcome_of(got.outcome);
	if (outcome != OUTCOME_CREATED && outcome != OUTCOME_CHANGED)
		return outcome_refusal(cx, outcome, got.other);
	*created_out = outcome == OUTCOME_CREATED;
	return OK;
}
