/* SPDX-License-Identifier: Apache-2.0 */
/* tools/call: arguments become a request of the API, its answer becomes the tool's result. */
#pragma once

#include "server/http/request.h"
#include "server/mcp/tools.h"

struct cJSON;

/*
 * Write the members of a CallToolResult. A call that the API refuses is a result, with isError and the API's error
 * object, so that the model can mend it.
 *
 * errors  KEY_KIND_NOT_ALLOWED, INSUFFICIENT_SCOPE: nothing was written; the client asks for more, not the model
 */
MUST_CHECK err_t tool_call(struct request *rq, const struct tool *tool, const struct cJSON *arguments, struct json *j);
