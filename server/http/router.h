/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One declarative table of routes a module. Modules are asked in order: a request belongs to the first under whose
 * prefix it is and that has its path for this method (else its path); one that no module has is shown by the first
 * whose prefix fitted. The router
 * finds the row, authenticates, reads and parses the body as the row says, calls the handler, and has an error shown in
 * the module's clothes. HEAD, OPTIONS and Allow follow from the table: a GET row answers HEAD, and OPTIONS needs no
 * row.
 */
#pragma once

#include "server/http/route.h"

/* Answer one request; never fails. Ends the ctx (db_end) and writes the log line. */
void router_run(struct request *rq, struct response *rs);

/* For `calends routes` and docs: one row each, method, path, who, scope, body, source. */
void router_print(const struct app *app, struct buf *out);
