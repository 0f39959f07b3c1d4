/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "caldav/calendar/ical/ical.h"
#include "caldav/calendar/validate.h"
#include "caldav/calendar/view/freebusy.h"
#include "caldav/calendar/view/select.h"
#include "caldav/calendar/view/time_range.h"

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\n"
#define TAIL "END:VCALENDAR\r\n"
#define PART(lines) "BEGIN:VEVENT\r\nUID:u\r\n" lines "END:VEVENT\r\n"
#define EVENT(lines)                                                                                                   \
	HEAD PART(lines)                                                                                               \
	TAIL

static struct instant at(const char *text)
{
	struct instant t;
	if (!instant_from_ical(str_of(text), &t))
		fail_msg("bad time in test: %s", text);
	return t;
}

static struct ical *parsed(struct str data)
{
	struct ical *object = NULL;
	assert_ok(ical_parse(&test_cx, data, &object));
	return object;
}

/* "start/end" of each instance, "!" behind one that is not busy, "#id" behind overrides' own. */
static struct str expanded(struct str data, const char *start, const char *end, struct str zone)
{
	struct occurrence *list = NULL;
	size_t n = 0;
	struct buf b = buf_new(test_mem, 65536);
	struct ical *object = parsed(data);
	assert_ok(ical_expand(&test_cx, object, at(start), at(end), zone, 100, &list, &n));
	for (size_t i = 0; i < n; i++) {
		buf_add(&b, i ? STR(" ") : STR(""));
		buf_add(&b, instant_ical(test_mem, list[i].start));
		if (list[i].end.us != list[i].start.us) {
			buf_char(&b, '/');
			buf_add(&b, instant_ical(test_mem, list[i].end));
		}
		if (!list[i].busy)
			buf_char(&b, '!');
		if (ical_prop(list[i].component, STR("RECURRENCE-ID"))) {
			buf_char(&b, '#');
			buf_add(&b, list[i].recurrence_id);
		}
	}
	return buf_str(&b);
}

static void assert_expands(struct str data, const char *start, const char *end, const char *expected)
{
	struct str got = expanded(data, start, end, STR_ABSENT);
	if (!str_eq(got, str_of(expected)))
		fail_msg("%s .. %s:\n%.*s, not\n%s of\n%.*s", start, end, STR_ARG(got), expected, STR_ARG(data));
}

TEST(instances_keep_their_wall_clock_time)
{
	struct str berlin =
		STR(EVENT("DTSTART;TZID=Europe/Berlin:20261023T090000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY\r\n"));
	assert_expands(berlin, "20261024T000000Z", "20261027T000000Z",
		"20261024T070000Z/20261024T080000Z 20261025T080000Z/20261025T090000Z "
		"20261026T080000Z/20261026T090000Z");
	/* 02:30 in the spring gap is 03:30, and the next day 02:30 again */
	assert_expands(STR(EVENT("DTSTART;TZID=Europe/Berlin:20260328T023000\r\nRRULE:FREQ=DAILY;COUNT=3\r\n")),
		"20260101T000000Z", "20270101T000000Z", "20260328T013000Z 20260329T013000Z 20260330T003000Z");
	/* hours are elapsed time: the hour that happens twice counts twice */
	assert_expands(STR(EVENT("DTSTART;TZID=Europe/Berlin:20261025T010000\r\nRRULE:FREQ=HOURLY;COUNT=4\r\n")),
		"20260101T000000Z", "20270101T000000Z",
		"20261024T230000Z 20261025T000000Z 20261025T010000Z 20261025T020000Z");
}

TEST(until_is_inclusive_in_every_form)
{
	assert_expands(
		STR(EVENT("DTSTART;TZID=Europe/Berlin:20261124T003000\r\nRRULE:FREQ=DAILY;UNTIL=20261125T233000Z\r\n")),
		"20260101T000000Z", "20270101T000000Z", "20261123T233000Z 20261124T233000Z 20261125T233000Z");
	assert_expands(STR(EVENT("DTSTART;TZID=Europe/Berlin:20261124T090000\r\nRRULE:FREQ=DAILY;UNTIL=20261125\r\n")),
		"20260101T000000Z", "20270101T000000Z", "20261124T080000Z 20261125T080000Z");
	assert_expands(STR(EVENT("DTSTART;VALUE=DATE:20261124\r\nRRULE:FREQ=DAILY;UNTIL=20261125T000000Z\r\n")),
		"20260101T000000Z", "20270101T000000Z",
		"20261124T000000Z/20261125T000000Z 20261125T000000Z/20261126T000000Z");
}

TEST(exdates_take_out_in_every_form)
{
	static const char *const forms[] = { "EXDATE;TZID=Europe/Berlin:20261125T090000", "EXDATE:20261125T080000Z",
		"EXDATE;VALUE=DATE:20261125", "EXDATE;TZID=America/New_York:20261125T030000", "EXDATE:20261125T090000",
		"EXDATE:19990101T000000Z,20261125T080000Z\r\nEXDATE:" };
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct str data = str_fmt(test_mem,
			HEAD "BEGIN:VEVENT\r\nUID:u\r\nDTSTART;TZID=Europe/Berlin:20261124T090000\r\n%s\r\n"
			     "RRULE:FREQ=DAILY;COUNT=3\r\nEND:VEVENT\r\n" TAIL,
			forms[i]);
		assert_expands(data, "20260101T000000Z", "20270101T000000Z", "20261124T080000Z 20261126T080000Z");
	}
}

