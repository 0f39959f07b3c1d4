/* SPDX-License-Identifier: Apache-2.0 */
/* What is stored beside an object: its bounds, its flags, its occurrences; and what a time range asks of them. */
#include "tests/support/ical_facts.h"

#include "caldav/calendar/index/occurrences.h"
#include "caldav/calendar/recur/instances.h"
#include "caldav/calendar/view/time_range.h"

static void assert_bounds(struct str data, const char *first, const char *last)
{
	struct ical_facts f = checked(data);
	struct str got_first = f.first_at.us == INSTANT_BEFORE.us ? STR("-") : instant_ical(test_mem, f.first_at);
	struct str got_last = f.last_at.us == INSTANT_FOREVER.us  ? STR("+")
			      : f.last_at.us == INSTANT_BEFORE.us ? STR("-")
								  : instant_ical(test_mem, f.last_at);
	if (!str_eq(got_first, str_of(first)) || !str_eq(got_last, str_of(last)))
		fail_msg("%.*s .. %.*s, not %s .. %s of\n%.*s", STR_ARG(got_first), STR_ARG(got_last), first, last,
			STR_ARG(data));
}

TEST(bounds_are_the_tables_of_rfc_4791_9_9)
{
	/* VEVENT */
	assert_bounds(STR(EVENT(START "DTEND:20261124T100000Z\r\n")), "20261124T090000Z", "20261124T100000Z");
	assert_bounds(STR(EVENT(START "DURATION:PT2H\r\n")), "20261124T090000Z", "20261124T110000Z");
	assert_bounds(STR(EVENT(START "DURATION:PT0S\r\n")), "20261124T090000Z", "20261124T090001Z");
	assert_bounds(STR(EVENT(START)), "20261124T090000Z", "20261124T090001Z");
	assert_bounds(STR(EVENT("DTSTART;VALUE=DATE:20261124\r\n")), "20261123T100000Z", "20261125T120000Z");
	assert_bounds(STR(EVENT("DTSTART;VALUE=DATE:20261124\r\nDTEND;VALUE=DATE:20261127\r\n")), "20261123T100000Z",
		"20261127T120000Z");
	assert_bounds(STR(EVENT("DTSTART:20261124T090000\r\n")), "20261123T190000Z", "20261124T210001Z");
	assert_bounds(STR(EVENT("DTSTART;TZID=Europe/Berlin:20261124T090000\r\nDTEND;TZID=America/New_York:"
				"20261124T090000\r\n")),
		"20261124T080000Z", "20261124T140000Z");
	/* VTODO */
	assert_bounds(STR(TODO(START "DURATION:PT1H\r\n")), "20261124T090000Z", "20261124T100001Z");
	assert_bounds(STR(TODO(START "DURATION:PT0S\r\n")), "20261124T085959Z", "20261124T090001Z");
	assert_bounds(STR(TODO(START "DUE:20261124T100000Z\r\n")), "20261124T090000Z", "20261124T100000Z");
	assert_bounds(STR(TODO(START "DUE:20261124T090000Z\r\n")), "20261124T085959Z", "20261124T090001Z");
	assert_bounds(STR(TODO(START)), "20261124T090000Z", "20261124T090001Z");
	assert_bounds(STR(TODO("DUE:20261124T100000Z\r\n")), "20261124T095959Z", "20261124T100000Z");
	assert_bounds(STR(TODO("COMPLETED:20261124T100000Z\r\nCREATED:20261124T080000Z\r\n")), "20261124T075959Z",
		"20261124T100001Z");
	assert_bounds(STR(TODO("COMPLETED:20261124T100000Z\r\n")), "20261124T095959Z", "20261124T100001Z");
	assert_bounds(STR(TODO("CREATED:20261124T080000Z\r\n")), "20261124T080000Z", "+");
	assert_bounds(STR(TODO("")), "-", "+");
	/* VJOURNAL */
	assert_bounds(STR(JOURNAL(START)), "20261124T090000Z", "20261124T090001Z");
	assert_bounds(STR(JOURNAL("DTSTART;VALUE=DATE:20261124\r\n")), "20261123T100000Z", "20261125T120000Z");
	assert_bounds(STR(JOURNAL("")), "-", "-");
	/* Recurring */
	assert_bounds(STR(EVENT(START "RRULE:FREQ=DAILY\r\n")), "20261124T090000Z", "+");
	assert_bounds(STR(EVENT(START "DURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=3\r\n")), "20261124T090000Z",
		"20261126T100000Z");
	assert_bounds(STR(EVENT(START "RRULE:FREQ=DAILY;COUNT=3\r\nEXDATE:20261124T090000Z,20261126T090000Z\r\n")),
		"20261125T090000Z", "20261125T090001Z");
	assert_bounds(STR(EVENT(START "RRULE:FREQ=DAILY;COUNT=1\r\nEXDATE:20261124T090000Z\r\n")), "-", "-");
	/* 1764000000 + 5 years is in 2030: what begins later is bounded too */
	assert_bounds(STR(EVENT("DTSTART:20451124T090000Z\r\nRRULE:FREQ=DAILY\r\n")), "20451124T090000Z", "+");
}

