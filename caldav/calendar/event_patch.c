/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing an object: a list of edits of its bytes, made from what the parse points at. What no edit names stays as the
 * client wrote it.
 */
#include <stdlib.h>

#include "caldav/calendar/event_impl.h"

struct edit {
	const char *at;
	size_t removed;
	struct str added;
	size_t order; /* edits at one place stay in order */
};

struct patch {
	struct ctx *cx;
	struct ical *object;
	const struct series *series;
	struct edit *edits;
	size_t count, cap;
};

static void edit_add(struct patch *p, const char *at, size_t removed, struct str added)
{
	if (p->count == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 32;
		p->edits = arena_grow(p->cx->mem, p->edits, p->cap * sizeof *p->edits, cap * sizeof *p->edits);
		p->cap = cap;
	}
	p->edits[p->count] = (struct edit){ at, removed, added, p->count };
	p->count++;
}

static int edit_cmp(const void *a, const void *b)
{
	const struct edit *x = a, *y = b;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static err_t edits_apply(struct patch *p, struct str *out)
{
	struct buf b = buf_new(p->cx->mem, 2 * OBJECT_SIZE_MAX);
	const char *at = p->object->data.ptr, *end = at + p->object->data.len;
	if (p->count)
		qsort(p->edits, p->count, sizeof *p->edits, edit_cmp);
	for (size_t i = 0; i < p->count; i++) {
		const struct edit *e = &p->edits[i];
		if (e->at < at) /* inside of what was taken out */
			continue;
		buf_add(&b, (struct str){ at, (size_t)(e->at - at) });
		buf_add(&b, e->added);
		at = e->at + e->removed;
	}
	buf_add(&b, (struct str){ at, (size_t)(end - at) });
	if (b.full || b.len > OBJECT_SIZE_MAX)
		return REFUSE(p->cx, ICAL_SIZE, "", "the event would be larger than %zu octets", OBJECT_SIZE_MAX);
	*out = buf_str(&b);
	return OK;
}

/* ---- places ---- */

static const char *end_of(struct str raw)
{
	return raw.ptr + raw.len;
}

/* Behind the last property; behind the last child, where a component is to be added. */
static const char *props_end(const struct ical_comp *comp)
{
	const char *at = comp->raw.ptr;
	for (const struct ical_prop *p = comp->props; p; p = p->next)
		at = end_of(p->raw);
	return at;
}

static const char *children_end(const struct ical_comp *comp)
{
	const char *at = props_end(comp);
	for (const struct ical_comp *c = comp->child; c; c = c->next)
		at = end_of(c->raw) > at ? end_of(c->raw) : at;
	return at;
}

/* Put `lines` where the first property of one of these names stands, else behind the last; and take all those out. */
static void props_replace(
	struct patch *p, const struct ical_comp *comp, const struct str *names, size_t count, struct str lines)
{
	const char *place = NULL;
	for (const struct ical_prop *prop = comp->props; prop; prop = prop->next)
		for (size_t i = 0; i < count; i++)
			if (str_eq(prop->name, names[i])) {
				place = place ? place : prop->raw.ptr;
				edit_add(p, prop->raw.ptr, prop->raw.len, prop->raw.ptr == place ? lines : STR(""));
			}
	if (!place && lines.len)
		edit_add(p, props_end(comp), 0, lines);
}

static struct buf lines_new(struct patch *p)
{
	return buf_new(p->cx->mem, 2 * OBJECT_SIZE_MAX);
}

/* ---- fields ---- */

static void text_fields(struct patch *p, const struct ical_comp *comp, const struct event *with, unsigned fields)
{
	const struct {
		enum event_field field;
		struct str name, text;
	} texts[] = {
		{ EVENT_TITLE, STR("SUMMARY"), with->title },
		{ EVENT_DESCRIPTION, STR("DESCRIPTION"), with->description },
		{ EVENT_LOCATION, STR("LOCATION"), with->location },
		{ EVENT_CATEGORY, STR("CATEGORIES"), with->category },
	};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (!(fields & texts[i].field))
			continue;
		struct buf lines = lines_new(p);
		event_text_line(&lines, texts[i].name, texts[i].text);
		props_replace(p, comp, &texts[i].name, 1, buf_str(&lines));
	}
	if (fields & EVENT_COLOR) {
		struct str names[] = { EVENT_COLOR_HEX, STR("COLOR") };
		struct buf lines = lines_new(p);
		event_color_lines(&lines, with);
		props_replace(p, comp, names, ARRAY_LEN(names), buf_str(&lines));
	}
	if (fields & EVENT_URL) {
		struct str name = STR("URL");
		struct buf lines = lines_new(p);
		if (with->url.len)
			ical_line(&lines, name, STR(""), with->url);
		props_replace(p, comp, &name, 1, buf_str(&lines));
	}
}

