/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/event/event_edit.h"

/* ---- instances ---- */

/* One instance, by its recurrence_id of struct occurrence. */
struct instance {
	struct when original;       /* its start in the set, on the master's clock */
	const struct override *own; /* NULL: none */
	bool made;                  /* the rules or RDATE make it */
};

static const struct override *override_at(const struct series *s, int64_t original)
{
	for (size_t i = 0; i < s->override_count; i++)
		if (s->overrides[i].original == original)
			return &s->overrides[i];
	return NULL;
}

static err_t instance_find(const struct patch *p, struct str recurrence_id, struct instance *out)
{
	const struct series *s = p->series;
	int64_t originals[2];
	size_t n = s->recurs ? series_originals(p->cx->mem, s, recurrence_id, originals) : 0;
	for (size_t i = 0; i < n; i++) {
		*out = (struct instance){ .original = s->clock,
			.own = override_at(s, originals[i]),
			.made = series_has(p->cx->mem, s, originals[i]) };
		out->original.local = originals[i];
		if (out->own || out->made)
			return OK;
	}
	return FAIL(p->cx, NOT_FOUND, "no such instance");
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

/* The instance's override, made first where there is none: then p is open on the new text. */
static err_t override_open(
	struct ctx *cx, struct str data, struct str recurrence_id, struct patch *p, const struct ical_comp **out)
{
	struct instance instance;
	TRY(patch_open(cx, data, p));
	TRY(instance_find(p, recurrence_id, &instance));
	if (!instance.own) {
		struct str with_override;
		edit_add(p, comp_end(p->series->master->comp), 0, override_text(p, instance.original));
		TRY(patch_apply(p, &with_override));
		TRY(patch_open(cx, with_override, p));
		instance.own = override_at(p->series, instance.original.local);
		if (!instance.own)
			return FAIL(cx, INTERNAL, "an override was made and not found");
	}
	*out = instance.own->timing->comp;
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

err_t event_remove_instance(struct ctx *cx, struct str data, struct str recurrence_id, struct str *out)
{
	struct patch p;
	struct instance instance;
	TRY(patch_open(cx, data, &p));
	TRY(instance_find(&p, recurrence_id, &instance));
	if (instance.own && !p.series->master && p.series->timing_count == 1)
		return REFUSE(cx, ICAL_OBJECT, "", "the object holds this instance alone: delete the object");
	if (instance.own)
		comp_remove(&p, instance.own->timing->comp);
	if (instance.made) {
		const struct ical_comp *comp = p.series->master->comp;
		struct buf line = lines_new(&p);
		event_point_line(&line, STR("EXDATE"), instance.original);
		edit_add(&p, props_end(comp), 0, buf_str(&line));
		stamps_change(&p, comp, true);
	}
	return patch_apply(&p, out);
}
