/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/reports/filter_match.h"
#include "tests/support/test.h"

#define CAL(inside) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n" inside "END:VCALENDAR\r\n"
#define COMP(name, inside)                                                                                             \
	"BEGIN:" name "\r\nUID:one-long-uid-of-an-object@example.org\r\nDTSTAMP:20260101T000000Z\r\n" inside           \
	"END:" name "\r\n"
#define EVENT(inside) CAL(COMP("VEVENT", inside))
#define TODO(inside) CAL(COMP("VTODO", inside))

#define FILTER(inside)                                                                                                 \
	"<C:calendar-query xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav'><C:filter>" inside                     \
	"</C:filter></C:calendar-query>"
#define ON_CALENDAR(inside) FILTER("<C:comp-filter name='VCALENDAR'>" inside "</C:comp-filter>")
#define ON_COMP(name, inside) ON_CALENDAR("<C:comp-filter name='" name "'>" inside "</C:comp-filter>")
#define ANY(inside) FILTER("<C:comp-filter name='VCALENDAR' test='anyof'>" inside "</C:comp-filter>")
#define RANGE(start, end) "<C:time-range start='" start "' end='" end "'/>"

static err_t read(const char *body, struct filter *out)
{
	const struct xml_node *root = NULL;
	assert_ok(xml_parse(&test_cx, str_of(body), &root));
	return filter_read(&test_cx, root, out);
}

static bool matches(const char *body, const char *data)
{
	struct filter f;
	struct ical *object = NULL;
	bool fits = false;
	assert_ok(read(body, &f));
	assert_ok(ical_parse(&test_cx, str_of(data), &object));
	assert_ok(filter_matches(&test_cx, &f, object, STR_ABSENT, &fits));
	if (fits && !filter_may_hold(&f.plan, str_of(data)))
		fail_msg("the needle misses what the filter matches: %s", body);
	return fits;
}

struct match_case {
	const char *filter, *data;
	bool fits;
};

static void check(const struct match_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (matches(cases[i].filter, cases[i].data) != cases[i].fits)
			fail_msg("case %zu should %smatch: %s", i, cases[i].fits ? "" : "not ", cases[i].filter);
}

#define LUNCH                                                                                                          \
	EVENT("DTSTART:20260302T120000Z\r\nDTEND:20260302T130000Z\r\nSUMMARY:Lunch with\\, Bob\r\n"                    \
	      "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:bob@example.org\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:ann@"        \
	      "example.org\r\n")

TEST(components_are_asked_by_name) /* RFC 4791 §9.7.1 */
{
	static const struct match_case cases[] = {
		{ ON_CALENDAR(""), LUNCH, true },
		{ ON_COMP("VEVENT", ""), LUNCH, true },
		{ ON_COMP("vevent", ""), LUNCH, true },
		{ ON_COMP("VTODO", ""), LUNCH, false },
		{ ON_COMP("VTODO", "<C:is-not-defined/>"), LUNCH, true },
		{ ON_COMP("VEVENT", "<C:is-not-defined/>"), LUNCH, false },
		{ ON_COMP("VEVENT", "<C:comp-filter name='VALARM'/>"), LUNCH, false },
		{ ON_COMP("VEVENT", "<C:comp-filter name='VALARM'><C:is-not-defined/></C:comp-filter>"), LUNCH, true },
		{ FILTER("<C:comp-filter name='VCALENDAR'><C:is-not-defined/></C:comp-filter>"), LUNCH, false },
	};
	check(cases, ARRAY_LEN(cases));
}

#define TEXT(prop, attributes, text)                                                                                   \
	ON_COMP("VEVENT",                                                                                              \
		"<C:prop-filter name='" prop "'><C:text-match " attributes ">" text "</C:text-match></C:prop-filter>")

