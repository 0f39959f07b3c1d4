/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a page of an active booking page's owner may show to anybody: /v1/public/booking_pages, for publishable keys.
 * Nothing of what makes busy, no address, no name of the owner.
 */
#include "server/api/api.h"
#include "server/api/booking_page_view.h"
#include "server/http/access.h"
#include "server/booking/availability.h"

#define RANGE_MAX_S (INT64_C(31) * 86400)

struct slug_params {
	struct str slug;
};

struct availability_params {
	struct str slug;
	struct instant from, to;
	struct str timezone;
	int64_t duration;
};

#define SLUG_PARAM(type)                                                                                               \
	{                                                                                                              \
		.name = "slug", .kind = JSON_STR, .flags = JSON_IN_PATH, .offset = offsetof(type, slug),               \
		.doc = "The page's `slug`", .example = "intro-call"                                                    \
	}

/* Of the key's account and mode, and not paused: all others are not there. */
static err_t page_shown(struct api_call *call, struct str slug, struct booking_page *out)
{
	struct ctx *cx = &call->rq->cx;
	struct booking_page page;
	TRY(access_count_visit(call->rq));
	TRY(booking_page_by_slug(cx, &call->actor, slug, &page));
	if (!page.active)
		return FAIL(cx, NOT_FOUND, "the page is paused");
	*out = page;
	return OK;
}

/* ---- the page ---- */

struct duration_view {
	int64_t minutes;
};

struct public_view {
	struct str object, slug, title, description, timezone, color_hex;
	struct json_list durations; /* of struct duration_view */
	struct json_list questions; /* of struct question_view */
	bool livemode;
};

#define V(member) offsetof(struct public_view, member)
#define READ JSON_READ_ONLY

/* clang-format off */
static const struct json_field duration_fields[] = {
	{ "minutes", JSON_INT, READ, offsetof(struct duration_view, minutes), 0, 0, 0, NULL, NULL, 0, 0, "How long it takes", "30" },
};
static const struct json_field fields[] = {
	{ "object",      JSON_STR,     READ,                 V(object),      0, 0, 0, NULL, NULL, 0, 0, "public_booking_page", "public_booking_page" },
	{ "slug",        JSON_STR,     READ,                 V(slug),        0, 0, 0, NULL, NULL, 0, 0, "Its name in URLs", "intro-call" },
	{ "title",       JSON_STR,     READ,                 V(title),       0, 0, 0, NULL, NULL, 0, 0, "What is booked", "Intro call" },
	{ "description", JSON_STR,     READ | JSON_NULLABLE, V(description), 0, 0, 0, NULL, NULL, 0, 0, "What is told of it", NULL },
	{ "durations",   JSON_OBJECTS, READ,                 V(durations),   0, 0, 0, NULL, duration_fields, ARRAY_LEN(duration_fields), sizeof(struct duration_view), "How long an appointment can be; the first unless one is named", NULL },
	{ "timezone",    JSON_STR,     READ,                 V(timezone),    0, 0, 0, NULL, NULL, 0, 0, "The zone of its hours", "Europe/Berlin" },
	{ "color_hex",   JSON_STR,     READ | JSON_NULLABLE, V(color_hex),   0, 0, 0, NULL, NULL, 0, 0, "#RRGGBB", "#3366CC" },
	{ "questions",   JSON_OBJECTS, READ,                 V(questions),   0, 0, 0, NULL, booking_question_fields, ARRAY_LEN(booking_question_fields), sizeof(struct question_view), "What guests are asked besides their name and address", "[]" },
	{ "livemode",    JSON_BOOL,    READ,                 V(livemode),    0, 0, 0, NULL, NULL, 0, 0, "false in test mode", "true" },
};
/* clang-format on */

static const struct json_resource public_resource = {
	.name = "public_booking_page",
	JSON_FIELDS(fields),
	.size = sizeof(struct public_view),
	.doc = "What guests are shown of a booking page.",
};

static const struct json_field slug_params[] = { SLUG_PARAM(struct slug_params) };

static err_t run_get(struct api_call *call, struct response *rs)
{
	const struct slug_params *params = call->params;
	struct booking_page page;
	TRY(page_shown(call, params->slug, &page));
	struct duration_view *durations = arena_array(call->rq->cx.mem, struct duration_view, page.duration_count + 1);
	for (size_t i = 0; i < page.duration_count; i++)
		durations[i].minutes = page.durations[i];
	const struct public_view view = {
		.object = STR("public_booking_page"),
		.slug = page.slug,
		.title = page.title,
		.description = page.description,
		.durations = { durations, page.duration_count },
		.timezone = page.tz,
		.color_hex = page.color,
		.questions = booking_questions_view(call->rq->cx.mem, &page),
		.livemode = !id_is_test(page.account),
	};
	api_reply(call, rs, &view);
	return OK;
}

const struct contract get_public_booking_page = {
	.id = "getPublicBookingPage",
	.summary = "What guests are shown of a page of the key's account. A paused one is not there.",
	PARAMS(slug_params, struct slug_params),
	.answer = &public_resource,
	.status = 200,
	ERRORS(NOT_FOUND),
	.run = run_get,
};

/* ---- its free slots ---- */

struct slot_view {
	struct instant start, end;
	struct str local_start;
};

struct availability_view {
	struct str object, slug, timezone;
	int64_t duration;
	struct json_list slots; /* of struct slot_view */
};

#define A(member) offsetof(struct availability_view, member)
#define P(member) offsetof(struct availability_params, member)

