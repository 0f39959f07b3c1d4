/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of a series that is moved. A rule that names its days or hours would leave the series where it was:
 *
 *     9:00 on Mondays, FREQ=WEEKLY;BYDAY=MO,WE         to a Tuesday:             BYDAY=TU,TH
 *     FREQ=MONTHLY;BYDAY=1MO (or BYDAY=MO;BYSETPOS=1)   to the Thursday after it: BYDAY=1TH
 *     FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=31               a day later:              BYMONTH=2;BYMONTHDAY=1
 *     UNTIL=20260205T225959Z, the end of a day          a day and an hour later:  the end of the day after
 *     UNTIL=20260205T075959Z, any other time            as far as the start
 *
 * Monday to Friday stays Monday to Friday, from the new start on. What cannot be said so ("the last working day", a day
 * later) is refused: else DTSTART alone would move, and a set whose DTSTART its rule does not make is undefined (RFC
 * 5545 §3.8.5.3).
 */
#include "caldav/calendar/event/event_edit.h"
#include "server/base/clock.h"

struct date {
	int64_t number; /* since 1970 */
	int64_t year;
	int month, day, length; /* of the month */
	int weekday;            /* 0 is Monday */
};

struct shift {
	struct edits *e;
	const struct series_move *move;
	const struct rrule *rule;
	const struct rscale *scale;
	struct when from, to; /* the first start before and after, on the clock of the series after */
	struct date was, is;
	int64_t days;
	bool made;  /* the rule makes the first start before */
	bool stays; /* its days and hours are as they were */
	bool wkst_seen;
};

static const char weekdays[7][3] = { "MO", "TU", "WE", "TH", "FR", "SA", "SU" };

static struct date date_of(int64_t local)
{
	struct date d = { .number = floor_div(local, DAY_S) };
	int64_t year;
	int month, day;
	civil_from_days(d.number, &d.year, &d.month, &d.day);
	civil_from_days(days_from_civil(d.year, d.month, 28) + 4, &year, &month, &day);
	d.length = (int)(days_from_civil(year, month, 1) - days_from_civil(d.year, d.month, 1));
	d.weekday = day_of_week(d.number);
	return d;
}

/* The how manieth of its weekday in its month the date is; from the end where `like` is negative. A fifth, which most
 * months have not, is the last, unless it was the fifth that was meant. */
static int nth_of(const struct date *d, int like)
{
	int nth = (d->day - 1) / 7 + 1, from_end = -((d->length - d->day) / 7 + 1);
	return like < 0 ? from_end : nth == 5 && like != 5 ? -1 : nth;
}

static bool is_long(const struct rrule *r)
{
	return r->freq == RRULE_MONTHLY || r->freq == RRULE_YEARLY;
}

/* Are numbers of BYDAY, and positions of days, those of one month? */
static bool is_of_month(const struct rrule *r)
{
	return (r->freq == RRULE_MONTHLY || (r->freq == RRULE_YEARLY && r->parts & RRULE_BYMONTH)) &&
	       !(r->parts & (RRULE_BYMONTHDAY | RRULE_BYYEARDAY | RRULE_BYWEEKNO));
}

static bool number_of(struct str text, int *out)
{
	uint64_t n;
	bool minus = text.len && text.ptr[0] == '-';
	if (!str_to_u64(minus || (text.len && text.ptr[0] == '+') ? str_from(text, 1) : text, 400, &n))
		return false;
	*out = minus ? -(int)n : (int)n;
	return true;
}

static bool is_single(struct str list)
{
	return !str_has(list, ',');
}

static int weekday_of(struct str item)
{
	for (int i = 0; i < 7; i++)
		if (str_eq_nocase(str_from(item, item.len - 2), str_of(weekdays[i])))
			return i;
	return 0;
}

/* ---- one function a part: false when it cannot be moved ---- */

static bool by_day(const struct shift *s, struct str list, struct buf *out)
{
	struct str item;
	bool positions = s->rule->parts & RRULE_BYSETPOS && is_long(s->rule);
	if (positions && !(is_single(list) && list.len == 2 && is_of_month(s->rule)))
		return false;
	for (bool first = true; str_cut(&list, ',', &item); first = false) {
		struct str number = str_sub(item, 0, item.len - 2);
		int n, weekday = weekday_of(item);
		if (number.len) {
			if (list.ptr || !first || positions || !is_of_month(s->rule) || s->scale ||
				!number_of(number, &n) || weekday != s->was.weekday || nth_of(&s->was, n) != n)
				return false;
			buf_fmt(out, "%d", nth_of(&s->is, n));
		}
		buf_fmt(out, "%s%s", first || number.len ? "" : ",", weekdays[floor_mod(weekday + s->days, 7)]);
	}
	return true;
}

