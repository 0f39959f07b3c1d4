/* SPDX-License-Identifier: Apache-2.0 */
/* What was told and what became of it; and the events that are not told of changes: ping, tests, replays. */
#include "server/account/throttle.h"
#include "server/base/config.h"
#include "server/db/query.h"
#include "server/net/target.h"
#include "server/webhook/body.h"
#include "server/webhook/webhook.h"
#include "sql.h"

#define TESTS_AN_HOUR 30

#define DELIVERY_COLS                                                                                                  \
	id, endpoint, event, type, url, state, attempts, next_attempt_at, status, fault, created_at, finished_at
DB_RESULT(webhook_delivery_get, struct webhook_delivery, DELIVERY_COLS);
DB_RESULT(webhook_delivery_older, struct webhook_delivery, DELIVERY_COLS);
DB_RESULT(webhook_delivery_newer, struct webhook_delivery, DELIVERY_COLS);
DB_RESULT(webhook_attempts, struct webhook_attempt, number, at, duration_ms, status, fault, body, sent);

#define EVENT_COLS id, type, sequence, connection, request, created_at, body
DB_RESULT(webhook_event_get, struct webhook_event, EVENT_COLS);
DB_RESULT(webhook_event_older, struct webhook_event, EVENT_COLS);
DB_RESULT(webhook_event_newer, struct webhook_event, EVENT_COLS);

struct id_row {
	struct id id;
};
DB_RESULT(webhook_replay, struct id_row, id);
DB_RESULT(webhook_send, struct id_row, id);

struct number_row {
	int64_t sequence;
};
DB_RESULT(webhook_number, struct number_row, sequence);

/* ---- read ---- */

err_t webhook_delivery_get(
	struct ctx *cx, const struct webhook_endpoint *endpoint, struct id id, struct webhook_delivery *out)
{
	return db_row(cx, &sql_webhook_delivery_get, ROW(webhook_delivery_get, out), IN(endpoint->account),
		IN(endpoint->id), IN(id));
}

err_t webhook_delivery_page(struct ctx *cx, const struct webhook_endpoint *endpoint, struct id bound, bool back,
	size_t limit, struct webhook_delivery **out, size_t *count_out)
{
	if (back)
		return db_rows(cx, &sql_webhook_delivery_newer, webhook_delivery_newer, out, count_out,
			IN(endpoint->account), IN(endpoint->id), IN(bound), IN((int32_t)limit));
	return db_rows(cx, &sql_webhook_delivery_older, webhook_delivery_older, out, count_out, IN(endpoint->account),
		IN(endpoint->id), IN(bound), IN((int32_t)limit));
}

err_t webhook_attempts(struct ctx *cx, const struct webhook_endpoint *endpoint, struct id delivery,
	struct webhook_attempt **out, size_t *count_out)
{
	return db_rows(
		cx, &sql_webhook_attempts, webhook_attempts, out, count_out, IN(endpoint->account), IN(delivery));
}

err_t webhook_event_get(struct ctx *cx, const struct webhook_owner *owner, struct id id, struct webhook_event *out)
{
	return db_row(cx, &sql_webhook_event_get, ROW(webhook_event_get, out), IN(owner->account),
		db_in_id_or_null(owner->connection), IN(owner->scopes), IN(owner->calendars), IN(id));
}

err_t webhook_event_page(struct ctx *cx, const struct webhook_owner *owner, struct id bound, bool back, size_t limit,
	struct webhook_event **out, size_t *count_out)
{
	if (back)
		return db_rows(cx, &sql_webhook_event_newer, webhook_event_newer, out, count_out, IN(owner->account),
			db_in_id_or_null(owner->connection), IN(owner->scopes), IN(owner->calendars), IN(bound),
			IN((int32_t)limit));
	return db_rows(cx, &sql_webhook_event_older, webhook_event_older, out, count_out, IN(owner->account),
		db_in_id_or_null(owner->connection), IN(owner->scopes), IN(owner->calendars), IN(bound),
		IN((int32_t)limit));
}

/* ---- send ---- */

