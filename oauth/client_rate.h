/* SPDX-License-Identifier: Apache-2.0 */
/* How often an app may call the endpoints of OAuth that are for apps. */
#pragma once

#include "oauth/client.h"
#include "server/http/router.h"

/*
 * One request more of this app, that has proven who it is, at the endpoint that it calls (--client-rate). The client_id
 * of an app without a secret is known to all: such a one is counted by network besides (IPv6: /56), so that nobody uses
 * up what its users have. RateLimit and X-RateLimit-* tell it. RATE_LIMITED with its retry_after_s.
 */
MUST_CHECK err_t client_rate_take(struct request *rq, const struct client *client);

/*
 * A row more that a stranger makes: an app that nobody registered, or one that proves nothing, by its network. Of
 * others what client_rate_take() counts is enough, and their neighbours cannot use it up. RATE_LIMITED.
 */
MUST_CHECK err_t client_row_take(struct request *rq, const struct client *client);
