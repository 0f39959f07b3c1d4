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
#include "caldav/calendar/event/event_series_private.h"

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
		at.local = floor_div(at.local, DAY_S) * DAY_S;
	at.zone = clock->zone;
	at.date = clock->date;
	at.second = at.second && !m->by;
	return at;
}

bool moving_goes(const struct moving *m, struct when original, bool belonged)
{
	const struct series *now = m->e->series;
	bool recurs = now->includes || now->rdate_count;
	return !recurs || (belonged && !series_makes(m->e->cx->mem, now, series_moved(&m->move, original)));
}

void moving_drop(struct moving *m, bool override, struct when original)
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
bool moving_text(
	const struct moving *m, const struct ical_prop *prop, struct when at, struct time_form *form, struct str *text)
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
void moving_point_line(const struct moving *m, struct buf *out, const struct ical_prop *prop, struct when at)
{
	struct time_form form;
	struct str text;
	if (!moving_text(m, prop, at, &form, &text)) {
		form = m->form;
		if (!form_when(m->e->cx->mem, form, at, &text)) {
			form = form_of_kind(!at.zone ? at.date ? FORM_DATE : FORM_FLOATING : FORM_UTC);
			(void)form_when(m->e->cx->mem, form, at, &text);
		}
	}
	form_line(out, prop, prop->name, form, text);
}

/* ---- all of it ---- */

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
			TRY(moving_dates(&m, STR("RDATE")));
		TRY(edits_go_on(e)); /* the set is what it will be */
		TRY(moving_open(e, was, was_object, &m));
	}
	if (!(fields & EVENT_EXDATES))
		TRY(moving_dates(&m, STR("EXDATE")));
	struct moving_kept *kept = arena_array(e->cx->mem, struct moving_kept, was->override_count + 1);
	for (size_t i = 0; i < was->override_count; i++)
		moving_override(&m, i, kept);
	out->dropped = m.dropped;
	out->dropped_count = m.dropped_count;
	return OK;
}
