/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/cli/command.h"

/* Serve until SIGTERM or SIGINT; then stop accepting, finish what runs, flush, stop what was started. */
err_t serve_command(struct ctx *cx, const struct command_call *call);

/* In main, before the first thread: which signals are blocked, how memory is kept flat, that nothing is ever dumped. */
void serve_prepare_process(void);
