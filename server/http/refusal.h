/* SPDX-License-Identifier: Apache-2.0 */
/* How a failure is told. */
#pragma once

#include "server/data/json.h"
#include "server/http/response.h"

/* What the client of a module without show_error is told, and whom no module answers: the API's error object. */
void reply_error(struct request *rq, struct response *rs, err_t e);

/* What failures look like, for the reference: the fields, and one of this kind as a member of the open object. */
struct error_form {
	const struct json_resource *resource;
	void (*example)(struct json *j, const char *key, const struct err_row *row);
};
extern const struct error_form api_errors; /* as reply_error() writes them */

/*
 * WWW-Authenticate for e, nothing unless its kind asks for one (401, INSUFFICIENT_SCOPE). Bearer as RFC 6750 §3 says,
 * with resource_metadata (RFC 9728 §5.1) where the module takes tokens, and without error= when nothing was sent; where
 * the module takes Basic, Basic first, since older clients read one line alone.
 */
void auth_challenge(struct request *rq, struct response *rs, err_t e);
