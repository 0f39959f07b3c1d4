/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/events: a list over several calendars. */
#include <string.h>

#include "caldav/calendar/ical/dates.h"
#include "caldav/calendar/view/agenda.h"
#include "server/api/api.h"
#include "server/api/event_view.h"
#include "server/api/page.h"

struct list_params {
	struct id calendar;
	bool has_calendar, has_from, has_to, has_updated_since;
	struct instant from, to, updated_since;
	struct str expand, order, q;
};

#define P(member) offsetof(struct list_params, member)

/* clang-format off */
static const struct json_field list_params[] = {
	/* name             kind       flags offset             given            min max            of */
	{ "calendar_id",    JSON_ID,   0,    P(calendar),       P(has_calendar), 0,  0,             "cal", NULL, 0, 0, "One calendar; all selected ones unless said", NULL },
	{ "from",           JSON_TIME, 0,    P(from),           P(has_from),     0,  0,             NULL,  NULL, 0, 0, "Start of a range: what ends after it; goes with to", "2026-11-24T00:00:00Z" },
	{ "to",             JSON_TIME, 0,    P(to),             P(has_to),       0,  0,             NULL,  NULL, 0, 0, "End of the range: what starts before it", "2026-12-01T00:00:00Z" },
	{ "expand",         JSON_WORD, 0,    P(expand),         0,               0,  0,             "instances none", NULL, 0, 0, "Of a range: each instance of a series by itself (the default), or the series once", NULL },
	{ "order",          JSON_WORD, 0,    P(order),          0,               0,  0,             "start_time_asc", NULL, 0, 0, "Of a range: its order, which is always this; without a range the newest come first", NULL },
	{ "q",              JSON_STR,  0,    P(q),              0,               1,  WORDS_MAX,    NULL,  NULL, 0, 0, "Words, all of which are in title, location or description, case and accents aside. A page may have fewer events than `limit`, even none, while `has_more` is true: read on", "planning" },
	{ "updated_since",  JSON_TIME, 0,    P(updated_since),  P(has_updated_since), 0, 0,         NULL,  NULL, 0, 0, "Events that were made or changed then or later, as `updated_at` says; pages as with q. What was deleted is not told", "2026-11-01T00:00:00Z" },
};
/* clang-format on */

/* ---- positions in order of start ---- */

#define PLACE_SECOND_MAX (INT64_C(400) * 366 * 86400 * 25) /* year 9999, and a little more */

static struct str position_text(struct arena *mem, const struct agenda_position *position)
{
	return str_fmt(mem, "%lld %.*s", (long long)instant_s(position->start),
		STR_ARG(event_id_text(mem, position->object, position->recurrence_id)));
}

static bool position_split(struct arena *mem, struct str rest, struct agenda_position *out)
{
	struct str seconds;
	struct wall instance;
	uint64_t number;
	if (!str_cut(&rest, ' ', &seconds) || !rest.ptr)
		return false;
	bool negative = str_starts(seconds, STR("-"));
	if (!str_to_u64(str_from(seconds, negative), PLACE_SECOND_MAX, &number))
		return false;
	out->start = instant_of_s(negative ? -(int64_t)number : (int64_t)number);
	return event_id_parse(rest, &out->object, &out->recurrence_id) &&
	       (!out->recurrence_id.ptr || (wall_parse(out->recurrence_id, &instance) &&
						   str_eq(wall_text(mem, instance), out->recurrence_id)));
}

/* It must be written as we would. */
static bool position_read(struct arena *mem, struct str text, struct agenda_position *out)
{
	return position_split(mem, text, out) && str_eq(position_text(mem, out), text);
}

/* ---- the list ---- */

static void write_items(const struct page *page, struct json *j, const struct agenda_item *items, size_t count)
{
	struct api_call *call = page->call;
	for (size_t i = 0; i < count; i++) {
		struct event_view view;
		if (!page_takes(page, items[i].object.created_at))
			continue;
		event_view_of(call->rq->cx.mem, &items[i], !id_is_test(call->actor.owner), &view);
		api_list_item(call, j, &view);
	}
}

/* NULL: all is wanted. */
static err_t sieve_of(struct ctx *cx, const struct list_params *params, const struct agenda_sieve **out)
{
	struct agenda_sieve *sieve = arena_new(cx->mem, struct agenda_sieve);
	struct words *words = arena_new(cx->mem, struct words);
	sieve->changed_since = params->has_updated_since ? params->updated_since : INSTANT_BEFORE;
	*out = params->q.ptr || params->has_updated_since ? sieve : NULL;
	if (!params->q.ptr)
		return OK;
	sieve->words = words;
	return words_read(cx, params->q, words);
}

