/* SPDX-License-Identifier: Apache-2.0 */
/* One instance of a series, and the override that makes it different. */
#include "caldav/calendar/event/event_edit.h"

err_t instance_find(const struct edits *e, struct str recurrence_id, struct str zone, struct series_instance *out)
{
	if (series_instance(e->cx->mem, e->series, recurrence_id, zone_or_utc(zone), out))
		return OK;
	return FAIL(e->cx, NOT_FOUND, "no such instance");
}

void original_line(struct edits *e, struct buf *out, struct str name, struct str range, struct when original)
{
	const struct timing *master = e->series->master;
	struct time_form form = form_of_kind(!original.zone ? original.date ? FORM_DATE : FORM_FLOATING : FORM_UTC),
			 own;
	const struct ical_prop *start = master ? ical_prop(master->comp, STR("DTSTART")) : NULL;
	struct str text;
	if (!start || form_read(e->cx, e->object, start, &own) || !form_when(e->cx->mem, own, original, &text))
		(void)form_when(e->cx->mem, form, original, &text);
	else
		form = own;
	ical_line(out, name, str_cat(e->cx->mem, range, form.params), text);
}

/* ---- the text of an override ---- */

/* The component's form of DTSTART or, where there is one, of its end. UTC where that cannot say this point. */
static void point_line(struct edits *e, struct buf *out, const struct ical_comp *comp, struct str name, struct when w)
{
	const struct ical_prop *was = ical_prop(comp, name);
	struct time_form form = form_of_kind(!w.zone ? w.date ? FORM_DATE : FORM_FLOATING : FORM_UTC), own;
	struct str text;
	if (!was || form_read(e->cx, e->object, was, &own) || !form_when(e->cx->mem, own, w, &text))
		(void)form_when(e->cx->mem, form, w, &text);
	else
		form = own;
	form_line(out, was, name, form, text);
}

static bool same_length(struct length a, struct length b)
{
	return a.wall == b.wall && a.exact == b.exact;
}

static void end_line(struct edits *e, struct buf *out, const struct series_instance *i)
{
	const struct timing *t = i->timing;
	struct when end = i->start;
	if (t->has_duration && same_length(i->length, t->length)) {
		buf_add(out, ical_prop(t->comp, STR("DURATION"))->raw);
	} else if (!i->start.zone) {
		end.local += i->length.wall + i->length.exact;
		if (t->has_end || !same_length(i->length, t->length))
			point_line(e, out, t->comp, STR("DTEND"), end);
	} else if (t->has_end && same_length(i->length, t->length)) {
		end = when_of(i->at.end, t->end.zone ? t->end.zone : i->start.zone);
		point_line(e, out, t->comp, STR("DTEND"), end);
	} else if (!same_length(i->length, t->length)) { /* the period of an RDATE */
		ical_line(out, STR("DURATION"), STR(""), duration_text(out->mem, i->at.end - i->at.start, false));
	}
}

void instance_times(struct edits *e, struct buf *out, const struct series_instance *i)
{
	point_line(e, out, i->timing->comp, STR("DTSTART"), i->start);
	end_line(e, out, i);
}

/* What is in effect there but for what makes it recur, as an override. range: ";RANGE=THISANDFUTURE", or empty. */
static struct str override_text(struct edits *e, const struct series_instance *i, struct str range)
{
	static const struct str left_out[] = { STR_INIT("RRULE"), STR_INIT("EXRULE"), STR_INIT("RDATE"),
		STR_INIT("EXDATE"), STR_INIT("RECURRENCE-ID"), STR_INIT("DTSTART"), STR_INIT("DTEND"),
		STR_INIT("DURATION") };
	const struct ical_comp *comp = i->timing->comp;
	struct buf b = lines_new(e);
	BUF_LIT(&b, "BEGIN:VEVENT\r\n");
	original_line(e, &b, STR("RECURRENCE-ID"), range, i->original);
	instance_times(e, &b, i);
	for (const struct ical_prop *prop = comp->props; prop; prop = prop->next) {
		bool skip = false;
		for (size_t n = 0; n < ARRAY_LEN(left_out); n++)
			skip = skip || str_eq(prop->name, left_out[n]);
		if (!skip)
			buf_add(&b, prop->raw);
	}
	for (const struct ical_comp *c = comp->child; c; c = c->next)
		buf_add(&b, c->raw);
	BUF_LIT(&b, "END:VEVENT\r\n");
	return buf_str(&b);
}

/* ---- one of its own ---- */

/* Is what this override says in effect at later instances, too? Then at which first? */
static bool goes_on(
	struct edits *e, const struct override *own, const struct zone *floating, struct series_instance *next)
{
	return own->moves_later && series_instance_after(e->cx->mem, e->series, own->original, floating, next) &&
	       next->timing == own->timing;
}

void instance_pass_on(struct edits *e, const struct override *own, struct str zone)
{
	struct series_instance next;
	if (goes_on(e, own, zone_or_utc(zone), &next))
		edit_add(e, comp_end(own->timing->comp), 0, override_text(e, &next, STR(";RANGE=THISANDFUTURE")));
}

static void range_remove(struct edits *e, const struct override *own)
{
	const struct ical_prop *prop = ical_prop(own->timing->comp, STR("RECURRENCE-ID"));
	struct buf line = lines_new(e), params = lines_new(e);
	for (size_t i = 0; i < prop->param_count; i++)
		if (!str_eq(prop->params[i].name, STR("RANGE")))
			buf_fmt(&params, ";%.*s=%.*s", STR_ARG(prop->params[i].name), STR_ARG(prop->params[i].raw));
	ical_line(&line, prop->name, buf_str(&params), prop->value);
	prop_replace(e, prop, buf_str(&line));
}

err_t instance_separate(struct edits *e, struct series_instance *instance, struct str zone)
{
	const struct when original = instance->original;
	if (!instance->own) {
		edit_add(e, comp_end(e->series->master->comp), 0, override_text(e, instance, STR("")));
	} else if (instance->own->moves_later) {
		instance_pass_on(e, instance->own, zone);
		range_remove(e, instance->own);
	}
	TRY(edits_go_on(e));
	if (!series_instance_at(e->cx->mem, e->series, original, true, zone_or_utc(zone), instance) || !instance->own)
		return FAIL(e->cx, INTERNAL, "an override was made and not found");
	return OK;
}
