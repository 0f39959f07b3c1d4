/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "caldav/calendar/ical/ical.h"
#include "caldav/calendar/index/occurrences.h"
#include "caldav/calendar/recur/instances.h"
#include "caldav/calendar/recur/vtimezone.h"
#include "caldav/calendar/validate.h"
#include "caldav/calendar/view/time_range.h"

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\n"
#define TAIL "END:VCALENDAR\r\n"
#define EVENT(lines) HEAD "BEGIN:VEVENT\r\nUID:u\r\n" lines "END:VEVENT\r\n" TAIL
#define TODO(lines) HEAD "BEGIN:VTODO\r\nUID:u\r\n" lines "END:VTODO\r\n" TAIL
#define JOURNAL(lines) HEAD "BEGIN:VJOURNAL\r\nUID:u\r\n" lines "END:VJOURNAL\r\n" TAIL
#define START "DTSTART:20261124T090000Z\r\n"

static struct ical_facts checked(struct str data)
{
	struct ical_facts facts = { 0 };
	err_t e = ical_validate(&test_cx, data, &facts);
	if (e)
		fail_msg("%s: %.*s\n%.*s", err_row(e->kind)->name, STR_ARG(err_text(e)), STR_ARG(data));
	return facts;
}

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

TEST(each_fault_has_its_precondition) /* RFC 4791 §5.3.2.1, §4.1 */
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
		{ STR(EVENT(START "DTEND:20261123T090000Z\r\n")), ICAL_OBJECT },
		{ STR(EVENT(START "DURATION:-PT1H\r\n")), ICAL_OBJECT },
		{ STR(EVENT(START "DURATION:1h\r\n")), ICAL_DATA },
		{ STR(EVENT("DTSTART;TZID=../../etc/passwd:20261124T090000\r\n")), ICAL_OBJECT },
		{ STR(EVENT("DTSTART;TZID=Nonsense:20261124T090000\r\n")), ICAL_OBJECT },
		{ STR(EVENT("DTSTART;TZID=Mars/Olympus:20261124T090000\r\n")), ICAL_OBJECT },
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

static struct instant at(const char *text)
{
	struct instant t;
	if (!text)
		return INSTANT_BEFORE;
	if (!instant_from_ical(str_of(text), &t))
		fail_msg("bad time in test: %s", text);
	return t;
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
		assert_ok(object_in_time_range(&test_cx, &o, at(cases[i].start), end, zone, &in_range, &needs));
		if (needs) {
			if (!may_parse)
				fail_msg("case %zu needs a parse", i);
			o.data = data;
			assert_ok(object_in_time_range(&test_cx, &o, at(cases[i].start), end, zone, &in_range, &needs));
			assert_false(needs);
		}
		if (in_range != cases[i].in_range)
			fail_msg("case %zu: %s .. %s", i, cases[i].start, cases[i].end);
		/* And the same by the parse alone. */
		size_t n;
		struct occurrence *list;
		struct ical *object;
		assert_ok(ical_parse(&test_cx, data, &object));
		err_t e = ical_expand(&test_cx, object, at(cases[i].start), end, zone, 50, &list, &n);
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
	RUN(bounds_are_the_tables_of_rfc_4791_9_9), RUN(overrides_widen_the_bounds_wherever_they_lie),
	RUN(flags_tell_what_the_object_is), RUN(a_daily_event_of_five_years_stays_small),
	RUN(time_ranges_are_half_open_and_see_every_instance),
	RUN(dates_and_floating_times_are_in_the_zone_of_the_query), RUN(spans_survive_their_packing),
	RUN(a_calendars_timezone_has_a_name))
