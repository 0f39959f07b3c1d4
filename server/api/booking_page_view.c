/* SPDX-License-Identifier: Apache-2.0 */
/* A booking page as REST shows it, and what of it a body says. */
#include "server/api/booking_page_view.h"

#include <stdlib.h>

#include "caldav/calendar/store/store.h"
#include "server/account/account.h"
#include "server/account/label.h"
#include "server/data/uri.h"

#define DATE_LEN 10 /* 2026-12-24 */
#define ORIGIN_MAX 200

struct duration_view {
	int64_t minutes;
};

struct exception_view {
	struct str date;
	struct json_list hours; /* of struct hours_view */
};

#define V(member) offsetof(struct page_view, member)
#define X(member) offsetof(struct exception_view, member)

/* clang-format off */
static const struct json_field duration_fields[] = {
	{ "minutes", JSON_INT, JSON_REQUIRED, offsetof(struct duration_view, minutes), 0, 5, 720, NULL, NULL, 0, 0, "How long it takes", "30" },
};
static const struct json_field exception_fields[] = {
	{ "date",    JSON_STR,     JSON_REQUIRED, X(date),  0, 0, 0, "YYYY-MM-DD", NULL, 0, 0, "The day, each once", "2026-12-24" },
	{ "hours",   JSON_OBJECTS, JSON_REQUIRED, X(hours), 0, 0, HOURS_A_DAY_MAX, NULL, hours_fields, ARRAY_LEN(hours_fields), sizeof(struct hours_view), "The hours of this day instead of those of its weekday; none: closed", "[]" },
};

const struct json_field booking_question_fields[2] = {
	{ "question", JSON_STR,  JSON_REQUIRED, offsetof(struct question_view, question), 0, 1, 200, NULL, NULL, 0, 0, "What is asked", "What shall we talk about?" },
	{ "required", JSON_BOOL, 0,             offsetof(struct question_view, required), 0, 0, 0,   NULL, NULL, 0, 0, "Whether nobody books without an answer; false unless said", "false" },
};

