/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A link by which a telephone sets itself up. Who is signed in elsewhere shows it as a picture; whoever opens it first
 * gets a key of theirs, as the profile that Apple's systems install. It is good once, for ten minutes, and only the
 * newest of an account; only its hash is stored. The key is made when the profile is, so that no secret waits anywhere.
 */
#pragma once

#include "server/base/ctx.h"

#define DEVICE_LINK_S (10 * 60)

struct device_link {
	struct id account; /* live */
	struct str email, name;
	struct instant expires_at;
};

/* Its path below --public-url. The caller has seen who they are lately. INVALID_VALUE, MISSING_FIELD (param "name"). */
MUST_CHECK err_t device_link_new(
	struct ctx *cx, struct id account, struct str email, struct str name, struct str *path_out);
/* Without using it. NOT_FOUND for one that is none, was used, is over, or whose account may have no keys by now. */
MUST_CHECK err_t device_link_read(struct ctx *cx, struct str token, struct device_link *out);
/*
 * Use it: a key of the account that it is about, with its name.
 * errors  NOT_FOUND as above; those of key_create(), after which the link is as good as before
 */
MUST_CHECK err_t device_link_use(
	struct ctx *cx, struct str token, struct device_link *out, struct id *key_out, struct str *secret_out);