static err_t list_in_range(struct api_call *call, struct response *rs, const struct list_params *params)
{
	struct request *rq = call->rq;
	struct agenda_query q = {
		.actor = &call->actor, .zone = call->who.tz, .start = params->from, .end = params->to
	};
	struct agenda_position position;
	const struct agenda_sieve *sieve;
	struct agenda_list list;
	struct page page;
	if (!params->has_from || !params->has_to)
		return REFUSE(&rq->cx, MISSING_FIELD, params->has_from ? "to" : "from", "from and to go together.");
	q.expand = !str_eq(params->expand, STR("none"));
	TRY(page_begin(call, q.expand ? "instances" : "starts", &page));
	if (page.position.ptr && !position_read(rq->cx.mem, page.position, &position))
		return page_refuse(&page);
	q.position = page.position.ptr ? &position : NULL;
	q.back = page.back;
	q.limit = page.limit;
	TRY(sieve_of(&rq->cx, params, &sieve));
	const struct id_list named = { &params->calendar, 1 };
	TRY(calendars_chosen(call, params->has_calendar ? &named : NULL, "calendar_id", &q.calendars));
	TRY(sieve ? agenda_in_range_sieved(&rq->cx, &q, sieve, &list) : agenda_in_range(&rq->cx, &q, &list));
	page.more = list.more;
	struct json j = api_list_begin(call, rs);
	write_items(&page, &j, list.items, list.count);
	page_end(&page, &j, list.stands ? position_text(rq->cx.mem, &list.first) : STR_ABSENT,
		list.stands ? position_text(rq->cx.mem, &list.last) : STR_ABSENT);
	return OK;
}

static err_t list_newest(struct api_call *call, struct response *rs, const struct list_params *params)
{
	struct request *rq = call->rq;
	struct agenda_newest_query q = { .actor = &call->actor, .zone = call->who.tz };
	struct agenda_newest_list list;
	struct page page;
	if (params->order.ptr || params->expand.ptr)
		return REFUSE(&rq->cx, INVALID_VALUE, params->order.ptr ? "order" : "expand",
			"This goes with a range: give from and to.");
	TRY(page_begin(call, "newest", &page));
	TRY(page_newest(&page, &q.bound));
	q.back = page.back;
	q.limit = page.limit;
	TRY(sieve_of(&rq->cx, params, &q.sieve));
	const struct id_list named = { &params->calendar, 1 };
	bool open = params->has_calendar && calendar_is_open(call, params->calendar);
	if (open)
		q.calendars = named;
	else
		TRY(calendars_chosen(call, params->has_calendar ? &named : NULL, "calendar_id", &q.calendars));
	TRY(agenda_newest(&rq->cx, &q, &list));
	if (open && !list.stands) /* no event shows that it is there */
		TRY(calendars_chosen(call, &named, "calendar_id", &q.calendars));
	page.more = list.more && !page_is_past(&page, page.back ? list.first : list.last);
	struct json j = api_list_begin(call, rs);
	write_items(&page, &j, list.items, list.count);
	page_end_newest(&page, &j, list.stands, list.first, list.last);
	return OK;
}

static err_t run_list(struct api_call *call, struct response *rs)
{
	const struct list_params *params = call->params;
	return params->has_from || params->has_to ? list_in_range(call, rs, params) : list_newest(call, rs, params);
}

/* The first page of one calendar is known by its query alone; of other lists, which calendars there are. */
static void list_ahead(struct request *rq, struct id account, struct bytes key)
{
	const struct form *sent;
	struct id calendar;
	uint64_t limit = PAGE_LIMIT_DEFAULT;
	if (request_params(rq, &sent))
		return;
	struct str named = form_get(sent, "calendar_id"), most = form_get(sent, "limit");
	if (!named.ptr || form_get(sent, "from").ptr || form_get(sent, "to").ptr)
		calendar_choices_prefetch(&rq->cx, account, key);
	if (sent->count != (size_t)1 + !!most.ptr || !id_parse(named, "cal", &calendar) ||
		(most.ptr && !str_to_u64(most, PAGE_LIMIT_MAX, &limit)))
		return;
	struct agenda_newest_query q = { .calendars = { &calendar, 1 }, .limit = (size_t)limit };
	memset(&q.bound, 255, sizeof q.bound); /* page_newest() */
	agenda_newest_prefetch(&rq->cx, &q, account, key);
}

const struct contract list_events = {
	.id = "listEvents",
	.summary = "The events of a range in order of start, or without a range all, the newest first.",
	PARAMS(list_params, struct list_params),
	.answer = &event_resource,
	.shape = ANSWER_LIST,
	.status = 200,
	.flags = BY_CREATED,
	ERRORS(NOT_FOUND, RANGE_TOO_LARGE, TOO_COSTLY),
	.run = run_list,
	.ahead = list_ahead,
};
