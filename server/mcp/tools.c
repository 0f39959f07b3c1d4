/* SPDX-License-Identifier: Apache-2.0 */
#include "server/mcp/tools.h"

#include "server/http/openapi.h"
#include "server/http/subrequest.h"

/* clang-format off */
static const struct tool tools[] = {
	{ "list_calendars", "List calendars",
		"The user's calendars: id, name, time zone, whether events can be written.",
		"listCalendars", TOOL_READS, true, true },
	{ "find_events", "Find events",
		"Events between two times (give both `from` and `to`; a series comes as its instances), or those whose title, description or location has words (`q`). Results come in pages: pass `next_cursor` as `starting_after`.",
		"listEvents", TOOL_READS, true, true },
	{ "read_event", "Read an event",
		"One event with all its fields, by its id (evt_…); an instance of a series has an id of its own.",
		"getEvent", TOOL_READS, true, true },
	{ "create_event", "Create an event",
		"A new event. Times carry an offset (2026-11-24T09:00:00+01:00). Set `stage` to true first to show the user what would be made; then repeat the call with `commit` instead.",
		"createEvent", TOOL_ADDS, false, true },
	{ "update_event", "Change an event",
		"Changes the fields that are given and leaves the others. Set `stage` to true first to show the user what would change; then repeat the call with `commit` instead.",
		"updateEvent", TOOL_CHANGES, true, true },
	{ "cancel_event", "Cancel an event",
		"Marks an event as cancelled; it stays in the calendar as cancelled. Set `stage` to true first to show the user what would be cancelled; then repeat the call with `commit` instead.",
		"cancelEvent", TOOL_CHANGES, true, true },
	{ "free_busy", "Free and busy times",
		"When participants are busy between two times: times alone, no titles. The user is a participant by their usr_ id or e-mail.",
		"queryFreeBusy", TOOL_READS, true, false },
	{ "find_slots", "Find times to meet",
		"Times at which all participants are free, best first.",
		"findSlots", TOOL_READS, true, false },
};
/* clang-format on */

static const struct json_field staging[] = {
	{ .name = ARGUMENT_STAGE,
		.kind = JSON_BOOL,
		.doc = "true: change nothing, and answer with what would be done and with `staged`, good for ten "
		       "minutes" },
	{ .name = ARGUMENT_COMMIT,
		.kind = JSON_STR,
		.max = 200,
		.doc = "What `staged` was: do what was staged. All other arguments are the same as then" },
};

const struct tool *tool_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(tools); i++)
		if (str_eq(name, str_of(tools[i].name)))
			return &tools[i];
	return NULL;
}

/* ToolAnnotations: hints to the client, which asks the user accordingly. */
static void annotations(struct json *j, const struct tool *tool)
{
	json_object(j, "annotations");
	json_str(j, "title", str_of(tool->title));
	json_bool(j, "readOnlyHint", tool->effect == TOOL_READS);
	json_bool(j, "destructiveHint", tool->effect == TOOL_CHANGES);
	json_bool(j, "idempotentHint", tool->idempotent);
	json_bool(j, "openWorldHint", tool->tells_texts); /* what other people write comes into the conversation */
	json_object_end(j);
}

void tools_list(struct json *j, const struct app *app)
{
	json_array(j, "tools");
	for (size_t i = 0; i < ARRAY_LEN(tools); i++) {
		const struct tool *tool = &tools[i];
		bool writes = tool->effect != TOOL_READS;
		json_object(j, NULL);
		json_str(j, "name", str_of(tool->name));
		json_str(j, "title", str_of(tool->title));
		json_str(j, "description", str_of(tool->description));
		json_object(j, "inputSchema");
		openapi_input(j, operation_find(app, str_of(tool->operation)).contract, staging,
			writes ? ARRAY_LEN(staging) : 0);
		json_object_end(j);
		annotations(j, tool);
		json_object_end(j);
	}
	json_array_end(j);
}
