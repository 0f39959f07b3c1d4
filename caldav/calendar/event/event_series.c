/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hangs on a series when the series is changed. An original start keeps its distance to DTSTART on the wall:
 *
 *     DTSTART 9:00 on the 2nd, daily       moved to 11:00 on the 3rd: two hours and a day
 *     EXDATE  9:00 on the 4th              11:00 on the 5th
 *     RECURRENCE-ID 9:00 on the 6th        11:00 on the 7th; its DTSTART was 9:00 on the 6th, too: the same
 *     RECURRENCE-ID 9:00 on the 8th        11:00 on the 9th; its DTSTART, 20:00 on the 8th, is its own and stays
 *     the rule, with UNTIL                 event_rule_move.c
 *
 * What had an instance before and has none there now is dropped: of the same series made weekly, all but a seventh.
 */
#include "caldav/calendar/event/event_edit.h"

struct moving {
	struct edits *e; /* on the new text */
	const struct series *was;
	struct ical *was_object;
	struct form was_form, form; /* of the master's DTSTART */
	struct series_move move;
	struct event_dropped *dropped;
	size_t dropped_count, dropped_cap;
};

/* ---- starts ---- */

static bool is_elapsed(const struct series *s)
{
	return s->clock.zone != s->master->start.zone;
}

static err_t moving_open(struct edits *e, const struct series *was, struct ical *was_object, struct moving *out)
{
	const struct series *now = e->series;
	struct moving m = { .e = e, .was = was, .was_object = was_object };
	struct when old = was->clock;
	m.move = (struct series_move){ .was = was, .now = now, .by_instant = is_elapsed(was) != is_elapsed(now) };
	if (m.move.by_instant)
		old = when_on(old, now->clock.zone);
	m.move.by = now->clock.local - old.local;
	TRY(form_read(e->cx, was_object, ical_prop(was->master->comp, STR("DTSTART")), &m.was_form));
	TRY(form_read(e->cx, e->object, ical_prop(now->master->comp, STR("DTSTART")), &m.form));
	*out = m;
	return OK;
}

static bool starts_elsewhere(const struct moving *m)
{
	const struct when *a = &m->was->clock, *b = &m->e->series->clock;
	return m->move.by || a->date != b->date || !form_same(m->was_form, m->form);
}

struct when series_moved(const struct series_move *m, struct when original)
{
	const struct when *clock = &m->now->clock;
	struct when at = m->by_instant ? when_on(original, clock->zone) : original;
	at.local += m->by;
	if (clock->date)
		at.local = floor_div(at.local, DAY_SECONDS) * DAY_SECONDS;
	at.zone = clock->zone;
	at.date = clock->date;
	at.second = at.second && !m->by;
	return at;
}

static bool goes(const struct moving *m, struct when original, bool belonged)
{
	const struct series *now = m->e->series;
	bool recurs = now->includes || now->rdate_count;
	return !recurs || (belonged && !series_makes(m->e->cx->mem, now, series_moved(&m->move, original)));
}

static void drop(struct moving *m, bool override, struct when original)
{
	struct arena *mem = m->e->cx->mem;
	if (m->dropped_count == m->dropped_cap) {
		size_t cap = m->dropped_cap ? m->dropped_cap * 2 : 16;
		m->dropped = arena_grow(mem, m->dropped, m->dropped_cap * sizeof *m->dropped, cap * sizeof *m->dropped);
		m->dropped_cap = cap;
	}
	m->dropped[m->dropped_count++] = (struct event_dropped){ override, recurrence_id_text(mem, original) };
}

/* ---- lines ---- */

/* In the form that the property has; in the master's new one, if that was the master's. False: it cannot be said so. */
static bool point_text(
	const struct moving *m, const struct ical_prop *prop, struct when at, struct form *form, struct str *text)
{
	struct arena *mem = m->e->cx->mem;
	if (form_read(m->e->cx, m->e->object, prop, form))
		return false;
	if (form_same(*form, m->was_form))
		*form = m->form;
	if (form->kind == FORM_FLOATING && at.zone && !at.second) { /* read on the master's clock */
		*text = wall_text(mem, (struct wall){ at.local, false, false });
		return str_eq(prop->name, STR("EXDATE")) || str_eq(prop->name, STR("RDATE")) ||
		       str_eq(prop->name, STR("RECURRENCE-ID"));
	}
	return form_when(mem, *form, at, text);
}

