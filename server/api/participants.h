/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose free and busy time a call may ask about, by the names that its body has for them: the caller's own account by
 * its `usr_…` id or (where profile:read shows it) its address; with a platform's secret key also connected accounts of
 * the platform's apps, by `cpa_…`, whose grants are alive and have calendars:read, within their calendars. A token, or
 * a key with Connected-Account, has its own connected account alone. In test mode also the demo people of the account's
 * sandbox (usr_demo_alice …). All else is unknown, whether it exists or not.
 */
#pragma once

#include "caldav/calendar/view/busy.h"
#include "server/api/call.h"

#define PARTICIPANTS_MAX 50
#define BUSY_RANGE_MAX_S (INT64_C(62) * 86400)

struct participant {
	struct str name; /* as it was sent */
	bool known;
	struct busy_person person; /* its `busy` is left to busy_collect() */
};

/* One for each different name, in the order in which they come. One round trip; two with demo people, and DAV_QUOTA
 * where there is no room for their calendars. */
MUST_CHECK err_t participants_resolve(
	struct api_call *call, struct str_list names, struct participant **out, size_t *count_out);
/* When those who are known are busy: busy_collect() into person.busy of each. */
MUST_CHECK err_t participants_busy(
	struct ctx *cx, struct participant *participants, size_t count, struct instant from, struct instant to);

/* INVALID_VALUE (`to` does not lie after `from`), RANGE_TOO_LARGE (62 days); of the parameter of this name. */
MUST_CHECK err_t busy_range_check(struct ctx *cx, struct instant from, struct instant to, const char *to_name);
