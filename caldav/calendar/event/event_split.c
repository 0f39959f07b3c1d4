/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A series cut in two, as RFC 8984 §4.1.3 has it: the one before keeps its UID and ends, the one after is a series of
 * its own with another UID. RELATED-TO (RFC 9253 §9.1) leads from one to the next, and back to the first.
 *
 *     DTSTART 2 Nov 9:00, COUNT=9, cut at 5 Nov      before: COUNT=3          after: DTSTART 5 Nov 9:00, COUNT=6
 *     FREQ=WEEKLY without an end                     UNTIL a second before    as it was
 *     EXDATE 4 Nov; RDATE 12 Nov 15:00               EXDATE                   RDATE
 *     RECURRENCE-ID 3 Nov; RECURRENCE-ID 6 Nov       that of the 3rd          that of the 6th
 *
 * What an instance is, is said by struct series_instance before and after: both halves are expanded around the cut and
 * compared with the whole. Where a rule cannot be begun anew there (of several rules, each has a phase of its own), the
 * series is left alone and the caller told.
 */
#include "caldav/calendar/event/event_edit.h"

#define COUNTED_MAX 500000 /* instances of a COUNT that are counted through */

struct half {
	struct edits e;
	struct when at;    /* the original start of the first that is after */
	struct when start; /* of the half after: its DTSTART */
	bool is_after;
	struct str uid, other_uid;
};

err_t split_refuse(struct ctx *cx)
{
	return REFUSE(cx, CONFLICT, "scope",
		"This series cannot be begun anew at this instance. Change single instances (scope=this) or all of "
		"them (scope=all).");
}

static bool belongs(const struct half *h, struct when original)
{
	return (when_cmp(&original, &h->at) >= 0) == h->is_after;
}

/* ---- rules ---- */

static struct rrule_iter *rule_open(const struct half *h, const struct series_rule *r)
{
	const struct series *s = h->e.series;
	struct rrule_start start = { .local = s->clock.local,
		.until_local = r->until_local,
		.counts_start = !r->excludes,
		.date = s->clock.date };
	return rscale_open(h->e.cx->mem, &r->rule, r->scale, start);
}

/* How many instances a COUNT has before the cut. */
static err_t count_before(const struct half *h, const struct series_rule *r, int64_t *out)
{
	struct ctx *cx = h->e.cx;
	struct rrule_iter *it = rule_open(h, r);
	int64_t n = 0, local;
	rrule_stop_after(it, h->at.local);
	while (rrule_next(it, &local) && (local < h->at.local || (h->at.second && local == h->at.local)))
		if (++n > COUNTED_MAX)
			return series_too_costly(cx, h->e.series);
	if (rrule_gave_up(it, h->at.local))
		return series_too_costly(cx, h->e.series);
	*out = n;
	return OK;
}

/* The first that the rule makes at the cut or after it. False: none. */
static err_t first_after(const struct half *h, const struct series_rule *r, bool *found, int64_t *local)
{
	struct rrule_iter *it = rule_open(h, r);
	rrule_seek(it, h->at.local + h->at.second);
	*found = rrule_next(it, local);
	return *found || !rrule_gave_up(it, INT64_MAX) ? OK : series_too_costly(h->e.cx, h->e.series);
}

/* Where the half after begins: at the cut if a rule makes that instance, or none makes any more; else (an RDATE) where
 * the rules go on, so that they count from an instance of theirs. */
static err_t find_start(struct half *h)
{
	const struct series *s = h->e.series;
	bool any = false;
	struct when start = h->at;
	for (size_t i = 0; i < s->rule_count; i++) {
		bool found = false;
		int64_t local = 0;
		if (s->rules[i].excludes)
			continue;
		TRY(first_after(h, &s->rules[i], &found, &local));
		if (found && (!any || local < start.local)) {
			start.local = local;
			start.second = false;
		}
		any = any || found;
	}
	h->start = start;
	return OK;
}

/* The last second before the cut, as UNTIL of this series says it. */
static struct str until_text(const struct half *h)
{
	struct arena *mem = h->e.cx->mem;
	const struct when *start = &h->e.series->master->start;
	struct wall w = { h->at.local - (start->date ? DAY_S : 1), start->date, false };
	if (start->zone) {
		w.local = when_utc(h->at, NULL) - 1;
		w.utc = true;
	}
	return wall_text(mem, w);
}

