/* SPDX-License-Identifier: Apache-2.0 */
/* calendar-data as a REPORT asks for it (RFC 4791 §9.6): expanded, limited, or in part. */
#include "caldav/calendar/view/select.h"

#include <stdlib.h>

#include "caldav/calendar/recur/budget.h"
#include "caldav/calendar/view/time_range.h"

bool ical_selects(const struct ical_selection *selection)
{
	return selection->comp || selection->expand.set || selection->limit_recurrence.set ||
	       selection->limit_freebusy.set || selection->no_timezones;
}

struct writer {
	struct ctx *cx;
	struct ical *object;
	const struct series *series;
	const struct ical_selection *selection;
	struct buf *out;
};

/* ---- what was selected ---- */

static const struct ical_select_comp *selected_comp(const struct ical_select_comp *parent, struct str name)
{
	for (size_t i = 0; i < parent->comp_count; i++)
		if (str_eq(parent->comps[i].name, name))
			return &parent->comps[i];
	return NULL;
}

/* False: leave it out. */
static bool selected_prop(const struct ical_select_comp *select, struct str name, bool *novalue)
{
	*novalue = false;
	if (!select || select->allprop)
		return true;
	for (size_t i = 0; i < select->prop_count; i++)
		if (str_eq(select->props[i].name, name)) {
			*novalue = select->props[i].novalue;
			return true;
		}
	return false;
}

static void raw_add(struct buf *out, struct str raw)
{
	buf_add(out, raw);
	if (!str_ends(raw, STR("\n"))) /* a last line without an end */
		BUF_LIT(out, "\r\n");
}

/* A line of our own making, if its name was selected. */
static void line_add(const struct writer *w, const struct ical_select_comp *select, struct str name, struct str params,
	struct str value)
{
	bool novalue;
	if (selected_prop(select, name, &novalue))
		ical_line(w->out, name, novalue ? STR("") : params, novalue ? STR("") : value);
}

static void freebusy_limited(const struct writer *w, const struct ical_prop *p)
{
	struct ical_range range = w->selection->limit_freebusy;
	struct str list = p->value, period, type = ical_param(p, STR("FBTYPE"));
	struct buf kept = buf_new(w->cx->mem, p->value.len + 1);
	while (str_cut(&list, ',', &period)) {
		if (!period_touches(period, window_s(range.start), window_s(range.end)))
			continue;
		if (kept.len)
			buf_char(&kept, ',');
		buf_add(&kept, period);
	}
	if (kept.len)
		ical_line(w->out, p->name, type.ptr ? str_cat(w->cx->mem, STR(";FBTYPE="), type) : STR(""),
			buf_str(&kept));
}

static void prop_write(const struct writer *w, const struct ical_select_comp *select, const struct ical_prop *p)
{
	bool novalue;
	if (!selected_prop(select, p->name, &novalue))
		return;
	if (novalue)
		ical_line(w->out, p->name, STR(""), STR(""));
	else if (w->selection->limit_freebusy.set && str_eq(p->name, STR("FREEBUSY")))
		freebusy_limited(w, p);
	else
		raw_add(w->out, p->raw);
}

static void comp_write(const struct writer *w, const struct ical_select_comp *select, const struct ical_comp *comp);

static void children_write(const struct writer *w, const struct ical_select_comp *select, const struct ical_comp *comp)
{
	for (const struct ical_comp *c = comp->child; c; c = c->next) {
		const struct ical_select_comp *inner =
			select && !select->allcomp ? selected_comp(select, c->name) : NULL;
		if (!select || select->allcomp || inner)
			comp_write(w, inner, c);
	}
}

static void comp_write(const struct writer *w, const struct ical_select_comp *select, const struct ical_comp *comp)
{
	ical_line(w->out, STR("BEGIN"), STR(""), comp->name);
	for (const struct ical_prop *p = comp->props; p; p = p->next)
		prop_write(w, select, p);
	children_write(w, select, comp);
	ical_line(w->out, STR("END"), STR(""), comp->name);
}

