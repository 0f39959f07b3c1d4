/* SPDX-License-Identifier: Apache-2.0 */
/* The answers of the authorization endpoint to a stored or checked request: state as it came, iss in each (RFC 9207).
 */
#pragma once

#include "oauth/auth_request.h"
#include "oauth/redirect.h"
#include "server/http/router.h"

struct redirect_answer answer_code(struct ctx *cx, const struct auth_request *request, struct str code);
struct redirect_answer answer_error(struct ctx *cx, const struct auth_request *request, err_t e);
/* The error that a request was stored with. */
struct redirect_answer answer_stored(struct ctx *cx, const struct auth_request *request);

/* Lead the browser to the client with it: 303, or a page with a form that is sent there (response_mode=form_post). */
MUST_CHECK err_t answer_send(struct request *rq, struct response *rs, const struct redirect_answer *answer);

/* This server as clients know it: the public URL, octet for octet the metadata's issuer (RFC 8414 §2). */
struct str oauth_issuer(const struct ctx *cx);

/* The error code of e ("invalid_grant") and its description: printable ASCII without quote and backslash (§4.1.2.1). */
struct str error_code(err_t e);
struct str error_description(struct arena *mem, err_t e);
