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

/* A living connection of the account, of either mode. NOT_FOUND: none of it, or ended. */
MUST_CHECK err_t connected_account_get(
	struct ctx *cx, struct id account, struct id connection, struct connected_account *out);
/* The living ones of both modes: the newest before connection `bound`, by when they were made first. */
MUST_CHECK err_t connected_account_older(struct ctx *cx, struct id account, struct id bound, size_t limit,
	struct connected_account **out, size_t *count_out);
/* How many there are; of more than these it is these. */
#define CONNECTED_ACCOUNTS_COUNTED 10000
MUST_CHECK err_t connected_account_count(struct ctx *cx, struct id account, int64_t *out);

struct connected_account_changes {
	uint64_t scopes;          /* of those that it has, these stay */
	struct id_list calendars; /* items NULL: all, now and later */
	struct instant until;     /* INSTANT_NONE: as it is; never later than it is */
};

/*
 * What an app may is decided anew by who allowed it, without the app, which is told (`connection.changed`): fewer
 * scopes, other calendars of theirs, a shorter time. More rights need the app to ask for them. What is so already is
 * not told anybody.
 *
 * errors  INVALID_VALUE ("scope": none is left; "calendar": none, or not theirs), NOT_FOUND: it has ended,
 *         CONFLICT: none would be left of what another change left meanwhile
 */
MUST_CHECK err_t connected_account_change(
	struct ctx *cx, const struct connected_account *present, const struct connected_account_changes *change);
/* Of the account in its mode. NOT_FOUND: none of it, or ended already. */
MUST_CHECK err_t connected_account_end(struct ctx *cx, struct id account, struct id connection);

/* The living ones of one world: the newest before connection `bound`, or with `back` those that come after it. */
MUST_CHECK err_t grant_page(struct ctx *cx, struct id account, struct id bound, bool back, size_t limit,
	struct connected_account **out, size_t *count_out);

/* ---- a connected account as its platform sees it ---- */

enum platform_account_state {
	PLATFORM_ACCOUNT_ACTIVE = 1,
	PLATFORM_ACCOUNT_DEACTIVATED = 2,
	PLATFORM_ACCOUNT_DEAUTHORIZED = 3
};

struct platform_account {
	struct id id, account; /* of the user, in the client's mode */
	struct id client_id;
	uint64_t scopes;
	struct id_list calendars; /* items NULL: all */
	struct instant authorized_at, expires_at, revoked_at, last_used_at;
	struct str name, email;
	int16_t state; /* enum platform_account_state */
};

struct platform_account_filter {
	struct id client; /* zero: any */
	uint64_t scopes;  /* it has all of these */
	int16_t state;    /* 0: any */
};

/* Of a platform in its mode, those that ended too: the newest before `bound`, or with `back` those after it. */
MUST_CHECK err_t platform_account_page(struct ctx *cx, struct id platform, const struct platform_account_filter *filter,
	struct id bound, bool back, size_t limit, struct platform_account **out, size_t *count_out);
struct platform_account_count {
	struct id client_id;
	int64_t count;
};
/* How many connections each client of a platform in its mode has, with those that ended; of the last 10,000. */
MUST_CHECK err_t platform_account_counts(
	struct ctx *cx, struct id platform, struct platform_account_count **out, size_t *count_out);
MUST_CHECK err_t platform_account_get(
	struct ctx *cx, struct id platform, struct id connection, struct platform_account *out);
/* The platform gives it up: all its tokens are dead when this returns. NOT_FOUND: not of this platform and mode, or
 * ended before. */
MUST_CHECK err_t platform_account_deauthorize(struct ctx *cx, struct id platform, struct id connection);

/* The connection of an account (in its mode) with a client; NOT_FOUND when there is none that lives. */
MUST_CHECK err_t connected_account_find(
	struct ctx *cx, struct id account, struct id client, struct connected_account *out);
