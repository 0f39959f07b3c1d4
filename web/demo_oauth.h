/* SPDX-License-Identifier: Apache-2.0 */
/* The platform's side of OAuth 2.1: what any client library does for its caller. */
#pragma once

#include "web/demo.h"
#include "server/net/fetch.h"
#include "web/visitors.h"

/* Begin: a new state and verifier for the visitor, and where to lead the browser (OAuth 2.1 §4.1.1, RFC 7636). */
struct str demo_authorize_url(struct ctx *cx, const struct demo *demo, struct str scope, struct visitor *visitor);

/*
 * Trade a code, or the refresh token that the visitor has, for tokens (§4.1.3, §4.3).
 * errors  INVALID_GRANT  the server refused; the text is its own
 *         UNAVAILABLE    not reached, or an answer that is none
 */
MUST_CHECK err_t demo_redeem(struct ctx *cx, const struct demo *demo, struct str code, struct visitor *visitor);
MUST_CHECK err_t demo_refresh(struct ctx *cx, const struct demo *demo, struct visitor *visitor);
/* RFC 7009; the visitor's tokens are forgotten in any case. */
MUST_CHECK err_t demo_disconnect(struct ctx *cx, const struct demo *demo, struct visitor *visitor);

/* GET a path of the API with the visitor's token. */
MUST_CHECK err_t demo_call(struct ctx *cx, const struct visitor *visitor, struct str path, struct fetched *out);
