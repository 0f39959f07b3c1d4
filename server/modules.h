/* SPDX-License-Identifier: Apache-2.0 */
/* The list of modules, authenticators and jobs: modules.c is the only place that knows them all. */
#pragma once

#include "server/cli/runtime.h"
#include "server/http/router.h"
#include "server/jobs/jobs.h"

/*
 * What a server is made of, over this runtime. Lives in cx->mem, which must outlive the server. Registers the hooks
 * between modules that do not know each other.
 */
struct app *app_new(struct ctx *cx, const struct runtime *runtime);

struct job_table {
	const struct job *rows;
	size_t count;
};

/* What is to run beside it, of all modules; in cx->mem, like the app. */
struct job_table app_jobs(struct ctx *cx, const struct app *app, const struct runtime *runtime);

/* When no request and no job runs any more: writes the last uses that were collected. */
void app_close(struct app *app);

/* The modules without a runtime: for `calends routes` and the documents made from tables. */
struct app *app_outline(struct ctx *cx);
