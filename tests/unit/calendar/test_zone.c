/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "caldav/calendar/ical/dates.h"
#include "caldav/calendar/zone/tzif.h"
#include "caldav/calendar/zone/zone.h"
#include "server/base/clock.h"

static int64_t local_of(const char *text)
{
	struct instant t;
	if (!instant_from_rfc3339(str_fmt(test_mem, "%sZ", text), &t))
		fail_msg("bad time in test: %s", text);
	return instant_s(t);
}

static void assert_utc(const char *zone, const char *local, const char *utc)
{
	const struct zone *z = zone_by_name(str_of(zone));
	if (!z)
		fail_msg("unknown zone %s", zone);
	struct str got = instant_rfc3339(test_mem, instant_of_s(zone_to_utc(z, local_of(local))));
	struct str want = instant_rfc3339(test_mem, instant_of_s(local_of(utc)));
	if (!str_eq(got, want))
		fail_msg("%s %s is %.*s, not %.*s", zone, local, STR_ARG(want), STR_ARG(got));
}

TEST(the_systems_zones_are_known)
{
	assert_ok(zone_setup(&test_cx));
	assert_true(zone_count() > 300);
}

TEST(names_and_their_aliases_lead_to_one_zone)
{
	const struct {
		const char *alias, *name;
	} cases[] = {
		{ "Europe/Berlin", "Europe/Berlin" },
		{ "europe/BERLIN", "Europe/Berlin" },
		{ "/freeassociation.sourceforge.net/Europe/Berlin", "Europe/Berlin" },
		{ "/freeassociation.sourceforge.net/Tzfile/Europe/Berlin", "Europe/Berlin" },
		{ "/mozilla.org/20070129_1/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires" },
		{ "W. Europe Standard Time", "Europe/Berlin" },
		{ "Eastern Standard Time", "America/New_York" },
		{ "US/Eastern", "America/New_York" },
		{ "UTC", "Etc/UTC" },
		{ "Etc/UTC", "Etc/UTC" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct zone *z = zone_by_name(str_of(cases[i].alias));
		if (!z || !str_eq(zone_name(z), str_of(cases[i].name)))
			fail_msg("%s is not %s", cases[i].alias, cases[i].name);
	}
}

TEST(every_windows_name_has_a_zone)
{
#define W(windows, iana)                                                                                               \
	if (!zone_by_name(STR(windows)))                                                                               \
		fail_msg("%s: %s", windows, iana);
#include "caldav/calendar/zone/windows_zones.def"
#undef W
}

TEST(names_that_are_paths_or_nothing_are_unknown)
{
	const struct str cases[] = { STR(""), STR_ABSENT, STR("/"), STR("../../etc/passwd"), STR("/../../etc/passwd"),
		STR("Europe/Berlin\0"), STR("Europe/"), STR("Europe"), STR("posix/Europe/Berlin"), STR("tzdata.zi"),
		STR("/x/../Europe"), STR("Mars/Olympus") };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (zone_by_name(cases[i]))
			fail_msg("known: %.*s", STR_ARG(cases[i]));
}

TEST(a_gap_takes_the_offset_before_and_an_overlap_the_first) /* RFC 5545 §3.3.5 */
{
	assert_utc("Europe/Berlin", "2026-01-15T12:00:00", "2026-01-15T11:00:00");
	assert_utc("Europe/Berlin", "2026-07-15T12:00:00", "2026-07-15T10:00:00");
	assert_utc("Europe/Berlin", "2026-03-29T01:59:59", "2026-03-29T00:59:59");
	assert_utc("Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:30:00");
	assert_utc("Europe/Berlin", "2026-03-29T03:00:00", "2026-03-29T01:00:00");
	assert_utc("Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T00:30:00");
	assert_utc("Europe/Berlin", "2026-10-25T03:00:00", "2026-10-25T02:00:00");
	assert_utc("America/New_York", "2007-03-11T02:30:00", "2007-03-11T07:30:00");
	assert_utc("America/New_York", "2007-11-04T01:30:00", "2007-11-04T05:30:00");
	assert_utc("Australia/Lord_Howe", "2026-10-04T02:15:00", "2026-10-03T15:45:00");
	assert_utc("Pacific/Apia", "2011-12-29T12:00:00", "2011-12-29T22:00:00");
	assert_utc("Pacific/Apia", "2011-12-31T12:00:00", "2011-12-30T22:00:00");
	assert_utc("Pacific/Kiritimati", "2026-01-01T00:00:00", "2025-12-31T10:00:00");
}

TEST(years_after_the_files_follow_the_footers_rule)
{
	assert_utc("Europe/Berlin", "2090-07-01T12:00:00", "2090-07-01T10:00:00");
	assert_utc("Europe/Berlin", "2090-12-01T12:00:00", "2090-12-01T11:00:00");
	assert_utc("Europe/Dublin", "2090-07-01T12:00:00", "2090-07-01T11:00:00");
	assert_utc("Europe/Dublin", "2090-01-01T12:00:00", "2090-01-01T12:00:00");
	assert_utc("Australia/Sydney", "2300-01-01T12:00:00", "2300-01-01T01:00:00");
	assert_utc("Asia/Kolkata", "9998-01-01T12:00:00", "9998-01-01T06:30:00");
	assert_utc("Europe/Berlin", "2100-03-28T02:30:00", "2100-03-28T01:30:00");
}

TEST(local_and_utc_agree_for_every_zone_and_hour_that_exists)
{
#define W(windows, iana) iana,
	static const char *const names[] = {
#include "caldav/calendar/zone/windows_zones.def"
	};
#undef W
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct zone *z = zone_by_name(str_of(names[i]));
		for (int64_t t = -500000000; t < INT64_C(5000000000); t += 1000003) {
			int64_t local = zone_to_local(z, t), back = zone_to_utc(z, local);
			/* An hour that happens twice comes back as the first. */
			if (back != t && (zone_to_local(z, back) != local || back > t))
				fail_msg("%s at %lld: %lld", names[i], (long long)t, (long long)back);
		}
	}
}

