/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/agenda.h"

#include "tests/support/spent.h"

static void put_a_mixture(void)
{
	put("DTSTART:20270301T000000Z\r\nDURATION:PT1S\r\nRRULE:FREQ=SECONDLY\r\n"
	    "EXDATE:20270305T120003Z,20270305T120004Z,20270305T120010Z\r\n",
		"RECURRENCE-ID:20270305T120007Z\r\nDTSTART:20270305T120012Z\r\nDURATION:PT1S\r\n");
	put("DTSTART:20270301T000000Z\r\nDURATION:PT3H\r\nRRULE:FREQ=MINUTELY;INTERVAL=7\r\n", NULL);
	put("DTSTART:20270305T120005Z\r\nDURATION:PT1H\r\n", NULL);
	put("DTSTART:20270305T120005Z\r\n", NULL);
	put("DTSTART;VALUE=DATE:20270305\r\n", NULL);
	put("DTSTART;VALUE=DATE:20270301\r\nRRULE:FREQ=DAILY\r\n",
		"RECURRENCE-ID;VALUE=DATE:20270306\r\nDTSTART;VALUE=DATE:20270305\r\n");
	put("DTSTART:20270305T130008\r\nDURATION:PT1H\r\n", NULL); /* floating */
	put("DTSTART:20270301T000000\r\nDURATION:PT1S\r\nRRULE:FREQ=SECONDLY;INTERVAL=5\r\n", NULL);
	put("DTSTART;TZID=Europe/Berlin:20270301T120000\r\nDURATION:PT20M\r\n"
	    "RRULE:FREQ=DAILY;BYHOUR=13;BYMINUTE=0,1;BYSECOND=0,1,2,3,9\r\n",
		"RECURRENCE-ID;TZID=Europe/Berlin:20270309T130002\r\nDTSTART:20270305T120001Z\r\n");
	put("DTSTART:20270305T115959Z\r\nRRULE:FREQ=SECONDLY;COUNT=9\r\nEXRULE:FREQ=SECONDLY;INTERVAL=2\r\n", NULL);
	put("DTSTART:20270305T115950Z\r\nRDATE:20270305T120001Z,20270305T120001Z,20270305T120115Z\r\n", NULL);
	put("DTSTART:20270101T000000Z\r\nDURATION:P300D\r\n", NULL);                    /* runs all the time */
	put("DTSTART:20270401T000000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY\r\n", NULL); /* elsewhere */
}

TEST(pages_of_dense_series_are_the_whole_list_in_order)
{
	calendar_begin();
	put_a_mixture();
	const size_t limits[] = { 1, 3, 7, 100, AGENDA_PAGE_MAX };
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		assert_pages("20270305T120000Z", "20270305T120020Z", STR("Europe/Berlin"), limits[i]);
		assert_pages("20270305T120000Z", "20270305T120020Z", STR_ABSENT, limits[i]);
	}
	assert_pages("20270305T115900Z", "20270305T120200Z", STR("America/New_York"), 50);
	assert_pages("20270328T005500Z", "20270328T010500Z", STR("Europe/Berlin"), 60); /* the clock is set */
	assert_pages("20271031T005500Z", "20271031T010500Z", STR("Europe/Berlin"), 60); /* and set back */
	assert_pages("20260101T000000Z", "20270301T000010Z", STR_ABSENT, 2);
	database_leave(&test_cx);
}

/* Where all stand is known before it is read what some of them are. */
TEST(the_spots_of_a_range_are_the_whole_list_and_what_stands_there_is_read_for_some)
{
	calendar_begin();
	put_a_mixture();
	struct spot *wanted = arena_array(test_mem, struct spot, WHOLE_MAX);
	struct spot *chosen = arena_array(test_mem, struct spot, WHOLE_MAX);
	struct agenda_item *items = arena_array(test_mem, struct agenda_item, WHOLE_MAX);
	bool *found = arena_array(test_mem, bool, WHOLE_MAX);
	struct agenda_query q = query("20270305T120000Z", "20270305T120020Z", 1);
	struct agenda_spots spots;
	size_t count = whole("20270305T120000Z", "20270305T120020Z", STR_ABSENT, wanted), n = 0;
	assert_ok(agenda_spots(&test_cx, &q, AGENDA_SPOTS_MAX, &spots));
	assert_int_equal(spots.count, count);
	assert_false(spots.more);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(spots_cmp(&spots.items[i], &wanted[i]), 0);
	for (size_t i = 0; i < count; i += 3)
		chosen[n++] = spots.items[i];
	chosen[n] = spots.items[0];
	chosen[n++].start--; /* it moved meanwhile */
	assert_ok(agenda_at(&test_cx, &q, chosen, n, items, found));
	assert_false(found[n - 1]);
	for (size_t i = 0; i + 1 < n; i++) {
		assert_true(found[i]);
		assert_item(&items[i], &wanted[3 * i], i);
	}
	/* Of more than there may be, the first. */
	q = query("20270305T000000Z", "20270306T000000Z", 1);
	assert_ok(agenda_spots(&test_cx, &q, AGENDA_SPOTS_MAX, &spots));
	assert_true(spots.more && spots.count == AGENDA_SPOTS_MAX);
	for (size_t i = 1; i < spots.count; i++)
		assert_true(spots_cmp(&spots.items[i - 1], &spots.items[i]) < 0);
	database_leave(&test_cx);
}