TEST(texts_are_searched_by_collation_and_without_escapes) /* RFC 4791 §9.7.5, §7.5 */
{
	static const struct match_case cases[] = {
		{ TEXT("SUMMARY", "", "lunch"), LUNCH, true },
		{ TEXT("SUMMARY", "collation='i;ascii-casemap'", "WITH, BOB"), LUNCH, true },
		{ TEXT("SUMMARY", "collation='i;octet'", "lunch"), LUNCH, false },
		{ TEXT("SUMMARY", "collation='i;octet'", "Lunch"), LUNCH, true },
		{ TEXT("SUMMARY", "negate-condition='yes'", "lunch"), LUNCH, false },
		{ TEXT("SUMMARY", "negate-condition='yes'", "dinner"), LUNCH, true },
		{ TEXT("SUMMARY", "negate-condition='no'", "dinner"), LUNCH, false },
		{ TEXT("DESCRIPTION", "negate-condition='yes'", "x"), LUNCH, false }, /* it must be there */
		{ TEXT("SUMMARY", "", ""), LUNCH, true },
		{ TEXT("UID", "", "one-long-uid"), LUNCH, true },
		{ ON_COMP("VEVENT", "<C:prop-filter name='LOCATION'><C:is-not-defined/></C:prop-filter>"), LUNCH,
			true },
		{ ON_COMP("VEVENT", "<C:prop-filter name='SUMMARY'><C:is-not-defined/></C:prop-filter>"), LUNCH,
			false },
		{ ON_COMP("VEVENT", "<C:prop-filter name='SUMMARY'/>"), LUNCH, true },
	};
	check(cases, ARRAY_LEN(cases));
}

#define UNICODE "collation='i;unicode-casemap'"

TEST(texts_are_searched_in_every_script) /* RFC 5051 §2 */
{
	static const char data[] =
		EVENT("DTSTART:20260302T120000Z\r\nSUMMARY:Ärger um ΣΟΦΙΑ\\, caf\r\n é und ﬁn ǆ\r\n");
	static const struct match_case cases[] = {
		{ TEXT("SUMMARY", "", "ärger"), data, false },
		{ TEXT("SUMMARY", UNICODE, "ärger"), data, true },
		{ TEXT("SUMMARY", UNICODE, "A\xCC\x88RGER"), data, true }, /* decomposed */
		{ TEXT("SUMMARY", UNICODE, "Σοφια,"), data, true },
		{ TEXT("SUMMARY", UNICODE, "cafe"), data, true }, /* the accent is a character of its own */
		{ TEXT("SUMMARY", UNICODE, "cafes"), data, false },
		{ TEXT("SUMMARY", UNICODE, "ﬁN"), data, true },
		{ TEXT("SUMMARY", UNICODE, "fin"), data, false }, /* what a ligature falls into gets no case */
		{ TEXT("SUMMARY", UNICODE, "Ǆ"), data, true },
		{ TEXT("SUMMARY", UNICODE, "UND"), data, true },
		{ TEXT("SUMMARY", UNICODE " negate-condition='yes'", "ÄRGER"), data, false },
		{ TEXT("UID", UNICODE, "One-Long-Uid-Of-An-Object@example.org"), data, true },
		{ TEXT("UID", UNICODE, "another-long-uid-of-an-object"), data, false },
	};
	check(cases, ARRAY_LEN(cases));
}

#define PARAM(text, inside)                                                                                            \
	ON_COMP("VEVENT",                                                                                              \
		"<C:prop-filter name='ATTENDEE'><C:text-match>" text                                                   \
		"</C:text-match><C:param-filter name='PARTSTAT'>" inside "</C:param-filter></C:prop-filter>")

TEST(a_parameter_belongs_to_the_property_that_matches) /* RFC 4791 §9.7.3 */
{
	static const struct match_case cases[] = {
		{ PARAM("bob", "<C:text-match>needs-action</C:text-match>"), LUNCH, true },
		{ PARAM("ann", "<C:text-match>needs-action</C:text-match>"), LUNCH, false },
		{ PARAM("bob", "<C:is-not-defined/>"), LUNCH, false },
		{ PARAM("bob", ""), LUNCH, true },
	};
	check(cases, ARRAY_LEN(cases));
}

