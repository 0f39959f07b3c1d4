/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/events and GET /v1/freebusy: lists over several calendars. */
#include <string.h>

#include "caldav/calendar/ical/dates.h"
#include "caldav/calendar/view/agenda.h"
#include "caldav/calendar/view/freebusy.h"
#include "server/api/api.h"
#include "server/api/event_view.h"

#define FREEBUSY_RANGE_MAX_S (INT64_C(62) * 86400)
#define FREEBUSY_EVENTS_MAX 20000
#define CANDIDATES_AT_ONCE 500

/* ---- which calendars, which range ---- */

/* The one that is named, or all that are selected. */
static err_t chosen_calendars(
	struct request *rq, const struct principal *who, struct str calendar_id, struct id_list *out)
{
	struct calendar *calendars;
	size_t count, kept = 0;
	struct id named = { { 0 } };
	if (calendar_id.ptr && !id_parse(calendar_id, "cal", &named))
		return REFUSE(&rq->cx, INVALID_VALUE, "calendar_id", "This is not the id of a calendar (cal_…).");
	const struct actor actor = actor_own(who);
	TRY(calendar_list(&rq->cx, &actor, &calendars, &count));
	struct id *ids = arena_array(rq->cx.mem, struct id, count + 1);
	for (size_t i = 0; i < count; i++)
		if (calendar_id.ptr ? id_eq(calendars[i].id, named) : calendars[i].selected)
			ids[kept++] = calendars[i].id;
	if (calendar_id.ptr && kept == 0)
		return REFUSE(&rq->cx, NOT_FOUND, "calendar_id", "There is no such calendar.");
	*out = (struct id_list){ ids, kept };
	return OK;
}

static err_t time_param(struct request *rq, const struct form *params, const char *name, struct instant *out)
{
	struct str text = form_get(params, name);
	if (!text.ptr)
		return REFUSE(&rq->cx, MISSING_FIELD, name, "from and to go together.");
	if (!instant_from_rfc3339(text, out))
		return REFUSE(&rq->cx, INVALID_VALUE, name,
			"A time is written as RFC 3339 with an offset, and + as %%2B: 2026-11-24T09:00:00Z.");
	return OK;
}

/* ---- cursors in order of start: the place where the page ended ---- */

#define CURSOR_SECOND_MAX (INT64_C(400) * 366 * 86400 * 25) /* year 9999, and a little more */

static struct str cursor_text(struct arena *mem, const struct agenda_place *place)
{
	struct str plain = str_fmt(mem, "%lld %.*s", (long long)instant_s(place->start),
		STR_ARG(event_id_text(mem, place->object, place->recurrence_id)));
	return str_cat(mem, STR("pos_"), base64url_of(mem, bytes_of(plain.ptr, plain.len)));
}

static bool cursor_split(struct arena *mem, struct str text, struct agenda_place *out)
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

/* Who makes one up gets another page of his own events; but it must be written as we would. */
static bool cursor_read(struct arena *mem, struct str text, struct agenda_place *out)
{
	return cursor_split(mem, text, out) && str_eq(cursor_text(mem, out), text);
}

/* ---- the list ---- */

static void write_items(struct request *rq, struct json *j, const struct agenda_item *items, size_t count, bool live)
{
	for (size_t i = 0; i < count; i++) {
		struct event_view view;
		event_view_of(rq->cx.mem, &items[i], live, &view);
		json_object(j, NULL);
		json_write(j, rq->cx.mem, event_fields, event_field_count, &view);
		json_object_end(j);
	}
}

