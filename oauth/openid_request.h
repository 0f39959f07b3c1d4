/* SPDX-License-Identifier: Apache-2.0 */
/* What only OpenID Connect has in an authorization request: `claims` and `id_token_hint`. */
#pragma once

#include "oauth/auth_request.h"
#include "oauth/params.h"

#define CLAIMS_PARAM_MAX 4096

/*
 * With `openid` among the scopes of `request`:
 *
 * claims         (Core §5.5) asks for the scopes that have these claims: the user is asked for those, as far as the
 *                client may. `sub` with a value says who must be there; an essential `acr` must be the one there is.
 *                What is not known is left out
 * id_token_hint  (§3.1.2.1) says who must be there, by a token that this client was given, however old it is
 *
 * errors  INVALID_VALUE  claims is no JSON object, or too long
 *         ACCESS_DENIED  an acr that nobody here can have
 */
MUST_CHECK err_t openid_request_read(
	struct ctx *cx, const struct params *params, const struct client *client, struct auth_request *request);
