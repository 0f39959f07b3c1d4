/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/routes.h"

#include "caldav/dispatch.h"
#include "server/base/config.h"

#define ALL (TOKEN | KEY)

/* A collection is the same with and without the slash at its end (RFC 4918 §5.2). */
#define COLLECTION(method, path, ...)                                                                                  \
	{ method, path, __VA_ARGS__ },                                                                                 \
	{                                                                                                              \
		method, path "/", __VA_ARGS__                                                                          \
	}

#define PRINCIPAL "/dav/principals/:account"
#define HOME "/dav/calendars/:account"
#define CALENDAR "/dav/calendars/:account/:calendar"
#define OBJECT "/dav/calendars/:account/:calendar/:object"

/*
 * What can never be done to a resource has a row with dav_forbidden where clients and test suites expect 403; all else
 * is 405 with Allow. A body that would be ignored is 415 (RFC 4918 §8.4).
 */
/* clang-format off */
static const struct route routes[] = {
	/* method                    path                    who  scopes           body       at most          handler         source */
	COLLECTION(METHOD_PROPFIND,  "/dav",                 ALL, 0,               BODY_XML,  KIB(64),         dav_dispatch,   "RFC 4918 §9.1", 0),
	COLLECTION(METHOD_REPORT,    "/dav",                 ALL, BY_REPORT,       BODY_XML,  MIB(1),          dav_dispatch,   "RFC 3253 §3.6", HEAVY),
	COLLECTION(METHOD_PROPFIND,  "/dav/principals",      ALL, 0,               BODY_XML,  KIB(64),         dav_dispatch,   "RFC 4918 §9.1", 0),
	COLLECTION(METHOD_REPORT,    "/dav/principals",      ALL, BY_REPORT,       BODY_XML,  MIB(1),          dav_dispatch,   "RFC 3744 §9.5", HEAVY),
	COLLECTION(METHOD_PROPFIND,  "/dav/calendars",       ALL, 0,               BODY_XML,  KIB(64),         dav_dispatch,   "RFC 4918 §9.1", 0),
	COLLECTION(METHOD_REPORT,    "/dav/calendars",       ALL, BY_REPORT,       BODY_XML,  MIB(1),          dav_dispatch,   "RFC 3253 §3.6", HEAVY),

	COLLECTION(METHOD_PROPFIND,  PRINCIPAL,              ALL, 0,               BODY_XML,  KIB(64),         dav_dispatch,   "RFC 4918 §9.1", 0),
	COLLECTION(METHOD_REPORT,    PRINCIPAL,              ALL, BY_REPORT,       BODY_XML,  MIB(1),          dav_dispatch,   "RFC 3253 §3.8", HEAVY),
	COLLECTION(METHOD_PROPPATCH, PRINCIPAL,              KEY, OWNER,           BODY_XML,  KIB(256),        dav_dispatch,   "RFC 4918 §9.2", 0),
	COLLECTION(METHOD_ACL,       PRINCIPAL,              KEY, OWNER,           BODY_XML,  KIB(64),         dav_dispatch,   "RFC 3744 §8.1", 0),

	COLLECTION(METHOD_PROPFIND,  HOME,                   ALL, CALENDARS_READ,  BODY_XML,  KIB(64),         dav_dispatch,   "RFC 4918 §9.1", HEAVY_DEEP),
	COLLECTION(METHOD_REPORT,    HOME,                   ALL, BY_REPORT,       BODY_XML,  MIB(1),          dav_dispatch,   "RFC 3253 §3.6", HEAVY),
	COLLECTION(METHOD_PROPPATCH, HOME,                   KEY, OWNER,           BODY_XML,  KIB(256),        dav_dispatch,   "RFC 4918 §9.2", 0),
	COLLECTION(METHOD_ACL,       HOME,                   KEY, OWNER,           BODY_XML,  KIB(64),         dav_dispatch,   "RFC 3744 §8.1", 0),
	COLLECTION(METHOD_PUT,       HOME,                   ALL, 0,               BODY_ANY,  OBJECT_SIZE_MAX, dav_forbidden,  "RFC 4791 §5.3.2", 0),
	COLLECTION(METHOD_DELETE,    HOME,                   ALL, 0,               NO_BODY,   KIB(64),         dav_forbidden,  "RFC 4918 §9.6", 0),
	COLLECTION(METHOD_COPY,      HOME,                   ALL, 0,               NO_BODY,   KIB(64),         dav_forbidden,  "RFC 4918 §9.8", 0),
	COLLECTION(METHOD_MOVE,      HOME,                   ALL, 0,               NO_BODY,   KIB(64),         dav_forbidden,  "RFC 4918 §9.9", 0),
	COLLECTION(METHOD_MKCALENDAR, HOME,                  KEY, OWNER,           BODY_ANY,  KIB(256),        dav_dispatch,   "RFC 4791 §5.3.1", 0),
	COLLECTION(METHOD_MKCOL,     HOME,                   KEY, OWNER,           BODY_ANY,  KIB(256),        dav_dispatch,   "RFC 4918 §9.3", 0),

	COLLECTION(METHOD_PROPFIND,  CALENDAR,               ALL, CALENDARS_READ,  BODY_XML,  KIB(64),         dav_dispatch,   "RFC 4918 §9.1", HEAVY_DEEP),
	COLLECTION(METHOD_REPORT,    CALENDAR,               ALL, BY_REPORT,       BODY_XML,  MIB(1),          dav_dispatch,   "RFC 4791 §7", HEAVY),
	COLLECTION(METHOD_PROPPATCH, CALENDAR,               ALL, CALENDARS_WRITE, BODY_XML,  KIB(256),        dav_dispatch,   "RFC 4918 §9.2", 0),
	COLLECTION(METHOD_ACL,       CALENDAR,               KEY, OWNER,           BODY_XML,  KIB(64),         dav_dispatch,   "RFC 3744 §8.1", 0),
	COLLECTION(METHOD_MKCALENDAR, CALENDAR,              KEY, OWNER,           BODY_ANY,  KIB(256),        dav_dispatch,   "RFC 4791 §5.3.1", 0),
	COLLECTION(METHOD_MKCOL,     CALENDAR,               KEY, OWNER,           BODY_ANY,  KIB(256),        dav_dispatch,   "RFC 5689 §3", 0),
	COLLECTION(METHOD_GET,       CALENDAR,               ALL, EVENTS_READ,     NO_BODY,   KIB(64),         dav_dispatch,   "RFC 4918 §9.4", HEAVY),
	COLLECTION(METHOD_PUT,       CALENDAR,               ALL, 0,               BODY_ANY,  OBJECT_SIZE_MAX, dav_forbidden,  "RFC 4791 §5.3.2", 0),
	COLLECTION(METHOD_DELETE,    CALENDAR,               KEY, OWNER,           BODY_NONE, KIB(64),         dav_dispatch,   "RFC 4918 §9.6", HEAVY),
	COLLECTION(METHOD_COPY,      CALENDAR,               KEY, OWNER,           BODY_NONE, KIB(64),         dav_dispatch,   "RFC 4918 §9.8", HEAVY),
	COLLECTION(METHOD_MOVE,      CALENDAR,               KEY, OWNER,           BODY_NONE, KIB(64),         dav_dispatch,   "RFC 4918 §9.9", HEAVY),

	{ METHOD_PROPFIND,           OBJECT,                 ALL, EVENTS_READ,     BODY_XML,  KIB(64),         dav_dispatch,   "RFC 4918 §9.1", 0 },
	{ METHOD_REPORT,             OBJECT,                 ALL, BY_REPORT,       BODY_XML,  MIB(1),          dav_dispatch,   "RFC 3253 §3.6", HEAVY },
	{ METHOD_PROPPATCH,          OBJECT,                 ALL, EVENTS_WRITE,    BODY_XML,  KIB(256),        dav_dispatch,   "RFC 4918 §9.2", 0 },
	{ METHOD_ACL,                OBJECT,                 KEY, OWNER,           BODY_XML,  KIB(64),         dav_dispatch,   "RFC 3744 §8.1", 0 },
	{ METHOD_GET,                OBJECT,                 ALL, EVENTS_READ,     NO_BODY,   KIB(64),         dav_dispatch,   "RFC 4918 §9.4", 0 },
	{ METHOD_PUT,                OBJECT,                 ALL, EVENTS_WRITE,    BODY_ICAL, OBJECT_SIZE_MAX, dav_dispatch,   "RFC 4791 §5.3.2", 0 },
	{ METHOD_DELETE,             OBJECT,                 ALL, EVENTS_WRITE,    BODY_NONE, KIB(64),         dav_dispatch,   "RFC 4918 §9.6", 0 },
	{ METHOD_COPY,               OBJECT,                 ALL, EVENTS_WRITE,    BODY_NONE, KIB(64),         dav_dispatch,   "RFC 4918 §9.8", 0 },
	{ METHOD_MOVE,               OBJECT,                 ALL, EVENTS_WRITE,    BODY_NONE, KIB(64),         dav_dispatch,   "RFC 4918 §9.9", 0 },
	COLLECTION(METHOD_MKCALENDAR, OBJECT,                KEY, OWNER,           BODY_ANY,  KIB(256),        dav_dispatch,   "RFC 4791 §5.3.1.2", 0),
	COLLECTION(METHOD_MKCOL,     OBJECT,                 KEY, OWNER,           BODY_ANY,  KIB(256),        dav_dispatch,   "RFC 4791 §4.2", 0),
};

