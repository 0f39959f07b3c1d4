/* SPDX-License-Identifier: Apache-2.0 */
/* The operations on an object. */
#include "caldav/calendar/event/event_edit.h"

/* What is to be changed: the component that stands for it, and what is read from there. */
struct patched_event {
	struct series_instance instance; /* of an instance */
	const struct timing *timing;
	struct event event;
};

static err_t subject_open(struct edits *e, struct str recurrence_id, struct str zone, struct patched_event *out)
{
	struct patched_event s = { .timing = &e->series->timings[0] };
	if (recurrence_id.ptr) {
		TRY(instance_find(e, recurrence_id, zone, &s.instance));
		TRY(event_read_instance(e->cx, e->object, &s.instance, zone, &s.event));
		s.timing = s.instance.timing;
	} else {
		TRY(event_read(e->cx, e->object, s.timing->comp, zone, &s.event));
	}
	*out = s;
	return OK;
}

/* The last proof: what is written now is read as what was asked for. */
static err_t read_back(struct ctx *cx, const struct event_changed *changed, const struct event_change *change,
	const struct event *to, unsigned fields)
{
	struct edits e;
	struct patched_event now;
	TRY(edits_open(cx, changed->data, &e));
	TRY(subject_open(&e, change->instance, change->zone, &now));
	if (fields & EVENT_START && now.event.start.us != to->start.us)
		return FAIL(cx, INTERNAL, "a start was written and is read as another");
	if (fields & EVENT_END && now.event.end.us != to->end.us)
		return FAIL(cx, INTERNAL, "an end was written and is read as another");
	return OK;
}

/* What an override says as the master did, it goes on to say as the master does: only what is its own stays. */
static err_t overrides_follow(
	struct edits *e, const struct event *master, const struct event_change *change, unsigned fields)
{
	const struct series *s = e->series;
	fields &= ~(unsigned)(EVENT_START | EVENT_END | EVENT_RECURRENCE);
	for (size_t i = 0; fields && i < s->override_count; i++) {
		const struct timing *t = s->overrides[i].timing;
		struct event own;
		if (t == &s->timings[0])
			continue;
		TRY(event_read(e->cx, e->object, t->comp, change->zone, &own));
		unsigned same = fields & ~event_differs(master, &own, fields);
		if (same)
			TRY(fields_change(e, t, &own, change, same));
	}
	return OK;
}

static err_t change_subject(struct edits *e, struct patched_event *s, const struct event_change *change,
	unsigned fields, struct event_changed *out)
{
	const struct series *was = e->series;
	struct ical *was_object = e->object;
	if (change->instance.ptr) {
		TRY(instance_separate(e, &s->instance, change->zone));
		s->timing = s->instance.timing;
	}
	TRY(fields_change(e, s->timing, &s->event, change, fields));
	if (!change->instance.ptr)
		TRY(overrides_follow(e, &s->event, change, fields));
	if (!change->instance.ptr && was->recurs && was->master &&
		fields & (EVENT_START | EVENT_END | EVENT_RULE | EVENT_RDATES)) {
		TRY(edits_go_on(e));
		TRY(exceptions_change(e, was, was_object, fields, out));
	}
	return edits_apply(e, &out->data);
}

err_t event_patch(struct ctx *cx, struct str data, const struct event_change *change, struct event_changed *out)
{
	struct edits e;
	struct patched_event s;
	struct event_changed changed = { .data = data };
	unsigned fields = change->fields;
	if (change->instance.ptr)
		fields &= ~(unsigned)EVENT_RECURRENCE;
	TRY(edits_open(cx, data, &e));
	TRY(subject_open(&e, change->instance, change->zone, &s));
	fields = event_differs(&s.event, change->to, fields);
	TRY(event_check(cx, change->to, &s.event, fields));
	if (fields) {
		TRY(change_subject(&e, &s, change, fields, &changed));
		TRY(read_back(cx, &changed, change, change->to, fields));
	}
	*out = changed;
	return OK;
}

/* ---- a series, by one instance ---- */

