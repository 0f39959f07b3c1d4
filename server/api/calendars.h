/* SPDX-License-Identifier: Apache-2.0 */
/* Calendars, where they are called by more than one path: /v1/calendars and /v1/connections/:connection/calendars. */
#pragma once

#include "caldav/calendar/store/store.h"
#include "server/api/call.h"

/* A calendar as REST has it. */
struct calendar_view {
	struct str id, object, connection_id, name, description, color_hex, timezone, access_role, caldav_url,
		sync_token, etag;
	bool has_name, has_description, has_color_hex, has_timezone, has_selected, has_writable, has_is_public;
	bool selected, writable, is_public, is_default, livemode;
	int64_t event_count;
	struct instant created_at, updated_at;
};

/* As they are shown to who has these rights; the texts are of cx->mem or of `c`. */
struct calendar_view calendar_view_of(struct ctx *cx, uint64_t rights, const struct calendar *c);

/* Of a path that names a calendar. */
struct calendar_params {
	struct id id;
	struct id connection; /* where the path names one, too */
};

/* Of a list of them. */
struct calendar_list_params {
	struct calendar_page page; /* first: its fields are told by their place in it */
	bool include_hidden, has_include_hidden;
	struct id connection; /* where the path names one */
};

/* clang-format off */
#define CALENDAR_LIST_FIELDS \
	{ .name = "selected", .kind = JSON_BOOL, .offset = offsetof(struct calendar_page, selected), .given = offsetof(struct calendar_page, has_selected), \
		.doc = "Those alone that lists and free/busy count when no calendar is named, or with false the others" }, \
	{ .name = "writable", .kind = JSON_BOOL, .offset = offsetof(struct calendar_page, writable), .given = offsetof(struct calendar_page, has_writable), \
		.doc = "Those alone whose events may be changed, or with false the others" }, \
	{ .name = "include_hidden", .kind = JSON_BOOL, .offset = offsetof(struct calendar_list_params, include_hidden), .given = offsetof(struct calendar_list_params, has_include_hidden), \
		.doc = "With false those that are not selected are left out, unless `selected` says which" }
/* clang-format on */

/* The functions of contracts whose parameters are struct calendar_list_params and struct calendar_params. */
MUST_CHECK err_t calendars_list(struct api_call *call, struct response *rs);
MUST_CHECK err_t calendar_change(struct api_call *call, struct response *rs);