/* Of one weekday in a month: BYDAY=MO;BYSETPOS=1. Days of weeks keep their places, as WKST moves along. */
static bool by_position(const struct shift *s, struct str list, struct buf *out)
{
	int n;
	if (!is_long(s->rule)) {
		buf_add(out, list);
		return true;
	}
	if (!is_single(list) || !number_of(list, &n) || !is_of_month(s->rule) || s->scale ||
		s->rule->weekdays != 1U << s->was.weekday || nth_of(&s->was, n) != n)
		return false;
	buf_fmt(out, "%d", nth_of(&s->is, n));
	return true;
}

static bool by_month_day(const struct shift *s, struct str list, struct buf *out)
{
	struct str item;
	int n;
	if (s->scale || (s->rule->parts & RRULE_BYSETPOS && is_long(s->rule)))
		return false;
	for (bool single = is_single(list), first = true; str_cut(&list, ',', &item); first = false) {
		if (!number_of(item, &n))
			return false;
		int64_t to = n + s->days;
		if (single && n == s->was.day)
			to = s->is.day;
		else if (single && n == s->was.day - s->was.length - 1)
			to = s->is.day - s->is.length - 1;
		else if (n > 0 ? to < 1 || to > 28 || n > 28 : to > -1 || to < -28 || n < -28)
			return false;
		buf_fmt(out, "%s%lld", first ? "" : ",", (long long)to);
	}
	return true;
}

static bool by_month(const struct shift *s, struct str list, struct buf *out)
{
	struct str item;
	int n, by = is_long(s->rule) ? s->is.month - s->was.month : 0;
	if (s->scale)
		return false;
	for (bool first = true; str_cut(&list, ',', &item); first = false) {
		if (!number_of(item, &n))
			return false;
		buf_fmt(out, "%s%d", first ? "" : ",", (int)floor_mod(n - 1 + by, 12) + 1);
	}
	return true;
}

/* BYHOUR, BYMINUTE or BYSECOND, whose values are below `most`. */
static bool by_time(const struct shift *s, struct str list, int64_t unit, int64_t most, struct buf *out)
{
	struct str item;
	int n;
	int64_t was = floor_mod(floor_div(s->from.local, unit), most),
		is = floor_mod(floor_div(s->to.local, unit), most);
	for (bool first = true; str_cut(&list, ',', &item); first = false) {
		if (!number_of(item, &n))
			return false;
		int64_t to = n + is - was;
		if (to < 0 || to >= most)
			return false;
		buf_fmt(out, "%s%lld", first ? "" : ",", (long long)to);
	}
	return true;
}

/* ---- UNTIL ---- */

/* The end of a day is one for all times of that day; anything else keeps its distance to the start. */
static struct str until(const struct shift *s, struct str text)
{
	struct arena *mem = s->e->cx->mem;
	const struct rrule *r = s->rule;
	struct when last = s->move->was->clock, to;
	if (r->until_utc && last.zone)
		last = when_of(r->until, last.zone);
	else
		last.local = r->until + (r->until_date ? floor_mod(last.local, DAY_S) : 0);
	to = series_moved(s->move, last);
	if (r->freq >= RRULE_DAILY && !to.date && floor_mod(last.local, DAY_S) == DAY_S - 1 && !s->move->by_instant)
		to.local = last.local + s->days * DAY_S;
	if (!when_cmp(&to, &last) && to.date == last.date && to.zone == last.zone)
		return text;
	bool was_day = r->until_date && !s->move->was->clock.date; /* of a timed series: a slip that stays */
	if (to.date || was_day)
		return wall_text(mem, (struct wall){ floor_div(to.local, DAY_S) * DAY_S, true, false });
	if (to.zone)
		return wall_text(mem, (struct wall){ when_utc(to, NULL), false, true });
	return wall_text(mem, (struct wall){ to.local, false, false });
}

/* ---- the rule ---- */

static bool value_move(struct shift *s, struct str name, struct str value, struct buf *out)
{
	static const struct {
		struct str name;
		bool (*move)(const struct shift *s, struct str list, struct buf *out);
	} days[] = {
		{ STR_INIT("BYDAY"), by_day },
		{ STR_INIT("BYSETPOS"), by_position },
		{ STR_INIT("BYMONTHDAY"), by_month_day },
		{ STR_INIT("BYMONTH"), by_month },
	};
	static const struct {
		struct str name;
		int64_t unit, most;
	} times[] = { { STR_INIT("BYHOUR"), 3600, 24 }, { STR_INIT("BYMINUTE"), 60, 60 },
		{ STR_INIT("BYSECOND"), 1, 60 } };
	for (size_t i = 0; i < ARRAY_LEN(days) && s->days && !s->stays; i++)
		if (str_eq_nocase(name, days[i].name))
			return days[i].move(s, value, out);
	for (size_t i = 0; i < ARRAY_LEN(times) && !s->to.date && !s->from.date && !s->stays; i++)
		if (str_eq_nocase(name, times[i].name))
			return by_time(s, value, times[i].unit, times[i].most, out);
	if (str_eq_nocase(name, STR("UNTIL")))
		value = until(s, value);
	s->wkst_seen = s->wkst_seen || str_eq_nocase(name, STR("WKST"));
	buf_add(out, value);
	return true;
}