static const struct json_field fields[] = {
	/* name                     kind          flags              offset            given                 min max */
	{ "id",                     JSON_STR,     JSON_READ_ONLY,    V(id),            0,                    0,  0,     NULL, NULL, 0, 0, "bkp_…", "bkp_0355WHuCFfRpMfB53mC9Z6" },
	{ "object",                 JSON_STR,     JSON_READ_ONLY,    V(object),        0,                    0,  0,     NULL, NULL, 0, 0, "booking_page", "booking_page" },
	{ "slug",                   JSON_STR,     JSON_NEEDED,       V(slug),          V(has_slug),          3,  64,    NULL, NULL, 0, 0, "Its name in URLs, unique on this server: a-z, 0-9, and hyphens between them", "intro-call" },
	{ "title",                  JSON_STR,     JSON_NEEDED,       V(title),         V(has_title),         1,  100,   NULL, NULL, 0, 0, "What guests book; the title of their events begins so", "Intro call" },
	{ "description",            JSON_STR,     JSON_NULLABLE,     V(description),   V(has_description),   0,  2000,  NULL, NULL, 0, 0, "What guests are told of it", "Half an hour to get to know each other." },
	{ "durations",              JSON_OBJECTS, 0,                 V(durations),     V(has_durations),     1,  BOOKING_DURATIONS_MAX, NULL, duration_fields, ARRAY_LEN(duration_fields), sizeof(struct duration_view), "How long an appointment can be, each once; the first is what is booked where none is named; 30 minutes unless said", NULL },
	{ "timezone",               JSON_STR,     0,                 V(timezone),      V(has_timezone),      1,  64,    NULL, NULL, 0, 0, "IANA name of the zone of the hours; the user's unless said", "Europe/Berlin" },
	{ "color_hex",              JSON_STR,     JSON_NULLABLE,     V(color_hex),     V(has_color_hex),     0,  0,     "#RRGGBB", NULL, 0, 0, "Its colour", "#3366CC" },
	{ "working_hours",          JSON_OBJECT,  0,                 V(hours),         V(has_hours),         0,  0,     NULL, day_fields, ARRAY_LEN(day_fields), sizeof(struct days_view), "When appointments can be, by the day of the week; a break is what lies between two times. Monday to Friday from 9 to 17 unless said; sent, it replaces the week", NULL },
	{ "exceptions",             JSON_OBJECTS, 0,                 V(exceptions),    V(has_exceptions),    0,  BOOKING_EXCEPTIONS_MAX, NULL, exception_fields, ARRAY_LEN(exception_fields), sizeof(struct exception_view), "Days with other hours, or none", NULL },
	{ "buffer_before_minutes",  JSON_INT,     0,                 V(buffer_before), V(has_buffer_before), 0,  240,   NULL, NULL, 0, 0, "So long before an appointment nothing else may be; 0 unless said", "0" },
	{ "buffer_after_minutes",   JSON_INT,     0,                 V(buffer_after),  V(has_buffer_after),  0,  240,   NULL, NULL, 0, 0, "So long after it; 0 unless said", "10" },
	{ "minimum_notice_minutes", JSON_INT,     0,                 V(notice),        V(has_notice),        0,  43200, NULL, NULL, 0, 0, "How long before its start an appointment is booked at the latest; 60 unless said", "60" },
	{ "horizon_days",           JSON_INT,     0,                 V(horizon),       V(has_horizon),       1,  730,   NULL, NULL, 0, 0, "How far ahead it may begin, in days of 24 hours; 60 unless said", "60" },
	{ "slot_step_minutes",      JSON_INT,     0,                 V(step),          V(has_step),          5,  720,   NULL, NULL, 0, 0, "From one possible start to the next, counted from the beginning of the hours; 30 unless said", "30" },
	{ "bookings_per_day",       JSON_INT,     JSON_NULLABLE,     V(per_day),       V(has_per_day),       1,  100,   NULL, NULL, 0, 0, "At most so many of them a day, in the page's zone; null: no limit", "4" },
	{ "busy_calendar_ids",      JSON_STRS,    JSON_NULLABLE,     V(busy),          V(has_busy),          1,  BOOKING_BUSY_MAX, NULL, NULL, 0, 0, "Calendars whose events leave no room; null: those that are selected. The one of calendar_id always counts", NULL },
	{ "calendar_id",            JSON_STR,     0,                 V(calendar),      V(has_calendar),      1,  64,    NULL, NULL, 0, 0, "Where the events of its bookings go; the default calendar unless said", "cal_0355WHuCFfRpMfB53mC9Z6" },
	{ "status",                 JSON_WORD,    0,                 V(status),        V(has_status),        0,  0,     "active paused", NULL, 0, 0, "By a paused page nothing can be booked; what is booked stays, and its links work", "active" },
	{ "mail_guests",            JSON_BOOL,    0,                 V(mail_guests),   V(has_mail_guests),   0,  0,     NULL, NULL, 0, 0, "Whether the server mails guests what becomes of their bookings, where mail is set up; true unless said. false: you do", "true" },
	{ "is_public",              JSON_BOOL,    0,                 V(is_public),     V(has_is_public),     0,   0,    NULL, NULL, 0, 0, "Whether anybody may book by its page on this server, at `url`; false unless said", "false" },
	{ "url",                    JSON_STR,     JSON_READ_ONLY | JSON_NULLABLE, V(url), 0,              0,   0,    NULL, NULL, 0, 0, "Where that page is; null where is_public is false", "https://calends.example/book/intro-call" },
	{ "questions",              JSON_OBJECTS, 0,                 V(questions),     V(has_questions),     0,   BOOKING_QUESTIONS_MAX, NULL, booking_question_fields, ARRAY_LEN(booking_question_fields), sizeof(struct question_view), "What guests are asked there besides their name and address, each once; none unless said", "[]" },
	{ "embed_origins",          JSON_STRS,    0,                 V(embed_origins), V(has_embed_origins), 0,   BOOKING_ORIGINS_MAX, NULL, NULL, 0, 0, "Sites that may show that page in a frame: https:// and the host, and the port if it is not 443. None: any site, as when left out", "https://shop.example" },
	{ "livemode",               JSON_BOOL,    JSON_READ_ONLY,    V(livemode),      0,                    0,  0,     NULL, NULL, 0, 0, "false in test mode", "true" },
	{ "etag",                   JSON_STR,     JSON_READ_ONLY,    V(etag),          0,                    0,  0,     NULL, NULL, 0, 0, "For If-Match", "\"1\"" },
	{ "created_at",             JSON_TIME,    JSON_READ_ONLY,    V(created_at),    0,                    0,  0,     NULL, NULL, 0, 0, "When it was made", NULL },
	{ "updated_at",             JSON_TIME,    JSON_READ_ONLY,    V(updated_at),    0,                    0,  0,     NULL, NULL, 0, 0, "When it was changed", NULL },
};
/* clang-format on */