#define WEEKLY                                                                                                         \
	CAL(COMP("VEVENT", "DTSTART:20260105T090000Z\r\nDTEND:20260105T100000Z\r\nRRULE:FREQ=WEEKLY;COUNT=4\r\n"       \
			   "EXDATE:20260112T090000Z\r\nSUMMARY:Series\r\n")                                            \
			COMP("VEVENT", "RECURRENCE-ID:20260119T090000Z\r\nDTSTART:20260301T090000Z\r\n"                \
				       "DTEND:20260301T100000Z\r\nSUMMARY:Moved\r\n"))

#define WITHIN(start, end) ON_COMP("VEVENT", RANGE(start, end))
#define TEXT_IN(text) "<C:prop-filter name='SUMMARY'><C:text-match>" text "</C:text-match></C:prop-filter>"

TEST(ranges_meet_instances_overrides_and_no_exdates) /* RFC 4791 §9.9 */
{
	static const struct match_case cases[] = {
		{ WITHIN("20260302T115900Z", "20260302T120000Z"), LUNCH, false }, /* half-open */
		{ WITHIN("20260302T125959Z", "20260302T130100Z"), LUNCH, true },
		{ WITHIN("20260302T130000Z", "20260302T140000Z"), LUNCH, false },
		{ ON_COMP("VEVENT", "<C:time-range start='20260302T110000Z'/>"), LUNCH, true },
		{ ON_COMP("VEVENT", "<C:time-range end='20260302T120000Z'/>"), LUNCH, false },
		{ WITHIN("20260126T000000Z", "20260127T000000Z"), WEEKLY, true },
		{ WITHIN("20260112T000000Z", "20260113T000000Z"), WEEKLY, false }, /* EXDATE */
		{ WITHIN("20260119T000000Z", "20260120T000000Z"), WEEKLY, false }, /* moved away */
		{ WITHIN("20260301T000000Z", "20260302T000000Z"), WEEKLY, true },  /* to here */
		{ WITHIN("20260202T000000Z", "20260203T000000Z"), WEEKLY, false }, /* after COUNT */
		{ ON_COMP("VEVENT", RANGE("20260301T000000Z", "20260302T000000Z") TEXT_IN("Moved")), WEEKLY, true },
		{ ON_COMP("VEVENT", RANGE("20260301T000000Z", "20260302T000000Z") TEXT_IN("Series")), WEEKLY, false },
	};
	check(cases, ARRAY_LEN(cases));
}

#define TODO_IN(start, end) ON_COMP("VTODO", RANGE(start, end))

TEST(a_todo_is_in_a_range_by_the_eight_cases) /* RFC 4791 §9.9 */
{
	static const struct match_case cases[] = {
		{ TODO_IN("20260310T000000Z", "20260311T000000Z"), TODO("DTSTART:20260309T000000Z\r\nDURATION:P2D\r\n"),
			true },
		{ TODO_IN("20260312T000000Z", "20260313T000000Z"), TODO("DTSTART:20260309T000000Z\r\nDURATION:P2D\r\n"),
			false },
		{ TODO_IN("20260310T000000Z", "20260311T000000Z"),
			TODO("DTSTART:20260309T000000Z\r\nDUE:20260312T000000Z\r\n"), true },
		{ TODO_IN("20260310T000000Z", "20260311T000000Z"), TODO("DTSTART:20260310T120000Z\r\n"), true },
		{ TODO_IN("20260310T000000Z", "20260311T000000Z"), TODO("DUE:20260311T000000Z\r\n"), true },
		{ TODO_IN("20260310T000000Z", "20260311T000000Z"), TODO("DUE:20260310T000000Z\r\n"), false },
		{ TODO_IN("20260310T000000Z", "20260311T000000Z"),
			TODO("CREATED:20260101T000000Z\r\nCOMPLETED:20260310T120000Z\r\n"), true },
		{ TODO_IN("20260310T000000Z", "20260311T000000Z"), TODO("COMPLETED:20260310T120000Z\r\n"), true },
		{ TODO_IN("20260310T000000Z", "20260311T000000Z"), TODO("COMPLETED:20260312T120000Z\r\n"), false },
		{ TODO_IN("20260310T000000Z", "20260311T000000Z"), TODO("CREATED:20260101T000000Z\r\n"), true },
		{ TODO_IN("20260310T000000Z", "20260311T000000Z"), TODO("CREATED:20260401T000000Z\r\n"), false },
		{ TODO_IN("20260310T000000Z", "20260311T000000Z"), TODO("SUMMARY:Some time\r\n"), true },
	};
	check(cases, ARRAY_LEN(cases));
}