TEST(overrides_widen_the_bounds_wherever_they_lie)
{
	assert_bounds(STR(HEAD "BEGIN:VEVENT\r\nUID:u\r\n" START "RRULE:FREQ=DAILY;COUNT=3\r\nEND:VEVENT\r\n"
			       "BEGIN:VEVENT\r\nUID:u\r\nRECURRENCE-ID:20261125T090000Z\r\nDTSTART:20250101T000000Z\r\n"
			       "END:VEVENT\r\n" TAIL),
		"20250101T000000Z", "20261126T090001Z");
}

TEST(flags_tell_what_the_object_is)
{
	const struct {
		struct str data;
		int flags;
	} cases[] = {
		{ STR(EVENT(START)), 0 },
		{ STR(EVENT(START "RRULE:FREQ=DAILY\r\n")), ICAL_RECURRING | ICAL_ENDLESS },
		{ STR(EVENT(START "RDATE:20261130T090000Z\r\n")), ICAL_RECURRING },
		{ STR(EVENT("DTSTART;VALUE=DATE:20261124\r\n")), ICAL_FLOATING },
		{ STR(EVENT(START "TRANSP:TRANSPARENT\r\n")), ICAL_TRANSPARENT },
		{ STR(EVENT(START "STATUS:CANCELLED\r\n")), ICAL_TRANSPARENT },
		{ STR(EVENT(START "STATUS:TENTATIVE\r\n")), ICAL_TENTATIVE },
		{ STR(EVENT(START "BEGIN:VALARM\r\nTRIGGER:-PT1M\r\nEND:VALARM\r\n")), ICAL_ALARM },
		{ STR(TODO("")), ICAL_TRANSPARENT },
		{ STR(HEAD "BEGIN:VEVENT\r\nUID:u\r\n" START "RRULE:FREQ=DAILY;COUNT=3\r\nEND:VEVENT\r\n"
			   "BEGIN:VEVENT\r\nUID:u\r\nRECURRENCE-ID:20261125T090000Z\r\n" START
			   "STATUS:CANCELLED\r\nEND:VEVENT\r\n" TAIL),
			ICAL_RECURRING | ICAL_MIXED },
		{ STR(HEAD "BEGIN:VTIMEZONE\r\nTZID:My Zone\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
			   "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
			   "BEGIN:VEVENT\r\nUID:u\r\nDTSTART;TZID=My Zone:20261124T090000\r\nEND:VEVENT\r\n" TAIL),
			ICAL_CUSTOM_ZONE },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (checked(cases[i].data).flags != cases[i].flags)
			fail_msg("case %zu: %d, not %d", i, checked(cases[i].data).flags, cases[i].flags);
}

TEST(a_daily_event_of_five_years_stays_small)
{
	struct ical_facts f = checked(STR(EVENT("DTSTART;TZID=Europe/Berlin:20251124T090000\r\nRRULE:FREQ=DAILY\r\n")));
	assert_true(f.occ.len > 10 && f.occ.len < 150);
	f = checked(STR(EVENT("DTSTART:16010101T090000Z\r\nRRULE:FREQ=DAILY\r\n")));
	assert_true(f.occ.len > 5 && f.occ.len < 50);
	assert_true(occurrences_from(f.occ) > instant_s(test_cx.now) - 400 * 86400);
}

struct tested {
	const char *start, *end;
	bool in_range;
};

static struct instant start_of(const struct tested *t)
{
	return t->start ? at(t->start) : INSTANT_BEFORE;
}

static void assert_touches(struct str data, struct str zone, const struct tested *cases, size_t count, bool may_parse)
{
	struct ical_facts f = checked(data);
	struct object o = {
		.flags = f.flags, .first_at = f.first_at, .last_at = f.last_at, .occ = f.occ, .occ_until = f.occ_until
	};
	for (size_t i = 0; i < count; i++) {
		struct instant end = cases[i].end ? at(cases[i].end) : INSTANT_FOREVER;
		bool in_range, needs;
		o.data = STR_ABSENT;
		assert_ok(object_in_time_range(&test_cx, &o, start_of(&cases[i]), end, zone, &in_range, &needs));
		if (needs) {
			if (!may_parse)
				fail_msg("case %zu needs a parse", i);
			o.data = data;
			assert_ok(
				object_in_time_range(&test_cx, &o, start_of(&cases[i]), end, zone, &in_range, &needs));
			assert_false(needs);
		}
		if (in_range != cases[i].in_range)
			fail_msg("case %zu: %s .. %s", i, cases[i].start, cases[i].end);
		/* And the same by the parse alone. */
		size_t n;
		struct occurrence *list;
		struct ical *object;
		assert_ok(ical_parse(&test_cx, data, &object));
		err_t e = ical_expand(&test_cx, object, start_of(&cases[i]), end, zone, 50, &list, &n);
		if ((e || n) != cases[i].in_range)
			fail_msg("case %zu by expansion: %s .. %s", i, cases[i].start, cases[i].end);
	}
}

TEST(time_ranges_are_half_open_and_see_every_instance)
{
	const struct tested weekly[] = {
		{ "20261201T080000Z", "20261201T090000Z", true },
		{ "20261201T070000Z", "20261201T080000Z", false },
		{ "20261201T085959Z", "20261201T090000Z", true },
		{ "20261201T090000Z", "20261202T090000Z", false },
		{ "20270706T070000Z", "20270706T080000Z", true }, /* summer: 09:00 is 07:00Z */
		{ "20270706T080000Z", "20270706T090000Z", false },
		{ NULL, "20261124T080000Z", false },
		{ NULL, "20261124T080001Z", true },
		{ "20991231T000000Z", "21000107T000000Z", true },
		{ "20991229T090000Z", "20991230T000000Z", false },
		{ "20991229T000000Z", "20991229T080001Z", true },
		{ "20400101T000000Z", NULL, true },
	};
	assert_touches(STR(EVENT("DTSTART;TZID=Europe/Berlin:20261124T090000\r\nDTEND;TZID=Europe/Berlin:"
				 "20261124T100000\r\nRRULE:FREQ=WEEKLY\r\n")),
		STR_ABSENT, weekly, ARRAY_LEN(weekly), true);
}

TEST(dates_and_floating_times_are_in_the_zone_of_the_query) /* RFC 4791 §7.3 */
{
	const struct tested berlin[] = {
		{ "20261123T220000Z", "20261123T230000Z", false },
		{ "20261123T220000Z", "20261123T230001Z", true },
		{ "20261124T225959Z", "20261124T230000Z", true },
		{ "20261124T230000Z", "20261125T000000Z", false },
	};
	const struct tested auckland[] = {
		{ "20261123T100000Z", "20261123T110000Z", false },
		{ "20261123T100000Z", "20261123T110001Z", true },
		{ "20261124T110000Z", "20261125T000000Z", false },
	};
	assert_touches(
		STR(EVENT("DTSTART;VALUE=DATE:20261124\r\n")), STR("Europe/Berlin"), berlin, ARRAY_LEN(berlin), false);
	assert_touches(STR(EVENT("DTSTART;VALUE=DATE:20261124\r\n")), STR("Pacific/Auckland"), auckland,
		ARRAY_LEN(auckland), false);
	assert_touches(STR(EVENT("DTSTART;VALUE=DATE:20261124\r\nRRULE:FREQ=YEARLY\r\n")), STR("Europe/Berlin"), berlin,
		ARRAY_LEN(berlin), false);
}

struct kept {
	struct occurrence_span spans[8];
	size_t count;
};

static bool keep(void *to, struct occurrence_span span)
{
	struct kept *k = to;
	if (k->count == ARRAY_LEN(k->spans))
		return false;
	k->spans[k->count++] = span;
	return true;
}

TEST(spans_survive_their_packing)
{
	const struct occurrence_span spans[] = { { -100, -50 }, { 0, 10 }, { 100, 110 }, { 200, 210 }, { 200, 290 },
		{ 1000, 1010 }, { INT64_C(253402300799), INT64_C(253402300799) + 10 } };
	struct bytes occ = occurrences_pack(test_mem, spans, ARRAY_LEN(spans), -1000);
	assert_int_equal(occurrences_from(occ), -1000);
	assert_true(occurrences_from(occurrences_pack(test_mem, spans, ARRAY_LEN(spans), INT64_MIN)) == INT64_MIN);
	for (int64_t a = -200; a < 1100; a += 10)
		for (int64_t b = a + 1; b < 1100; b += 51) {
			struct kept k = { .count = 0 };
			size_t want = 0;
			occurrences_walk(occ, a, b, keep, &k);
			for (size_t i = 0; i < ARRAY_LEN(spans); i++)
				if (spans[i].first < b && spans[i].last > a) {
					assert_true(want < k.count && k.spans[want].first == spans[i].first &&
						    k.spans[want].last == spans[i].last);
					want++;
				}
			assert_int_equal(k.count, want);
		}
	for (size_t i = 0; i < occ.len; i++) /* cut or damaged ones end, within memory */
		for (int damage = 0; damage < 256; damage += 17) {
			struct kept k = { .count = 0 };
			uint8_t *copy = arena_take(test_mem, i + 1, 1);
			memcpy(copy, occ.ptr, i + 1);
			copy[i] = (uint8_t)(copy[i] ^ damage);
			occurrences_walk(bytes_of(copy, i + 1), INT64_MIN, INT64_MAX, keep, &k);
			(void)occurrences_from(bytes_of(copy, i + 1));
		}
}

TESTS(RUN(bounds_are_the_tables_of_rfc_4791_9_9), RUN(overrides_widen_the_bounds_wherever_they_lie),
	RUN(flags_tell_what_the_object_is), RUN(a_daily_event_of_five_years_stays_small),
	RUN(time_ranges_are_half_open_and_see_every_instance),
	RUN(dates_and_floating_times_are_in_the_zone_of_the_query), RUN(spans_survive_their_packing))