static err_t send(struct ctx *cx, const struct webhook_endpoint *endpoint, const char *type, bool is_test,
	struct webhook_delivery *out)
{
	struct number_row number;
	struct id_row made;
	struct id owned_by = id_is_zero(endpoint->connection) ? endpoint->connection : endpoint->account;
	TRY(db_row(cx, &sql_webhook_number, ROW(webhook_number, &number), IN(endpoint->account)));
	const struct webhook_content content = {
		.id = id_new(cx->now),
		.type = type,
		.sequence = number.sequence,
		.connection = endpoint->connection,
		.request = cx->request_id,
		.live = !id_is_test(endpoint->account),
		.is_test = is_test,
		.object_id = id_text(cx->mem, "wbk", endpoint->id),
		.object_kind = STR("webhook_endpoint"),
	};
	struct str body = webhook_body(cx, &content);
	TRY(db_row(cx, &sql_webhook_send, ROW(webhook_send, &made), IN(endpoint->account), IN(endpoint->id),
		IN(content.id), IN(str_of(type)), IN(number.sequence), db_in_id_or_null(endpoint->connection),
		db_in_id_or_null(owned_by), IN(cx->request_id), IN(cx->now), IN(bytes_of(body.ptr, body.len))));
	return webhook_delivery_get(cx, endpoint, made.id, out);
}

err_t webhook_ping(struct ctx *cx, const struct webhook_endpoint *endpoint, struct webhook_delivery *out)
{
	return send(cx, endpoint, "ping", false, out);
}

err_t webhook_test(
	struct ctx *cx, const struct webhook_endpoint *endpoint, struct str type, struct webhook_delivery *out)
{
	const struct throttle limit = { "webhook-test", id_text(cx->mem, "wbk", endpoint->id), TESTS_AN_HOUR, 3600 };
	size_t i = 0;
	while (i < webhook_type_count && !str_eq(type, str_of(webhook_types[i])))
		i++;
	if (i == webhook_type_count)
		return REFUSE(cx, INVALID_VALUE, "type", "\"%.*s\" is no type of event.", STR_ARG(type));
	if (!instant_is_none(endpoint->disabled_at))
		return REFUSE(cx, CONFLICT, "", "This endpoint is disabled: nothing is sent to it. Enable it first.");
	TRY(throttle_take(cx, &limit, 1));
	return send(cx, endpoint, webhook_types[i], true, out);
}

struct str webhook_answer_text(struct arena *mem, struct bytes octets)
{
	struct str whole = bytes_str(octets);
	bool utf8 = str_is_utf8(whole);
	char *text = arena_array(mem, char, octets.len + 1);
	for (size_t i = 0; i < octets.len; i++) {
		uint8_t c = octets.ptr[i];
		bool fine = (c >= ' ' && c < 0x7F) || c == '\n' || c == '\t' || (utf8 && c >= 0x80);
		text[i] = fine ? (char)c : '?';
	}
	return (struct str){ text, octets.len };
}

struct str_list webhook_sent_lines(struct arena *mem, const struct webhook_attempt *attempt)
{
	struct str rest = attempt->sent, line;
	size_t count = 0;
	for (size_t i = 0; i < rest.len; i++)
		count += rest.ptr[i] == '\n';
	struct str *lines = arena_array(mem, struct str, count + 1);
	for (size_t i = 0; i < count && str_cut(&rest, '\n', &line); i++)
		lines[i] = line;
	return (struct str_list){ lines, count };
}

err_t webhook_replay(struct ctx *cx, const struct webhook_endpoint *endpoint, const struct webhook_delivery *delivery,
	struct str url, struct webhook_delivery *out)
{
	struct id_row made;
	if (!instant_is_none(endpoint->disabled_at))
		return REFUSE(cx, CONFLICT, "", "This endpoint is disabled: nothing is sent to it. Enable it first.");
	if (url.ptr) {
		TRY(target_check(cx, "url", url, cx->config->allow_private_hooks));
		TRY(target_look_up(cx, "url", url, cx->config->allow_private_hooks));
	}
	err_t e = db_row(cx, &sql_webhook_replay, ROW(webhook_replay, &made), IN(endpoint->account), IN(endpoint->id),
		IN(delivery->event), IN(url));
	if (err_is(e, NOT_FOUND))
		return REFUSE(cx, CONFLICT, "",
			"The event of this delivery is kept no more, so that it cannot be told again.");
	TRY(e);
	return webhook_delivery_get(cx, endpoint, made.id, out);
}
