/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A VTIMEZONE for clients that do not know the name: the state before, each change while they follow no rule, and then
 * the rule of the zone for ever.
 */
#include "caldav/calendar/recur/vtimezone.h"

#include "caldav/calendar/ical/dates.h"
#include "caldav/calendar/zone/tzif.h"

#define CHANGES_MAX 200
/* 2000: every listing of calendars tells it of each, and since then most zones have one rule. */
#define DOCUMENT_FROM_S INT64_C(946684800)

static int64_t year_start(int64_t year)
{
	return days_from_civil(year, 1, 1) * DAY_S;
}

static int64_t year_of(int64_t s)
{
	int64_t year;
	int month, day;
	civil_from_days(floor_div(s, DAY_S), &year, &month, &day);
	return year;
}

static void offset_write(struct buf *out, const char *name, int32_t offset)
{
	int32_t s = offset < 0 ? -offset : offset;
	buf_fmt(out, "%s:%c%02d%02d", name, offset < 0 ? '-' : '+', s / 3600, s / 60 % 60);
	if (s % 60)
		buf_fmt(out, "%02d", s % 60);
	BUF_LIT(out, "\r\n");
}

/* `rule` absent: once. */
static void observance_write(struct buf *out, struct zone_change change, int32_t from, struct str rule)
{
	struct str name = change.daylight ? STR("DAYLIGHT") : STR("STANDARD");
	ical_line(out, STR("BEGIN"), STR(""), name);
	ical_line(out, STR("DTSTART"), STR(""), wall_text(out->mem, (struct wall){ change.utc + from, false, false }));
	offset_write(out, "TZOFFSETFROM", from);
	offset_write(out, "TZOFFSETTO", change.offset);
	if (rule.ptr)
		ical_line(out, STR("RRULE"), STR(""), rule);
	ical_line(out, STR("END"), STR(""), name);
}

/* "M3.5.0/2" as an RRULE; absent where its time is on another day than its date. */
static struct str rule_text(struct arena *mem, const struct tz_day *day)
{
	static const char names[7][3] = { "SU", "MO", "TU", "WE", "TH", "FR", "SA" };
	if (day->form != 'M' || day->time < 0 || day->time >= DAY_S)
		return STR_ABSENT;
	return str_fmt(mem, "FREQ=YEARLY;BYMONTH=%d;BYDAY=%d%s", day->month, day->week == 5 ? -1 : day->week,
		names[day->weekday]);
}

/* From which year on do the changes follow the rule? */
static int64_t rule_begins(
	const struct tz_rule *rule, const struct zone_change *changes, size_t count, int64_t first_year)
{
	int64_t year = first_year;
	for (size_t i = 0; i < count; i++) {
		struct zone_change two[2];
		tz_rule_year(rule, year_of(changes[i].utc), two);
		if (changes[i].utc != two[0].utc && changes[i].utc != two[1].utc)
			year = year_of(changes[i].utc) + 1;
	}
	return year;
}

void vtimezone_write_as(struct arena *mem, const struct zone *zone, struct str tzid, int64_t from, struct buf *out)
{
	struct zone_change changes[CHANGES_MAX];
	int64_t first_year = year_of(from) - 1, start = year_start(first_year);
	const struct tz_rule *rule = zone_rule(zone);
	size_t count = zone_changes_after(zone, start, changes, CHANGES_MAX);
	struct str to_dst = STR_ABSENT, to_std = STR_ABSENT;
	int64_t rule_year = INT64_MAX;
	if (rule && rule->changes) {
		to_dst = rule_text(mem, &rule->to_dst);
		to_std = rule_text(mem, &rule->to_std);
		if (to_dst.ptr && to_std.ptr)
			rule_year = rule_begins(rule, changes, count, first_year);
	}
	BUF_LIT(out, "BEGIN:VTIMEZONE\r\n");
	ical_line(out, STR("TZID"), STR(""), ical_escape(mem, tzid));
	int32_t offset = zone_offset_at(zone, start - 1);
	if (rule_year != first_year) /* what holds before the first change */
		observance_write(out, (struct zone_change){ start, offset, false }, offset, STR_ABSENT);
	for (size_t i = 0; i < count && year_of(changes[i].utc) < rule_year; i++) {
		observance_write(out, changes[i], offset, STR_ABSENT);
		offset = changes[i].offset;
	}
	if (rule_year != INT64_MAX) {
		struct zone_change two[2];
		tz_rule_year(rule, rule_year, two);
		for (int i = 0; i < 2; i++) {
			bool dst = two[i].offset == rule->dst;
			observance_write(out, two[i], dst ? rule->std : rule->dst, dst ? to_dst : to_std);
		}
	}
	BUF_LIT(out, "END:VTIMEZONE\r\n");
}

void vtimezone_write(struct arena *mem, const struct zone *zone, int64_t from, struct buf *out)
{
	if (zone != zone_utc() && zone_name(zone).ptr)
		vtimezone_write_as(mem, zone, zone_name(zone), from, out);
}

struct str vtimezone_document(struct arena *mem, const struct zone *zone, struct str tzid)
{
	struct buf b = buf_new(mem, 64 * 1024);
	BUF_LIT(&b, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:" ICAL_PRODID "\r\n");
	vtimezone_write_as(mem, zone, tzid, DOCUMENT_FROM_S, &b);
	BUF_LIT(&b, "END:VCALENDAR\r\n");
	return buf_str(&b);
}
