/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/import/import.h"

#include <string.h>

#include "caldav/calendar/import/group.h"
#include "caldav/calendar/recur/vtimezone.h"
#include "caldav/calendar/write.h"

#define TRIES 3 /* of an object against concurrent writers */

enum action { CREATE, UPDATE, KEEP, LEAVE_OUT };

/* What is to be done with an object. */
struct import_plan {
	struct import_object object;
	enum action action;
	enum note_kind why; /* of LEAVE_OUT */
	char name[NAME_MAX_OCTETS];
	size_t name_len;
	uint8_t etag[ETAG_OCTETS]; /* of UPDATE: what it was planned against */
};

struct importer {
	struct ctx *cx;
	const struct actor *actor;
	const struct calendar *calendar;
	bool skip;
	struct import_work work;
	struct import_result *out;
	char full[200]; /* why nothing more can be stored; empty while it can */
};

/* ---- what is there ---- */

/* The components without their time zones, but those that only their VTIMEZONE describes. */
static err_t contents(struct ctx *cx, struct str data, struct str *out, bool *master_out)
{
	struct ical *object;
	struct buf text = buf_new(cx->mem, 2 * OBJECT_SIZE_MAX);
	TRY(ical_parse(cx, data, &object));
	for (const struct ical_comp *c = object->root->child; c; c = c->next) {
		if (str_eq(c->name, STR("VTIMEZONE")) && zone_by_name(ical_tzid(cx->mem, c)))
			continue;
		buf_add(&text, str_trim(ical_characters(cx->mem, c->raw), "\r\n"));
		BUF_LIT(&text, "\r\n");
	}
	*out = buf_str(&text);
	const struct ical_comp *main = ical_main(object);
	*master_out = main && !ical_prop(main, STR("RECURRENCE-ID"));
	return OK;
}

static err_t compare(struct ctx *cx, const struct object *now, struct import_plan *plan)
{
	struct str before, after;
	bool had_master, has_master;
	plan->action = KEEP;
	if (str_eq(now->data, plan->object.data))
		return OK;
	TRY(contents(cx, now->data, &before, &had_master));
	TRY(contents(cx, plan->object.data, &after, &has_master));
	if (str_eq(before, after))
		return OK;
	plan->action = LEAVE_OUT;
	if (now->component != (int16_t)plan->object.facts.component)
		plan->why = NOTE_UID_IN_USE;
	else if (had_master && !has_master)
		plan->why = NOTE_SERIES_MISSING;
	else
		plan->action = UPDATE;
	return OK;
}

static err_t plan_object(struct importer *in, struct import_plan *plan)
{
	struct ctx *cx = in->cx;
	struct object now;
	struct str name;
	err_t e = object_by_uid(cx, in->actor, in->calendar->id, plan->object.facts.uid, &now);
	if (err_is(e, NOT_FOUND)) {
		name = str_cat(cx->mem, id_uuid(cx->mem, id_new(cx->now)), STR(".ics"));
		plan->action = CREATE;
	} else {
		TRY(e);
		name = now.name;
		plan->action = KEEP;
		if (!in->skip)
			TRY(compare(cx, &now, plan));
		memcpy(plan->etag, now.etag.ptr, sizeof plan->etag);
	}
	memcpy(plan->name, name.ptr, name.len);
	plan->name_len = name.len;
	return OK;
}

/* ---- writing ---- */

static err_t put(struct importer *in, const struct import_plan *plan)
{
	struct bytes etag = bytes_of(plan->etag, sizeof plan->etag);
	struct object_write write = {
		.calendar_name = in->calendar->name, .name = { plan->name, plan->name_len }, .data = plan->object.data
	};
	enum put_outcome outcome;
	struct object object;
	if (plan->action == CREATE)
		write.when.none_match_any = true;
	else
		write.when.match = (struct bytes_list){ &etag, 1 };
	err_t e = object_put(in->cx, in->actor, &write, &outcome, &object);
	bool replaced = !e && !id_eq(object.calendar, in->calendar->id); /* another calendar has its name now */
	if (replaced || err_is(e, DAV_PARENT_MISSING) || err_is(e, ICAL_COMPONENT))
		return FAIL(in->cx, NOT_FOUND, "the calendar went");
	return e;
}

static void leave_out(struct importer *in, struct import_piece *piece, enum note_kind why)
{
	import_leave_out(&in->work, piece, piece->line, why, why == NOTE_FULL ? str_of(in->full) : STR(""));
}

