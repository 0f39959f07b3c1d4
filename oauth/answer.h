/* SPDX-License-Identifier: Apache-2.0 */
/* The answers of the authorization endpoint to a stored or checked request: state as it came, iss in each (RFC 9207).
 */
#pragma once

#include "oauth/auth_request.h"

struct str answer_code_url(struct ctx *cx, const struct auth_request *request, struct str code);
struct str answer_error_url(struct ctx *cx, const struct auth_request *request, err_t e);
/* The error that a request was stored with. */
struct str answer_stored_url(struct ctx *cx, const struct auth_request *request);

/* This server as clients know it: the public URL, octet for octet the metadata's issuer (RFC 8414 §2). */
struct str oauth_issuer(const struct ctx *cx);

/* The error code of e ("invalid_grant") and its description: printable ASCII without quote and backslash (§4.1.2.1). */
struct str error_code(err_t e);
struct str error_description(struct arena *mem, err_t e);
