/* SPDX-License-Identifier: Apache-2.0 */
/* Overrides of a series that is changed; see event_series.c. */
#include "caldav/calendar/event/event_series_private.h"

static bool same_point(struct when a, struct when b)
{
	if (a.date != b.date || !a.zone != !b.zone)
		return false;
	return a.zone ? when_utc(a, NULL) == when_utc(b, NULL) : a.local == b.local;
}

static int64_t total(struct length length)
{
	return length.wall + length.exact;
}

/* The instance as it is without this override: by an earlier THISANDFUTURE, or by the master. */
static struct moving_kept without_it(const struct moving *m, const struct series_instance *before,
	const struct moving_kept *kept, struct when original)
{
	struct moving_kept k = { .original = original, .start = original, .length = m->e->series->master->length };
	const struct override *overrides = m->was->overrides;
	for (size_t i = 0; i < m->was->override_count; i++)
		if (overrides[i].timing == before->timing && kept[i].timing) {
			struct when start = when_on(kept[i].start, m->e->series->clock.zone);
			k.start.local += start.local - kept[i].original.local;
			k.start = when_on(k.start, kept[i].start.zone);
			k.start.date = kept[i].start.date;
			k.length = kept[i].length;
		}
	return k;
}

static void end_move(struct moving *m, const struct timing *t, struct when start, struct length length, bool new_length)
{
	static const struct str names[] = { STR_INIT("DTEND"), STR_INIT("DURATION") };
	struct edits *e = m->e;
	struct arena *mem = e->cx->mem;
	const struct ical_prop *end = ical_prop(t->comp, STR("DTEND"));
	struct buf line = lines_new(e);
	if (!end && !new_length)
		return;
	int64_t exact = length_end(length, start, zone_utc()) - when_utc(start, zone_utc());
	struct when at = start;
	struct time_form form;
	struct str text;
	if (start.zone)
		at = when_of(when_utc(start, NULL) + exact, t->has_end && t->end.zone ? t->end.zone : start.zone);
	else
		at.local += total(length);
	if (t->has_duration || (end && start.zone && !moving_text(m, end, at, &form, &text)))
		ical_line(&line, names[1], STR(""), duration_text(mem, exact, start.date));
	else
		moving_point_line(m, &line, end ? end : ical_prop(t->comp, STR("DTSTART")), at);
	if (!end && !t->has_duration) { /* written like the start */
		buf_clear(&line);
		form = start.date ? form_of_kind(FORM_DATE) : m->form;
		if (form_when(mem, form, at, &text))
			ical_line(&line, names[0], form.params, text);
		else
			ical_line(&line, names[1], STR(""), duration_text(mem, exact, start.date));
	}
	props_replace(e, t->comp, names, ARRAY_LEN(names), buf_str(&line));
}

static void recurrence_id_move(struct moving *m, const struct timing *t, struct when original)
{
	const struct ical_prop *prop = ical_prop(t->comp, STR("RECURRENCE-ID"));
	struct buf line = lines_new(m->e);
	struct str range = STR("");
	if (!prop) /* a second master, which no PUT lets in */
		return;
	for (size_t i = 0; i < prop->param_count; i++)
		if (str_eq(prop->params[i].name, STR("RANGE")))
			range = str_cat(m->e->cx->mem, STR(";RANGE="), prop->params[i].raw);
	struct time_form form;
	struct str text;
	if (moving_text(m, prop, original, &form, &text))
		ical_line(&line, prop->name, str_cat(m->e->cx->mem, range, form.params), text);
	else
		original_line(m->e, &line, prop->name, range, original);
	prop_replace(m->e, prop, buf_str(&line));
}

void moving_override(struct moving *m, size_t index, struct moving_kept *kept)
{
	struct arena *mem = m->e->cx->mem;
	const struct override *o = &m->was->overrides[index];
	const struct timing *t = &m->e->series->timings[o->timing - m->was->timings];
	const struct override *now = series_override(m->e->series, t->comp);
	struct series_instance before;
	struct moving_kept k = { t, series_moved(&m->move, o->original), t->start, t->length };
	if (moving_goes(m, o->original, series_makes(mem, m->was, o->original))) {
		moving_drop(m, true, o->original);
		comp_remove(m->e, t->comp);
		return;
	}
	bool changed = when_cmp(&now->original, &k.original) || now->timing->recurrence_id.date != k.original.date;
	if (changed)
		recurrence_id_move(m, t, k.original);
	if (series_instance_at(mem, m->was, o->original, false, zone_utc(), &before) &&
		same_point(o->timing->start, before.start)) {
		struct moving_kept bare = without_it(m, &before, kept, k.original);
		bool same_length = total(o->timing->length) == total(before.length);
		bool new_length = same_length && total(bare.length) != total(before.length);
		k.start = bare.start;
		k.length = same_length ? bare.length : t->length;
		if (!same_point(t->start, k.start) || new_length) {
			struct buf line = lines_new(m->e);
			const struct ical_prop *start = ical_prop(t->comp, STR("DTSTART"));
			moving_point_line(m, &line, start, k.start);
			if (!same_point(t->start, k.start))
				prop_replace(m->e, start, buf_str(&line));
			end_move(m, t, k.start, k.length, new_length || t->start.date != k.start.date);
			changed = true;
		}
	}
	if (changed)
		stamps_change(m->e, t->comp, true);
	kept[index] = k;
}
