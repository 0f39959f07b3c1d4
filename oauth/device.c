/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/device.h"

#include "oauth/answer.h"
#include "oauth/client_rate.h"
#include "oauth/details.h"
#include "oauth/endpoint.h"
#include "server/auth/scope.h"
#include "server/base/buf.h"
#include "server/crypto/digest.h"
#include "server/crypto/keyring.h"
#include "server/crypto/secret.h"
#include "server/data/json.h"
#include "server/db/query.h"
#include "sql.h"

/* No vowels, so that no words come out, and nothing that looks like something else (RFC 8628 §6.1). */
static const char letters[] = "BCDFGHJKLMNPQRSTVWXZ";
#define LETTERS (sizeof letters - 1)
#define USER_CODE_LETTERS 8
#define TRIES 5 /* to find a code that no other device has */
#define AGENT_MAX 200

enum decided { PENDING, ALLOWED, DENIED, REDEEMED };

struct device_row {
	struct bytes hash;
	struct id client_id;
	uint64_t scopes;
	int16_t audience;
	struct str ip, agent;
};
DB_RESULT(device_request_find, struct device_row, hash, client_id, scopes, audience, ip, agent);

struct device_state {
	int16_t decided;
	struct id account, family;
	bool expired, early;
};
DB_RESULT(device_request_poll, struct device_state, decided, account, family, expired, early);

/* ---- user codes ---- */

/* "BCDF-GHJK": 34 bits, each letter as likely as another. */
static struct str user_code_new(struct arena *mem)
{
	char code[USER_CODE_LETTERS];
	for (size_t i = 0; i < sizeof code;) {
		uint8_t octet;
		random_fill(&octet, 1);
		if (octet < 256 / LETTERS * LETTERS)
			code[i++] = letters[octet % LETTERS];
	}
	return str_fmt(mem, "%.4s-%.4s", code, code + 4);
}

struct str device_user_code(struct arena *mem, struct str typed)
{
	char code[USER_CODE_LETTERS];
	size_t count = 0;
	for (size_t i = 0; i < typed.len; i++) {
		char c = typed.ptr[i];
		if (c == '-' || c == ' ')
			continue;
		c = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
		if (count == sizeof code || !str_has(str_of(letters), c))
			return STR_ABSENT;
		code[count++] = c;
	}
	return count == sizeof code ? str_fmt(mem, "%.4s-%.4s", code, code + 4) : STR_ABSENT;
}

/* It is short: who reads the database must not find it by trying all. */
static struct bytes user_code_hash(struct ctx *cx, struct str code)
{
	uint8_t *hash = arena_array(cx->mem, uint8_t, SHA256_SIZE);
	hmac_sha256(keyring_key(cx->keys, cx->mem, "device-user-code"), bytes_of(code.ptr, code.len), hash);
	return bytes_of(hash, SHA256_SIZE);
}

struct str device_complete_uri(struct ctx *cx, struct str user_code)
{
	return str_fmt(cx->mem, "%.*s" DEVICE_PAGE "?user_code=%.*s", STR_ARG(oauth_issuer(cx)), STR_ARG(user_code));
}

/* ---- the device ---- */

static err_t read_scopes(struct ctx *cx, const struct params *params, const struct client *client, uint64_t *out)
{
	struct str text = param_get(params, "scope");
	uint64_t scopes = client_default_scopes(client);
	if (text.ptr && !scope_parse_spoken(text, &scopes))
		return scope_refused(cx, text);
	uint64_t more = scopes & (uint64_t)SCOPES_ASKABLE & ~client->scopes;
	if (more)
		return REFUSE(cx, INVALID_SCOPE, "scope", "This client may not ask for %.*s.",
			STR_ARG(scope_text(cx->mem, more)));
	*out = scopes;
	return OK;
}

static err_t store(struct ctx *cx, const struct client *client, uint64_t scopes, int16_t audience,
	struct str device_code, struct str *user_code_out)
{
	for (int i = 0; i < TRIES; i++) {
		struct str code = user_code_new(cx->mem);
		size_t made = 0;
		TRY(db_exec(cx, &sql_device_request_store, &made, IN(secret_hash(cx->mem, device_code)),
			IN(user_code_hash(cx, code)), IN(client->id), IN(scopes), IN(audience), IN(cx->client_ip),
			IN(str_sub(cx->user_agent, 0, AGENT_MAX)), IN(instant_add_s(cx->now, DEVICE_LIFETIME_S))));
		if (made) {
			*user_code_out = code;
			return OK;
		}
	}
	return FAIL(cx, UNAVAILABLE, "no free user code");
}

