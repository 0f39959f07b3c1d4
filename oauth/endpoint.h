/* SPDX-License-Identifier: Apache-2.0 */
/* What the endpoints that clients call (token, revocation) have in common: a strict form and a proven client. */
#pragma once

#include "oauth/client.h"
#include "oauth/params.h"
#include "server/http/router.h"

/*
 * The parameters of the form, as params.h has them: UTF-8, none twice (OAuth 2.1 §3.2.2). The query is never looked at,
 * so that no secret ends in a log. MALFORMED, MEDIA_TYPE.
 */
MUST_CHECK err_t endpoint_form(struct request *rq, struct params *out);

/* The ways in which a client says who it is; a request uses one of them (OAuth 2.1 §2.4). */
struct client_claim;
struct client_method {
	enum client_auth auth; /* its name is what the metadata lists (RFC 8414 §2) */
	bool (*is_used)(const struct request *rq, const struct params *params); /* NULL: told from another row's */
	err_t (*read)(struct request *rq, const struct params *params, struct client_claim *out);
};
extern const struct client_method client_methods[];
extern const size_t client_method_count;

/*
 * Which client calls, proven: client_secret_basic (id and secret form-encoded inside, OAuth 2.1 §2.4.1; an empty secret
 * is none), client_secret_post, private_key_jwt (assertion.h), a certificate (certificate_auth.h), or client_id alone
 * for a public client.
 *
 * errors  MALFORMED       two methods at once, or two client ids
 *         UNAVAILABLE     its keys cannot be fetched
 *         INVALID_CLIENT  everything else; RATE_LIMITED when it happens too often from one network
 *         RATE_LIMITED    who is proven calls this endpoint too often (client_rate.h)
 */
MUST_CHECK err_t endpoint_client(struct request *rq, const struct params *params, struct client *out);
