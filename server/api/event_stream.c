/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /v1/events/stream: changes of calendars as they happen, as Server-Sent Events. What is told, and who is, is in
 * server/stream/; here is how one begins.
 */
#include "caldav/calendar/store/store.h"
#include "oauth/tokens.h"
#include "server/api/api.h"
#include "server/base/config.h"
#include "server/crypto/digest.h"
#include "server/crypto/secret.h"
#include "server/http/client_io.h"
#include "server/stream/streams.h"

#define READY_MAX ((size_t)256 * 1024)

struct stream_params {
	struct id calendar;
	bool has_calendar, once;
	struct str last_event_id;
};

#define P(member) offsetof(struct stream_params, member)

/* clang-format off */
static const struct json_field stream_params[] = {
	/* name           kind       flags offset            given            min max of */
	{ "calendar_id",   JSON_ID,   0,   P(calendar),      P(has_calendar), 0,  0,     "cal", NULL, 0, 0, "Whose events; else of all calendars that are selected", NULL },
	{ "last_event_id", JSON_STR,  0,   P(last_event_id), 0,               1,  16000, NULL,  NULL, 0, 0, "As the header Last-Event-ID, for clients that cannot send it: go on after this event, or after this sync token", "https://calends.example/dav/sync/cal_0355WHuCFfRpMfB53mC9Z6/7" },
	{ "once",          JSON_BOOL, 0,   P(once),          0,               0,  0,     NULL,  NULL, 0, 0, "End when everything is told that has changed until now", "true" },
};
/* clang-format on */

/* Where the client was. The query's goes before the header's: a polyfill sets it anew, and a browser sends both. */
static err_t read_position(struct api_call *call, struct stream_position **out, size_t *count_out)
{
	const struct stream_params *params = call->params;
	struct request *rq = call->rq;
	struct str text = params->last_event_id.ptr ? params->last_event_id : request_header(rq, "Last-Event-ID");
	*count_out = 0;
	if (!text.len)
		return OK;
	if (!stream_id_parse(rq->cx.mem, text, out, count_out))
		return REFUSE(&rq->cx, INVALID_VALUE, params->last_event_id.ptr ? "last_event_id" : "Last-Event-ID",
			"This is no id of an event, and no sync token. Send one as it came, or none to hear what "
			"changes "
			"from now on.");
	return OK;
}

static int64_t number_in(const struct stream_position *positions, size_t count, struct id calendar)
{
	for (size_t i = 0; i < count; i++)
		if (id_eq(positions[i].calendar, calendar))
			return positions[i].modseq;
	return 0;
}

/* A client that comes back goes on from its numbers; what these do not tell of is told as a resync. */
static err_t begin_calendars(struct api_call *call, const struct stream_position *known, size_t known_count,
	bool resumes, struct stream_new *in)
{
	const struct stream_params *params = call->params;
	struct ctx *cx = &call->rq->cx;
	struct calendar *calendars;
	size_t count;
	TRY(calendar_list(cx, &call->actor, &calendars, &count));
	in->positions = arena_array(cx->mem, struct stream_position, count + 1);
	for (size_t i = 0; i < count; i++) {
		const struct calendar *c = &calendars[i];
		if (params->has_calendar ? !id_eq(c->id, params->calendar) : !c->selected)
			continue;
		in->positions[in->count++] =
			(struct stream_position){ c->id, resumes ? number_in(known, known_count, c->id) : c->modseq };
	}
	if (params->has_calendar && !in->count)
		return REFUSE(cx, NOT_FOUND, "calendar_id", "There is no such calendar.");
	return OK;
}

/* The credential that came, as it can be asked for again (access.c read it already). */
static err_t proof_of(struct api_call *call, struct stream_proof *out)
{
	struct request *rq = call->rq;
	struct credential sent;
	struct secret_parts parts;
	TRY(credential_read(&rq->cx, request_header(rq, "Authorization"), &sent));
	if (!secret_parse(rq->cx.mem, sent.secret, &parts))
		return FAIL(&rq->cx, CREDENTIALS_INVALID, "no secret of ours");
	bool token = rq->principal->kind == TOKEN, platform = !token && !id_is_zero(call->who.connected_account);
	*out = (struct stream_proof){
		.account = parts.account,
		.hash = secret_hash(rq->cx.mem, sent.secret),
		.slot = token ? token_slot(&parts) : STREAM_OF_KEY,
		.user = platform ? call->who.account : (struct id){ { 0 } },
		.connection = platform ? call->who.connected_account : (struct id){ { 0 } },
	};
	return streams_admit(&rq->cx, out);
}

static void write_removed(struct buf *out, struct arena *mem, const struct stream_new *in,
	const struct stream_position *known, size_t known_count)
{
	for (size_t i = 0; i < known_count; i++)
		if (!in->named && !number_in(in->positions, in->count, known[i].calendar))
			stream_write_removed(out, mem, STR_ABSENT, known[i].calendar);
}

static err_t run_stream(struct api_call *call, struct response *rs)
{
	const struct stream_params *params = call->params;
	struct request *rq = call->rq;
	struct ctx *cx = &rq->cx;
	struct stream_position *known = NULL;
	size_t known_count;
	struct held_connection *held;
	struct stream_new in = {
		.account = call->actor.owner,
		.request = cx->request_id,
		.granted = call->actor.calendars,
		.named = params->has_calendar,
		.once = params->once,
		.chunked = !rq->io->http_1_0,
		.expires_at = rq->principal->expires_at,
	};
	TRY(read_position(call, &known, &known_count));
	TRY(begin_calendars(call, known, known_count, known_count > 0, &in));
	struct buf *out = response_stream(rs, 200, "text/event-stream");
	response_header(rs, "X-Accel-Buffering", STR("no")); /* a proxy that collects answers would keep it back */
	if (rs->no_body)
		return OK;
	TRY(proof_of(call, &in.proof));
	buf_fmt(out, "retry: %d\n\n", STREAM_RETRY_MS);
	stream_write_ready(out, cx->mem, cx->config->public_url, &in);
	write_removed(out, cx->mem, &in, known, known_count);
	TRY(streams_add(cx, rq->app->streams, &in, &held));
	response_hold(rs, held);
	return OK;
}

const struct contract stream_events = {
	.id = "streamEvents",
	.summary =
		"What becomes of events, as it happens: Server-Sent Events of the types ready, change, resync, "
		"calendar_removed and end. An id is a sync token; a client that sends the last one goes on after it.",
	PARAMS(stream_params, struct stream_params),
	.shape = ANSWER_TEXT,
	.status = 200,
	.also_as = "text/event-stream",
	.flags = STAYS_OPEN,
	ERRORS(NOT_FOUND),
	.run = run_stream,
};
