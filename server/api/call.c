/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/call.h"

#include <assert.h>

#include "server/api/idempotency.h"
#include "server/base/config.h"
#include "server/base/log.h"
#include "server/db/query.h"
#include "server/http/accept.h"
#include "server/http/access.h"
#include "server/http/version.h"

/* ---- before the handler ---- */

static bool reads(const struct api_call *call)
{
	return !contract_writes(call->contract, call->rq->method);
}

/* The value of each :name of the pattern, by the parameter of that name. What is no id of its kind names nothing. */
static err_t read_path(struct api_call *call, void *params)
{
	const struct contract *contract = call->contract;
	struct str pattern = str_of(call->rq->route->path), segment;
	size_t arg = 0;
	while (str_cut(&pattern, '/', &segment)) {
		if (!str_starts(segment, STR(":")))
			continue;
		size_t i = 0;
		while (i < contract->param_count && !str_eq(str_of(contract->params[i].name), str_from(segment, 1)))
			i++;
		assert(i < contract->param_count && arg < call->rq->arg_count);
		if (json_read_param(&call->rq->cx, &contract->params[i], call->rq->args[arg++], params))
			return FAIL(&call->rq->cx, NOT_FOUND, "%.*s is none", STR_ARG(segment));
	}
	return OK;
}

static err_t read_params(struct api_call *call)
{
	const struct contract *contract = call->contract;
	const struct form *query;
	size_t count, size;
	const struct json_field *fields = contract_params(call->rq->cx.mem, contract, &count, &size);
	char *params = arena_take(call->rq->cx.mem, 1, size + 1);
	TRY(request_params(call->rq, &query));
	TRY(json_read_params(&call->rq->cx, query, fields, count, params));
	TRY(read_path(call, params));
	call->params = params;
	if (contract->shape == ANSWER_LIST)
		call->page = (const void *)(params + PAGE_PARAMS_AT(contract));
	return OK;
}

static err_t read_body(struct api_call *call)
{
	const struct contract *contract = call->contract;
	struct str text = call->rq->body;
	if (!contract->body || (contract->flags & BODY_IS_CHANGE))
		return OK;
	call->body = arena_take(call->rq->cx.mem, 1, contract->body->size + 1);
	if (text.len == 0 && (contract->flags & BODY_OPTIONAL))
		return OK;
	return json_read(&call->rq->cx, text, contract->body->fields, contract->body->count, call->body);
}

err_t api_read_change(struct api_call *call, const void *present, void *out)
{
	const struct json_resource *body = call->contract->body;
	struct ctx *cx = &call->rq->cx;
	assert(call->contract->flags & BODY_IS_CHANGE);
	if (!api_reads(call))
		return json_read(cx, call->rq->body, body->fields, body->count, out);
	return json_read_change(cx, call->rq->body, body->fields, body->count, present, out);
}

static err_t no_tag(const struct api_call *call)
{
	return REFUSE(&call->rq->cx, PRECONDITION, "If-Match",
		"There is no entity tag here that it could match. Leave the header out.");
}

/* RFC 9110 §13.1.1: where nothing has the tag that must match, the method is not performed. */
static err_t read_conditions(struct api_call *call)
{
	struct request *rq = call->rq;
	struct etag_list match, none_match;
	TRY(etags_read(rq, "If-Match", &match));
	TRY(etags_read(rq, "If-None-Match", &none_match));
	unsigned flags = call->contract->flags;
	if (flags & (TAKES_IF_MATCH | HAS_NO_TAG))
		call->if_match = match;
	else if (match.items && !reads(call))
		return no_tag(call);
	if (flags & TAKES_IF_NONE_MATCH || (flags & (TAKES_IF_MATCH | HAS_NO_TAG) && !reads(call)))
		call->if_none_match = none_match;
	return OK;
}

/* ---- after it ---- */