/* 300 million instances of each: a page is found from its position, wherever it is. */
TEST(a_page_of_an_endless_series_over_ten_years_is_bounded_work)
{
	calendar_begin();
	put("DTSTART:20270101T000000Z\r\nDURATION:PT1S\r\nRRULE:FREQ=SECONDLY\r\n", NULL);
	put("DTSTART:20270101T000000Z\r\nDURATION:P30D\r\nRRULE:FREQ=SECONDLY;INTERVAL=2\r\n", NULL);
	put("DTSTART;TZID=Europe/Berlin:20270101T000000\r\nRRULE:FREQ=MINUTELY;BYMINUTE=1,2,3\r\n", NULL);
	struct agenda_query q = query("20270101T000000Z", "20370101T000000Z", 100);
	struct agenda_list list;
	struct spot spots[400];
	const char *const from[] = { "20270101T000000Z", "20310615T115500Z", "20361231T235900Z" };
	for (size_t i = 0; i < ARRAY_LEN(from); i++) {
		/* After the last that began before; what runs on from before was on earlier pages. */
		struct agenda_position position = { .start = instant_add_s(at(from[i]), -1) };
		memset(position.object.octets, 255, sizeof position.object.octets);
		q.position = i ? &position : NULL;
		double before = spent_ms();
		assert_ok(agenda_in_range(&test_cx, &q, &list));
		assert_true(spent_ms() - before < 1000);
		assert_int_equal(list.count, i == 2 ? 90 : 100);
		size_t n = 0;
		for (int64_t s = instant_s(at(from[i])); n < 380; s++) {
			int64_t minute = s % 3600 / 60;
			for (size_t k = 0; k < 3; k++)
				if (k == 0 || (k == 1 && s % 2 == 0) ||
					(k == 2 && s % 60 == 0 && minute >= 1 && minute <= 3))
					spots[n++] = (struct spot){ .start = s, .object = cal.objects[k].id };
		}
		qsort(spots, n, sizeof *spots, spots_cmp);
		for (size_t k = 0; k < list.count; k++)
			assert_true(instant_s(list.items[k].start) == spots[k].start &&
				    id_eq(list.items[k].object.id, spots[k].object));
	}
	database_leave(&test_cx);
}

TEST(a_position_that_nothing_has_is_one_all_the_same)
{
	calendar_begin();
	put_a_mixture();
	struct spot *spots = arena_array(test_mem, struct spot, WHOLE_MAX);
	size_t count = whole("20270305T120000Z", "20270305T120020Z", STR_ABSENT, spots), n;
	struct agenda_query q = query("20270305T120000Z", "20270305T120020Z", AGENDA_PAGE_MAX);
	struct agenda_list list;
	for (int64_t s = -3; s < 23; s++) {
		struct agenda_position position = { .start = instant_add_s(q.start, s), .recurrence_id = STR("zzz") };
		q.position = &position;
		assert_ok(agenda_in_range(&test_cx, &q, &list));
		for (n = 0; n < count && spots[n].start < instant_s(position.start); n++)
			;
		assert_int_equal(list.count, count - n);
		assert_false(list.more);
		for (size_t i = 0; i < list.count; i++)
			assert_item(&list.items[i], &spots[n + i], i);
	}
	const struct agenda_position far[] = { { .start = INSTANT_BEFORE }, { .start = INSTANT_FOREVER } };
	for (size_t i = 0; i < ARRAY_LEN(far); i++) {
		q.position = &far[i];
		assert_ok(agenda_in_range(&test_cx, &q, &list));
		assert_int_equal(list.count, i ? 0 : count);
	}
	database_leave(&test_cx);
}