static void copy_fields(struct event *to, const struct event *from, unsigned fields)
{
	struct event e = *to;
	e.title = fields & EVENT_TITLE ? from->title : e.title;
	e.description = fields & EVENT_DESCRIPTION ? from->description : e.description;
	e.location = fields & EVENT_LOCATION ? from->location : e.location;
	e.category = fields & EVENT_CATEGORY ? from->category : e.category;
	e.color = fields & EVENT_COLOR ? from->color : e.color;
	e.url = fields & EVENT_URL ? from->url : e.url;
	e.rrule = fields & EVENT_RULE ? from->rrule : e.rrule;
	e.exdates = fields & EVENT_EXDATES ? from->exdates : e.exdates;
	e.exdate_count = fields & EVENT_EXDATES ? from->exdate_count : e.exdate_count;
	e.rdates = fields & EVENT_RDATES ? from->rdates : e.rdates;
	e.rdate_count = fields & EVENT_RDATES ? from->rdate_count : e.rdate_count;
	e.organizer = fields & EVENT_ATTENDEES ? from->organizer : e.organizer;
	e.organizer_name = fields & EVENT_ATTENDEES ? from->organizer_name : e.organizer_name;
	e.attendees = fields & EVENT_ATTENDEES ? from->attendees : e.attendees;
	e.attendee_count = fields & EVENT_ATTENDEES ? from->attendee_count : e.attendee_count;
	e.status = fields & EVENT_STATUS ? from->status : e.status;
	e.transparent = fields & EVENT_TRANSPARENCY ? from->transparent : e.transparent;
	e.reminders = fields & EVENT_REMINDERS ? from->reminders : e.reminders;
	e.reminder_count = fields & EVENT_REMINDERS ? from->reminder_count : e.reminder_count;
	*to = e;
}

/* What the clock of the zone shows then; NULL: of days, which have none. */
static int64_t wall_of(const struct zone *zone, struct instant t)
{
	return zone ? zone_to_local(zone, instant_s(t)) : instant_s(t);
}

/* The start and end of the series with which its instance at `original` is where `to` is. */
static void move_series(const struct edits *e, const struct series_instance *i, const struct event *was,
	const struct event_change *change, unsigned fields, struct event *master)
{
	const struct event *to = change->to;
	const struct zone *zone = was->all_day ? NULL : e->series->master->start.zone;
	int64_t length = instant_s(master->end) - instant_s(master->start), at;
	if (!zone && !was->all_day)
		zone = zone_or_utc(change->zone);
	if (fields & EVENT_START) {
		struct when original = i->original;
		at = was->all_day ? original.local : wall_of(zone, instant_of_s(when_utc(original, zone)));
		if (to->all_day == was->all_day && to->start.us != was->start.us) {
			int64_t start = wall_of(zone, master->start) + wall_of(zone, to->start) - at;
			master->start = instant_of_s(zone ? zone_to_utc(zone, start) : start);
		} else if (to->all_day != was->all_day) { /* the days between stay */
			int64_t days = floor_div(wall_of(zone, master->start), DAY_S) - floor_div(at, DAY_S);
			master->start = instant_add_s(to->start, days * DAY_S);
		}
		master->all_day = to->all_day;
		master->zone = to->zone;
		master->floating = to->floating;
		master->own_zone = to->own_zone;
	}
	if (fields & EVENT_END || to->all_day != was->all_day)
		length = instant_s(to->end) - instant_s(to->start);
	master->end = instant_add_s(master->start, length);
}

/* Where an original start of the series before is after. */
static struct when moved_with(const struct series *before, const struct series *after, struct when original)
{
	const struct when *was = &before->clock, *now = &after->clock;
	struct when at = when_on(original, now->zone);
	at.local += now->local - when_on(*was, now->zone).local;
	if (now->date)
		at.local = floor_div(at.local, DAY_S) * DAY_S;
	at.zone = now->zone;
	at.date = now->date;
	return at;
}

/* What came of the instance that was named: it is where it was asked for (the rule of the first Monday is moved by the
 * first instance, and another month may have its first Tuesday before), and what it says of its own is changed, too. */
static err_t change_own(struct ctx *cx, const struct edits *before, const struct series_instance *i,
	const struct event_change *change, unsigned fields, struct event_changed *changed)
{
	struct edits e;
	struct event_changed own;
	TRY(edits_open(cx, changed->data, &e));
	if (!e.series->master)
		return OK;
	struct when at = moved_with(before->series, e.series, i->original);
	if (fields & EVENT_START && !(fields & EVENT_RECURRENCE) &&
		series_makes(cx->mem, before->series, i->original) && !series_makes(cx->mem, e.series, at))
		return rule_refuse(cx);
	if (!i->own)
		return OK;
	const struct event_change edit = { recurrence_id_text(cx->mem, at), change->to,
		fields & ~(unsigned)EVENT_RECURRENCE, change->zone };
	err_t err = event_patch(cx, changed->data, &edit, &own);
	if (err_is(err, NOT_FOUND)) /* it has no instance any more */
		return OK;
	TRY(err);
	changed->data = own.data;
	return OK;
}