TEST(rdates_and_two_rules_are_merged_once_each)
{
	assert_expands(STR(EVENT("DTSTART:20261124T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=2\r\n"
				 "RRULE:FREQ=DAILY;INTERVAL=2;COUNT=2\r\n"
				 "RDATE:20261125T090000Z,20261201T090000Z\r\n"
				 "RDATE;VALUE=PERIOD:20261202T090000Z/PT3H,20261203T090000Z/20261203T093000Z\r\n")),
		"20260101T000000Z", "20270101T000000Z",
		"20261124T090000Z/20261124T100000Z 20261125T090000Z/20261125T100000Z 20261126T090000Z/20261126T100000Z "
		"20261201T090000Z/20261201T100000Z 20261202T090000Z/20261202T120000Z "
		"20261203T090000Z/20261203T093000Z");
	/* without a rule, DTSTART is one of them, also when it is not the first */
	assert_expands(STR(EVENT("DTSTART:20261124T090000Z\r\nRDATE:20261123T090000Z\r\n")), "20260101T000000Z",
		"20270101T000000Z", "20261123T090000Z 20261124T090000Z");
	/* a DTSTART that the rule does not match is the first all the same, and counted */
	assert_expands(STR(EVENT("DTSTART:20261124T090000Z\r\nRRULE:FREQ=WEEKLY;BYDAY=WE;COUNT=2\r\n")),
		"20260101T000000Z", "20270101T000000Z", "20261124T090000Z 20261125T090000Z");
	assert_expands(
		STR(EVENT("DTSTART:20261124T090000Z\r\nRRULE:FREQ=DAILY;COUNT=4\r\nEXRULE:FREQ=DAILY;INTERVAL=2\r\n")),
		"20260101T000000Z", "20270101T000000Z", "20261125T090000Z 20261127T090000Z");
}

TEST(overrides_replace_wherever_they_lie)
{
	struct str data = STR(HEAD PART("DTSTART;TZID=Europe/"
					"Berlin:20261124T090000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=4\r\n")
			PART("RECURRENCE-ID;TZID=Europe/"
			     "Berlin:20261125T090000\r\nDTSTART:20250101T000000Z\r\nDURATION:PT2H\r\n")
				PART("RECURRENCE-ID:20261126T080000Z\r\nDTSTART;TZID=Europe/"
				     "Berlin:20261126T100000\r\nSTATUS:CANCELLED\r\n")
					PART("RECURRENCE-ID:20300101T080000Z\r\nDTSTART:20300102T080000Z\r\n") TAIL);
	assert_expands(
		data, "20240101T000000Z", "20260101T000000Z", "20250101T000000Z/20250101T020000Z#20261125T080000Z");
	assert_expands(data, "20261101T000000Z", "20311201T000000Z",
		"20261124T080000Z/20261124T090000Z 20261126T090000Z!#20261126T080000Z "
		"20261127T080000Z/20261127T090000Z "
		"20300102T080000Z#20300101T080000Z");
	/* RECURRENCE-ID as a date for a timed series */
	assert_expands(STR(HEAD PART("DTSTART:20261124T090000Z\r\nRRULE:FREQ=DAILY;COUNT=2\r\n")
				       PART("RECURRENCE-ID;VALUE=DATE:20261125\r\nDTSTART:20261125T120000Z\r\n") TAIL),
		"20260101T000000Z", "20270101T000000Z", "20261124T090000Z 20261125T120000Z#20261125T090000Z");
	/* an orphan alone */
	assert_expands(STR(EVENT("RECURRENCE-ID:20261125T090000Z\r\nDTSTART:20261125T120000Z\r\n")), "20260101T000000Z",
		"20270101T000000Z", "20261125T120000Z#20261125T090000Z");
}

TEST(this_and_future_moves_all_that_follow) /* RFC 5545 §3.2.13 */
{
	assert_expands(STR(HEAD PART("DTSTART:20261124T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=4\r\n") PART(
			       "RECURRENCE-ID;RANGE=THISANDFUTURE:20261125T090000Z\r\nDTSTART:20261125T120000Z\r\n"
			       "DURATION:PT2H\r\n")
				       PART("RECURRENCE-ID:20261127T090000Z\r\nDTSTART:20261127T230000Z\r\n") TAIL),
		"20260101T000000Z", "20270101T000000Z",
		"20261124T090000Z/20261124T100000Z 20261125T120000Z/20261125T140000Z#20261125T090000Z "
		"20261126T120000Z/20261126T140000Z#20261126T090000Z 20261127T230000Z#20261127T090000Z");
}

TEST(a_shift_of_centuries_moves_the_one_instance_alone) /* found by fuzz_ical */
{
	assert_expands(
		STR(HEAD PART("DTSTART:20261124T090000Z\r\nRRULE:FREQ=DAILY;COUNT=3\r\n") PART(
			"RECURRENCE-ID;RANGE=THISANDFUTURE:20261125T090000Z\r\nDTSTART:40520206T090000Z\r\n") TAIL),
		"20260101T000000Z", "50000101T000000Z",
		"20261124T090000Z 20261126T090000Z 40520206T090000Z#20261125T090000Z");
}

