/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The REST API: its contracts, each of which stands beside the function that runs it. The route tables of routes.c and
 * hosted_routes.c give each a path, callers and a scope.
 */
#pragma once

#include "server/api/call.h"

/* A row of a module's table, made twice: once as a route, once as its contract, so that neither can be without. */
#define API_ROUTE(method, path, who, scopes, body, body_max, contract, source, flags)                                  \
	{ method, path, who, scopes, body, body_max, api_run, source, flags },
#define API_CONTRACT(method, path, who, scopes, body, body_max, contract, source, flags) contract,

/* Over which calendars a call goes: those that `param` names, each once, or (NULL) all that are selected. NOT_FOUND. */
MUST_CHECK err_t calendars_chosen(
	struct api_call *call, const struct id_list *named, const char *param, struct id_list *out);
/* May the key look into this one, if there is such a calendar? What comes of it shows that there is. */
bool calendar_is_open(const struct api_call *call, struct id calendar);

extern const struct contract get_profile;
extern const struct contract list_audit;
extern const struct contract list_usage, list_webhook_usage;
extern const struct contract get_sandbox, reset_sandbox, get_sandbox_clock, set_sandbox_clock;
extern const struct contract list_connected_accounts, get_connected_account, deauthorize_connected_account;
extern const struct contract list_grants, end_grant;
extern const struct contract list_oauth_apps, create_oauth_app, get_oauth_app, update_oauth_app, delete_oauth_app;
extern const struct contract create_oauth_app_secret, revoke_oauth_app_secret;
extern const struct contract list_calendars, create_calendar, get_calendar, update_calendar, delete_calendar,
	export_calendar, import_calendar, list_connection_calendars, update_connection_calendar;
extern const struct contract list_events, create_event, get_event, update_event, delete_event, cancel_event,
	respond_to_event, notify_attendees, list_event_changes, get_event_monitoring, stream_events;
extern const struct contract get_freebusy, query_freebusy, find_slots, get_public_freebusy;
extern const struct contract list_booking_pages, create_booking_page, get_booking_page, update_booking_page,
	delete_booking_page;
extern const struct contract get_public_booking_page, get_booking_availability;
extern const struct contract list_bookings, create_booking, get_booking, cancel_booking, reschedule_booking;
extern const struct contract list_api_keys, create_api_key, get_api_key, update_api_key, rotate_api_key, revoke_api_key;
extern const struct contract list_webhook_endpoints, create_webhook_endpoint, get_webhook_endpoint,
	update_webhook_endpoint, delete_webhook_endpoint, rotate_webhook_secret, test_webhook_endpoint;
extern const struct contract list_webhook_deliveries, get_webhook_delivery, replay_webhook_delivery;
extern const struct contract create_voice_session, get_voice_session, end_voice_session;
extern const struct contract list_webhook_events, get_webhook_event;
