/* SPDX-License-Identifier: Apache-2.0 */
/* The public keys of an app as a JWK Set (RFC 7517 §5) in bodies and answers. */
#pragma once

#include "server/base/ctx.h"
#include "server/data/json.h"

struct jwks_view {
	struct json_list keys;
};

/* For a field of kind JSON_OBJECT whose struct is a jwks_view. */
extern const struct json_field jwks_fields[];
#define JWKS_FIELD_COUNT 1

/* The set as text, as it is stored; absent when it has no keys, as null has none. */
struct str jwks_text_of(struct ctx *cx, const struct jwks_view *view);
/* And back; what is in it besides public keys is left out. */
MUST_CHECK err_t jwks_view_of(struct ctx *cx, struct str text, struct jwks_view *out);