TEST(an_embedded_zone_is_used_when_its_name_is_unknown)
{
#define ZONE                                                                                                           \
	"BEGIN:VTIMEZONE\r\nTZID:Customized Time Zone\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\n"                \
	"TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\r\n"             \
	"END:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n"      \
	"RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
	struct str data = STR(HEAD ZONE PART("DTSTART;TZID=Customized Time Zone:20260101T090000\r\n"
					     "RRULE:FREQ=MONTHLY;BYMONTH=1,7\r\n") TAIL);
	assert_expands(data, "20260101T000000Z", "20270101T000000Z", "20260101T080000Z 20260701T070000Z");
	assert_expands(data, "24000101T000000Z", "24010101T000000Z", "24000101T080000Z 24000701T070000Z");
	/* the name wins over what the file says of it */
	assert_expands(STR(HEAD "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
				"TZOFFSETFROM:+0900\r\nTZOFFSETTO:+0900\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n" PART(
					"DTSTART;TZID=Europe/Berlin:20260101T090000\r\n") TAIL),
		"20260101T000000Z", "20270101T000000Z", "20260101T080000Z");
}

TEST(a_day_is_a_day_in_the_zone_of_the_query)
{
	struct str data = STR(EVENT("DTSTART;VALUE=DATE:20260329\r\nRRULE:FREQ=YEARLY\r\n"));
	assert_str(expanded(data, "20260101T000000Z", "20270101T000000Z", STR("Europe/Berlin")),
		STR("20260328T230000Z/20260329T220000Z"));
	assert_str(expanded(data, "20260101T000000Z", "20270101T000000Z", STR("America/New_York")),
		STR("20260329T040000Z/20260330T040000Z"));
}

TEST(more_instances_than_the_limit_are_refused)
{
	struct occurrence *list;
	size_t n;
	assert_err(ical_expand(&test_cx, parsed(STR(EVENT("DTSTART:20260101T000000Z\r\nRRULE:FREQ=SECONDLY\r\n"))),
			   at("20260101T000000Z"), at("20270101T000000Z"), STR_ABSENT, 1000, &list, &n),
		ICAL_MAX_INSTANCES);
}

TEST(rules_that_exclude_everything_end)
{
	assert_expands(STR(EVENT("DTSTART:20260101T000000Z\r\nRRULE:FREQ=SECONDLY\r\nEXRULE:FREQ=SECONDLY\r\n")),
		"20260101T000000Z", "21000101T000000Z", "");
}

/* ---- components and properties ---- */

static bool comp_hits(struct str data, struct str name, const char *start, const char *end)
{
	struct ical *object = parsed(data);
	const struct ical_comp *comp = ical_comp_named(object->root->child, name);
	bool hit;
	if (!comp)
		comp = ical_comp_named(object->root->child->child, name);
	assert_non_null(comp);
	assert_ok(ical_comp_touches(&test_cx, object, comp, start ? at(start) : INSTANT_BEFORE,
		end ? at(end) : INSTANT_FOREVER, STR_ABSENT, &hit));
	return hit;
}

#define ALARM(lines) "BEGIN:VALARM\r\nACTION:DISPLAY\r\n" lines "END:VALARM\r\n"

TEST(alarms_ring_within_the_range_or_not) /* RFC 4791 §9.9 */
{
	struct str before = STR(EVENT(
		"DTSTART:20261124T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY\r\n" ALARM("TRIGGER:-PT15M\r\n")));
	assert_true(comp_hits(before, STR("VALARM"), "20261124T084500Z", "20261124T084501Z"));
	assert_false(comp_hits(before, STR("VALARM"), "20261124T084501Z", "20261124T095900Z"));
	assert_true(comp_hits(before, STR("VALARM"), "20361125T000000Z", "20361205T000000Z"));
	struct str after =
		STR(EVENT("DTSTART:20261124T090000Z\r\nDURATION:PT1H\r\n" ALARM("TRIGGER;RELATED=END:PT15M\r\n")));
	assert_true(comp_hits(after, STR("VALARM"), "20261124T101500Z", "20261124T101600Z"));
	assert_false(comp_hits(after, STR("VALARM"), "20261124T090000Z", "20261124T101500Z"));
	struct str fixed =
		STR(EVENT("DTSTART:20261124T090000Z\r\n" ALARM("TRIGGER;VALUE=DATE-TIME:20260101T000000Z\r\n")));
	assert_true(comp_hits(fixed, STR("VALARM"), "20260101T000000Z", "20260101T000001Z"));
	assert_false(comp_hits(fixed, STR("VALARM"), "20261124T000000Z", NULL));
	struct str again =
		STR(EVENT("DTSTART:20261124T090000Z\r\n" ALARM("TRIGGER:-P1D\r\nREPEAT:3\r\nDURATION:PT1H\r\n")));
	assert_true(comp_hits(again, STR("VALARM"), "20261123T120000Z", "20261123T120001Z"));
	assert_false(comp_hits(again, STR("VALARM"), "20261123T120001Z", NULL));
}

