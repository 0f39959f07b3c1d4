/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints of webhooks: the same operations as /v1/webhook_endpoints. */
#include "web/webhooks.h"

#include <string.h>

#include "server/account/hold.h"
#include "server/account/label.h"
#include "server/db/query.h"
#include "web/once.h"
#include "web/pages.h"
#include "web/say.h"
#include "web/stale.h"

struct webhook_owner endpoint_owner(struct request *rq, bool test)
{
	struct principal who = *rq->principal;
	who.account = id_in_mode(who.account, test);
	return webhook_owner_of(&who);
}

err_t endpoint_in_path(struct request *rq, struct webhook_endpoint *out)
{
	struct id id;
	err_t e = OK;
	if (!id_parse(rq->args[0], "wbk", &id))
		return FAIL(&rq->cx, NOT_FOUND, "no endpoint's id");
	for (int test = 0; test < 2; test++) {
		struct webhook_owner owner = endpoint_owner(rq, test);
		e = webhook_endpoint_get(&rq->cx, &owner, id, out);
		if (!err_is(e, NOT_FOUND))
			return e;
	}
	return REFUSE(&rq->cx, NOT_FOUND, "", "There is no such endpoint among yours.");
}

void back_to_endpoint(
	struct request *rq, struct response *rs, const struct webhook_endpoint *endpoint, const char *done)
{
	struct str id = id_text(rq->cx.mem, "wbk", endpoint->id);
	reply_redirect(rs, 303, str_fmt(rq->cx.mem, "/webhooks/%.*s?done=%s", STR_ARG(id), done));
}

static struct str disabled_text(struct request *rq, struct str reason)
{
	if (str_eq(reason, STR("gone")))
		return say(rq, "It answered 410: it does not want to be told any more.");
	return say(rq, "Nothing but failure for 72 hours.");
}

void endpoint_values(struct request *rq, struct html_values *v, const struct webhook_endpoint *endpoint)
{
	bool disabled = !instant_is_none(endpoint->disabled_at), failing = !instant_is_none(endpoint->failing_since);
	html_set(v, "endpoint_id", id_text(rq->cx.mem, "wbk", endpoint->id));
	html_set(v, "url", endpoint->url);
	html_set(v, "description", endpoint->description);
	for (size_t i = 0; i < endpoint->events.count; i++)
		html_set(html_add_row(v, "event_list"), "event", endpoint->events.items[i]);
	html_set_flag(v, "test", id_is_test(endpoint->account));
	html_set_flag(v, "connect", endpoint->connect);
	html_set_flag(v, "paused", disabled && !endpoint->disabled_reason.ptr);
	html_set_flag(v, "disabled", disabled && endpoint->disabled_reason.ptr);
	html_set_flag(v, "off", disabled);
	if (disabled && endpoint->disabled_reason.ptr)
		html_set(v, "disabled_why", disabled_text(rq, endpoint->disabled_reason));
	html_set_flag(v, "failing", !disabled && failing);
	html_set_flag(v, "healthy", !disabled && !failing && !instant_is_none(endpoint->last_success_at));
	html_set_flag(v, "fresh", !disabled && !failing && instant_is_none(endpoint->last_success_at));
	page_when(rq, v, "failing_since", endpoint->failing_since);
	page_when(rq, v, "last_success", endpoint->last_success_at);
	page_when(rq, v, "old_until", endpoint->old_until);
	page_when(rq, v, "created", endpoint->created_at);
}

/* ---- the list ---- */

err_t webhooks_page(struct request *rq, struct response *rs)
{
	struct html_values *v = page_new(rq, "Webhooks", "webhooks");
	bool test = page_asks_for_test(rq);
	struct webhook_owner owner = endpoint_owner(rq, test);
	struct webhook_endpoint *rows;
	struct id newest;
	size_t count;
	memset(&newest, 0xFF, sizeof newest);
	TRY(webhook_endpoint_page(&rq->cx, &owner, newest, false, (size_t)WEBHOOK_ENDPOINTS_MAX * 2, &rows, &count));
	for (size_t i = 0; i < count; i++)
		endpoint_values(rq, html_add_row(v, "endpoints"), &rows[i]);
	html_set_flag(v, "any", count > 0);
	html_set_flag(v, "mode_test", test);
	html_set(v, "mode_path", STR("/webhooks"));
	page_notice(rq, v);
	return page_reply(rs, 200, "webhooks", v);
}

