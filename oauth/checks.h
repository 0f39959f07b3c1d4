/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is this an authorization request that we serve (OAuth 2.1 §4.1.1)? An ordered table of small checks. Until client and
 * redirect URI are proven, what is wrong is returned and shown on a page. After that it is noted in the request
 * (error, error_description), for the client to be told.
 */
#pragma once

#include "oauth/params.h"
#include "oauth/auth_request.h"

/* One that its client pushed (RFC 9126 §2): whatever is wrong with it is told to the client, which is `caller`. */
MUST_CHECK err_t auth_request_check_pushed(struct ctx *cx, const struct params *params, struct id caller,
	struct auth_request *out, struct client *client_out);

MUST_CHECK err_t auth_request_check(
	struct ctx *cx, const struct params *params, struct auth_request *out, struct client *client_out);

/* What `prompt` may say. */
struct prompt_word {
	struct str word;
	int16_t bit; /* enum prompt */
};
extern const struct prompt_word prompt_words[];
extern const size_t prompt_word_count;