err_t event_patch_series(struct ctx *cx, struct str data, const struct event_change *change, struct event_changed *out)
{
	struct edits e;
	struct patched_event s, whole;
	struct event_changed changed = { .data = data };
	TRY(edits_open(cx, data, &e));
	TRY(subject_open(&e, change->instance, change->zone, &s));
	if (!e.series->master)
		return REFUSE(cx, CONFLICT, "scope",
			"The series of this instance is not stored here. Change single instances (scope=this).");
	TRY(subject_open(&e, STR_ABSENT, change->zone, &whole));
	unsigned rules = event_differs(&whole.event, change->to, change->fields & EVENT_RECURRENCE);
	unsigned fields = rules | event_differs(&s.event, change->to, change->fields & ~(unsigned)EVENT_RECURRENCE);
	copy_fields(&whole.event, change->to, fields);
	if (fields & (EVENT_START | EVENT_END))
		move_series(&e, &s.instance, &s.event, change, fields, &whole.event);
	const struct event_change edit = { STR_ABSENT, &whole.event, fields, change->zone };
	TRY(event_patch(cx, data, &edit, &changed));
	TRY(change_own(cx, &e, &s.instance, change, fields, &changed));
	*out = changed;
	return OK;
}

/* ---- cancel, remove ---- */

static err_t cancel_comp(struct edits *e, const struct timing *t, const struct event *was, struct str comment)
{
	const struct event cancelled = { .status = EVENT_CANCELLED };
	const struct event_change change = { .to = &cancelled };
	struct buf line = lines_new(e);
	TRY(fields_change(e, t, was, &change, EVENT_STATUS));
	event_text_line(&line, STR("COMMENT"), comment);
	edit_add(e, props_end(t->comp), 0, buf_str(&line));
	return OK;
}

err_t event_cancel(struct ctx *cx, struct str data, struct str instance, struct str comment, struct str *out)
{
	struct edits e;
	struct patched_event s;
	TRY(edits_open(cx, data, &e));
	if (instance.ptr) {
		TRY(subject_open(&e, instance, STR_ABSENT, &s));
		if (!s.timing->cancelled) {
			TRY(instance_separate(&e, &s.instance, STR_ABSENT));
			TRY(cancel_comp(&e, s.instance.timing, &s.event, comment));
		}
		return edits_apply(&e, out);
	}
	for (size_t i = 0; i < e.series->timing_count; i++) {
		TRY(event_read(cx, e.object, e.series->timings[i].comp, STR_ABSENT, &s.event));
		if (!e.series->timings[i].cancelled)
			TRY(cancel_comp(&e, &e.series->timings[i], &s.event, comment));
	}
	return edits_apply(&e, out);
}

err_t event_remove_instance(struct ctx *cx, struct str data, struct str recurrence_id, struct str *out)
{
	struct edits e;
	struct series_instance instance;
	TRY(edits_open(cx, data, &e));
	TRY(instance_find(&e, recurrence_id, STR_ABSENT, &instance));
	if (instance.own && !e.series->master && e.series->timing_count == 1)
		return REFUSE(cx, ICAL_OBJECT, "", "the object holds this instance alone: delete the object");
	if (instance.own) {
		instance_pass_on(&e, instance.own, STR_ABSENT);
		comp_remove(&e, instance.own->timing->comp);
	}
	if (series_makes(cx->mem, e.series, instance.original)) {
		const struct ical_comp *comp = e.series->master->comp;
		struct buf line = lines_new(&e);
		original_line(&e, &line, STR("EXDATE"), STR(""), instance.original);
		edit_add(&e, props_end(comp), 0, buf_str(&line));
		stamps_change(&e, comp, true);
	}
	return edits_apply(&e, out);
}

err_t event_extract(struct ctx *cx, struct str data, struct str recurrence_id, struct str *out)
{
	struct edits e;
	struct series_instance instance;
	TRY(edits_open(cx, data, &e));
	TRY(instance_find(&e, recurrence_id, STR_ABSENT, &instance));
	TRY(instance_separate(&e, &instance, STR_ABSENT));
	for (size_t i = 0; i < e.series->timing_count; i++)
		if (&e.series->timings[i] != instance.timing)
			comp_remove(&e, e.series->timings[i].comp);
	return edits_apply(&e, out);
}
