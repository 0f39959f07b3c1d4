/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked after the password (docs/adr/0037): a code of an app (RFC 6238), or one of ten recovery codes. The
 * app's key is sealed under the server's secret key; of recovery codes a MAC under it is stored.
 */
#pragma once

#include "server/account/known_browser.h"
#include "server/base/ctx.h"

#define RECOVERY_CODES 10

struct second_factors {
	struct instant totp_since; /* INSTANT_NONE: there is none */
	int64_t recovery_codes;    /* that are left */
};
MUST_CHECK err_t second_factors_of(struct ctx *cx, struct id account, struct second_factors *out);

/*
 * A new key for an app, not active before totp_activate(); one that was begun before is forgotten.
 *
 * errors  CONFLICT  one is active
 */
MUST_CHECK err_t totp_begin(struct ctx *cx, struct id account);
/* The key that was begun, in base32 for people. NOT_FOUND: none was. */
MUST_CHECK err_t totp_begun(struct ctx *cx, struct id account, struct str *out);

/*
 * Whose app has the key shows it by a code: from now on one is asked for at the sign-in. All sessions but theirs end,
 * which began without it.
 *
 * session       theirs
 * recovery_out  RECOVERY_CODES texts, shown once
 * errors        INVALID_VALUE ("code"): wrong; NOT_FOUND: none was begun; RATE_LIMITED
 */
MUST_CHECK err_t totp_activate(
	struct ctx *cx, struct id account, struct id session, struct str code, struct str_list *recovery_out);
/* No code is asked for any more; recovery codes and all sessions but this one end with it. */
MUST_CHECK err_t totp_end(struct ctx *cx, struct id account, struct id session);
/* A new set; the old one is worth nothing. NOT_FOUND: there is nothing that they would stand in for. */
MUST_CHECK err_t recovery_codes_make(struct ctx *cx, struct id account, struct str_list *out);

/*
 * Judge the code that whoever knows the password gives as the second factor. Guesses end in RATE_LIMITED: 10 in 15
 * minutes from one network, 30 an hour in all from networks that the account was not used from, and as many from those
 * that it was. Only who has the password can guess, and a browser that is known for the account has 10 in 15 minutes of
 * its own, so that nobody keeps its owner out. Five that were wrong within an hour are told by mail, once a day.
 *
 * amr_out  AMR_OTP or AMR_RECOVERY
 * errors   INVALID_VALUE ("code"): wrong, or used before; RATE_LIMITED
 */
MUST_CHECK err_t second_factor_prove(
	struct ctx *cx, struct id account, struct known_browser browser, struct str code, int16_t *amr_out);
