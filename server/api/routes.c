/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/routes.h"

#include "server/api/api.h"
#include "server/api/webhook_views.h"
#include "server/http/access.h"
#include "server/http/version.h"

#define BODY_MAX KIB(256)
#define IMPORT_MAX MIB(5) /* web/calendar_file.h has the same */
#define SELF (TOKEN | KEY)
#define VISITORS (PUBLISHABLE_KEY | ACCOUNT_KEY | SECRET_KEY)
#define HOOKS (TOKEN | SECRET_KEY | RESTRICTED_KEY)

/* clang-format off */
#define ROUTES(ROW) \
	/*  method         path                        who         scope            body          at most   contract               source                         flags */ \
	ROW(METHOD_GET,    "/v1/profile",              SELF,       PROFILE_READ,    BODY_IGNORED, 0,        &get_profile,          "scope profile:read",          CORS_KEYS) \
	\
	ROW(METHOD_GET,    "/v1/calendars",            SELF,       CALENDARS_READ,  BODY_IGNORED, 0,        &list_calendars,       "scope calendars:read",        CORS_KEYS) \
	ROW(METHOD_POST,   "/v1/calendars",            SELF,       CALENDARS_MANAGE, BODY_JSON,   BODY_MAX, &create_calendar,      "scope calendars:manage",      CORS_KEYS) \
	ROW(METHOD_GET,    "/v1/calendars/:calendar",  SELF,       CALENDARS_READ,  BODY_IGNORED, 0,        &get_calendar,         "scope calendars:read",        CORS_KEYS) \
	ROW(METHOD_PATCH,  "/v1/calendars/:calendar",  SELF,       CALENDARS_WRITE, BODY_JSON,    BODY_MAX, &update_calendar,      "scope calendars:write",       CORS_KEYS) \
	ROW(METHOD_DELETE, "/v1/calendars/:calendar",  SELF,       CALENDARS_MANAGE, BODY_IGNORED, 0,       &delete_calendar,      "scope calendars:manage",      CORS_KEYS | HEAVY) \
	ROW(METHOD_GET,    "/v1/calendars/:calendar/export", SELF, EVENTS_READ,     BODY_IGNORED, 0,        &export_calendar,      "scope events:read",           CORS_KEYS | HEAVY) \
	ROW(METHOD_POST,   "/v1/calendars/:calendar/import", SELF, EVENTS_WRITE,    BODY_ICAL,    IMPORT_MAX, &import_calendar,    "scope events:write",          CORS_KEYS | HEAVY) \
	ROW(METHOD_GET,    "/v1/connections/:connection/calendars", SELF, CALENDARS_READ, BODY_IGNORED, 0,  &list_connection_calendars, "scope calendars:read",  CORS_KEYS) \
	ROW(METHOD_PATCH,  "/v1/connections/:connection/calendars/:calendar", SELF, CALENDARS_WRITE, BODY_JSON, BODY_MAX, &update_connection_calendar, "scope calendars:write", CORS_KEYS) \
	\
	ROW(METHOD_GET,    "/v1/events",               SELF,       EVENTS_READ,     BODY_IGNORED, 0,        &list_events,          "scope events:read",           CORS_KEYS | HEAVY) \
	ROW(METHOD_POST,   "/v1/events",               SELF,       EVENTS_WRITE,    BODY_JSON,    BODY_MAX, &create_event,         "scope events:write",          CORS_KEYS) \
	ROW(METHOD_GET,    "/v1/events/changes",       SELF,       EVENTS_READ,     BODY_IGNORED, 0,        &list_event_changes,   "scope events:read",           CORS_KEYS | HEAVY) \
	ROW(METHOD_GET,    "/v1/events/stream",        SELF,       EVENTS_READ,     BODY_IGNORED, 0,        &stream_events,        "WHATWG HTML §9.2",            CORS_KEYS) \
	ROW(METHOD_GET,    "/v1/events/:event",        SELF,       EVENTS_READ,     BODY_IGNORED, 0,        &get_event,            "scope events:read",           CORS_KEYS) \
	ROW(METHOD_PATCH,  "/v1/events/:event",        SELF,       EVENTS_WRITE,    BODY_JSON,    BODY_MAX, &update_event,         "scope events:write",          CORS_KEYS) \
	ROW(METHOD_DELETE, "/v1/events/:event",        SELF,       EVENTS_WRITE,    BODY_IGNORED, 0,        &delete_event,         "scope events:write",          CORS_KEYS) \
	ROW(METHOD_GET,    "/v1/events/:event/monitoring", SELF,   EVENTS_READ,     BODY_IGNORED, 0,        &get_event_monitoring, "scope events:read",           CORS_KEYS) \
	ROW(METHOD_POST,   "/v1/events/:event/cancel", SELF,       EVENTS_WRITE,    BODY_JSON,    BODY_MAX, &cancel_event,         "scope events:write",          CORS_KEYS) \
	ROW(METHOD_POST,   "/v1/events/:event/notify_attendees", SELF, EVENTS_READ | EVENTS_WRITE, BODY_JSON, BODY_MAX, &notify_attendees, "scope events:write", CORS_KEYS) \
	ROW(METHOD_POST,   "/v1/events/:event/respond", SELF,      EVENTS_WRITE,    BODY_JSON,    BODY_MAX, &respond_to_event,     "scope events:write",          CORS_KEYS) \
	\
	ROW(METHOD_GET,    "/v1/freebusy",             SELF,       CALENDARS_READ,  BODY_IGNORED, 0,        &get_freebusy,         "scope calendars:read",        CORS_KEYS | HEAVY | RATE_FREEBUSY) \
	ROW(METHOD_POST,   "/v1/freebusy/query",       SELF,       CALENDARS_READ,  BODY_JSON,    BODY_MAX, &query_freebusy,       "scope calendars:read",        CORS_KEYS | HEAVY | RATE_FREEBUSY) \
	ROW(METHOD_POST,   "/v1/freebusy/find_slots",  SELF,       CALENDARS_READ,  BODY_JSON,    BODY_MAX, &find_slots,           "scope calendars:read",        CORS_KEYS | HEAVY | RATE_FREEBUSY) \
	\
	ROW(METHOD_GET,    "/v1/booking_pages",        SELF,       CALENDARS_READ,  BODY_IGNORED, 0,        &list_booking_pages,   "scope calendars:read",        CORS_KEYS) \
	ROW(METHOD_POST,   "/v1/booking_pages",        KEY,        OWNER,           BODY_JSON,    BODY_MAX, &create_booking_page,  "keys only: no scope says so", CORS_KEYS) \
	ROW(METHOD_GET,    "/v1/booking_pages/:page",  SELF,       CALENDARS_READ,  BODY_IGNORED, 0,        &get_booking_page,     "scope calendars:read",        CORS_KEYS) \
	ROW(METHOD_PATCH,  "/v1/booking_pages/:page",  KEY,        OWNER,           BODY_JSON,    BODY_MAX, &update_booking_page,  "keys only: no scope says so", CORS_KEYS) \
	ROW(METHOD_DELETE, "/v1/booking_pages/:page",  KEY,        OWNER,           BODY_IGNORED, 0,        &delete_booking_page,  "keys only: no scope says so", CORS_KEYS) \
	ROW(METHOD_GET,    "/v1/public/booking_pages/:slug", VISITORS, 0,           BODY_IGNORED, 0,        &get_public_booking_page, "booking widgets",          CORS_KEYS) \
	ROW(METHOD_GET,    "/v1/public/booking_pages/:slug/availability", VISITORS, 0, BODY_IGNORED, 0,     &get_booking_availability, "booking widgets",         CORS_KEYS | HEAVY) \
	ROW(METHOD_GET,    "/v1/bookings",             SELF,       EVENTS_READ,     BODY_IGNORED, 0,        &list_bookings,        "scope events:read",           CORS_KEYS) \
	ROW(METHOD_POST,   "/v1/bookings",             SELF,       EVENTS_WRITE,    BODY_JSON,    BODY_MAX, &create_booking,       "scope events:write",          CORS_KEYS) \
	ROW(METHOD_GET,    "/v1/bookings/:booking",    SELF,       EVENTS_READ,     BODY_IGNORED, 0,        &get_booking,          "scope events:read",           CORS_KEYS) \
	ROW(METHOD_POST,   "/v1/bookings/:booking/cancel", SELF,   EVENTS_WRITE,    BODY_JSON,    BODY_MAX, &cancel_booking,       "scope events:write",          CORS_KEYS) \
	ROW(METHOD_POST,   "/v1/bookings/:booking/reschedule", SELF, EVENTS_WRITE,  BODY_JSON,    BODY_MAX, &reschedule_booking,   "scope events:write",          CORS_KEYS) \
	ROW(METHOD_GET,    "/v1/public/calendars/:calendar/freebusy", VISITORS, 0, BODY_IGNORED, 0,  &get_public_freebusy,  "Read-only public endpoints",  CORS_KEYS | HEAVY | RATE_FREEBUSY) \
	\
	ROW(METHOD_GET,    "/v1/api_keys",             SECRET_KEY, OWNER,           BODY_IGNORED, 0,        &list_api_keys,        "API keys page",               CORS_KEYS | RATE_API_KEYS) \
	ROW(METHOD_POST,   "/v1/api_keys",             SECRET_KEY, OWNER,           BODY_JSON,    BODY_MAX, &create_api_key,       "API keys page",               CORS_KEYS | RATE_API_KEYS) \
	ROW(METHOD_GET,    "/v1/api_keys/:key",        SECRET_KEY, OWNER,           BODY_IGNORED, 0,        &get_api_key,          "API keys page",               CORS_KEYS | RATE_API_KEYS) \
	ROW(METHOD_PATCH,  "/v1/api_keys/:key",        SECRET_KEY, OWNER,           BODY_JSON,    BODY_MAX, &update_api_key,       "API keys page",               CORS_KEYS | RATE_API_KEYS) \
	ROW(METHOD_POST,   "/v1/api_keys/:key/rotate", SECRET_KEY, OWNER,           BODY_IGNORED, 0,        &rotate_api_key,       "API keys page",               CORS_KEYS | RATE_API_KEYS) \
	ROW(METHOD_DELETE, "/v1/api_keys/:key",        SECRET_KEY, OWNER,           BODY_IGNORED, 0,        &revoke_api_key,       "API keys page",               CORS_KEYS | RATE_API_KEYS) \
	\
	ROW(METHOD_GET,    "/v1/sandbox",              SECRET_KEY, OWNER,           BODY_IGNORED, 0,        &get_sandbox,          "sandbox",                     CORS_KEYS) \
	ROW(METHOD_POST,   "/v1/sandbox/reset",        SECRET_KEY, OWNER,           BODY_IGNORED, 0,        &reset_sandbox,        "sandbox",                     CORS_KEYS | HEAVY) \
	ROW(METHOD_GET,    "/v1/sandbox/clock",        SECRET_KEY, OWNER,           BODY_IGNORED, 0,        &get_sandbox_clock,    "sandbox",                     CORS_KEYS) \
	ROW(METHOD_POST,   "/v1/sandbox/clock",        SECRET_KEY, OWNER,           BODY_JSON,    BODY_MAX, &set_sandbox_clock,    "sandbox",                     CORS_KEYS) \
	\
	ROW(METHOD_GET,    "/v1/audit",                SECRET_KEY, OWNER,           BODY_IGNORED, 0,        &list_audit,           "audit log",                   CORS_KEYS) \
	ROW(METHOD_GET,    "/v1/usage",                ACCOUNT_KEY | SECRET_KEY, OWNER, BODY_IGNORED, 0,    &list_usage,           "platform-level operations",   CORS_KEYS | HEAVY) \
	ROW(METHOD_GET,    "/v1/usage/webhooks",       ACCOUNT_KEY | SECRET_KEY, OWNER, BODY_IGNORED, 0,    &list_webhook_usage,   "platform-level operations",   CORS_KEYS | HEAVY) \
	\
	ROW(METHOD_GET, "/v1/webhook_endpoints", HOOKS, WEBHOOKS_MANAGE, BODY_IGNORED, 0, &list_webhook_endpoints, "scope webhooks:manage", CORS_KEYS) \
	ROW(METHOD_POST, "/v1/webhook_endpoints", HOOKS, WEBHOOKS_MANAGE, BODY_JSON, BODY_MAX, &create_webhook_endpoint, "scope webhooks:manage", CORS_KEYS) \
	ROW(METHOD_GET, "/v1/webhook_endpoints/:endpoint", HOOKS, WEBHOOKS_MANAGE, BODY_IGNORED, 0, &get_webhook_endpoint, "scope webhooks:manage", CORS_KEYS) \
	ROW(METHOD_PATCH, "/v1/webhook_endpoints/:endpoint", HOOKS, WEBHOOKS_MANAGE, BODY_JSON, BODY_MAX, &update_webhook_endpoint, "scope webhooks:manage", CORS_KEYS) \
	ROW(METHOD_DELETE, "/v1/webhook_endpoints/:endpoint", HOOKS, WEBHOOKS_MANAGE, BODY_IGNORED, 0, &delete_webhook_endpoint, "scope webhooks:manage", CORS_KEYS) \
	ROW(METHOD_POST, "/v1/webhook_endpoints/:endpoint/rotate_secret", HOOKS, WEBHOOKS_MANAGE, BODY_IGNORED, 0, &rotate_webhook_secret, "scope webhooks:manage", CORS_KEYS) \
	ROW(METHOD_POST, "/v1/webhook_endpoints/:endpoint/test", HOOKS, WEBHOOKS_MANAGE, BODY_JSON, BODY_MAX, &test_webhook_endpoint, "scope webhooks:manage", CORS_KEYS) \
	ROW(METHOD_GET, "/v1/webhook_endpoints/:endpoint/deliveries", HOOKS, WEBHOOKS_MANAGE, BODY_IGNORED, 0, &list_webhook_deliveries, "scope webhooks:manage", CORS_KEYS) \
	ROW(METHOD_GET, "/v1/webhook_endpoints/:endpoint/deliveries/:delivery", HOOKS, WEBHOOKS_MANAGE, BODY_IGNORED, 0, &get_webhook_delivery, "scope webhooks:manage", CORS_KEYS) \
	ROW(METHOD_POST, "/v1/webhook_endpoints/:endpoint/deliveries/:delivery/replay", HOOKS, WEBHOOKS_MANAGE, BODY_JSON, BODY_MAX, &replay_webhook_delivery, "scope webhooks:manage", CORS_KEYS) \
	ROW(METHOD_GET, "/v1/webhook_events", HOOKS, WEBHOOKS_MANAGE, BODY_IGNORED, 0, &list_webhook_events, "scope webhooks:manage", CORS_KEYS) \
	ROW(METHOD_GET, "/v1/webhook_events/:event", HOOKS, WEBHOOKS_MANAGE, BODY_IGNORED, 0, &get_webhook_event, "scope webhooks:manage", CORS_KEYS) \
	\
	ROW(METHOD_POST,   "/v1/voice/sessions",          HOOKS, VOICE_INVOKE, BODY_JSON,    BODY_MAX, &create_voice_session, "scope voice:invoke", CORS_KEYS) \
	ROW(METHOD_GET,    "/v1/voice/sessions/:session", HOOKS, VOICE_INVOKE, BODY_IGNORED, 0,        &get_voice_session,    "scope voice:invoke", CORS_KEYS) \
	ROW(METHOD_DELETE, "/v1/voice/sessions/:session", HOOKS, VOICE_INVOKE, BODY_IGNORED, 0,        &end_voice_session,    "scope voice:invoke", CORS_KEYS) \
	\
	ROW(METHOD_GET,    "/v1/connected_accounts",   SECRET_KEY, OWNER,           BODY_IGNORED, 0,        &list_connected_accounts, "connected accounts",       CORS_KEYS | HEAVY) \
	ROW(METHOD_GET,    "/v1/connected_accounts/:connected_account", SECRET_KEY, OWNER, BODY_IGNORED, 0, &get_connected_account, "connected accounts",         CORS_KEYS) \
	ROW(METHOD_DELETE, "/v1/connected_accounts/:connected_account", SECRET_KEY, OWNER, BODY_IGNORED, 0, &deauthorize_connected_account, "connected accounts", CORS_KEYS) \
	ROW(METHOD_GET,    "/v1/grants",               ACCOUNT_KEY | SECRET_KEY, OWNER, BODY_IGNORED, 0,    &list_grants,          "connected apps page",         CORS_KEYS) \
	ROW(METHOD_DELETE, "/v1/grants/:grant",        ACCOUNT_KEY | SECRET_KEY, OWNER, BODY_IGNORED, 0,    &end_grant,            "connected apps page",         CORS_KEYS) \
	\
	ROW(METHOD_GET,    "/v1/oauth_apps",           SECRET_KEY, OWNER,           BODY_IGNORED, 0,        &list_oauth_apps,      "OAuth 2.1 §2",                CORS_KEYS) \
	ROW(METHOD_POST,   "/v1/oauth_apps",           SECRET_KEY, OWNER,           BODY_JSON,    BODY_MAX, &create_oauth_app,     "OAuth 2.1 §2",                CORS_KEYS) \
	ROW(METHOD_GET,    "/v1/oauth_apps/:app",      SECRET_KEY, OWNER,           BODY_IGNORED, 0,        &get_oauth_app,        "OAuth 2.1 §2",                CORS_KEYS) \
	ROW(METHOD_PATCH,  "/v1/oauth_apps/:app",      SECRET_KEY, OWNER,           BODY_JSON,    BODY_MAX, &update_oauth_app,     "OAuth 2.1 §2",                CORS_KEYS) \
	ROW(METHOD_DELETE, "/v1/oauth_apps/:app",      SECRET_KEY, OWNER,           BODY_IGNORED, 0,        &delete_oauth_app,     "OAuth 2.1 §2",                CORS_KEYS | HEAVY) \
	ROW(METHOD_POST,   "/v1/oauth_apps/:app/secrets", SECRET_KEY, OWNER,        BODY_JSON,    BODY_MAX, &create_oauth_app_secret, "OAuth 2.1 §2.4",           CORS_KEYS) \
	ROW(METHOD_POST,   "/v1/oauth_apps/:app/secrets/:secret/revoke", SECRET_KEY, OWNER, BODY_IGNORED, 0, &revoke_oauth_app_secret, "OAuth 2.1 §2.4",         CORS_KEYS)
