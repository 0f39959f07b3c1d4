/* SPDX-License-Identifier: Apache-2.0 */
/* What the contracts of webhooks share. */
#pragma once

#include "server/api/call.h"
#include "server/webhook/webhook.h"

/* Ids of the path; those of others begin with the same. */
struct endpoint_params {
	struct id endpoint;
};
struct delivery_params {
	struct id endpoint, delivery;
};

/* The endpoint that the path names. NOT_FOUND. */
MUST_CHECK err_t endpoint_named(struct api_call *call, struct webhook_endpoint *out);
