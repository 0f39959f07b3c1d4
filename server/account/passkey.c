/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/passkey.h"

#include <string.h>

#include "server/account/account.h"
#include "server/account/audit.h"
#include "server/account/label.h"
#include "server/account/throttle.h"
#include "server/auth/amr.h"
#include "server/base/address.h"
#include "server/base/config.h"
#include "server/crypto/digest.h"
#include "server/crypto/keyring.h"
#include "server/crypto/seal.h"
#include "server/data/uri.h"
#include "server/db/query.h"
#include "server/jose/webauthn.h"
#include "sql.h"

#define ANSWER_S 600
#define ANSWERS_OF_A_NETWORK 300 /* an hour */

DB_RESULT(passkey_list, struct passkey, id, credential_id, name, shared, created_at, last_used_at);

struct made {
	int16_t outcome;
};
DB_RESULT(passkey_create, struct made, outcome);

struct passkey_row {
	struct id id;
	struct bytes public_key;
	int64_t counter;
	int16_t status;
	struct instant password_at;
};
DB_RESULT(passkey_find, struct passkey_row, id, public_key, counter, status, password_at);

static err_t wrong(struct ctx *cx, const char *why)
{
	return REFUSE(cx, INVALID_VALUE, "passkey", "%s Try again.", why);
}

err_t passkey_list(struct ctx *cx, struct id account, struct passkey **out, size_t *count_out)
{
	return db_rows(cx, &sql_passkey_list, passkey_list, out, count_out, IN(account));
}

/* ---- questions ---- */

/* What is sealed into the token. */
struct question {
	uint8_t challenge[WEBAUTHN_CHALLENGE_SIZE], browser[SHA256_SIZE];
	struct id account;
	int64_t asked_us;
};

static struct bytes token_key(struct ctx *cx)
{
	return keyring_key(cx->keys, cx->mem, "passkey-question");
}

static struct str context_of(enum passkey_purpose purpose)
{
	static const char *const names[] = { "passkey create", "passkey sign-in", "passkey second", "passkey confirm" };
	return str_of(names[purpose]);
}

/* Nobody has a passkey for an address without a name (§5.1.3 step 8: an RP id is a domain). */
static struct str rp_id_of(struct ctx *cx)
{
	struct uri uri;
	if (!uri_split(cx->config->public_url, &uri) || str_has(uri.host, ':'))
		return STR_ABSENT;
	for (size_t i = 0; i < uri.host.len; i++)
		if (!char_is_digit(uri.host.ptr[i]) && uri.host.ptr[i] != '.')
			return uri.host;
	return STR_ABSENT;
}

struct passkey_question passkey_ask(struct ctx *cx, enum passkey_purpose purpose, struct id account, struct str browser)
{
	struct question *q = arena_new(cx->mem, struct question);
	*q = (struct question){ .account = account, .asked_us = cx->now.us };
	random_fill(q->challenge, sizeof q->challenge);
	sha256(bytes_of(browser.ptr, browser.len), q->browser);
	struct bytes sealed = seal(cx->mem, token_key(cx), context_of(purpose), bytes_of(q, sizeof *q));
	return (struct passkey_question){ base64url_of(cx->mem, sealed), bytes_of(q->challenge, sizeof q->challenge),
		rp_id_of(cx) };
}

/* Ours, of this purpose, account and browser, and not answered before: from now on it is. */
static err_t open_question(struct ctx *cx, enum passkey_purpose purpose, struct id account, struct str browser,
	struct str token, struct question *out)
{
	struct bytes sealed, plain;
	uint8_t here[SHA256_SIZE];
	sha256(bytes_of(browser.ptr, browser.len), here);
	if (!token.len || !base64url_to(cx->mem, token, &sealed) ||
		!unseal(cx->mem, token_key(cx), context_of(purpose), sealed, &plain) || plain.len != sizeof *out)
		return wrong(cx, "This page did not ask for a passkey.");
	memcpy(out, plain.ptr, sizeof *out);
	if (!bytes_same(bytes_of(here, sizeof here), bytes_of(out->browser, sizeof out->browser)) ||
		!id_eq(out->account, account))
		return wrong(cx, "This page asked somebody else for a passkey.");
	if (!instant_before(cx->now, instant_add_s((struct instant){ out->asked_us }, ANSWER_S)))
		return wrong(cx, "The page was open for too long.");
	const struct throttle once[] = {
		{ "passkey question", hex_of(cx->mem, bytes_of(out->challenge, sizeof out->challenge)), 1, ANSWER_S },
		{ "passkey network", address_network(cx->mem, cx->client_ip), ANSWERS_OF_A_NETWORK, 3600 },
	};
	err_t e = throttle_take(cx, once + 1, 1);
	if (!e) {
		e = throttle_take(cx, once, 1);
		if (err_is(e, RATE_LIMITED))
			return wrong(cx, "The passkey's answer was used before.");
	}
	return e;
}

static struct webauthn_asked asked_of(struct ctx *cx, const struct question *q, bool verified)
{
	return (struct webauthn_asked){ bytes_of(q->challenge, sizeof q->challenge), cx->config->public_url,
		rp_id_of(cx), verified };
}

/* False: not base64url. */
static bool octets_of(struct ctx *cx, struct str text, struct bytes *out)
{
	return text.len && base64url_to(cx->mem, text, out);
}

/* ---- a new one ---- */

