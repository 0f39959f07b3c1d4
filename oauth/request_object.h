/* SPDX-License-Identifier: Apache-2.0 */
/* Authorization requests that a client signed (JAR, RFC 9101), by value: the parameter `request`. */
#pragma once

#include "oauth/client.h"
#include "oauth/params.h"

#define REQUEST_OBJECT_LIFETIME_S 3600 /* `exp` lies at most so far ahead */

/*
 * What is asked: with `request`, what is in it, and nothing of what stands beside it but client_id (RFC 9101 §5);
 * without it, the parameters as they came. The signature is one of the client's keys'; `iss` is the client, `aud` the
 * issuer, `exp` ahead; `typ` is oauth-authz-req+jwt, so that no other token of the client's is a request (RFC 8725
 * §3.11).
 *
 * caller      who pushed it, proven; zero: it came by the browser
 * signed_out  it was signed
 * errors      INVALID_REQUEST_OBJECT with what is wrong. Nothing of it is known to be the client's then, no redirect
 * URI either. UNAVAILABLE: the client's keys cannot be fetched
 */
MUST_CHECK err_t request_object_open(
	struct ctx *cx, const struct params *sent, struct id caller, struct params *out, bool *signed_out);
