/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The API's operations as the documentation shows them: everything comes from the route tables and their contracts
 * (server/http/contract.h), as the OpenAPI document does.
 */
#pragma once

#include "server/data/html.h"
#include "server/http/contract.h"
#include "server/http/route.h"

/* Operations about one kind of thing, by where their paths begin. */
struct reference_group {
	const char *prefix; /* of paths, at the end of a segment */
	const char *name;   /* below /docs/reference/ */
	const char *title, *about;
	const char *guide, *guide_title; /* a page of the documentation below /docs/; NULL: none */
	const char *page; /* of the dashboard, where these credentials are made and changed; NULL: none */
};
extern const struct reference_group reference_groups[];
extern const size_t reference_group_count;

struct reference_operation {
	const struct module *module;
	const struct route *route;
	const struct contract *contract;
	const struct reference_group *group;
};

/* All operations, in the order of groups and tables. */
const struct reference_operation *reference_operations(struct arena *mem, const struct app *app, size_t *count);
/* The one of this id; false: there is none. */
bool reference_find(struct arena *mem, const struct app *app, struct str id, struct reference_operation *out);

/*
 * May it be tried on a page (web/try.c)? Not where a secret is told, where credentials are made and changed, which have
 * pages that ask for a proof first, and where the answer has no end.
 */
bool reference_may_try(const struct reference_operation *operation);

/* "List webhook endpoints", of the id. */
struct str reference_title(struct arena *mem, const struct contract *contract);

/* Rows `name` of `v` (`part`, and whether it is `code`) of a text whose code stands between backticks. */
void reference_prose(struct html_values *v, const char *name, struct str text);

/* How a table of fields is shown. */
enum reference_way { FIELDS_PARAMS, FIELDS_NEW, FIELDS_CHANGED, FIELDS_ANSWERED };
/* One row `name` with a row `fields` for each of them, those of objects too; no row where there is none. */
void reference_fields(struct arena *mem, struct html_values *v, const char *name, const struct json_field *fields,
	size_t count, enum reference_way way);

/* The same call in each language: it makes one of them appear in `example_curl`, `example_node`, `example_python`. */
void reference_example(
	struct arena *mem, struct html_values *v, struct str url, const struct reference_operation *operation);

/* Rows `operations` of what has all these words, the best first, at most REFERENCE_FOUND_MAX; how many. */
#define REFERENCE_FOUND_MAX 5
size_t reference_search(
	struct arena *mem, struct html_values *v, const struct app *app, const struct str *words, size_t count);
/* A row of a list of operations: `href`, `operation`, `method`, `path` and the rows `summary`. */
void reference_row(struct arena *mem, struct html_values *row, const struct reference_operation *operation);
