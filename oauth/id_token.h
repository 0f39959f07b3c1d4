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
