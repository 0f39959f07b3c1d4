/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rich authorization requests (RFC 9396): one type of authorization_details, with which an app asks for single
 * calendars of the user's, and is told which it was granted.
 *
 *     [{"type": "calendar_access", "actions": ["read", "write"], "calendars": ["cal_…"]}]
 *
 * An action is a name for scopes; without calendars the user chooses. A connection has one set of scopes for all of its
 * calendars, so two objects of one request have the same actions.
 */
#pragma once

#include "oauth/params.h"
#include "server/data/json.h"

#define DETAILS_TYPE "calendar_access"

struct details {
	bool asked;
	uint64_t scopes;          /* what the actions open */
	struct id_list calendars; /* items NULL: the user chooses */
};

/*
 * The parameter authorization_details of an authorization request; `asked` is false where there is none.
 *
 * errors  INVALID_DETAILS  not a list of known objects: another type, an unknown or repeated member, more than
 *                          10 objects or 100 calendars (§5)
 */
MUST_CHECK err_t details_read(struct ctx *cx, const struct params *params, struct details *out);

/* Where it is no use: INVALID_DETAILS if the parameter is there. */
MUST_CHECK err_t details_refuse(struct ctx *cx, const struct params *params);

/* Of a grant. */
struct granted_details {
	bool asked;               /* with authorization_details */
	struct id_list calendars; /* that its connection is limited to; items NULL: all */
};

/*
 * The member authorization_details of a token or introspection answer (§7, §9.2): what was granted. Written where it
 * was asked in this way, or where the calendars are limited, and the scopes open any.
 */
void details_write(struct json *j, uint64_t scopes, const struct granted_details *granted);
