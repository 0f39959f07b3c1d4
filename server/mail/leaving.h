/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An account that its owner deletes: deactivated at once, and gone after LEAVING_S, until when they may take it back
 * (docs/adr/0040-leaving.md). What an operator deactivates does not leave.
 */
#pragma once

#include "server/base/ctx.h"
#include "server/data/wording.h"

#define LEAVING_S (14 * 86400)

/* What goes with an account. Apps are its own, app_users those whom they are connected to. */
struct leaving_counts {
	int32_t calendars, objects, keys, connections, apps, app_users, pages, webhooks;
};
MUST_CHECK err_t leaving_count(struct ctx *cx, struct id account, struct leaving_counts *out);

/* Who is told, in which language and manner. */
struct leaving_owner {
	struct str email, tz;
	struct locale locale;
};
/* Sessions end, every key and token is refused, and a letter says until when it can be taken back. NOT_FOUND. */
MUST_CHECK err_t leaving_begin(
	struct ctx *cx, struct id account, const struct leaving_owner *owner, struct instant *delete_at_out);

/*
 * Of who proved the password of a deactivated account (sign_in() says ACCOUNT_DEACTIVATED): when it goes, and a token
 * by which it is taken back within 15 minutes. NOT_FOUND: it does not leave.
 */
MUST_CHECK err_t leaving_find(struct ctx *cx, struct str email, struct instant *delete_at_out, struct str *token_out);

/* Of whom such a token is. NOT_FOUND: it is none or too old. */
MUST_CHECK err_t leaving_token_read(struct ctx *cx, struct str token, struct id *account_out);

/* Everything is as it was, but that nobody is signed in. NOT_FOUND: the token is none or too old, or the account gone.
 */
MUST_CHECK err_t leaving_take_back(struct ctx *cx, struct str token);

/* A job: what has left goes, in portions. */
MUST_CHECK err_t leaving_delete(struct ctx *cx, void *unused);