static err_t list_in_range(
	struct request *rq, struct response *rs, const struct principal *who, const struct form *params, size_t limit)
{
	const struct actor actor = actor_own(who);
	struct agenda_query q = { .actor = &actor, .zone = who->tz, .limit = limit, .expand = true };
	struct agenda_place after;
	struct agenda_list list;
	struct str expand = form_get(params, "expand"), order = form_get(params, "order");
	struct str cursor = form_get(params, "starting_after");
	TRY(time_param(rq, params, "from", &q.start));
	TRY(time_param(rq, params, "to", &q.end));
	if (expand.ptr && !str_eq(expand, STR("instances")) && !str_eq(expand, STR("none")))
		return REFUSE(&rq->cx, INVALID_VALUE, "expand", "expand is instances or none.");
	if (order.ptr && !str_eq(order, STR("start_time_asc")))
		return REFUSE(&rq->cx, INVALID_VALUE, "order", "A range is listed in order start_time_asc.");
	if (cursor.ptr && !cursor_read(rq->cx.mem, cursor, &after))
		return REFUSE(&rq->cx, INVALID_VALUE, "starting_after", "Use next_cursor of the page before.");
	q.expand = !str_eq(expand, STR("none"));
	q.after = cursor.ptr ? &after : NULL;
	TRY(chosen_calendars(rq, who, form_get(params, "calendar_id"), &q.calendars));
	TRY(agenda_in_range(&rq->cx, &q, &list));
	struct json j = api_list_begin(rs);
	write_items(rq, &j, list.items, list.count, !id_is_test(who->account));
	api_list_end(&j, list.more, list.more ? cursor_text(rq->cx.mem, &list.last) : STR_ABSENT);
	return OK;
}

static err_t list_newest(
	struct request *rq, struct response *rs, const struct principal *who, const struct form *params, size_t limit)
{
	struct str cursor = form_get(params, "starting_after");
	struct id after = { { 0 } };
	struct id_list calendars;
	struct agenda_item *items;
	size_t count;
	bool more;
	if (form_get(params, "order").ptr || form_get(params, "expand").ptr)
		return REFUSE(&rq->cx, INVALID_VALUE, form_get(params, "order").ptr ? "order" : "expand",
			"This goes with a range: give from and to.");
	if (cursor.ptr && !id_parse(cursor, "evt", &after))
		return REFUSE(&rq->cx, INVALID_VALUE, "starting_after", "Use next_cursor of the page before.");
	TRY(chosen_calendars(rq, who, form_get(params, "calendar_id"), &calendars));
	const struct actor actor = actor_own(who);
	TRY(agenda_newest(&rq->cx, &actor, calendars, after, who->tz, limit, &items, &count, &more));
	struct json j = api_list_begin(rs);
	write_items(rq, &j, items, count, !id_is_test(who->account));
	api_list_end(&j, more, more ? id_text(rq->cx.mem, "evt", items[count - 1].object.id) : STR_ABSENT);
	return OK;
}

err_t event_list_get(struct request *rq, struct response *rs)
{
	static const char *const known[] = { "calendar_id", "from", "to", "expand", "order", "limit",
		"starting_after" };
	struct principal who;
	const struct form *params;
	size_t limit;
	TRY(api_caller(rq, &who));
	TRY(api_params(rq, known, ARRAY_LEN(known), &params));
	TRY(api_limit(rq, params, &limit));
	if (form_get(params, "from").ptr || form_get(params, "to").ptr)
		return list_in_range(rq, rs, &who, params, limit);
	return list_newest(rq, rs, &who, params, limit);
}

/* ---- free and busy ---- */

/* Those that flags and occurrences do not decide, lot by lot. */
static err_t add_data(
	struct request *rq, const struct principal *who, struct freebusy *fb, const struct object *rows, size_t count)
{
	for (size_t from = 0; from < count;) {
		struct arena_mark mark = arena_mark(rq->cx.mem);
		size_t end = object_lot(rows, from, count), whole_count;
		struct id *ids = arena_array(rq->cx.mem, struct id, end - from);
		struct object *whole;
		bool again;
		for (size_t i = from; i < end; i++)
			ids[i - from] = rows[i].id;
		const struct actor actor = actor_own(who);
		TRY(object_by_ids(&rq->cx, &actor, (struct id_list){ ids, end - from }, &whole, &whole_count));
		for (size_t i = 0; i < whole_count; i++)
			TRY(freebusy_add(&rq->cx, fb, &whole[i], &again));
		arena_rewind(rq->cx.mem, mark);
		from = end;
	}
	return OK;
}