#define ALARM(inside) "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\n" inside "END:VALARM\r\n"
#define ALARM_IN(start, end) ON_COMP("VEVENT", "<C:comp-filter name='VALARM'>" RANGE(start, end) "</C:comp-filter>")

TEST(an_alarm_is_in_a_range_by_its_triggers) /* RFC 4791 §9.9 */
{
	static const struct match_case cases[] = {
		{ ALARM_IN("20260302T114500Z", "20260302T114600Z"),
			EVENT("DTSTART:20260302T120000Z\r\nDTEND:20260302T130000Z\r\n" ALARM("TRIGGER:-PT15M\r\n")),
			true },
		{ ALARM_IN("20260302T115900Z", "20260302T130000Z"),
			EVENT("DTSTART:20260302T120000Z\r\nDTEND:20260302T130000Z\r\n" ALARM("TRIGGER:-PT15M\r\n")),
			false },
		{ ALARM_IN("20260302T130000Z", "20260302T130001Z"),
			EVENT("DTSTART:20260302T120000Z\r\nDTEND:20260302T130000Z\r\n" ALARM(
				"TRIGGER;RELATED=END:PT0S\r\n")),
			true },
		{ ALARM_IN("20260301T000000Z", "20260301T000100Z"),
			EVENT("DTSTART:20260302T120000Z\r\n" ALARM("TRIGGER;VALUE=DATE-TIME:20260301T000000Z\r\n")),
			true },
		{ ALARM_IN("20260302T115500Z", "20260302T115600Z"),
			EVENT("DTSTART:20260302T120000Z\r\n" ALARM("TRIGGER:-PT15M\r\nREPEAT:2\r\nDURATION:PT5M\r\n")),
			true },
	};
	check(cases, ARRAY_LEN(cases));
}

TEST(properties_have_ranges_too) /* RFC 4791 §9.7.2, §9.9 */
{
#define PROP_IN(name, start, end)                                                                                      \
	ON_COMP("VEVENT", "<C:prop-filter name='" name "'>" RANGE(start, end) "</C:prop-filter>")
	static const struct match_case cases[] = {
		{ PROP_IN("DTSTART", "20260302T120000Z", "20260302T120001Z"), LUNCH, true },
		{ PROP_IN("DTSTART", "20260302T120001Z", "20260302T130000Z"), LUNCH, false },
		{ PROP_IN("DTEND", "20260302T130000Z", "20260302T130001Z"),
			EVENT("DTSTART:20260302T120000Z\r\nDURATION:PT1H\r\n"), true },
		{ PROP_IN("CREATED", "20260302T130000Z", "20260302T130001Z"), LUNCH, false },
	};
	check(cases, ARRAY_LEN(cases));
}

