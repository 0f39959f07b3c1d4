/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/cli/command.h"

/* `calends doctor`: one line a check, good, warning or bad, and what to do. Fails when one is bad. */
err_t doctor_command(struct ctx *cx, const struct command_call *call);
