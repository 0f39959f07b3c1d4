/* SPDX-License-Identifier: Apache-2.0 */
/* What guests booked: /v1/bookings. */
#include "server/api/api.h"
#include "server/api/event_target.h"
#include "server/api/page.h"
#include "server/api/webhook_views.h"
#include "server/account/label.h"
#include "server/booking/booking.h"
#include "server/booking/link.h"

#define JSON_MAX KIB(256)

struct answer_view {
	struct str question, answer;
};

struct booking_view {
	struct str id, object, page, booking_page_id, event_id, calendar_id, status, timezone, name, email, note,
		cancelled_by, cancellation_reason, manage_url, cancel_url, guest_mail;
	struct instant start, end, cancelled_at, created_at, updated_at;
	int64_t duration;
	struct json_list answers; /* of struct answer_view */
	bool livemode;
};

#define V(member) offsetof(struct booking_view, member)
#define W(member) offsetof(struct answer_view, member)
#define READ JSON_READ_ONLY
#define OPEN (JSON_READ_ONLY | JSON_OPEN) /* who may book, and not read, is told these */
#define MAYBE JSON_NULLABLE

/* clang-format off */
static const struct json_field answer_fields[] = {
	{ "question", JSON_STR, JSON_REQUIRED, W(question), 0, 1, 200,  NULL, NULL, 0, 0, "What the guest was asked", "What shall we talk about?" },
	{ "answer",   JSON_STR, JSON_REQUIRED, W(answer),   0, 0, 2000, NULL, NULL, 0, 0, "What the guest said", "The pilot." },
};

static const struct json_field fields[] = {
	/* name                  kind          flags                           offset                  given min max */
	{ "id",                  JSON_STR,     OPEN,                           V(id),                  0, 0, 0,    NULL, NULL, 0, 0, "bkg_…", "bkg_0355WHuCFfRpMfB53mC9Z6" },
	{ "object",              JSON_STR,     OPEN,                           V(object),              0, 0, 0,    NULL, NULL, 0, 0, "booking", "booking" },
	{ "page",                JSON_STR,     JSON_REQUIRED | JSON_WRITE_ONLY, V(page),               0, 1, 64,   NULL, NULL, 0, 0, "By which page: its slug or id", "intro-call" },
	{ "booking_page_id",     JSON_STR,     OPEN,                           V(booking_page_id),     0, 0, 0,    NULL, NULL, 0, 0, "bkp_…; may be deleted", "bkp_0355WHuCFfRpMfB53mC9Z6" },
	{ "status",              JSON_STR,     OPEN,                           V(status),              0, 0, 0,    NULL, NULL, 0, 0, "confirmed, or cancelled: its event is cancelled or gone, whoever did that", "confirmed" },
	{ "start",               JSON_TIME,    JSON_REQUIRED,                  V(start),               0, 0, 0,    NULL, NULL, 0, 0, "When it begins, as its event says; of a slot when it is booked", "2026-12-01T09:00:00Z" },
	{ "end",                 JSON_TIME,    READ,                           V(end),                 0, 0, 0,    NULL, NULL, 0, 0, "When it ends", NULL },
	{ "duration_minutes",    JSON_INT,     0,                              V(duration),            0, 5, 720,  NULL, NULL, 0, 0, "How long it is: one of the page's durations, its first unless said", "30" },
	{ "timezone",            JSON_STR,     0,                              V(timezone),            0, 1, 64,   NULL, NULL, 0, 0, "IANA name of the guest's zone, for what they are shown; the page's unless said", "Europe/Berlin" },
	{ "name",                JSON_STR,     JSON_REQUIRED,                  V(name),                0, 1, 100,  NULL, NULL, 0, 0, "The guest's name", "Ada Lovelace" },
	{ "email",               JSON_STR,     JSON_REQUIRED,                  V(email),               0, 3, 320,  NULL, NULL, 0, 0, "The guest's address", "ada@example.org" },
	{ "note",                JSON_STR,     MAYBE,                          V(note),                0, 0, 2000, NULL, NULL, 0, 0, "What the guest adds", "Looking forward to it." },
	{ "answers",             JSON_OBJECTS, 0,                              V(answers),             0, 0, BOOKING_ANSWERS_MAX, NULL, answer_fields, ARRAY_LEN(answer_fields), sizeof(struct answer_view), "What the guest was asked besides", NULL },
	{ "event_id",            JSON_STR,     OPEN | MAYBE,                   V(event_id),            0, 0, 0,    NULL, NULL, 0, 0, "evt_…; null: it is deleted", "evt_0355WHuCFfRpMfB53mC9Z6" },
	{ "calendar_id",         JSON_STR,     OPEN | MAYBE,                   V(calendar_id),         0, 0, 0,    NULL, NULL, 0, 0, "Where that is now", "cal_0355WHuCFfRpMfB53mC9Z6" },
	{ "cancelled_by",        JSON_STR,     READ | MAYBE,                   V(cancelled_by),        0, 0, 0,    NULL, NULL, 0, 0, "host (by this API), guest (by the link), or calendar: in its event", NULL },
	{ "cancelled_at",        JSON_TIME,    READ | MAYBE,                   V(cancelled_at),        0, 0, 0,    NULL, NULL, 0, 0, "When; null where the calendar says so alone", NULL },
	{ "cancellation_reason", JSON_STR,     READ | MAYBE,                   V(cancellation_reason), 0, 0, 0,    NULL, NULL, 0, 0, "Why, where that was said", NULL },
	{ "manage_url",          JSON_STR,     OPEN | JSON_OPTIONAL,           V(manage_url),          0, 0, 0,    NULL, NULL, 0, 0, "For the guest's confirmation: there they see, move and cancel it. A secret; in the answer to the booking alone", NULL },
	{ "cancel_url",          JSON_STR,     OPEN | JSON_OPTIONAL,           V(cancel_url),          0, 0, 0,    NULL, NULL, 0, 0, "The same, at the question whether to cancel", NULL },
	{ "guest_mail",          JSON_STR,     READ | JSON_OPTIONAL,           V(guest_mail),          0, 0, 0,    NULL, NULL, 0, 0, "In the answer to a call that books, moves or cancels: how the guest hears of it by mail. queued, or delivered in test mode, where nothing leaves; not there: you tell them", "queued" },
	{ "livemode",            JSON_BOOL,    OPEN,                           V(livemode),            0, 0, 0,    NULL, NULL, 0, 0, "false in test mode", "true" },
	{ "created_at",          JSON_TIME,    READ,                           V(created_at),          0, 0, 0,    NULL, NULL, 0, 0, "When it was booked", NULL },
	{ "updated_at",          JSON_TIME,    READ,                           V(updated_at),          0, 0, 0,    NULL, NULL, 0, 0, "When it was last moved or cancelled here", NULL },
};
/* clang-format on */

