/* SPDX-License-Identifier: Apache-2.0 */
/* The tools that an assistant is offered, one row each: what the model reads of it, and the operation that it is. */
#pragma once

#include "server/data/json.h"
#include "server/http/route.h"

enum tool_effect {
	TOOL_READS,
	TOOL_ADDS,    /* changes nothing that was there */
	TOOL_CHANGES, /* what is there is not what it was */
};

struct tool {
	const char *name, *title, *description;
	const char *operation; /* the id of its contract */
	enum tool_effect effect;
	bool idempotent;  /* done twice it is as done once */
	bool tells_texts; /* its answer has texts that other people wrote */
};

/* NULL for a name that is none. */
const struct tool *tool_find(struct str name);

/* Members of tools/list's result (MCP, "Listing Tools"). */
void tools_list(struct json *j, const struct app *app);

/* What each writing tool takes besides the fields of its operation. */
#define ARGUMENT_STAGE "stage"
#define ARGUMENT_COMMIT "commit"
