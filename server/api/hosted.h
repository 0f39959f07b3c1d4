/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of /api/v1, whose routes and errors are in hosted_routes.c. */
#pragma once

#include "caldav/calendar/store/store.h"
#include "server/api/api.h"
#include "server/api/event_target.h"

/* What names a hosted calendar in a path, first of all in the parameters of its calls. */
struct hosted_params {
	struct str id;
};
#define HOSTED_ID_PARAM(type)                                                                                          \
	{                                                                                                              \
		.name = "calendar", .kind = JSON_STR, .flags = JSON_IN_PATH, .offset = offsetof(type, id),             \
		.doc = "Its `id`", .example = "019ac1e3-5b7c-7d20-9f3a-1c52b7d4e6a8"                                   \
	}

/* The calendar with this UUID, which must be written as we do. NOT_FOUND. */
MUST_CHECK err_t hosted_named(struct api_call *call, struct str text, struct calendar *out);

/* The event with this UID in that calendar. NOT_FOUND. */
MUST_CHECK err_t hosted_event_named(
	struct api_call *call, struct id calendar, struct str uid, struct event_target *out);
/* It as an object of JSON. */
void hosted_event_write(struct json *j, const char *key, const struct agenda_item *item);
/* What is said of a write of one, with the names that its fields have here; OK stays OK. */
MUST_CHECK err_t hosted_event_words(struct api_call *call, err_t e);

extern const struct contract hosted_list, hosted_create, hosted_read, hosted_change, hosted_delete, hosted_regenerate;
extern const struct contract hosted_event_list, hosted_event_create, hosted_event_read, hosted_event_change,
	hosted_event_delete;
extern const struct contract hosted_invitation_list, hosted_invitation_respond;
extern const struct contract hosted_webhook_read, hosted_webhook_put, hosted_webhook_delete;
