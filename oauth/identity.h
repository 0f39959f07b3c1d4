/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is told of who a user is (OpenID Connect Core §5.1): by an ID token and by the UserInfo endpoint, the same
 * claims by the same scopes (§5.4).
 */
#pragma once

#include "server/base/ctx.h"
#include "server/data/json.h"

struct identity {
	struct id account; /* in its mode: `sub`, as introspection and the API name them */
	struct str email;
	bool email_confirmed;          /* its owner has shown that they read there, or the operator gave it */
	struct str name, tz, language; /* language: BCP 47; absent where they chose none */
	struct str picture;            /* the tag of their picture (account_picture.h); absent where they have none */
};

/* Members of the open object: `sub`, and what these scopes give. */
void identity_json(struct ctx *cx, struct json *j, const struct identity *who, uint64_t scopes);
/* The scope that has this claim; 0: none. */
uint64_t identity_scope_of(struct str claim);
/* The names of all claims there are, also those of ID tokens alone. */
void identity_claim_names(struct json *j, const char *member);

/*
 * How somebody signed in (§2 `acr`): with two factors, or with a password alone. URLs of this server's, as §2 asks for.
 * amr: of server/auth/amr.h
 */
struct str identity_acr(struct ctx *cx, int16_t amr);
