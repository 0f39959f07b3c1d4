/* SPDX-License-Identifier: Apache-2.0 */
/* The calendars of restricted keys on the keys pages: of the account's two worlds, of which a key has one. */
#pragma once

#include "caldav/calendar/store/store.h"
#include "server/account/key.h"
#include "server/data/html.h"
#include "server/http/router.h"

struct key_calendars {
	struct {
		struct calendar *items;
		size_t count;
	} worlds[2]; /* live, test */
};

/* All that the signed-in owner has. */
MUST_CHECK err_t key_calendars_load(struct request *rq, struct key_calendars *out);

/* The rows "calendars" of the form, ticked as the form was sent, and only_some. */
void key_calendars_offer(struct request *rq, struct html_values *v, const struct key_calendars *all);

/*
 * What the form asks for a key of this world; items NULL: all calendars. Ticks of the other world are passed over: the
 * page hides them when the mode is chosen.
 * errors  INVALID_VALUE (param "calendar" or "calendars")
 */
MUST_CHECK err_t key_calendars_read(struct request *rq, bool test, struct id_list *out);

/* The rows "in_calendars" of a key that is limited to some, with their names as far as they are still there. */
void key_calendars_show(struct html_values *v, const struct key_calendars *all, const struct key *k);