/* clang-format on */
static const struct route routes[] = { ROUTES(API_ROUTE) };
static const struct contract *const contracts[] = { ROUTES(API_CONTRACT) };

/* "Read-only public endpoints": a publishable key hears that before it hears of methods. */
static err_t unrouted(struct request *rq, bool path_known)
{
	struct credential sent;
	if (!path_known)
		return FAIL(&rq->cx, NOT_FOUND, "no route");
	if (!credential_read(&rq->cx, request_header(rq, "Authorization"), &sent) &&
		str_starts(sent.secret, STR("pk_"))) {
		TRY(access_identify(rq, PUBLISHABLE_KEY));
		return REFUSE(&rq->cx, KEY_KIND_NOT_ALLOWED, "",
			"A publishable key reads what is public, and no more. Send this from your server, with a "
			"secret key.");
	}
	return FAIL(&rq->cx, METHOD_NOT_ALLOWED, "not in the table");
}

const struct module api_module = {
	.name = "REST",
	.prefix = "/v1/",
	.audience = AUDIENCE_API,
	.routes = routes,
	.route_count = ARRAY_LEN(routes),
	.contracts = contracts,
	.rate_limited = true,
	.versions = true,
	.unrouted = unrouted,
	.prefetch = api_prefetch,
	.tells = &api_webhooks_tell,
	.every_answer = version_headers,
};
