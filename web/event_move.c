/* SPDX-License-Identifier: Apache-2.0 */
/* Where an event was dragged to, as the page's script sends it; answered in JSON. */
#include "server/data/json.h"
#include "web/event_shown.h"
#include "web/own_call.h"
#include "web/pages.h"
#include "web/say.h"

/* "2026-11-24" or "2026-11-24T09:00:00", on the user's clock. */
static err_t read_wall(struct request *rq, const char *field, bool all_day, int64_t *out)
{
	struct str text = form_get(&rq->form, field);
	uint64_t h = 0, m = 0, s = 0;
	int64_t day;
	bool clock = text.len == 19 && text.ptr[10] == 'T' && text.ptr[13] == ':' && text.ptr[16] == ':' &&
		     str_to_u64(str_sub(text, 11, 13), 23, &h) && str_to_u64(str_sub(text, 14, 16), 59, &m) &&
		     str_to_u64(str_sub(text, 17, 19), 59, &s);
	if (!day_parse(str_sub(text, 0, 10), &day) || (all_day ? text.len != 10 : !clock))
		return REFUSE(&rq->cx, INVALID_VALUE, field, "This is no time.");
	*out = day * DAY_S + (int64_t)(h * 3600 + m * 60 + s);
	return OK;
}

static struct str time_text(struct request *rq, int64_t local, bool all_day)
{
	struct arena *mem = rq->cx.mem;
	if (all_day)
		return day_text(mem, floor_div(local, DAY_S));
	return instant_rfc3339(mem, instant_of_s(zone_to_utc(viewer_zone(rq), local)));
}

static err_t move(struct request *rq, const struct event_shown *shown, struct str *id_out)
{
	bool all_day = str_eq(form_get(&rq->form, "all_day"), STR("1"));
	struct buf body = buf_new(rq->cx.mem, KIB(1));
	struct json j = json_begin(&body);
	int64_t start, end;
	struct str scope;
	TRY(read_wall(rq, "start", all_day, &start));
	TRY(read_wall(rq, "end", all_day, &end));
	TRY(event_scope_read(rq, shown, &scope));
	json_object(&j, NULL);
	if (all_day != shown->item.event.all_day)
		json_bool(&j, "all_day", all_day);
	json_str(&j, "start_time", time_text(rq, start, all_day));
	json_str(&j, "end_time", time_text(rq, end, all_day));
	json_object_end(&j);
	const struct own_call call = {
		.operation = "updateEvent",
		.id = shown->id,
		.query = event_change_query(rq, scope, ""),
		.body = buf_str(&body),
		.if_match = form_get(&rq->form, "etag"),
		.test = shown->test,
	};
	return own_call(rq, &call, id_out);
}

err_t event_move_post(struct request *rq, struct response *rs)
{
	struct event_shown shown;
	struct str id = STR_ABSENT;
	err_t e = event_shown_read(rq, &shown);
	if (!e)
		e = move(rq, &shown, &id);
	if (e && page_status(e) >= 500)
		return e;
	if (e)
		rq->error_code = err_row(e->kind)->api_code;
	struct json j = json_begin(reply(rs, e ? page_status(e) : 200, "application/json"));
	json_object(&j, NULL);
	json_str_if(&j, "id", id);
	if (err_is(e, PRECONDITION))
		json_str(&j, "message",
			say(rq, "This event was changed in the meantime, so it was not moved. Here is what is "
				"stored."));
	else if (err_is(e, CONFLICT) && str_starts(e->param, STR("recurrence")))
		json_str(&j, "message",
			say(rq, "How this event repeats says on which days it is, so all of them cannot be moved "
				"there. Open it to choose how it repeats from now on."));
	else if (e)
		json_str(&j, "message", page_text(rq, e));
	json_object_end(&j);
	return OK;
}
