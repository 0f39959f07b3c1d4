/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/login_flow.h"

#include "server/account/key.h"
#include "server/account/label.h"
#include "server/account/throttle.h"
#include "server/base/address.h"
#include "server/crypto/digest.h"
#include "server/crypto/secret.h"
#include "server/db/query.h"
#include "sql.h"

#define AGENT_MAX 200
#define FULL_S 60 /* by then some have ended */

struct flow_row {
	struct str ip, agent;
	struct instant created_at;
	int16_t decided;
};
DB_RESULT(login_flow_find, struct flow_row, ip, agent, created_at, decided);

struct taken_row {
	struct id account, session;
	struct str key_name, email;
};
DB_RESULT(login_flow_take, struct taken_row, account, session, key_name, email);

static struct str token_new(struct ctx *cx)
{
	return secret_new(cx->mem, &(struct secret_parts){ .kind = SECRET_DEVICE }, (struct bytes){ 0 });
}

err_t login_flow_begin(struct ctx *cx, struct login_flow_begun *out)
{
	const struct throttle limit = { "login-flow", address_network(cx->mem, cx->client_ip), LOGIN_FLOWS_AN_HOUR,
		3600 };
	struct login_flow_begun begun = { token_new(cx), token_new(cx) };
	size_t made = 0;
	TRY(throttle_take(cx, &limit, 1));
	TRY(db_exec(cx, &sql_login_flow_store, &made, IN(secret_hash(cx->mem, begun.token)),
		IN(secret_hash(cx->mem, begun.page_token)), IN(cx->client_ip),
		IN(str_beginning(cx->user_agent, AGENT_MAX)), IN(cx->now),
		IN(instant_add_s(cx->now, LOGIN_FLOW_LIFETIME_S)), IN((int32_t)LOGIN_FLOWS_MAX)));
	if (!made) {
		struct err *full = FAIL(cx, UNAVAILABLE, "%d login flows wait", LOGIN_FLOWS_MAX);
		full->retry_after_s = FULL_S;
		return full;
	}
	*out = begun;
	return OK;
}

/* Junk is told apart without a visit to the database. */
static bool is_token(struct ctx *cx, struct str token)
{
	struct secret_parts parts;
	return secret_parse(cx->mem, token, &parts) && parts.kind == SECRET_DEVICE;
}

static err_t refuse_page(struct ctx *cx)
{
	return REFUSE(cx, NOT_FOUND, "",
		"This address is good for twenty minutes and for one answer. Begin again on the device that you want "
		"to set up.");
}

err_t login_flow_look(struct ctx *cx, struct str page_token, const struct principal *who, struct login_flow *out)
{
	struct flow_row row;
	if (!is_token(cx, page_token))
		return refuse_page(cx);
	err_t e = db_row(cx, &sql_login_flow_find, ROW(login_flow_find, &row), IN(secret_hash(cx->mem, page_token)),
		IN(cx->now), IN(who->account));
	if (err_is(e, NOT_FOUND))
		return refuse_page(cx);
	TRY(e);
	*out = (struct login_flow){ row.ip, row.agent, row.created_at, (enum login_flow_state)row.decided };
	return OK;
}

err_t login_flow_answer(struct ctx *cx, struct str page_token, const struct principal *who, struct str key_name)
{
	struct login_flow unused;
	struct str name = STR_ABSENT;
	size_t decided = 0;
	int16_t how = key_name.ptr ? LOGIN_FLOW_ALLOWED : LOGIN_FLOW_DENIED;
	if (key_name.ptr)
		TRY(label_clean(cx, "name", key_name, &name));
	if (!is_token(cx, page_token))
		return refuse_page(cx);
	TRY(db_exec(cx, &sql_login_flow_decide, &decided, IN(secret_hash(cx->mem, page_token)), IN(how),
		IN(who->account), IN(who->credential), IN(name), IN(cx->now)));
	if (decided)
		return OK;
	TRY(login_flow_look(cx, page_token, who, &unused));
	return REFUSE(cx, CONFLICT, "", "This was answered already. Go back to your device.");
}

static err_t take(struct ctx *cx, struct str token, struct taken_row *out)
{
	err_t e = is_token(cx, token) ? db_row(cx, &sql_login_flow_take, ROW(login_flow_take, out),
						IN(secret_hash(cx->mem, token)), IN(cx->now))
				      : FAIL(cx, NOT_FOUND, "not a token");
	if (err_is(e, NOT_FOUND))
		return REFUSE(cx, NOT_FOUND, "token",
			"There is no key to be had with this token: nobody has allowed it on the page yet, or it was "
			"fetched, "
			"or twenty minutes are over. Ask again until then.");
	return e;
}

/* The log tells of the key as of who allowed it, and whose program came for it. */
static err_t make_key(struct ctx *cx, const struct taken_row *taken, struct login_flow_key *out)
{
	const struct key_new in = {
		.account = taken->account, .kind = KEY_ACCOUNT, .name = taken->key_name, .expires_at = INSTANT_NONE
	};
	struct key key;
	struct ctx_by was = cx->by;
	cx->by = (struct ctx_by){ .kind = who_name(SESSION), .credential = taken->session };
	err_t e = key_create(cx, &in, &key, &out->secret);
	cx->by = was;
	out->user_name = taken->email;
	return e;
}

err_t login_flow_fetch(struct ctx *cx, struct str token, struct login_flow_key *out)
{
	struct taken_row taken;
	bool own;
	TRY(db_join(cx, &own));
	err_t e = take(cx, token, &taken);
	if (!e) /* what fails now undoes that it was fetched */
		e = make_key(cx, &taken, out);
	return db_settle(cx, own, e);
}