/* ---- the form ---- */

#define TYPES_MAX 32

static bool is_listed(struct str_list list, struct str name)
{
	for (size_t i = 0; i < list.count; i++)
		if (str_eq(list.items[i], name))
			return true;
	return false;
}

/* By its own name, or by that of its group. */
static bool is_chosen(struct str_list chosen, struct str type)
{
	for (size_t i = 0; i < chosen.count; i++)
		if (str_ends(chosen.items[i], STR(".*")) &&
			str_starts(type, str_sub(chosen.items[i], 0, chosen.items[i].len - 1)))
			return true;
	return is_listed(chosen, type);
}

/* Each type, and above them all of them. `ping` comes to each endpoint when it is made. */
static void type_ticks(struct html_values *v, struct str_list chosen)
{
	html_set_flag(v, "all_types", is_listed(chosen, STR("*")));
	for (size_t i = 0; i < webhook_type_count; i++) {
		struct str name = str_of(webhook_types[i]);
		struct html_values *row = html_add_row(v, "types");
		html_set(row, "type", name);
		html_set_flag(row, "ticked", is_chosen(chosen, name));
		html_set_flag(row, "focus", i == 0);
	}
}

/* "*" alone where all are wanted. */
static struct str_list types_sent(struct request *rq)
{
	struct str *types = arena_array(rq->cx.mem, struct str, TYPES_MAX + 1);
	size_t count = 0;
	if (str_eq(form_get(&rq->form, "all"), STR("1"))) {
		types[0] = STR("*");
		return (struct str_list){ types, 1 };
	}
	for (size_t i = 0; i < rq->form.count && count < TYPES_MAX; i++)
		if (str_eq(rq->form.fields[i].name, STR("type")))
			types[count++] = rq->form.fields[i].value;
	return (struct str_list){ types, count };
}

static void sent_values(struct request *rq, struct html_values *v)
{
	html_set(v, "url_value", form_get(&rq->form, "url"));
	html_set(v, "description_value", form_get(&rq->form, "description"));
	html_set_flag(v, "connect_ticked", str_eq(form_get(&rq->form, "connect"), STR("1")));
	type_ticks(v, types_sent(rq));
}

struct sent {
	struct str url, description; /* description absent: none */
	struct str_list types;
};

static err_t read_sent(struct request *rq, struct sent *out)
{
	struct str description = str_trim(form_get(&rq->form, "description"), STR_BLANK);
	struct sent sent = { .url = str_trim(form_get(&rq->form, "url"), STR_BLANK), .types = types_sent(rq) };
	if (!sent.url.len)
		return REFUSE(&rq->cx, MISSING_FIELD, "url", "Where are deliveries to be sent?");
	if (description.len)
		TRY(label_clean(&rq->cx, "description", description, &sent.description));
	if (!sent.types.count)
		return REFUSE(&rq->cx, MISSING_FIELD, "events", "Tick what it is to be told of.");
	*out = sent;
	return OK;
}

static struct html_values *new_values(struct request *rq)
{
	struct html_values *v = page_new(rq, "New endpoint", "webhooks");
	html_set_flag(v, "new", true);
	html_set_flag(v, "mode_test", page_asks_for_test(rq));
	sent_values(rq, v);
	return v;
}

err_t webhook_new_page(struct request *rq, struct response *rs)
{
	struct html_values *v = new_values(rq);
	html_set_flag(v, "all_types", true);
	return page_reply(rs, 200, "webhook_form", v);
}

