/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/event_edit.h"

/* ---- instances ---- */

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
		edit_add(p, comp_end(p->series->master->comp), 0, override_text(p, original));
		TRY(patch_apply(p, &made));
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
	return patch_apply(&p, out);
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
		return patch_apply(&p, out);
	}
	TRY(patch_open(cx, data, &p));
	for (size_t i = 0; i < p.series->timing_count; i++)
		if (!p.series->timings[i].cancelled)
			fields_change(&p, p.series->timings[i].comp, &cancelled, EVENT_STATUS);
	return patch_apply(&p, out);
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
		comp_remove(&p, o->timing->comp);
	if (made) {
		const struct ical_comp *comp = p.series->master->comp;
		struct buf line = lines_new(&p);
		event_point_line(&line, STR("EXDATE"), original);
		edit_add(&p, props_end(comp), 0, buf_str(&line));
		stamps_change(&p, comp, true);
	}
	return patch_apply(&p, out);
}