TEST(filters_that_are_none_are_refused_with_their_precondition)
{
	static const struct {
		const char *body;
		enum err_kind kind;
	} cases[] = {
		{ FILTER(""), DAV_FILTER },
		{ FILTER("<C:comp-filter/>"), DAV_FILTER },
		{ FILTER("<C:comp-filter name='VEVENT'/>"), DAV_FILTER },
		{ FILTER("<C:comp-filter name='VCALENDAR'/><C:comp-filter name='VCALENDAR'/>"), DAV_FILTER },
		{ ON_CALENDAR(RANGE("20260302T120000Z", "20260303T120000Z")), DAV_FILTER },
		{ WITHIN("20260302T120000", "20260303T120000Z"), DAV_FILTER }, /* floating: strictness §5.4 */
		{ WITHIN("20260302", "20260303"), DAV_FILTER },
		{ WITHIN("20260303T120000Z", "20260302T120000Z"), DAV_FILTER },
		{ WITHIN("20260302T120000Z", "20260302T120000Z"), DAV_FILTER },
		{ ON_COMP("VEVENT", "<C:time-range/>"), MALFORMED },
		{ ON_COMP("VEVENT", "<C:is-not-defined/><C:prop-filter name='X'/>"), DAV_FILTER },
		{ ON_COMP("VEVENT", "<C:prop-filter/>"), DAV_FILTER },
		{ TEXT("SUMMARY", "collation='i;unknown'", "x"), DAV_COLLATION },
		{ TEXT("SUMMARY", "collation=''", "x"), DAV_COLLATION },
		{ TEXT("SUMMARY", "negate-condition='maybe'", "x"), DAV_FILTER },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct filter f;
		err_t e = read(cases[i].body, &f);
		if (!err_is(e, cases[i].kind))
			fail_msg("case %zu: %s for %s", i, e ? err_row(e->kind)->name : "OK", cases[i].body);
	}
}

TEST(a_filter_of_thousands_is_refused)
{
	struct buf body = buf_new(test_mem, 1 << 20);
	struct filter f;
	BUF_LIT(&body, "<C:calendar-query xmlns:C='urn:ietf:params:xml:ns:caldav'><C:filter>"
		       "<C:comp-filter name='VCALENDAR'>");
	for (int i = 0; i < 5000; i++)
		BUF_LIT(&body, "<C:prop-filter name='X'/>");
	BUF_LIT(&body, "</C:comp-filter></C:filter></C:calendar-query>");
	buf_char(&body, '\0');
	assert_err(read(body.ptr, &f), DAV_FILTER_SUPPORTED);
}

TEST(the_plan_says_what_needs_no_parse)
{
	static const struct {
		const char *body;
		bool exact, nothing, range;
		int16_t components;
	} cases[] = {
		{ ON_CALENDAR(""), true, false, false, 0 },
		{ ON_COMP("VEVENT", ""), true, false, false, COMPONENT_VEVENT },
		{ WITHIN("20260302T120000Z", "20260303T120000Z"), true, false, true, COMPONENT_VEVENT },
		{ ON_COMP("VTODO", "<C:is-not-defined/>"), true, false, false, COMPONENT_VEVENT | COMPONENT_VJOURNAL },
		{ ON_CALENDAR("<C:comp-filter name='VEVENT'/><C:comp-filter name='VTODO'/>"), true, true, false, 0 },
		{ TEXT("SUMMARY", "", "x"), false, false, false, COMPONENT_VEVENT },
		{ ON_COMP("VTIMEZONE", ""), false, false, false, 0 },
		{ ANY("<C:comp-filter name='VEVENT'/><C:comp-filter name='VTODO'/>"), false, false, false,
			COMPONENT_VEVENT | COMPONENT_VTODO },
		{ ANY("<C:comp-filter name='VEVENT'/><C:prop-filter name='VERSION'/>"), false, false, false, 0 },
		{ ANY("<C:comp-filter name='VEVENT'/><C:comp-filter name='VTODO'><C:is-not-defined/></C:comp-filter>"),
			false, false, false, 0 },
		{ ANY("<C:comp-filter name='VTODO'/>"), true, false, false, COMPONENT_VTODO },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct filter f;
		assert_ok(read(cases[i].body, &f));
		if (f.plan.exact != cases[i].exact || f.plan.nothing != cases[i].nothing ||
			f.plan.range.set != cases[i].range || f.plan.components != cases[i].components)
			fail_msg("case %zu", i);
	}
}

