/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/subrequest.h"

#include <assert.h>
#include <string.h>

#include "server/base/clock.h"
#include "server/db/query.h"
#include "server/http/access.h"
#include "server/http/client_io.h"
#include "server/http/header_alias.h"
#include "server/http/match.h"
#include "server/http/refusal.h"

struct operation operation_find(const struct app *app, struct str id)
{
	for (size_t m = 0; m < app->module_count; m++)
		for (size_t i = 0; app->modules[m]->contracts && i < app->modules[m]->route_count; i++)
			if (str_eq(str_of(app->modules[m]->contracts[i]->id), id))
				return (struct operation){ &app->modules[m]->routes[i], app->modules[m]->contracts[i] };
	return (struct operation){ 0 };
}

err_t operation_path(
	struct ctx *cx, const struct operation *operation, operation_value *value, void *owner, struct buf *out)
{
	struct str pattern = str_of(operation->route->path + 1), segment, text;
	while (str_cut(&pattern, '/', &segment)) {
		buf_char(out, '/');
		if (!str_starts(segment, STR(":"))) {
			buf_add(out, segment);
			continue;
		}
		segment = str_from(segment, 1);
		TRY(value(owner, segment, &text));
		if (!text.len)
			return REFUSE(cx, INVALID_VALUE, str_c(cx->mem, segment), "This is empty.");
		path_segment_add(out, text);
	}
	return OK;
}

static void add_header(struct request *rq, const char *name, struct str value)
{
	if (value.ptr && rq->header_count < HEADERS_MAX)
		rq->headers[rq->header_count++] = (struct header){ str_of(name), value };
}

/* For whom: as it says itself, or as the outer request says. */
static void add_connected_account(struct request *rq, const struct subrequest *sub, struct request *out)
{
	const char *alias = header_alias(rq, "Account");
	if (sub->connected_account.ptr) {
		add_header(out, "Connected-Account", sub->connected_account);
		return;
	}
	add_header(out, "Connected-Account", request_header_list(rq, "Connected-Account"));
	if (alias)
		add_header(out, alias, request_header_list(rq, alias));
}

/* Nothing of the outer request but who makes it, and for whom. */
static err_t prepare(struct request *rq, const struct subrequest *sub, struct request *out)
{
	struct match found;
	struct str path = sub->target;
	*out = (struct request){
		.cx = rq->cx,
		.app = rq->app,
		.io = rq->io,
		.method = sub->operation->route->method,
		.target = sub->target,
		.secure = rq->secure,
		.sent = rq->sent,
		.body = sub->body,
		.content_length = (int64_t)sub->body.len,
		.principal = rq->principal,
	};
	str_cut(&path, '?', &out->target);
	out->query = path;
	TRY(path_parse(&out->cx, out->target, &out->path));
	out->target = sub->target;
	match_find(out->cx.mem, out->app, &out->path, out->method, &found);
	if (found.route != sub->operation->route)
		return FAIL(&out->cx, NOT_FOUND, "no such path");
	out->module = found.module;
	out->route = found.route;
	out->arg_count = found.arg_count;
	memcpy(out->args, found.args, sizeof out->args);
	if (sub->body.ptr)
		add_header(out, "Content-Type",
			str_of(sub->operation->contract->body_type ? sub->operation->contract->body_type
								   : "application/json"));
	add_header(out, "If-Match", sub->if_match);
	add_header(out, "Idempotency-Key", sub->idempotency_key);
	add_connected_account(rq, sub, out);
	return OK;
}

static err_t checked(struct request *inner, bool unrated)
{
	TRY(access_allows(inner));
	if (!unrated)
		TRY(access_count_call(inner));
	if (inner->body.len > inner->route->body_max)
		return FAIL(&inner->cx, TOO_LARGE, "the body of a part");
	return OK;
}

static bool about_credential(err_t e)
{
	return err_is(e, INSUFFICIENT_SCOPE) || err_is(e, KEY_KIND_NOT_ALLOWED);
}

/* `Name: value` among the header lines of an answer. */
static struct str header_of(const struct response *rs, struct str name)
{
	struct str rest = buf_str(&rs->head), line;
	while (str_cut(&rest, '\n', &line))
		if (str_starts_nocase(line, name))
			return str_trim(str_from(line, name.len), STR_BLANK);
	return STR_ABSENT;
}

static struct subanswer answer_of(struct request *inner, struct response *rs, err_t e)
{
	struct arena *mem = inner->cx.mem;
	if (e) {
		inner->error_code = err_row(e->kind)->api_code;
		inner->failed = e;
		response_clear(rs);
		if (inner->module && inner->module->show_error)
			inner->module->show_error(inner, rs, e);
		else
			reply_error(inner, rs, e);
	}
	struct str etag = header_of(rs, STR("ETag:"));
	return (struct subanswer){
		.status = rs->status,
		.head = str_dup(mem, buf_str(&rs->head)),
		.body = str_dup(mem, buf_str(&rs->body)),
		.etag = etag.ptr ? str_dup(mem, etag) : etag,
		.error = e,
	};
}

/* As whoever it is told as called it. */
static void tell(struct request *inner, const struct subrequest *sub, int status, uint64_t begun_us)
{
	struct principal as = *inner->principal, *own = inner->principal;
	if (id_is_zero(sub->told_as) || !inner->app->answered)
		return;
	as.credential = sub->told_as;
	inner->principal = &as;
	inner->app->answered(inner, status, clock_monotonic_us() - begun_us);
	inner->principal = own;
}

err_t subrequest_allowed(struct request *rq, const struct subrequest *sub)
{
	struct request *inner = arena_new(rq->cx.mem, struct request);
	err_t e = prepare(rq, sub, inner);
	return e ? OK : access_allows(inner);
}

err_t subrequest_run(struct request *rq, const struct subrequest *sub, struct subanswer *out)
{
	struct request *inner = arena_new(rq->cx.mem, struct request);
	struct arena *outer_out = rq->io->out;
	struct response rs;
	uint64_t begun_us = clock_monotonic_us();
	assert(rq->principal && !rq->cx.tx && !(sub->operation->contract->flags & STAYS_OPEN));
	err_t e = prepare(rq, sub, inner);
	if (!inner->module)
		inner->module = match_raw(rq->app, sub->target);
	rq->io->out = arena_open(); /* its answer's: many of them, one after the other, take the room of one */
	response_begin(&rs, inner);
	rs.kept = true;
	if (!e)
		e = checked(inner, sub->unrated);
	if (!e)
		e = inner->route->run(inner, &rs);
	if (!e)
		e = response_fits(&rs);
	db_end(&inner->cx);
	rq->cx = inner->cx;
	rq->acts_for = inner->acts_for;
	assert(!rs.head_sent);
	bool answered = !about_credential(e) || !id_is_zero(sub->told_as);
	if (answered) {
		*out = answer_of(inner, &rs, e);
		tell(inner, sub, out->status, begun_us);
	}
	arena_close(rq->io->out);
	rq->io->out = outer_out;
	return answered ? OK : e;
}
