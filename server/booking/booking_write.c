/* SPDX-License-Identifier: Apache-2.0 */
/* Booking, moving and cancelling: each in one transaction, under the locks of the calendars that count. */
#include "caldav/calendar/event/event.h"
#include "caldav/calendar/recur/vtimezone.h"
#include "caldav/calendar/view/agenda.h"
#include "caldav/calendar/write.h"
#include "server/booking/booking.h"
#include "server/booking/guest_mail.h"
#include "server/db/query.h"
#include "sql.h"

struct added_row {
	bool added;
};
DB_RESULT(booking_add, struct added_row, added);

/* ---- what is free ---- */

/* A page with what it looks at, held: until the transaction ends nobody else writes there. */
struct held_page {
	struct booking_page page;
	struct booking_offer offer;
};

static err_t hold(struct ctx *cx, struct held_page *h)
{
	TRY(booking_offer(cx, &h->page, &h->offer));
	if (!h->offer.calendar_name.ptr || !h->offer.writable)
		return REFUSE(cx, CONFLICT, "page",
			"The calendar of this page is gone or not writable: its owner has to choose another.");
	return booking_calendars_hold(cx, h->page.account, h->offer.calendars);
}

static err_t refuse_slot(struct ctx *cx, const struct held_page *h, struct booking_wish wish)
{
	const struct slot_span *slots;
	struct instant now = account_now(cx);
	size_t count;
	wish.to = instant_add_s(wish.from, BOOKING_NEXT_DAYS * DAY_S);
	wish.limit = BOOKING_NEXT_SLOTS;
	if (wish.from.us < now.us || wish.from.us > instant_add_s(now, 1000 * DAY_S).us) {
		wish.from = now;
		wish.to = instant_add_s(now, BOOKING_NEXT_DAYS * DAY_S);
	}
	TRY(booking_slots(cx, &h->page, &h->offer, &wish, &slots, &count));
	struct err_slot *next = arena_array(cx->mem, struct err_slot, count + 1);
	for (size_t i = 0; i < count; i++)
		next[i] = (struct err_slot){ instant_of_s(slots[i].from), instant_of_s(slots[i].to) };
	struct err *e = REFUSE(cx, SLOT_UNAVAILABLE, "start",
		"This time cannot be booked (any more). next_slots has the next ones that can.");
	e->slots = next;
	e->slot_count = count;
	return e;
}

/* Is the wish, whose times are those of one slot, a slot of the page? */
static err_t take_slot(struct ctx *cx, const struct held_page *h, const struct booking_wish *wish)
{
	const struct slot_span *slots;
	size_t count;
	TRY(booking_slots(cx, &h->page, &h->offer, wish, &slots, &count));
	if (count == 1 && wish->from.us == instant_of_s(slots[0].from).us)
		return OK;
	return refuse_slot(cx, h, *wish);
}

static struct booking_wish wish_of(struct instant start, int32_t duration, struct id moving)
{
	return (struct booking_wish){ .from = start,
		.to = instant_add_s(start, (int64_t)duration * 60),
		.duration = duration,
		.moving = moving,
		.limit = 1 };
}

static bool has_duration(const struct booking_page *page, int32_t duration)
{
	for (size_t i = 0; i < page->duration_count; i++)
		if (page->durations[i] == duration)
			return true;
	return false;
}

static err_t check_duration(struct ctx *cx, const struct booking_page *page, int32_t duration)
{
	if (has_duration(page, duration))
		return OK;
	return REFUSE(cx, INVALID_VALUE, "duration_minutes", "This page has no appointments of this length.");
}

/* ---- book ---- */

static err_t write_event(struct ctx *cx, const struct actor *actor, const struct held_page *h,
	const struct booking_new *in, const struct booking *b, struct object *out)
{
	const struct event_attendee guest = { in->email, in->name, PARTSTAT_ACCEPTED };
	const struct zone *zone = zone_or_utc(h->page.tz);
	const struct event event = {
		.uid = booking_uid(cx->mem, b->id),
		.title = booking_event_title(cx->mem, h->page.title, in->name),
		.description = booking_event_text(cx->mem, in->note, in->questions, in->answers),
		.start = b->start,
		.end = b->end,
		.zone = zone == zone_utc() ? STR_ABSENT : zone_name(zone),
		.organizer = h->offer.email,
		.attendees = &guest,
		.attendee_count = 1,
	};
	struct object_write write = { .calendar_name = h->offer.calendar_name, .when.none_match_any = true };
	enum put_outcome outcome;
	write.name = str_cat(cx->mem, id_uuid(cx->mem, b->id), STR(".ics"));
	TRY(event_write(cx, &event, &write.data));
	TRY(object_put(cx, actor, &write, &outcome, out));
	out->data = write.data;
	return OK;
}

