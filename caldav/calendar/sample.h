/* SPDX-License-Identifier: Apache-2.0 */
/* Some weeks of sample events of every kind, so that a first call has something to show. */
#pragma once

#include "caldav/calendar/event/event.h"
#include "server/auth/actor.h"

/*
 * Fill the account's default calendar, around now, all or nothing. Done twice, the samples are written anew.
 */
MUST_CHECK err_t sample_put(struct ctx *cx, struct id account);

/* What test mode begins with. What fails is logged, and test mode is then empty: an account is not refused for it. */
void sample_put_in_test_mode(struct ctx *cx, struct id account);

/* Days count from the Monday of this week, so that a weekly rule begins on a day that it has itself (RFC 5545
 * §3.8.5.3). */
struct sample {
	const char *title;
	int day, hour, minutes; /* the hour of UTC; -1: all day, `minutes` days long */
	const char *rule, *location, *guest;
	enum event_status status;
	bool free;
};

struct sample_list {
	const struct sample *items;
	size_t count;
	const char *name;      /* what the names and UIDs of its objects begin with */
	const char *organizer; /* of those with a guest: an address */
};

/* These events into a calendar that there is, by its URL name; of a transaction that is under way. */
MUST_CHECK err_t sample_put_in(
	struct ctx *cx, const struct actor *actor, const char *calendar, const struct sample_list *list);
