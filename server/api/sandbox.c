/* SPDX-License-Identifier: Apache-2.0 */
/* Test mode's own calls: who is in the sandbox, its reset, its clock (docs/adr/0026-sandbox.md). */
#include "caldav/calendar/sandbox.h"
#include "caldav/calendar/store/store.h"
#include "server/api/api.h"

#define PEOPLE_MAX 8

struct person_view {
	struct str id, name, email, calendar_id;
};

struct sandbox_view {
	struct str object;
	bool livemode;
	struct instant now;
	int64_t advanced_seconds;
	struct json_list people; /* of struct person_view */
};

#define P(member) offsetof(struct person_view, member)
#define S(member) offsetof(struct sandbox_view, member)

/* clang-format off */
static const struct json_field person_fields[] = {
	{ "id",               JSON_STR,     JSON_READ_ONLY, P(id),               0, 0, 0, NULL, NULL, 0, 0, "What they are called as a participant of free/busy queries and slots", "usr_demo_alice" },
	{ "name",             JSON_STR,     JSON_READ_ONLY, P(name),             0, 0, 0, NULL, NULL, 0, 0, "Their name", "Alice Demo" },
	{ "email",            JSON_STR,     JSON_READ_ONLY, P(email),            0, 0, 0, NULL, NULL, 0, 0, "Their address; nothing is ever sent to it", "alice@demo.example" },
	{ "calendar_id",      JSON_STR,     JSON_READ_ONLY | JSON_NULLABLE, P(calendar_id), 0, 0, 0, NULL, NULL, 0, 0, "Their calendar, for the calls about events; null: they have none", "cal_0355WHuCFfRpMfB53mC9Z6" },
};
static const struct json_field sandbox_fields[] = {
	{ "object",           JSON_STR,     JSON_READ_ONLY, S(object),           0, 0, 0, NULL, NULL, 0, 0, "sandbox", "sandbox" },
	{ "livemode",         JSON_BOOL,    JSON_READ_ONLY, S(livemode),         0, 0, 0, NULL, NULL, 0, 0, "false", "false" },
	{ "now",              JSON_TIME,    JSON_READ_ONLY, S(now),              0, 0, 0, NULL, NULL, 0, 0, "What time it is in the sandbox", NULL },
	{ "advanced_seconds", JSON_INT,     JSON_READ_ONLY, S(advanced_seconds), 0, 0, 0, NULL, NULL, 0, 0, "How far that is ahead of the server's clock", "3600" },
	{ "people",           JSON_OBJECTS, JSON_READ_ONLY, S(people),           0, 0, 0, NULL, person_fields, ARRAY_LEN(person_fields), sizeof(struct person_view), "The demo people", NULL },
};
static const struct json_field clock_fields[] = {
	{ "object",           JSON_STR,     JSON_READ_ONLY, S(object),           0, 0, 0, NULL, NULL, 0, 0, "sandbox_clock", "sandbox_clock" },
	{ "livemode",         JSON_BOOL,    JSON_READ_ONLY, S(livemode),         0, 0, 0, NULL, NULL, 0, 0, "false", "false" },
	{ "now",              JSON_TIME,    JSON_READ_ONLY, S(now),              0, 0, 0, NULL, NULL, 0, 0, "What time it is in the sandbox", NULL },
	{ "advanced_seconds", JSON_INT,     JSON_READ_ONLY, S(advanced_seconds), 0, 0, 0, NULL, NULL, 0, 0, "How far that is ahead of the server's clock", "3600" },
};
/* clang-format on */

static const struct json_resource sandbox_resource = {
	.name = "sandbox",
	JSON_FIELDS(sandbox_fields),
	.size = sizeof(struct sandbox_view),
	.doc = "The account's test data: whom there is, and when it is there.",
};
static const struct json_resource clock_resource = {
	.name = "sandbox_clock",
	JSON_FIELDS(clock_fields),
	.size = sizeof(struct sandbox_view),
	.doc = "The clock of test mode: reminders, codes, tokens and keys go by it, live data never.",
};

static struct sandbox_view view_of(const struct ctx *cx, const char *object)
{
	return (struct sandbox_view){
		.object = str_of(object),
		.now = account_now(cx),
		.advanced_seconds = cx->ahead_s,
	};
}

/* ---- people ---- */

static err_t calendar_of(struct api_call *call, const struct demo_person *person, struct str *out)
{
	struct ctx *cx = &call->rq->cx;
	struct calendar calendar;
	*out = STR_ABSENT;
	if (!person->calendar)
		return OK;
	err_t e = calendar_by_name(cx, &call->actor, str_of(person->calendar), &calendar);
	if (!e)
		*out = id_text(cx->mem, "cal", calendar.id);
	return err_is(e, NOT_FOUND) ? OK : e; /* it went at this moment */
}

