/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passkeys of accounts (Web Authentication Level 3; docs/adr/0041). A challenge is for one purpose, one account and one
 * browser, lives ten minutes and is answered once; until then the page carries it, sealed, and nothing is stored.
 */
#pragma once

#include "server/base/ctx.h"

struct passkey {
	struct id id;
	struct bytes credential_id;
	struct str name;
	bool shared; /* may be on several devices */
	struct instant created_at, last_used_at;
};
MUST_CHECK err_t passkey_list(struct ctx *cx, struct id account, struct passkey **out, size_t *count_out);

enum passkey_purpose {
	PASSKEY_CREATE,
	PASSKEY_SIGN_IN, /* who is there is said by the passkey */
	PASSKEY_SECOND,  /* after the password: it need not be unlocked */
	PASSKEY_CONFIRM
};

struct passkey_question {
	struct str token;       /* comes back with the answer */
	struct bytes challenge; /* of WEBAUTHN_CHALLENGE_SIZE octets */
	struct str rp_id; /* the host of the public URL; absent: that is an address, for which there are no passkeys */
};
/* browser: the token of its forms, or anything else that only this browser has. account: zero for PASSKEY_SIGN_IN. */
struct passkey_question passkey_ask(
	struct ctx *cx, enum passkey_purpose purpose, struct id account, struct str browser);

/* An answer as its page sends it: base64url. */
struct passkey_sent {
	struct str token, client_data;
	struct str attestation;                                               /* of a new one */
	struct str credential_id, user_handle, authenticator_data, signature; /* of one that is there */
};

/*
 * A new passkey by the answer to PASSKEY_CREATE.
 *
 * errors  INVALID_VALUE ("passkey": what is wrong with the answer); CONFLICT: it is there already, or 20 are; those of
 *         label_clean() ("name")
 */
MUST_CHECK err_t passkey_create(
	struct ctx *cx, struct id account, struct str browser, struct str name, const struct passkey_sent *sent);
MUST_CHECK err_t passkey_end(struct ctx *cx, struct id account, struct id passkey); /* NOT_FOUND */

struct passkey_proof {
	struct id account;
	struct instant password_at; /* when the account's password was set, for session_create() */
	int16_t amr;                /* server/auth/amr.h */
};
/*
 * Who is there, by the answer to a question of this purpose. account: who it must be; zero for PASSKEY_SIGN_IN.
 *
 * errors  INVALID_VALUE ("passkey"): the answer is wrong, of another question or page, came before, or its counter went
 *         back (in the audit log of its account); ACCOUNT_DEACTIVATED; RATE_LIMITED
 */
MUST_CHECK err_t passkey_prove(struct ctx *cx, enum passkey_purpose purpose, struct id account, struct str browser,
	const struct passkey_sent *sent, struct passkey_proof *out);
