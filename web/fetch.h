/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP request to another server, bounded in time and size; redirects are not followed. */
#pragma once

#include "server/base/ctx.h"

#define FETCH_BODY_MAX ((size_t)256 * 1024)

struct fetch {
	struct str url;
	struct str authorization; /* the header's value; absent: none */
	struct str form;          /* absent: GET; else POST of this application/x-www-form-urlencoded */
};

struct fetched {
	int status;
	struct str body, request_id; /* request_id: the answer's Request-Id; absent if none */
};

/* Once, before the first fetch(). */
void fetch_setup(void);

/* UNAVAILABLE, with a text that names the address: not reached, too slow, too long. */
MUST_CHECK err_t fetch(struct ctx *cx, const struct fetch *what, struct fetched *out);
