/* SPDX-License-Identifier: Apache-2.0 */
/* How a failure is told. */
#pragma once

#include "server/http/response.h"

/* What the client of a module without show_error is told, and whom no module answers: the API's error object. */
void reply_error(struct request *rq, struct response *rs, err_t e);

/*
 * WWW-Authenticate for e, nothing unless its kind asks for one (401, INSUFFICIENT_SCOPE). Bearer as RFC 6750 §3 says,
 * with resource_metadata (RFC 9728 §5.1) where the module takes tokens, and without error= when nothing was sent; where
 * the module takes Basic, Basic first, since older clients read one line alone.
 */
void auth_challenge(struct request *rq, struct response *rs, err_t e);