static err_t store(struct ctx *cx, struct id account, struct str name, const struct webauthn_key *key)
{
	struct made made;
	TRY(db_row(cx, &sql_passkey_create, ROW(passkey_create, &made), IN(account), IN(id_new(cx->now)),
		IN(key->credential_id), IN(key->key), IN((int64_t)key->flags.counter), IN(key->flags.shared), IN(name),
		IN(cx->now), IN(audit_by(cx))));
	if (made.outcome == 1)
		return REFUSE(cx, CONFLICT, "", "There are 20 passkeys already. Remove one that you do not use.");
	return made.outcome ? REFUSE(cx, CONFLICT, "", "This passkey is in your account already.") : OK;
}

err_t passkey_create(
	struct ctx *cx, struct id account, struct str browser, struct str name, const struct passkey_sent *sent)
{
	struct question q;
	struct bytes client_data, attestation;
	struct webauthn_key key;
	struct str clean;
	TRY(label_clean(cx, "name", name, &clean));
	if (!octets_of(cx, sent->client_data, &client_data) || !octets_of(cx, sent->attestation, &attestation))
		return wrong(cx, "The passkey gave no answer.");
	TRY(open_question(cx, PASSKEY_CREATE, account, browser, sent->token, &q));
	const struct webauthn_asked asked = asked_of(cx, &q, true);
	const char *why = webauthn_register(cx, &asked, client_data, attestation, &key);
	return why ? wrong(cx, why) : store(cx, account, clean, &key);
}

err_t passkey_end(struct ctx *cx, struct id account, struct id passkey)
{
	size_t ended = 0;
	TRY(db_exec(cx, &sql_passkey_end, &ended, IN(account), IN(passkey), IN(audit_by(cx))));
	return ended ? OK : FAIL(cx, NOT_FOUND, "no such passkey");
}

/* ---- who is there ---- */

/* The user handle is the account's id. */
static bool read_handle(struct ctx *cx, struct str text, struct id *out)
{
	struct bytes octets;
	if (!octets_of(cx, text, &octets) || octets.len != sizeof *out)
		return false;
	memcpy(out, octets.ptr, sizeof *out);
	return true;
}

static err_t note_refused(struct ctx *cx, struct id account, struct id passkey, const char *reason)
{
	return audit_refused(cx, str_fmt(cx->mem, "passkey %.*s", STR_ARG(id_uuid(cx->mem, passkey))), account,
		"passkey.refused", passkey, audit_detail(cx->mem, "reason", str_of(reason)));
}

/* It would be refused for ever: nobody is told to try again. */
static err_t refuse_copy(struct ctx *cx, struct id account, struct id passkey)
{
	TRY(note_refused(cx, account, passkey, "counter_went_back"));
	return REFUSE(cx, INVALID_VALUE, "passkey",
		"This passkey was used elsewhere since: there may be a copy of it. Sign in in another way, remove it "
		"and make another.");
}

static err_t validate(struct ctx *cx, const struct webauthn_asked *asked, const struct passkey_row *row,
	const struct webauthn_answer *answer, struct passkey_proof *out)
{
	struct webauthn_flags flags;
	size_t used = 0;
	const char *why = webauthn_assert(cx, asked, row->public_key, answer, &flags);
	if (why) {
		TRY(note_refused(cx, out->account, row->id, "wrong_answer"));
		return wrong(cx, why);
	}
	if (row->status != STATUS_ACTIVE)
		return FAIL(cx, ACCOUNT_DEACTIVATED, "a passkey of a deactivated account");
	TRY(db_exec(
		cx, &sql_passkey_use, &used, IN(out->account), IN(row->id), IN((int64_t)flags.counter), IN(cx->now)));
	if (!used)
		return refuse_copy(cx, out->account, row->id);
	out->password_at = row->password_at;
	out->amr = (int16_t)((flags.shared ? AMR_SOFTWARE : AMR_HARDWARE) | (flags.verified ? AMR_VERIFIED : 0));
	return OK;
}

err_t passkey_prove(struct ctx *cx, enum passkey_purpose purpose, struct id account, struct str browser,
	const struct passkey_sent *sent, struct passkey_proof *out)
{
	struct question q;
	struct bytes credential_id;
	struct webauthn_answer answer;
	struct passkey_row row;
	struct id owner = account;
	if (!octets_of(cx, sent->credential_id, &credential_id) ||
		!octets_of(cx, sent->client_data, &answer.client_data) ||
		!octets_of(cx, sent->authenticator_data, &answer.authenticator_data) ||
		!octets_of(cx, sent->signature, &answer.signature) || credential_id.len > WEBAUTHN_CREDENTIAL_ID_MAX)
		return wrong(cx, "The passkey gave no answer.");
	if (purpose == PASSKEY_SIGN_IN && !read_handle(cx, sent->user_handle, &owner))
		return wrong(cx, "The passkey does not say whose it is.");
	TRY(open_question(cx, purpose, account, browser, sent->token, &q));
	err_t e = db_row(cx, &sql_passkey_find, ROW(passkey_find, &row), IN(owner), IN(credential_id));
	if (err_is(e, NOT_FOUND))
		return wrong(cx, "This passkey is in no account here (any more).");
	TRY(e);
	const struct webauthn_asked asked = asked_of(cx, &q, purpose != PASSKEY_SECOND);
	out->account = owner;
	return validate(cx, &asked, &row, &answer, out);
}
