/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds: a calendar to be read by whoever has its token, as a subscription does. The token is not stored, nor is a hash
 * of it: it is the ids of account and calendar under a MAC, by a key that comes of the server's key file and of the
 * calendar's seed in the database. So it can be shown again, every calendar has one, and neither a copy of the database
 * nor the key file alone makes one.
 */
#pragma once

#include "caldav/calendar/store/store.h"

struct feed {
	struct id calendar;
	struct str token;
	struct instant made_at; /* since when the pages show it to its owner; INSTANT_NONE: they do not */
};
struct feed_list {
	const struct feed *items;
	size_t count;
};

/* Those of all calendars that the actor may see. One round trip. */
MUST_CHECK err_t feeds_list(struct ctx *cx, const struct actor *actor, struct feed_list *out);
/* That of this calendar; NULL: it was made since. */
const struct feed *feed_of(const struct feed_list *feeds, struct id calendar);

enum feed_change {
	FEED_MADE,        /* the pages show the token from now on */
	FEED_REGENERATED, /* a new token; the old one opens nothing from now on */
	FEED_ENDED        /* the same, and the pages show it no longer */
};
/* NOT_FOUND. The audit log tells it. */
MUST_CHECK err_t feed_change(struct ctx *cx, const struct actor *actor, struct id calendar, enum feed_change change);

/*
 * What a token opens: *actor_out may read this one calendar and no other. No look-up for what is no token. One round
 * trip.
 *
 * errors  NOT_FOUND (no token, an old one, a calendar that is gone: all the same); to who has the right one:
 *         ACCOUNT_DEACTIVATED, PLAN_REQUIRED
 */
MUST_CHECK err_t feed_open(struct ctx *cx, struct str token, struct actor *actor_out, struct id *calendar_out);