const struct json_resource booking_page_resource = {
	.name = "booking_page",
	JSON_FIELDS(fields),
	.size = sizeof(struct page_view),
	.reads = CALENDARS_READ,
	.doc = "By what guests may book: when, how long, and into which calendar.",
};

/* ---- to an answer ---- */

struct str booking_page_etag(struct arena *mem, const struct booking_page *p)
{
	return str_fmt(mem, "\"%lld\"", (long long)p->version);
}

static struct str date_of(struct arena *mem, int64_t days)
{
	return str_dup(mem, str_sub(instant_rfc3339(mem, instant_of_s(days * DAY_S)), 0, DATE_LEN));
}

static struct json_list durations_view(struct arena *mem, const struct booking_page *p)
{
	struct duration_view *views = arena_array(mem, struct duration_view, p->duration_count + 1);
	for (size_t i = 0; i < p->duration_count; i++)
		views[i].minutes = p->durations[i];
	return (struct json_list){ views, p->duration_count };
}

static struct json_list exceptions_view(struct arena *mem, const struct booking_page *p)
{
	struct exception_view *views = arena_array(mem, struct exception_view, p->exception_count + 1);
	for (size_t i = 0; i < p->exception_count; i++)
		views[i] = (struct exception_view){ date_of(mem, p->exceptions[i].day),
			day_hours_view(mem, &p->exceptions[i].hours) };
	return (struct json_list){ views, p->exception_count };
}

static struct str_list busy_view(struct arena *mem, const struct id_list *ids)
{
	struct str *texts = arena_array(mem, struct str, ids->count + 1);
	for (size_t i = 0; i < ids->count; i++)
		texts[i] = id_text(mem, "cal", ids->items[i]);
	return (struct str_list){ ids->count ? texts : NULL, ids->count };
}

struct json_list booking_questions_view(struct arena *mem, const struct booking_page *p)
{
	struct question_view *views = arena_array(mem, struct question_view, p->question_count + 1);
	for (size_t i = 0; i < p->question_count; i++)
		views[i] = (struct question_view){ p->questions[i].text, p->questions[i].required };
	return (struct json_list){ views, p->question_count };
}

struct page_view booking_page_view(struct ctx *cx, const struct booking_page *p)
{
	struct arena *mem = cx->mem;
	return (struct page_view){
		.id = id_text(mem, "bkp", p->id),
		.object = STR("booking_page"),
		.slug = p->slug,
		.title = p->title,
		.description = p->description,
		.durations = durations_view(mem, p),
		.timezone = p->tz,
		.color_hex = p->color,
		.hours = working_hours_view(mem, &p->hours),
		.has_hours = true,
		.exceptions = exceptions_view(mem, p),
		.buffer_before = p->buffer_before,
		.buffer_after = p->buffer_after,
		.notice = p->notice,
		.horizon = p->horizon,
		.step = p->step,
		.per_day = p->per_day,
		.busy = busy_view(mem, &p->busy_calendars),
		.calendar = id_text(mem, "cal", p->calendar),
		.status = p->active ? STR("active") : STR("paused"),
		.mail_guests = p->mail_guests,
		.is_public = p->is_public,
		.url = p->is_public ? booking_page_url(cx, p) : STR_ABSENT,
		.questions = booking_questions_view(mem, p),
		.embed_origins = p->embed_origins,
		.livemode = !id_is_test(p->account),
		.etag = booking_page_etag(mem, p),
		.created_at = p->created_at,
		.updated_at = p->updated_at,
	};
}

/* ---- from a body ---- */

