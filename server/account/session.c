/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/session.h"

#include "server/account/audit.h"
#include "server/base/address.h"
#include "server/account/row.h"
#include "server/account/throttle.h"
#include "server/crypto/digest.h"
#include "server/crypto/password.h"
#include "server/crypto/secret.h"
#include "server/db/query.h"
#include "sql.h"

#define CSRF_SIZE 32
#define USER_AGENT_MAX 300

DB_RESULT(sign_in_find, struct account_row, password_hash, password_at, id, status, plan, email, name, tz, created_at,
	deactivated_at, second_factor, known_network);

struct session_row {
	struct id id;
	struct bytes csrf;
	struct instant auth_time, proven_at;
	int16_t amr, status;
	struct str email, name, tz;
	bool email_confirmed;
	struct str language, picture_tag;
	int16_t hours, week_start;
};
DB_RESULT(session_authenticate, struct session_row, id, csrf, auth_time, proven_at, amr, status, email, name, tz,
	email_confirmed, language, picture_tag, hours, week_start);

/* An address that is none is unknown like any other: the answer and its cost do not tell. */
static struct str email_or_none(struct ctx *cx, struct str email)
{
	struct str folded;
	return email_fold(cx, email, &folded) == OK ? folded : STR("");
}

/* What a try counts against, the narrowest first. Three at most; their number is returned. */
static size_t limits_of(struct ctx *cx, struct str email, struct known_browser browser, const struct account_row *row,
	struct throttle *out)
{
	struct str network = address_network(cx->mem, cx->client_ip);
	if (!id_is_zero(row->id) && id_eq(browser.account, row->id)) {
		out[0] = (struct throttle){ "known browser", id_uuid(cx->mem, browser.number), 10, 15 * 60 };
		return 1;
	}
	/* Few from one network, and that first: the guesses of one stranger hardly count against the account. */
	struct str pair = str_fmt(cx->mem, "%.*s from %.*s", STR_ARG(email), STR_ARG(network));
	out[0] = (struct throttle){ "account and network", pair, 10, 15 * 60 };
	out[1] = (struct throttle){ "address", network, 100, 3600 };
	/* Guesses from elsewhere keep nobody out of where the account is used. */
	out[2] = (struct throttle){ row->known_network ? "account at home" : "account", email, 50, 15 * 60 };
	return 3;
}

err_t sign_in(struct ctx *cx, struct str email, struct str password, struct known_browser browser, struct account *out)
{
	struct str folded = email_or_none(cx, email);
	struct account_row row = { .password_hash = STR_ABSENT };
	struct throttle limits[3];
	bool same;
	err_t e = db_row(
		cx, &sql_sign_in_find, ROW(sign_in_find, &row), IN(folded), IN(address_range(cx->mem, cx->client_ip)));
	if (e && !err_is(e, NOT_FOUND))
		return e;
	size_t count = limits_of(cx, folded, browser, &row, limits);
	TRY(throttle_take(cx, limits, count));
	e = password_verify(cx, password, row.password_hash, &same);
	if (e) { /* too many wait: this try was none, so that rows grow no faster than passwords are hashed */
		TRY(throttle_give_back(cx, limits, count));
		return e;
	}
	if (!same || row.status != STATUS_ACTIVE)
		TRY(audit_refused(cx, folded, row.id, "session.refused", row.id,
			audit_detail(cx->mem, "reason", same ? STR("account_deactivated") : STR("wrong_password"))));
	if (!same)
		return REFUSE(cx, CREDENTIALS_INVALID, "", "E-mail address or password is wrong.");
	if (row.status != STATUS_ACTIVE)
		return FAIL(cx, ACCOUNT_DEACTIVATED, "signed in to a deactivated account");
	TRY(throttle_forgive(cx, limits, count));
	*out = account_of_row(&row);
	out->password_at = row.password_at;
	out->second_factor = row.second_factor;
	return OK;
}

/* The account and hash of a cookie's value; false for what is none of ours. */
static bool session_read(struct ctx *cx, struct str secret, struct id *account, struct bytes *hash)
{
	struct secret_parts parts;
	if (!secret_parse(cx->mem, secret, &parts) || parts.kind != SECRET_SESSION)
		return false;
	*account = parts.account;
	*hash = secret_hash(cx->mem, secret);
	return true;
}