static void count(struct importer *in, const struct import_plan *plan)
{
	struct import_result *out = in->out;
	if (plan->action == LEAVE_OUT)
		leave_out(in, plan->object.of, plan->why);
	out->created += plan->action == CREATE;
	out->updated += plan->action == UPDATE;
	out->unchanged += plan->action == KEEP;
	out->repaired += plan->object.repaired && (plan->action == CREATE || plan->action == UPDATE);
}

/* Others may write meanwhile: then it is looked at again. */
static err_t carry_out(struct importer *in, struct import_plan *plan)
{
	err_t e = OK;
	for (int i = 0; i < TRIES && (plan->action == CREATE || plan->action == UPDATE); i++) {
		e = put(in, plan);
		if (!err_is(e, PRECONDITION) && !err_is(e, UID_CONFLICT))
			break;
		TRY(plan_object(in, plan));
		if (plan->action != LEAVE_OUT)
			plan->why = NOTE_CHANGED;
	}
	if (err_is(e, PRECONDITION) || err_is(e, UID_CONFLICT))
		plan->action = plan->action == KEEP ? KEEP : LEAVE_OUT;
	else if (err_is(e, DAV_QUOTA)) {
		struct str said = str_sub(err_text(e), 0, sizeof in->full - 1);
		memcpy(in->full, said.ptr, said.len);
		plan->action = LEAVE_OUT;
		plan->why = NOTE_FULL;
	} else {
		TRY(e);
	}
	count(in, plan);
	return OK;
}

static err_t carry_out_all(struct importer *in, struct import_plan *plans, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (*in->full && plans[i].action != KEEP) {
			plans[i].action = LEAVE_OUT;
			plans[i].why = NOTE_FULL;
		}
		TRY(carry_out(in, &plans[i]));
	}
	return OK;
}

static bool writes(const struct import_plan *plans, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (plans[i].action == CREATE || plans[i].action == UPDATE)
			return true;
	return false;
}

/* What is undone is not counted. */
static err_t write_batch(struct importer *in, struct import_plan *plans, size_t n)
{
	bool own = false;
	const struct import_result before = *in->out;
	if (writes(plans, n))
		TRY(db_join(in->cx, &own));
	err_t e = db_settle(in->cx, own, carry_out_all(in, plans, n));
	if (e)
		*in->out = before;
	return e;
}

/* ---- batches ---- */

static err_t make_one(struct importer *in, struct import_piece *leader, struct import_plan *plan, bool *good_out)
{
	*good_out = false;
	if (in->work.made > IMPORT_MADE_MAX || *in->full) {
		leave_out(in, leader, *in->full ? NOTE_FULL : NOTE_LARGE_TOGETHER);
		return OK;
	}
	TRY(import_object_make(&in->work, leader, &plan->object, good_out));
	if (!*good_out)
		return OK;
	struct arena_mark mark = arena_mark(in->cx->mem);
	TRY(plan_object(in, plan));
	arena_rewind(in->cx->mem, mark);
	return OK;
}

static err_t run_batch(struct importer *in, size_t *at)
{
	struct import_plan *plans = arena_array(in->cx->mem, struct import_plan, IMPORT_BATCH);
	size_t n = 0, made = in->work.made;
	while (*at < in->work.leader_count && n < IMPORT_BATCH && in->work.made - made < BATCH_OCTETS) {
		bool good;
		TRY(make_one(in, in->work.leaders[(*at)++], &plans[n], &good));
		n += good;
	}
	return write_batch(in, plans, n);
}

static err_t run_all(struct importer *in)
{
	for (size_t at = 0; at < in->work.leader_count;) {
		struct arena_mark mark = arena_mark(in->cx->mem);
		TRY(run_batch(in, &at));
		arena_rewind(in->cx->mem, mark);
		ctx_go_on(in->cx);
	}
	if (*in->full && !in->out->created && !in->out->updated && !in->out->unchanged)
		return REFUSE(in->cx, DAV_QUOTA, "", "%s", in->full);
	return OK;
}

err_t calendar_import(struct ctx *cx, const struct actor *actor, const struct calendar *calendar, struct str data,
	bool skip, struct import_result *out)
{
	struct importer in = { .cx = cx, .actor = actor, .calendar = calendar, .skip = skip, .out = out };
	*out = (struct import_result){ 0 };
	if (!calendar->writable)
		return REFUSE(cx, FORBIDDEN, "", "Writing to this calendar is switched off.");
	in.work.cx = cx;
	in.work.notes = notes_open(cx->mem);
	TRY(import_cut(cx, data, &in.work.notes, &in.work.doc));
	import_group(&in.work, calendar->components);
	TRY(run_all(&in));
	notes_sort(&in.work.notes);
	out->notes = in.work.notes;
	out->left_out = in.work.left_out + in.work.doc.left_out;
	return OK;
}
