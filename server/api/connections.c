/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calendars by where they come from: other calendar services' APIs have connections to providers. Here the server is
 * the provider of all calendars, and an account has one connection to it, whose id is that of the account.
 */
#include "server/api/api.h"
#include "server/api/calendars.h"
#include "server/api/webhook_views.h"

/* It exists for the account that the call is about, and for nobody else. */
static err_t check_connection(const struct api_call *call, struct id connection)
{
	if (id_eq(connection, call->actor.owner))
		return OK;
	return FAIL(&call->rq->cx, NOT_FOUND, "not this account's connection");
}

#define CONNECTION(type)                                                                                               \
	{                                                                                                              \
		.name = "connection", .kind = JSON_ID, .flags = JSON_IN_PATH, .of = "con",                             \
		.offset = offsetof(type, connection), .doc = "`connection_id` of a calendar"                           \
	}

static err_t run_list(struct api_call *call, struct response *rs)
{
	TRY(check_connection(call, ((const struct calendar_list_params *)call->params)->connection));
	return calendars_list(call, rs);
}

static const struct json_field list_params[] = { CONNECTION(struct calendar_list_params), CALENDAR_LIST_FIELDS };

const struct contract list_connection_calendars = {
	.id = "listConnectionCalendars",
	.summary = "The calendars of a connection: `GET /v1/calendars` for clients that look for them here.",
	PARAMS(list_params, struct calendar_list_params),
	.answer = &calendar_resource,
	.shape = ANSWER_LIST,
	.status = 200,
	ERRORS(NOT_FOUND),
	.run = run_list,
};

static err_t run_update(struct api_call *call, struct response *rs)
{
	TRY(check_connection(call, ((const struct calendar_params *)call->params)->connection));
	return calendar_change(call, rs);
}

static const struct json_field update_params[] = {
	CONNECTION(struct calendar_params),
	{ .name = "calendar",
		.kind = JSON_ID,
		.flags = JSON_IN_PATH,
		.of = "cal",
		.offset = offsetof(struct calendar_params, id),
		.doc = "Its `id`" },
};

const struct contract update_connection_calendar = {
	.id = "updateConnectionCalendar",
	.summary =
		"Change a calendar of a connection: `PATCH /v1/calendars/:calendar` for clients that look for it here.",
	PARAMS(update_params, struct calendar_params),
	.body = &calendar_resource,
	.answer = &calendar_resource,
	.status = 200,
	.flags = TAKES_IF_MATCH | BODY_IS_CHANGE,
	ERRORS(NOT_FOUND),
	.run = run_update,
};