static void zone_field(struct patch *p, const struct event *with)
{
	struct when start = event_when(with, with->start);
	const struct ical_comp *c = ical_comp_named(p->object->root->child, STR("VTIMEZONE"));
	if (!start.zone || start.zone == zone_utc())
		return;
	for (; c; c = ical_comp_named(c->next, STR("VTIMEZONE")))
		if (str_eq(ical_value(c, STR("TZID")), zone_name(start.zone)))
			return;
	struct buf lines = lines_new(p);
	vtimezone_write(p->cx->mem, start.zone, instant_s(with->start), &lines);
	edit_add(p, ical_main(p->object)->raw.ptr, 0, buf_str(&lines));
}

/* Exceptions keep their distance to the start: EXDATE, RDATE and RECURRENCE-IDs move with it. */
static struct when moved(const struct patch *p, struct when w, struct when start)
{
	struct when old = p->series->clock;
	int64_t local = w.date && !old.date ? w.local + floor_mod(old.local, DAY_SECONDS) : when_local(w, old.zone);
	int64_t by = start.local - old.local;
	if (start.date) /* to the day on which it was */
		return (struct when){ floor_div(local + by, DAY_SECONDS) * DAY_SECONDS, NULL, true };
	return (struct when){ local + by, start.zone, false };
}

static void dates_move(struct patch *p, const struct ical_comp *comp, struct str name, struct when start)
{
	struct buf lines = lines_new(p);
	struct when w;
	for (const struct ical_prop *prop = ical_prop(comp, name); prop; prop = ical_prop_again(prop)) {
		struct str list = prop->value, item;
		while (str_cut(&list, ',', &item)) {
			struct str begin, rest = item;
			if (str_cut(&rest, '/', &begin) && begin.len && !when_read(p->cx, p->object, prop, begin, &w))
				event_point_line(&lines, name, moved(p, w, start));
		}
	}
	if (lines.len)
		props_replace(p, comp, &name, 1, buf_str(&lines));
}

static void exceptions_move(struct patch *p, const struct ical_comp *comp, const struct event *with, unsigned fields)
{
	struct when start = event_when(with, with->start);
	struct str name = STR("RECURRENCE-ID");
	if (!(fields & EVENT_RECURRENCE)) {
		dates_move(p, comp, STR("EXDATE"), start);
		dates_move(p, comp, STR("RDATE"), start);
	}
	for (size_t i = 0; i < p->series->override_count; i++) {
		const struct override *o = &p->series->overrides[i];
		struct when original = p->series->clock;
		struct buf lines = lines_new(p);
		original.local = o->original;
		event_point_line(&lines, name, moved(p, original, start));
		props_replace(p, o->timing->comp, &name, 1, buf_str(&lines));
	}
}

static bool starts_elsewhere(const struct patch *p, const struct event *with)
{
	struct when start = event_when(with, with->start), old = p->series->clock;
	return start.local != old.local || start.zone != old.zone || start.date != old.date;
}

static void time_field(struct patch *p, const struct ical_comp *comp, const struct event *with, unsigned fields)
{
	static const struct str names[] = { STR_INIT("DTSTART"), STR_INIT("DTEND"), STR_INIT("DURATION") };
	struct buf lines = lines_new(p);
	event_time_lines(&lines, with);
	props_replace(p, comp, names, ARRAY_LEN(names), buf_str(&lines));
	zone_field(p, with);
	if (p->series->recurs && p->series->master && p->series->master->comp == comp && starts_elsewhere(p, with))
		exceptions_move(p, comp, with, fields);
}

static void recurrence_field(struct patch *p, const struct ical_comp *comp, const struct event *with)
{
	static const struct str names[] = { STR_INIT("RRULE"), STR_INIT("RDATE"), STR_INIT("EXDATE"),
		STR_INIT("EXRULE") };
	struct buf lines = lines_new(p);
	event_recurrence_lines(&lines, with);
	props_replace(p, comp, names, ARRAY_LEN(names), buf_str(&lines));
	if (!with->rrule.len && !with->rdate_count) /* no instances any more, so no exceptions */
		for (size_t i = 0; i < p->series->override_count; i++) {
			struct str raw = p->series->overrides[i].timing->comp->raw;
			edit_add(p, raw.ptr, raw.len, STR(""));
		}
}