/* Do weeks begin elsewhere, so that the days of one week stay in one? */
static bool moves_weeks(const struct shift *s)
{
	const struct rrule *r = s->rule;
	bool several = r->weekdays & (r->weekdays - 1);
	return r->freq == RRULE_WEEKLY && !s->stays && several && (r->interval > 1 || r->parts & RRULE_BYSETPOS) &&
	       s->days % 7;
}

static bool text_move(struct shift *s, struct str text, struct buf *out)
{
	struct str item, name;
	const char *wkst = weekdays[floor_mod(s->rule->wkst + s->days, 7)];
	while (str_cut(&text, ';', &item)) {
		struct str value = item;
		if (!item.len)
			continue;
		if (out->len)
			buf_char(out, ';');
		(void)str_cut(&value, '=', &name);
		buf_fmt(out, "%.*s=", STR_ARG(name));
		if (moves_weeks(s) && str_eq_nocase(name, STR("WKST"))) {
			s->wkst_seen = true;
			buf_add(out, str_of(wkst));
		} else if (!value_move(s, name, value, out)) {
			return false;
		}
	}
	if (moves_weeks(s) && !s->wkst_seen)
		buf_fmt(out, ";WKST=%s", wkst);
	return true;
}

/* Is the first start one that the rule makes? */
static bool makes_start(struct arena *mem, const struct rrule *rule, const struct rscale *scale, struct when start)
{
	int64_t local;
	struct rrule_iter *it = rscale_open(mem, rule, scale,
		(struct rrule_start){ .local = start.local, .until_local = INT64_MAX, .date = start.date });
	rrule_stop_after(it, start.local);
	return rrule_next(it, &local) && local == start.local;
}

err_t rule_refuse(struct ctx *cx)
{
	return REFUSE(cx, CONFLICT, "recurrence.rule",
		"The rule of this series says on which days or at which hours it is, and cannot be moved to this "
		"start. Send "
		"recurrence.rule with the rule that is wanted, too, or change single instances.");
}

/* Monday to Friday is one thing to people, of which a day is not Tuesday to Saturday. */
static bool is_work_week(const struct rrule *r)
{
	return r->parts == RRULE_BYDAY && r->weekdays == 0x1f && r->interval == 1 &&
	       (r->freq == RRULE_WEEKLY || r->freq == RRULE_DAILY);
}

/* A start that was beside its rule is set right; a work week begins on another of its days. */
static bool keeps_days(const struct shift *s)
{
	bool same_instant = when_utc(s->from, zone_utc()) == when_utc(s->to, zone_utc());
	if (is_work_week(s->rule))
		return !same_instant;
	return !s->made && makes_start(s->e->cx->mem, s->rule, s->scale, s->to);
}

static bool is_sound(const struct shift *s, struct str text)
{
	struct rrule now;
	const struct rscale *scale;
	return !s->made ||
	       (!rscale_read(s->e->cx, text, &now, &scale) && makes_start(s->e->cx->mem, &now, scale, s->to));
}

err_t rule_move(struct edits *e, const struct series_move *move, const struct ical_prop *prop)
{
	struct rrule rule;
	struct shift s = { .e = e, .move = move, .rule = &rule, .from = move->was->clock, .to = move->now->clock };
	struct buf text = lines_new(e), line = lines_new(e);
	if (!str_trim(prop->value, STR_BLANK).len) /* "RRULE:" alone */
		return OK;
	TRY(rscale_read(e->cx, prop->value, &rule, &s.scale));
	if (move->by_instant)
		s.from = when_on(s.from, s.to.zone);
	s.was = date_of(s.from.local);
	s.is = date_of(s.to.local);
	s.days = s.is.number - s.was.number;
	if (rule.parts && str_eq(prop->name, STR("RRULE"))) {
		s.made = makes_start(e->cx->mem, &rule, s.scale, s.from);
		s.stays = keeps_days(&s);
	}
	if (!text_move(&s, prop->value, &text) || !is_sound(&s, buf_str(&text)))
		return rule_refuse(e->cx);
	ical_line(&line, prop->name, STR(""), buf_str(&text));
	if (!str_eq(prop->value, buf_str(&text)))
		prop_replace(e, prop, buf_str(&line));
	return OK;
}
