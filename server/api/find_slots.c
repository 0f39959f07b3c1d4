/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/freebusy/find_slots: when several people have time for one another. view/slots.c finds the times. */
#include "caldav/calendar/recur/vtimezone.h"
#include "caldav/calendar/view/freebusy.h"
#include "caldav/calendar/view/slots.h"
#include "server/api/api.h"
#include "server/api/participants.h"
#include "server/api/working_hours.h"

#define SLOTS_DEFAULT 10
#define SLOTS_MAX 25
#define BUFFER_MAX 240

struct working_hours_view {
	struct str timezone;
	struct days_view days;
};

struct slots_body {
	struct str_list participants;
	int64_t duration, buffer, limit;
	struct instant earliest, latest;
	struct working_hours_view hours;
	struct str part;
	bool has_hours, has_limit;
};

#define B(member) offsetof(struct slots_body, member)
/* clang-format off */
static const struct json_field working_hours_fields[] = {
	{ "timezone", JSON_STR,    0,             offsetof(struct working_hours_view, timezone), 0, 1, 64, NULL, NULL, 0, 0, "IANA name of the zone of these hours, and of preferred_time_of_day; the user's unless said", "Europe/Berlin" },
	{ "days",     JSON_OBJECT, JSON_REQUIRED, offsetof(struct working_hours_view, days),     0, 0, 0,  NULL, day_fields, ARRAY_LEN(day_fields), sizeof(struct days_view), "The hours of each day of the week, on the wall clock", NULL },
};

static const struct json_field slots_fields[] = {
	/* name                           kind         flags          offset             given         min max */
	{ "participants",                 JSON_STRS,   JSON_REQUIRED, B(participants),   0,            1,  PARTICIPANTS_MAX, NULL, NULL, 0, 0, "Who has to have time: as in freebusy_query, but each must be known", "usr_0355WHuCFfRpMfB53mC9Z6" },
	{ "duration_minutes",             JSON_INT,    JSON_REQUIRED, B(duration),       0,            5,  1440,             NULL, NULL, 0, 0, "How long it takes", "30" },
	{ "earliest_start",               JSON_TIME,   JSON_REQUIRED, B(earliest),       0,            0,  0,                NULL, NULL, 0, 0, "Not before this", "2026-11-24T00:00:00Z" },
	{ "latest_end",                   JSON_TIME,   JSON_REQUIRED, B(latest),         0,            0,  0,                NULL, NULL, 0, 0, "Over by then; at most 62 days after earliest_start", "2026-12-01T00:00:00Z" },
	{ "working_hours",                JSON_OBJECT, 0,             B(hours),          B(has_hours), 0,  0,                NULL, working_hours_fields, ARRAY_LEN(working_hours_fields), sizeof(struct working_hours_view), "A slot lies within these hours; at any time unless said", "{}" },
	{ "buffer_minutes_between_meetings", JSON_INT, 0,             B(buffer),         0,            0,  BUFFER_MAX,       NULL, NULL, 0, 0, "How long everybody has been free before a slot, and stays so after it; 0 unless said", "10" },
	{ "preferred_time_of_day",        JSON_WORD,   0,             B(part),           0,            0,  0,                "morning afternoon evening", NULL, 0, 0, "From 5 to 12, 12 to 17 or 17 to 22 o'clock. It counts in the score; nothing is left out", "morning" },
	{ "limit",                        JSON_INT,    0,             B(limit),          B(has_limit), 1,  SLOTS_MAX,        NULL, NULL, 0, 0, "How many slots at most; 10 unless said", "10" },
};
/* clang-format on */

static const struct json_resource slots_resource = {
	.name = "slots_query",
	JSON_FIELDS(slots_fields),
	.size = sizeof(struct slots_body),
	.doc = "What a meeting needs. What is tentative counts as busy.",
};

/* ---- the answer ---- */

struct slot_view {
	struct instant start, end;
	int64_t score;
};

struct answer_view {
	struct str object;
	struct json_list slots; /* of struct slot_view */
};

/* clang-format off */
static const struct json_field slot_fields[] = {
	{ "start", JSON_TIME,  JSON_READ_ONLY, offsetof(struct slot_view, start), 0, 0, 0, NULL, NULL, 0, 0, "When it begins: where a free time does, or at a quarter of an hour", NULL },
	{ "end",   JSON_TIME,  JSON_READ_ONLY, offsetof(struct slot_view, end),   0, 0, 0, NULL, NULL, 0, 0, "duration_minutes later", NULL },
	{ "score", JSON_MILLI, JSON_READ_ONLY, offsetof(struct slot_view, score), 0, 0, 0, NULL, NULL, 0, 0, "0 to 1: 0.7 for the share of it that is in the preferred time of day (all of it where none is preferred), and 0.3 for being early: all at earliest_start, none at the last possible start, evenly between them", "1.000" },
};
static const struct json_field answer_fields[] = {
	{ "object", JSON_STR,     JSON_READ_ONLY, offsetof(struct answer_view, object), 0, 0, 0, NULL, NULL, 0, 0, "slots", "slots" },
	{ "slots",  JSON_OBJECTS, JSON_READ_ONLY, offsetof(struct answer_view, slots),  0, 0, 0, NULL, slot_fields, ARRAY_LEN(slot_fields), sizeof(struct slot_view), "The best score first, then the earliest; none overlaps another", NULL },
};
/* clang-format on */

