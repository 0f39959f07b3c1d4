/* SPDX-License-Identifier: Apache-2.0 */
/* A booking page as REST shows it, and what of it a body says. */
#pragma once

#include "server/api/api.h"
#include "server/api/working_hours.h"
#include "server/booking/page.h"

struct page_view {
	struct str id, object, slug, title, description, color_hex, timezone, calendar, status, etag, url;
	struct json_list durations, exceptions; /* of struct duration_view, exception_view */
	struct json_list questions;             /* of struct question_view */
	struct days_view hours;
	int64_t buffer_before, buffer_after, notice, horizon, step, per_day;
	struct str_list busy, embed_origins;
	bool mail_guests, is_public, livemode;
	struct instant created_at, updated_at;
	bool has_slug, has_title, has_description, has_color_hex, has_timezone, has_calendar, has_status, has_durations,
		has_exceptions, has_hours, has_buffer_before, has_buffer_after, has_notice, has_horizon, has_step,
		has_per_day, has_busy, has_mail_guests, has_is_public, has_questions, has_embed_origins;
};

struct question_view {
	struct str question;
	bool required;
};

extern const struct json_field booking_question_fields[2];
extern const struct json_resource booking_page_resource;

struct page_view booking_page_view(struct ctx *cx, const struct booking_page *p);
/* Of struct question_view: what guests are asked. */
struct json_list booking_questions_view(struct arena *mem, const struct booking_page *p);
/* Of its version: it changes with each change. */
struct str booking_page_etag(struct arena *mem, const struct booking_page *p);

/*
 * What the body gives, over the page. fresh: it is made just now, and where its events go has a default.
 *
 * errors  INVALID_VALUE, MISSING_FIELD, NOT_FOUND (a calendar), with the field's name
 */
MUST_CHECK err_t booking_page_apply(
	struct api_call *call, const struct page_view *view, bool fresh, struct booking_page *page);
