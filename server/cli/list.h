/* SPDX-License-Identifier: Apache-2.0 */
/* What `list` commands print with --json: the list object of REST, around the items that the caller writes. */
#pragma once

#include "server/cli/command.h"
#include "server/data/json.h"

struct json list_begin(const struct command_call *call);
void list_end(struct json *j, const struct command_call *call);
