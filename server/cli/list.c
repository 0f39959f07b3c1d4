/* SPDX-License-Identifier: Apache-2.0 */
#include "server/cli/list.h"

struct json list_begin(const struct command_call *call)
{
	struct json j = json_begin(call->out);
	json_object(&j, NULL);
	json_str(&j, "object", STR("list"));
	json_array(&j, "data");
	return j;
}

void list_end(struct json *j, const struct command_call *call)
{
	json_array_end(j);
	json_object_end(j);
	BUF_LIT(call->out, "\n");
}
