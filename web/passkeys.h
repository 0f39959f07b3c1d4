/* SPDX-License-Identifier: Apache-2.0 */
/* Passkeys on pages: web/static/passkey.js asks the browser, and puts the answer into the form around {{>passkey}}. */
#pragma once

#include "server/account/passkey.h"
#include "web/page.h"

/*
 * A row `passkey` for {{#passkey}}{{>passkey}}{{/passkey}}, in a form. None where there can be no passkeys, or for an
 * account that has none (PASSKEY_SECOND, PASSKEY_CONFIRM). account: zero for PASSKEY_SIGN_IN.
 */
MUST_CHECK err_t passkey_values(
	struct request *rq, struct html_values *v, enum passkey_purpose purpose, struct id account);

/* The answer in the form that came; false: there is none. */
bool passkey_sent_read(struct request *rq, struct passkey_sent *out);
/* passkey_prove() of the form that came. */
MUST_CHECK err_t passkey_proven(
	struct request *rq, enum passkey_purpose purpose, struct id account, struct passkey_proof *out);

/* Rows `passkeys` of who is signed in, and the flag `passkeys_possible`. */
MUST_CHECK err_t passkeys_values(struct request *rq, struct html_values *v);