/* DTSTART or DTEND of an override. */
static void own_point_line(const struct moving *m, struct buf *out, const struct ical_prop *prop, struct when at)
{
	struct form form;
	struct str text;
	if (!point_text(m, prop, at, &form, &text)) {
		form = m->form;
		if (!form_when(m->e->cx->mem, form, at, &text)) {
			form = form_of_kind(!at.zone ? at.date ? FORM_DATE : FORM_FLOATING : FORM_UTC);
			(void)form_when(m->e->cx->mem, form, at, &text);
		}
	}
	form_line(out, prop, prop->name, form, text);
}

/* ---- EXDATE, RDATE ---- */

struct list {
	struct buf values, others; /* `others`: lines of those that the property's form cannot say */
	struct form form;
	bool changed;
};

/* ";VALUE=PERIOD" stays. */
static struct form list_form(struct arena *mem, const struct ical_prop *prop, struct form form)
{
	if (str_eq_nocase(ical_param(prop, STR("VALUE")), STR("PERIOD")))
		form.params = str_cat(mem, STR(";VALUE=PERIOD"), form.params);
	return form;
}

/* What stands after the start of a period; an end becomes a length. */
static err_t period_tail(
	const struct moving *m, const struct ical_prop *was, struct str start, struct str rest, struct str *out)
{
	struct when begin, end;
	*out = STR("");
	if (!rest.ptr)
		return OK;
	if (rest.len && char_lower(rest.ptr[0]) == 'p') {
		*out = str_cat(m->e->cx->mem, STR("/"), rest);
		return OK;
	}
	TRY(when_read(m->e->cx, m->was_object, was, start, &begin));
	TRY(when_read(m->e->cx, m->was_object, was, rest, &end));
	*out = str_cat(m->e->cx->mem, STR("/"),
		duration_text(m->e->cx->mem, when_utc(end, zone_utc()) - when_utc(begin, zone_utc()), false));
	return OK;
}

/* One value: `was` is its property before, `prop` the same in the new text. */
static err_t value_move(
	struct moving *m, const struct ical_prop *was, const struct ical_prop *prop, struct str item, struct list *list)
{
	struct arena *mem = m->e->cx->mem;
	struct when w, starts[2];
	struct str start, rest = item, text, tail;
	bool rdate = str_eq(prop->name, STR("RDATE")), belonged = false;
	if (!str_cut(&rest, '/', &start) || !start.len)
		return OK;
	TRY(when_read(m->e->cx, m->was_object, was, start, &w));
	size_t n = series_starts(m->was, w, starts), which = 0;
	for (size_t i = 0; i < n && !rdate && !belonged; i++) {
		which = i;
		belonged = series_makes(mem, m->was, starts[i]);
	}
	which = belonged ? which : 0;
	if (!rdate && goes(m, starts[which], belonged)) {
		if (belonged)
			drop(m, false, starts[which]);
		list->changed = true;
		return OK;
	}
	struct when at = series_moved(&m->move, starts[which]);
	struct form form;
	bool day = w.date && !at.date && !m->was->clock.date; /* a date of a timed series stays one */
	TRY(period_tail(m, was, start, rest, &tail));
	if (day)
		at = (struct when){ floor_div(at.local, DAY_SECONDS) * DAY_SECONDS, NULL, true, false };
	if (day ? form_when(mem, form = form_of_kind(FORM_DATE), at, &text) : point_text(m, prop, at, &form, &text)) {
		text = str_cat(mem, text, tail);
		list->form = form;
		list->changed = list->changed || !str_eq(text, item);
		if (list->values.len)
			buf_char(&list->values, ',');
		buf_add(&list->values, text);
		return OK;
	}
	form = m->form;
	if (!form_when(mem, form, at, &text))
		(void)form_when(mem, form = form_of_kind(FORM_UTC), at, &text);
	ical_line(&list->others, prop->name, list_form(mem, prop, form).params, str_cat(mem, text, tail));
	list->changed = true;
	return OK;
}