static err_t read_durations(struct ctx *cx, struct json_list list, struct booking_page *out)
{
	const struct duration_view *views = list.items;
	int32_t *durations = arena_array(cx->mem, int32_t, list.count + 1);
	for (size_t i = 0; i < list.count; i++) {
		durations[i] = (int32_t)views[i].minutes;
		for (size_t k = 0; k < i; k++)
			if (durations[k] == durations[i])
				return REFUSE(cx, INVALID_VALUE, str_fmt(cx->mem, "durations[%zu].minutes", i).ptr,
					"This length stands there twice.");
	}
	out->durations = durations;
	out->duration_count = list.count;
	return OK;
}

static int exception_cmp(const void *a, const void *b)
{
	const struct hours_exception *x = a, *y = b;
	return x->day < y->day ? -1 : x->day > y->day;
}

static err_t read_exceptions(struct ctx *cx, struct json_list list, struct booking_page *out)
{
	const struct exception_view *views = list.items;
	struct hours_exception *items = arena_array(cx->mem, struct hours_exception, list.count + 1);
	struct instant midnight;
	for (size_t i = 0; i < list.count; i++) {
		const char *at = str_fmt(cx->mem, "exceptions[%zu].date", i).ptr;
		if (!instant_from_rfc3339(str_cat(cx->mem, views[i].date, STR("T00:00:00Z")), &midnight))
			return REFUSE(cx, INVALID_VALUE, at, "There is no such day.");
		items[i].day = instant_s(midnight) / DAY_S;
		for (size_t k = 0; k < i; k++)
			if (items[k].day == items[i].day)
				return REFUSE(cx, INVALID_VALUE, at, "This day stands there twice.");
		TRY(day_hours_read(
			cx, str_fmt(cx->mem, "exceptions[%zu].hours", i).ptr, views[i].hours, &items[i].hours));
	}
	if (list.count)
		qsort(items, list.count, sizeof *items, exception_cmp);
	out->exceptions = items;
	out->exception_count = list.count;
	return OK;
}

static err_t read_questions(struct ctx *cx, struct json_list list, struct booking_page *out)
{
	const struct question_view *views = list.items;
	struct booking_question *items = arena_array(cx->mem, struct booking_question, list.count + 1);
	for (size_t i = 0; i < list.count; i++) {
		const char *at = str_fmt(cx->mem, "questions[%zu].question", i).ptr;
		items[i].required = views[i].required;
		TRY(text_clean(cx, at, views[i].question));
		items[i].text = str_trim(views[i].question, STR_BLANK);
		if (!items[i].text.len)
			return REFUSE(cx, INVALID_VALUE, at, "What is asked?");
		for (size_t k = 0; k < i; k++)
			if (str_eq(items[k].text, items[i].text))
				return REFUSE(cx, INVALID_VALUE, at, "This is asked twice.");
	}
	out->questions = items;
	out->question_count = list.count;
	return OK;
}

/* As browsers write them, each once. They stand in a header (CSP: frame-ancestors). */
static err_t read_origins(struct ctx *cx, struct str_list list, struct booking_page *out)
{
	struct str *origins = arena_array(cx->mem, struct str, list.count + 1);
	size_t count = 0;
	for (size_t i = 0; i < list.count; i++) {
		struct str origin = uri_origin(cx->mem, list.items[i]);
		/* An address of IPv6 is no host of CSP. */
		if (!origin.ptr || origin.len > ORIGIN_MAX || str_has(origin, '['))
			return REFUSE(cx, INVALID_VALUE, str_fmt(cx->mem, "embed_origins[%zu]", i).ptr,
				"\"%.*s\" is no site. Write https:// and the host, and the port if it is not 443.",
				STR_ARG(str_beginning(list.items[i], 100)));
		size_t same = 0;
		while (same < count && !str_eq(origins[same], origin))
			same++;
		origins[same] = origin;
		count += same == count;
	}
	out->embed_origins = (struct str_list){ origins, count };
	return OK;
}

static bool is_among(const struct calendar *calendars, size_t count, struct str text, struct id *out)
{
	if (!id_parse(text, "cal", out))
		return false;
	for (size_t i = 0; i < count; i++)
		if (id_eq(calendars[i].id, *out))
			return true;
	return false;
}

