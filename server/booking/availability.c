/* SPDX-License-Identifier: Apache-2.0 */
#include "server/booking/availability.h"

#include <stdlib.h>

#include "caldav/calendar/index/facts.h"
#include "caldav/calendar/recur/vtimezone.h"
#include "caldav/calendar/view/busy.h"
#include "server/db/query.h"
#include "sql.h"

#define MINUTE_S 60
#define PREFIX "bkg"

DB_RESULT(booking_offer, struct booking_offer, email, tz, ahead_s, calendar_name, writable, calendars);

struct id_row {
	struct id id;
};
DB_RESULT(booking_of_page, struct id_row, id);

bool booking_of_uid(struct str uid, struct id *out)
{
	return id_parse(uid, PREFIX, out);
}

struct str booking_uid(struct arena *mem, struct id booking)
{
	return id_text(mem, PREFIX, booking);
}

err_t booking_offer(struct ctx *cx, const struct booking_page *page, struct booking_offer *out)
{
	TRY(db_row(cx, &sql_booking_offer, ROW(booking_offer, out), IN(page->account), IN(page->calendar),
		IN(page->busy_calendars)));
	cx->ahead_s = out->ahead_s;
	return OK;
}

err_t booking_calendars_hold(struct ctx *cx, struct id account, struct id_list calendars)
{
	return db_exec(cx, &sql_booking_calendars_hold, NULL, IN(account), IN(calendars));
}

/* ---- appointments among what makes busy ---- */

struct appointment {
	struct id booking;
	int64_t start, end;
};

struct looking {
	struct busy_person person;
	struct id moving;
	struct appointment *found;
	size_t count, cap;
};

/* The UID says whose event it may be; whether it is, the database is asked once for all. */
static bool look_at(void *to, const struct object *object)
{
	struct looking *l = to;
	struct id booking;
	if (!booking_of_uid(object->uid, &booking))
		return false;
	if (id_eq(booking, l->moving))
		return true;
	if (object->flags & ICAL_TRANSPARENT)
		return false;
	if (l->count == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 64;
		l->found = arena_grow(l->person.busy.mem, l->found, l->cap * sizeof *l->found, cap * sizeof *l->found);
		l->cap = cap;
	}
	l->found[l->count++] = (struct appointment){ booking, instant_s(object->first_at), instant_s(object->last_at) };
	return false;
}

static int appointment_cmp(const void *a, const void *b)
{
	return id_cmp(((const struct appointment *)a)->booking, ((const struct appointment *)b)->booking);
}

/* Only those of this page stay, each once: a copy of an event has its UID, too. */
static err_t keep_own(struct ctx *cx, const struct booking_page *page, struct looking *l)
{
	struct id *ids = arena_array(cx->mem, struct id, l->count + 1);
	struct id_row *rows;
	size_t row_count, kept = 0;
	if (l->count == 0)
		return OK;
	qsort(l->found, l->count, sizeof *l->found, appointment_cmp);
	for (size_t i = 0; i < l->count; i++)
		ids[i] = l->found[i].booking;
	TRY(db_rows(cx, &sql_booking_of_page, booking_of_page, &rows, &row_count, IN(page->account), IN(page->id),
		IN(((struct id_list){ ids, l->count }))));
	for (size_t i = 0, k = 0; i < l->count && k < row_count; i++) { /* both in order */
		if (!id_eq(rows[k].id, l->found[i].booking))
			continue;
		l->found[kept++] = l->found[i];
		k++;
	}
	l->count = kept;
	return OK;
}

/*
 * An appointment keeps its own buffers free of other appointments. One that begins before it ends there as if it were
 * busy itself, moved by what the time after it is longer than the time before a slot.
 */
