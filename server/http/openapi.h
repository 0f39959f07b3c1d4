/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The API as an OpenAPI 3.1 document, made from the route tables, their contracts (contract.h), the tables of fields,
 * scopes and errors. Nothing in it is written by hand, so that it cannot promise what the server does not hold.
 */
#pragma once

#include "server/http/route.h"

/*
 * All modules of `app` that have contracts. `url`: the public URL, without a "/" at its end; absent in a document that
 * lies elsewhere, whose URLs are then relative. Allocates in out->mem.
 */
void openapi_print(struct buf *out, const struct app *app, struct str url);