static err_t reply_sandbox(struct api_call *call, struct response *rs)
{
	struct sandbox_view view = view_of(&call->rq->cx, "sandbox");
	struct person_view people[PEOPLE_MAX];
	const struct demo_person *person;
	size_t count = 0;
	for (; count < PEOPLE_MAX && (person = demo_person_at(count)); count++) {
		people[count] = (struct person_view){ str_of(person->id), str_of(person->name), str_of(person->email),
			STR_ABSENT };
		TRY(calendar_of(call, person, &people[count].calendar_id));
	}
	view.people = (struct json_list){ people, count };
	api_reply(call, rs, &view);
	return OK;
}

static err_t run_get(struct api_call *call, struct response *rs)
{
	TRY(demo_people_make(&call->rq->cx, call->actor.owner));
	return reply_sandbox(call, rs);
}

const struct contract get_sandbox = {
	.id = "getSandbox",
	.summary = "Who and what time it is in test mode. The demo people's calendars are made where they are missing.",
	.answer = &sandbox_resource,
	.status = 200,
	.flags = OF_TEST_MODE,
	ERRORS(TEST_MODE_ONLY, DAV_QUOTA),
	.run = run_get,
};

static err_t run_reset(struct api_call *call, struct response *rs)
{
	TRY(sandbox_reset(&call->rq->cx, call->actor.owner));
	return reply_sandbox(call, rs);
}

const struct contract reset_sandbox = {
	.id = "resetSandbox",
	.summary =
		"Put test mode back to its beginning: its calendars and events, its webhook events, its clock. Keys, "
		"apps, connections and webhook endpoints stay.",
	.answer = &sandbox_resource,
	.status = 200,
	.flags = OF_TEST_MODE,
	ERRORS(TEST_MODE_ONLY),
	.run = run_reset,
};

/* ---- the clock ---- */

static err_t reply_clock(struct api_call *call, struct response *rs)
{
	struct sandbox_view view = view_of(&call->rq->cx, "sandbox_clock");
	api_reply(call, rs, &view);
	return OK;
}

const struct contract get_sandbox_clock = {
	.id = "getSandboxClock",
	.summary = "What time it is in test mode.",
	.answer = &clock_resource,
	.status = 200,
	.flags = OF_TEST_MODE,
	ERRORS(TEST_MODE_ONLY),
	.run = reply_clock,
};

struct clock_body {
	struct instant now;
	int64_t by;
	bool has_by, has_now;
};

/* clang-format off */
static const struct json_field body_fields[] = {
	{ "now",             JSON_TIME, JSON_WRITE_ONLY, offsetof(struct clock_body, now), offsetof(struct clock_body, has_now), 0, 0, NULL, NULL, 0, 0, "What time it shall be: not before what it is, and ten years ahead of the server's clock at most. This or advance_seconds", NULL },
	{ "advance_seconds", JSON_INT,  JSON_WRITE_ONLY, offsetof(struct clock_body, by),  offsetof(struct clock_body, has_by),  1, SANDBOX_AHEAD_MAX_S, NULL, NULL, 0, 0, "How much later it shall be", "3600" },
};
/* clang-format on */

static const struct json_resource body_resource = {
	.name = "sandbox_clock_change",
	JSON_FIELDS(body_fields),
	.size = sizeof(struct clock_body),
	.doc = "How the clock is set forward. Only a reset puts it back.",
};

static err_t run_set(struct api_call *call, struct response *rs)
{
	const struct clock_body *body = call->body;
	struct ctx *cx = &call->rq->cx;
	if (!body->has_now && !body->has_by)
		return REFUSE(cx, MISSING_FIELD, "advance_seconds", "Say now or advance_seconds.");
	if (body->has_now && body->has_by)
		return REFUSE(cx, INVALID_VALUE, "advance_seconds", "Say either now or advance_seconds.");
	TRY(sandbox_advance(cx, call->actor.owner, body->has_now ? body->now : INSTANT_NONE, body->by));
	return reply_clock(call, rs);
}

const struct contract set_sandbox_clock = {
	.id = "setSandboxClock",
	.summary = "Set the clock of test mode forward.",
	.body = &body_resource,
	.answer = &clock_resource,
	.status = 200,
	.flags = OF_TEST_MODE,
	ERRORS(TEST_MODE_ONLY),
	.run = run_set,
};