const struct json_resource booking_resource = {
	.name = "booking",
	JSON_FIELDS(fields),
	.size = sizeof(struct booking_view),
	.reads = EVENTS_READ,
	.doc = "An appointment that a guest booked. When it is and whether it still is, its event says.",
};

struct booking_params {
	struct id booking;
};

static const struct json_field path[] = { { .name = "booking",
	.kind = JSON_ID,
	.flags = JSON_IN_PATH,
	.of = "bkg",
	.offset = offsetof(struct booking_params, booking),
	.doc = "Its `id`" } };

/* ---- to an answer ---- */

static struct json_list answers_view(struct arena *mem, const struct booking *b)
{
	size_t count = b->questions.count < b->answers.count ? b->questions.count : b->answers.count;
	struct answer_view *views = arena_array(mem, struct answer_view, count + 1);
	for (size_t i = 0; i < count; i++)
		views[i] = (struct answer_view){ b->questions.items[i], b->answers.items[i] };
	return (struct json_list){ views, count };
}

static struct booking_view view_of(struct arena *mem, const struct booking *b)
{
	static const char *const by[] = { [BY_CALENDAR] = "calendar", [BY_HOST] = "host", [BY_GUEST] = "guest" };
	bool there = !id_is_zero(b->event);
	return (struct booking_view){
		.id = id_text(mem, "bkg", b->id),
		.object = STR("booking"),
		.booking_page_id = id_text(mem, "bkp", b->page),
		.status = b->cancelled ? STR("cancelled") : STR("confirmed"),
		.start = b->start,
		.end = b->end,
		.duration = (instant_s(b->end) - instant_s(b->start)) / 60,
		.timezone = b->tz,
		.name = b->name,
		.email = b->email,
		.note = b->note,
		.answers = answers_view(mem, b),
		.event_id = there ? id_text(mem, "evt", b->event) : STR_ABSENT,
		.calendar_id = there ? id_text(mem, "cal", b->calendar) : STR_ABSENT,
		.cancelled_by = b->cancelled ? str_of(by[b->cancelled_by]) : STR_ABSENT,
		.cancelled_at = b->cancelled ? b->cancelled_at : INSTANT_NONE,
		.cancellation_reason = b->cancelled ? b->reason : STR_ABSENT,
		.guest_mail = b->told,
		.livemode = !id_is_test(b->account),
		.created_at = b->created_at,
		.updated_at = b->updated_at,
	};
}

