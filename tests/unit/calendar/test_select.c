/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/ical.h"

#include "caldav/calendar/view/select.h"

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

TESTS(RUN(expand_writes_instances_in_utc), RUN(limit_recurrence_set_keeps_the_overrides_that_matter),
	RUN(limit_freebusy_set_keeps_the_periods_that_matter), RUN(parts_are_selected_by_component_and_property),
	RUN(lines_are_folded_at_75_octets_and_never_inside_a_character))
