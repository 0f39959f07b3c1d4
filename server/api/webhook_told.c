/* SPDX-License-Identifier: Apache-2.0 */
/* What webhooks say, for the reference: server/webhook/body.c writes it, and tests hold deliveries to it. */
#include "server/api/api.h"
#include "server/api/event_view.h"
#include "server/api/webhook_views.h"

/* Tables alone: nothing is read or written by them, so that their members stand nowhere. */
#define READ JSON_READ_ONLY
#define MAYBE (JSON_READ_ONLY | JSON_NULLABLE)
#define SELDOM (JSON_READ_ONLY | JSON_OPTIONAL)

/* clang-format off */
static const struct json_field envelope_fields[] = {
	{ .name = "id",          .kind = JSON_STR,  .flags = READ,   .doc = "whe_…: the same each time that it is sent", .example = "whe_0355WHuCFfRpMfB53mC9Z6" },
	{ .name = "object",      .kind = JSON_STR,  .flags = READ,   .doc = "webhook_event", .example = "webhook_event" },
	{ .name = "type",        .kind = JSON_STR,  .flags = READ,   .doc = "What happened", .example = "event.created" },
	{ .name = "api_version", .kind = JSON_STR,  .flags = READ,   .doc = "Which version of the API `data` is of", .example = "2026-11-28" },
	{ .name = "created",     .kind = JSON_INT,  .flags = READ,   .doc = "When it was told first, in seconds since 1970", .example = "1795908986" },
	{ .name = "livemode",    .kind = JSON_BOOL, .flags = READ,   .doc = "false in test mode", .example = "true" },
	{ .name = "account",     .kind = JSON_STR,  .flags = MAYBE,  .doc = "cpa_…: whose change it is; null: your own" },
	{ .name = "request_id",  .kind = JSON_STR,  .flags = MAYBE,  .doc = "The request that made the change" },
	{ .name = "sequence",    .kind = JSON_INT,  .flags = READ,   .doc = "Grows with each event of your account", .example = "42" },
	{ .name = "truncated",   .kind = JSON_BOOL, .flags = SELDOM, .doc = "true: it would be over 20 KiB, so that `data` has the ids alone" },
};

static const struct json_field thin_fields[] = {
	{ .name = "id",          .kind = JSON_STR,  .flags = READ,   .doc = "What it is about", .example = "evt_0355WHuCFfRpMfB53mC9Z6" },
	{ .name = "object",      .kind = JSON_STR,  .flags = READ,   .doc = "What kind of thing that is", .example = "event" },
	{ .name = "calendar_id", .kind = JSON_STR,  .flags = SELDOM, .doc = "Where it is or was", .example = "cal_0355WHuCFfRpMfB53mC9Z6" },
	{ .name = "deleted",     .kind = JSON_BOOL, .flags = SELDOM, .doc = "true: it is there no more", .example = "true" },
};

static const struct json_field account_fields[] = {
	{ .name = "id",          .kind = JSON_STR,  .flags = READ,   .doc = "cpa_…", .example = "cpa_0355WHuCFfRpMfB53mC9Z6" },
	{ .name = "object",      .kind = JSON_STR,  .flags = READ,   .doc = "connected_account", .example = "connected_account" },
	{ .name = "client_id",   .kind = JSON_STR,  .flags = READ,   .doc = "Which app of yours", .example = "cli_0355WHuCFfRpMfB53mC9Z6" },
	{ .name = "status",      .kind = JSON_WORD, .flags = READ,   .of = "active deactivated deauthorized", .doc = "What it is now" },
	{ .name = "scope",       .kind = JSON_STR,  .flags = READ,   .doc = "What the user granted", .example = "events:read profile:read" },
	{ .name = "livemode",    .kind = JSON_BOOL, .flags = READ,   .doc = "false in test mode", .example = "true" },
};
/* clang-format on */

static const struct json_resource envelope = {
	.name = "webhook_body",
	JSON_FIELDS(envelope_fields),
	.doc = "The body of a webhook; besides this it has `data`.",
};

static const struct json_resource thin = {
	.name = "webhook_thin_object",
	JSON_FIELDS(thin_fields),
	.doc = "What `data.object` is of what was deleted, or is too large to be told whole.",
};

static const struct json_resource account_told = {
	.name = "webhook_connected_account",
	JSON_FIELDS(account_fields),
	.doc = "A connected account as webhooks tell of it.",
};

static const struct told_kind kinds[] = {
	{ "event.created", "An event was made.", &event_resource },
	{ "event.updated", "An event was changed in what is no row of its own here.", &event_resource },
	{ "event.rescheduled", "The times of an event, its rule or its exceptions changed.", &event_resource },
	{ "event.cancelled", "The status of an event became cancelled.", &event_resource },
	{ "event.attendee_responded", "The answer of an attendee changed, and nothing else.", &event_resource },
	{ "event.deleted", "An event was deleted.", NULL },
	{ "booking.created", "A guest booked an appointment.", &booking_resource },
	{ "booking.rescheduled", "An appointment was moved.", &booking_resource },
	{ "booking.cancelled", "An appointment was cancelled.", &booking_resource },
	{ "calendar.created", "A calendar was made.", &calendar_resource },
	{ "calendar.updated", "A calendar was changed itself, not what is in it.", &calendar_resource },
	{ "calendar.deleted", "A calendar was deleted with all that was in it.", NULL },
	{ "connected_account.authorized", "A user connected to your app.", &account_told },
	{ "connected_account.scopes_changed", "The user decided anew what your app may do.", &account_told },
	{ "connected_account.deauthorized", "A user ended the connection, or you did.", &account_told },
	{ "connected_account.deactivated", "The account of the user was deactivated.", &account_told },
	{ "connected_account.reactivated", "The account of the user came back.", &account_told },
	{ "voice.session_ended", "A voice session is over: by its time, by DELETE, or with what it was made by.",
		&voice_resource },
	{ "ping", "The endpoint was made.", NULL },
};

const struct telling api_webhooks_tell = { &envelope, &thin, kinds, ARRAY_LEN(kinds) };