TEST(a_component_touches_by_its_own_instances)
{
	struct str data = STR(HEAD PART("RECURRENCE-ID:20261125T090000Z\r\nDTSTART:20270101T120000Z\r\n")
			PART("DTSTART:20261124T090000Z\r\nRRULE:FREQ=DAILY\r\n") TAIL);
	struct ical *object = parsed(data);
	const struct ical_comp *override = object->root->child, *master = override->next;
	bool hit;
	assert_ok(ical_comp_touches(
		&test_cx, object, override, at("20270101T000000Z"), INSTANT_FOREVER, STR_ABSENT, &hit));
	assert_true(hit);
	assert_ok(ical_comp_touches(
		&test_cx, object, override, at("20270102T000000Z"), INSTANT_FOREVER, STR_ABSENT, &hit));
	assert_false(hit);
	assert_ok(ical_comp_touches(
		&test_cx, object, master, at("20261125T090000Z"), at("20261125T090001Z"), STR_ABSENT, &hit));
	assert_false(hit);
	assert_ok(
		ical_comp_touches(&test_cx, object, master, at("20270101T000000Z"), INSTANT_FOREVER, STR_ABSENT, &hit));
	assert_true(hit);
	assert_true(comp_hits(STR(HEAD "BEGIN:VFREEBUSY\r\nFREEBUSY:20261124T090000Z/PT1H\r\nEND:VFREEBUSY\r\n" TAIL),
		STR("VFREEBUSY"), "20261124T095959Z", "20261125T000000Z"));
	assert_false(comp_hits(STR(HEAD "BEGIN:VFREEBUSY\r\nFREEBUSY:20261124T090000Z/PT1H\r\nEND:VFREEBUSY\r\n" TAIL),
		STR("VFREEBUSY"), "20261124T100000Z", "20261125T000000Z"));
}

TEST(a_property_touches_by_its_value)
{
	const struct {
		const char *name, *start, *end;
		bool hit;
	} cases[] = {
		{ "DTSTART", "20261201T090000Z", "20261201T090001Z", true },
		{ "DTSTART", "20261201T090001Z", "20261208T090000Z", false },
		{ "DTEND", "20261201T100000Z", "20261201T100001Z", true }, /* implied by DURATION */
		{ "DTEND", "20261201T090000Z", "20261201T100000Z", false },
		{ "DUE", "20261201T100000Z", "20261201T100001Z", true },
		{ "CREATED", "20200101T000000Z", "20200101T000001Z", true },
		{ "CREATED", "20200101T000001Z", NULL, false },
		{ "COMPLETED", NULL, NULL, false },
	};
	struct ical *object = parsed(STR(EVENT(
		"CREATED:20200101T000000Z\r\nDTSTART:20261124T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY\r\n")));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool hit;
		assert_ok(ical_prop_touches(&test_cx, object, object->root->child, str_of(cases[i].name),
			cases[i].start ? at(cases[i].start) : INSTANT_BEFORE,
			cases[i].end ? at(cases[i].end) : INSTANT_FOREVER, STR_ABSENT, &hit));
		if (hit != cases[i].hit)
			fail_msg("case %zu", i);
	}
}

/* ---- calendar-data ---- */

static void assert_data(struct str data, const struct ical_selection *selection, const char *expected)
{
	struct buf out = buf_new(test_mem, 65536);
	assert_ok(ical_expand_data(&test_cx, parsed(data), selection, &out));
	assert_str(buf_str(&out), str_of(expected));
}

TEST(expand_writes_instances_in_utc) /* RFC 4791 §9.6.5 */
{
	struct ical_selection november = { .expand = { true, at("20261125T000000Z"), at("20261127T000000Z") } };
	assert_data(
		STR(HEAD ZONE PART(
			"DTSTART;TZID=Europe/Berlin:20261124T090000\r\nDTEND;TZID=Europe/Berlin:20261124T100000\r\n"
			"SUMMARY:a\r\nRRULE:FREQ=DAILY\r\nEXDATE:20261128T080000Z\r\n" ALARM("TRIGGER:-PT5M\r\n"))
				PART("RECURRENCE-ID;TZID=Europe/Berlin:20261126T090000\r\nDTSTART:20261126T120000Z\r\n"
				     "DURATION:PT5M\r\nSUMMARY:b\r\n") TAIL),
		&november,
		HEAD "BEGIN:VEVENT\r\nDTSTART:20261125T080000Z\r\nDTEND:20261125T090000Z\r\nRECURRENCE-ID:"
		     "20261125T080000Z\r\n"
		     "UID:u\r\nSUMMARY:a\r\n" ALARM(
			     "TRIGGER:-PT5M\r\n") "END:VEVENT\r\n"
						  "BEGIN:VEVENT\r\nDTSTART:20261126T120000Z\r\nDURATION:"
						  "PT5M\r\nRECURRENCE-ID:20261126T080000Z\r\n"
						  "UID:u\r\nSUMMARY:b\r\nEND:VEVENT\r\n" TAIL);
	assert_data(STR(EVENT("DTSTART;VALUE=DATE:20261124\r\nRRULE:FREQ=DAILY;COUNT=2\r\n")), &november,
		HEAD "BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261125\r\nRECURRENCE-ID;VALUE=DATE:20261125\r\nUID:u\r\n"
		     "END:VEVENT\r\n" TAIL);
	assert_data(
		STR(EVENT("DTSTART;TZID=Europe/Berlin:20261125T090000\r\nX-AT;TZID=Europe/Berlin:20261125T090000\r\n")),
		&november,
		HEAD
		"BEGIN:VEVENT\r\nDTSTART:20261125T080000Z\r\nUID:u\r\nX-AT:20261125T080000Z\r\nEND:VEVENT\r\n" TAIL);
	assert_data(STR(EVENT("DTSTART:20281125T090000Z\r\n")), &november, HEAD TAIL);
}

