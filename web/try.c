/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An operation of the API, tried in test mode by who is signed in: the same route, contract and function as over HTTP
 * (server/http/subrequest.h), called as if with a secret test key of theirs. No key is made, and none is in the page
 * (docs/adr/0048).
 */
#include <string.h>

#include "caldav/calendar/store/store.h"
#include "server/account/caller.h"
#include "server/http/head.h"
#include "web/json_view.h"
#include "web/key_view.h"
#include "web/own_call.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/say.h"
#include "web/try_form.h"

#define TARGET_MAX KIB(16)
#define SHOWN_MAX KIB(64) /* octets of an answer */
#define CONNECTIONS_OFFERED 50

/* ---- what is tried ---- */

static err_t read_connections(struct trial *trial)
{
	struct request *rq = trial->rq;
	const struct platform_account_filter living = { .state = PLATFORM_ACCOUNT_ACTIVE };
	struct platform_account *rows;
	struct id newest;
	memset(&newest, 0xFF, sizeof newest);
	if (!try_for_others(&trial->op))
		return OK;
	TRY(platform_account_page(&rq->cx, id_in_mode(rq->principal->account, true), &living, newest, false,
		CONNECTIONS_OFFERED, &rows, &trial->connection_count));
	trial->connections = rows;
	return OK;
}

static err_t begin(struct request *rq, struct trial *out)
{
	struct trial trial = { .rq = rq };
	struct actor actor = actor_own(rq->principal);
	struct calendar calendar;
	if (!reference_find(rq->cx.mem, rq->app, rq->args[0], &trial.op))
		return REFUSE(
			&rq->cx, NOT_FOUND, "", "The API has no such operation. All of them are at /docs/reference.");
	if (!reference_may_try(&trial.op))
		return REFUSE(&rq->cx, NOT_FOUND, "", "This operation cannot be tried on a page.");
	actor.owner = id_in_mode(actor.owner, true);
	err_t e = calendar_by_name(&rq->cx, &actor, STR("default"), &calendar);
	if (e && !err_is(e, NOT_FOUND))
		return e;
	if (!e)
		trial.calendar = id_text(rq->cx.mem, "cal", calendar.id);
	TRY(read_connections(&trial));
	*out = trial;
	return OK;
}

static err_t values(const struct trial *trial, struct html_values **out, bool *free_out)
{
	struct request *rq = trial->rq;
	struct str title = reference_title(rq->cx.mem, trial->op.contract);
	struct html_values *v = page_new(rq, SAY("Try it"), "docs");
	reference_row(rq->cx.mem, v, &trial->op);
	html_set(v, "tried", title);
	html_set(v, "id", str_of(trial->op.contract->id));
	TRY(key_plan_values(rq, v, free_out));
	try_form_values(trial, v);
	*out = v;
	return OK;
}

err_t try_page(struct request *rq, struct response *rs)
{
	struct trial trial;
	struct html_values *v;
	bool is_free;
	TRY(begin(rq, &trial));
	TRY(values(&trial, &v, &is_free));
	return page_reply(rs, 200, "try", v);
}

/* ---- what is sent ---- */

static err_t param_of(void *owner, struct str name, struct str *out)
{
	struct trial *trial = owner;
	struct arena *mem = trial->rq->cx.mem;
	*out = form_get(&trial->rq->form, str_c(mem, try_field(mem, str_c(mem, name))));
	if (!out->len)
		trial->bad = str_dup(mem, name);
	return OK;
}

/* The path, and the parameters that have a value. */
static err_t read_target(struct trial *trial, const struct operation *operation, struct str *out)
{
	struct request *rq = trial->rq;
	struct buf target = buf_new(rq->cx.mem, TARGET_MAX), query = buf_new(rq->cx.mem, TARGET_MAX);
	size_t count, size;
	const struct json_field *params = contract_params(rq->cx.mem, operation->contract, &count, &size);
	TRY(operation_path(&rq->cx, operation, param_of, trial, &target));
	for (size_t i = 0; i < count; i++) {
		struct str value = form_get(&rq->form, str_c(rq->cx.mem, try_field(rq->cx.mem, params[i].name)));
		if (!(params[i].flags & JSON_IN_PATH) && value.len)
			form_add(&query, params[i].name, value);
	}
	if (query.len)
		buf_fmt(&target, "?%.*s", STR_ARG(buf_str(&query)));
	if (target.full || query.full)
		return REFUSE(&rq->cx, TOO_LARGE, "", "The parameters are too long.");
	*out = buf_str(&target);
	return OK;
}

/* The value of a header field, which a form may hold anything for. Absent where it is empty. */
static err_t read_header(struct request *rq, const char *name, struct str *out)
{
	struct str value = str_trim(form_get(&rq->form, name), STR_BLANK);
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] < 0x20 || value.ptr[i] > 0x7E)
			return REFUSE(&rq->cx, INVALID_VALUE, name, "A header has letters, digits and signs of ASCII.");
	*out = value.len ? value : STR_ABSENT;
	return OK;
}

