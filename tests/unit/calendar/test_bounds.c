/* SPDX-License-Identifier: Apache-2.0 */
/* What is stored of a series whose rule takes too long to follow. Nobody may take it for all that there is. */
#include "tests/support/ical.h"

#include "caldav/calendar/recur/instances.h"
#include "caldav/calendar/view/select.h"
#include "caldav/calendar/validate.h"
#include "caldav/calendar/view/time_range.h"

/* test_cx.now is in November 2025; the instances asked for are far beyond what a walk can count up to. */
static const struct {
	const char *name;
	struct str data;
	const char *start, *end; /* of one that is there, too far to be followed */
	const char *seen;        /* of one that can be seen; NULL: none can */
} cases[] = {
	{ "COUNT runs from long ago to after the first second that is kept",
		STR_INIT(EVENT("DTSTART:20240601T000000Z\r\nRRULE:FREQ=SECONDLY;BYMINUTE=0;COUNT=450000\r\n")),
		"20250401T000000Z", "20250401T000001Z", "20240601T010000Z" },
	{ "COUNT runs through the years that are kept",
		STR_INIT(EVENT("DTSTART:20200101T000000Z\r\nRRULE:FREQ=MINUTELY;BYHOUR=8,9,10,11,12,13,14,15;COUNT="
			       "1500000\r\n")),
		"20260601T080000Z", "20260601T080100Z", "20200101T080000Z" },
	{ "EXRULE takes out more than a walk passes",
		STR_INIT(EVENT(
			"DTSTART:20260101T000000Z\r\nRRULE:FREQ=SECONDLY\r\nEXRULE:FREQ=SECONDLY;COUNT=600000\r\n")),
		"20260108T000000Z", "20260120T000000Z", NULL },
	{ "COUNT in another calendar",
		STR_INIT(EVENT("DTSTART:16000110T090000Z\r\nRRULE:RSCALE=HEBREW;FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;"
			       "BYMONTHDAY=1,2,3,4,5,6,7,8,9,10,11,12,13,14;COUNT=90000\r\n")),
		"20260601T000000Z", "20260701T000000Z", "16000110T090000Z" },
};

static struct object stored(struct str data)
{
	struct ical_facts facts;
	assert_ok(ical_validate(&test_cx, data, &facts));
	return (struct object){ .component = facts.component,
		.flags = facts.flags,
		.first_at = facts.first_at,
		.last_at = facts.last_at,
		.occ_until = facts.occ_until,
		.occ = facts.occ };
}

/* Without its bytes: yes, or ask for them; with them: yes. */
static void assert_may_touch(const char *name, struct object o, struct str data, const char *start, const char *end)
{
	bool in_range, needs_data;
	assert_ok(object_in_time_range(&test_cx, &o, at(start), at(end), STR_ABSENT, &in_range, &needs_data));
	if (!in_range && !needs_data)
		fail_msg("%s: what is stored denies %s", name, start);
	o.data = data;
	assert_ok(object_in_time_range(&test_cx, &o, at(start), at(end), STR_ABSENT, &in_range, &needs_data));
	if (!in_range)
		fail_msg("%s: the object denies %s", name, start);
}

TEST(what_could_not_be_followed_is_not_stored_as_complete)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct object o = stored(cases[i].data);
		if (o.last_at.us != INSTANT_FOREVER.us)
			fail_msg("%s: ends", cases[i].name);
		assert_may_touch(cases[i].name, o, cases[i].data, cases[i].start, cases[i].end);
		if (cases[i].seen)
			assert_may_touch(cases[i].name, o, cases[i].data, cases[i].seen, cases[i].start);
	}
}

TEST(no_list_leaves_out_what_could_not_be_followed)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ical *object = parsed(cases[i].data);
		const struct ical_selection selection = { .expand = { true, at(cases[i].start), at(cases[i].end) } };
		struct buf out = buf_new(test_mem, 1 << 20);
		struct occurrence *list;
		size_t n;
		if (!cases[i].seen) /* only what is kept of it is too much work, not what is asked for here */
			continue;
		assert_err(ical_expand(&test_cx, object, at(cases[i].start), at(cases[i].end), STR_ABSENT, 1000000,
				   &list, &n),
			TOO_COSTLY);
		assert_err(ical_expand_data(&test_cx, object, &selection, &out), TOO_COSTLY);
	}
}

/* The search for what never comes ends far after what was asked for. */
TEST(what_was_given_up_later_is_whole_until_then)
{
	struct ical *object =
		parsed(STR(EVENT("DTSTART:20130210T090000Z\r\nRRULE:RSCALE=DANGI;FREQ=DAILY;BYMONTH=12L\r\n")));
	struct occurrence *list;
	size_t n;
	assert_ok(ical_expand(
		&test_cx, object, at("20260601T000000Z"), at("20260701T000000Z"), STR_ABSENT, 100, &list, &n));
	assert_int_equal(n, 0);
}

/* A filter on the component, on its property and on its alarm: they may be there. */
TEST(filters_let_pass_what_could_not_be_followed)
{
	struct str data = STR(EVENT("DTSTART:20240601T000000Z\r\nRRULE:FREQ=SECONDLY;BYMINUTE=0;COUNT=450000\r\n" ALARM(
		"TRIGGER:-PT15M\r\n")));
	struct instant a = at("20250401T000000Z"), b = at("20250401T000001Z");
	struct ical *object = parsed(data);
	const struct ical_comp *event = object->root->child, *alarm = event->child;
	bool hit = false;
	assert_ok(comp_in_time_range(&test_cx, object, event, a, b, STR_ABSENT, &hit));
	assert_true(hit);
	assert_ok(comp_in_time_range(&test_cx, object, alarm, a, b, STR_ABSENT, &hit));
	assert_true(hit);
	assert_ok(prop_in_time_range(&test_cx, object, event, STR("DTSTART"), a, b, STR_ABSENT, &hit));
	assert_true(hit);
}

/* It may belong there: who edits the series must not drop it. */
TEST(an_exception_of_an_instance_that_is_too_far_belongs_to_the_series)
{
	struct ical *object = parsed(cases[0].data);
	const struct series *s;
	assert_ok(series_read(&test_cx, object, &s));
	struct when original = s->clock;
	original.local = instant_s(at("20250401T000000Z"));
	assert_true(series_makes(test_mem, s, original));
}

TESTS(RUN(what_could_not_be_followed_is_not_stored_as_complete), RUN(no_list_leaves_out_what_could_not_be_followed),
	RUN(what_was_given_up_later_is_whole_until_then), RUN(filters_let_pass_what_could_not_be_followed),
	RUN(an_exception_of_an_instance_that_is_too_far_belongs_to_the_series))
