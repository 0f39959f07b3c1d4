/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/routes.h"

#include "server/api/api.h"

#define BODY_MAX KIB(256)
#define SELF (TOKEN | KEY)

/* clang-format off */
static const struct route routes[] = {
	/* method        path                      who         scope            body       at most   handler            source  flags */
	{ METHOD_GET,    "/v1/profile",            SELF,       PROFILE_READ,    NO_BODY,   0,        profile_get,       "scope profile:read",    CORS_KEYS },

	{ METHOD_GET,    "/v1/calendars",          SELF,       CALENDARS_READ,  NO_BODY,   0,        calendar_list_get, "scope calendars:read",  CORS_KEYS },
	{ METHOD_POST,   "/v1/calendars",          KEY,        OWNER,           BODY_JSON, BODY_MAX, calendar_post,     "keys only: no scope says so", CORS_KEYS },
	{ METHOD_GET,    "/v1/calendars/:calendar", SELF,      CALENDARS_READ,  NO_BODY,   0,        calendar_get,      "scope calendars:read",  CORS_KEYS },
	{ METHOD_PATCH,  "/v1/calendars/:calendar", SELF,      CALENDARS_WRITE, BODY_JSON, BODY_MAX, calendar_patch,    "scope calendars:write", CORS_KEYS },
	{ METHOD_DELETE, "/v1/calendars/:calendar", KEY,       OWNER,           NO_BODY,   0,        calendar_remove,   "keys only: no scope says so", CORS_KEYS | HEAVY },

	{ METHOD_GET,    "/v1/events",             SELF,       EVENTS_READ,     NO_BODY,   0,        event_list_get,    "scope events:read",     CORS_KEYS | HEAVY },
	{ METHOD_POST,   "/v1/events",             SELF,       EVENTS_WRITE,    BODY_JSON, BODY_MAX, event_post,        "scope events:write",    CORS_KEYS },
	{ METHOD_GET,    "/v1/events/:event",      SELF,       EVENTS_READ,     NO_BODY,   0,        event_get,         "scope events:read",     CORS_KEYS },
	{ METHOD_PATCH,  "/v1/events/:event",      SELF,       EVENTS_WRITE,    BODY_JSON, BODY_MAX, event_change,      "scope events:write",    CORS_KEYS },
	{ METHOD_DELETE, "/v1/events/:event",      SELF,       EVENTS_WRITE,    NO_BODY,   0,        event_remove,      "scope events:write",    CORS_KEYS },
	{ METHOD_POST,   "/v1/events/:event/cancel", SELF,     EVENTS_WRITE,    BODY_ANY,  BODY_MAX, event_cancel_post, "scope events:write",    CORS_KEYS },

	{ METHOD_GET,    "/v1/freebusy",           SELF,       CALENDARS_READ,  NO_BODY,   0,        freebusy_get,      "scope calendars:read",  CORS_KEYS | HEAVY },

	{ METHOD_GET,    "/v1/api_keys",           SECRET_KEY, OWNER,           NO_BODY,   0,        api_key_list_get,  "API keys page",         CORS_KEYS },
};
/* clang-format on */

const struct module api_module = {
	.name = "REST",
	.prefix = "/v1/",
	.routes = routes,
	.route_count = ARRAY_LEN(routes),
	.rate_limited = true,
};