static err_t read_sub(struct trial *trial, const struct operation *operation, struct subrequest *out)
{
	struct request *rq = trial->rq;
	const struct contract *c = operation->contract;
	struct subrequest sub = { .operation = operation, .told_as = caller_documentation };
	struct str body = form_get(&rq->form, "body");
	TRY(read_target(trial, operation, &sub.target));
	if (c->flags & TAKES_IF_MATCH)
		TRY(read_header(rq, "if_match", &sub.if_match));
	if (contract_writes(c, operation->route->method))
		TRY(read_header(rq, "idempotency_key", &sub.idempotency_key));
	if (try_for_others(&trial->op))
		TRY(read_header(rq, "connected_account", &sub.connected_account));
	if (body.len > TRY_BODY_MAX)
		return REFUSE(
			&rq->cx, TOO_LARGE, "body", "The body is longer than %d KiB.", (int)(TRY_BODY_MAX / 1024));
	if ((c->body || c->body_type) && (body.len || !(c->flags & BODY_OPTIONAL)))
		sub.body = body.ptr ? body : STR("");
	*out = sub;
	return OK;
}

/* ---- and what is answered ---- */

/* As a program would send it, with what stands for its key. */
static struct str request_text(const struct trial *trial, const struct subrequest *sub)
{
	struct request *rq = trial->rq;
	const struct contract *c = trial->op.contract;
	struct buf out = buf_new(rq->cx.mem, TRY_BODY_MAX + TARGET_MAX);
	buf_fmt(&out, "%s %.*s HTTP/1.1\nHost: %.*s\nAuthorization: Bearer sk_test_…\n",
		method_name(trial->op.route->method), STR_ARG(sub->target), STR_ARG(page_host(rq->cx.config)));
	if (sub->connected_account.ptr)
		buf_fmt(&out, "Connected-Account: %.*s\n", STR_ARG(sub->connected_account));
	if (sub->if_match.ptr)
		buf_fmt(&out, "If-Match: %.*s\n", STR_ARG(sub->if_match));
	if (sub->idempotency_key.ptr)
		buf_fmt(&out, "Idempotency-Key: %.*s\n", STR_ARG(sub->idempotency_key));
	if (sub->body.ptr)
		buf_fmt(&out, "Content-Type: %s\n\n%.*s", c->body_type ? c->body_type : "application/json",
			STR_ARG(sub->body));
	return buf_str(&out);
}

static bool is_json(struct str head)
{
	struct str line;
	while (str_cut(&head, '\n', &line))
		if (str_starts_nocase(line, STR("Content-Type:")))
			return str_find(line, STR("json")) != SIZE_MAX;
	return false;
}

/* What a program looks at: not how browsers and caches are to take it. */
static struct str headers_text(struct arena *mem, struct str head)
{
	static const struct str shown[] = { STR_INIT("Content-Type:"), STR_INIT("ETag:"), STR_INIT("Location:"),
		STR_INIT("Retry-After:"), STR_INIT("Idempotent-Replayed:"), STR_INIT("Content-Disposition:") };
	struct buf out = buf_new(mem, KIB(8));
	struct str line;
	while (str_cut(&head, '\n', &line))
		for (size_t i = 0; i < ARRAY_LEN(shown); i++)
			if (str_starts_nocase(line, shown[i]))
				buf_fmt(&out, "%.*s\n", STR_ARG(str_trim(line, STR_BLANK)));
	return buf_str(&out);
}

static void set_answer(
	const struct trial *trial, struct html_values *v, const struct subrequest *sub, const struct subanswer *answer)
{
	struct arena *mem = trial->rq->cx.mem;
	struct str body = is_json(answer->head) ? json_view(mem, answer->body) : answer->body;
	int class = answer->status / 100;
	html_set_flag(v, "answered", true);
	html_set(v, "request_text", request_text(trial, sub));
	html_set(v, "status", str_fmt(mem, "%d %s", answer->status, status_phrase(answer->status)));
	html_set_flag(v, "fine", class <= 3);
	html_set_flag(v, "client_error", class == 4);
	html_set_flag(v, "server_error", class == 5);
	html_set(v, "answer_headers", headers_text(mem, answer->head));
	html_set(v, "answer_body", str_beginning(body, SHOWN_MAX));
	html_set_flag(v, "cut", body.len > SHOWN_MAX);
}

err_t try_post(struct request *rq, struct response *rs)
{
	struct trial trial;
	struct html_values *v;
	struct subrequest sub;
	struct subanswer answer;
	bool is_free;
	TRY(begin(rq, &trial));
	trial.sent = true;
	const struct operation operation = { trial.op.route, trial.op.contract };
	err_t e = read_sub(&trial, &operation, &sub);
	TRY(values(&trial, &v, &is_free));
	if (!e && is_free)
		e = FAIL(&rq->cx, PLAN_REQUIRED, "a call on the free plan");
	if (!e)
		e = own_subrequest(rq, &sub, SECRET_KEY, true, &answer);
	if (e && trial.bad.len)
		e = err_about(rq->cx.mem, e, "param"); /* its row is marked */
	if (e)
		return page_again(rs, "try", v, e);
	set_answer(&trial, v, &sub, &answer);
	return page_reply(rs, 200, "try", v);
}