/* Each event once, at its own start, also where the first instance is taken out or an instance was moved before it. */
TEST(events_without_their_instances_are_paged_by_their_own_start)
{
	calendar_begin();
	put("DTSTART:20270103T090000Z\r\nRRULE:FREQ=DAILY\r\nEXDATE:20270103T090000Z,20270104T090000Z\r\n", NULL);
	put("DTSTART:20270104T080000Z\r\nDURATION:PT1H\r\n", NULL);
	put("DTSTART:20270302T080000Z\r\nRRULE:FREQ=SECONDLY\r\n",
		"RECURRENCE-ID:20270302T080005Z\r\nDTSTART:20270106T080000Z\r\n");
	put("DTSTART:20270105T080000Z\r\nDURATION:PT1H\r\n", NULL);
	put("DTSTART:20270101T080000Z\r\nRRULE:FREQ=SECONDLY;COUNT=5\r\n", NULL); /* over before the range */
	put("DTSTART:20260101T080000Z\r\nRRULE:FREQ=YEARLY\r\n", NULL);           /* not in it */
	put("DTSTART;VALUE=DATE:20270107\r\n", NULL);
	const size_t order[] = { 0, 1, 3, 6, 2 };
	for (size_t limit = 1; limit <= ARRAY_LEN(order); limit++) {
		struct agenda_query q = query("20270104T000000Z", "20270110T000000Z", limit);
		struct agenda_list list = { .more = true };
		struct agenda_position after;
		size_t n = 0;
		for (q.expand = false; list.more; q.position = &after) {
			assert_ok(agenda_in_range(&test_cx, &q, &list));
			for (size_t i = 0; i < list.count; i++)
				assert_true(id_eq(list.items[i].object.id, cal.objects[order[n++]].id) &&
					    !list.items[i].instance);
			after = list.last;
		}
		assert_int_equal(n, ARRAY_LEN(order));
		q.position = NULL;
		for (q.back = list.more = true; list.more; q.position = &after) {
			assert_ok(agenda_in_range(&test_cx, &q, &list));
			for (size_t i = list.count; i > 0; i--)
				assert_true(id_eq(list.items[i - 1].object.id, cal.objects[order[--n]].id));
			after = list.first;
		}
		assert_int_equal(n, 0);
	}
	database_leave(&test_cx);
}

TEST(one_instance_of_a_dense_series_is_found_by_its_id)
{
	const struct {
		const char *lines, *more, *instance, *start; /* start NULL: there is none */
	} cases[] = {
		{ "DTSTART:20270101T000000Z\r\nRRULE:FREQ=SECONDLY\r\n", NULL, "20290305T120003Z", "20290305T120003Z" },
		{ "DTSTART:20270101T000000Z\r\nRRULE:FREQ=SECONDLY;INTERVAL=2\r\n", NULL, "20290305T120003Z", NULL },
		{ "DTSTART:20270101T000000Z\r\nRRULE:FREQ=SECONDLY\r\nEXDATE:20290305T120003Z\r\n", NULL,
			"20290305T120003Z", NULL },
		{ "DTSTART:20270101T000000Z\r\nRRULE:FREQ=SECONDLY\r\n",
			"RECURRENCE-ID:20290305T120003Z\r\nDTSTART:20300101T000000Z\r\n", "20290305T120003Z",
			"20300101T000000Z" },
		/* in the gap of the clock: written as the instant it has, like the hour after it */
		{ "DTSTART;TZID=Europe/Berlin:20270327T023000\r\nRRULE:FREQ=DAILY\r\n", NULL, "20270328T013000Z",
			"20270328T013000Z" },
		/* the second half past two of a night: the series has the first */
		{ "DTSTART;TZID=Europe/Berlin:20271030T023000\r\nRRULE:FREQ=DAILY\r\n", NULL, "20271031T013000Z",
			NULL },
		{ "DTSTART;TZID=Europe/Berlin:20271030T023000\r\nRRULE:FREQ=DAILY\r\n", NULL, "20271031T003000Z",
			"20271031T003000Z" },
		{ "DTSTART;VALUE=DATE:20270101\r\nRRULE:FREQ=DAILY\r\n", NULL, "20270105", "20270105T000000Z" },
		{ "DTSTART;VALUE=DATE:20270101\r\nRRULE:FREQ=DAILY\r\n", NULL, "20270105T000000Z", NULL },
		{ "DTSTART:20270101T000000Z\r\n", NULL, "20270101T000000Z", NULL },
		{ "DTSTART:20270101T000000Z\r\nRRULE:FREQ=DAILY\r\n", NULL, "20270102T000000z", NULL },
		{ "DTSTART:20270101T000000Z\r\nRRULE:FREQ=DAILY\r\n", NULL, "junk", NULL },
	};
	calendar_begin();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct object object;
		struct agenda_item item;
		put(cases[i].lines, cases[i].more);
		assert_ok(object_by_id(&test_cx, &cal.actor, cal.objects[i].id, &object));
		err_t e = agenda_instance(&test_cx, &object, str_of(cases[i].instance), STR_ABSENT, &item);
		if (!cases[i].start) {
			assert_err(e, NOT_FOUND);
			continue;
		}
		assert_ok(e);
		assert_str(instant_ical(test_mem, item.start), str_of(cases[i].start));
		assert_str(item.event.title, cases[i].more ? STR("1") : STR("0"));
	}
	database_leave(&test_cx);
}

TESTS_WITH_DATABASE(RUN(pages_of_dense_series_are_the_whole_list_in_order),
	RUN(the_spots_of_a_range_are_the_whole_list_and_what_stands_there_is_read_for_some),
	RUN(a_page_of_an_endless_series_over_ten_years_is_bounded_work),
	RUN(a_position_that_nothing_has_is_one_all_the_same),
	RUN(events_without_their_instances_are_paged_by_their_own_start),
	RUN(one_instance_of_a_dense_series_is_found_by_its_id))