/* A mistake of ours either way; in the builds that tests run it shows. */
static err_t broken(struct api_call *call, err_t e, const char *what)
{
	const char *kind = e ? err_row(e->kind)->name : "";
	log_event(LOG_ERROR, "contract_broken", LOG_C("call", call->contract->id), LOG_C("what", what),
		LOG_C("kind", kind));
#ifdef CALENDS_DEV
	return FAIL(&call->rq->cx, INTERNAL, "%s: %s %s", call->contract->id, what, kind);
#else
	return e;
#endif
}

static bool is_promised(const struct api_call *call, int status)
{
	const struct contract *contract = call->contract;
	return status == contract->status || (status == 304 && (contract->flags & TAKES_IF_NONE_MATCH)) ||
	       (status == 204 && (contract->flags & MAY_BE_EMPTY));
}

static err_t check_outcome(struct api_call *call, const struct response *rs, err_t e)
{
	if (e)
		return contract_names(call->contract, e->kind) ? e : broken(call, e, "does not name this failure:");
	return is_promised(call, rs->status) ? OK : broken(call, NULL, "does not answer with this status");
}

/* ---- the call ---- */

const struct contract *api_contract_of(const struct request *rq)
{
	return rq->module->contracts[rq->route - rq->module->routes];
}

static err_t run(struct api_call *call, struct response *rs)
{
	return check_outcome(call, rs, call->contract->run(call, rs));
}

/* Whole or not at all, and once for each Idempotency-Key. */
static err_t run_write(struct api_call *call, struct response *rs)
{
	struct ctx *cx = &call->rq->cx;
	struct idempotency idempotency;
	bool own = false;
	TRY(idempotency_begin(call, rs, &idempotency));
	if (idempotency.replayed)
		return OK;
	if (!(call->contract->flags & SETTLES_ITSELF))
		TRY(db_join(cx, &own));
	TRY(db_settle(cx, own, run(call, rs)));
	return idempotency_end(call, rs, &idempotency);
}

err_t api_run(struct request *rq, struct response *rs)
{
	struct api_call *call = arena_new(rq->cx.mem, struct api_call);
	call->rq = rq;
	call->contract = api_contract_of(rq);
	if (rq->module->versions)
		TRY(version_choose(rq));
	TRY(api_caller(rq, &call->who));
	call->actor = actor_own(&call->who);
	TRY(scopes_require(&rq->cx, call->actor.rights, rq->route->scopes));
	if ((call->contract->flags & OF_TEST_MODE) && !id_is_test(call->actor.owner))
		return FAIL(&rq->cx, TEST_MODE_ONLY, "a live key");
	if (!reads(call))
		TRY(access_count_write(rq, call->actor.owner));
	TRY(read_params(call));
	TRY(read_body(call));
	TRY(read_conditions(call));
	return reads(call) ? run(call, rs) : run_write(call, rs);
}

/* ---- answers ---- */

bool api_reads(const struct api_call *call)
{
	return (call->contract->answer->reads & ~call->actor.rights) == 0;
}

static void write_resource(const struct api_call *call, struct json *j, const char *key, const void *from)
{
	const struct json_resource *r = call->contract->answer;
	json_object(j, key);
	if (api_reads(call))
		json_write(j, call->rq->cx.mem, r->fields, r->count, from);
	else
		json_write_open(j, call->rq->cx.mem, r->fields, r->count, from);
	json_object_end(j);
}

static struct json begin(struct api_call *call, struct response *rs)
{
	return json_begin(reply(rs, call->contract->status, "application/json"));
}

void api_reply(struct api_call *call, struct response *rs, const void *from)
{
	struct json j = begin(call, rs);
	assert(call->contract->shape == ANSWER_ONE || call->contract->shape == ANSWER_DATA);
	if (call->contract->shape == ANSWER_ONE) {
		write_resource(call, &j, NULL, from);
		return;
	}
	json_object(&j, NULL);
	write_resource(call, &j, "data", from);
	json_object_end(&j);
}