err_t device_post(struct request *rq, struct response *rs)
{
	struct ctx *cx = &rq->cx;
	struct client client;
	struct params params;
	struct str user_code;
	uint64_t scopes = 0;
	int16_t audience;
	TRY(endpoint_form(rq, &params));
	TRY(endpoint_client(rq, &params, &client));
	if (!(client.grants & GRANT_DEVICE))
		return REFUSE(cx, UNAUTHORIZED_CLIENT, "",
			"This client is not registered for the grant type "
			"urn:ietf:params:oauth:grant-type:device_code (grant_types).");
	TRY(details_refuse(cx, &params));
	TRY(read_scopes(cx, &params, &client, &scopes));
	TRY(params_audience(cx, &params, &audience));
	TRY(client_row_take(rq, &client));
	struct str device_code =
		secret_new(cx->mem, &(struct secret_parts){ .kind = SECRET_DEVICE }, (struct bytes){ 0 });
	TRY(store(cx, &client, scopes, audience, device_code, &user_code));
	struct json j = json_begin(reply(rs, 200, "application/json"));
	json_object(&j, NULL);
	json_str(&j, "device_code", device_code);
	json_str(&j, "user_code", user_code);
	json_str(&j, "verification_uri", str_cat(cx->mem, oauth_issuer(cx), STR(DEVICE_PAGE)));
	json_str(&j, "verification_uri_complete", device_complete_uri(cx, user_code));
	json_int(&j, "expires_in", DEVICE_LIFETIME_S);
	json_int(&j, "interval", DEVICE_INTERVAL_S);
	json_object_end(&j);
	return OK;
}

/* ---- the user ---- */

err_t device_open(struct ctx *cx, struct str user_code, struct str *reference_out)
{
	struct device_row row;
	struct str code = device_user_code(cx->mem, user_code);
	err_t e = code.ptr ? db_row(cx, &sql_device_request_find, ROW(device_request_find, &row),
				     IN(user_code_hash(cx, code)), IN(cx->now))
			   : FAIL(cx, NOT_FOUND, "no user code");
	if (err_is(e, NOT_FOUND))
		return REFUSE(cx, INVALID_VALUE, "user_code",
			"No device waits with this code. Look at the code once more; it is good for ten minutes and "
			"one "
			"answer.");
	TRY(e);
	const struct auth_request request = { .client_id = row.client_id,
		.redirect_uri = str_cat(cx->mem, oauth_issuer(cx), STR(DEVICE_PAGE)),
		.scopes = row.scopes,
		.audience = row.audience,
		.max_age_s = -1,
		.device = { row.hash, code, row.ip, row.agent } };
	return auth_request_store(cx, &request, reference_out);
}

err_t device_decide(struct ctx *cx, const struct auth_request *request, struct id account, struct id family)
{
	size_t decided = 0;
	int16_t how = id_is_zero(family) ? DENIED : ALLOWED;
	TRY(db_exec(cx, &sql_device_request_decide, &decided, IN(request->device.hash), IN(how), IN(account),
		db_in_id_or_null(family), IN(cx->now)));
	return decided ? OK : auth_request_decided(cx);
}

/* ---- the device again ---- */

static err_t validate(struct ctx *cx, const struct device_state *state)
{
	switch ((enum decided)state->decided) {
	case DENIED:
		return FAIL(cx, ACCESS_DENIED, "device");
	case REDEEMED:
		return FAIL(cx, INVALID_GRANT, "device code redeemed before");
	case PENDING:
	case ALLOWED:
		break;
	}
	if (state->expired)
		return FAIL(cx, DEVICE_CODE_EXPIRED, "device code");
	if (state->decided == ALLOWED)
		return OK;
	return state->early ? FAIL(cx, SLOW_DOWN, "device") : FAIL(cx, AUTHORIZATION_PENDING, "device");
}

static err_t poll(struct ctx *cx, const struct client *client, struct str device_code, struct device_state *out)
{
	struct secret_parts parts;
	if (!device_code.ptr)
		return REFUSE(cx, MISSING_FIELD, "device_code", "The parameter device_code is missing.");
	if (!secret_parse(cx->mem, device_code, &parts) || parts.kind != SECRET_DEVICE)
		return FAIL(cx, INVALID_GRANT, "not a device code");
	err_t e = db_row(cx, &sql_device_request_poll, ROW(device_request_poll, out),
		IN(secret_hash(cx->mem, device_code)), IN(client->id), IN(cx->now));
	return err_is(e, NOT_FOUND) ? FAIL(cx, INVALID_GRANT, "unknown device code, or another app's") : e;
}

err_t device_redeem(struct ctx *cx, const struct code_claim *claim, struct token_pair *out)
{
	struct device_state state;
	bool own;
	TRY(db_join(cx, &own));
	err_t e = poll(cx, claim->client, claim->code, &state), told = e ? OK : validate(cx, &state);
	if (!e && !told) /* what fails now undoes that it was redeemed */
		e = code_redeem_device(cx, claim, state.account, state.family, out);
	TRY(db_settle(cx, own, e)); /* that it asked is kept, whatever it is told */
	return told;
}
