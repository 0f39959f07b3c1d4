/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that manage keys. A secret key makes keys of its own mode, and sees and ends those alone; no other credential
 * manages keys, so that a leaked one cannot make itself another.
 */
#include "caldav/calendar/store/store.h"
#include "server/account/key_maker.h"
#include "server/account/resources.h"
#include "server/api/api.h"
#include "server/api/page.h"
#include "server/db/query.h"

struct key_params {
	struct id id;
};

static const struct json_field key_params[] = {
	{ .name = "key",
		.kind = JSON_ID,
		.flags = JSON_IN_PATH,
		.of = "key",
		.offset = offsetof(struct key_params, id),
		.doc = "Its `id`" },
};

static struct id id_named(const struct api_call *call)
{
	return ((const struct key_params *)call->params)->id;
}

static void reply_key(struct api_call *call, struct response *rs, const struct key *key, struct str secret)
{
	struct key_view view = key_view_of(&call->rq->cx, key, secret);
	api_reply(call, rs, &view);
}

struct list_params {
	bool unused;
};

static const struct json_field list_params[] = {
	{ .name = "unused",
		.kind = JSON_BOOL,
		.offset = offsetof(struct list_params, unused),
		.doc = "true: only keys that nobody has used for 30 days",
		.example = "true" },
};

/* Whose mode the key has: a test key lists test keys. */
static err_t run_list(struct api_call *call, struct response *rs)
{
	const struct list_params *asked = call->params;
	struct page page;
	struct id bound;
	struct key *keys;
	size_t count;
	TRY(page_begin(call, "newest", &page));
	TRY(page_newest(&page, &bound));
	TRY(key_page(&call->rq->cx, call->who.account, bound, page.back, asked->unused, page.limit + 1, &keys, &count));
	PAGE_CUT_ROWS(&page, keys, &count);
	struct json j = api_list_begin(call, rs);
	for (size_t i = 0; i < count; i++) {
		if (!page_takes(&page, keys[page_row(&page, count, i)].created_at))
			continue;
		struct key_view view = key_view_of(&call->rq->cx, &keys[page_row(&page, count, i)], STR_ABSENT);
		api_list_item(call, &j, &view);
	}
	PAGE_END_ROWS(&page, &j, keys, count);
	return OK;
}

const struct contract list_api_keys = {
	.id = "listApiKeys",
	.summary = "The account's keys of the key's own mode, newest first; revoked ones for 90 days.",
	PARAMS(list_params, struct list_params),
	.answer = &key_resource,
	.shape = ANSWER_LIST,
	.status = 200,
	.flags = BY_CREATED,
	.run = run_list,
};

static err_t run_get(struct api_call *call, struct response *rs)
{
	struct key key;
	TRY(key_get(&call->rq->cx, call->who.account, id_named(call), &key));
	reply_key(call, rs, &key, STR_ABSENT);
	return OK;
}

const struct contract get_api_key = {
	.id = "getApiKey",
	.summary = "One key of the key's own mode.",
	PARAMS(key_params, struct key_params),
	.answer = &key_resource,
	.status = 200,
	ERRORS(NOT_FOUND),
	.run = run_get,
};

/* The key that asks; held until the transaction ends. */
static err_t maker_of(struct api_call *call, struct id changed, struct key *out)
{
	return key_maker_hold(&call->rq->cx, call->who.account, call->rq->principal->credential, changed, out);
}

static struct key_limits limits_of(const struct key_view *view)
{
	return (struct key_limits){
		.ips = view->allowed_ips,
		.origins = view->allowed_origins,
		.rate = (int32_t)view->rate_limit,
	};
}

static err_t make(struct api_call *call, struct key_new *in, struct key *out, struct str *secret_out)
{
	struct key maker;
	TRY(maker_of(call, (struct id){ { 0 } }, &maker));
	TRY(key_maker_new(&call->rq->cx, &maker, in));
	return key_create(&call->rq->cx, in, out, secret_out);
}

static err_t run_create(struct api_call *call, struct response *rs)
{
	struct ctx *cx = &call->rq->cx;
	const struct key_view *view = call->body;
	struct key_new in = {
		.account = call->who.account,
		.test = id_is_test(call->who.account),
		.name = view->name,
		.limits = limits_of(view),
		.expires_at = view->has_expires_at ? view->expires_at : INSTANT_NONE,
	};
	struct key key;
	struct str secret;
	bool own;
	if (!view->has_kind || !key_kind_parse(view->kind, &in.kind))
		return REFUSE(cx, MISSING_FIELD, "kind", "A key is secret, restricted or publishable.");
	if (in.kind == KEY_ACCOUNT)
		return REFUSE(cx, INVALID_VALUE, "kind", "Account keys are made on the API keys page, by a person.");
	TRY(scope_names_read(cx, "scopes", view->scopes, &in.scopes));
	TRY(calendars_by_names(cx, &call->actor, view->calendars, "calendars", &in.calendars));
	TRY(db_join(cx, &own));
	TRY(db_settle(cx, own, make(call, &in, &key, &secret)));
	reply_key(call, rs, &key, secret);
	api_location(rs, "/v1/api_keys/", id_text(cx->mem, "key", key.id));
	return OK;
}

