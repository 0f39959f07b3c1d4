/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The API as an OpenAPI 3.1 document, made from the route tables, their contracts (contract.h), the tables of fields,
 * scopes and errors. Nothing in it is written by hand, so that it cannot promise what the server does not hold.
 */
#pragma once

#include "server/data/json.h"
#include "server/http/contract.h"
#include "server/http/route.h"

/*
 * All modules of `app` that have contracts. `url`: the public URL, without a "/" at its end; absent in a document that
 * lies elsewhere, whose URLs are then relative. Allocates in out->mem.
 */
void openapi_print(struct buf *out, const struct app *app, struct str url);

/*
 * Members of the JSON Schema of one object that holds all that a call with this contract takes: its parameters and the
 * fields of its body, side by side. `extra` are some more of the caller's; none may be named as one of them.
 */
void openapi_input(struct json *j, const struct contract *contract, const struct json_field *extra, size_t extra_count);

/* The header fields that a call takes beside its credential: how many of at most OPENAPI_HEADERS_MAX. */
#define OPENAPI_HEADERS_MAX 5
struct openapi_header {
	const char *name, *doc, *example;
};
size_t openapi_headers(const struct module *module, const struct route *route, const struct contract *contract,
	struct openapi_header *out);

/* The body that is sent and the one that is answered, as the document has them. Absent: there is none, or no JSON (of
 * what is sent, other text as it is). */
struct str openapi_body_example(struct arena *mem, const struct contract *contract);
struct str openapi_answer_example(struct arena *mem, const struct contract *contract);
/* The example of a parameter (a text, word, number, time or id) as it stands in a path or query, not encoded yet. */
struct str openapi_value(struct arena *mem, const struct json_field *field);
