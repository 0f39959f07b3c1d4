/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connected accounts (cpa_…): the consent record and the root of token families. Stable over re-consent. Ending one
 * ends all its tokens in the next request, on every instance.
 */
#pragma once

#include "server/base/ctx.h"

struct connected_account {
	struct id id, account; /* account in the client's mode */
	struct id client_id;
	struct str client_name, owner_name;
	bool verified;
	uint64_t scopes;
	struct id_list calendars; /* items NULL: all */
	struct instant authorized_at, expires_at,
		last_used_at; /* expires_at INSTANT_FOREVER; last_used_at INSTANT_NONE */
};

/* The living connections of the account, in both modes, newest first. */
MUST_CHECK err_t connected_account_list(
	struct ctx *cx, struct id account, struct connected_account **out, size_t *count_out);
/* NOT_FOUND: none of this account, or ended already. */
MUST_CHECK err_t connected_account_end(struct ctx *cx, struct id account, struct id connection);

/* The connection of an account (in its mode) with a client; NOT_FOUND when there is none that lives. */
MUST_CHECK err_t connected_account_find(
	struct ctx *cx, struct id account, struct id client, struct connected_account *out);
