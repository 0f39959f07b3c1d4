/* SPDX-License-Identifier: Apache-2.0 */
/* Browser sessions and sign-in, with throttling that lives in the database since instances are stateless. */
#pragma once

#include "server/account/account.h"
#include "server/auth/credential.h"

#define SESSION_LIFETIME_S (14 * 86400)

/*
 * Judge e-mail and password. Same answer and cost for unknown users; 10 failures in 15 minutes for an account or 100 an
 * hour for an address end in RATE_LIMITED. CREDENTIALS_INVALID for a wrong one; ACCOUNT_DEACTIVATED.
 */
MUST_CHECK err_t sign_in(struct ctx *cx, struct str email, struct str password, struct account *out);

/*
 * A new session for the account; the old cookie's session, if any, ends (fixation).
 *
 * password_at  when the password was set that was proven (struct account)
 * secret_out   the cookie's value
 * errors       CREDENTIALS_INVALID  the account has another password by now: no session is born from the old one
 */
MUST_CHECK err_t session_create(
	struct ctx *cx, struct id account, struct instant password_at, struct str old_secret, struct str *secret_out);
MUST_CHECK err_t session_end(struct ctx *cx, struct str secret);
authenticator_run session_authenticate; /* transport VIA_COOKIE; sets csrf and auth_time */
