/* SPDX-License-Identifier: Apache-2.0 */
/* library: calendar */
/* Everything that a PUT's bytes pass through: scan, parse, validate, expand, calendar-data, event. */
#include <stdlib.h>

#include "caldav/calendar/event/event.h"
#include "caldav/calendar/index/bounds.h"
#include "caldav/calendar/recur/instances.h"
#include "caldav/calendar/validate.h"
#include "caldav/calendar/view/freebusy.h"
#include "caldav/calendar/view/select.h"
#include "caldav/calendar/view/time_range.h"

#define YEAR_2026 INT64_C(1767225600)

static void expand_window(struct ctx *cx, struct ical *object)
{
	struct occurrence *list;
	size_t n;
	struct instant start = instant_of_s(YEAR_2026), end = instant_of_s(YEAR_2026 + 31 * DAY_S);
	if (ical_expand(cx, object, start, end, STR("Europe/Berlin"), 500, &list, &n))
		return;
	for (size_t i = 1; i < n; i++)
		if (list[i].start.us < list[i - 1].start.us)
			abort();
}

static void select_and_read(struct ctx *cx, struct ical *object)
{
	struct ical_range range = { true, instant_of_s(YEAR_2026), instant_of_s(YEAR_2026 + 7 * DAY_S) };
	struct ical_selection selections[] = { { .expand = range },
		{ .limit_recurrence = range, .limit_freebusy = range } };
	struct event event;
	bool hit;
	for (size_t i = 0; i < ARRAY_LEN(selections); i++) {
		struct buf out = buf_new(cx->mem, 4 * OBJECT_SIZE_MAX);
		struct ical *again;
		/* What we write must be readable. */
		if (!ical_expand_data(cx, object, &selections[i], &out) && !out.full && out.len < OBJECT_SIZE_MAX &&
			ical_parse(cx, buf_str(&out), &again))
			abort();
	}
	for (const struct ical_comp *c = object->root->child; c; c = c->next) {
		(void)!comp_in_time_range(cx, object, c, range.start, range.end, STR_ABSENT, &hit);
		(void)!prop_in_time_range(cx, object, c, STR("DTEND"), range.start, range.end, STR_ABSENT, &hit);
		if (c->child)
			(void)!comp_in_time_range(cx, object, c->child, range.start, range.end, STR_ABSENT, &hit);
		(void)!event_read(cx, object, c, STR_ABSENT, &event);
	}
}

static void change(struct ctx *cx, struct str data)
{
	struct event with = { .title = STR("t"),
		.start = instant_of_s(YEAR_2026),
		.end = instant_of_s(YEAR_2026 + 60),
		.zone = STR("Europe/Berlin") };
	struct str out;
	struct ical *again;
	const struct event_change edit = { STR_ABSENT, &with,
		EVENT_TITLE | EVENT_START | EVENT_END | EVENT_ATTENDEES | EVENT_REMINDERS | EVENT_CATEGORY,
		STR_ABSENT };
	struct event_changed changed;
	if (!event_patch(cx, data, &edit, &changed) && ical_parse(cx, changed.data, &again))
		abort();
	if (!event_cancel(cx, data, STR("20260101T090000Z"), STR("no"), &out) && ical_parse(cx, out, &again))
		abort();
	struct event_parts parts;
	if (!event_split(cx, data, STR("20260101T090000Z"), &parts) && ical_parse(cx, parts.after, &again))
		abort();
}

/* Bounds, packed and live answers agree. */
static void compare_answers(struct ctx *cx, struct str data, const struct ical_facts *f)
{
	struct object o = { .flags = f->flags,
		.first_at = f->first_at,
		.last_at = f->last_at,
		.occ = f->occ,
		.occ_until = f->occ_until,
		.component = (int16_t)f->component };
	for (int64_t day = 0; day < 40; day += 7) {
		struct instant a = instant_of_s(YEAR_2026 + day * DAY_S), b = instant_add_s(a, DAY_S);
		struct ical *object;
		struct occurrence *list;
		size_t n = 0;
		bool in_range, needs;
		if (object_in_time_range(cx, &o, a, b, STR("Asia/Tokyo"), &in_range, &needs) || needs)
			continue;
		if (ical_parse(cx, data, &object))
			abort();
		err_t e = ical_expand(cx, object, a, b, STR("Asia/Tokyo"), 100, &list, &n);
		if ((e || n) && !in_range)
			abort();
		struct freebusy fb;
		freebusy_open(cx, a, b, STR_ABSENT, &fb);
		(void)!freebusy_add(cx, &fb, &o, &needs);
		freebusy_merge(&fb);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	struct ctx cx = { .mem = arena_open(), .now = instant_of_s(YEAR_2026) };
	struct str data = { (const char *)octets, size };
	struct ical *object;
	struct ical_facts facts;
	if (!ical_parse(&cx, data, &object)) {
		expand_window(&cx, object);
		select_and_read(&cx, object);
		change(&cx, data);
	}
	if (!ical_validate(&cx, data, &facts))
		compare_answers(&cx, data, &facts);
	arena_close(cx.mem);
	return 0;
}
