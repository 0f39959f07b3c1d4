/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A path under /dav/ is a resource, and back.
 *
 *     /dav/                                             RES_ROOT
 *     /dav/principals/                                  RES_PRINCIPALS
 *     /dav/principals/{account}/                        RES_PRINCIPAL
 *     /dav/calendars/                                   RES_HOMES
 *     /dav/calendars/{account}/                         RES_HOME
 *     /dav/calendars/{account}/{calendar}/              RES_CALENDAR
 *     /dav/calendars/{account}/{calendar}/{object}      RES_OBJECT
 *
 * {account} is the usr_ id of the live account, and `test-` before it for the test twin. Collections are the same with
 * and without the slash at their end and are written with it; /principals/ is read as /dav/principals/.
 */
#pragma once

#include "caldav/calendar/view/calendar_label.h"
#include "server/auth/actor.h"
#include "server/http/request.h"

enum resource_kind { RES_ROOT, RES_PRINCIPALS, RES_PRINCIPAL, RES_HOMES, RES_HOME, RES_CALENDAR, RES_OBJECT };

struct resource {
	enum resource_kind kind;
	struct id account;           /* in its mode; zero for root, principals and homes */
	struct str calendar, object; /* URL names, decoded; absent where the kind has none */
	const struct actor *actor;   /* the asker there; NULL from href_parse(), which knows no asker */
};

/* NOT_FOUND for a path that names nothing of ours, ever. Says nothing about what exists. */
MUST_CHECK err_t href_parse(struct ctx *cx, const struct path *path, struct resource *out);

/* The resource of the request's own path. ACCOUNT_MISMATCH (403) when the asker has nothing there, existing or not. */
MUST_CHECK err_t href_of_request(const struct request *rq, struct resource *out);

/*
 * What an href in a body or a Destination header names: an absolute URL of this host, or a path; blanks around it and
 * any equivalent encoding are fine, raw blanks inside too.
 *
 * errors  MALFORMED; DAV_FOREIGN (another host: 502 for Destination, RFC 4918 §9.9.4); NOT_FOUND as href_parse;
 *         ACCOUNT_MISMATCH
 */
MUST_CHECK err_t href_resolve(const struct request *rq, struct str href, struct resource *out);

/* Its path alone, whatever lies there. MALFORMED; DAV_FOREIGN. */
MUST_CHECK err_t href_path(const struct request *rq, struct str href, struct path *out);

/*
 * The same of the longest beginning of the path that could name a resource, and how many segments stand below it: what
 * lies too deep is told from what has no parent. NOT_FOUND for a path that is not under /dav/.
 */
MUST_CHECK err_t href_near_request(const struct request *rq, struct resource *out, size_t *below_out);
MUST_CHECK err_t href_near(const struct request *rq, struct str href, struct resource *out, size_t *below_out);

/* For tests: the account that a segment of a path names; DAV_TEST_PREFIX before it is its test mode. */
bool href_account_parse(struct str text, struct id *out);

/* The one canonical path of a resource, percent-encoded, as it stands in every answer. */
void href_add(struct buf *out, struct resource r);
struct str href_text(struct arena *mem, struct resource r);

/* For rows of a listing: the object `name` in the calendar `in`. */
struct resource href_object(struct resource in, struct str name);
struct resource href_calendar(const struct actor *actor, struct str name);
bool resource_same(struct resource a, struct resource b);
