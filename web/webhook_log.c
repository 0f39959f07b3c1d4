/* SPDX-License-Identifier: Apache-2.0 */
/* One endpoint with what was told to it, each delivery with its tries, and telling it again. */
#include <string.h>

#include "web/json_view.h"
#include "web/once.h"
#include "web/pages.h"
#include "web/say.h"
#include "web/webhooks.h"

#define DELIVERIES_SHOWN 25

static const struct {
	const char *fault, *text;
} faults[] = {
	{ "timeout", SAY("It did not answer in time.") },
	{ "dns", SAY("The name of its host was not found.") },
	{ "connect", SAY("Nobody took the connection.") },
	{ "tls", SAY("Its certificate was not good, or TLS failed.") },
	{ "address_refused", SAY("Its host has an address that this server does not call.") },
	{ "connection_lost", SAY("The connection ended before the answer.") },
	{ "head_too_large", SAY("The head of its answer was too large.") },
	{ "protocol", SAY("Its answer was no HTTP.") },
};

static struct str fault_text(struct request *rq, struct str fault)
{
	for (size_t i = 0; i < ARRAY_LEN(faults); i++)
		if (str_eq(fault, str_of(faults[i].fault)))
			return say(rq, faults[i].text);
	return fault;
}

static void delivery_values(struct request *rq, struct html_values *v, const struct webhook_delivery *d)
{
	html_set(v, "delivery_id", id_text(rq->cx.mem, "whd", d->id));
	html_set(v, "event_id", id_text(rq->cx.mem, "whe", d->event));
	html_set(v, "type", d->type);
	html_set(v, "other_url", d->url);
	html_set_flag(v, "pending", d->state == WEBHOOK_PENDING);
	html_set_flag(v, "delivered", d->state == WEBHOOK_DELIVERED);
	html_set_flag(v, "failed", d->state == WEBHOOK_FAILED);
	html_set_flag(v, "dropped", d->state == WEBHOOK_DROPPED);
	if (d->status)
		html_set(v, "answer", str_fmt(rq->cx.mem, "%d", d->status));
	html_set(v, "fault", d->fault.len ? fault_text(rq, d->fault) : STR_ABSENT);
	html_set(v, "tries", str_fmt(rq->cx.mem, "%d", d->attempts));
	page_when(rq, v, "created_when", d->created_at);
	page_when(rq, v, "next_try", d->next_attempt_at);
}

static err_t deliveries_values(struct request *rq, struct html_values *v, const struct webhook_endpoint *endpoint)
{
	const struct form *params;
	struct webhook_delivery *rows;
	struct id before, newest;
	size_t count;
	memset(&newest, 0xFF, sizeof newest);
	TRY(request_params(rq, &params));
	bool further = id_parse(form_get(params, "before"), "whd", &before);
	TRY(webhook_delivery_page(
		&rq->cx, endpoint, further ? before : newest, false, DELIVERIES_SHOWN + 1, &rows, &count));
	for (size_t i = 0; i < count && i < DELIVERIES_SHOWN; i++)
		delivery_values(rq, html_add_row(v, "deliveries"), &rows[i]);
	if (count > DELIVERIES_SHOWN)
		html_set(v, "older", id_text(rq->cx.mem, "whd", rows[DELIVERIES_SHOWN - 1].id));
	html_set_flag(v, "any", count > 0);
	html_set_flag(v, "further", further);
	return OK;
}

/* The page of an endpoint, also where a test could not be sent. */
static err_t endpoint_page_values(struct request *rq, const struct webhook_endpoint *endpoint, struct html_values **out)
{
	struct html_values *v = page_new(rq, "Endpoint", "webhooks");
	endpoint_values(rq, v, endpoint);
	TRY(deliveries_values(rq, v, endpoint));
	for (size_t i = 0; i < webhook_type_count; i++)
		html_set(html_add_row(v, "types"), "type", str_of(webhook_types[i]));
	*out = v;
	return OK;
}

err_t webhook_page(struct request *rq, struct response *rs)
{
	struct webhook_endpoint endpoint;
	struct html_values *v;
	TRY(endpoint_in_path(rq, &endpoint));
	TRY(endpoint_page_values(rq, &endpoint, &v));
	page_notice(rq, v);
	return page_reply(rs, 200, "webhook", v);
}