/* The one time that it is shown. */
static err_t secret_page(
	struct request *rq, struct response *rs, const struct webhook_endpoint *endpoint, struct str secret, bool first)
{
	struct html_values *v = page_new(rq, first ? "Your endpoint is ready" : "Your new secret", "webhooks");
	endpoint_values(rq, v, endpoint);
	html_set(v, "secret", secret);
	html_set_flag(v, "first", first);
	return page_reply(rs, 200, "webhook_secret", v);
}

static err_t create(struct request *rq, struct webhook_endpoint *out, struct str *secret_out)
{
	struct webhook_owner owner = endpoint_owner(rq, page_asks_for_test(rq));
	struct sent sent;
	TRY(read_sent(rq, &sent));
	const struct webhook_endpoint_new in = { .url = sent.url,
		.description = sent.description,
		.events = sent.types,
		.connect = str_eq(form_get(&rq->form, "connect"), STR("1")) };
	return webhook_endpoint_create(&rq->cx, &owner, &in, out, secret_out);
}

err_t webhooks_create(struct request *rq, struct response *rs)
{
	struct webhook_endpoint made;
	struct str secret;
	struct once once;
	bool done;
	TRY(once_leads(rq, rs, &once, &done));
	if (done)
		return OK;
	err_t e = create(rq, &made, &secret);
	e = once_end(rq, &once, e, e ? STR("") : once_path(rq, "/webhooks", "wbk", made.id, true));
	if (e)
		return page_again(rs, "webhook_form", new_values(rq), e);
	return secret_page(rq, rs, &made, secret, true);
}

#define EDIT_FIELDS 4

static const struct stale_field *edit_fields(struct arena *mem, const struct webhook_endpoint *endpoint)
{
	struct stale_field *fields = arena_array(mem, struct stale_field, EDIT_FIELDS);
	struct str *types = arena_array(mem, struct str, webhook_type_count + 1);
	size_t count = 0;
	for (size_t i = 0; i < webhook_type_count; i++)
		if (is_chosen(endpoint->events, str_of(webhook_types[i])))
			types[count++] = str_of(webhook_types[i]);
	bool all = is_listed(endpoint->events, STR("*"));
	fields[0] = (struct stale_field){ "url", SAY("Address"), stale_one(mem, endpoint->url), STR_ABSENT };
	fields[1] = (struct stale_field){ "description", SAY("What you call it"), stale_one(mem, endpoint->description),
		STR_ABSENT };
	fields[2] = (struct stale_field){ "all", SAY("Everything"), stale_one(mem, all ? STR("1") : STR_ABSENT),
		all ? STR("*") : STR_ABSENT };
	fields[3] = (struct stale_field){ "type", SAY("It is told of"), { types, count }, STR_ABSENT };
	return fields;
}

static struct html_values *edit_values(struct request *rq, const struct webhook_endpoint *endpoint, unsigned conflicts)
{
	struct html_values *v = page_new(rq, "Edit the endpoint", "webhooks");
	endpoint_values(rq, v, endpoint);
	stale_values(rq, v, edit_fields(rq->cx.mem, endpoint), EDIT_FIELDS, conflicts);
	return v;
}

err_t webhook_edit_page(struct request *rq, struct response *rs)
{
	struct webhook_endpoint endpoint;
	TRY(endpoint_in_path(rq, &endpoint));
	struct html_values *v = edit_values(rq, &endpoint, 0);
	html_set(v, "url_value", endpoint.url);
	html_set(v, "description_value", endpoint.description);
	type_ticks(v, endpoint.events);
	return page_reply(rs, 200, "webhook_form", v);
}

static err_t change(struct request *rq, const struct webhook_endpoint *present)
{
	struct webhook_owner owner = endpoint_owner(rq, id_is_test(present->account));
	struct webhook_endpoint changed;
	struct sent sent;
	TRY(read_sent(rq, &sent));
	const struct webhook_endpoint_change wanted = {
		.url = str_eq(sent.url, present->url) ? STR_ABSENT : sent.url,
		.events = sent.types,
		.set_description = true,
		.description = sent.description,
	};
	return webhook_endpoint_change(&rq->cx, &owner, present, &wanted, &changed);
}