const struct contract create_api_key = {
	.id = "createApiKey",
	.summary = "Make a key of the key's own mode, which may no more than it. Its secret is in this answer alone.",
	.body = &key_resource,
	.answer = &key_resource,
	.status = 201,
	.flags = TELLS_SECRET,
	ERRORS(FORBIDDEN, KEY_ALREADY_SHOWN),
	.run = run_create,
};

static err_t read_change(struct api_call *call, const struct key *present, struct key_change *out)
{
	struct ctx *cx = &call->rq->cx;
	struct key_view view = { 0 };
	const struct key_view shown = key_view_of(cx, present, STR_ABSENT);
	TRY(api_read_change(call, &shown, &view));
	*out = (struct key_change){ .expires_at = view.has_expires_at ? view.expires_at : INSTANT_NONE };
	out->set_ips = view.has_allowed_ips;
	out->set_origins = view.has_allowed_origins;
	out->set_rate = view.has_rate_limit;
	out->limits = limits_of(&view);
	if (view.has_kind)
		return REFUSE(cx, INVALID_VALUE, "kind", "The kind of a key is fixed. Make a new key.");
	if (view.has_name)
		out->name = view.name;
	if (view.has_calendars && !view.calendars.items)
		return REFUSE(cx, INVALID_VALUE, "calendars",
			"The calendars of a key can only become fewer. Make a new key.");
	if (view.has_expires_at && instant_is_none(view.expires_at))
		return REFUSE(
			cx, INVALID_VALUE, "expires_at", "The end of a key can only become earlier. Make a new key.");
	TRY(scope_names_read(cx, "scopes", view.scopes, &out->scopes));
	if (view.has_scopes && !out->scopes)
		return REFUSE(cx, INVALID_VALUE, "scopes", "A key without a scope opens nothing. Revoke it instead.");
	return calendars_by_names(cx, &call->actor, view.calendars, "calendars", &out->calendars);
}

static err_t change(struct api_call *call, struct key *out)
{
	struct ctx *cx = &call->rq->cx;
	struct key maker, present;
	struct key_change sent;
	TRY(key_get(cx, call->who.account, id_named(call), &present));
	TRY(read_change(call, &present, &sent)); /* of what its sender saw: two changes leave what both allow */
	TRY(maker_of(call, id_named(call), &maker));
	TRY(key_maker_change(cx, &maker, &present, &sent));
	return key_change(cx, &present, &sent, out);
}

static err_t run_update(struct api_call *call, struct response *rs)
{
	struct ctx *cx = &call->rq->cx;
	struct key key;
	bool own;
	TRY(db_join(cx, &own));
	TRY(db_settle(cx, own, change(call, &key)));
	reply_key(call, rs, &key, STR_ABSENT);
	return OK;
}

const struct contract update_api_key = {
	.id = "updateApiKey",
	.summary =
		"Change a key's name and where it may be used from, or take from what it may do: that never gets more.",
	PARAMS(key_params, struct key_params),
	.body = &key_resource,
	.answer = &key_resource,
	.status = 200,
	.flags = BODY_IS_CHANGE,
	ERRORS(NOT_FOUND, CONFLICT),
	.run = run_update,
};

static err_t rotate(struct api_call *call, struct key *out, struct str *secret_out)
{
	struct ctx *cx = &call->rq->cx;
	struct key maker;
	TRY(maker_of(call, id_named(call), &maker));
	TRY(key_get(cx, call->who.account, id_named(call), out));
	TRY(key_maker_rotate(cx, &maker, out));
	return key_rotate(cx, call->who.account, out->id, out, secret_out);
}

static err_t run_rotate(struct api_call *call, struct response *rs)
{
	struct ctx *cx = &call->rq->cx;
	struct key key;
	struct str secret;
	bool own;
	TRY(db_join(cx, &own));
	TRY(db_settle(cx, own, rotate(call, &key, &secret)));
	reply_key(call, rs, &key, secret);
	return OK;
}

const struct contract rotate_api_key = {
	.id = "rotateApiKey",
	.summary = "Replace a key's secret; the old one is dead at once. A key may rotate itself.",
	PARAMS(key_params, struct key_params),
	.answer = &key_resource,
	.status = 200,
	.flags = TELLS_SECRET,
	ERRORS(NOT_FOUND, CONFLICT, FORBIDDEN, KEY_ALREADY_SHOWN),
	.run = run_rotate,
};

static err_t run_revoke(struct api_call *call, struct response *rs)
{
	struct ctx *cx = &call->rq->cx;
	struct key key;
	TRY(key_get(cx, call->who.account, id_named(call), &key));
	TRY(key_revoke(cx, call->who.account, key.id, &key));
	reply_key(call, rs, &key, STR_ABSENT);
	return OK;
}

const struct contract revoke_api_key = {
	.id = "revokeApiKey",
	.summary = "End a key at once and for good. Lists tell of it for 90 days.",
	PARAMS(key_params, struct key_params),
	.answer = &key_resource,
	.status = 200,
	ERRORS(NOT_FOUND),
	.run = run_revoke,
};