err_t webhook_test_post(struct request *rq, struct response *rs)
{
	struct webhook_endpoint endpoint;
	struct webhook_delivery made;
	struct html_values *v;
	struct once once;
	bool done;
	TRY(endpoint_in_path(rq, &endpoint));
	TRY(once_leads(rq, rs, &once, &done));
	if (done)
		return OK;
	err_t e = webhook_test(&rq->cx, &endpoint, form_get(&rq->form, "type"), &made);
	e = once_end(rq, &once, e, once_path(rq, "/webhooks", "wbk", endpoint.id, false));
	if (e) {
		TRY(endpoint_page_values(rq, &endpoint, &v));
		return page_again(rs, "webhook", v, e);
	}
	back_to_endpoint(rq, rs, &endpoint, "sent");
	return OK;
}

/* ---- one delivery ---- */

static err_t delivery_in_path(struct request *rq, struct webhook_endpoint *endpoint, struct webhook_delivery *out)
{
	struct id id;
	TRY(endpoint_in_path(rq, endpoint));
	if (!id_parse(rq->args[1], "whd", &id))
		return FAIL(&rq->cx, NOT_FOUND, "no delivery's id");
	err_t e = webhook_delivery_get(&rq->cx, endpoint, id, out);
	return err_is(e, NOT_FOUND) ? REFUSE(&rq->cx, NOT_FOUND, "", "This endpoint has no such delivery (any more).")
				    : e;
}

static err_t attempts_values(struct request *rq, struct html_values *v, const struct webhook_endpoint *endpoint,
	const struct webhook_delivery *delivery)
{
	struct arena *mem = rq->cx.mem;
	struct webhook_attempt *rows;
	size_t count;
	TRY(webhook_attempts(&rq->cx, endpoint, delivery->id, &rows, &count));
	for (size_t i = count; i-- > 0;) {
		struct html_values *row = html_add_row(v, "attempts");
		html_set(row, "number", str_fmt(mem, "%d", rows[i].number));
		html_set(row, "took", str_fmt(mem, "%d ms", rows[i].duration_ms));
		if (rows[i].status)
			html_set(row, "response_status", str_fmt(mem, "%d", rows[i].status));
		html_set_flag(row, "fine", rows[i].status >= 200 && rows[i].status < 300);
		html_set(row, "fault_told", rows[i].fault.len ? fault_text(rq, rows[i].fault) : STR_ABSENT);
		html_set(row, "sent_headers", rows[i].sent.len ? rows[i].sent : STR_ABSENT);
		html_set(row, "body", webhook_answer_text(mem, rows[i].body));
		page_when(rq, row, "at", rows[i].at);
	}
	return OK;
}

/* What was sent, as long as its event is kept. */
static err_t event_values(struct request *rq, struct html_values *v, const struct webhook_endpoint *endpoint,
	const struct webhook_delivery *delivery)
{
	struct webhook_owner owner = endpoint_owner(rq, id_is_test(endpoint->account));
	struct webhook_event event;
	err_t e = webhook_event_get(&rq->cx, &owner, delivery->event, &event);
	if (err_is(e, NOT_FOUND))
		return OK;
	TRY(e);
	html_set(v, "sent", json_view(rq->cx.mem, webhook_answer_text(rq->cx.mem, event.body)));
	return OK;
}

static err_t delivery_page_values(struct request *rq, const struct webhook_endpoint *endpoint,
	const struct webhook_delivery *delivery, struct html_values **out)
{
	struct html_values *v = page_new(rq, "Delivery", "webhooks");
	endpoint_values(rq, v, endpoint);
	delivery_values(rq, v, delivery);
	TRY(attempts_values(rq, v, endpoint, delivery));
	TRY(event_values(rq, v, endpoint, delivery));
	*out = v;
	return OK;
}

err_t webhook_delivery_page_show(struct request *rq, struct response *rs)
{
	struct webhook_endpoint endpoint;
	struct webhook_delivery delivery;
	struct html_values *v;
	TRY(delivery_in_path(rq, &endpoint, &delivery));
	TRY(delivery_page_values(rq, &endpoint, &delivery, &v));
	return page_reply(rs, 200, "webhook_delivery", v);
}

err_t webhook_replay_post(struct request *rq, struct response *rs)
{
	struct webhook_endpoint endpoint;
	struct webhook_delivery delivery, again;
	struct html_values *v;
	struct once once;
	bool done;
	TRY(delivery_in_path(rq, &endpoint, &delivery));
	TRY(once_leads(rq, rs, &once, &done));
	if (done)
		return OK;
	err_t e = webhook_replay(&rq->cx, &endpoint, &delivery, STR_ABSENT, &again);
	e = once_end(rq, &once, e, once_path(rq, "/webhooks", "wbk", endpoint.id, false));
	if (e) {
		TRY(delivery_page_values(rq, &endpoint, &delivery, &v));
		return page_again(rs, "webhook_delivery", v, e);
	}
	back_to_endpoint(rq, rs, &endpoint, "sent");
	return OK;
}
