/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/webhook_views.h"

#include "server/api/event_view.h"
#include "server/http/route.h"

#define JSON_MAX MIB(2)

static err_t event_as_json(struct ctx *cx, const struct agenda_item *item, bool live, struct str *out)
{
	struct event_view view;
	struct buf text = buf_new(cx->mem, JSON_MAX);
	struct json j = json_begin(&text);
	event_view_of(cx->mem, item, live, &view);
	json_object(&j, NULL);
	json_write(&j, cx->mem, event_resource.fields, event_resource.count, &view);
	json_object_end(&j);
	if (text.full)
		return FAIL(cx, TOO_LARGE, "an event as JSON");
	*out = buf_str(&text);
	return OK;
}

static bool may_be_booking(struct str uid)
{
	struct id booking;
	return booking_of_uid(uid, &booking);
}

static err_t booking_told(struct ctx *cx, struct id account, struct id event, struct webhook_booking *out)
{
	struct booking booking;
	TRY(booking_by_event(cx, account, event, &booking));
	TRY(booking_as_json(cx, &booking, &out->object));
	out->id = booking_uid(cx->mem, booking.id);
	out->cancelled = booking.cancelled;
	return OK;
}

static err_t voice_told(struct ctx *cx, struct id account, struct id session, struct webhook_voice *out)
{
	struct voice_session told;
	TRY(voice_session_told(cx, account, session, &told));
	TRY(voice_session_as_json(cx, &told, &out->object));
	out->connection = told.connection;
	return OK;
}

const struct webhook_views api_webhook_views = { event_as_json, calendar_as_json, may_be_booking, invitation_as_json,
	booking_told, voice_told };