static void add_buffers(const struct booking_page *page, struct looking *l)
{
	struct freebusy *fb = &l->person.busy;
	int64_t shift = (int64_t)(page->buffer_after - page->buffer_before) * MINUTE_S;
	if (shift == 0 || l->count == 0)
		return;
	fb->spans =
		arena_grow(fb->mem, fb->spans, fb->cap * sizeof *fb->spans, (fb->count + l->count) * sizeof *fb->spans);
	fb->cap = fb->count + l->count;
	for (size_t i = 0; i < l->count; i++)
		fb->spans[fb->count++] = (struct busy_span){ instant_of_s(l->found[i].start + shift),
			instant_of_s(l->found[i].end + shift), BUSY };
}

/* The days that have as many as the page takes. */
static void full_days(
	struct arena *mem, const struct booking_page *page, const struct looking *l, struct bookable_query *q)
{
	int64_t *days = arena_array(mem, int64_t, l->count + 1);
	size_t kept = 0;
	if (!page->per_day || l->count == 0)
		return;
	for (size_t i = 0; i < l->count; i++)
		days[i] = bookable_day(q->zone, l->found[i].start);
	qsort(days, l->count, sizeof *days, int64_cmp);
	for (size_t i = 0, run = 0; i < l->count; i++) {
		run = i > 0 && days[i] == days[i - 1] ? run + 1 : 1;
		if (run == (size_t)page->per_day)
			days[kept++] = days[i]; /* not after what is read next: kept <= i */
	}
	q->full_days = days;
	q->full_day_count = kept;
}

/* ---- slots ---- */

/* Within the wish, the notice and the horizon. False: nothing is left of it. */
static bool bounds_of(
	struct ctx *cx, const struct booking_page *page, const struct booking_wish *wish, struct bookable_query *q)
{
	int64_t now = instant_s(account_now(cx)) + 1, earliest = now + (int64_t)page->notice * MINUTE_S;
	int64_t latest = now + (int64_t)page->horizon * DAY_S + q->duration_s;
	q->from = instant_s((struct instant){ wish->from.us + US_PER_S - 1 });
	q->to = instant_s(wish->to);
	q->from = q->from < earliest ? earliest : q->from;
	q->to = q->to > latest ? latest : q->to;
	return q->from + q->duration_s <= q->to;
}

err_t booking_slots(struct ctx *cx, const struct booking_page *page, const struct booking_offer *offer,
	const struct booking_wish *wish, const struct slot_span **out, size_t *count_out)
{
	struct looking *l = arena_new(cx->mem, struct looking);
	struct bookable_query q = {
		.duration_s = (int64_t)wish->duration * MINUTE_S,
		.before_s = (int64_t)page->buffer_before * MINUTE_S,
		.after_s = (int64_t)page->buffer_after * MINUTE_S,
		.step = page->step,
		.zone = zone_or_utc(page->tz),
		.hours = &page->hours,
		.exceptions = page->exceptions,
		.exception_count = page->exception_count,
		.limit = wish->limit,
	};
	*out = NULL;
	*count_out = 0;
	if (!bounds_of(cx, page, wish, &q) || !offer->calendar_name.ptr || !offer->writable)
		return OK;
	l->moving = wish->moving;
	l->person = (struct busy_person){ .actor = actor_server(page->account),
		.calendars = offer->calendars,
		.zone = offer->tz,
		.email = offer->email,
		.leaves_out = look_at,
		.to = l };
	/* Whole days, so that their appointments are counted, and what reaches in from outside with its buffers. */
	int64_t around = DAY_S + q.before_s + q.after_s + (page->per_day ? DAY_S : 0);
	TRY(busy_collect(cx, &l->person, 1, instant_of_s(q.from - around), instant_of_s(q.to + around)));
	if (page->per_day || page->buffer_before != page->buffer_after)
		TRY(keep_own(cx, page, l));
	add_buffers(page, l);
	freebusy_flatten(&l->person.busy, true);
	q.busy = freebusy_seconds(cx->mem, &l->person.busy, &q.busy_count);
	full_days(cx->mem, page, l, &q);
	*out = bookable_slots(cx->mem, &q, count_out);
	return OK;
}
