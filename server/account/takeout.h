/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The copy of all data that an account's owner downloads: that it is made, and what of it no other list of ours has.
 * Which tables are in it, and why others are not, is told by tests/http/test_takeout.py.
 */
#pragma once

#include "server/base/ctx.h"

#define TAKEOUTS_A_DAY 5

/* Told by the audit log and by mail. RATE_LIMITED: after TAKEOUTS_A_DAY. */
MUST_CHECK err_t takeout_begin(struct ctx *cx, struct id account);

/* Who somebody is, with what of it the pages of the account change. */
struct takeout_person {
	struct id id;
	struct str email;
	struct instant email_confirmed_at; /* INSTANT_NONE: nobody has shown that they read there */
	struct str name, tz, language;     /* absent: as the browser likes */
	struct str page_language;          /* of letters, where they chose none; absent: English */
	int16_t hours, week_start;         /* as the principal's; 0: as the browser's region */
	struct instant created_at;
};
MUST_CHECK err_t takeout_person(struct ctx *cx, struct id account, struct takeout_person *out);

/* What somebody once let an app do: the proof of it. */
struct takeout_consent {
	struct id id, connection, client;
	uint64_t asked, granted;
	struct id_list calendars; /* items NULL: all */
	struct str wording;       /* version of the page that asked */
	struct str ip, agent;
};
struct takeout_voice_session {
	struct id id, connection; /* zero: the account's own */
	uint64_t scopes;
	struct str origin;
	struct instant created_at, expires_at, ended_at;
};
/* What a calendar program keeps beside a resource (RFC 4918 §4). */
struct takeout_property {
	struct id resource, calendar; /* zero: it is none */
	struct id event_calendar;     /* zero: it is no event */
	struct str event_name, ns, name, xml;
};

/* The next `limit` of the account in its mode; `after` is the last one before them, zeroed at the beginning. */
MUST_CHECK err_t takeout_consents(struct ctx *cx, struct id account, struct id after, size_t limit,
	struct takeout_consent **out, size_t *count_out);
MUST_CHECK err_t takeout_voice_sessions(struct ctx *cx, struct id account, struct id after, size_t limit,
	struct takeout_voice_session **out, size_t *count_out);
MUST_CHECK err_t takeout_properties(struct ctx *cx, struct id account, const struct takeout_property *after,
	size_t limit, struct takeout_property **out, size_t *count_out);
