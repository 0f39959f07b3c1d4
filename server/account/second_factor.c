/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/second_factor.h"

#include "server/account/audit.h"
#include "server/account/session.h"
#include "server/account/throttle.h"
#include "server/auth/amr.h"
#include "server/base/address.h"
#include "server/crypto/digest.h"
#include "server/crypto/keyring.h"
#include "server/crypto/otp.h"
#include "server/crypto/seal.h"
#include "server/db/query.h"
#include "sql.h"

#define CODE_DIGITS 12 /* of a recovery code: 60 bits */
#define CODE_TEXT_MAX 64
#define WRONG_TOLD 5 /* in an hour: the owner is told of */

struct totp_row {
	struct bytes sealed;
	struct instant activated_at;
	int64_t last_step;
};
DB_RESULT(totp_find, struct totp_row, sealed, activated_at, last_step);
struct network_row {
	bool known;
};
DB_RESULT(network_is_known, struct network_row, known);
DB_RESULT(second_factors, struct second_factors, totp_since, recovery_codes);

static err_t wrong_code(struct ctx *cx)
{
	return REFUSE(cx, INVALID_VALUE, "code", "The code is wrong, or was used before. Take the newest one.");
}

err_t second_factors_of(struct ctx *cx, struct id account, struct second_factors *out)
{
	return db_row(cx, &sql_second_factors, ROW(second_factors, out), IN(account));
}

/* ---- the app's key ---- */

static struct bytes totp_seal_key(struct ctx *cx)
{
	return keyring_key(cx->keys, cx->mem, "totp");
}

static err_t find_key(struct ctx *cx, struct id account, struct totp_row *row, struct bytes *key_out)
{
	TRY(db_row(cx, &sql_totp_find, ROW(totp_find, row), IN(account)));
	if (!unseal(cx->mem, totp_seal_key(cx), id_uuid(cx->mem, account), row->sealed, key_out))
		return FAIL(cx, INTERNAL, "a TOTP key does not open: is the secret key file another one?");
	return OK;
}

static err_t find_begun(struct ctx *cx, struct id account, struct totp_row *row, struct bytes *key_out)
{
	TRY(find_key(cx, account, row, key_out));
	return instant_is_none(row->activated_at) ? OK : FAIL(cx, NOT_FOUND, "it is active already");
}

err_t totp_begin(struct ctx *cx, struct id account)
{
	uint8_t key[OTP_KEY_SIZE];
	size_t begun = 0;
	random_fill(key, sizeof key);
	TRY(db_exec(cx, &sql_totp_begin, &begun, IN(account),
		IN(seal(cx->mem, totp_seal_key(cx), id_uuid(cx->mem, account), bytes_of(key, sizeof key))),
		IN(cx->now)));
	return begun ? OK
		     : REFUSE(cx, CONFLICT, "",
			       "Codes of an app are asked for already. Turn that off before you set up another app.");
}

err_t totp_begun(struct ctx *cx, struct id account, struct str *out)
{
	struct totp_row row;
	struct bytes key;
	TRY(find_begun(cx, account, &row, &key));
	*out = base32_of(cx->mem, key);
	return OK;
}

static err_t activate(
	struct ctx *cx, struct id account, struct id session, struct bytes sealed, int64_t step, struct str_list *out)
{
	size_t activated = 0;
	TRY(db_exec(
		cx, &sql_totp_activate, &activated, IN(account), IN(sealed), IN(cx->now), IN(step), IN(audit_by(cx))));
	if (!activated)
		return FAIL(cx, NOT_FOUND, "another key was begun, or this one is active");
	TRY(session_end_others(cx, account, session));
	return recovery_codes_make(cx, account, out);
}