static void rule_line(struct half *h, const struct ical_prop *prop, struct str part, struct str value)
{
	struct buf line = lines_new(&h->e), text = lines_new(&h->e);
	struct str rest = prop->value, item;
	while (str_cut(&rest, ';', &item)) {
		struct str name = str_sub(item, 0, str_find(item, STR("=")));
		if (!item.len || str_eq_nocase(name, STR("COUNT")) || str_eq_nocase(name, STR("UNTIL")))
			continue;
		buf_fmt(&text, "%s%.*s", text.len ? ";" : "", STR_ARG(item));
	}
	buf_fmt(&text, ";%.*s=%.*s", STR_ARG(part), STR_ARG(value));
	ical_line(&line, prop->name, STR(""), buf_str(&text));
	prop_replace(&h->e, prop, buf_str(&line));
}

static err_t rule_change(struct half *h, const struct ical_prop *prop, const struct series_rule *r)
{
	struct arena *mem = h->e.cx->mem;
	bool found;
	int64_t before = 0, local;
	if (r->rule.count) {
		TRY(count_before(h, r, &before));
		int64_t count = h->is_after ? r->rule.count - before : before;
		if (count <= 0)
			prop_replace(&h->e, prop, STR(""));
		else if (count != r->rule.count)
			rule_line(h, prop, STR("COUNT"), str_fmt(mem, "%lld", (long long)count));
		return OK;
	}
	if (h->is_after) {
		TRY(first_after(h, r, &found, &local));
		if (!found)
			prop_replace(&h->e, prop, STR(""));
	} else if (r->until_local >= h->at.local) {
		rule_line(h, prop, STR("UNTIL"), until_text(h));
	}
	return OK;
}

static err_t rules_change(struct half *h)
{
	static const struct str names[] = { STR_INIT("RRULE"), STR_INIT("EXRULE") };
	const struct series *s = h->e.series;
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		for (const struct ical_prop *p = ical_prop(s->master->comp, names[i]); p; p = ical_prop_again(p))
			if (str_trim(p->value, STR_BLANK).len && n < s->rule_count)
				TRY(rule_change(h, p, &s->rules[n++]));
	return OK;
}

/* ---- EXDATE, RDATE ---- */

static err_t date_stays(struct half *h, const struct ical_prop *prop, struct str item, bool *out)
{
	const struct series *s = h->e.series;
	struct arena *mem = h->e.cx->mem;
	struct when w, starts[2];
	struct str rest = item, begin;
	bool rdate = str_eq(prop->name, STR("RDATE"));
	*out = false;
	if (!str_cut(&rest, '/', &begin) || !begin.len)
		return OK;
	TRY(when_read(h->e.cx, h->e.object, prop, begin, &w));
	size_t n = series_starts(s, w, starts), which = 0;
	if (n > 1 && !rdate && !series_makes(mem, s, starts[0]) && series_makes(mem, s, starts[1]))
		which = 1;
	*out = belongs(h, starts[which]);
	if (w.date && !s->clock.date && !rdate) { /* the whole day, on which the cut may lie */
		int64_t day = floor_div(w.local, DAY_S), cut = floor_div(h->at.local, DAY_S);
		*out = h->is_after ? day >= cut : day <= cut;
	}
	if (rdate && h->is_after && !rest.ptr && !when_cmp(&starts[which], &h->start))
		*out = false; /* DTSTART says it now */
	return OK;
}

static err_t dates_change(struct half *h, struct str name)
{
	struct edits *e = &h->e;
	for (const struct ical_prop *p = ical_prop(e->series->master->comp, name); p; p = ical_prop_again(p)) {
		struct buf values = lines_new(e);
		struct str rest = p->value, item;
		bool all = true, stays;
		while (str_cut(&rest, ',', &item)) {
			TRY(date_stays(h, p, item, &stays));
			all = all && stays;
			if (!stays)
				continue;
			if (values.len)
				buf_char(&values, ',');
			buf_add(&values, item);
		}
		if (all)
			continue;
		prop_keep_values(e, p, buf_str(&values));
	}
	return OK;
}

/* ---- the components ---- */

static bool is_related(const struct ical_prop *p, struct str how)
{
	return str_eq_nocase(ical_param(p, STR("RELTYPE")), how);
}

