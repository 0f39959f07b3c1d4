/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a URL that somebody named may be called, as far as its text tells. Where it leads is checked at connect time.
 */
#pragma once

#include "server/base/ctx.h"

#define TARGET_URL_MAX 2048

/*
 * https, a host of the public internet, no user name, no fragment; port 443, or from 1024 on where no other protocol is
 * at home. With `may_be_private` http, any host and any port, too. The text is read by libcurl's own parser, so that
 * what is checked is what is called.
 *
 * errors  URL_NOT_ALLOWED, with `param` and what is wrong
 */
MUST_CHECK err_t target_check(struct ctx *cx, const char *param, struct str url, bool may_be_private);

/*
 * Looks the host up, connects to nothing: URL_NOT_ALLOWED when all that it has are addresses that are refused. One that
 * is not found, or not in two seconds, passes: it may be there when it is called.
 */
MUST_CHECK err_t target_look_up(struct ctx *cx, const char *param, struct str url, bool may_be_private);