err_t totp_activate(
	struct ctx *cx, struct id account, struct id session, struct str code, struct str_list *recovery_out)
{
	/* Who is here has just been shown the key: this is against programs that hammer, not against guesses. */
	const struct throttle limit = { "code set up", id_uuid(cx->mem, account), 20, 15 * 60 };
	struct totp_row row;
	struct bytes key;
	bool own;
	TRY(throttle_take(cx, &limit, 1));
	TRY(find_begun(cx, account, &row, &key));
	int64_t step = totp_step_of(key, code, totp_step(cx->now), row.last_step);
	if (!step)
		return REFUSE(cx, INVALID_VALUE, "code",
			"The code is wrong. Take the newest one; if none works, the clock of your device may be off.");
	TRY(db_join(cx, &own));
	TRY(db_settle(cx, own, activate(cx, account, session, row.sealed, step, recovery_out)));
	return throttle_forgive(cx, &limit, 1);
}

static err_t end(struct ctx *cx, struct id account, struct id session)
{
	TRY(db_exec(cx, &sql_totp_end, NULL, IN(account), IN(audit_by(cx))));
	return session_end_others(cx, account, session);
}

err_t totp_end(struct ctx *cx, struct id account, struct id session)
{
	bool own;
	TRY(db_join(cx, &own));
	return db_settle(cx, own, end(cx, account, session));
}

/* ---- recovery codes ---- */

/* 32 of them, without i, l, o and u: whoever reads 0 as o, or 1 as i or l, is understood. */
static const char code_digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

static struct bytes recovery_hash(struct ctx *cx, struct id account, struct str code)
{
	struct str text = str_fmt(cx->mem, "%.*s %.*s", STR_ARG(id_uuid(cx->mem, account)), STR_ARG(code));
	uint8_t *mac = arena_take(cx->mem, SHA256_SIZE, 1);
	hmac_sha256(keyring_key(cx->keys, cx->mem, "recovery-codes"), bytes_of(text.ptr, text.len), mac);
	return bytes_of(mac, SHA256_SIZE);
}

/* As it is hashed: small letters and digits alone, however they were typed. */
static struct str recovery_plain(struct arena *mem, struct str typed)
{
	char *out = arena_array(mem, char, CODE_TEXT_MAX);
	size_t len = 0;
	struct str lower = str_lower(mem, str_sub(typed, 0, CODE_TEXT_MAX));
	for (size_t i = 0; i < lower.len; i++)
		if (lower.ptr[i] == 'o')
			out[len++] = '0';
		else if (lower.ptr[i] == 'i' || lower.ptr[i] == 'l')
			out[len++] = '1';
		else if (char_is_alpha(lower.ptr[i]) || char_is_digit(lower.ptr[i]))
			out[len++] = lower.ptr[i];
	return (struct str){ out, len };
}

static struct str recovery_new(struct arena *mem)
{
	uint8_t random[CODE_DIGITS];
	char *out = arena_array(mem, char, CODE_DIGITS + 1);
	random_fill(random, sizeof random);
	for (size_t i = 0; i < CODE_DIGITS; i++)
		out[i] = code_digits[random[i] & 31];
	return (struct str){ out, CODE_DIGITS };
}

err_t recovery_codes_make(struct ctx *cx, struct id account, struct str_list *out)
{
	struct second_factors there;
	struct str *codes = arena_array(cx->mem, struct str, RECOVERY_CODES);
	struct bytes *hashes = arena_array(cx->mem, struct bytes, RECOVERY_CODES);
	TRY(second_factors_of(cx, account, &there));
	if (instant_is_none(there.totp_since))
		return REFUSE(cx, NOT_FOUND, "", "Recovery codes stand in for an app's codes: set up an app first.");
	for (size_t i = 0; i < RECOVERY_CODES; i++) {
		struct str plain = recovery_new(cx->mem);
		hashes[i] = recovery_hash(cx, account, plain);
		codes[i] = str_fmt(cx->mem, "%.4s-%.4s-%.4s", plain.ptr, plain.ptr + 4, plain.ptr + 8);
	}
	TRY(db_exec(cx, &sql_recovery_codes_make, NULL, IN(account),
		IN(((struct bytes_list){ hashes, RECOVERY_CODES })), IN(audit_by(cx))));
	*out = (struct str_list){ codes, RECOVERY_CODES };
	return OK;
}