static void write_deleted(const struct api_call *call, struct json *j, const char *prefix, struct id id)
{
	json_object(j, NULL);
	json_id(j, "id", prefix, id);
	json_str(j, "object", str_of(call->contract->answer->name));
	json_bool(j, "deleted", true);
	json_object_end(j);
}

void api_reply_deleted(struct api_call *call, struct response *rs, const char *prefix, struct id id)
{
	struct json j = begin(call, rs);
	assert(call->contract->shape == ANSWER_DELETED);
	write_deleted(call, &j, prefix, id);
}

void api_list_deleted(struct api_call *call, struct json *j, const char *prefix, struct id id)
{
	assert(call->contract->shape == ANSWER_CHANGES);
	write_deleted(call, j, prefix, id);
}

void api_changes_end(struct json *j, bool has_more, struct str next_sync_token)
{
	json_array_end(j);
	json_bool(j, "has_more", has_more);
	json_str(j, "next_sync_token", next_sync_token);
	json_object_end(j);
}

struct json api_list_begin(struct api_call *call, struct response *rs)
{
	struct json j = begin(call, rs);
	assert(call->contract->shape == ANSWER_LIST || call->contract->shape == ANSWER_DATA_LIST ||
		call->contract->shape == ANSWER_CHANGES);
	json_object(&j, NULL);
	if (call->contract->shape != ANSWER_DATA_LIST)
		json_str(&j, "object", STR("list"));
	json_array(&j, "data");
	return j;
}

void api_list_item(struct api_call *call, struct json *j, const void *from)
{
	write_resource(call, j, NULL, from);
}

void api_list_end(struct api_call *call, struct json *j, struct str next_cursor, struct str previous_cursor)
{
	json_array_end(j);
	if (call->contract->shape == ANSWER_LIST) {
		json_bool(j, "has_more", next_cursor.ptr);
		json_str(j, "next_cursor", next_cursor);
		json_str(j, "previous_cursor", previous_cursor);
	}
	json_object_end(j);
}

void api_location(struct response *rs, const char *path, struct str id)
{
	struct ctx *cx = &rs->rq->cx;
	response_header(rs, "Location", str_cat(cx->mem, cx->config->public_url, str_cat(cx->mem, str_of(path), id)));
}

err_t api_wants_other(struct api_call *call, struct response *rs, bool *out)
{
	const struct str types[] = { STR("application/json"), str_of(call->contract->also_as) };
	size_t chosen;
	response_header(rs, "Vary", STR("Accept"));
	if (!accept_choose(request_header_list(call->rq, "Accept"), types, ARRAY_LEN(types), &chosen))
		return REFUSE(&call->rq->cx, NOT_ACCEPTABLE, "Accept",
			"This is application/json, or %s. Ask for one of these, or leave Accept out.",
			call->contract->also_as);
	*out = chosen == 1;
	return OK;
}

err_t api_tell_etag(const struct api_call *call, err_t e, struct str etag)
{
	return err_is(e, PRECONDITION) && api_reads(call) ? err_with_etag(call->rq->cx.mem, e, etag) : e;
}

err_t api_may_change(const struct api_call *call, struct str etag)
{
	struct ctx *cx = &call->rq->cx;
	if (call->if_match.items && !etag.ptr)
		return no_tag(call);
	if (call->if_match.items && !etags_hold(&call->if_match, etag, false))
		return api_tell_etag(call, FAIL(cx, PRECONDITION, "If-Match"), etag);
	return etags_hold(&call->if_none_match, etag, true)
		       ? api_tell_etag(call, FAIL(cx, PRECONDITION, "If-None-Match"), etag)
		       : OK;
}

err_t api_unchanged(struct api_call *call, struct response *rs, struct str etag, bool *out)
{
	if (call->if_match.items && !etags_hold(&call->if_match, etag, false))
		return api_tell_etag(call, FAIL(&call->rq->cx, PRECONDITION, "If-Match"), etag);
	*out = etags_hold(&call->if_none_match, etag, true);
	if (*out) {
		reply_empty(rs, 304);
		response_header(rs, "ETag", etag);
	}
	return OK;
}
