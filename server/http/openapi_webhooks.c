/* SPDX-License-Identifier: Apache-2.0 */
/* The member "webhooks" of the document (OpenAPI 3.1 §4.8.1): what comes to whoever made an endpoint. */
#include "server/http/openapi_private.h"

/* Whole or, where it was deleted or is too large, thin. */
static void object_schema(struct json *j, const struct telling *tells, const struct told_kind *kind)
{
	json_object(j, "object");
	json_array(j, "anyOf");
	for (int thin = kind->object == NULL; thin <= 1; thin++) {
		json_object(j, NULL);
		openapi_reference(j, thin ? tells->thin : kind->object, ANSWERED);
		json_object_end(j);
	}
	json_array_end(j);
	json_object_end(j);
}

static void data_schema(struct json *j, const struct telling *tells, const struct told_kind *kind)
{
	json_object(j, "data");
	openapi_text(j, "type", "object");
	json_object(j, "properties");
	object_schema(j, tells, kind);
	json_object_end(j);
	json_array(j, "required");
	openapi_text(j, NULL, "object");
	json_array_end(j);
	json_object_end(j);
}

static void body_schema(struct json *j, const struct telling *tells, const struct told_kind *kind)
{
	json_array(j, "allOf");
	json_object(j, NULL);
	openapi_reference(j, tells->envelope, ANSWERED);
	json_object_end(j);
	json_object(j, NULL);
	openapi_text(j, "type", "object");
	json_object(j, "properties");
	json_object(j, "type");
	openapi_text(j, "const", kind->type);
	json_object_end(j);
	data_schema(j, tells, kind);
	json_object_end(j);
	json_array(j, "required");
	openapi_text(j, NULL, "type");
	openapi_text(j, NULL, "data");
	json_array_end(j);
	json_object_end(j);
	json_array_end(j);
}

static void responses(struct json *j)
{
	json_object(j, "responses");
	json_object(j, "2XX");
	openapi_text(j, "description", "It was taken. Anything else is tried again.");
	json_object_end(j);
	json_object_end(j);
}

static void webhook(struct json *j, const struct telling *tells, const struct told_kind *kind)
{
	json_object(j, kind->type);
	json_object(j, "post");
	openapi_text(j, "summary", kind->doc);
	json_object(j, "requestBody");
	json_bool(j, "required", true);
	json_object(j, "content");
	json_object(j, "application/json");
	json_object(j, "schema");
	body_schema(j, tells, kind);
	json_object_end(j);
	json_object_end(j);
	json_object_end(j);
	json_object_end(j);
	responses(j);
	json_object_end(j);
	json_object_end(j);
}

void openapi_webhooks(struct json *j, const struct telling *tells)
{
	for (size_t i = 0; i < tells->count; i++)
		webhook(j, tells, &tells->kinds[i]);
}
