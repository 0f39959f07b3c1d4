/* SPDX-License-Identifier: Apache-2.0 */
/* The handlers of caldav/routes.c, one for each method, and what they share. */
#pragma once

#include "caldav/href.h"
#include "server/http/etag.h"
#include "server/http/router.h"

handler dav_propfind;   /* propfind.c, RFC 4918 §9.1 */
handler dav_report;     /* report.c, RFC 3253 §3.6: a table of reports, each with its scope */
handler dav_acl;        /* acl.c, RFC 3744 §8.1 */
handler dav_proppatch;  /* proppatch.c, RFC 4918 §9.2 */
handler dav_mkcalendar; /* mkcalendar.c, RFC 4791 §5.3.1 */
handler dav_mkcol;      /* mkcalendar.c, RFC 5689 */
handler dav_get;        /* get.c, RFC 4918 §9.4; HEAD too */
handler dav_put;        /* put.c, RFC 4791 §5.3.2 */
handler dav_delete;     /* delete.c, RFC 4918 §9.6 */
handler dav_copy;       /* move.c, RFC 4918 §9.8 */
handler dav_move;       /* move.c, RFC 4918 §9.9 */
handler dav_forbidden;  /* error.c: what can never be done to this resource: 403 */

/* prefetch.c: module.prefetch of /dav/. */
void dav_prefetch(struct request *rq, const struct credential *sent);

/*
 * conditions.c: the If header (RFC 4918 §10.4). Authorization comes before it (§8.5): PROPFIND and REPORT, whose scopes
 * are not all in their route, judge it themselves, all else is judged by module.conditions of /dav/.
 *
 * errors  MALFORMED; PRECONDITION when it is false; ACCOUNT_MISMATCH
 */
MUST_CHECK err_t conditions_judge(struct request *rq);
MUST_CHECK err_t dav_conditions(struct request *rq);

enum depth { DEPTH_ABSENT, DEPTH_0, DEPTH_1, DEPTH_INFINITY };
/* The Depth header (RFC 4918 §10.2), case-insensitive. MALFORMED for any other value. */
MUST_CHECK err_t depth_read(const struct request *rq, enum depth *out);

/* The Overwrite header (RFC 4918 §10.6): true when absent. MALFORMED unless T or F. */
MUST_CHECK err_t overwrite_read(const struct request *rq, bool *out);

/* If-Match and If-None-Match (RFC 9110 §13.1). MALFORMED when they are no lists of entity tags. */
MUST_CHECK err_t preconditions_read(const struct request *rq, struct preconditions *out);
/* For a GET of something with this tag: 412, or 304. Writes are judged in the database. */
bool preconditions_refuse(const struct preconditions *when, struct bytes etag);
bool preconditions_unchanged(const struct preconditions *when, struct bytes etag);

/* The same two headers for a GET of something with this weak tag. PRECONDITION; unchanged: 304. */
MUST_CHECK err_t weak_tag_judge(const struct request *rq, struct str tag, bool *unchanged_out);
/* And for a write to a calendar, whose tag is weak. NOT_FOUND, PRECONDITION. */
MUST_CHECK err_t calendar_preconditions(struct request *rq, struct resource at, const struct preconditions *when);

/*
 * The store names the object that has the UID already; a client is told its href (RFC 4791 §5.3.2.1). Hands any other
 * error on as it is. `near`: something in the same calendar.
 */
MUST_CHECK err_t uid_conflict_href(struct request *rq, struct resource near, err_t e);

/* DAV's own clothes for an error: status, DAV:error with exactly its condition, the text as a comment. */
void dav_show_error(struct request *rq, struct response *rs, err_t e);
