/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/calendars/{id}/import: an .ics file into a calendar. */
#include "caldav/calendar/import/import.h"

#include "server/api/api.h"
#include "server/http/access.h"
#include "server/http/calendar_type.h"

#define AT_ONCE_MAX KIB(128) /* with an Idempotency-Key: all is one transaction then, which others wait for */

struct import_params {
	struct id id;
	struct str existing;
};

static const struct json_field import_params[] = {
	{ .name = "calendar",
		.kind = JSON_ID,
		.flags = JSON_IN_PATH,
		.of = "cal",
		.offset = offsetof(struct import_params, id),
		.doc = "Its `id`" },
	{ .name = "existing",
		.kind = JSON_WORD,
		.of = "update skip",
		.offset = offsetof(struct import_params, existing),
		.doc = "What becomes of an event whose UID is in the calendar already: `update` (unless said) makes it "
		       "what "
		       "the document has, `skip` leaves it as it is",
		.example = "update" },
};

struct note_view {
	int64_t line;
	struct str action, code, text;
};

struct import_view {
	struct str object;
	struct id calendar;
	int64_t created, updated, unchanged, repaired, left_out, more;
	struct json_list notes;
	bool livemode;
};

/* clang-format off */
#define N(member) offsetof(struct note_view, member)
static const struct json_field note_fields[] = {
	{ "line",   JSON_INT,  JSON_READ_ONLY, N(line),   0, 0, 0, NULL, NULL, 0, 0, "Of the document that was sent, from 1 on", "12" },
	{ "action", JSON_STR,  JSON_READ_ONLY, N(action), 0, 0, 0, NULL, NULL, 0, 0, "`repaired` or `left_out`", "left_out" },
	{ "code",   JSON_STR,  JSON_READ_ONLY, N(code),   0, 0, 0, NULL, NULL, 0, 0, "Why, for programs: `uid_missing`, `invalid` and others, which keep their meaning", "kind_not_stored" },
	{ "text",   JSON_STR,  JSON_READ_ONLY, N(text),   0, 0, 0, NULL, NULL, 0, 0, "What, and why", "VJOURNAL: this calendar does not hold components of this kind." },
};

#define V(member) offsetof(struct import_view, member)
static const struct json_field import_fields[] = {
	{ "object",      JSON_STR,     JSON_READ_ONLY, V(object),    0, 0, 0, NULL,  NULL, 0, 0, "calendar_import", "calendar_import" },
	{ "calendar_id", JSON_ID,      JSON_READ_ONLY, V(calendar),  0, 0, 0, "cal", NULL, 0, 0, "Into which calendar", "cal_0355WHuCFfRpMfB53mC9Z6" },
	{ "created",     JSON_INT,     JSON_READ_ONLY, V(created),   0, 0, 0, NULL,  NULL, 0, 0, "Events, tasks and journal entries that are new, each series once", "40" },
	{ "updated",     JSON_INT,     JSON_READ_ONLY, V(updated),   0, 0, 0, NULL,  NULL, 0, 0, "Those that were there with another content", "2" },
	{ "unchanged",   JSON_INT,     JSON_READ_ONLY, V(unchanged), 0, 0, 0, NULL,  NULL, 0, 0, "Those that were there with the same content, or were skipped", "7" },
	{ "repaired",    JSON_INT,     JSON_READ_ONLY, V(repaired),  0, 0, 0, NULL,  NULL, 0, 0, "Of the created and updated: those that could not be stored as they were sent", "1" },
	{ "left_out",    JSON_INT,     JSON_READ_ONLY, V(left_out),  0, 0, 0, NULL,  NULL, 0, 0, "Components of the document that are not in the calendar now", "1" },
	{ "notes",       JSON_OBJECTS, JSON_READ_ONLY, V(notes),     0, 0, IMPORT_NOTES_MAX, NULL, note_fields, ARRAY_LEN(note_fields), sizeof(struct note_view), "Which lines were repaired or left out: the first 200", NULL },
	{ "more_notes",  JSON_INT,     JSON_READ_ONLY, V(more),      0, 0, 0, NULL,  NULL, 0, 0, "How many notes are not listed", "0" },
	{ "livemode",    JSON_BOOL,    JSON_READ_ONLY, V(livemode),  0, 0, 0, NULL,  NULL, 0, 0, "false in test mode", "true" },
};
/* clang-format on */

static const struct json_resource import_resource = {
	.name = "calendar_import",
	JSON_FIELDS(import_fields),
	.size = sizeof(struct import_view),
	.doc = "What became of a document that was imported.",
};

static struct json_list notes_view(struct arena *mem, const struct import_notes *notes)
{
	struct note_view *views = arena_array(mem, struct note_view, notes->count + 1);
	for (size_t i = 0; i < notes->count; i++)
		views[i] = (struct note_view){ notes->items[i].line,
			notes->items[i].left_out ? STR("left_out") : STR("repaired"), note_code(notes->items[i].kind),
			note_text(mem, &notes->items[i]) };
	return (struct json_list){ views, notes->count };
}

static err_t check_size(const struct api_call *call)
{
	if (!call->rq->cx.tx || call->rq->body.len <= AT_ONCE_MAX)
		return OK;
	return REFUSE(&call->rq->cx, INVALID_VALUE, "Idempotency-Key",
		"With an Idempotency-Key a document has at most %zu KiB. Leave the key out: the same import again "
		"changes "
		"nothing, because each event is known by its UID.",
		AT_ONCE_MAX / 1024);
}

static err_t run_import(struct api_call *call, struct response *rs)
{
	const struct import_params *params = call->params;
	struct ctx *cx = &call->rq->cx;
	struct calendar calendar;
	struct import_result result;
	TRY(calendar_by_id(cx, &call->actor, params->id, &calendar));
	TRY(calendar_type_check(call->rq));
	TRY(check_size(call));
	err_t e = calendar_import(
		cx, &call->actor, &calendar, call->rq->body, str_eq(params->existing, STR("skip")), &result);
	if (result.created + result.updated > 1) /* one was counted with the request */
		access_charge_writes(call->rq, call->actor.owner, result.created + result.updated - 1);
	TRY(e);
	const struct import_view view = {
		.object = STR("calendar_import"),
		.calendar = calendar.id,
		.created = result.created,
		.updated = result.updated,
		.unchanged = result.unchanged,
		.repaired = result.repaired,
		.left_out = result.left_out,
		.more = result.notes.more,
		.notes = notes_view(cx->mem, &result.notes),
		.livemode = !id_is_test(calendar.account),
	};
	api_reply(call, rs, &view);
	return OK;
}

const struct contract import_calendar = {
	.id = "importCalendar",
	.summary = "Events, tasks and journal entries of an iCalendar file into a calendar, each by its UID.",
	PARAMS(import_params, struct import_params),
	.body_type = "text/calendar",
	.body_example =
		"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\nBEGIN:VEVENT\r\nUID:1@example.com\r\n"
		"DTSTAMP:20261101T080000Z\r\nDTSTART:20261124T090000Z\r\nDTEND:20261124T100000Z\r\n"
		"SUMMARY:Planning\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
	.answer = &import_resource,
	.status = 200,
	ERRORS(NOT_FOUND, FORBIDDEN, DAV_QUOTA, ICAL_DATA, ICAL_MEDIA, TOO_COSTLY),
	.flags = SETTLES_ITSELF,
	.run = run_import,
};