/* Read, checked and changed while nobody else changes it. */
static err_t edit(struct request *rq, struct webhook_endpoint *endpoint, unsigned *conflicts)
{
	TRY(row_hold(&rq->cx, HELD_WEBHOOK_ENDPOINT, endpoint->account, endpoint->id));
	TRY(endpoint_in_path(rq, endpoint));
	TRY(stale_check(rq, edit_fields(rq->cx.mem, endpoint), EDIT_FIELDS, conflicts));
	return change(rq, endpoint);
}

err_t webhook_edit_post(struct request *rq, struct response *rs)
{
	struct webhook_endpoint endpoint;
	unsigned conflicts = 0;
	bool own;
	TRY(endpoint_in_path(rq, &endpoint));
	TRY(db_join(&rq->cx, &own));
	err_t e = db_settle(&rq->cx, own, edit(rq, &endpoint, &conflicts));
	if (e) {
		struct html_values *v = edit_values(rq, &endpoint, conflicts);
		sent_values(rq, v);
		return page_again(rs, "webhook_form", v, e);
	}
	back_to_endpoint(rq, rs, &endpoint, "saved");
	return OK;
}

/* ---- state, secret, end ---- */

err_t webhook_state_post(struct request *rq, struct response *rs)
{
	bool pause = str_eq(form_get(&rq->form, "state"), STR("paused"));
	struct webhook_endpoint endpoint, changed;
	TRY(endpoint_in_path(rq, &endpoint));
	struct webhook_owner owner = endpoint_owner(rq, id_is_test(endpoint.account));
	const struct webhook_endpoint_change wanted = { .enable = !pause, .disable = pause };
	TRY(webhook_endpoint_change(&rq->cx, &owner, &endpoint, &wanted, &changed));
	back_to_endpoint(rq, rs, &endpoint, pause ? "endpoint-paused" : "endpoint-resumed");
	return OK;
}

static err_t confirm_page(struct request *rq, struct response *rs, const char *name, struct html_values *v)
{
	struct webhook_endpoint endpoint;
	TRY(endpoint_in_path(rq, &endpoint));
	endpoint_values(rq, v, &endpoint);
	return page_reply(rs, 200, name, v);
}

err_t webhook_rotate_page(struct request *rq, struct response *rs)
{
	return confirm_page(rq, rs, "webhook_rotate", page_new(rq, "Replace the secret?", "webhooks"));
}

err_t webhook_rotate_post(struct request *rq, struct response *rs)
{
	struct webhook_endpoint endpoint, rotated;
	struct str secret;
	struct once once;
	bool done;
	TRY(endpoint_in_path(rq, &endpoint));
	struct webhook_owner owner = endpoint_owner(rq, id_is_test(endpoint.account));
	TRY(once_leads(rq, rs, &once, &done));
	if (done)
		return OK;
	err_t e = webhook_endpoint_rotate(&rq->cx, &owner, &endpoint, STR_ABSENT, &rotated, &secret);
	TRY(once_end(rq, &once, e, once_path(rq, "/webhooks", "wbk", endpoint.id, true)));
	return secret_page(rq, rs, &rotated, secret, false);
}

err_t webhook_delete_page(struct request *rq, struct response *rs)
{
	return confirm_page(rq, rs, "webhook_delete", page_new(rq, "Delete this endpoint?", "webhooks"));
}

err_t webhook_delete_post(struct request *rq, struct response *rs)
{
	struct webhook_endpoint endpoint;
	TRY(endpoint_in_path(rq, &endpoint));
	TRY(webhook_endpoint_delete(&rq->cx, &endpoint));
	reply_redirect(rs, 303,
		id_is_test(endpoint.account) ? STR("/webhooks?done=endpoint-deleted&mode=test")
					     : STR("/webhooks?done=endpoint-deleted"));
	return OK;
}
