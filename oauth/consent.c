/* SPDX-License-Identifier: Apache-2.0 */
#include "server/auth/amr.h"
#include "oauth/consent.h"

#include "oauth/answer.h"
#include "oauth/code.h"
#include "oauth/connected_account.h"
#include "oauth/device.h"
#include "oauth/open_client.h"
#include "oauth/redirect.h"
#include "server/account/audit.h"
#include "server/auth/scope.h"
#include "server/db/query.h"
#include "sql.h"

/* Which wording the user saw (scopes.def and the page); stored with each consent as evidence. */
#define TEXT_VERSION "2026-11"
#define USER_AGENT_MAX 512

struct granted {
	struct id connected_account_id;
};
DB_RESULT(consent_grant, struct granted, connected_account_id);

/* The stored request, fit to be answered by this user now. */
static err_t auth_request_open(struct ctx *cx, struct str reference, const struct consent_user *user,
	struct auth_request *request_out, struct client *client_out)
{
	struct auth_request request;
	TRY(auth_request_load(cx, reference, &request, client_out));
	if (!instant_is_none(request.decided_at))
		return auth_request_decided(cx);
	if (auth_request_needs_sign_in(cx, &request, user) ||
		auth_request_is_of_another(cx, &request, client_out, user))
		return FAIL(cx, LOGIN_REQUIRED, "consent without a sign-in that is fresh enough");
	if (request.error.ptr) /* its way is back to the client, without a question */
		return REFUSE(cx, NOT_FOUND, "request", "There is nothing to answer here.");
	*request_out = request;
	return OK;
}

/* As it was chosen: the two times were taken moments apart, and what can be chosen is hours at least. */
static int64_t lifetime_of(const struct connected_account *connection)
{
	if (!instant_before(connection->expires_at, INSTANT_FOREVER))
		return 0;
	int64_t minutes = (connection->expires_at.us - connection->authorized_at.us + 30 * US_PER_S) / (60 * US_PER_S);
	return minutes * 60;
}

static bool is_listed(struct id_list list, struct id id)
{
	for (size_t i = 0; i < list.count; i++)
		if (id_eq(list.items[i], id))
			return true;
	return false;
}

/* Those that can be chosen: of the account, and among those that were asked for. */
static err_t calendars_offered(
	struct ctx *cx, const struct auth_request *request, struct id account, struct calendar **out, size_t *count_out)
{
	const struct actor actor = actor_server(account);
	size_t all, count = 0;
	TRY(calendar_list(cx, &actor, out, &all));
	for (size_t i = 0; i < all; i++)
		if (!request->calendars.items || is_listed(request->calendars, (*out)[i].id))
			(*out)[count++] = (*out)[i];
	*count_out = count;
	return OK;
}

/* With include_granted_scopes what it has is asked for again, so that the user sees the whole. */
static void add_granted(
	struct auth_request *request, const struct client *client, const struct connected_account *connection)
{
	if (request->include_granted)
		request->scopes |= connection->scopes & client->scopes;
}

err_t consent_load(struct ctx *cx, struct str reference, const struct consent_user *user, struct consent_view *out)
{
	struct consent_view view = { 0 };
	struct connected_account connection = { 0 };
	struct calendar *calendars;
	TRY(auth_request_open(cx, reference, user, &view.request, &view.client));
	view.test = id_is_test(view.client.owner);
	view.account = id_in_mode(user->account, view.test);

	err_t e = connected_account_find(cx, view.account, view.client.id, &connection);
	if (!err_is(e, NOT_FOUND))
		TRY(e);
	TRY(calendars_offered(cx, &view.request, view.account, &calendars, &view.calendar_count));
	add_granted(&view.request, &view.client, &connection);
	view.calendars = calendars;
	view.connected = !e;
	view.granted = connection.scopes;
	view.authorized_at = view.connected ? connection.authorized_at : INSTANT_NONE;
	view.chosen = connection.calendars;
	view.lifetime_s = view.connected ? lifetime_of(&connection) : 0;
	view.redirect_host = redirect_host(cx->mem, view.request.redirect_uri);
	view.loopback = redirect_is_loopback(view.request.redirect_uri);
	view.own_scheme = !view.loopback && !str_starts(view.request.redirect_uri, STR("https://"));
	*out = view;
	return OK;
}

static err_t granted_before(
	struct ctx *cx, struct auth_request *request, const struct client *client, struct id account)
{
	struct connected_account connection;
	if (!request->include_granted)
		return OK;
	err_t e = connected_account_find(cx, account, client->id, &connection);
	if (err_is(e, NOT_FOUND))
		return OK;
	TRY(e);
	add_granted(request, client, &connection);
	return OK;
}