/* ---- limit-recurrence-set ---- */

static bool range_hits(struct ical_range range, struct extent p)
{
	return p.first < window_s(range.end) && p.last > window_s(range.start);
}

/* An override impacts the range by where it is, or by where the instance would be without it (§9.6.6). */
static bool override_impacts(const struct writer *w, const struct override *o)
{
	const struct zone *floating = zone_or_utc(w->selection->zone);
	struct ical_range range = w->selection->limit_recurrence;
	const struct timing *t = o->timing;
	if (range_hits(range, timing_extent(t, t->start, floating)))
		return true;
	struct series_instance without;
	if (!series_instance_at(w->cx->mem, w->series, o->original, false, floating, &without))
		without.at = timing_extent(t, o->original, floating);
	return range_hits(range, without.at) || (t->and_future && without.at.first < window_s(range.end));
}

static bool is_left_out(const struct writer *w, const struct ical_comp *comp)
{
	if (w->selection->no_timezones && str_eq(comp->name, STR("VTIMEZONE")))
		return zone_by_name(ical_tzid(w->cx->mem, comp)) != NULL;
	if (!w->selection->limit_recurrence.set)
		return false;
	for (size_t i = 0; i < w->series->override_count; i++)
		if (w->series->overrides[i].timing->comp == comp)
			return !override_impacts(w, &w->series->overrides[i]);
	return false;
}

/* ---- expand ---- */

static struct str point_text(struct arena *mem, struct when w)
{
	return recurrence_id_text(mem, w); /* UTC, local or date, as there */
}

static struct str point_params(struct when w)
{
	return w.date ? STR(";VALUE=DATE") : STR("");
}

static struct when end_of(const struct series_instance *i)
{
	struct when end = i->start;
	if (i->start.zone) {
		end = (struct when){ i->at.end, zone_utc(), false, false };
	} else {
		end.local += i->length.wall + i->length.exact;
	}
	return end;
}

/* Anything else that has a TZID: references to VTIMEZONEs are not allowed (§9.6.5). */
static void zoned_write(const struct writer *w, const struct ical_select_comp *select, const struct ical_prop *p)
{
	struct when when;
	if (when_read(w->cx, w->object, p, p->value, &when))
		prop_write(w, select, p);
	else
		line_add(w, select, p->name, point_params(when), point_text(w->cx->mem, when));
}

static bool is_recurrence_prop(struct str name)
{
	static const struct str names[] = { STR_INIT("RRULE"), STR_INIT("EXRULE"), STR_INIT("RDATE"),
		STR_INIT("EXDATE"), STR_INIT("RECURRENCE-ID") };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(name, names[i]))
			return true;
	return false;
}

static void times_write(const struct writer *w, const struct ical_select_comp *select, const struct series_instance *i)
{
	const struct timing *t = i->timing;
	/* What a DURATION in days says of a start in UTC is another where clocks change between. */
	int64_t total = t->length.wall + t->length.exact;
	bool usual = i->length.wall == t->length.wall && i->length.exact == t->length.exact &&
		     (!i->start.zone || i->at.end - i->at.start == total);
	struct str end_name = t->kind == TIMING_TODO ? STR("DUE") : STR("DTEND");
	if (!t->has_start)
		return;
	if (!t->start_is_due)
		line_add(w, select, STR("DTSTART"), point_params(i->start), point_text(w->cx->mem, i->start));
	if (t->start_is_due)
		line_add(w, select, end_name, point_params(i->start), point_text(w->cx->mem, i->start));
	else if (t->has_end || !usual)
		line_add(w, select, end_name, point_params(i->start), point_text(w->cx->mem, end_of(i)));
	else if (t->has_duration)
		prop_write(w, select, ical_prop(t->comp, STR("DURATION")));
	if (w->series->recurs)
		line_add(w, select, STR("RECURRENCE-ID"), point_params(i->original),
			point_text(w->cx->mem, i->original));
}

