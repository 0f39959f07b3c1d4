/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent: the event around its object. */
#pragma once

#include "server/base/ctx.h"

#define WEBHOOK_BODY_MAX ((size_t)20 * 1024) /* Standard Webhooks, "Payload size" */

struct webhook_content {
	struct id id;
	const char *type;
	int64_t sequence;
	struct id connection, request;                  /* zero for none */
	bool live, is_test;                             /* is_test: asked for, about nothing real */
	struct str object;                              /* JSON; absent: what follows is all there is */
	struct str object_id, object_kind, calendar_id; /* calendar_id absent: none */
	bool deleted;
};

/* A body over WEBHOOK_BODY_MAX has the object's ids alone, and "truncated": true. */
struct str webhook_body(struct ctx *cx, const struct webhook_content *content);
