/* SPDX-License-Identifier: Apache-2.0 */
/* The token endpoint (OAuth 2.1 §3.2) and its grant types, one row each; metadata and the CLI read the same table. */
#pragma once

#include "oauth/client.h"
#include "oauth/params.h"
#include "oauth/tokens.h"
#include "server/http/router.h"

struct grant_call {
	const struct params *params;
	const struct client *client; /* authenticated */
	struct token_bound bound;    /* what the request proved, and the tokens are bound to */
};

struct grant_row {
	const char *name;
	int16_t bit; /* enum grant_type */
	err_t (*run)(struct request *rq, const struct grant_call *call, struct token_pair *out);
};
extern const struct grant_row grant_rows[];
extern const size_t grant_row_count;
const struct grant_row *grant_find(struct str name); /* NULL: none of ours */

handler token_post;