static void reply_booking(struct api_call *call, struct response *rs, const struct booking *booking)
{
	struct booking_view view = view_of(call->rq->cx.mem, booking);
	api_reply(call, rs, &view);
}

err_t booking_as_json(struct ctx *cx, const struct booking *booking, struct str *out)
{
	struct buf text = buf_new(cx->mem, JSON_MAX);
	struct json j = json_begin(&text);
	struct booking_view view = view_of(cx->mem, booking);
	json_object(&j, NULL);
	json_write(&j, cx->mem, fields, ARRAY_LEN(fields), &view);
	json_object_end(&j);
	if (text.full)
		return FAIL(cx, TOO_LARGE, "a booking as JSON");
	*out = buf_str(&text);
	return OK;
}

/* ---- list, get ---- */

struct list_params {
	struct id page;
};

static const struct json_field list_params[] = { { .name = "booking_page_id",
	.kind = JSON_ID,
	.of = "bkp",
	.offset = offsetof(struct list_params, page),
	.doc = "Of this page alone" } };

static err_t run_list(struct api_call *call, struct response *rs)
{
	const struct list_params *params = call->params;
	struct ctx *cx = &call->rq->cx;
	struct booking *rows;
	struct page page;
	struct id bound;
	size_t count;
	const char *order = id_is_zero(params->page) ? "newest" : str_c(cx->mem, id_text(cx->mem, "bkp", params->page));
	TRY(page_begin(call, order, &page));
	TRY(page_newest(&page, &bound));
	TRY(booking_list(cx, &call->actor, params->page, bound, page.back, page.limit + 1, &rows, &count));
	PAGE_CUT_ROWS(&page, rows, &count);
	struct json j = api_list_begin(call, rs);
	for (size_t i = 0; i < count; i++) {
		if (!page_takes(&page, rows[page_row(&page, count, i)].created_at))
			continue;
		struct booking_view view = view_of(cx->mem, &rows[page_row(&page, count, i)]);
		api_list_item(call, &j, &view);
	}
	PAGE_END_ROWS(&page, &j, rows, count);
	return OK;
}

const struct contract list_bookings = {
	.id = "listBookings",
	.summary = "What was booked, the newest first.",
	PARAMS(list_params, struct list_params),
	.answer = &booking_resource,
	.shape = ANSWER_LIST,
	.status = 200,
	.flags = BY_CREATED,
	.run = run_list,
};

static err_t run_get(struct api_call *call, struct response *rs)
{
	const struct booking_params *params = call->params;
	struct booking booking;
	TRY(booking_get(&call->rq->cx, &call->actor, params->booking, &booking));
	reply_booking(call, rs, &booking);
	return OK;
}

const struct contract get_booking = {
	.id = "getBooking",
	.summary = "One booking.",
	PARAMS(path, struct booking_params),
	.answer = &booking_resource,
	.status = 200,
	ERRORS(NOT_FOUND),
	.run = run_get,
};

/* ---- book ---- */

static void read_answers(struct arena *mem, struct json_list list, struct booking_new *out)
{
	const struct answer_view *views = list.items;
	struct str *questions = arena_array(mem, struct str, list.count + 1);
	struct str *answers = arena_array(mem, struct str, list.count + 1);
	for (size_t i = 0; i < list.count; i++) {
		questions[i] = views[i].question;
		answers[i] = views[i].answer;
	}
	out->questions = (struct str_list){ questions, list.count };
	out->answers = (struct str_list){ answers, list.count };
}

static err_t read_new(struct ctx *cx, const struct booking_view *view, struct booking_new *out)
{
	*out = (struct booking_new){ .start = view->start,
		.duration = (int32_t)view->duration,
		.name = view->name,
		.email = view->email,
		.tz = view->timezone,
		.note = view->note.len ? view->note : STR_ABSENT };
	if (!id_parse(view->page, "bkp", &out->page))
		out->slug = view->page;
	read_answers(cx->mem, view->answers, out);
	return booking_new_clean(cx, out);
}