/* ---- at the sign-in ---- */

/*
 * What a try counts against, the narrowest first; at most two, their number is returned. Whoever has the password
 * spends the tries of networks that the account was not used from, and none of its owner's.
 */
static size_t limits_of(
	struct ctx *cx, struct id account, struct known_browser browser, bool known_network, struct throttle *out)
{
	struct str owner = id_uuid(cx->mem, account), network = address_network(cx->mem, cx->client_ip);
	if (id_eq(browser.account, account)) {
		out[0] = (struct throttle){ "code known browser", id_uuid(cx->mem, browser.number), 10, 15 * 60 };
		return 1;
	}
	out[0] = (struct throttle){ "code account and network",
		str_fmt(cx->mem, "%.*s from %.*s", STR_ARG(owner), STR_ARG(network)), 10, 15 * 60 };
	out[1] = (struct throttle){ known_network ? "code account at home" : "code account", owner, 30, 3600 };
	return 2;
}

static err_t validate_totp(struct ctx *cx, struct id account, struct str code, bool *right)
{
	struct totp_row row;
	struct bytes key;
	size_t used = 0;
	err_t e = find_key(cx, account, &row, &key);
	if (e)
		return err_is(e, NOT_FOUND) ? OK : e;
	int64_t step = totp_step_of(key, code, totp_step(cx->now), row.last_step);
	if (step && !instant_is_none(row.activated_at))
		TRY(db_exec(cx, &sql_totp_use, &used, IN(account), IN(step)));
	*right = used > 0;
	return OK;
}

static err_t validate(struct ctx *cx, struct id account, struct str code, int16_t *amr_out)
{
	bool right = false;
	struct str plain = recovery_plain(cx->mem, code);
	TRY(validate_totp(cx, account, code, &right));
	*amr_out = AMR_OTP;
	if (right)
		return OK;
	size_t used = 0;
	if (plain.len == CODE_DIGITS)
		TRY(db_exec(cx, &sql_recovery_code_use, &used, IN(account), IN(recovery_hash(cx, account, plain)),
			IN(cx->now), IN(audit_by(cx))));
	*amr_out = AMR_RECOVERY;
	return used ? OK : wrong_code(cx);
}

/* Only who has the password comes this far: the owner is told when codes are wrong again and again. */
static err_t note_wrong(struct ctx *cx, struct id account)
{
	struct str owner = id_uuid(cx->mem, account);
	const struct throttle wrong = { "code wrong", owner, WRONG_TOLD - 1, 3600 };
	TRY(audit_refused(cx, str_fmt(cx->mem, "code of %.*s", STR_ARG(owner)), account, "session.refused", account,
		audit_detail(cx->mem, "reason", STR("wrong_code"))));
	err_t e = throttle_take(cx, &wrong, 1);
	return err_is(e, RATE_LIMITED) ? audit_once(cx, account, "code.guessed", 86400) : e;
}

err_t second_factor_prove(
	struct ctx *cx, struct id account, struct known_browser browser, struct str code, int16_t *amr_out)
{
	struct throttle limits[2];
	struct network_row network;
	TRY(db_row(cx, &sql_network_is_known, ROW(network_is_known, &network), IN(account),
		IN(address_range(cx->mem, cx->client_ip))));
	size_t count = limits_of(cx, account, browser, network.known, limits);
	TRY(throttle_take(cx, limits, count));
	err_t e = validate(cx, account, code, amr_out);
	if (err_is(e, INVALID_VALUE))
		TRY(note_wrong(cx, account));
	TRY(e);
	return throttle_forgive(cx, limits, count);
}
