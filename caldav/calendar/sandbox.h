/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandbox: what test mode begins with, the demo people in it, and its clock (docs/adr/0026-sandbox.md). `account`
 * is the test twin's id everywhere here.
 *
 * Demo people are calendars of the sandbox itself, which are not selected: whoever names them sees them, and they count
 * nowhere else. They may be changed like all that is there; a reset puts them back.
 */
#pragma once

#include "server/auth/actor.h"

struct demo_person {
	const char *id, *name, *email;
	const char *calendar; /* its URL name; NULL: has none */
};
/* usr_demo_alice and the others; NULL after the last. */
const struct demo_person *demo_person_at(size_t i);
/* The one of this id; NULL: none of them. */
const struct demo_person *demo_person_named(struct str id);

/*
 * Make the calendars of demo people where they are missing (an account of before there were any, or somebody deleted
 * them). One round trip where nothing is.
 *
 * errors  DAV_QUOTA (the account has as many calendars as it may, or stores as much), those of object_put()
 */
MUST_CHECK err_t demo_people_make(struct ctx *cx, struct id account);

/*
 * Put the sandbox back: its calendars with all in them, what webhooks were told of it and answers that are kept for
 * Idempotency-Keys go; the samples and the demo people are there as in the beginning, and the clock is the server's.
 * Keys, apps, connections and webhook endpoints stay. One transaction; nobody is told of single events. NOT_FOUND.
 */
MUST_CHECK err_t sandbox_reset(struct ctx *cx, struct id account);

/* How far the clock is ahead. NOT_FOUND. */
MUST_CHECK err_t sandbox_ahead(struct ctx *cx, struct id account, int64_t *out);

#define SANDBOX_AHEAD_MAX_S (INT64_C(3653) * 86400) /* ten years */

/*
 * Set the clock forward: to `to`, or where that is INSTANT_NONE by `by_s` (≥ 0). cx->ahead_s is what it is then.
 * errors  INVALID_VALUE ("now" or "advance_seconds": backward, or further than SANDBOX_AHEAD_MAX_S), NOT_FOUND
 */
MUST_CHECK err_t sandbox_advance(struct ctx *cx, struct id account, struct instant to, int64_t by_s);