TEST(rules_are_read_as_posix_has_them)
{
	struct tz_rule rule;
	struct zone_change two[2];
	assert_true(tz_rule_parse(STR("IST-1GMT0,M10.5.0,M3.5.0/1"), &rule));
	assert_int_equal(rule.std, 3600);
	assert_int_equal(rule.dst, 0);
	assert_true(tz_rule_parse(STR("<-02>2<-01>,M3.5.0/-1,M10.5.0/0"), &rule));
	tz_rule_year(&rule, 2026, two);
	assert_int_equal(two[0].utc, local_of("2026-03-29T01:00:00"));
	assert_int_equal(two[1].utc, local_of("2026-10-25T01:00:00"));
	assert_true(tz_rule_parse(STR("EST5EDT,J60,J300/3"), &rule));
	tz_rule_year(&rule, 2024, two);
	assert_int_equal(two[0].utc, local_of("2024-03-01T07:00:00"));
	const struct str bad[] = { STR(""), STR("E5"), STR("EST"), STR("EST5EDT"), STR("EST5EDT,M13.1.0,M10.1.0"),
		STR("EST5EDT,M3.0.0,M10.1.0"), STR("EST5EDT,M3.1.7,M10.1.0"), STR("EST5EDT,M3.1.0,M10.1.0,"),
		STR("<EST5"), STR("EST200") };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (tz_rule_parse(bad[i], &rule))
			fail_msg("accepted: %.*s", STR_ARG(bad[i]));
}

TEST(files_that_are_cut_anywhere_are_refused) /* RFC 8536 */
{
	uint8_t file[2 * 44 + 6 + 4 + 6 + 4 + 8 + 1];
	memset(file, 0, sizeof file);
	for (size_t at = 0; at <= 44 + 10; at += 44 + 10) {
		memcpy(file + at, "TZif2", 5);
		file[at + 39] = 1; /* types */
		file[at + 43] = 4; /* chars */
		memcpy(file + at + 50, "UTC", 4);
	}
	memcpy(file + 108, "\nUTC0\n", 6);
	struct tzif tz;
	assert_true(tzif_parse(test_mem, bytes_of(file, 114), &tz));
	assert_true(tz.has_rule);
	for (size_t len = 0; len < 114; len++) {
		uint8_t *cut = arena_take(test_mem, len + 1, 1);
		memcpy(cut, file, len);
		if (tzif_parse(test_mem, bytes_of(cut, len), &tz))
			fail_msg("accepted at %zu octets", len);
	}
}

