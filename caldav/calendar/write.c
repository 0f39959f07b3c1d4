/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/write.h"

#include <assert.h>

#include "caldav/calendar/store/outcome.h"
#include "caldav/calendar/validate.h"
#include "server/db/query.h"

#define TRIES 3 /* of an edit against concurrent writers */

err_t object_put(struct ctx *cx, const struct actor *actor, const struct object_write *in,
	enum put_outcome *outcome_out, struct object *out)
{
	struct ical_facts facts;
	TRY(ical_validate(cx, in->data, &facts));
	return object_store(cx, actor, in, &facts, outcome_out, out);
}

err_t object_delete(struct ctx *cx, const struct actor *actor, struct object_path at, const struct preconditions *when)
{
	assert(at.calendar_name.ptr && at.name.ptr);
	return object_bury(cx, actor, at, when);
}

err_t object_move(struct ctx *cx, const struct actor *actor, struct object_path from, struct object_path to,
	bool overwrite, const struct preconditions *when, bool *created_out)
{
	assert(from.name.ptr && to.name.ptr);
	return object_relocate(cx, actor, from, to, false, overwrite, when, created_out);
}

err_t object_copy(struct ctx *cx, const struct actor *actor, struct object_path from, struct object_path to,
	bool overwrite, const struct preconditions *when, bool *created_out)
{
	assert(from.name.ptr && to.name.ptr);
	return object_relocate(cx, actor, from, to, true, overwrite, when, created_out);
}

static bool is_listed(struct bytes_list tags, struct bytes etag)
{
	for (size_t i = 0; i < tags.count; i++)
		if (bytes_same(tags.items[i], etag))
			return true;
	return false;
}

/* RFC 9110 §13.1.1, §13.1.2. Where nothing may be written anyway, that is what is said (§13.2.1). */
static err_t check_conditions(
	struct ctx *cx, const struct actor *actor, const struct preconditions *when, const struct object *now)
{
	struct calendar calendar;
	bool matches = !when->match.items || is_listed(when->match, now->etag);
	if (matches && !when->none_match_any && !is_listed(when->none_match, now->etag))
		return OK;
	TRY(calendar_by_name(cx, actor, now->calendar_name, &calendar));
	if (!calendar.writable)
		return outcome_refusal(cx, OUTCOME_NOT_WRITABLE, STR_ABSENT);
	return FAIL(cx, PRECONDITION, "%s", matches ? "If-None-Match" : "If-Match");
}

static err_t put_named(struct ctx *cx, const struct actor *actor, const struct object_write *write, struct object *out)
{
	enum put_outcome outcome;
	TRY(object_put(cx, actor, write, &outcome, out));
	out->data = write->data;
	out->calendar_name = write->calendar_name;
	return OK;
}

/*
 * To the other calendar, as it is: first of all, because a move locks both calendars in their order. Under its name, or
 * where that is another's there under a new one. now: as it is then.
 */
static err_t carry_over(struct ctx *cx, const struct actor *actor, struct object *now, const struct calendar *calendar)
{
	const struct preconditions when = { .match = { &now->etag, 1 } };
	const struct object_path from = { now->calendar_name, now->name };
	struct object_path to = { calendar->name, now->name };
	bool created;
	err_t e = object_move(cx, actor, from, to, false, &when, &created);
	if (err_is(e, PRECONDITION)) {
		to.name = str_cat(cx->mem, id_uuid(cx->mem, id_new(cx->now)), STR(".ics"));
		e = object_move(cx, actor, from, to, false, &when, &created);
	}
	TRY(e);
	return object_by_id(cx, actor, now->id, now);
}

/* Under the condition that the object is still what the plan was made from. */
static err_t carry_out(struct ctx *cx, const struct actor *actor, const struct object *was,
	const struct object_plan *plan, struct object *out, struct object *beside_out)
{
	struct object now = *was;
	if (plan->to)
		TRY(carry_over(cx, actor, &now, plan->to));
	struct object_write write = {
		.calendar_name = now.calendar_name, .name = now.name, .when.match = { &now.etag, 1 }, .data = plan->data
	};
	struct object_write beside = { .calendar_name = now.calendar_name, .data = plan->beside };
	*out = now;
	if (!plan->data.ptr)
		return object_delete(cx, actor, (struct object_path){ now.calendar_name, now.name }, &write.when);
	if (plan->to && str_eq(plan->data, now.data))
		return OK;
	TRY(put_named(cx, actor, &write, out));
	if (!plan->beside.ptr)
		return OK;
	beside.when.none_match_any = true;
	beside.name = str_cat(cx->mem, id_uuid(cx->mem, id_new(cx->now)), STR(".ics"));
	return put_named(cx, actor, &beside, beside_out);
}

static err_t carry_out_whole(struct ctx *cx, const struct actor *actor, const struct object *now,
	const struct object_plan *plan, struct object *out, struct object *beside_out)
{
	bool own = false;
	if (plan->beside.ptr || plan->to)
		TRY(db_join(cx, &own));
	return db_settle(cx, own, carry_out(cx, actor, now, plan, out, beside_out));
}

err_t object_edit(struct ctx *cx, const struct actor *actor, struct id id, const struct preconditions *when,
	const struct object_edit *edit, struct object *out, struct object *beside_out)
{
	for (int i = 0; i < TRIES; i++) {
		struct object now;
		struct object_plan plan = { .data = STR_ABSENT, .beside = STR_ABSENT };
		TRY(object_by_id(cx, actor, id, &now));
		TRY(edit->find(edit->to, &now));
		TRY(check_conditions(cx, actor, when, &now));
		TRY(edit->plan(edit->to, &now, &plan));
		err_t e = carry_out_whole(cx, actor, &now, &plan, out, beside_out);
		if (!err_is(e, PRECONDITION)) /* else somebody wrote meanwhile */
			return e;
	}
	return REFUSE(cx, CONFLICT, "", "Others change this event at the same time. Try again.");
}
