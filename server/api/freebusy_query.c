/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/freebusy/query: when several people are busy. Times only: all that calendars:read may see of events. */
#include "server/api/api.h"
#include "server/api/participants.h"

struct query_body {
	struct str_list participants;
	struct instant from, to;
	bool include_tentative, has_include_tentative;
};

#define Q(member) offsetof(struct query_body, member)

/* clang-format off */
static const struct json_field query_fields[] = {
	/* name                kind       flags          offset                given                     min max */
	{ "participants",      JSON_STRS, JSON_REQUIRED, Q(participants),      0,                        1, PARTICIPANTS_MAX, NULL, NULL, 0, 0, "Each the usr_… id or the address of the caller's own account, or, with a platform's secret key, the cpa_… of an account that is connected to one of its apps. In test mode also usr_demo_alice, usr_demo_bob and usr_demo_carol", "usr_0355WHuCFfRpMfB53mC9Z6" },
	{ "from",              JSON_TIME, JSON_REQUIRED, Q(from),              0,                        0, 0, NULL, NULL, 0, 0, "Start of the range", "2026-11-24T00:00:00Z" },
	{ "to",                JSON_TIME, JSON_REQUIRED, Q(to),                0,                        0, 0, NULL, NULL, 0, 0, "Its end, at most 62 days later", "2026-12-01T00:00:00Z" },
	{ "include_tentative", JSON_BOOL, 0,             Q(include_tentative), Q(has_include_tentative), 0, 0, NULL, NULL, 0, 0, "Whether what is tentative counts as busy; true unless said", "true" },
};
/* clang-format on */

static const struct json_resource query_resource = {
	.name = "freebusy_query",
	JSON_FIELDS(query_fields),
	.size = sizeof(struct query_body),
	.doc = "Whose free and busy time is asked for.",
};

/* ---- the answer ---- */

struct time_view {
	struct instant start, end;
};

struct error_view {
	struct str code, message;
};

struct participant_view {
	struct str name;               /* JSON_MAP's */
	struct json_list busy, errors; /* of struct time_view, struct error_view */
};

struct answer_view {
	struct str object;
	struct json_list participants; /* of struct participant_view */
};

/* clang-format off */
static const struct json_field time_fields[] = {
	{ "start",   JSON_TIME, JSON_READ_ONLY, offsetof(struct time_view, start),    0, 0, 0, NULL, NULL, 0, 0, "When it begins", NULL },
	{ "end",     JSON_TIME, JSON_READ_ONLY, offsetof(struct time_view, end),      0, 0, 0, NULL, NULL, 0, 0, "The first instant that is free again", NULL },
};
static const struct json_field error_fields[] = {
	{ "code",    JSON_STR,  JSON_READ_ONLY, offsetof(struct error_view, code),    0, 0, 0, NULL, NULL, 0, 0, "not_found: unknown, cut off, or not the caller's to ask about; nothing tells which", "not_found" },
	{ "message", JSON_STR,  JSON_READ_ONLY, offsetof(struct error_view, message), 0, 0, 0, NULL, NULL, 0, 0, "The same in words", "There is no such participant, or it is not yours to ask about." },
};
static const struct json_field participant_fields[] = {
	{ "busy",    JSON_OBJECTS, JSON_READ_ONLY, offsetof(struct participant_view, busy), 0, 0, 0, NULL, time_fields, ARRAY_LEN(time_fields), sizeof(struct time_view), "In order, none touching another; none where there are errors", NULL },
	{ "errors",  JSON_OBJECTS, JSON_READ_ONLY | JSON_OPTIONAL, offsetof(struct participant_view, errors), 0, 0, 0, NULL, error_fields, ARRAY_LEN(error_fields), sizeof(struct error_view), "Why nothing can be said", NULL },
};
static const struct json_field answer_fields[] = {
	{ "object",       JSON_STR, JSON_READ_ONLY, offsetof(struct answer_view, object), 0, 0, 0, NULL, NULL, 0, 0, "freebusy", "freebusy" },
	{ "participants", JSON_MAP, JSON_READ_ONLY, offsetof(struct answer_view, participants), 0, 0, 0, NULL, participant_fields, ARRAY_LEN(participant_fields), sizeof(struct participant_view), "Each by the name that it was asked for by, in that order, once", "usr_0355WHuCFfRpMfB53mC9Z6" },
};
/* clang-format on */

static const struct json_resource answer_resource = {
	.name = "freebusy_of_participants",
	JSON_FIELDS(answer_fields),
	.size = sizeof(struct answer_view),
	.reads = CALENDARS_READ,
	.doc = "When each of several people is busy.",
};

static struct json_list times_of(struct arena *mem, const struct freebusy *fb)
{
	struct time_view *times = arena_array(mem, struct time_view, fb->count + 1);
	for (size_t i = 0; i < fb->count; i++)
		times[i] = (struct time_view){ fb->spans[i].start, fb->spans[i].end };
	return (struct json_list){ times, fb->count };
}

static err_t run_query(struct api_call *call, struct response *rs)
{
	static const struct error_view not_found = { STR_INIT("not_found"),
		STR_INIT("There is no such participant, or it is not yours to ask about.") };
	const struct query_body *body = call->body;
	struct ctx *cx = &call->rq->cx;
	struct participant *list;
	struct error_view error = not_found;
	size_t count;
	TRY(busy_range_check(cx, body->from, body->to, "to"));
	TRY(participants_resolve(call, body->participants, &list, &count));
	TRY(participants_busy(cx, list, count, body->from, body->to));
	struct participant_view *views = arena_array(cx->mem, struct participant_view, count + 1);
	for (size_t i = 0; i < count; i++) {
		views[i].name = list[i].name;
		if (!list[i].known) {
			views[i].errors = (struct json_list){ &error, 1 };
			continue;
		}
		freebusy_flatten(&list[i].person.busy, !body->has_include_tentative || body->include_tentative);
		views[i].busy = times_of(cx->mem, &list[i].person.busy);
	}
	const struct answer_view view = { STR("freebusy"), { views, count } };
	api_reply(call, rs, &view);
	return OK;
}

const struct contract query_freebusy = {
	.id = "queryFreeBusy",
	.summary = "When several people are busy, over the selected calendars of each that the caller may see.",
	.body = &query_resource,
	.answer = &answer_resource,
	.status = 200,
	.flags = ONLY_READS,
	ERRORS(RANGE_TOO_LARGE, TOO_COSTLY, DAV_QUOTA),
	.run = run_query,
};
