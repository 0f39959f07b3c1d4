/* SPDX-License-Identifier: Apache-2.0 */
/* EXDATE and RDATE of a series that is changed; see event_series.c. */
#include "caldav/calendar/event/event_series_private.h"

struct date_list {
	struct buf values, others; /* `others`: lines of those that the property's form cannot say */
	struct time_form form;
	bool changed;
};

/* ";VALUE=PERIOD" stays. */
static struct time_form list_form(struct arena *mem, const struct ical_prop *prop, struct time_form form)
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
static err_t value_move(struct moving *m, const struct ical_prop *was, const struct ical_prop *prop, struct str item,
	struct date_list *list)
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
	if (!rdate && moving_goes(m, starts[which], belonged)) {
		if (belonged)
			moving_drop(m, false, starts[which]);
		list->changed = true;
		return OK;
	}
	struct when at = series_moved(&m->move, starts[which]);
	struct time_form form;
	bool day = w.date && !at.date && !m->was->clock.date; /* a date of a timed series stays one */
	TRY(period_tail(m, was, start, rest, &tail));
	if (day)
		at = (struct when){ floor_div(at.local, DAY_S) * DAY_S, NULL, true, false };
	if (day ? form_when(mem, form = form_of_kind(FORM_DATE), at, &text) : moving_text(m, prop, at, &form, &text)) {
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

err_t moving_dates(struct moving *m, struct str name)
{
	struct edits *e = m->e;
	const struct ical_prop *was = ical_prop(m->was->master->comp, name);
	const struct ical_prop *prop = ical_prop(e->series->master->comp, name);
	for (; was && prop; was = ical_prop_again(was), prop = ical_prop_again(prop)) {
		struct date_list list = { .values = lines_new(e), .others = lines_new(e) };
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