static err_t add_busy(struct request *rq, const struct principal *who, struct freebusy *fb,
	const struct object *objects, size_t count)
{
	struct object *open = arena_array(rq->cx.mem, struct object, count + 1);
	size_t open_count = 0;
	for (size_t i = 0; i < count; i++) {
		bool needs_data = false;
		TRY(freebusy_add(&rq->cx, fb, &objects[i], &needs_data));
		if (needs_data)
			open[open_count++] = objects[i];
	}
	return add_data(rq, who, fb, open, open_count);
}

static err_t collect_busy(
	struct request *rq, const struct principal *who, struct id_list calendars, struct freebusy *fb)
{
	struct range_place after = { 0 };
	struct object *objects;
	size_t count = CANDIDATES_AT_ONCE, seen = 0;
	while (calendars.count > 0 && count == CANDIDATES_AT_ONCE) {
		struct arena_mark mark = arena_mark(rq->cx.mem);
		const struct actor actor = actor_own(who);
		TRY(object_in_range(&rq->cx, &actor, calendars, fb->start, fb->end, COMPONENT_VEVENT, after,
			CANDIDATES_AT_ONCE, &objects, &count));
		TRY(add_busy(rq, who, fb, objects, count));
		if (count > 0)
			after = range_place(&objects[count - 1]);
		arena_rewind(rq->cx.mem, mark);
		seen += count;
		if (seen > FREEBUSY_EVENTS_MAX)
			return REFUSE(
				&rq->cx, RANGE_TOO_LARGE, "to", "Too many events touch this range. Ask for less.");
	}
	freebusy_merge(fb);
	return OK;
}

static void write_busy(struct response *rs, const struct freebusy *fb)
{
	static const char *const kinds[BUSY_KINDS] = {
		[BUSY] = "busy",
		[BUSY_TENTATIVE] = "tentative",
		[BUSY_UNAVAILABLE] = "unavailable",
	};
	struct json j = json_begin(reply(rs, 200, "application/json"));
	json_object(&j, NULL);
	json_str(&j, "object", STR("freebusy"));
	json_time(&j, "from", fb->start);
	json_time(&j, "to", fb->end);
	json_array(&j, "busy");
	for (size_t i = 0; i < fb->count; i++) {
		json_object(&j, NULL);
		json_time(&j, "start", fb->spans[i].start);
		json_time(&j, "end", fb->spans[i].end);
		json_str(&j, "status", str_of(kinds[fb->spans[i].kind]));
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
}

/* Times only: this is all that calendars:read may see of events. */
err_t freebusy_get(struct request *rq, struct response *rs)
{
	static const char *const known[] = { "calendar_id", "from", "to" };
	struct principal who;
	const struct form *params;
	struct id_list calendars;
	struct instant start, end;
	struct freebusy fb;
	TRY(api_caller(rq, &who));
	TRY(api_params(rq, known, ARRAY_LEN(known), &params));
	TRY(time_param(rq, params, "from", &start));
	TRY(time_param(rq, params, "to", &end));
	if (!instant_before(start, end))
		return REFUSE(&rq->cx, INVALID_VALUE, "to", "The end of the range does not lie behind its start.");
	if (instant_before(instant_add_s(start, FREEBUSY_RANGE_MAX_S), end))
		return REFUSE(&rq->cx, RANGE_TOO_LARGE, "to", "Free and busy time is told for 62 days at most.");
	freebusy_open(&rq->cx, start, end, who.tz, &fb);
	TRY(chosen_calendars(rq, &who, form_get(params, "calendar_id"), &calendars));
	TRY(collect_busy(rq, &who, calendars, &fb));
	write_busy(rs, &fb);
	return OK;
}