/* Calendars that the body names are the caller's. */
static err_t read_calendars(struct api_call *call, const struct page_view *view, bool fresh, struct booking_page *out)
{
	struct ctx *cx = &call->rq->cx;
	struct calendar *calendars;
	size_t count;
	if (!fresh && !view->has_calendar && !view->has_busy)
		return OK;
	TRY(calendar_list(cx, &call->actor, &calendars, &count));
	if (view->has_calendar && !is_among(calendars, count, view->calendar, &out->calendar))
		return REFUSE(cx, NOT_FOUND, "calendar_id", "There is no such calendar.");
	for (size_t i = 0; fresh && !view->has_calendar && i < count; i++)
		if (str_eq(calendars[i].name, STR(DEFAULT_CALENDAR)))
			out->calendar = calendars[i].id;
	if (id_is_zero(out->calendar))
		return REFUSE(cx, MISSING_FIELD, "calendar_id", "There is no default calendar: name the one to use.");
	if (!view->has_busy)
		return OK;
	struct id *busy = arena_array(cx->mem, struct id, view->busy.count + 1);
	for (size_t i = 0; i < view->busy.count; i++)
		if (!is_among(calendars, count, view->busy.items[i], &busy[i]))
			return REFUSE(cx, NOT_FOUND, str_fmt(cx->mem, "busy_calendar_ids[%zu]", i).ptr,
				"There is no such calendar.");
	out->busy_calendars = (struct id_list){ view->busy.count ? busy : NULL, view->busy.count };
	return OK;
}

static err_t read_texts(struct ctx *cx, const struct page_view *view, struct booking_page *out)
{
	if (view->has_slug) {
		if (!booking_slug_fine(view->slug))
			return REFUSE(cx, INVALID_VALUE, "slug",
				"A slug is 3 to 64 of a-z, 0-9 and hyphens, which stand alone and between others.");
		out->slug = view->slug;
	}
	if (view->has_title)
		TRY(label_clean(cx, "title", view->title, &out->title));
	if (view->has_description) {
		TRY(text_clean(cx, "description", view->description));
		out->description = view->description;
	}
	if (view->has_color_hex)
		out->color = view->color_hex;
	if (view->has_timezone) {
		const struct zone *zone = zone_by_name(view->timezone);
		if (!zone)
			return REFUSE(cx, INVALID_VALUE, "timezone",
				"This is not a time zone. Use an IANA name like Europe/Berlin.");
		out->tz = booking_zone_name(zone);
	}
	return OK;
}

static void read_numbers(const struct page_view *view, struct booking_page *out)
{
	const struct {
		bool has;
		int64_t value;
		int32_t *to;
	} numbers[] = {
		{ view->has_buffer_before, view->buffer_before, &out->buffer_before },
		{ view->has_buffer_after, view->buffer_after, &out->buffer_after },
		{ view->has_notice, view->notice, &out->notice },
		{ view->has_horizon, view->horizon, &out->horizon },
		{ view->has_step, view->step, &out->step },
		{ view->has_per_day, view->per_day, &out->per_day },
	};
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (numbers[i].has)
			*numbers[i].to = (int32_t)numbers[i].value;
	if (view->has_status)
		out->active = str_eq(view->status, STR("active"));
	if (view->has_mail_guests)
		out->mail_guests = view->mail_guests;
	if (view->has_is_public)
		out->is_public = view->is_public;
}

err_t booking_page_apply(struct api_call *call, const struct page_view *view, bool fresh, struct booking_page *page)
{
	struct ctx *cx = &call->rq->cx;
	TRY(read_texts(cx, view, page));
	if (view->has_durations)
		TRY(read_durations(cx, view->durations, page));
	if (view->has_hours)
		TRY(working_hours_read(cx, "working_hours", &view->hours, &page->hours));
	if (view->has_exceptions)
		TRY(read_exceptions(cx, view->exceptions, page));
	if (view->has_questions)
		TRY(read_questions(cx, view->questions, page));
	if (view->has_embed_origins)
		TRY(read_origins(cx, view->embed_origins, page));
	read_numbers(view, page);
	return read_calendars(call, view, fresh, page);
}