static err_t run_create(struct api_call *call, struct response *rs)
{
	struct ctx *cx = &call->rq->cx;
	struct booking_new in;
	struct booking booking;
	TRY(read_new(cx, call->body, &in));
	TRY(event_words(call->rq, booking_create(cx, &call->actor, &in, &booking)));
	struct booking_view view = view_of(cx->mem, &booking);
	view.manage_url = booking_link(cx, booking.account, booking.id);
	view.cancel_url = str_cat(cx->mem, view.manage_url, STR("/cancel"));
	api_reply(call, rs, &view);
	api_location(rs, "/v1/bookings/", view.id);
	return OK;
}

#define BOOKING_ERRORS NOT_FOUND, SLOT_UNAVAILABLE, RANGE_TOO_LARGE, EVENT_WRITING

const struct contract create_booking = {
	.id = "createBooking",
	.summary = "Book a slot of a page. Of many who ask for one at once, one gets it; the others are told the next.",
	.body = &booking_resource,
	.answer = &booking_resource,
	.status = 201,
	.flags = SHOWS_SECRET,
	ERRORS(BOOKING_ERRORS),
	.run = run_create,
};

/* ---- cancel, move ---- */

struct cancel_view {
	struct str reason;
};

static const struct json_field cancel_fields[] = {
	{ .name = "reason",
		.kind = JSON_STR,
		.flags = JSON_NULLABLE,
		.offset = offsetof(struct cancel_view, reason),
		.min = 1,
		.max = 1000,
		.doc = "Why, for the guest; kept as the event's COMMENT",
		.example = "I am ill. Please take another time." },
};

static const struct json_resource cancellation = {
	.name = "booking_cancellation",
	JSON_FIELDS(cancel_fields),
	.size = sizeof(struct cancel_view),
	.doc = "What is said of a cancelled booking.",
};

static err_t run_cancel(struct api_call *call, struct response *rs)
{
	const struct booking_params *params = call->params;
	const struct cancel_view *view = call->body;
	struct ctx *cx = &call->rq->cx;
	struct booking booking;
	struct str reason = view && view->reason.len ? view->reason : STR_ABSENT;
	TRY(text_clean(cx, "reason", reason));
	TRY(event_words(call->rq, booking_cancel(cx, &call->actor, params->booking, BY_HOST, reason, &booking)));
	reply_booking(call, rs, &booking);
	return OK;
}

const struct contract cancel_booking = {
	.id = "cancelBooking",
	.summary = "Cancel a booking: its event stays to be seen, cancelled, and its time is free. Twice is the same.",
	PARAMS(path, struct booking_params),
	.body = &cancellation,
	.answer = &booking_resource,
	.status = 200,
	.flags = BODY_OPTIONAL,
	ERRORS(NOT_FOUND, EVENT_WRITING),
	.run = run_cancel,
};

struct move_view {
	struct instant start;
	int64_t duration;
};

static const struct json_field move_fields[] = {
	{ .name = "start",
		.kind = JSON_TIME,
		.flags = JSON_REQUIRED,
		.offset = offsetof(struct move_view, start),
		.doc = "Of a slot of its page",
		.example = "2026-12-02T09:00:00Z" },
	{ .name = "duration_minutes",
		.kind = JSON_INT,
		.offset = offsetof(struct move_view, duration),
		.min = 5,
		.max = 720,
		.doc = "One of the page's durations; as long as it is unless said",
		.example = "30" },
};

static const struct json_resource rescheduling = {
	.name = "booking_rescheduling",
	JSON_FIELDS(move_fields),
	.size = sizeof(struct move_view),
	.doc = "Where a booking goes.",
};

static err_t run_move(struct api_call *call, struct response *rs)
{
	const struct booking_params *params = call->params;
	const struct move_view *view = call->body;
	struct booking booking;
	TRY(event_words(call->rq, booking_move(&call->rq->cx, &call->actor, params->booking, view->start,
					  (int32_t)view->duration, &booking)));
	reply_booking(call, rs, &booking);
	return OK;
}

const struct contract reschedule_booking = {
	.id = "rescheduleBooking",
	.summary = "Move a booking to another slot of its page, as free as a new one must be.",
	PARAMS(path, struct booking_params),
	.body = &rescheduling,
	.answer = &booking_resource,
	.status = 200,
	ERRORS(BOOKING_ERRORS),
	.run = run_move,
};
