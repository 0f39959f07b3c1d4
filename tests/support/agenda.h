/* SPDX-License-Identifier: Apache-2.0 */
/* A calendar of one test, and its agenda the long way, to which pages of it are held. */
#pragma once

#include <stdlib.h>

#include "caldav/calendar/recur/instances.h"
#include "caldav/calendar/view/agenda.h"
#include "caldav/calendar/view/agenda_page.h"
#include "caldav/calendar/write.h"
#include "server/account/account.h"
#include "tests/support/database.h"
#include "tests/support/ical.h"

#define WHOLE_MAX 20000

/* ---- a calendar of one test ---- */

struct stored {
	struct id id;
	struct str data;
};

static struct {
	struct actor actor;
	struct id calendar;
	struct stored objects[64];
	size_t count;
} cal;

static inline void calendar_begin(void)
{
	static int number;
	struct account account;
	struct calendar *calendars;
	size_t count;
	database_use(&test_cx);
	const struct account_new in = {
		.email = str_fmt(test_mem, "agenda%d@example.org", number++), .name = STR("Ann"), .plan = PLAN_PRO
	};
	assert_ok(account_create(&test_cx, &in, &account));
	cal.actor = actor_server(account.id);
	assert_ok(calendar_list(&test_cx, &cal.actor, &calendars, &count));
	cal.calendar = calendars[0].id;
	cal.count = 0;
}

static inline void put(const char *first, const char *second)
{
	enum put_outcome outcome;
	struct object object;
	struct buf data = buf_new(test_mem, OBJECT_SIZE_MAX);
	const char *const parts[] = { first, second };
	BUF_LIT(&data, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\n");
	for (size_t i = 0; i < ARRAY_LEN(parts) && parts[i]; i++)
		buf_fmt(&data,
			"BEGIN:VEVENT\r\nUID:u%zu\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:%zu\r\n%sEND:VEVENT\r\n",
			cal.count, i, parts[i]);
	BUF_LIT(&data, "END:VCALENDAR\r\n");
	const struct object_write in = {
		.calendar_name = STR("default"), .name = str_fmt(test_mem, "%zu.ics", cal.count), .data = buf_str(&data)
	};
	assert_ok(object_put(&test_cx, &cal.actor, &in, &outcome, &object));
	cal.objects[cal.count++] = (struct stored){ object.id, buf_str(&data) };
}

/* ---- the whole list, the long way ---- */

static inline int spots_cmp(const void *a, const void *b)
{
	const struct spot *x = a, *y = b;
	int objects = id_cmp(x->object, y->object);
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return objects ? objects : str_cmp(spot_instance(x), spot_instance(y));
}

static inline size_t whole(const char *from, const char *to, struct str zone, struct spot *out)
{
	size_t n = 0;
	for (size_t i = 0; i < cal.count; i++) {
		const struct object object = { .id = cal.objects[i].id };
		struct occurrence *list;
		struct ical *ical;
		size_t count;
		assert_ok(ical_parse(&test_cx, cal.objects[i].data, &ical));
		assert_ok(ical_expand(&test_cx, ical, at(from), at(to), zone, WHOLE_MAX, &list, &count));
		assert_true(n + count <= WHOLE_MAX);
		for (size_t k = 0; k < count; k++)
			out[n++] = spot_at(
				&object, instant_s(list[k].start), instant_s(list[k].end), list[k].recurrence_id);
	}
	qsort(out, n, sizeof *out, spots_cmp);
	return n;
}

static inline struct agenda_query query(const char *from, const char *to, size_t limit)
{
	return (struct agenda_query){ .actor = &cal.actor,
		.calendars = { &cal.calendar, 1 },
		.start = at(from),
		.end = at(to),
		.expand = true,
		.limit = limit };
}

static inline void assert_item(const struct agenda_item *item, const struct spot *spot, size_t n)
{
	struct str instance = item->instance ? item->event.recurrence_id : STR("");
	if (!id_eq(item->object.id, spot->object) || instant_s(item->start) != spot->start ||
		instant_s(item->end) != spot->end || !str_eq(instance, spot_instance(spot)))
		fail_msg("item %zu is %.*s of %.*s at %.*s, not %.*s at %.*s", n, STR_ARG(instance),
			STR_ARG(id_text(test_mem, "evt", item->object.id)),
			STR_ARG(instant_ical(test_mem, item->start)), STR_ARG(spot_instance(spot)),
			STR_ARG(instant_ical(test_mem, instant_of_s(spot->start))));
}

static inline void assert_pages(const char *from, const char *to, struct str zone, size_t limit)
{
	struct spot *spots = arena_array(test_mem, struct spot, WHOLE_MAX);
	struct agenda_query q = query(from, to, limit);
	struct agenda_list list = { .more = true };
	size_t count = whole(from, to, zone, spots), n = 0;
	struct agenda_position after;
	q.zone = zone;
	while (list.more) {
		assert_ok(agenda_in_range(&test_cx, &q, &list));
		assert_true(list.count <= limit && n + list.count <= count);
		for (size_t i = 0; i < list.count; i++, n++)
			assert_item(&list.items[i], &spots[n], n);
		assert_true(list.more == (n < count));
		after = list.last;
		q.position = &after;
	}
	assert_int_equal(n, count);
	/* And back, from the end. */
	q.position = NULL;
	q.back = list.more = true;
	while (list.more) {
		assert_ok(agenda_in_range(&test_cx, &q, &list));
		assert_true(list.count <= n && list.count <= limit);
		n -= list.count;
		for (size_t i = 0; i < list.count; i++)
			assert_item(&list.items[i], &spots[n + i], n + i);
		assert_true(list.more == (n > 0));
		after = list.first;
		q.position = &after;
	}
	assert_int_equal(n, 0);
}