#define EVERY_METHOD(path, run)                                                                                         \
	{ METHOD_GET,        path, ANYONE, 0, NO_BODY, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_POST,       path, ANYONE, 0, NO_BODY, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_PUT,        path, ANYONE, 0, NO_BODY, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_PATCH,      path, ANYONE, 0, NO_BODY, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_DELETE,     path, ANYONE, 0, NO_BODY, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_OPTIONS,    path, ANYONE, 0, NO_BODY, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_PROPFIND,   path, ANYONE, 0, NO_BODY, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_PROPPATCH,  path, ANYONE, 0, NO_BODY, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_REPORT,     path, ANYONE, 0, NO_BODY, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_MKCALENDAR, path, ANYONE, 0, NO_BODY, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_MKCOL,      path, ANYONE, 0, NO_BODY, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_COPY,       path, ANYONE, 0, NO_BODY, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_MOVE,       path, ANYONE, 0, NO_BODY, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_ACL,        path, ANYONE, 0, NO_BODY, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_LOCK,       path, ANYONE, 0, NO_BODY, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_UNLOCK,     path, ANYONE, 0, NO_BODY, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_SEARCH,     path, ANYONE, 0, NO_BODY, KIB(64), run, "RFC 6764 §5", 0 }

static handler to_root_well_known, to_root;

