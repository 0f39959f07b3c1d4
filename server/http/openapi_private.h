/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the OpenAPI document share: openapi.c writes it, by openapi_schema.c, openapi_answer.c and
 * openapi_failures.c, openapi_webhooks.c, openapi_components.c. */
#pragma once

#include "server/data/json.h"
#include "server/http/contract.h"
#include "server/http/route.h"

/* A resource has a schema for each way that it goes. */
enum way {
	ANSWERED,      /* whole */
	ANSWERED_OPEN, /* to who may not read it: the same fields, of which only the open ones must be there, so that
			  a client that is generated from both reads each field of what it gets */
	MADE,          /* the body that makes one */
	CHANGED        /* the body of a change */
};
#define IS_ANSWERED(way) ((way) <= ANSWERED_OPEN)

/* The way of an operation's body (openapi.c). */
enum way openapi_body_way(const struct contract *contract);

/* ---- openapi_components.c ---- */

/* url: of the server; absent: none. */
void openapi_components(struct json *j, const struct app *app, struct str url);

/* ---- openapi_schema.c: JSON Schema 2020-12 of fields and resources, and examples of them ---- */

void openapi_text(struct json *j, const char *key, const char *value);
/* The name of the resource's schema for this way, in mem. */
const char *openapi_schema_name(struct arena *mem, const struct json_resource *resource, enum way way);
/* "$ref" to that schema, as a member of the open object. */
void openapi_reference(struct json *j, const struct json_resource *resource, enum way way);
/* Members of the schema of one value. */
void openapi_type(struct json *j, const struct json_field *field, enum way way);
/* Members of an object's schema. Unknown fields are refused when sent; answers may have more one day. */
void openapi_properties(struct json *j, const struct json_field *fields, size_t count, enum way way);
/* A value of one field; an object of several: of what is sent those with an example, of answers all. */
void openapi_example(struct json *j, const char *key, const struct json_field *field, enum way way);
void openapi_example_object(
	struct json *j, const char *key, const struct json_field *fields, size_t count, enum way way);

/* ---- openapi_answer.c ---- */

/* May a caller of this route be answered who cannot read the resource? */
bool openapi_may_be_open(const struct route *route, const struct contract *contract);
/* The member "responses": success, and every failure by its status. */
void openapi_responses(
	struct json *j, const struct module *module, const struct route *route, const struct contract *contract);
/* Members of an answer's "headers": one, and those of limits. */
void openapi_header(struct json *j, const char *name);
void openapi_limit_headers(struct json *j);
const char *openapi_status_key(struct json *j, int status);

/* ---- openapi_webhooks.c ---- */

/* Members of "webhooks": a POST of each kind. */
void openapi_webhooks(struct json *j, const struct telling *tells);

/* ---- openapi_failures.c ---- */

/* What the failures of a module look like. */
const struct error_form *openapi_error_of(const struct module *module);
/* Members of components/responses: the failures that any call may end in. */
void openapi_common_failures(struct json *j, const struct error_form *form);
/* Members of "responses": the failures of this operation. */
void openapi_failures(
	struct json *j, const struct error_form *form, const struct route *route, const struct contract *contract);