TEST(limit_recurrence_set_keeps_the_overrides_that_matter) /* RFC 4791 §9.6.6 */
{
	struct ical_selection day = { .limit_recurrence = { true, at("20261126T000000Z"), at("20261127T000000Z") } };
#define MASTER PART("DTSTART:20261124T090000Z\r\nRRULE:FREQ=DAILY\r\n")
#define MOVED_IN PART("RECURRENCE-ID:20261130T090000Z\r\nDTSTART:20261126T120000Z\r\n")
#define MOVED_OUT PART("RECURRENCE-ID:20261126T090000Z\r\nDTSTART:20270126T120000Z\r\n")
#define ELSEWHERE PART("RECURRENCE-ID:20261201T090000Z\r\nDTSTART:20270126T120000Z\r\n")
	assert_data(STR(HEAD MASTER MOVED_IN MOVED_OUT ELSEWHERE TAIL), &day, HEAD MASTER MOVED_IN MOVED_OUT TAIL);
}

TEST(limit_freebusy_set_keeps_the_periods_that_matter) /* RFC 4791 §9.6.7 */
{
	struct ical_selection day = { .limit_freebusy = { true, at("20261126T000000Z"), at("20261127T000000Z") } };
	assert_data(STR(HEAD "BEGIN:VFREEBUSY\r\nFREEBUSY;FBTYPE=BUSY:20261125T090000Z/PT1H,20261126T090000Z/PT1H\r\n"
			     "FREEBUSY:20261125T090000Z/PT1H\r\nEND:VFREEBUSY\r\n" TAIL),
		&day, HEAD "BEGIN:VFREEBUSY\r\nFREEBUSY;FBTYPE=BUSY:20261126T090000Z/PT1H\r\nEND:VFREEBUSY\r\n" TAIL);
}

TEST(parts_are_selected_by_component_and_property) /* RFC 4791 §9.6.1 to §9.6.4 */
{
	const struct ical_select_prop version[] = { { STR("VERSION"), false } },
				      some[] = { { STR("SUMMARY"), true }, { STR("UID"), false } };
	const struct ical_select_comp comps[] = { { .name = STR("VEVENT"), .props = some, .prop_count = 2 } };
	const struct ical_select_comp root = {
		.name = STR("VCALENDAR"), .props = version, .prop_count = 1, .comps = comps, .comp_count = 1
	};
	struct ical_selection part = { .comp = &root };
	assert_data(STR(HEAD ZONE PART("SUMMARY;LANGUAGE=de:a\r\nDTSTART:20261124T090000Z\r\n" ALARM("")) TAIL), &part,
		"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:u\r\nSUMMARY:\r\nEND:VEVENT\r\n" TAIL);
	struct ical_selection nothing = { 0 }, no_zones = { .no_timezones = true };
	struct str odd = STR("BEGIN:VCALENDAR\nX;a=b:c\n d\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n");
	assert_data(odd, &nothing, odd.ptr);
	assert_data(STR(HEAD "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nEND:VTIMEZONE\r\n" ZONE TAIL), &no_zones,
		HEAD ZONE TAIL);
}

/* ---- free/busy ---- */

static void busy_add(struct freebusy *fb, struct str data)
{
	struct ical_facts f;
	bool needs;
	assert_ok(ical_validate(&test_cx, data, &f));
	struct object o = { .component = (int16_t)f.component,
		.flags = f.flags,
		.first_at = f.first_at,
		.last_at = f.last_at,
		.occ = f.occ,
		.occ_until = f.occ_until };
	assert_ok(freebusy_add(&test_cx, fb, &o, &needs));
	if (needs) {
		o.data = data;
		assert_ok(freebusy_add(&test_cx, fb, &o, &needs));
	}
}

TEST(busy_time_is_merged_sorted_and_clipped) /* RFC 4791 §7.10 */
{
	struct freebusy fb;
	freebusy_open(&test_cx, at("20261124T000000Z"), at("20261126T000000Z"), STR("Europe/Berlin"), &fb);
	busy_add(&fb, STR(EVENT("DTSTART:20261124T110000Z\r\nDURATION:PT1H\r\n")));
	busy_add(&fb, STR(EVENT("DTSTART:20261124T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY\r\n")));
	busy_add(&fb, STR(EVENT("DTSTART:20261124T100000Z\r\nDURATION:PT1H\r\n")));
	busy_add(&fb, STR(EVENT("DTSTART:20261124T103000Z\r\nDURATION:PT45M10S\r\nSTATUS:TENTATIVE\r\n")));
	busy_add(&fb, STR(EVENT("DTSTART:20261123T103000Z\r\nDTEND:20261124T010000Z\r\n")));
	busy_add(&fb, STR(EVENT("DTSTART:20261125T200000Z\r\nTRANSP:TRANSPARENT\r\nDURATION:PT1H\r\n")));
	busy_add(&fb, STR(EVENT("DTSTART:20261125T200000Z\r\nSTATUS:CANCELLED\r\nDURATION:PT1H\r\n")));
	busy_add(&fb, STR(EVENT("DTSTART:20261125T200000Z\r\n")));    /* a moment */
	busy_add(&fb, STR(EVENT("DTSTART;VALUE=DATE:20261126\r\n"))); /* begins at 23:00Z in Berlin */
	busy_add(&fb,
		STR(HEAD "BEGIN:VTODO\r\nUID:u\r\nDTSTART:20261125T200000Z\r\nDURATION:PT1H\r\nEND:VTODO\r\n" TAIL));
	busy_add(&fb, STR(HEAD PART("DTSTART:20261125T150000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=HOURLY;COUNT=3\r\n") PART(
			      "RECURRENCE-ID:20261125T160000Z\r\nDTSTART:20261125T160000Z\r\nDURATION:PT1H\r\n"
			      "TRANSP:TRANSPARENT\r\n") TAIL));
	freebusy_merge(&fb);
	struct buf out = buf_new(test_mem, 65536);
	freebusy_write(&test_cx, &fb, STR_ABSENT, &out);
	assert_str(buf_str(&out),
		STR("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:" ICAL_PRODID "\r\nBEGIN:VFREEBUSY\r\n"
		    "DTSTAMP:20251124T160000Z\r\nDTSTART:20261124T000000Z\r\nDTEND:20261126T000000Z\r\n"
		    "FREEBUSY;FBTYPE=BUSY:20261124T000000Z/PT1H,20261124T090000Z/PT3H,20261125T0\r\n"
		    " 90000Z/PT1H,20261125T150000Z/PT1H,20261125T170000Z/PT1H,20261125T230000Z/P\r\n T1H\r\n"
		    "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20261124T103000Z/PT45M10S\r\n"
		    "END:VFREEBUSY\r\nEND:VCALENDAR\r\n"));
}

