/* SPDX-License-Identifier: Apache-2.0 */
/* Errors in OAuth's clothes (OAuth 2.1 §3.2.4, §4.1.2.1). */
#pragma once

#include "oauth/routes.h"

/* Whole answers: JSON for programs; a page for the endpoints that people see. */
void oauth_show_error(struct request *rq, struct response *rs, err_t e);
void oauth_show_refusal(struct json *j, int status, struct str message, struct str request_id);
