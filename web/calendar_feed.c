/* SPDX-License-Identifier: Apache-2.0 */
/* What the page's script asks for: the events of some days as JSON, and to hear when they change. */
#include "server/account/session.h"
#include "server/base/config.h"
#include "server/data/json.h"
#include "server/http/client_io.h"
#include "server/http/cookie.h"
#include "server/stream/streams.h"
#include "web/calendar_entries.h"
#include "web/pages.h"

#define FEED_DAYS_MAX 62

/* ---- events ---- */

/* By the user's clock, whatever the browser's is: what it takes for its own local time. */
static void write_entry(struct arena *mem, struct json *j, const struct calendar_entry *e)
{
	json_object(j, NULL);
	json_str(j, "id", e->id);
	json_str(j, "title", e->title);
	json_bool(j, "all_day", e->all_day);
	json_str(j, "start", calendar_entry_start(mem, e));
	json_str(j, "end", calendar_entry_end(mem, e));
	json_str(j, "hue", e->hue);
	json_str(j, "etag", e->etag);
	json_str_if(j, "location", e->location);
	json_bool(j, "repeats", e->recurring);
	json_bool(j, "cancelled", e->cancelled);
	json_bool(j, "tentative", e->tentative);
	json_bool(j, "fixed", e->fixed);
	json_object_end(j);
}

/* The days [from, to) in place of those of a view. INVALID_VALUE ("from", "to"). */
static err_t read_days(struct request *rq, struct calendar_view *view)
{
	const struct form *params;
	int64_t to;
	TRY(request_params(rq, &params));
	if (!day_parse(form_get(params, "from"), &view->first))
		return REFUSE(&rq->cx, INVALID_VALUE, "from", "A day is written as 2026-11-24.");
	if (!day_parse(form_get(params, "to"), &to) || to <= view->first || to - view->first > FEED_DAYS_MAX)
		return REFUSE(&rq->cx, INVALID_VALUE, "to", "The last day comes after the first, %d days at most.",
			FEED_DAYS_MAX);
	view->count = to - view->first;
	view->q = STR_ABSENT;
	return OK;
}

err_t calendar_feed(struct request *rq, struct response *rs)
{
	struct calendar_view view;
	struct calendar_entries entries;
	TRY(calendar_view_read(rq, &view));
	TRY(read_days(rq, &view));
	TRY(calendar_entries_read(rq, &view, &entries));
	struct json j = json_begin(reply(rs, 200, "application/json"));
	json_object(&j, NULL);
	json_bool(&j, "more", entries.more);
	json_array(&j, "events");
	for (size_t i = 0; i < entries.count; i++)
		write_entry(rq->cx.mem, &j, &entries.items[i]);
	json_array_end(&j);
	json_object_end(&j);
	return OK;
}

/* ---- changes ---- */

/*
 * From now on, of all calendars that are selected: a page that comes back reads its events anew, so it has no position
 * to go on from. It ends with the session.
 */
err_t calendar_stream(struct request *rq, struct response *rs)
{
	struct ctx *cx = &rq->cx;
	struct calendar_view view;
	struct held_connection *held;
	TRY(calendar_view_read(rq, &view));
	struct stream_new in = {
		.account = view.actor.owner,
		.request = cx->request_id,
		.chunked = !rq->io->http_1_0,
		.expires_at = INSTANT_NONE,
		.positions = arena_array(cx->mem, struct stream_position, view.calendar_count + 1),
	};
	for (size_t i = 0; i < view.calendar_count; i++)
		if (view.calendars[i].selected)
			in.positions[in.count++] =
				(struct stream_position){ view.calendars[i].id, view.calendars[i].modseq };
	struct buf *out = response_stream(rs, 200, "text/event-stream");
	response_header(rs, "X-Accel-Buffering", STR("no")); /* a proxy that collects answers would keep it back */
	if (rs->no_body)
		return OK;
	in.proof.slot = STREAM_OF_SESSION;
	TRY(session_proof(cx, request_cookie(rq, cookie_name(cx, "session")), &in.proof.account, &in.proof.hash));
	TRY(streams_admit(cx, &in.proof));
	buf_fmt(out, "retry: %d\n\n", STREAM_RETRY_MS);
	stream_write_ready(out, cx->mem, cx->config->public_url, &in);
	TRY(streams_add(cx, rq->app->streams, &in, &held));
	response_hold(rs, held);
	return OK;
}