TEST(an_endless_zone_of_ones_own_repeats_its_years)
{
	struct zone_change changes[28 * 2 + 4];
	size_t n = 0;
	struct tz_rule rule;
	assert_true(tz_rule_parse(STR("CET-1CEST,M3.5.0,M10.5.0/3"), &rule));
	for (int64_t year = 2120; year < 2150; year++, n += 2)
		tz_rule_year(&rule, year, changes + n);
	const struct zone *own = zone_of_changes(test_mem, 3600, changes, n, true);
	const struct zone *berlin = zone_by_name(STR("Europe/Berlin"));
	for (int64_t t = local_of("2121-01-01T00:00:00"); t < local_of("2600-01-01T00:00:00"); t += 777777)
		assert_int_equal(zone_to_local(own, t), zone_to_local(berlin, t));
}

TEST(changes_go_on_after_the_file)
{
	struct zone_change four[4];
	assert_int_equal(
		zone_changes_after(zone_by_name(STR("Europe/Berlin")), local_of("2037-06-01T00:00:00"), four, 4), 4);
	assert_int_equal(four[0].utc, local_of("2037-10-25T01:00:00"));
	assert_int_equal(four[1].utc, local_of("2038-03-28T01:00:00"));
	assert_int_equal(four[2].utc, local_of("2038-10-31T01:00:00"));
	assert_int_equal(zone_changes_after(zone_utc(), 0, four, 4), 0);
}

/* As its offsets tell, hour by hour. In 1945 war time became peace time, which is a change to the same offset. */
TEST(a_zone_is_steady_where_its_offset_stays)
{
	static const char *const names[] = { "Europe/Berlin", "America/New_York", "Pacific/Apia", "Asia/Kolkata" };
	static const char *const years[] = { "1945-01-01T00:00:00", "2011-12-01T00:00:00", "2027-03-01T00:00:00",
		"2300-01-01T00:00:00" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		for (size_t y = 0; y < ARRAY_LEN(years); y++)
			for (int64_t t = local_of(years[y]); t < local_of(years[y]) + 365 * DAY_S; t += 5 * 3600) {
				const struct zone *zone = zone_by_name(str_of(names[i]));
				bool stays = true;
				for (int64_t at = t; at <= t + DAY_S; at += 900)
					stays = stays && zone_offset_at(zone, at) == zone_offset_at(zone, t - 1);
				bool told = zone_is_steady(zone, t, t + DAY_S);
				assert_true(told ? stays : !stays || y == 0);
			}
	const struct zone_change change = { 1000, 3600, false };
	assert_true(zone_is_steady(zone_utc(), 0, INT64_MAX));
	assert_false(zone_is_steady(zone_of_changes(test_mem, 0, &change, 1, true), 2000, 3000));
	assert_true(zone_is_steady(zone_of_changes(test_mem, 0, &change, 1, false), 2000, 3000));
	assert_false(zone_is_steady(zone_of_changes(test_mem, 0, &change, 1, false), 0, 3000));
}

TESTS(RUN(the_systems_zones_are_known), RUN(names_and_their_aliases_lead_to_one_zone),
	RUN(every_windows_name_has_a_zone), RUN(names_that_are_paths_or_nothing_are_unknown),
	RUN(a_gap_takes_the_offset_before_and_an_overlap_the_first), RUN(years_after_the_files_follow_the_footers_rule),
	RUN(local_and_utc_agree_for_every_zone_and_hour_that_exists), RUN(rules_are_read_as_posix_has_them),
	RUN(files_that_are_cut_anywhere_are_refused), RUN(an_endless_zone_of_ones_own_repeats_its_years),
	RUN(changes_go_on_after_the_file), RUN(a_zone_is_steady_where_its_offset_stays))
