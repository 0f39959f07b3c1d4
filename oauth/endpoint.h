/* SPDX-License-Identifier: Apache-2.0 */
/* What the endpoints that clients call (token, revocation) have in common: a strict form and a proven client. */
#pragma once

#include "oauth/client.h"
#include "server/http/router.h"

/*
 * The rules of the form: UTF-8, no parameter twice (OAuth 2.1 §3.2.2). The query is never looked at, so that no secret
 * ends in a log. MALFORMED, MEDIA_TYPE.
 */
MUST_CHECK err_t endpoint_form(struct request *rq);

/* A parameter of the form; one without a value counts as absent (OAuth 2.1 §3.2.2). */
struct str endpoint_param(const struct request *rq, const char *name);

/*
 * Which client calls, proven: client_secret_basic (id and secret form-encoded inside, OAuth 2.1 §2.4.1; an empty secret
 * is none), client_secret_post, or client_id alone for a public client.
 *
 * errors  MALFORMED       two methods at once, or two client ids
 *         INVALID_CLIENT  everything else; RATE_LIMITED when it happens too often from one address
 */
MUST_CHECK err_t endpoint_client(struct request *rq, struct client *out);