static err_t find_page(
	struct ctx *cx, const struct actor *actor, const struct booking_new *in, struct booking_page *out)
{
	err_t e = id_is_zero(in->page) ? booking_page_by_slug(cx, actor, in->slug, out)
				       : booking_page_get(cx, actor, in->page, out);
	if (err_is(e, NOT_FOUND))
		return REFUSE(cx, NOT_FOUND, "page", "There is no such booking page.");
	TRY(e);
	return out->active ? OK : REFUSE(cx, CONFLICT, "page", "This page is paused: nothing can be booked by it.");
}

static err_t add(struct ctx *cx, const struct booking *b)
{
	struct added_row row;
	TRY(db_row(cx, &sql_booking_add, ROW(booking_add, &row), IN(b->account), IN(b->id), IN(b->page), IN(b->made_in),
		IN(b->event), IN(b->start), IN(b->end), IN(b->tz), IN(b->name), IN(b->email), IN(b->note),
		IN(b->questions), IN(b->answers), IN(b->language)));
	if (row.added)
		return OK;
	return REFUSE(cx, CONFLICT, "", "There are as many bookings ahead as an account can have.");
}

static err_t book(struct ctx *cx, const struct actor *actor, const struct booking_new *in, struct booking *out)
{
	/* Its event may have been moved to any calendar of theirs. */
	const struct actor writer = actor_server(actor->owner);
	struct held_page h;
	struct object object;
	TRY(find_page(cx, actor, in, &h.page));
	int32_t duration = in->duration ? in->duration : h.page.durations[0];
	TRY(check_duration(cx, &h.page, duration));
	const struct booking_wish wish = wish_of(in->start, duration, (struct id){ { 0 } });
	struct booking b = {
		.account = h.page.account,
		.id = id_is_zero(in->id) ? id_new(cx->now) : in->id,
		.page = h.page.id,
		.made_in = h.page.calendar,
		.calendar = h.page.calendar,
		.start = wish.from,
		.end = wish.to,
		.tz = in->tz.ptr ? in->tz : h.page.tz,
		.language = in->language,
		.name = in->name,
		.email = in->email,
		.note = in->note,
		.questions = in->questions,
		.answers = in->answers,
		.created_at = cx->now,
		.updated_at = cx->now,
	};
	TRY(hold(cx, &h));
	TRY(take_slot(cx, &h, &wish));
	TRY(write_event(cx, &writer, &h, in, &b, &object));
	b.event = object.id;
	TRY(add(cx, &b));
	TRY(guest_mail(cx, actor, &b, GUEST_BOOKED, object.data));
	*out = b;
	return OK;
}

err_t booking_create(struct ctx *cx, const struct actor *actor, const struct booking_new *in, struct booking *out)
{
	bool own;
	TRY(db_join(cx, &own));
	return db_settle(cx, own, book(cx, actor, in, out));
}

/* ---- cancel, move ---- */

struct changing {
	struct ctx *cx;
	const struct booking *booking;
	struct str comment;
	struct str unexplained; /* the cancelled event without it */
	struct booking_wish to;
};

static err_t any_event(void *to, const struct object *now)
{
	(void)to, (void)now;
	return OK;
}

static err_t plan_cancelled(void *to, const struct object *now, struct object_plan *out)
{
	struct changing *c = to;
	const struct actor all = actor_server(c->booking->account);
	struct booking as_it_is; /* whoever else cancelled it meanwhile has said why */
	TRY(booking_get(c->cx, &all, c->booking->id, &as_it_is));
	out->data = now->data;
	if (as_it_is.cancelled)
		return OK;
	TRY(event_cancel(c->cx, now->data, STR_ABSENT, STR_ABSENT, &c->unexplained));
	return event_cancel(c->cx, now->data, STR_ABSENT, c->comment, &out->data);
}

static err_t plan_moved(void *to, const struct object *now, struct object_plan *out)
{
	const struct changing *c = to;
	struct agenda_item item;
	struct event_changed changed;
	TRY(agenda_event(c->cx, now, STR_ABSENT, &item));
	struct event event = item.event;
	const struct event_change change = { STR_ABSENT, &event, EVENT_START | EVENT_END, STR_ABSENT };
	if (event.recurring || event.all_day || event.status == EVENT_CANCELLED)
		return REFUSE(c->cx, CONFLICT, "",
			"This appointment was changed into something else by its host, who alone can move it now.");
	event.start = c->to.from;
	event.end = c->to.to;
	TRY(event_patch(c->cx, now->data, &change, &changed));
	out->data = changed.data;
	return OK;
}

typedef err_t event_planner(void *to, const struct object *now, struct object_plan *out);

