/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/routes.h"

#include "caldav/dispatch.h"
#include "server/base/config.h"

#define ALL (TOKEN | KEY)

/* What the router checks of a method's body stands in the row of the method. */
enum {
#define DAV_METHOD(name, read, run, body, body_max, ...) BODY_OF_##name = body, MOST_OF_##name = body_max,
#include "caldav/methods.def"
#undef DAV_METHOD
};

#define ROUTE(name, path, who, scopes, source, flags)                                                                  \
	{                                                                                                              \
		METHOD_##name, path, who, scopes, (enum body_kind)BODY_OF_##name, MOST_OF_##name, dav_dispatch,        \
			source, (flags) | CORS_KEYS                                                                    \
	}
/* A collection is the same with and without the slash at its end (RFC 4918 §5.2). */
#define COLLECTION(name, path, ...) ROUTE(name, path, __VA_ARGS__), ROUTE(name, path "/", __VA_ARGS__)
/* What can never be done to a collection, where clients and test suites expect 403; all else is 405 with Allow. */
#define NEVER(name, path, body, most, source)                                                                          \
	{ METHOD_##name, path, ALL, 0, body, most, dav_forbidden, source, CORS_KEYS },                                 \
	{                                                                                                              \
		METHOD_##name, path "/", ALL, 0, body, most, dav_forbidden, source, CORS_KEYS                          \
	}

/* Of a calendar: what lies in it is read, and made once more. */
#define TO_COPY (CALENDARS_READ | CALENDARS_MANAGE | EVENTS_READ | EVENTS_WRITE)

#define PRINCIPAL "/dav/principals/:account"
#define HOME "/dav/calendars/:account"
#define CALENDAR "/dav/calendars/:account/:calendar"
#define OBJECT "/dav/calendars/:account/:calendar/:object"

/* clang-format off */
static const struct route routes[] = {
	/*         method      path                    who  scopes           source               flags */
	COLLECTION(GET,        "/dav",                 ALL, 0,               "RFC 4918 §9.4",     FOR_PEOPLE),
	COLLECTION(PROPFIND,   "/dav",                 ALL, 0,               "RFC 4918 §9.1",     0),
	COLLECTION(REPORT,     "/dav",                 ALL, BY_REPORT,       "RFC 3253 §3.6",     HEAVY),
	NEVER(DELETE,          "/dav",                 BODY_IGNORED, KIB(64),         "RFC 4918 §9.6"),
	NEVER(COPY,            "/dav",                 BODY_IGNORED, KIB(64),         "RFC 4918 §9.8"),
	NEVER(MOVE,            "/dav",                 BODY_IGNORED, KIB(64),         "RFC 4918 §9.9"),
	COLLECTION(GET,        "/dav/principals",      ALL, 0,               "RFC 4918 §9.4",     FOR_PEOPLE),
	COLLECTION(PROPFIND,   "/dav/principals",      ALL, 0,               "RFC 4918 §9.1",     0),
	COLLECTION(REPORT,     "/dav/principals",      ALL, BY_REPORT,       "RFC 3744 §9.5",     HEAVY),
	COLLECTION(GET,        "/dav/calendars",       ALL, 0,               "RFC 4918 §9.4",     FOR_PEOPLE),
	COLLECTION(PROPFIND,   "/dav/calendars",       ALL, 0,               "RFC 4918 §9.1",     0),
	COLLECTION(REPORT,     "/dav/calendars",       ALL, BY_REPORT,       "RFC 3253 §3.6",     HEAVY),

	COLLECTION(GET,        PRINCIPAL,              ALL, 0,               "RFC 4918 §9.4",     FOR_PEOPLE),
	COLLECTION(PROPFIND,   PRINCIPAL,              ALL, 0,               "RFC 4918 §9.1",     0),
	COLLECTION(REPORT,     PRINCIPAL,              ALL, BY_REPORT,       "RFC 3253 §3.8",     HEAVY),
	COLLECTION(PROPPATCH,  PRINCIPAL,              KEY, OWNER,           "RFC 4918 §9.2",     0),
	COLLECTION(ACL,        PRINCIPAL,              KEY, OWNER,           "RFC 3744 §8.1",     0),

	COLLECTION(GET,        HOME,                   ALL, CALENDARS_READ,  "RFC 4918 §9.4",     FOR_PEOPLE),
	COLLECTION(PROPFIND,   HOME,                   ALL, CALENDARS_READ,  "RFC 4918 §9.1",     HEAVY_DEEP),
	COLLECTION(REPORT,     HOME,                   ALL, BY_REPORT,       "RFC 3253 §3.6",     HEAVY),
	COLLECTION(PROPPATCH,  HOME,                   KEY, OWNER,           "RFC 4918 §9.2",     0),
	COLLECTION(ACL,        HOME,                   KEY, OWNER,           "RFC 3744 §8.1",     0),
	NEVER(PUT,             HOME,                   BODY_ANY,     OBJECT_SIZE_MAX, "RFC 4791 §5.3.2"),
	NEVER(DELETE,          HOME,                   BODY_IGNORED, KIB(64),         "RFC 4918 §9.6"),
	NEVER(COPY,            HOME,                   BODY_IGNORED, KIB(64),         "RFC 4918 §9.8"),
	NEVER(MOVE,            HOME,                   BODY_IGNORED, KIB(64),         "RFC 4918 §9.9"),
	COLLECTION(MKCALENDAR, HOME,                   ALL, CALENDARS_MANAGE, "RFC 4791 §5.3.1",   0),
	COLLECTION(MKCOL,      HOME,                   ALL, CALENDARS_MANAGE, "RFC 4918 §9.3",     0),

	COLLECTION(PROPFIND,   CALENDAR,               ALL, CALENDARS_READ,  "RFC 4918 §9.1",     HEAVY_DEEP | LISTS_EVENTS),
	COLLECTION(REPORT,     CALENDAR,               ALL, BY_REPORT,       "RFC 4791 §7",       HEAVY),
	COLLECTION(PROPPATCH,  CALENDAR,               ALL, CALENDARS_WRITE, "RFC 4918 §9.2",     0),
	COLLECTION(ACL,        CALENDAR,               KEY, OWNER,           "RFC 3744 §8.1",     0),
	COLLECTION(MKCALENDAR, CALENDAR,               ALL, CALENDARS_MANAGE, "RFC 4791 §5.3.1",   0),
	COLLECTION(MKCOL,      CALENDAR,               ALL, CALENDARS_MANAGE, "RFC 5689 §3",       0),
	COLLECTION(GET,        CALENDAR,               ALL, EVENTS_READ,     "RFC 4918 §9.4",     HEAVY),
	COLLECTION(POST,       CALENDAR,               ALL, EVENTS_WRITE,    "RFC 5995 §3.1",     0),
	NEVER(PUT,             CALENDAR,               BODY_ANY,     OBJECT_SIZE_MAX, "RFC 4791 §5.3.2"),
	COLLECTION(DELETE,     CALENDAR,               ALL, CALENDARS_MANAGE, "RFC 4918 §9.6",     HEAVY),
	COLLECTION(COPY,       CALENDAR,               ALL, TO_COPY,         "RFC 4918 §9.8",     HEAVY),
	COLLECTION(MOVE,       CALENDAR,               ALL, CALENDARS_MANAGE, "RFC 4918 §9.9",     HEAVY),

	ROUTE(PROPFIND,        OBJECT,                 ALL, EVENTS_READ,     "RFC 4918 §9.1",     0),
	ROUTE(REPORT,          OBJECT,                 ALL, BY_REPORT,       "RFC 3253 §3.6",     HEAVY),
	ROUTE(PROPPATCH,       OBJECT,                 ALL, EVENTS_WRITE,    "RFC 4918 §9.2",     0),
	ROUTE(ACL,             OBJECT,                 KEY, OWNER,           "RFC 3744 §8.1",     0),
	ROUTE(GET,             OBJECT,                 ALL, EVENTS_READ,     "RFC 4918 §9.4",     0),
	ROUTE(PUT,             OBJECT,                 ALL, EVENTS_WRITE,    "RFC 4791 §5.3.2",   0),
	ROUTE(DELETE,          OBJECT,                 ALL, EVENTS_WRITE,    "RFC 4918 §9.6",     0),
	/* RFC 3744, appendix B: DAV:read on the source */
	ROUTE(COPY,            OBJECT,                 ALL, EVENTS_READ | EVENTS_WRITE, "RFC 4918 §9.8",     0),
	ROUTE(MOVE,            OBJECT,                 ALL, EVENTS_WRITE,    "RFC 4918 §9.9",     0),
	COLLECTION(MKCALENDAR, OBJECT,                 ALL, CALENDARS_MANAGE, "RFC 4791 §5.3.1.2", 0),
	COLLECTION(MKCOL,      OBJECT,                 ALL, CALENDARS_MANAGE, "RFC 4791 §4.2",     0),
};

#define EVERY_METHOD(path, run)                                                                                         \
	{ METHOD_GET,        path, ANYONE, 0, BODY_IGNORED, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_POST,       path, ANYONE, 0, BODY_IGNORED, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_PUT,        path, ANYONE, 0, BODY_IGNORED, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_PATCH,      path, ANYONE, 0, BODY_IGNORED, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_DELETE,     path, ANYONE, 0, BODY_IGNORED, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_OPTIONS,    path, ANYONE, 0, BODY_IGNORED, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_PROPFIND,   path, ANYONE, 0, BODY_IGNORED, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_PROPPATCH,  path, ANYONE, 0, BODY_IGNORED, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_REPORT,     path, ANYONE, 0, BODY_IGNORED, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_MKCALENDAR, path, ANYONE, 0, BODY_IGNORED, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_MKCOL,      path, ANYONE, 0, BODY_IGNORED, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_COPY,       path, ANYONE, 0, BODY_IGNORED, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_MOVE,       path, ANYONE, 0, BODY_IGNORED, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_ACL,        path, ANYONE, 0, BODY_IGNORED, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_LOCK,       path, ANYONE, 0, BODY_IGNORED, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_UNLOCK,     path, ANYONE, 0, BODY_IGNORED, KIB(64), run, "RFC 6764 §5", 0 },                                 \
	{ METHOD_SEARCH,     path, ANYONE, 0, BODY_IGNORED, KIB(64), run, "RFC 6764 §5", 0 }

static handler to_root_well_known, to_root;

/* Addresses that Apple's and other clients probe when they were given a bare host. */
#define PROBE(path)                                                                                                     \
	{ METHOD_PROPFIND, path, ANYONE, 0, BODY_IGNORED, KIB(64), to_root, "what clients probe", 0 },                      \
	{ METHOD_OPTIONS,  path, ANYONE, 0, BODY_IGNORED, KIB(64), to_root, "what clients probe", 0 }

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
	COLLECTION(PROPFIND,   "/principals",          ALL, 0,               "RFC 5397 §3",       0),
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
	response_header(
		rs, "DAV", STR("1, 3, access-control, calendar-access, calendar-query-extended, extended-mkcol"));
}

const struct module caldav_module = {
	.name = "caldav",
	.prefix = "/dav/",
	.audience = AUDIENCE_DAV,
	.routes = routes,
	.route_count = ARRAY_LEN(routes),
	.auth_first = true,
	.basic = KEY,
	.pages_send = "Authorization, Content-Type, Accept, Depth, Destination, If, If-Match, If-None-Match, "
		      "If-Modified-Since, If-Unmodified-Since, Overwrite, Prefer, Brief, DPoP",
	.pages_read = "Request-Id, ETag, Location, Last-Modified, Retry-After, WWW-Authenticate, DAV, Allow, "
		      "Preference-Applied, Content-Location, DPoP-Nonce",
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
