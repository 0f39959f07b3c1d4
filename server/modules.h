/* SPDX-License-Identifier: Apache-2.0 */
/* The list of modules and authenticators: modules.c is the only place that knows them all. */
#pragma once

#include "server/cli/runtime.h"
#include "server/http/router.h"

/*
 * What a server is made of, over this runtime. Lives in cx->mem, which must outlive the server. Registers the hooks
 * between modules that do not know each other.
 */
struct app *app_new(struct ctx *cx, const struct runtime *runtime);

/* When no request runs any more: writes the last uses that were collected. */
void app_close(struct app *app);

/* The modules without a runtime: for `calends routes` and the documents made from tables. */
struct app *app_outline(struct ctx *cx);