TEST(the_needle_is_found_through_folds_and_in_any_case)
{
	struct filter_plan plan = { .needle = STR("Kangaroo") };
	assert_true(filter_may_hold(&plan, STR("SUMMARY:a kangaroo\r\n")));
	assert_true(filter_may_hold(&plan, STR("SUMMARY:a KANG\r\n AROO\r\n")));
	assert_true(filter_may_hold(&plan, STR("SUMMARY:a kang\n\taroo\n")));
	assert_true(filter_may_hold(&plan, STR("SUMMARY:kk\r\n a\r\n ngaroo")));
	assert_false(filter_may_hold(&plan, STR("SUMMARY:a kang\r\naroo\r\n")));
	assert_false(filter_may_hold(&plan, STR("SUMMARY:a kangaro")));
	assert_true(filter_may_hold(&(struct filter_plan){ .exact = true }, STR("")));
}

TEST(what_is_one_of_several_gives_no_needle)
{
	static const char *const bodies[] = {
		FILTER("<C:comp-filter name='VCALENDAR'><C:comp-filter name='VEVENT' test='anyof'>"
		       "<C:prop-filter name='UID'><C:text-match>twenty-octets-and-more</C:text-match></C:prop-filter>"
		       "<C:prop-filter name='LOCATION'/></C:comp-filter></C:comp-filter>"),
		ON_COMP("VEVENT", "<C:prop-filter name='DTSTART' test='anyof'>"
				  "<C:param-filter name='TZID'><C:text-match>Berlin</C:text-match></C:param-filter>"
				  "<C:param-filter name='VALUE'/></C:prop-filter>"),
		ANY("<C:comp-filter name='VEVENT'><C:prop-filter name='SUMMARY'><C:text-match>needle</C:text-match>"
		    "</C:prop-filter></C:comp-filter><C:comp-filter name='VTODO'/>"),
	};
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct filter f;
		assert_ok(read(bodies[i], &f));
		if (f.plan.needle.len || f.plan.uid)
			fail_msg("case %zu", i);
	}
}

TEST(negated_texts_give_no_needle)
{
	struct filter f;
	assert_ok(read(TEXT("SUMMARY", "negate-condition='yes'", "kangaroo"), &f));
	assert_null(f.plan.needle.ptr);
	assert_ok(read(TEXT("SUMMARY", "", "a\\nb, kangaroo;"), &f));
	assert_str(f.plan.needle, STR("kangaroo"));
}

TEST(a_uid_is_sure_only_when_it_is_long)
{
	struct filter f;
	assert_ok(read(TEXT("UID", "", "short"), &f));
	assert_null(f.plan.uid);
	assert_ok(read(TEXT("UID", "collation='i;octet'", "One-long-uid-of-an-object@example.org"), &f));
	assert_non_null(f.plan.uid);
	assert_true(filter_uid(test_mem, &f.plan, STR("One-long-uid-of-an-object@example.org")));
	assert_false(filter_uid(test_mem, &f.plan, STR("one-long-uid-of-an-object@example.org")));
	assert_true(filter_uid(test_mem, &f.plan, STR_ABSENT)); /* not listed: the data tells */
}

TESTS(RUN(components_are_asked_by_name), RUN(texts_are_searched_by_collation_and_without_escapes),
	RUN(texts_are_searched_in_every_script), RUN(a_parameter_belongs_to_the_property_that_matches),
	RUN(ranges_meet_instances_overrides_and_no_exdates), RUN(a_todo_is_in_a_range_by_the_eight_cases),
	RUN(an_alarm_is_in_a_range_by_its_triggers), RUN(properties_have_ranges_too),
	RUN(filters_that_are_none_are_refused_with_their_precondition), RUN(a_filter_of_thousands_is_refused),
	RUN(the_plan_says_what_needs_no_parse), RUN(the_needle_is_found_through_folds_and_in_any_case),
	RUN(what_is_one_of_several_gives_no_needle), RUN(negated_texts_give_no_needle),
	RUN(a_uid_is_sure_only_when_it_is_long))
