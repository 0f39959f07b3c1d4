/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/ical.h"

#include "caldav/calendar/validate.h"
#include "caldav/calendar/view/freebusy.h"

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

TEST(what_its_owner_declined_makes_nobody_busy)
{
#define SERIES "DTSTART:20261124T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=3\r\n"
#define COMES(who, how) "ATTENDEE;PARTSTAT=" how ":mailto:" who "\r\n"
	static const struct {
		const char *data, *email;
		size_t spans;
	} cases[] = {
		{ EVENT(SERIES COMES("Ann@example.org", "declined") COMES("bob@example.org", "ACCEPTED")),
			"ann@example.org", 0 },
		{ EVENT(SERIES COMES("ann@example.org", "ACCEPTED") COMES("bob@example.org", "DECLINED")),
			"ann@example.org", 3 },
		{ EVENT(SERIES COMES("ann@example.org", "DECLINED")), "bob@example.org", 3 },
		{ EVENT(SERIES COMES("ann@example.org", "DECLINED")), "", 3 },
		{ EVENT(SERIES COMES("ann@example.org", "TENTATIVE")), "ann@example.org", 3 },
		{ HEAD PART(SERIES COMES("ann@example.org", "ACCEPTED")) PART(
			  "RECURRENCE-ID:20261125T090000Z\r\nDTSTART:20261125T090000Z\r\nDURATION:PT1H\r\n" COMES(
				  "ann@example.org", "DECLINED")) TAIL,
			"ann@example.org", 2 },
		{ HEAD PART(SERIES COMES("ann@example.org", "DECLINED")) PART(
			  "RECURRENCE-ID:20261125T090000Z\r\nDTSTART:20261125T090000Z\r\nDURATION:PT1H\r\n" COMES(
				  "ann@example.org", "ACCEPTED")) TAIL,
			"ann@example.org", 1 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct freebusy fb;
		freebusy_open(&test_cx, at("20261124T000000Z"), at("20261201T000000Z"), STR_ABSENT, &fb);
		fb.email = str_of(cases[i].email);
		busy_add(&fb, str_of(cases[i].data));
		assert_int_equal(fb.count, cases[i].spans);
	}
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

TESTS(RUN(busy_time_is_merged_sorted_and_clipped), RUN(what_its_owner_declined_makes_nobody_busy),
	RUN(a_dense_series_is_busy_as_a_whole))