/* clang-format off */
static const struct json_field slot_fields[] = {
	{ "start",       JSON_TIME, READ, offsetof(struct slot_view, start),       0, 0, 0, NULL, NULL, 0, 0, "When it begins; what POST /v1/bookings takes", NULL },
	{ "end",         JSON_TIME, READ, offsetof(struct slot_view, end),         0, 0, 0, NULL, NULL, 0, 0, "When it ends", NULL },
	{ "local_start", JSON_STR,  READ, offsetof(struct slot_view, local_start), 0, 0, 0, NULL, NULL, 0, 0, "Its start as the clock of `timezone` shows it, with that offset", "2026-12-01T09:00:00+01:00" },
};
static const struct json_field availability_fields[] = {
	{ "object",           JSON_STR,     READ, A(object),   0, 0, 0, NULL, NULL, 0, 0, "availability", "availability" },
	{ "slug",             JSON_STR,     READ, A(slug),     0, 0, 0, NULL, NULL, 0, 0, "Of which page", "intro-call" },
	{ "timezone",         JSON_STR,     READ, A(timezone), 0, 0, 0, NULL, NULL, 0, 0, "Of local_start", "Europe/Berlin" },
	{ "duration_minutes", JSON_INT,     READ, A(duration), 0, 0, 0, NULL, NULL, 0, 0, "How long a slot is", "30" },
	{ "slots",            JSON_OBJECTS, READ, A(slots),    0, 0, 0, NULL, slot_fields, ARRAY_LEN(slot_fields), sizeof(struct slot_view), "In order; one may overlap the next, since each could be booked", NULL },
};
static const struct json_field availability_params[] = {
	SLUG_PARAM(struct availability_params),
	{ "from",             JSON_TIME, JSON_REQUIRED, P(from),     0, 0, 0,  NULL, NULL, 0, 0, "Start of the range", "2026-12-01T00:00:00Z" },
	{ "to",               JSON_TIME, JSON_REQUIRED, P(to),       0, 0, 0,  NULL, NULL, 0, 0, "Its end, at most 31 days later; a slot lies within", "2026-12-08T00:00:00Z" },
	{ "timezone",         JSON_STR,  0,             P(timezone), 0, 1, 64, NULL, NULL, 0, 0, "IANA name of the guest's zone, for local_start; the page's unless said", "Europe/Berlin" },
	{ "duration_minutes", JSON_INT,  0,             P(duration), 0, 5, 720, NULL, NULL, 0, 0, "One of the page's durations; its first unless said", "30" },
};
/* clang-format on */

static const struct json_resource availability_resource = {
	.name = "availability",
	JSON_FIELDS(availability_fields),
	.size = sizeof(struct availability_view),
	.doc = "When a page can be booked: its hours less what its owner is busy with.",
};

static err_t range_check(struct ctx *cx, const struct availability_params *params)
{
	if (!instant_before(params->from, params->to))
		return REFUSE(cx, INVALID_VALUE, "to", "The end of the range does not lie after its start.");
	if (instant_before(instant_add_s(params->from, RANGE_MAX_S), params->to))
		return REFUSE(cx, RANGE_TOO_LARGE, "to", "Free slots are told for 31 days at most.");
	return OK;
}

static err_t zone_of(struct ctx *cx, struct str asked, const struct booking_page *page, const struct zone **out)
{
	*out = zone_by_name(asked.ptr ? asked : page->tz);
	if (*out)
		return OK;
	return REFUSE(cx, INVALID_VALUE, "timezone", "This is not a time zone. Use an IANA name like Europe/Berlin.");
}

static err_t wish_of(struct ctx *cx, const struct availability_params *params, const struct booking_page *page,
	struct booking_wish *out)
{
	*out = (struct booking_wish){ .from = params->from, .to = params->to, .limit = SIZE_MAX };
	for (size_t i = 0; i < page->duration_count && !out->duration; i++)
		if (!params->duration || params->duration == page->durations[i])
			out->duration = page->durations[i];
	if (out->duration)
		return OK;
	return REFUSE(cx, INVALID_VALUE, "duration_minutes", "This page has no appointments of this length.");
}

static void reply_slots(struct api_call *call, struct response *rs, const struct booking_page *page,
	const struct zone *zone, int32_t duration, const struct slot_span *slots, size_t count)
{
	struct arena *mem = call->rq->cx.mem;
	struct slot_view *views = arena_array(mem, struct slot_view, count + 1);
	for (size_t i = 0; i < count; i++)
		views[i] = (struct slot_view){ instant_of_s(slots[i].from), instant_of_s(slots[i].to),
			zone_rfc3339(mem, zone, slots[i].from) };
	const struct availability_view view = { STR("availability"), page->slug, booking_zone_name(zone), duration,
		{ views, count } };
	api_reply(call, rs, &view);
}

static err_t run_availability(struct api_call *call, struct response *rs)
{
	const struct availability_params *params = call->params;
	struct ctx *cx = &call->rq->cx;
	struct booking_page page;
	struct booking_offer offer;
	struct booking_wish wish;
	const struct zone *zone;
	const struct slot_span *slots;
	size_t count;
	TRY(range_check(cx, params));
	TRY(page_shown(call, params->slug, &page));
	TRY(zone_of(cx, params->timezone, &page, &zone));
	TRY(wish_of(cx, params, &page, &wish));
	TRY(booking_offer(cx, &page, &offer));
	TRY(booking_slots(cx, &page, &offer, &wish, &slots, &count));
	reply_slots(call, rs, &page, zone, wish.duration, slots, count);
	return OK;
}

const struct contract get_booking_availability = {
	.id = "getBookingAvailability",
	.summary = "The slots of a page that can be booked, as it is now.",
	PARAMS(availability_params, struct availability_params),
	.answer = &availability_resource,
	.status = 200,
	ERRORS(NOT_FOUND, RANGE_TOO_LARGE, TOO_COSTLY),
	.run = run_availability,
};
