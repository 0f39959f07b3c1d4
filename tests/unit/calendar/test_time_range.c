/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/ical.h"

#include "caldav/calendar/view/time_range.h"

static bool comp_hits(struct str data, struct str name, const char *start, const char *end)
{
	struct ical *object = parsed(data);
	const struct ical_comp *comp = ical_comp_named(object->root->child, name);
	bool hit;
	if (!comp)
		comp = ical_comp_named(object->root->child->child, name);
	assert_non_null(comp);
	assert_ok(comp_in_time_range(&test_cx, object, comp, start ? at(start) : INSTANT_BEFORE,
		end ? at(end) : INSTANT_FOREVER, STR_ABSENT, &hit));
	return hit;
}

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
	assert_ok(comp_in_time_range(
		&test_cx, object, override, at("20270101T000000Z"), INSTANT_FOREVER, STR_ABSENT, &hit));
	assert_true(hit);
	assert_ok(comp_in_time_range(
		&test_cx, object, override, at("20270102T000000Z"), INSTANT_FOREVER, STR_ABSENT, &hit));
	assert_false(hit);
	assert_ok(comp_in_time_range(
		&test_cx, object, master, at("20261125T090000Z"), at("20261125T090001Z"), STR_ABSENT, &hit));
	assert_false(hit);
	assert_ok(comp_in_time_range(
		&test_cx, object, master, at("20270101T000000Z"), INSTANT_FOREVER, STR_ABSENT, &hit));
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
		assert_ok(prop_in_time_range(&test_cx, object, object->root->child, str_of(cases[i].name),
			cases[i].start ? at(cases[i].start) : INSTANT_BEFORE,
			cases[i].end ? at(cases[i].end) : INSTANT_FOREVER, STR_ABSENT, &hit));
		if (hit != cases[i].hit)
			fail_msg("case %zu", i);
	}
}

TESTS(RUN(alarms_ring_within_the_range_or_not), RUN(a_component_touches_by_its_own_instances),
	RUN(a_property_touches_by_its_value))