static bool has_calendar(const struct calendar *calendars, size_t count, struct id id)
{
	for (size_t i = 0; i < count; i++)
		if (id_eq(calendars[i].id, id))
			return true;
	return false;
}

/* A form can only narrow what was asked, and name calendars of the account that is signed in. */
static err_t decision_check(
	struct ctx *cx, const struct auth_request *request, struct id account, const struct decision *decision)
{
	struct calendar *calendars;
	size_t count;
	bool all = !decision->calendars.items;
	if (!decision->scopes)
		return REFUSE(cx, INVALID_VALUE, "scope", "Leave at least one permission ticked, or deny the request.");
	if (decision->scopes & ~request->scopes)
		return REFUSE(cx, INVALID_VALUE, "scope", "A permission was ticked that the app did not ask for.");
	if (decision->lifetime_s < 0 || decision->lifetime_s > CONSENT_LIFETIME_MAX_S)
		return REFUSE(cx, INVALID_VALUE, "lifetime", "A connection can be limited to ten years at most.");
	if (all && request->calendars.items)
		return REFUSE(
			cx, INVALID_VALUE, "calendars", "The app asked for single calendars: choose among these.");
	if (all)
		return OK;
	if (!decision->calendars.count)
		return REFUSE(cx, INVALID_VALUE, "calendar", "Choose at least one calendar, or all of them.");
	TRY(calendars_offered(cx, request, account, &calendars, &count));
	for (size_t i = 0; i < decision->calendars.count; i++)
		if (!has_calendar(calendars, count, decision->calendars.items[i]))
			return REFUSE(cx, INVALID_VALUE, "calendar",
				"A calendar was chosen that is not yours, or that the app did not ask for.");
	return OK;
}

struct str consent_details(struct arena *mem, struct str client_name, uint64_t scopes)
{
	struct buf out = buf_new(mem, 4096);
	struct json j = json_begin(&out);
	json_object(&j, NULL);
	json_str(&j, "client_name", client_name);
	json_str(&j, "scopes", scope_text(mem, scopes));
	json_object_end(&j);
	return buf_str(&out);
}

/* The statements of one consent; the caller has begun the transaction. */
static err_t grant_store(struct ctx *cx, const struct auth_request *request, const struct client *client,
	const struct consent_user *user, struct id account, const struct decision *decision,
	const struct code_draft *code)
{
	struct granted granted = { { { 0 } } };
	struct instant until = decision->lifetime_s ? instant_add_s(cx->now, decision->lifetime_s) : INSTANT_FOREVER;
	struct id fresh = id_new(cx->now);
	if (request->kept_client.ptr)
		TRY(open_client_settle(cx, client, account));
	TRY(db_row(cx, &sql_consent_grant, ROW(consent_grant, &granted), IN(account), IN(client->id), IN(fresh),
		IN(request->scopes), IN(decision->scopes), IN(decision->calendars), IN(until), IN(code->family),
		IN(code->hash), IN(code->expires_at), IN(request->challenge), IN(request->redirect_uri),
		IN(request->nonce), IN(user->auth_time), IN(id_new(cx->now)), IN(STR(TEXT_VERSION)), IN(cx->client_ip),
		IN(str_sub(cx->user_agent, 0, USER_AGENT_MAX)), IN(request->audience)));
	if (id_is_zero(granted.connected_account_id))
		return REFUSE(cx, NOT_FOUND, "request", "This app does not exist any more.");
	TRY(db_exec(cx, &sql_consent_list_at_client, NULL, IN(client->owner), IN(granted.connected_account_id),
		IN(client->id), IN(account)));
	if (request->dpop_jkt.ptr || request->with_details || user->amr != AMR_PASSWORD)
		TRY(db_exec(cx, &sql_code_bind, NULL, IN(account), IN(code->family), IN(request->dpop_jkt),
			IN(request->with_details), IN(user->amr)));
	bool first = id_eq(granted.connected_account_id, fresh);
	return audit_add(cx, account, first ? "consent.given" : "consent.changed", granted.connected_account_id,
		consent_details(cx->mem, client->name, decision->scopes));
}

static err_t deny(struct ctx *cx, struct str reference, const struct consent_user *user,
	const struct auth_request *request, const struct client *client)
{
	struct id account = id_in_mode(user->account, id_is_test(client->owner));
	TRY(db_begin(cx));
	err_t e = auth_request_claim(cx, reference);
	if (!e && request->device.hash.ptr)
		e = device_decide(cx, request, account, (struct id){ { 0 } });
	if (!e)
		e = audit_add(
			cx, account, "consent.denied", client->id, audit_detail(cx->mem, "client_name", client->name));
	return db_settle(cx, true, e);
}

