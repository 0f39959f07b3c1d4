/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pushed authorization requests (RFC 9126): an app tells us itself, before it leads its user here, what it wants to
 * ask. The browser then carries nothing but a reference, good for a minute, in which it is opened, and for one answer.
 */
#pragma once

#include "oauth/auth_request.h"
#include "oauth/params.h"
#include "server/http/router.h"

handler par_post;

#define PAR_LIFETIME_S 60

/*
 * Does the request that came to the authorization endpoint refer to a pushed one? A request_uri of another kind, or one
 * that is there twice, does not.
 */
bool par_is_referred(const struct params *params);

/*
 * The pushed request that these refer to, of which alone anything counts (RFC 9126 §4, RFC 9101 §6.3). It can be opened
 * again until it is answered: a browser reloads, and a user signs in first.
 *
 * reference_out  of the stored request, as auth_request_store() gives it
 * errors         INVALID_VALUE ("client_id", "request_uri"): another app's, unknown, over, answered
 */
MUST_CHECK err_t par_open(struct ctx *cx, const struct params *params, struct auth_request *out,
	struct client *client_out, struct str *reference_out);
