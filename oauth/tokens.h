/* SPDX-License-Identifier: Apache-2.0 */
/* What a grant gives: one access token and one refresh token of a family, and what the answer says about them. */
#pragma once

#include "server/base/ctx.h"

#define ACCESS_LIFETIME_S 3600
#define REFRESH_IDLE_S (30 * 86400)

struct token_pair {
	struct str access, refresh;
	uint64_t scopes; /* of the access token */
	struct id connected_account, account;
};

/* The access token's place in the ring of four: hour of expiry mod 4 (field/schema.md §1). */
struct access_new {
	struct str token;
	struct bytes hash;
	struct instant expires_at;
	int16_t slot;
};
struct access_new access_new(struct ctx *cx, struct id account);

/*
 * The server's key for the tags of refresh tokens, derived from the 32 octets of the secret key file. Once, before the
 * first request. Without the same key on all instances only the detection of very old generations is lost.
 */
void tokens_setup(struct bytes server_key);
struct bytes tokens_tag_key(void);