/* RFC 9253 §9.1: NEXT leads from each to the one after it, FIRST to where all began. */
static void relate(struct half *h)
{
	static const struct str name = STR_INIT("RELATED-TO");
	const struct ical_comp *comp = h->e.series->master->comp;
	struct str how = h->is_after ? STR("FIRST") : STR("NEXT");
	struct buf line = lines_new(&h->e);
	for (const struct ical_prop *p = ical_prop(comp, name); p; p = ical_prop_again(p)) {
		if (h->is_after && is_related(p, how))
			return;
		if (is_related(p, how))
			prop_replace(&h->e, p, STR(""));
	}
	ical_line(&line, name, str_cat(h->e.cx->mem, STR(";RELTYPE="), how), h->other_uid);
	edit_add(&h->e, props_end(comp), 0, buf_str(&line));
}

static void begin_anew(struct half *h)
{
	static const struct str names[] = { STR_INIT("DTSTART"), STR_INIT("DTEND"), STR_INIT("DURATION") };
	const struct timing *t = h->e.series->master;
	struct series_instance first = { .timing = t, .original = h->start, .length = t->length };
	struct buf lines = lines_new(&h->e);
	first.start = when_on(h->start, t->start.zone);
	first.start.date = t->start.date;
	first.at = timing_extent(t, first.start, zone_utc());
	instance_times(&h->e, &lines, &first);
	props_replace(&h->e, t->comp, names, ARRAY_LEN(names), buf_str(&lines));
}

static void uid_change(struct half *h, const struct ical_comp *comp)
{
	static const struct str name = STR_INIT("UID");
	struct buf line = lines_new(&h->e);
	ical_line(&line, name, STR(""), h->uid);
	props_replace(&h->e, comp, &name, 1, buf_str(&line));
}

static err_t half_make(struct half *h, struct str *out)
{
	const struct series *s = h->e.series;
	if (h->is_after)
		TRY(find_start(h));
	TRY(rules_change(h));
	TRY(dates_change(h, STR("EXDATE")));
	TRY(dates_change(h, STR("RDATE")));
	if (h->is_after)
		begin_anew(h);
	for (size_t i = 0; i < s->override_count; i++)
		if (!belongs(h, s->overrides[i].original))
			comp_remove(&h->e, s->overrides[i].timing->comp);
		else if (h->is_after)
			uid_change(h, s->overrides[i].timing->comp);
	if (h->is_after)
		uid_change(h, s->master->comp);
	relate(h);
	stamps_change(&h->e, s->master->comp, true);
	return edits_apply(&h->e, out);
}

/* ---- all of it ---- */

/* Is there an instance before the cut? */
static bool has_before(const struct half *h)
{
	const struct series *s = h->e.series;
	struct when beginning = s->clock;
	struct series_instance first;
	for (size_t i = 0; i < s->override_count; i++)
		if (when_cmp(&s->overrides[i].original, &h->at) < 0)
			return true;
	beginning.local = INT64_MIN / 2;
	return series_instance_after(h->e.cx->mem, s, beginning, zone_utc(), &first) &&
	       when_cmp(&first.original, &h->at) < 0;
}

/* What a client changed with THISANDFUTURE describes instances on both sides. */
static bool is_ranged(const struct half *h)
{
	const struct series *s = h->e.series;
	for (size_t i = 0; i < s->override_count; i++)
		if (s->overrides[i].moves_later && when_cmp(&s->overrides[i].original, &h->at) <= 0)
			return true;
	return false;
}

err_t event_split(struct ctx *cx, struct str data, struct str instance, struct event_parts *out)
{
	struct event_parts parts = { .before = STR_ABSENT, .after = data };
	struct half whole = { 0 }, half;
	struct series_instance first;
	TRY(edits_open(cx, data, &whole.e));
	TRY(instance_find(&whole.e, instance, STR_ABSENT, &first));
	whole.at = first.original;
	if (!has_before(&whole)) {
		*out = parts;
		return OK;
	}
	if (!whole.e.series->master || is_ranged(&whole))
		return split_refuse(cx);
	struct str uid = ical_value(whole.e.series->master->comp, STR("UID")), new_uid = event_new_uid(cx);
	half = (struct half){ .at = first.original, .uid = uid, .other_uid = new_uid };
	TRY(edits_open(cx, data, &half.e));
	TRY(half_make(&half, &parts.before));
	half = (struct half){ .at = first.original, .is_after = true, .uid = new_uid, .other_uid = uid };
	TRY(edits_open(cx, data, &half.e));
	TRY(half_make(&half, &parts.after));
	TRY(split_prove(&whole.e, whole.at, &parts));
	*out = parts;
	return OK;
}
