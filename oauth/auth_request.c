/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/auth_request.h"

#include "oauth/open_client.h"
#include "server/account/account.h"
#include "server/auth/amr.h"
#include "server/crypto/digest.h"
#include "server/db/query.h"
#include "sql.h"

#define REFERENCE_OCTETS 32

struct auth_request_row {
	struct id client_id, owner;
	struct str redirect_uri, state, nonce, login_hint, error, error_description, name, owner_name, kept, subject,
		language;
	uint64_t scopes, client_scopes;
	struct bytes challenge, dpop_jkt, device;
	struct str user_code, device_ip, device_agent;
	int16_t audience, response_mode, prompt, kind, grants;
	int64_t max_age_s;
	struct instant expires_at, decided_at, asked_at, client_created_at;
	struct id_list calendars;
	bool include_granted, with_details, mfa_only, verified, par_only;
};
DB_RESULT(auth_request_load, struct auth_request_row, client_id, redirect_uri, state, nonce, login_hint, scopes,
	audience, response_mode, device, user_code, device_ip, device_agent, challenge, dpop_jkt, prompt, max_age_s,
	error, calendars, include_granted, with_details, mfa_only, error_description, expires_at, decided_at, asked_at,
	owner, kind, grants, name, owner_name, verified, client_scopes, par_only, client_created_at, kept, subject,
	language);

static err_t store(struct ctx *cx, const struct auth_request *in, struct instant expires_at, bool pushed,
	struct str *reference_out)
{
	uint8_t octets[REFERENCE_OCTETS];
	random_fill(octets, sizeof octets);
	struct str reference = base64url_of(cx->mem, bytes_of(octets, sizeof octets));
	TRY(db_exec(cx, &sql_auth_request_store, NULL, IN(secret_hash(cx->mem, reference)), IN(in->client_id),
		IN(expires_at), IN(in->redirect_uri), IN(in->state), IN(in->nonce), IN(in->login_hint), IN(in->scopes),
		IN(in->challenge), IN(in->prompt), IN(in->max_age_s), IN(in->error), IN(in->error_description),
		IN(in->audience), IN(cx->now), IN(pushed ? expires_at : INSTANT_NONE), IN(in->response_mode),
		IN(in->dpop_jkt), IN(in->device.hash), IN(in->device.user_code), IN(in->device.ip),
		IN(in->device.agent), IN(in->calendars), IN(in->include_granted), IN(in->with_details),
		IN(in->kept_client), IN(in->subject), IN(in->mfa_only), IN(in->language)));
	*reference_out = reference;
	return OK;
}

err_t auth_request_store(struct ctx *cx, const struct auth_request *in, struct str *reference_out)
{
	return store(cx, in, instant_add_s(cx->now, AUTH_REQUEST_LIFETIME_S), false, reference_out);
}

err_t auth_request_store_pushed(
	struct ctx *cx, const struct auth_request *in, int64_t lifetime_s, struct str *reference_out)
{
	return store(cx, in, instant_add_s(cx->now, lifetime_s), true, reference_out);
}

static err_t no_such_auth_request(struct ctx *cx)
{
	return REFUSE(cx, NOT_FOUND, "request",
		"This request to connect is not known, or is more than ten minutes old. Go back to the app and try "
		"again.");
}

err_t auth_request_load(struct ctx *cx, struct str reference, struct auth_request *out, struct client *client_out)
{
	struct auth_request_row row;
	if (!reference.len)
		return no_such_auth_request(cx);
	err_t e = db_row(cx, &sql_auth_request_load, ROW(auth_request_load, &row), IN(secret_hash(cx->mem, reference)),
		IN(cx->now));
	if (err_is(e, NOT_FOUND))
		return no_such_auth_request(cx);
	TRY(e);
	*out = (struct auth_request){ .client_id = row.client_id,
		.redirect_uri = row.redirect_uri,
		.state = row.state,
		.nonce = row.nonce,
		.login_hint = row.login_hint,
		.subject = row.subject,
		.language = row.language,
		.scopes = row.scopes,
		.audience = row.audience,
		.response_mode = row.response_mode,
		.device = { row.device, row.user_code, row.device_ip, row.device_agent },
		.challenge = row.challenge,
		.dpop_jkt = row.dpop_jkt,
		.prompt = row.prompt,
		.max_age_s = row.max_age_s,
		.calendars = row.calendars,
		.include_granted = row.include_granted,
		.with_details = row.with_details,
		.mfa_only = row.mfa_only,
		.error = row.error,
		.error_description = row.error_description,
		.created_at = row.asked_at,
		.expires_at = row.expires_at,
		.decided_at = row.decided_at };
	*client_out = (struct client){ .id = row.client_id,
		.owner = row.owner,
		.kind = row.kind,
		.grants = row.grants,
		.name = row.name,
		.owner_name = row.owner_name,
		.owner_status = STATUS_ACTIVE, /* else it is not found */
		.verified = row.verified,
		.scopes = row.client_scopes,
		.par_only = row.par_only,
		.created_at = row.client_created_at };
	out->kept_client = row.kept;
	if (row.kept.ptr && !open_client_of(cx->mem, row.kept, client_out))
		return FAIL(cx, INTERNAL, "a client that nobody kept");
	return OK;
}

err_t auth_request_decided(struct ctx *cx)
{
	return REFUSE(
		cx, CONFLICT, "request", "This request was already answered. Go back to the app to begin a new one.");
}

err_t auth_request_claim(struct ctx *cx, struct str reference)
{
	size_t claimed = 0;
	TRY(db_exec(cx, &sql_auth_request_claim, &claimed, IN(secret_hash(cx->mem, reference)), IN(cx->now)));
	return claimed ? OK : auth_request_decided(cx);
}

bool auth_request_needs_sign_in(const struct ctx *cx, const struct auth_request *rq, const struct consent_user *user)
{
	if (id_is_zero(user->account))
		return true;
	if (rq->mfa_only && !amr_is_mfa(user->amr))
		return true;
	bool since_asked = !instant_before(user->auth_time, rq->created_at);
	if (since_asked)
		return false;
	bool too_old = rq->max_age_s >= 0 && !instant_before(cx->now, instant_add_s(user->auth_time, rq->max_age_s));
	return (rq->prompt & PROMPT_LOGIN) || too_old;
}

bool auth_request_is_of_another(
	struct ctx *cx, const struct auth_request *rq, const struct client *client, const struct consent_user *user)
{
	struct id there = id_in_mode(user->account, id_is_test(client->owner));
	if (!rq->subject.ptr)
		return false;
	if (str_eq(rq->subject, STR(SUBJECT_UNKNOWN)))
		return rq->prompt & PROMPT_NONE; /* a page would let the user see for themselves */
	return !str_eq(rq->subject, id_text(cx->mem, "usr", there));
}
