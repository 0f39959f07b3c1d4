/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/zone/zone.h"

#include "caldav/calendar/zone/zone_private.h"
#include "server/base/clock.h"

/* How many changes lie at or before `at`. */
static size_t changes_before(const struct zone_change *changes, size_t count, int64_t at)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (changes[middle].utc <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int64_t year_of(int64_t at)
{
	int64_t year, days = at / DAY_S - (at % DAY_S < 0);
	int month, day;
	civil_from_days(days, &year, &month, &day);
	return year;
}

static int32_t offset_by_rule(const struct tz_rule *rule, int64_t at)
{
	struct zone_change two[2];
	if (!rule->changes)
		return rule->std;
	/* Around New Year the year before, or after, may be the one that counts. */
	for (int64_t year = year_of(at) + 1;; year--) {
		tz_rule_year(rule, year, two);
		for (int i = 1; i >= 0; i--)
			if (two[i].utc <= at)
				return two[i].offset;
	}
}

/*
 * A year after the changes of an endless embedded zone looks like one of the last 28: their changes are made up to a
 * year (EMBEDDED_LAST_YEAR in vtimezone.c) before which 28 years have no century without a leap day, so they hold every
 * kind of year.
 */
static int64_t year_like_it(const struct zone *zone, int64_t at)
{
	int64_t last = year_of(zone->tz.changes[zone->tz.count - 1].utc) - 1, year = year_of(at);
	int64_t january_1 = days_from_civil(year, 1, 1), length = days_from_civil(year + 1, 1, 1) - january_1;
	if (year <= last)
		return at;
	for (int64_t y = last; y > last - 28; y--) {
		int64_t like = days_from_civil(y, 1, 1);
		if ((january_1 - like) % 7 == 0 && days_from_civil(y + 1, 1, 1) - like == length)
			return at - (january_1 - like) * DAY_S;
	}
	return at;
}

int32_t zone_offset_at(const struct zone *zone, int64_t at)
{
	const struct tzif *tz = &zone->tz;
	if (zone->endless && tz->count && at >= tz->changes[tz->count - 1].utc)
		at = year_like_it(zone, at);
	size_t before = changes_before(tz->changes, tz->count, at);
	if (before == tz->count && tz->has_rule)
		return offset_by_rule(&tz->rule, at);
	return before ? tz->changes[before - 1].offset : tz->first_offset;
}

int64_t zone_to_local(const struct zone *zone, int64_t at)
{
	return zone == &utc_zone ? at : at + zone_offset_at(zone, at);
}

int64_t zone_to_utc(const struct zone *zone, int64_t local)
{
	if (zone == &utc_zone)
		return local;
	/* No offset is above 15 hours: the true instant lies between, and there is one change between at most. */
	int32_t before = zone_offset_at(zone, local - 15 * 3600), after = zone_offset_at(zone, local + 15 * 3600);
	if (before == after || zone_offset_at(zone, local - before) == before)
		return local - before; /* plain, or the first of two */
	if (zone_offset_at(zone, local - after) == after)
		return local - after;
	return local - before; /* in the gap */
}

int64_t zone_to_utc_second(const struct zone *zone, int64_t local)
{
	if (zone == &utc_zone)
		return local;
	int64_t second = local - zone_offset_at(zone, local + 15 * 3600);
	return zone_to_local(zone, second) == local ? second : zone_to_utc(zone, local);
}

/* ---- zones of one's own, and listing changes ---- */

const struct zone *zone_of_changes(
	struct arena *mem, int32_t first_offset, const struct zone_change *changes, size_t count, bool endless)
{
	struct zone *z = arena_new(mem, struct zone);
	z->tz = (struct tzif){ .first_offset = first_offset, .changes = changes, .count = count };
	z->endless = endless;
	return z;
}

size_t zone_changes_after(const struct zone *zone, int64_t at, struct zone_change *out, size_t max)
{
	const struct tzif *tz = &zone->tz;
	size_t n = 0;
	for (size_t i = changes_before(tz->changes, tz->count, at - 1); i < tz->count && n < max; i++)
		out[n++] = tz->changes[i];
	if (!tz->has_rule || !tz->rule.changes)
		return n;
	int64_t from = tz->count && tz->changes[tz->count - 1].utc >= at ? tz->changes[tz->count - 1].utc + 1 : at;
	for (int64_t year = year_of(from) - 1; n < max; year++) {
		struct zone_change two[2];
		tz_rule_year(&tz->rule, year, two);
		for (size_t i = 0; i < 2 && n < max; i++)
			if (two[i].utc >= from)
				out[n++] = two[i];
	}
	return n;
}

bool zone_is_steady(const struct zone *zone, int64_t from, int64_t to)
{
	struct zone_change next;
	if (zone == &utc_zone)
		return true;
	if (zone->endless && zone->tz.count && to >= zone->tz.changes[zone->tz.count - 1].utc)
		return false; /* its changes go on without being listed */
	return !zone_changes_after(zone, from, &next, 1) || next.utc > to;
}

const struct tz_rule *zone_rule(const struct zone *zone)
{
	return zone->tz.has_rule ? &zone->tz.rule : NULL;
}

struct str zone_rfc3339(struct arena *mem, const struct zone *zone, int64_t at)
{
	int offset = zone_offset_at(zone, at) / 60, distance = offset < 0 ? -offset : offset;
	struct str local = instant_rfc3339(mem, instant_of_s(at + (int64_t)offset * 60));
	return str_fmt(mem, "%.*s%c%02d:%02d", STR_ARG(str_sub(local, 0, local.len - 1)), offset < 0 ? '-' : '+',
		distance / 60, distance % 60);
}