static void instance_write(
	const struct writer *w, const struct ical_select_comp *select, const struct series_instance *i)
{
	const struct ical_comp *comp = i->timing->comp;
	ical_line(w->out, STR("BEGIN"), STR(""), comp->name);
	times_write(w, select, i);
	for (const struct ical_prop *p = comp->props; p; p = p->next) {
		if (is_recurrence_prop(p->name))
			continue;
		if (i->timing->has_start && (str_eq(p->name, STR("DTSTART")) || str_eq(p->name, STR("DTEND")) ||
						    str_eq(p->name, STR("DUE")) || str_eq(p->name, STR("DURATION"))))
			continue;
		if (ical_param(p, STR("TZID")).ptr)
			zoned_write(w, select, p);
		else
			prop_write(w, select, p);
	}
	children_write(w, select, comp);
	ical_line(w->out, STR("END"), STR(""), comp->name);
}

struct instances {
	struct arena *mem;
	struct series_instance *items;
	size_t count, cap;
};

static bool instance_keep(void *to, const struct series_instance *i)
{
	struct instances *list = to;
	if (list->count > ICAL_INSTANCES_MAX)
		return false;
	if (list->count == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 16;
		list->items =
			arena_grow(list->mem, list->items, list->cap * sizeof *list->items, cap * sizeof *list->items);
		list->cap = cap;
	}
	list->items[list->count++] = *i;
	return true;
}

static int instance_cmp(const void *a, const void *b)
{
	const struct series_instance *x = a, *y = b;
	if (x->at.first != y->at.first)
		return x->at.first < y->at.first ? -1 : 1;
	return when_cmp(&x->original, &y->original);
}

static err_t expanded_write(const struct writer *w, const struct ical_select_comp *root)
{
	struct instances list = { .mem = w->cx->mem };
	struct walk walk = { .floating = zone_or_utc(w->selection->zone),
		.a = window_s(w->selection->expand.start),
		.b = window_s(w->selection->expand.end),
		.visit = instance_keep,
		.to = &list };
	bool whole = series_walk(w->cx->mem, w->series, &walk);
	if (list.count > ICAL_INSTANCES_MAX)
		return REFUSE(w->cx, ICAL_MAX_INSTANCES, "",
			"more than %d instances in this time range: ask for a shorter one", ICAL_INSTANCES_MAX);
	if (!whole)
		return series_too_costly(w->cx, w->series);
	if (list.count)
		qsort(list.items, list.count, sizeof *list.items, instance_cmp);
	for (size_t i = 0; i < list.count && !w->out->full; i++) { /* full: the caller refuses it */
		struct str name = list.items[i].timing->comp->name;
		const struct ical_select_comp *select = root && !root->allcomp ? selected_comp(root, name) : NULL;
		if (!root || root->allcomp || select)
			instance_write(w, select, &list.items[i]);
	}
	return OK;
}

/* ---- all of it ---- */

err_t ical_expand_data(struct ctx *cx, struct ical *object, const struct ical_selection *selection, struct buf *out)
{
	struct writer w = { .cx = cx, .object = object, .selection = selection, .out = out };
	const struct ical_select_comp *root = selection->comp;
	if (!ical_selects(selection)) {
		raw_add(out, object->data);
		return OK;
	}
	TRY(budget_check(cx));
	TRY(series_read(cx, object, &w.series));
	ical_line(out, STR("BEGIN"), STR(""), STR("VCALENDAR"));
	for (const struct ical_prop *p = object->root->props; p; p = p->next)
		prop_write(&w, root, p);
	for (const struct ical_comp *c = object->root->child; c && !selection->expand.set; c = c->next) {
		const struct ical_select_comp *select = root && !root->allcomp ? selected_comp(root, c->name) : NULL;
		if ((!root || root->allcomp || select) && !is_left_out(&w, c))
			comp_write(&w, select, c);
	}
	if (selection->expand.set)
		TRY(expanded_write(&w, root));
	ical_line(out, STR("END"), STR(""), STR("VCALENDAR"));
	return OK;
}