/* What one object makes busy, as from-until, or from~until where tentative. */
static void assert_busy(struct str data, const char *from, const char *until, const char *expected)
{
	struct freebusy fb;
	struct buf out = buf_new(test_mem, 65536);
	freebusy_open(&test_cx, at(from), at(until), STR("Europe/Berlin"), &fb);
	busy_add(&fb, data);
	assert_true(fb.count <= 10);
	freebusy_merge(&fb);
	for (size_t i = 0; i < fb.count; i++) {
		buf_add(&out, i ? STR(" ") : STR(""));
		buf_add(&out, instant_ical(test_mem, fb.spans[i].start));
		buf_char(&out, fb.spans[i].kind == BUSY ? '-' : '~');
		buf_add(&out, instant_ical(test_mem, fb.spans[i].end));
	}
	assert_str(buf_str(&out), str_of(expected));
}

TEST(a_dense_series_is_busy_as_a_whole)
{
	static const struct {
		const char *lines, *override, *from, *until, *expected;
	} cases[] = {
		{ "DTSTART:20261124T090000Z\r\nDURATION:PT1S\r\nRRULE:FREQ=SECONDLY\r\n", "", "20270101T000000Z",
			"20470101T000000Z", "20270101T000000Z-20470101T000000Z" },
		{ "DTSTART:20261124T090000Z\r\nDURATION:PT1S\r\nRRULE:FREQ=SECONDLY\r\n", "", "20261124T000000Z",
			"20261124T091000Z", "20261124T090000Z-20261124T091000Z" },
		{ "DTSTART:20261124T090000Z\r\nDURATION:PT1S\r\nRRULE:FREQ=SECONDLY;COUNT=1000000\r\n", "",
			"20261101T000000Z", "20270101T000000Z", "20261124T090000Z-20261205T224640Z" },
		{ "DTSTART:20261124T090000Z\r\nDURATION:PT7M\r\nRRULE:FREQ=MINUTELY;INTERVAL=5;"
		  "UNTIL=20261224T235900Z\r\n",
			"", "20261101T000000Z", "20270101T000000Z", "20261124T090000Z-20261225T000200Z" },
		/* what is taken out is free only where no other instance reaches */
		{ "DTSTART:20261124T090000Z\r\nDURATION:PT7M\r\nRRULE:FREQ=MINUTELY;INTERVAL=5\r\n"
		  "EXDATE:20261224T000000Z,20261225T000000Z,20261225T000500Z,20261225T000100Z\r\n",
			"", "20261201T000000Z", "20270101T000000Z",
			"20261201T000000Z-20261224T000200Z 20261224T000500Z-20261225T000200Z "
			"20261225T001000Z-20270101T000000Z" },
		{ "DTSTART:20261124T090000Z\r\nDURATION:PT1M\r\nRRULE:FREQ=MINUTELY\r\nEXDATE;VALUE=DATE:20261225\r\n",
			"", "20261201T000000Z", "20270101T000000Z",
			"20261201T000000Z-20261225T000000Z 20261226T000000Z-20270101T000000Z" },
		/* an override is where it is, and what it is */
		{ "DTSTART:20261124T090000Z\r\nDURATION:PT1M\r\nRRULE:FREQ=MINUTELY\r\n",
			PART("RECURRENCE-ID:20261225T000000Z\r\nDTSTART:20261225T000000Z\r\nDURATION:PT30S\r\n"
			     "STATUS:TENTATIVE\r\n"),
			"20261201T000000Z", "20270101T000000Z",
			"20261201T000000Z-20261225T000000Z 20261225T000100Z-20270101T000000Z "
			"20261225T000000Z~20261225T000030Z" },
		/* elsewhere than it was, with all that follow: no even series any more */
		{ "DTSTART:20261124T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=HOURLY\r\n",
			PART("RECURRENCE-ID;RANGE=THISANDFUTURE:20261225T000000Z\r\nDTSTART:20261225T003000Z\r\n"
			     "DURATION:PT1H\r\n"),
			"20261201T000000Z", "20270101T000000Z",
			"20261201T000000Z-20261225T000000Z 20261225T003000Z-20270101T000000Z" },
		{ "DTSTART:20261124T090000Z\r\nDURATION:PT1H\r\nTRANSP:TRANSPARENT\r\nRRULE:FREQ=HOURLY\r\n",
			PART("RECURRENCE-ID:20261225T000000Z\r\nDTSTART:20261225T003000Z\r\nDURATION:PT1H\r\n"),
			"20261201T000000Z", "20270101T000000Z", "20261225T003000Z-20261225T013000Z" },
		/* shorter than its step: each stands alone */
		{ "DTSTART:20261124T090000Z\r\nDURATION:PT59S\r\nRRULE:FREQ=MINUTELY\r\n", "", "20371124T090000Z",
			"20371124T090200Z", "20371124T090000Z-20371124T090059Z 20371124T090100Z-20371124T090159Z" },
		/* moments make nobody busy */
		{ "DTSTART:20261124T090000Z\r\nRRULE:FREQ=SECONDLY\r\n", "", "20261124T090000Z", "20281124T090500Z",
			"" },
		{ "DTSTART:20261124T090000Z\r\nRRULE:FREQ=SECONDLY;BYMONTH=11,12\r\n",
			PART("RECURRENCE-ID:20261225T000000Z\r\nDTSTART:20261225T003000Z\r\nDURATION:PT1H\r\n"),
			"20261124T090000Z", "20281124T090500Z", "20261225T003000Z-20261225T013000Z" },
		/* floating: on the clock of Berlin, that gains an hour */
		{ "DTSTART:20270301T000000\r\nDURATION:PT1S\r\nRRULE:FREQ=SECONDLY;UNTIL=20270401T000000\r\n", "",
			"20270101T000000Z", "20280101T000000Z", "20270228T230000Z-20270331T220001Z" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_busy(str_fmt(test_mem, HEAD "BEGIN:VEVENT\r\nUID:u\r\n%sEND:VEVENT\r\n%s" TAIL, cases[i].lines,
				    cases[i].override),
			cases[i].from, cases[i].until, cases[i].expected);
}

/* ---- windows of one instance ---- */

/* The object as it is stored, so that what is packed decides. */
static struct object stored(struct str data)
{
	struct ical_facts facts;
	assert_ok(ical_validate(&test_cx, data, &facts));
	return (struct object){ .data = data,
		.component = facts.component,
		.flags = facts.flags,
		.first_at = facts.first_at,
		.last_at = facts.last_at,
		.occ_until = facts.occ_until,
		.occ = facts.occ };
}

static size_t count_touching(const struct occurrence *all, size_t n, int64_t a, int64_t b)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++) {
		int64_t first = instant_s(all[i].start), last = instant_s(all[i].end);
		count += first < b && (last > first ? last : first + 1) > a;
	}
	return count;
}

