/* SPDX-License-Identifier: Apache-2.0 */
/* Which module and row a request belongs to. */
#pragma once

#include "server/http/route.h"

/*
 * For tests: does the decoded path fit the pattern? The values of its parameters go to args (at most PATH_ARGS_MAX).
 */
bool path_fits(struct arena *mem, const struct path *path, const char *pattern, struct str *args, size_t *arg_count);

struct match {
	const struct module *module; /* who shows errors; NULL when no module's prefix fits */
	const struct route *route;   /* NULL: no such path, or not for this method */
	bool path_known;
	struct str args[PATH_ARGS_MAX];
	size_t arg_count;
};

/* The row for the method, a GET row for HEAD. */
void match_find(
	struct arena *mem, const struct app *app, const struct path *path, enum method method, struct match *out);

/* The module of a target that could not be decoded, by its raw beginning. */
const struct module *match_raw(const struct app *app, struct str target);

/* What the tables have for any path. */
struct str match_methods(struct arena *mem, const struct app *app);
/* "OPTIONS, GET, HEAD, PUT": what the tables have for this path. `cors`: rows with a CORS flag only. */
struct str match_allow(struct arena *mem, const struct app *app, const struct path *path, bool cors);