static err_t dates_move(struct moving *m, struct str name)
{
	struct edits *e = m->e;
	const struct ical_prop *was = ical_prop(m->was->master->comp, name);
	const struct ical_prop *prop = ical_prop(e->series->master->comp, name);
	for (; was && prop; was = ical_prop_again(was), prop = ical_prop_again(prop)) {
		struct list list = { .values = lines_new(e), .others = lines_new(e) };
		struct buf lines = lines_new(e);
		struct str rest = was->value, item;
		while (str_cut(&rest, ',', &item))
			TRY(value_move(m, was, prop, item, &list));
		if (!list.changed)
			continue;
		if (list.values.len)
			ical_line(&lines, name, list_form(e->cx->mem, prop, list.form).params, buf_str(&list.values));
		buf_add(&lines, buf_str(&list.others));
		prop_replace(e, prop, buf_str(&lines));
	}
	return OK;
}

/* ---- overrides ---- */

/* An override of before, and where it is now. */
struct kept {
	const struct timing *timing; /* in the new text */
	struct when original, start; /* moved */
	struct length length;
};

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
static struct kept without_it(
	const struct moving *m, const struct series_instance *before, const struct kept *kept, struct when original)
{
	struct kept k = { .original = original, .start = original, .length = m->e->series->master->length };
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
	struct form form;
	struct str text;
	if (start.zone)
		at = when_of(when_utc(start, NULL) + exact, t->has_end && t->end.zone ? t->end.zone : start.zone);
	else
		at.local += total(length);
	if (t->has_duration || (end && start.zone && !point_text(m, end, at, &form, &text)))
		ical_line(&line, names[1], STR(""), duration_text(mem, exact, start.date));
	else
		own_point_line(m, &line, end ? end : ical_prop(t->comp, STR("DTSTART")), at);
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
	struct form form;
	struct str text;
	if (point_text(m, prop, original, &form, &text))
		ical_line(&line, prop->name, str_cat(m->e->cx->mem, range, form.params), text);
	else
		original_line(m->e, &line, prop->name, range, original);
	prop_replace(m->e, prop, buf_str(&line));
}

static void override_move(struct moving *m, size_t index, struct kept *kept)
{
	struct arena *mem = m->e->cx->mem;
	const struct override *o = &m->was->overrides[index];
	const struct timing *t = &m->e->series->timings[o->timing - m->was->timings];
	const struct override *now = series_override(m->e->series, t->comp);
	struct series_instance before;
	struct kept k = { t, series_moved(&m->move, o->original), t->start, t->length };
	if (goes(m, o->original, series_makes(mem, m->was, o->original))) {
		drop(m, true, o->original);
		comp_remove(m->e, t->comp);
		return;
	}
	bool changed = when_cmp(&now->original, &k.original) || now->timing->recurrence_id.date != k.original.date;
	if (changed)
		recurrence_id_move(m, t, k.original);
	if (series_instance_at(mem, m->was, o->original, false, zone_utc(), &before) &&
		same_point(o->timing->start, before.start)) {
		struct kept bare = without_it(m, &before, kept, k.original);
		bool same_length = total(o->timing->length) == total(before.length);
		bool new_length = same_length && total(bare.length) != total(before.length);
		k.start = bare.start;
		k.length = same_length ? bare.length : t->length;
		if (!same_point(t->start, k.start) || new_length) {
			struct buf line = lines_new(m->e);
			const struct ical_prop *start = ical_prop(t->comp, STR("DTSTART"));
			own_point_line(m, &line, start, k.start);
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

static err_t rules_move(struct moving *m, struct str name)
{
	const struct ical_prop *rule = ical_prop(m->e->series->master->comp, name);
	for (; rule; rule = ical_prop_again(rule))
		TRY(rule_move(m->e, &m->move, rule));
	return OK;
}

err_t exceptions_change(
	struct edits *e, const struct series *was, struct ical *was_object, unsigned fields, struct event_changed *out)
{
	struct moving m;
	TRY(moving_open(e, was, was_object, &m));
	if (starts_elsewhere(&m)) {
		if (!(fields & EVENT_RULE))
			TRY(rules_move(&m, STR("RRULE")));
		TRY(rules_move(&m, STR("EXRULE")));
		if (!(fields & EVENT_RDATES))
			TRY(dates_move(&m, STR("RDATE")));
		TRY(edits_go_on(e)); /* the set is what it will be */
		TRY(moving_open(e, was, was_object, &m));
	}
	if (!(fields & EVENT_EXDATES))
		TRY(dates_move(&m, STR("EXDATE")));
	struct kept *kept = arena_array(e->cx->mem, struct kept, was->override_count + 1);
	for (size_t i = 0; i < was->override_count; i++)
		override_move(&m, i, kept);
	out->dropped = m.dropped;
	out->dropped_count = m.dropped_count;
	return OK;
}