static void other_fields(struct patch *p, const struct ical_comp *comp, const struct event *with, unsigned fields)
{
	static const struct str people[] = { STR_INIT("ORGANIZER"), STR_INIT("ATTENDEE") };
	struct str status = STR("STATUS"), transp = STR("TRANSP");
	struct buf lines = lines_new(p), busy = lines_new(p), state = lines_new(p), alarms = lines_new(p);
	int32_t minutes;
	if (fields & EVENT_ATTENDEES) {
		event_attendee_lines(&lines, with, comp);
		props_replace(p, comp, people, ARRAY_LEN(people), buf_str(&lines));
	}
	if (fields & EVENT_STATUS) {
		event_status_line(&state, with);
		props_replace(p, comp, &status, 1, buf_str(&state));
	}
	if (fields & EVENT_TRANSPARENCY) {
		event_transparency_line(&busy, with);
		props_replace(p, comp, &transp, 1, buf_str(&busy));
	}
	if (fields & EVENT_REMINDERS) {
		for (const struct ical_comp *c = comp->child; c; c = c->next)
			if (str_eq(c->name, STR("VALARM")) && event_reminder_of(c, &minutes))
				edit_add(p, c->raw.ptr, c->raw.len, STR(""));
		event_alarms(&alarms, with);
		edit_add(p, children_end(comp), 0, buf_str(&alarms));
	}
}

/* DTSTAMP and LAST-MODIFIED are now; a change that attendees must notice raises SEQUENCE (RFC 5545 §3.8.7.4). */
static void stamps(struct patch *p, const struct ical_comp *comp, bool significant)
{
	static const struct str names[] = { STR_INIT("DTSTAMP"), STR_INIT("LAST-MODIFIED") };
	struct str now = instant_ical(p->cx->mem, p->cx->now), sequence = STR("SEQUENCE");
	struct buf lines = lines_new(p), number = lines_new(p);
	uint64_t was = 0;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		ical_line(&lines, names[i], STR(""), now);
	props_replace(p, comp, names, ARRAY_LEN(names), buf_str(&lines));
	if (!significant)
		return;
	(void)str_to_u64(ical_value(comp, sequence), INT32_MAX - 1, &was);
	buf_fmt(&number, "SEQUENCE:%llu\r\n", (unsigned long long)was + 1);
	props_replace(p, comp, &sequence, 1, buf_str(&number));
}

static void fields_change(struct patch *p, const struct ical_comp *comp, const struct event *with, unsigned fields)
{
	text_fields(p, comp, with, fields);
	if (fields & EVENT_TIME)
		time_field(p, comp, with, fields);
	if (fields & EVENT_RECURRENCE)
		recurrence_field(p, comp, with);
	other_fields(p, comp, with, fields);
	stamps(p, comp, fields & (EVENT_TIME | EVENT_RECURRENCE | EVENT_STATUS));
}

/* ---- opening, instances ---- */

static err_t patch_open(struct ctx *cx, struct str data, struct patch *p)
{
	*p = (struct patch){ .cx = cx };
	TRY(ical_parse(cx, data, &p->object));
	TRY(series_read(cx, p->object, &p->series));
	if (!p->series->timing_count || p->series->timings[0].kind != TIMING_EVENT)
		return REFUSE(cx, ICAL_OBJECT, "", "this object is no event");
	return OK;
}

/* A recurrence_id of struct occurrence as a start on the master's clock. */
static bool original_of(const struct patch *p, struct str instance, struct when *out)
{
	struct wall w;
	struct when clock = p->series->clock;
	if (!wall_parse(instance, &w) || w.date != clock.date || w.utc != (clock.zone != NULL))
		return false;
	*out = clock;
	out->local = w.utc ? zone_to_local(clock.zone, w.local) : w.local;
	return true;
}

static const struct override *override_at(const struct patch *p, int64_t original)
{
	for (size_t i = 0; i < p->series->override_count; i++)
		if (p->series->overrides[i].original == original)
			return &p->series->overrides[i];
	return NULL;
}