static err_t change_event(struct ctx *cx, const struct actor *actor, const struct booking *b, event_planner *plan,
	struct changing *with, struct object *out)
{
	/* Its event may have been moved to any calendar of theirs. */
	const struct actor writer = actor_server(actor->owner);
	const struct preconditions always = { 0 };
	const struct object_edit edit = { any_event, plan, with };
	struct object beside;
	with->cx = cx;
	with->booking = b;
	return object_edit(cx, &writer, b->event, &always, &edit, out, &beside);
}

static err_t cancel(struct ctx *cx, const struct actor *actor, struct id id, enum booking_by by, struct str reason,
	struct booking *out)
{
	struct changing with = { .comment = reason };
	struct object object;
	size_t done;
	TRY(booking_get(cx, actor, id, out));
	if (out->cancelled)
		return OK;
	TRY(change_event(cx, actor, out, plan_cancelled, &with, &object));
	TRY(db_exec(cx, &sql_booking_cancelled, &done, IN(out->account), IN(out->id), IN((int16_t)by), IN(reason)));
	if (!done) /* by somebody else, at the same moment */
		return booking_get(cx, actor, id, out);
	out->cancelled = true;
	out->cancelled_by = by;
	out->cancelled_at = out->updated_at = cx->now;
	out->reason = reason;
	/* Who booked in somebody else's name has no words in what that somebody gets. */
	return guest_mail(cx, actor, out, GUEST_CANCELLED,
		by == BY_GUEST && with.unexplained.ptr ? with.unexplained : object.data);
}

err_t booking_cancel(struct ctx *cx, const struct actor *actor, struct id id, enum booking_by by, struct str reason,
	struct booking *out)
{
	bool own;
	TRY(db_join(cx, &own));
	return db_settle(cx, own, cancel(cx, actor, id, by, reason, out));
}

static err_t page_of(struct ctx *cx, const struct booking *b, struct booking_page *out)
{
	const struct actor all = actor_server(b->account);
	err_t e = booking_page_get(cx, &all, b->page, out);
	if (err_is(e, NOT_FOUND))
		return REFUSE(
			cx, CONFLICT, "", "The page of this booking is gone: nobody knows when else there is room.");
	return e;
}

static int32_t length_of(const struct booking *b)
{
	int64_t minutes = (instant_s(b->end) - instant_s(b->start)) / 60;
	return (int32_t)(minutes < 1 ? 1 : minutes > 1440 ? 1440 : minutes);
}

static err_t get_to_move(struct ctx *cx, const struct actor *actor, struct id id, struct booking *out)
{
	TRY(booking_get(cx, actor, id, out));
	if (out->cancelled)
		return REFUSE(cx, CONFLICT, "", "This booking is cancelled: there is nothing to move.");
	return OK;
}

static err_t move(struct ctx *cx, const struct actor *actor, struct id id, struct instant start, int32_t duration,
	struct booking *out)
{
	struct held_page h;
	struct object object;
	TRY(get_to_move(cx, actor, id, out));
	TRY(page_of(cx, out, &h.page));
	if (duration)
		TRY(check_duration(cx, &h.page, duration));
	TRY(hold(cx, &h));
	TRY(get_to_move(cx, actor, id, out)); /* as whoever was faster left it */
	struct changing with = { .to = wish_of(start, duration ? duration : length_of(out), out->id) };
	if (out->start.us == with.to.from.us && out->end.us == with.to.to.us)
		return OK; /* it is there: nobody is told again */
	TRY(take_slot(cx, &h, &with.to));
	TRY(change_event(cx, actor, out, plan_moved, &with, &object));
	TRY(db_exec(cx, &sql_booking_moved, NULL, IN(out->account), IN(out->id), IN(with.to.from), IN(with.to.to)));
	out->start = with.to.from;
	out->end = with.to.to;
	out->updated_at = cx->now;
	return guest_mail(cx, actor, out, GUEST_MOVED, object.data);
}

err_t booking_move(struct ctx *cx, const struct actor *actor, struct id id, struct instant start, int32_t duration,
	struct booking *out)
{
	bool own;
	TRY(db_join(cx, &own));
	return db_settle(cx, own, move(cx, actor, id, start, duration, out));
}

err_t booking_other_slots(struct ctx *cx, const struct booking *booking, struct instant from, struct instant to,
	const struct slot_span **out, size_t *count_out)
{
	struct held_page h;
	const struct booking_wish wish = {
		.from = from, .to = to, .duration = length_of(booking), .moving = booking->id, .limit = SIZE_MAX
	};
	*count_out = 0;
	err_t e = page_of(cx, booking, &h.page);
	if (e)
		return err_is(e, CONFLICT) ? OK : e;
	TRY(booking_offer(cx, &h.page, &h.offer));
	return booking_slots(cx, &h.page, &h.offer, &wish, out, count_out);
}
