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
