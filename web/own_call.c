/* SPDX-License-Identifier: Apache-2.0 */
#include "web/own_call.h"

#include <assert.h>

#include "caldav/calendar/sandbox.h"
#include "server/data/json_tree.h"

#define TARGET_MAX KIB(8)

static err_t value_of(void *owner, struct str name, struct str *out)
{
	(void)name;
	*out = *(const struct str *)owner;
	return OK;
}

static err_t read_id(struct ctx *cx, struct str body, struct str *out)
{
	const struct cJSON *tree, *member;
	*out = STR_ABSENT;
	if (!body.len)
		return OK;
	TRY(json_tree_parse(cx, body, &tree));
	member = json_tree_member(tree, STR("id"));
	if (member && json_tree_type(member) == JSON_IS_TEXT)
		*out = json_tree_text(member);
	return OK;
}

err_t own_subrequest(struct request *rq, const struct subrequest *sub, enum who kind, bool test, struct subanswer *out)
{
	struct principal *session = rq->principal, as = *session;
	int64_t ahead_s = rq->cx.ahead_s;
	as.kind = kind;
	as.account = id_in_mode(session->account, test);
	as.scopes = SCOPES_ALL | OWNER;
	as.ahead_s = 0;
	if (test)
		TRY(sandbox_ahead(&rq->cx, as.account, &as.ahead_s));
	rq->principal = &as;
	rq->cx.ahead_s = as.ahead_s;
	err_t e = subrequest_run(rq, sub, out);
	rq->principal = session;
	rq->cx.ahead_s = ahead_s;
	return e;
}

err_t own_call(struct request *rq, const struct own_call *call, struct str *id_out)
{
	struct operation operation = operation_find(rq->app, str_of(call->operation));
	struct str id = call->id;
	struct buf target = buf_new(rq->cx.mem, TARGET_MAX);
	struct subanswer answer;
	assert(operation.contract);
	TRY(operation_path(&rq->cx, &operation, value_of, &id, &target));
	if (call->query.len)
		buf_fmt(&target, "?%.*s", STR_ARG(call->query));
	const struct subrequest sub = {
		.operation = &operation,
		.target = buf_str(&target),
		.body = call->body,
		.if_match = call->if_match,
		.idempotency_key = call->once,
	};
	TRY(own_subrequest(rq, &sub, ACCOUNT_KEY, call->test, &answer));
	TRY(answer.error);
	return id_out ? read_id(&rq->cx, answer.body, id_out) : OK;
}