static const struct json_resource answer_resource = {
	.name = "slots",
	JSON_FIELDS(answer_fields),
	.size = sizeof(struct answer_view),
	.reads = CALENDARS_READ,
	.doc = "Times at which all participants are free.",
};

/* ---- what was asked ---- */

static err_t read_hours(struct api_call *call, struct slot_query *q)
{
	struct ctx *cx = &call->rq->cx;
	const struct slots_body *body = call->body;
	struct working_hours *hours = arena_new(cx->mem, struct working_hours);
	q->zone = zone_or_utc(call->who.tz);
	if (!body->has_hours)
		return OK;
	if (body->hours.timezone.ptr)
		q->zone = zone_by_name(body->hours.timezone);
	if (!q->zone)
		return REFUSE(cx, INVALID_VALUE, "working_hours.timezone",
			"This is not a time zone. Use an IANA name like Europe/Berlin.");
	TRY(working_hours_read(cx, "working_hours.days", &body->hours.days, hours));
	q->hours = hours;
	return OK;
}

static enum day_part part_of(struct str word)
{
	static const char *const words[] = { [MORNING] = "morning", [AFTERNOON] = "afternoon", [EVENING] = "evening" };
	for (enum day_part part = MORNING; part <= EVENING; part++)
		if (word.ptr && str_eq(word, str_of(words[part])))
			return part;
	return ANY_TIME;
}

/* A slot that passes somebody over would be wrong, so all must be known. */
static err_t all_known(struct ctx *cx, struct str_list names, const struct participant *list, size_t count)
{
	for (size_t i = 0; i < names.count; i++)
		for (size_t k = 0; k < count; k++)
			if (!list[k].known && str_eq(list[k].name, names.items[i]))
				return REFUSE(cx, INVALID_VALUE, str_fmt(cx->mem, "participants[%zu]", i).ptr,
					"There is no such participant, or it is not yours to ask about.");
	return OK;
}

/* ---- when all are free ---- */

/* Of all together, merged; a second that is busy in part is busy. */
static struct json_list busy_of_all(struct arena *mem, struct participant *list, size_t count, struct freebusy *all)
{
	for (size_t i = 0; i < count; i++)
		all->cap += list[i].person.busy.count;
	all->spans = arena_array(mem, struct busy_span, all->cap + 1);
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < list[i].person.busy.count; k++)
			all->spans[all->count++] = list[i].person.busy.spans[k];
	freebusy_flatten(all, true);
	size_t kept;
	struct slot_span *spans = freebusy_seconds(mem, all, &kept);
	return (struct json_list){ spans, kept };
}

/* What is busy a buffer outside the range counts, too. The range is named as this body has it. */
static err_t collect(struct ctx *cx, const struct slots_body *body, struct participant *list, size_t count)
{
	err_t e = participants_busy(cx, list, count, instant_add_s(body->earliest, -body->buffer * 60),
		instant_add_s(body->latest, body->buffer * 60));
	if (err_is(e, RANGE_TOO_LARGE))
		return REFUSE(cx, RANGE_TOO_LARGE, "latest_end", "Too many events touch this range. Ask for less.");
	return e;
}

static void reply_slots(struct api_call *call, struct response *rs, const struct time_slot *slots, size_t count)
{
	struct slot_view *views = arena_array(call->rq->cx.mem, struct slot_view, count + 1);
	for (size_t i = 0; i < count; i++)
		views[i] =
			(struct slot_view){ instant_of_s(slots[i].start), instant_of_s(slots[i].end), slots[i].score };
	const struct answer_view view = { STR("slots"), { views, count } };
	api_reply(call, rs, &view);
}

static err_t run_find(struct api_call *call, struct response *rs)
{
	const struct slots_body *body = call->body;
	struct ctx *cx = &call->rq->cx;
	struct participant *list;
	struct freebusy all = { 0 };
	size_t count, found;
	struct slot_query q = {
		.from = instant_s((struct instant){ body->earliest.us + US_PER_S - 1 }),
		.to = instant_s(body->latest),
		.duration_s = body->duration * 60,
		.buffer_s = body->buffer * 60,
		.part = part_of(body->part),
		.limit = body->has_limit ? (size_t)body->limit : SLOTS_DEFAULT,
	};
	TRY(busy_range_check(cx, body->earliest, body->latest, "latest_end"));
	TRY(read_hours(call, &q));
	TRY(participants_resolve(call, body->participants, &list, &count));
	TRY(all_known(cx, body->participants, list, count));
	TRY(collect(cx, body, list, count));
	const struct json_list busy = busy_of_all(cx->mem, list, count, &all);
	q.busy = busy.items;
	q.busy_count = busy.count;
	const struct time_slot *slots = slots_find(cx->mem, &q, &found);
	reply_slots(call, rs, slots, found);
	return OK;
}

const struct contract find_slots = {
	.id = "findSlots",
	.summary = "Times at which all of several people are free, the best first.",
	.body = &slots_resource,
	.answer = &answer_resource,
	.status = 200,
	.flags = ONLY_READS,
	ERRORS(RANGE_TOO_LARGE, TOO_COSTLY, DAV_QUOTA),
	.run = run_find,
};