/* Addresses that Apple's and other clients probe when they were given a bare host. */
#define PROBE(path)                                                                                                     \
	{ METHOD_PROPFIND, path, ANYONE, 0, NO_BODY, KIB(64), to_root, "what clients probe", 0 },                      \
	{ METHOD_OPTIONS,  path, ANYONE, 0, NO_BODY, KIB(64), to_root, "what clients probe", 0 }

static const struct route discovery_routes[] = {
	EVERY_METHOD("/.well-known/caldav", to_root_well_known),
	EVERY_METHOD("/.well-known/caldav/", to_root_well_known),
	PROBE("/"),
	PROBE("/caldav/v2"),
	PROBE("/caldav/v2/"),
	PROBE("/calendar/dav/:user/user/"),
	PROBE("/principals/users/:user/"),
	PROBE("/remote.php/dav"),
	PROBE("/remote.php/dav/"),
	COLLECTION(METHOD_PROPFIND, "/principals", ALL, 0, BODY_XML, KIB(64), dav_dispatch,   "RFC 5397 §3", 0),
};
/* clang-format on */

/* 301 as test suites want it (RFC 6764 §5 leaves the status open); relative where a proxy may change scheme or port. */
static err_t to_root_well_known(struct request *rq, struct response *rs)
{
	struct str public_url = rq->app->config->public_url;
	bool https = str_starts(public_url, STR("https://"));
	reply_redirect(rs, 301, https ? str_cat(rq->cx.mem, public_url, STR("/dav/")) : STR("/dav/"));
	return OK;
}

/* 308: after a 302 some clients would repeat a PROPFIND as GET. */
static err_t to_root(struct request *rq, struct response *rs)
{
	(void)rq;
	reply_redirect(rs, 308, STR("/dav/"));
	return OK;
}

/*
 * One line, `1` first: Thunderbird drops the first token, strict suites read one line alone. 3 is RFC 4918 without
 * locks (§18.3). Of what it wants Digest alone is not there (§20.1): it would need what a hash of a key does not have.
 */
static void add_dav_header(struct request *rq, struct response *rs)
{
	(void)rq;
	response_header(rs, "DAV", STR("1, 3, access-control, calendar-access, extended-mkcol"));
}

const struct module caldav_module = {
	.name = "caldav",
	.prefix = "/dav/",
	.routes = routes,
	.route_count = ARRAY_LEN(routes),
	.auth_first = true,
	.basic = KEY,
	.prefetch = dav_prefetch,
	.unrouted = dav_unrouted,
	.show_error = dav_show_error,
	.every_answer = add_dav_header,
};

const struct module discovery_module = {
	.name = "discovery",
	.prefix = "",
	.routes = discovery_routes,
	.route_count = ARRAY_LEN(discovery_routes),
	.basic = KEY,
	.show_error = dav_show_error,
	.every_answer = add_dav_header,
};