/* A device is told when it asks next; its user sees a page. */
static struct redirect_answer answer_device(bool allowed)
{
	return (struct redirect_answer){ .redirect_uri = allowed ? STR(DEVICE_PAGE "?done=allowed")
								 : STR(DEVICE_PAGE "?done=denied") };
}

err_t consent_decide(struct ctx *cx, struct str reference, const struct consent_user *user,
	const struct decision *decision, struct redirect_answer *out)
{
	struct auth_request request = { 0 };
	struct client client = { 0 };
	TRY(auth_request_open(cx, reference, user, &request, &client));
	if (!decision->allow) {
		TRY(deny(cx, reference, user, &request, &client));
		if (request.device.hash.ptr) {
			*out = answer_device(false);
			return OK;
		}
		*out = answer_error(cx, &request, REFUSE(cx, ACCESS_DENIED, "", "The user denied the request."));
		return OK;
	}
	struct id account = id_in_mode(user->account, id_is_test(client.owner));
	TRY(granted_before(cx, &request, &client, account));
	struct decision cut = *decision;
	if (decision->preset)
		cut.scopes &= request.scopes;
	TRY(decision_check(cx, &request, account, &cut));

	cut.scopes = scope_spoken(request.scopes, cut.scopes);
	bool by_device = request.device.hash.ptr != NULL;
	struct code_draft code = code_draft(cx, account);
	if (by_device) { /* it has its code already */
		code.hash = request.device.hash;
		code.expires_at = instant_add_s(cx->now, DEVICE_LIFETIME_S);
	}
	TRY(db_begin(cx));
	err_t e = auth_request_claim(cx, reference);
	if (!e && by_device)
		e = device_decide(cx, &request, account, code.family);
	if (!e)
		e = grant_store(cx, &request, &client, user, account, &cut, &code);
	TRY(db_settle(cx, true, e));
	*out = by_device ? answer_device(true) : answer_code(cx, &request, code.code);
	return OK;
}

static err_t remembered_issue(struct ctx *cx, const struct auth_request *request, const struct client *client,
	struct id account, const struct consent_user *user, const struct code_draft *code)
{
	size_t issued = 0;
	uint64_t besides = request->include_granted ? client->scopes : 0; /* as add_granted() */
	TRY(db_exec(cx, &sql_code_issue, &issued, IN(account), IN(request->client_id),
		IN(request->scopes & (uint64_t)SCOPES_ASKABLE), IN(code->family), IN(code->hash), IN(code->expires_at),
		IN(request->challenge), IN(request->redirect_uri), IN(request->nonce), IN(user->auth_time),
		IN(request->audience), IN(request->dpop_jkt), IN(request->calendars), IN(besides),
		IN(request->with_details), IN(scope_spoken(request->scopes, request->scopes) & SCOPES_SPOKEN),
		IN(user->amr)));
	return issued ? OK
		      : REFUSE(cx, CONSENT_REQUIRED, "prompt",
				"The user has not consented to all of this yet: without prompt=none they are asked.");
}

err_t consent_remembered(struct ctx *cx, const struct auth_request *request, const struct client *client,
	const struct consent_user *user, struct str reference, struct redirect_answer *out)
{
	if (request->device.hash.ptr || (request->prompt & (PROMPT_CONSENT | PROMPT_SELECT_ACCOUNT)))
		return FAIL(cx, CONSENT_REQUIRED, "always asked");
	if (!client->verified || !str_starts(request->redirect_uri, STR("https://")) ||
		redirect_is_https_here(request->redirect_uri))
		return REFUSE(cx, CONSENT_REQUIRED, "prompt",
			"The user is asked each time, whatever they consented to, by an app that the operator of this "
			"server does not vouch for, or that is not answered at an https address: leave out "
			"prompt=none.");

	struct id account = id_in_mode(user->account, id_is_test(client->owner));
	struct code_draft code = code_draft(cx, account);
	if (reference.ptr) {
		TRY(db_begin(cx));
		err_t e = auth_request_claim(cx, reference);
		if (!e)
			e = remembered_issue(cx, request, client, account, user, &code);
		TRY(db_settle(cx, true, e));
	} else {
		TRY(remembered_issue(cx, request, client, account, user, &code));
	}
	*out = answer_code(cx, request, code.code);
	return OK;
}
