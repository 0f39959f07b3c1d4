/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/ical_facts.h"

#include "caldav/calendar/recur/vtimezone.h"

static struct str repeated(const char *text, size_t times)
{
	struct buf b = buf_new(test_mem, (size_t)64 << 20);
	for (size_t i = 0; i < times; i++)
		buf_add(&b, str_of(text));
	return buf_str(&b);
}

static struct str wrapped(struct str lines)
{
	return str_cat(test_mem, STR(HEAD "BEGIN:VEVENT\r\nUID:u\r\n" START),
		str_cat(test_mem, lines, STR("END:VEVENT\r\n" TAIL)));
}

TEST(what_is_no_icalendar_is_refused_with_its_line) /* RFC 4791 §5.3.2.1 valid-calendar-data */
{
	const struct {
		struct str data;
		const char *said;
	} cases[] = {
		{ STR(""), "BEGIN:VCALENDAR is missing" },
		{ STR("hello"), "line 1: not a property (NAME:value expected)" },
		{ STR("\r\n\r\n"), "BEGIN:VCALENDAR is missing" },
		{ STR("BEGIN:VEVENT\r\nEND:VEVENT\r\n"), "line 1: BEGIN:VCALENDAR expected" },
		{ STR("X:1\r\n"), "line 1: BEGIN:VCALENDAR expected" },
		{ STR(HEAD), "END:VCALENDAR is missing" },
		{ STR(HEAD "BEGIN:VEVENT\r\nEND:VTODO\r\n"), "line 5: END:VTODO without its BEGIN" },
		{ STR(HEAD TAIL HEAD TAIL), "line 5: a second component after the VCALENDAR" },
		{ STR(HEAD TAIL "X:1\r\n"), "line 5: something after the VCALENDAR" },
		{ STR(HEAD "BEGIN:VCALENDAR\r\n"), "line 4: VCALENDAR inside a component" },
		{ STR(HEAD "BEGIN:A\r\nBEGIN:B\r\nBEGIN:C\r\nBEGIN:D\r\n"),
			"line 7: components are nested too deeply" },
		{ STR(HEAD "SUMMARY\r\n" TAIL), "line 4: not a property (NAME:value expected)" },
		{ STR(HEAD ":x\r\n" TAIL), "line 4: not a property (NAME:value expected)" },
		{ STR(HEAD "X;A=\"b:c\r\n" TAIL), "line 4: a property without a colon (a quote is not closed)" },
		{ STR(HEAD "X;A=b\r\n" TAIL), "line 4: a property without a colon" },
		{ STR(" X:1\r\n"), "line 1: a continuation of nothing" },
		{ STR("\r\n\r\n X:1\r\n"), "line 3: a continuation of nothing" },
		{ STR(HEAD "BEGIN:VEVENT\r\n X\r\nEND:VEVENT\r\n" TAIL), "line 6: END:VEVENT without its BEGIN" },
		{ STR(HEAD "SUM\r\n MARY\r\n" TAIL), "line 4: not a property (NAME:value expected)" },
		{ STR(HEAD "X:\xC3\r\n \xA9\xC3\r\n" TAIL), "line 4: not UTF-8" },
		{ STR(HEAD "X:a\0b\r\n" TAIL), "line 4: control character 0x00" },
		{ STR(HEAD "X:12345678\x01\r\n" TAIL), "line 4: control character 0x01" },
		{ STR(HEAD "X:1234567\x7F\r\n" TAIL), "line 4: control character 0x7F" },
		{ STR(HEAD "X:a\rb\r\n" TAIL), "line 4: control character 0x0D" },
		{ STR(HEAD "X:12345678\xFF\r\n" TAIL), "line 4: not UTF-8" },
		{ STR(HEAD "X:\xED\xA0\x80\r\n" TAIL), "line 4: not UTF-8" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ical_facts facts;
		err_t e = ical_validate(&test_cx, cases[i].data, &facts);
		if (!err_is(e, ICAL_DATA) || !str_eq(err_text(e), str_of(cases[i].said)))
			fail_msg("case %zu: \"%.*s\", not \"%s\"", i, STR_ARG(e ? err_text(e) : STR("OK")),
				cases[i].said);
	}
}

TEST(bombs_are_refused_by_the_parse)
{
	struct ical *object;
	struct str deep = repeated("BEGIN:VEVENT\r\n", 100000);
	assert_err(ical_parse(&test_cx, str_cat(test_mem, STR(HEAD), deep), &object), ICAL_DATA);
	assert_err(ical_parse(&test_cx, wrapped(repeated("X:y\r\n", 100000)), &object), ICAL_DATA);
	assert_err(ical_parse(&test_cx, wrapped(repeated("BEGIN:VALARM\r\nEND:VALARM\r\n", 5000)), &object), ICAL_DATA);
	struct str zones = repeated("BEGIN:VTIMEZONE\r\nEND:VTIMEZONE\r\n", 101);
	assert_err(ical_parse(&test_cx, str_cat(test_mem, STR(HEAD), zones), &object), ICAL_DATA);
	struct str params = str_cat(test_mem, STR("X"), repeated(";A=b", 101));
	assert_err(ical_parse(&test_cx, wrapped(str_cat(test_mem, params, STR(":y\r\n"))), &object), ICAL_DATA);
	struct str dates = str_cat(test_mem, STR("EXDATE:1"), repeated(",1\r\n ", 20001));
	assert_err(ical_parse(&test_cx, wrapped(str_cat(test_mem, dates, STR("\r\n"))), &object), ICAL_DATA);
	struct ical_facts facts;
	assert_err(ical_validate(&test_cx, wrapped(repeated("X:0123456789\r\n", 80000)), &facts), ICAL_SIZE);
}

TEST(long_values_are_fine_when_folded)
{
	struct str folded = str_cat(test_mem, STR("DESCRIPTION:"), repeated("0123456789\r\n ", 40000));
	struct ical *object;
	assert_ok(ical_parse(&test_cx, wrapped(str_cat(test_mem, folded, STR("x\r\n"))), &object));
	assert_int_equal(ical_value(ical_main(object), STR("DESCRIPTION")).len, 400001);
}

TEST(sloppy_but_clear_objects_are_accepted)
{
	const struct str cases[] = {
		STR("\xEF\xBB\xBF" EVENT(START)),
		STR("begin:vcalendar\nversion:2.0\nbegin:vevent\nuid:u\ndtstart:20261124t090000z\nend:vevent\nend:"
		    "vcalendar"),
		STR(EVENT(START) "\r\n\r\n  \r\n"),
		STR(EVENT(START "GEO:here\r\nX-FOO;A=b:c\r\nFOO:\r\nDTSTAMP:yesterday\r\n")),
		STR(EVENT("DTSTART;TZID=Europe/Berlin:20261124T090000\r\n")), /* no VTIMEZONE */
		STR(EVENT("DTSTART;TZID=\"W. Europe Standard Time\":20261124T090000\r\n")),
		STR(EVENT(START "DTEND:20261124T090000Z\r\n")),
		STR(EVENT("DTSTART;VALUE=DATE:20261124\r\nDTEND;VALUE=DATE:20261124\r\n")),
		STR(EVENT(START "DTEND:20261124T100000Z\r\nDURATION:PT1H\r\n")),
		STR(EVENT("RECURRENCE-ID:20261124T090000Z\r\n" START)), /* an invitation to one instance */
		STR(EVENT(START "RRULE:FREQ=SECONDLY\r\n")),
		STR(EVENT(START "RRULE:FREQ=DAILY;COUNT=1000000000\r\n")),
		STR(EVENT(START "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\r\n")),
		STR(EVENT(START "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30\r\n")),
		STR(EVENT(START "RRULE:FREQ=DAILY\r\nEXRULE:FREQ=DAILY\r\n")),
		STR(EVENT(START "RRULE:FREQ=DAILY;COUNT=2\r\nEXDATE:20261124T090000Z,20261125T090000Z\r\n")),
		STR(HEAD "BEGIN:X-THING\r\nEND:X-THING\r\nBEGIN:VEVENT\r\nUID:u\r\n" START "END:VEVENT\r\n" TAIL),
		STR(TODO("")),
		STR(TODO("DTSTART:20261124T090000Z\r\nDUE:20261123T090000Z\r\n")),
		STR(JOURNAL("")),
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_str(checked(cases[i]).uid, STR("u"));
}

TEST(each_fault_has_its_precondition) /* RFC 4791 §5.3.2.1, §4.1; RFC 7809 §3.1.4 */
{
	const struct {
		struct str data;
		enum err_kind kind;
	} cases[] = {
		{ STR("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u\r\n" START "END:VEVENT\r\n" TAIL), ICAL_DATA },
		{ STR("BEGIN:VCALENDAR\r\nVERSION:1.0\r\nBEGIN:VEVENT\r\nUID:u\r\n" START "END:VEVENT\r\n" TAIL),
			ICAL_MEDIA },
		{ STR(HEAD "CALSCALE:HEBREW\r\n" TAIL), ICAL_DATA },
		{ STR(HEAD "METHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:u\r\n" START "END:VEVENT\r\n" TAIL), ICAL_OBJECT },
		{ STR(HEAD TAIL), ICAL_OBJECT },
		{ STR(HEAD "BEGIN:VEVENT\r\n" START "END:VEVENT\r\n" TAIL), ICAL_DATA }, /* no UID */
		{ STR(HEAD "BEGIN:VEVENT\r\nUID:\r\n" START "END:VEVENT\r\n" TAIL), ICAL_OBJECT },
		{ STR(EVENT(START "UID:v\r\n")), ICAL_OBJECT },
		{ STR(HEAD "BEGIN:VEVENT\r\nUID:u\r\n" START "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:v\r\n" START
			   "END:VEVENT\r\n" TAIL),
			ICAL_OBJECT },
		{ STR(HEAD "BEGIN:VEVENT\r\nUID:u\r\n" START "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:u\r\n" START
			   "END:VEVENT\r\n" TAIL),
			ICAL_OBJECT },
		{ STR(HEAD "BEGIN:VEVENT\r\nUID:u\r\n" START
			   "END:VEVENT\r\nBEGIN:VTODO\r\nUID:u\r\nEND:VTODO\r\n" TAIL),
			ICAL_OBJECT },
		{ STR(HEAD "BEGIN:VFREEBUSY\r\nUID:u\r\nEND:VFREEBUSY\r\n" TAIL), ICAL_COMPONENT },
		{ STR(EVENT("")), ICAL_DATA }, /* no DTSTART */
		{ STR(EVENT("DTSTART:tomorrow\r\n")), ICAL_DATA },
		{ STR(EVENT("DTSTART:20260230T000000Z\r\n")), ICAL_DATA },
		{ STR(EVENT("DTSTART:00001124T090000Z\r\n")), ICAL_MIN_DATE },
		{ STR(EVENT("DTSTART:99991124T090000Z\r\n")), ICAL_MAX_DATE },
		{ STR(EVENT(START "DURATION:P999999999D\r\n")), ICAL_MAX_DATE },
		{ STR(EVENT(START "RDATE:00000101T000000Z\r\n")), ICAL_MIN_DATE }, /* each instance (§5.3.2.1) */
		{ STR(EVENT(START "RDATE:99991231T235959Z\r\n")), ICAL_MAX_DATE },
		{ STR(EVENT(START "RDATE;VALUE=PERIOD:20270101T000000Z/P999999999W\r\n")), ICAL_MAX_DATE },
		{ STR(EVENT(START "DTEND:20261123T090000Z\r\n")), ICAL_OBJECT },
		{ STR(EVENT(START "DURATION:-PT1H\r\n")), ICAL_OBJECT },
		{ STR(EVENT(START "DURATION:1h\r\n")), ICAL_DATA },
		{ STR(EVENT("DTSTART;TZID=../../etc/passwd:20261124T090000\r\n")), ICAL_TIMEZONE },
		{ STR(EVENT("DTSTART;TZID=Nonsense:20261124T090000\r\n")), ICAL_TIMEZONE },
		{ STR(EVENT("DTSTART;TZID=Mars/Olympus:20261124T090000\r\n")), ICAL_TIMEZONE },
		{ STR(EVENT(START "RRULE:FREQ=SOMETIMES\r\n")), ICAL_DATA },
		{ STR(EVENT(START "RRULE:FREQ=DAILY;INTERVAL=0\r\n")), ICAL_DATA },
		{ STR(EVENT(START "RRULE:FREQ=DAILY;COUNT=2;UNTIL=20270101T000000Z\r\n")), ICAL_DATA },
		{ STR(EVENT(START "RRULE:RSCALE=KLINGON;FREQ=YEARLY\r\n")), ICAL_RSCALE },
		{ STR(EVENT(START "EXDATE:nonsense\r\n")), ICAL_DATA },
		{ STR(EVENT(START "RDATE;VALUE=PERIOD:20261124T090000Z/x\r\n")), ICAL_DATA },
		{ STR(HEAD "BEGIN:VEVENT\r\nUID:u\r\nRECURRENCE-ID:20261124T090000Z\r\n" START
			   "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:u\r\nRECURRENCE-ID:20261124T090000Z\r\n" START
			   "END:VEVENT\r\n" TAIL),
			ICAL_OBJECT },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ical_facts facts;
		err_t e = ical_validate(&test_cx, cases[i].data, &facts);
		if (!err_is(e, cases[i].kind))
			fail_msg("case %zu: %s %.*s", i, e ? err_row(e->kind)->name : "OK",
				STR_ARG(e ? err_text(e) : STR("")));
	}
	struct ical_facts facts;
	assert_err(ical_validate(&test_cx, wrapped(repeated("ATTENDEE:mailto:a@example.org\r\n", 101)), &facts),
		ICAL_MAX_ATTENDEES);
	assert_ok(ical_validate(&test_cx, wrapped(repeated("ATTENDEE:mailto:a@example.org\r\n", 100)), &facts));
}

TEST(properties_and_parameters_are_cut_as_rfc_5545_says)
{
	struct ical *object;
	assert_ok(ical_parse(&test_cx,
		STR(EVENT(START "summary;x-A=\"b;c:d\";Lang=e^nf^^g^'h:Long\\, with\\nfolds\r\n  and \r\n\tmore\r\n"
				"X-LAST:\r\nX-LAST:2\r\n"
				"BEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n")),
		&object));
	const struct ical_comp *event = ical_main(object);
	const struct ical_prop *p = ical_prop(event, STR("SUMMARY"));
	assert_str(ical_text(test_mem, p->value), STR("Long, with\nfolds and more"));
	assert_str(ical_param(p, STR("X-A")), STR("b;c:d"));
	assert_str(ical_param(p, STR("LANG")), STR("e\nf^g\"h"));
	assert_str(ical_param(p, STR("NONE")), STR_ABSENT);
	assert_int_equal(p->param_count, 2);
	assert_true(str_starts(p->raw, STR("summary")) && str_ends(p->raw, STR("more\r\n")));
	p = ical_prop(event, STR("X-LAST"));
	assert_str(p->value, STR(""));
	assert_str(ical_prop_again(p)->value, STR("2"));
	assert_null(ical_prop_again(ical_prop_again(p)));
	const struct ical_comp *alarm = ical_comp_named(event->child, STR("VALARM"));
	assert_str(ical_value(alarm, STR("TRIGGER")), STR("-PT5M"));
	assert_ptr_equal(alarm->parent, event);
	assert_str(alarm->raw, STR("BEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n"));
	assert_true(str_starts(event->raw, STR("BEGIN:VEVENT")) && str_ends(event->raw, STR("END:VEVENT\r\n")));
}

TEST(a_calendars_timezone_has_a_name)
{
	struct str name;
	assert_ok(ical_timezone_name(&test_cx,
		STR(HEAD "BEGIN:VTIMEZONE\r\nTZID:W. Europe Standard Time\r\nEND:VTIMEZONE\r\n" TAIL), &name));
	assert_str(name, STR("Europe/Berlin"));
	assert_err(ical_timezone_name(&test_cx, STR(HEAD TAIL), &name), ICAL_DATA);
	assert_err(ical_timezone_name(&test_cx, STR("nonsense"), &name), ICAL_DATA);
	assert_err(
		ical_timezone_name(&test_cx, STR(HEAD "BEGIN:VTIMEZONE\r\nTZID:Mine\r\nEND:VTIMEZONE\r\n" TAIL), &name),
		ICAL_DATA);
	assert_true(ical_zone_known(STR("Europe/Berlin")));
	assert_false(ical_zone_known(STR("../Europe/Berlin")));
}

TESTS(RUN(what_is_no_icalendar_is_refused_with_its_line), RUN(bombs_are_refused_by_the_parse),
	RUN(long_values_are_fine_when_folded), RUN(sloppy_but_clear_objects_are_accepted),
	RUN(each_fault_has_its_precondition), RUN(properties_and_parameters_are_cut_as_rfc_5545_says),
	RUN(a_calendars_timezone_has_a_name))
