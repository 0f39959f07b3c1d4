/* SPDX-License-Identifier: Apache-2.0 */
/* Events and calendars as webhooks tell of them: as REST shows them to whoever may read them whole. */
#pragma once

#include "server/booking/booking.h"
#include "server/http/contract.h"
#include "server/voice/session.h"
#include "server/webhook/outbox_reader.h"

extern const struct webhook_views api_webhook_views;

/* In webhook_told.c: what they say, for the reference. */
extern const struct telling api_webhooks_tell;

/* In calendars.c. */
extern const struct json_resource calendar_resource;
MUST_CHECK err_t calendar_as_json(struct ctx *cx, const struct calendar *c, uint64_t rights, struct str *out);
/* In hosted_webhook.c. */
MUST_CHECK err_t invitation_as_json(struct ctx *cx, const struct webhook_invitation *invitation, struct str *out);
/* In bookings.c. */
extern const struct json_resource booking_resource;
MUST_CHECK err_t booking_as_json(struct ctx *cx, const struct booking *booking, struct str *out);

/* In voice_sessions.c. */
extern const struct json_resource voice_resource;
MUST_CHECK err_t voice_session_as_json(struct ctx *cx, const struct voice_session *s, struct str *out);
