/* SPDX-License-Identifier: Apache-2.0 */
/* What the pages of webhooks share: webhooks.c has the endpoints, webhook_log.c what was told to one. */
#pragma once

#include "server/webhook/webhook.h"
#include "web/page.h"

/* Who is signed in, as the owner of endpoints in one world of the account. */
struct webhook_owner endpoint_owner(struct request *rq, bool test);
/* The endpoint in the path, of whichever world. NOT_FOUND. */
MUST_CHECK err_t endpoint_in_path(struct request *rq, struct webhook_endpoint *out);
/* Its URL, id, state and health. */
void endpoint_values(struct request *rq, struct html_values *v, const struct webhook_endpoint *endpoint);
/* 303 to its page. `done` as in page_notice(). */
void back_to_endpoint(
	struct request *rq, struct response *rs, const struct webhook_endpoint *endpoint, const char *done);
