/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/events: a list over several calendars. */
#include <string.h>

#include "caldav/calendar/ical/dates.h"
#include "caldav/calendar/view/agenda.h"
#include "server/api/api.h"
#include "server/api/event_view.h"

struct list_params {
	struct id calendar;
	bool has_calendar, has_from, has_to;
	struct instant from, to;
	struct str expand, order, starting_after;
	int64_t limit;
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
	{ "limit",          JSON_INT,  0,    P(limit),          0,               1,  API_LIMIT_MAX, NULL,  NULL, 0, 0, "Items in a page; 25 unless said", "25" },
	{ "starting_after", JSON_STR,  0,    P(starting_after), 0,               0,  0,             NULL,  NULL, 0, 0, "next_cursor of the page before", "evt_0355WHuCFfRpMfB53mC9Z6" },
};
/* clang-format on */

/* ---- cursors in order of start: the position where the page ended ---- */

#define CURSOR_SECOND_MAX (INT64_C(400) * 366 * 86400 * 25) /* year 9999, and a little more */

static struct str cursor_text(struct arena *mem, const struct agenda_position *position)
{
	struct str plain = str_fmt(mem, "%lld %.*s", (long long)instant_s(position->start),
		STR_ARG(event_id_text(mem, position->object, position->recurrence_id)));
	return str_cat(mem, STR("pos_"), base64url_of(mem, bytes_of(plain.ptr, plain.len)));
}

static bool cursor_split(struct arena *mem, struct str text, struct agenda_position *out)
{
	struct bytes plain;
	struct str rest, seconds;
	struct wall instance;
	uint64_t number;
	if (!str_starts(text, STR("pos_")) || !base64url_to(mem, str_from(text, 4), &plain))
		return false;
	rest = (struct str){ (const char *)plain.ptr, plain.len };
	if (!str_cut(&rest, ' ', &seconds) || !rest.ptr)
		return false;
	bool negative = str_starts(seconds, STR("-"));
	if (!str_to_u64(str_from(seconds, negative), CURSOR_SECOND_MAX, &number))
		return false;
	out->start = instant_of_s(negative ? -(int64_t)number : (int64_t)number);
	return event_id_parse(rest, &out->object, &out->recurrence_id) &&
	       (!out->recurrence_id.ptr || (wall_parse(out->recurrence_id, &instance) &&
						   str_eq(wall_text(mem, instance), out->recurrence_id)));
}

/* Who makes one up gets another page of their own events; but it must be written as we would. */
static bool cursor_read(struct arena *mem, struct str text, struct agenda_position *out)
{
	return cursor_split(mem, text, out) && str_eq(cursor_text(mem, out), text);
}

/* ---- the list ---- */

static void write_items(struct api_call *call, struct json *j, const struct agenda_item *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct event_view view;
		event_view_of(call->rq->cx.mem, &items[i], !id_is_test(call->actor.owner), &view);
		api_list_item(call, j, &view);
	}
}

/* Out of bounds is refused, not clamped: a client would miss what it asked for. */
static size_t limit_of(const struct list_params *params)
{
	return params->limit ? (size_t)params->limit : API_LIMIT_DEFAULT;
}

static err_t list_in_range(struct api_call *call, struct response *rs, const struct list_params *params)
{
	struct request *rq = call->rq;
	struct agenda_query q = { .actor = &call->actor,
		.zone = call->who.tz,
		.limit = limit_of(params),
		.start = params->from,
		.end = params->to };
	struct agenda_position after;
	struct agenda_list list;
	if (!params->has_from || !params->has_to)
		return REFUSE(&rq->cx, MISSING_FIELD, params->has_from ? "to" : "from", "from and to go together.");
	if (params->starting_after.ptr && !cursor_read(rq->cx.mem, params->starting_after, &after))
		return REFUSE(&rq->cx, INVALID_VALUE, "starting_after", "Use next_cursor of the page before.");
	q.expand = !str_eq(params->expand, STR("none"));
	q.after = params->starting_after.ptr ? &after : NULL;
	TRY(calendars_chosen(call, params->has_calendar ? &params->calendar : NULL, &q.calendars));
	TRY(agenda_in_range(&rq->cx, &q, &list));
	struct json j = api_list_begin(call, rs);
	write_items(call, &j, list.items, list.count);
	api_list_end(call, &j, list.more, list.more ? cursor_text(rq->cx.mem, &list.last) : STR_ABSENT);
	return OK;
}

static err_t list_newest(struct api_call *call, struct response *rs, const struct list_params *params)
{
	struct request *rq = call->rq;
	struct id after = { { 0 } };
	struct id_list calendars;
	struct agenda_item *items;
	size_t count;
	bool more;
	if (params->order.ptr || params->expand.ptr)
		return REFUSE(&rq->cx, INVALID_VALUE, params->order.ptr ? "order" : "expand",
			"This goes with a range: give from and to.");
	if (params->starting_after.ptr && !id_parse(params->starting_after, "evt", &after))
		return REFUSE(&rq->cx, INVALID_VALUE, "starting_after", "Use next_cursor of the page before.");
	TRY(calendars_chosen(call, params->has_calendar ? &params->calendar : NULL, &calendars));
	TRY(agenda_newest(
		&rq->cx, &call->actor, calendars, after, call->who.tz, limit_of(params), &items, &count, &more));
	struct json j = api_list_begin(call, rs);
	write_items(call, &j, items, count);
	api_list_end(call, &j, more, more ? id_text(rq->cx.mem, "evt", items[count - 1].object.id) : STR_ABSENT);
	return OK;
}

static err_t run_list(struct api_call *call, struct response *rs)
{
	const struct list_params *params = call->params;
	return params->has_from || params->has_to ? list_in_range(call, rs, params) : list_newest(call, rs, params);
}

const struct contract list_events = {
	.id = "listEvents",
	.summary = "The events of a range in order of start, or without a range all, the newest first.",
	PARAMS(list_params, struct list_params),
	.answer = &event_resource,
	.shape = ANSWER_LIST,
	.status = 200,
	ERRORS(NOT_FOUND, RANGE_TOO_LARGE, TOO_COSTLY),
	.run = run_list,
};
