/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The authorization endpoint (OAuth 2.1 §3.1, §4.1). Its ways:
 *
 *   GET  /oauth/authorize          checks; then goes on as /oauth/continue does
 *   POST /oauth/authorize          checks, stores, 303 to /oauth/continue: a cross-site POST carries no session cookie
 *   GET  /oauth/continue?request=  sign-in page, consent page, or straight back to the client (remembered, prompt=none)
 *
 * Until client and redirect URI are known to be good, an error is a page. After that it goes to the client, but only
 * once the user has signed in (OAuth 2.1 §7.13.2, RFC 9700 §4.11.2); at once with prompt=none, and for a verified
 * client.
 */
#pragma once

#include "server/http/router.h"

handler authorize_get, authorize_post, authorize_continue;

#define SIGN_IN_PAGE "/sign-in"
#define CONSENT_PAGE "/consent"

/*
 * Where a stored request leads for its sign-in: SIGN_IN_PAGE?next=/oauth/continue?request=…[&login_hint=…][&again=1].
 * again=1: show the form even to who has a session (prompt=login, max_age).
 */
struct str authorize_sign_in_url(struct arena *mem, struct str reference, struct str login_hint, bool again);