static void check_window(
	struct str data, const struct object *object, const struct occurrence *all, size_t n, int64_t a, int64_t b)
{
	struct occurrence *list;
	size_t count, want = count_touching(all, n, a, b);
	bool touches, needs_data;
	struct arena_mark mark = arena_mark(test_mem);
	assert_ok(
		ical_expand(&test_cx, parsed(data), instant_of_s(a), instant_of_s(b), STR_ABSENT, 1000, &list, &count));
	assert_ok(ical_touches(&test_cx, object, instant_of_s(a), instant_of_s(b), STR_ABSENT, &touches, &needs_data));
	if (count != want || touches != (want > 0) || needs_data)
		fail_msg("%.*s to %.*s: %zu instances and %s, not %zu, of\n%.*s",
			STR_ARG(instant_ical(test_mem, instant_of_s(a))),
			STR_ARG(instant_ical(test_mem, instant_of_s(b))), count, touches ? "touched" : "not touched",
			want, STR_ARG(data));
	arena_rewind(test_mem, mark);
}

/*
 * An instance is found by a second at its beginning and one at its end, and nothing is by those before and after: where
 * a THISANDFUTURE shift, a lost or doubled hour, a lost day, the end of COUNT, a long RDATE or a long override makes
 * that hard.
 */
TEST(each_instance_is_found_by_the_narrowest_window)
{
	static const struct {
		const char *data;
		size_t count;
	} cases[] = {
		{ EVENT("DTSTART;TZID=Europe/"
			"Berlin:20261020T023000\r\nDURATION:PT20M\r\nRRULE:FREQ=DAILY;COUNT=12\r\n"),
			12 },
		{ EVENT("DTSTART;TZID=Europe/Berlin:20260325T023000\r\nDURATION:PT2H\r\nRRULE:FREQ=DAILY;COUNT=9\r\n"),
			9 },
		{ EVENT("DTSTART;TZID=Europe/"
			"Berlin:20261024T223000\r\nDURATION:PT10M\r\nRRULE:FREQ=HOURLY;COUNT=9\r\n"),
			9 },
		/* Samoa had no 30 December 2011. */
		{ EVENT("DTSTART;TZID=Pacific/Apia:20111227T100000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=7\r\n"),
			7 },
		{ EVENT("DTSTART;TZID=Pacific/Apia:20111227T233000\r\nDURATION:P1D\r\nRRULE:FREQ=DAILY;COUNT=6\r\n"),
			6 },
		{ EVENT("DTSTART;TZID=Australia/"
			"Lord_Howe:20260404T014500\r\nDURATION:PT15M\r\nRRULE:FREQ=DAILY;COUNT=3\r\n"),
			3 },
		/* A shift of a day and more, forward and back, and a second one. */
		{ HEAD PART("DTSTART;TZID=Europe/"
			    "Berlin:20261101T090000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;INTERVAL=3;COUNT=8\r\n")
				PART("RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261107T090000\r\n"
				     "DTSTART;TZID=Europe/Berlin:20261109T040000\r\nDURATION:PT3H\r\n")
					PART("RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261116T090000\r\n"
					     "DTSTART;TZID=Europe/Berlin:20261114T220000\r\nDURATION:PT5M\r\n") TAIL,
			8 },
		/* A shift over the change of clock. */
		{ HEAD PART("DTSTART;TZID=Europe/"
			    "Berlin:20261020T010000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=10\r\n")
				PART("RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261022T010000\r\n"
				     "DTSTART;TZID=Europe/Berlin:20261022T023000\r\nDURATION:PT1H\r\n") TAIL,
			10 },
		{ HEAD PART("DTSTART;VALUE=DATE:20261101\r\nRRULE:FREQ=WEEKLY;COUNT=6\r\n") PART(
			  "RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20261115\r\nDTSTART;VALUE=DATE:20261118\r\n"
			  "DTEND;VALUE=DATE:20261120\r\n") TAIL,
			6 },
		/* One that is longer than its neighbours: its tail lies behind others. */
		{ HEAD PART("DTSTART:20261101T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=10\r\n") PART(
			  "RECURRENCE-ID:20261104T090000Z\r\nDTSTART:20261104T090000Z\r\nDURATION:PT100H\r\n") TAIL,
			10 },
		{ HEAD PART("DTSTART:20261101T090000Z\r\nDURATION:PT100H\r\nRRULE:FREQ=DAILY;COUNT=10\r\n") PART(
			  "RECURRENCE-ID:20261104T090000Z\r\nDTSTART:20261104T090000Z\r\nDURATION:PT1H\r\n") TAIL,
			10 },
		{ EVENT("DTSTART:20261101T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=4\r\n"
			"RDATE;VALUE=PERIOD:20261102T120000Z/P5D,20261120T000000Z/20261120T000001Z\r\n"),
			6 },
		/* The second pass, added beside the first. */
		{ EVENT("DTSTART;TZID=Europe/Berlin:20261024T023000\r\nDURATION:PT10M\r\nRRULE:FREQ=DAILY;COUNT=3\r\n"
			"RDATE:20261025T013000Z\r\n"),
			4 },
		{ EVENT("DTSTART:20261101T090000Z\r\nRRULE:FREQ=DAILY;COUNT=4\r\n"), 4 }, /* moments */
	};
	for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
		struct str data = str_of(cases[c].data);
		struct occurrence *all;
		size_t n;
		const struct object object = stored(data);
		assert_ok(ical_expand(
			&test_cx, parsed(data), INSTANT_BEFORE, INSTANT_FOREVER, STR_ABSENT, 1000, &all, &n));
		assert_int_equal(n, cases[c].count);
		for (size_t i = 0; i < n; i++)
			for (int64_t step = -1; step <= 1; step++) {
				int64_t start = instant_s(all[i].start) + step, end = instant_s(all[i].end) + step;
				check_window(data, &object, all, n, start, start + 1);
				check_window(data, &object, all, n, end - 1, end);
			}
	}
}