err_t session_create(struct ctx *cx, const struct session_new *in, struct str *secret_out)
{
	struct id live = id_in_mode(in->account, false), old_account = { { 0 } };
	struct bytes old_hash = { NULL, 0 };
	session_read(cx, in->old_secret, &old_account, &old_hash);

	const struct secret_parts parts = { .kind = SECRET_SESSION, .account = live };
	struct str secret = secret_new(cx->mem, &parts, (struct bytes){ NULL, 0 });
	uint8_t *csrf = arena_take(cx->mem, CSRF_SIZE, 1);
	random_fill(csrf, CSRF_SIZE);
	size_t made = 0;
	TRY(db_exec(cx, &sql_session_create, &made, IN(live), IN(secret_hash(cx->mem, secret)), IN(id_new(cx->now)),
		IN(bytes_of(csrf, CSRF_SIZE)), IN(cx->now), IN(instant_add_s(cx->now, SESSION_LIFETIME_S)),
		IN(cx->client_ip), IN(str_sub(cx->user_agent, 0, USER_AGENT_MAX)), db_in_id_or_null(old_account),
		IN(old_hash), IN(in->password_at), IN(audit_by(cx)), IN(in->new_browser), IN(in->amr),
		IN(in->auth_time), IN(in->language), IN(id_in_mode(live, true))));
	if (!made)
		return REFUSE(cx, CREDENTIALS_INVALID, "",
			"The password was changed at this moment. Sign in with the new one.");
	*secret_out = secret;
	return OK;
}

err_t session_proof(struct ctx *cx, struct str secret, struct id *account_out, struct bytes *hash_out)
{
	return session_read(cx, secret, account_out, hash_out) ? OK
							       : FAIL(cx, CREDENTIALS_INVALID, "not a session cookie");
}

err_t session_end(struct ctx *cx, struct str secret)
{
	struct id account;
	struct bytes hash;
	if (!session_read(cx, secret, &account, &hash))
		return OK;
	return db_exec(cx, &sql_session_end, NULL, IN(account), IN(hash), IN(audit_by(cx)));
}

DB_RESULT(session_list, struct session_seen, id, created_at, seen_at, ip, agent, amr);

err_t session_list(struct ctx *cx, struct id account, struct session_seen **out, size_t *count_out)
{
	return db_rows(cx, &sql_session_list, session_list, out, count_out, IN(account), IN(cx->now));
}

err_t session_end_one(struct ctx *cx, struct id account, struct id session)
{
	size_t ended = 0;
	TRY(db_exec(cx, &sql_session_end_one, &ended, IN(account), IN(session), IN(audit_by(cx))));
	return ended ? OK : FAIL(cx, NOT_FOUND, "no such session");
}

err_t session_end_others(struct ctx *cx, struct id account, struct id session)
{
	return db_exec(cx, &sql_session_end_others, NULL, IN(account), IN(session), IN(audit_by(cx)));
}

err_t session_check_password(struct ctx *cx, const struct principal *who, struct str password)
{
	/* Who is signed in is known, whatever became of the other cookie. */
	struct known_browser browser = { who->account, who->credential };
	struct account account;
	return sign_in(cx, who->email, password, browser, &account);
}

err_t session_proven(struct ctx *cx, const struct principal *who)
{
	return db_exec(
		cx, &sql_session_prove, NULL, IN(who->account), IN(who->credential), IN(cx->now), IN(audit_by(cx)));
}

err_t session_authenticate(struct ctx *cx, const struct credential *sent, struct principal *out)
{
	struct id account;
	struct bytes hash;
	struct session_row row;
	if (sent->transport != VIA_COOKIE || !session_read(cx, sent->secret, &account, &hash))
		return FAIL(cx, CREDENTIALS_INVALID, "not a session cookie");
	err_t e = db_row(
		cx, &sql_session_authenticate, ROW(session_authenticate, &row), IN(account), IN(hash), IN(cx->now));
	if (err_is(e, NOT_FOUND))
		return FAIL(cx, CREDENTIALS_INVALID, "unknown or expired session");
	TRY(e);
	if (row.status != STATUS_ACTIVE)
		return FAIL(cx, ACCOUNT_DEACTIVATED, "session of a deactivated account");
	*out = (struct principal){
		.kind = SESSION,
		.account = account,
		.credential = row.id,
		.scopes = SCOPES_ALL | OWNER,
		.email = row.email,
		.name = row.name,
		.tz = row.tz,
		.email_confirmed = row.email_confirmed,
		.language = row.language,
		.hours = row.hours,
		.week_start = row.week_start,
		.picture = row.picture_tag,
		.csrf = hex_of(cx->mem, row.csrf),
		.auth_time = row.auth_time,
		.proven_at = row.proven_at,
		.amr = row.amr,
		.expires_at = INSTANT_NONE,
	};
	return OK;
}
