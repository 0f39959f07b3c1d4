/* SPDX-License-Identifier: Apache-2.0 */
/* Browser sessions and sign-in, with throttling that lives in the database since instances are stateless. */
#pragma once

#include "server/account/account.h"
#include "server/account/known_browser.h"
#include "server/auth/amr.h"
#include "server/auth/credential.h"

#define SESSION_LIFETIME_S (14 * 86400)

/*
 * Judge e-mail and password. Same answer and cost for unknown users, and what an account's state is, is told only who
 * proved the password. Whether a second factor is asked for after it, out->second_factor says.
 *
 * Guessing ends in RATE_LIMITED: 10 tries in 15 minutes for an account from one network, 100 an hour from a network, 50
 * in 15 minutes for an account, counted apart for networks that it is used from. A browser that is known for this
 * account has 10 tries in 15 minutes of its own instead and passes all of these; what then bounds guessers is the queue
 * of password.h.
 *
 * errors  CREDENTIALS_INVALID  wrong e-mail or password; ACCOUNT_DEACTIVATED; RATE_LIMITED; UNAVAILABLE
 */
MUST_CHECK err_t sign_in(
	struct ctx *cx, struct str email, struct str password, struct known_browser browser, struct account *out);

struct session_new {
	struct id account;
	struct instant password_at; /* when the password was set that was proven (struct account) */
	struct instant auth_time;   /* when they proved who they are, by all of amr */
	int16_t amr;                /* by what they proved who they are (server/auth/amr.h) */
	bool new_browser;           /* its owner is told by mail that somebody signed in */
	struct str old_secret;      /* the cookie that is there; absent for none */
	struct str language;        /* of the page: for letters to an account that no page told one of before */
};

/*
 * A new session for the account; the old cookie's session, if any, ends (fixation).
 *
 * secret_out   the cookie's value
 * errors       CREDENTIALS_INVALID  the account has another password by now: no session is born from the old one
 */
MUST_CHECK err_t session_create(struct ctx *cx, const struct session_new *in, struct str *secret_out);
MUST_CHECK err_t session_end(struct ctx *cx, struct str secret);
/* The live account and the hash by which a cookie's session is found, as stored. CREDENTIALS_INVALID: none of ours. */
MUST_CHECK err_t session_proof(struct ctx *cx, struct str secret, struct id *account_out, struct bytes *hash_out);
/* A browser in which somebody is signed in. */
struct session_seen {
	struct id id;
	struct instant created_at, seen_at;
	struct str ip,
		agent; /* of the last visit; as the browser called itself at the sign-in. Absent where not known */
	int16_t amr;
};
/* Those of an account, whoever was seen last first. */
MUST_CHECK err_t session_list(struct ctx *cx, struct id account, struct session_seen **out, size_t *count_out);
MUST_CHECK err_t session_end_one(struct ctx *cx, struct id account, struct id session); /* NOT_FOUND */
/* All but this one. */
MUST_CHECK err_t session_end_others(struct ctx *cx, struct id account, struct id session);

/*
 * Is this the password of whose session this is? Guesses count as those of a known browser, for this session.
 *
 * errors  those of sign_in()
 */
MUST_CHECK err_t session_check_password(struct ctx *cx, const struct principal *who, struct str password);
/* Whose session this is proved it once more: for PROVEN_S they may do what needs that. */
MUST_CHECK err_t session_proven(struct ctx *cx, const struct principal *who);
authenticator_run session_authenticate; /* transport VIA_COOKIE; sets csrf, auth_time, proven_at and amr */