/* The master's lines but for what makes it recur, as an override of one instance. */
static struct str override_text(struct patch *p, struct when original)
{
	static const struct str left_out[] = { STR_INIT("RRULE"), STR_INIT("EXRULE"), STR_INIT("RDATE"),
		STR_INIT("EXDATE"), STR_INIT("DTSTART"), STR_INIT("DTEND"), STR_INIT("DURATION") };
	const struct timing *t = p->series->master;
	struct buf b = lines_new(p);
	BUF_LIT(&b, "BEGIN:VEVENT\r\n");
	event_point_line(&b, STR("RECURRENCE-ID"), original);
	event_point_line(&b, STR("DTSTART"), original);
	if (t->has_end && original.zone)
		event_point_line(&b, STR("DTEND"),
			(struct when){ zone_to_local(original.zone, timing_place(t, original, zone_utc()).end),
				original.zone, false });
	else if (t->has_end)
		event_point_line(
			&b, STR("DTEND"), (struct when){ original.local + t->length.wall, NULL, original.date });
	else if (t->has_duration)
		buf_add(&b, ical_prop(t->comp, STR("DURATION"))->raw);
	for (const struct ical_prop *prop = t->comp->props; prop; prop = prop->next) {
		bool skip = false;
		for (size_t i = 0; i < ARRAY_LEN(left_out); i++)
			skip = skip || str_eq(prop->name, left_out[i]);
		if (!skip)
			buf_add(&b, prop->raw);
	}
	for (const struct ical_comp *c = t->comp->child; c; c = c->next)
		buf_add(&b, c->raw);
	BUF_LIT(&b, "END:VEVENT\r\n");
	return buf_str(&b);
}

/* Find the instance's override, making it first where there is none: then p is open on the new text. */
static err_t override_open(
	struct ctx *cx, struct str data, struct str instance, struct patch *p, const struct ical_comp **out)
{
	struct when original;
	TRY(patch_open(cx, data, p));
	if (!original_of(p, instance, &original))
		return FAIL(cx, NOT_FOUND, "no such instance");
	const struct override *o = override_at(p, original.local);
	if (!o) {
		if (!p->series->recurs || !series_has(cx->mem, p->series, original.local))
			return FAIL(cx, NOT_FOUND, "no such instance");
		struct str made;
		edit_add(p, end_of(p->series->master->comp->raw), 0, override_text(p, original));
		TRY(edits_apply(p, &made));
		TRY(patch_open(cx, made, p));
		if (!original_of(p, instance, &original) || !(o = override_at(p, original.local)))
			return FAIL(cx, INTERNAL, "an override was made and not found");
	}
	*out = o->timing->comp;
	return OK;
}

/* ---- the operations ---- */

err_t event_patch(struct ctx *cx, struct str data, struct str instance, const struct event *with, unsigned fields,
	struct str *out)
{
	struct patch p;
	const struct ical_comp *comp;
	if (instance.ptr)
		fields &= ~(unsigned)EVENT_RECURRENCE;
	TRY(event_check(cx, with, fields));
	if (instance.ptr) {
		TRY(override_open(cx, data, instance, &p, &comp));
	} else {
		TRY(patch_open(cx, data, &p));
		comp = p.series->timings[0].comp;
	}
	fields_change(&p, comp, with, fields);
	return edits_apply(&p, out);
}

err_t event_cancel(struct ctx *cx, struct str data, struct str instance, struct str *out)
{
	struct patch p;
	const struct ical_comp *comp;
	const struct event cancelled = { .status = EVENT_CANCELLED };
	if (instance.ptr) {
		TRY(override_open(cx, data, instance, &p, &comp));
		if (!series_of_comp(p.series, comp)->cancelled)
			fields_change(&p, comp, &cancelled, EVENT_STATUS);
		return edits_apply(&p, out);
	}
	TRY(patch_open(cx, data, &p));
	for (size_t i = 0; i < p.series->timing_count; i++)
		if (!p.series->timings[i].cancelled)
			fields_change(&p, p.series->timings[i].comp, &cancelled, EVENT_STATUS);
	return edits_apply(&p, out);
}

err_t event_remove_instance(struct ctx *cx, struct str data, struct str instance, struct str *out)
{
	struct patch p;
	struct when original;
	TRY(patch_open(cx, data, &p));
	if (!original_of(&p, instance, &original))
		return FAIL(cx, NOT_FOUND, "no such instance");
	const struct override *o = override_at(&p, original.local);
	bool made = p.series->master && p.series->recurs && series_has(cx->mem, p.series, original.local);
	if (!o && !made)
		return FAIL(cx, NOT_FOUND, "no such instance");
	if (o && !p.series->master && p.series->timing_count == 1)
		return REFUSE(cx, ICAL_OBJECT, "", "the object holds this instance alone: delete the object");
	if (o)
		edit_add(&p, o->timing->comp->raw.ptr, o->timing->comp->raw.len, STR(""));
	if (made) {
		const struct ical_comp *comp = p.series->master->comp;
		struct buf line = lines_new(&p);
		event_point_line(&line, STR("EXDATE"), original);
		edit_add(&p, props_end(comp), 0, buf_str(&line));
		stamps(&p, comp, true);
	}
	return edits_apply(&p, out);
}
