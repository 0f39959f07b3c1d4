/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Apps that register themselves and have a row, because an operator gave them a token for it (RFC 7591 §3: the initial
 * access token), and that manage their registration by a token of their own (RFC 7592). Of both the hash is stored.
 */
#pragma once

#include "oauth/client.h"
#include "oauth/registration.h"

#define REGISTRATION_TOKEN_S (7 * 86400)

/* A token by which so many apps can be registered for this account within REGISTRATION_TOKEN_S; told once. */
MUST_CHECK err_t registration_token_new(struct ctx *cx, struct id owner, int32_t uses, struct str *token_out);

struct registered {
	struct client client;
	struct str secret; /* absent: none, or told before */
	struct str token;  /* that manages it */
};

/* TOKEN_INVALID: not one that may register (any more); else as client_create(). */
MUST_CHECK err_t registered_create(
	struct ctx *cx, struct str token, const struct registration *said, struct registered *out);
/* TOKEN_INVALID: no such client, or not its token. */
MUST_CHECK err_t registered_find(struct ctx *cx, struct str client_id, struct str token, struct registered *out);
/*
 * It is what it says now; out->token is another from now on. Of what it leaves out, the defaults of RFC 7591.
 *
 * errors  as client_change(); INVALID_CLIENT_METADATA: a public one cannot become confidential, nor the other way
 * spec    RFC 7592 §2.2
 */
MUST_CHECK err_t registered_change(struct ctx *cx, const struct registration *said, struct registered *inout);
