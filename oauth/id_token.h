/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ID tokens (OpenID Connect Core §2): who signed in, when and how, told to the app that asked, signed so that nobody
 * else can have said it. They open nothing here: no endpoint takes one for an access token.
 */
#pragma once

#include "oauth/tokens.h"

#define ID_TOKEN_LIFETIME_S 3600

/*
 * The ID token beside these tokens, for the client that calls itself so (§3.1.3.3, §12.2): absent unless `openid` is
 * among their scopes and somebody had signed in for them.
 */
MUST_CHECK err_t id_token_of(struct ctx *cx, struct str client_id, const struct token_pair *pair, struct str *out);

/* What a token that we gave once says. */
struct id_token {
	struct str sub, aud;
};
/*
 * As a hint (§3.1.2.1, RP-Initiated Logout §2): it may be as old as its key is published.
 *
 * errors  NOT_FOUND  it is no ID token of this server's
 */
MUST_CHECK err_t id_token_read(struct ctx *cx, struct str token, struct id_token *out);
