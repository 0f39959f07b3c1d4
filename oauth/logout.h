/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wish of an app that its user sign out here, too (OpenID Connect RP-Initiated Logout §2). web/ shows the page;
 * this says who asks, for whom, and where the browser may be led then: to an address that the app registered, and to no
 * other.
 */
#pragma once

#include "oauth/client.h"
#include "oauth/params.h"

struct logout {
	bool by_client; /* else client is not set: anybody led the browser here */
	struct client client;
	struct id user;        /* of the id_token_hint, live; zero: there is none that we signed */
	struct str uri, state; /* as they came; absent where not sent */
	struct str to;         /* where it ends, with the state; absent: here */
};

/*
 * errors  MALFORMED      a parameter twice, or broken
 *         INVALID_VALUE  an unknown client, another one than the hint's, an address that it did not register, or one
 *                        without a client
 */
MUST_CHECK err_t logout_read(struct ctx *cx, const struct params *params, struct logout *out);