TEST(lines_are_folded_at_75_octets_and_never_inside_a_character) /* RFC 5545 §3.1 */
{
	struct buf out = buf_new(test_mem, 65536);
	struct str value = STR("ää€€𝄞𝄞ääääääääääääääääääääääääääääääääääääääääääää𝄞𝄞𝄞𝄞𝄞𝄞𝄞𝄞𝄞𝄞𝄞𝄞𝄞𝄞𝄞𝄞€€€€€€€€€€€€€€€€€€");
	ical_line(&out, STR("SUMMARY"), STR(""), ical_escape(test_mem, STR("a;b,c\\d\ne\r\nf")));
	assert_str(buf_str(&out), STR("SUMMARY:a\\;b\\,c\\\\d\\ne\\nf\r\n"));
	for (size_t cut = 0; cut < 40; cut++) {
		buf_clear(&out);
		struct str name = str_sub(STR("XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"), 0, cut + 1);
		ical_line(&out, name, STR(""), value);
		struct str rest = buf_str(&out), line, joined = STR("");
		while (str_cut(&rest, '\n', &line) && line.len) {
			assert_true(line.len <= 76 && str_is_utf8(line));
			joined = str_cat(test_mem, joined, str_sub(line, joined.len ? 1 : 0, line.len - 1));
		}
		assert_str(str_from(joined, name.len + 1), value);
	}
}

TESTS(RUN(instances_keep_their_wall_clock_time), RUN(each_instance_is_found_by_the_narrowest_window),
	RUN(until_is_inclusive_in_every_form), RUN(exdates_take_out_in_every_form),
	RUN(rdates_and_two_rules_are_merged_once_each), RUN(overrides_replace_wherever_they_lie),
	RUN(this_and_future_moves_all_that_follow), RUN(a_shift_of_centuries_moves_the_one_instance_alone),
	RUN(an_embedded_zone_is_used_when_its_name_is_unknown), RUN(a_day_is_a_day_in_the_zone_of_the_query),
	RUN(more_instances_than_the_limit_are_refused), RUN(rules_that_exclude_everything_end),
	RUN(alarms_ring_within_the_range_or_not), RUN(a_component_touches_by_its_own_instances),
	RUN(a_property_touches_by_its_value), RUN(expand_writes_instances_in_utc),
	RUN(limit_recurrence_set_keeps_the_overrides_that_matter),
	RUN(limit_freebusy_set_keeps_the_periods_that_matter), RUN(parts_are_selected_by_component_and_property),
	RUN(busy_time_is_merged_sorted_and_clipped), RUN(a_dense_series_is_busy_as_a_whole),
	RUN(lines_are_folded_at_75_octets_and_never_inside_a_character))
