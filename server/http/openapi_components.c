/* SPDX-License-Identifier: Apache-2.0 */
/* The member "components" of the document: what its operations name, once each. */
#include <assert.h>

#include "server/auth/scope.h"
#include "server/http/openapi_private.h"
#include "server/http/refusal.h"

#define SCHEMAS_MAX 512

struct schemas {
	struct {
		const struct json_resource *resource;
		enum way way;
	} items[SCHEMAS_MAX];
	size_t count;
};

static void schema_add(struct schemas *schemas, const struct json_resource *resource, enum way way)
{
	for (size_t i = 0; i < schemas->count; i++)
		if (schemas->items[i].resource == resource && schemas->items[i].way == way)
			return;
	assert(schemas->count < SCHEMAS_MAX);
	schemas->items[schemas->count].resource = resource;
	schemas->items[schemas->count++].way = way;
}

static void schemas_of(struct schemas *schemas, const struct module *module)
{
	schema_add(schemas, openapi_error_of(module)->resource, ANSWERED);
	for (size_t i = 0; i < module->route_count; i++) {
		const struct contract *c = module->contracts[i];
		if (c->body)
			schema_add(schemas, c->body, openapi_body_way(c));
		if (!c->answer)
			continue;
		schema_add(schemas, c->answer, ANSWERED);
		if (openapi_may_be_open(&module->routes[i], c))
			schema_add(schemas, c->answer, ANSWERED_OPEN);
	}
}

static void schemas_told(struct schemas *schemas, const struct telling *tells)
{
	schema_add(schemas, tells->envelope, ANSWERED);
	schema_add(schemas, tells->thin, ANSWERED);
	for (size_t i = 0; i < tells->count; i++)
		if (tells->kinds[i].object)
			schema_add(schemas, tells->kinds[i].object, ANSWERED);
}

static void component_schemas(struct json *j, const struct app *app)
{
	struct schemas *schemas = arena_new(j->out->mem, struct schemas);
	*schemas = (struct schemas){ .count = 0 };
	for (size_t i = 0; i < app->module_count; i++)
		if (app->modules[i]->contracts)
			schemas_of(schemas, app->modules[i]);
	for (size_t i = 0; i < app->module_count; i++)
		if (app->modules[i]->tells)
			schemas_told(schemas, app->modules[i]->tells);
	json_object(j, "schemas");
	for (size_t i = 0; i < schemas->count; i++) {
		const struct json_resource *resource = schemas->items[i].resource;
		json_object(j, openapi_schema_name(j->out->mem, resource, schemas->items[i].way));
		openapi_text(j, "type", "object");
		openapi_text(j, "description",
			schemas->items[i].way == ANSWERED_OPEN
				? str_fmt(j->out->mem, "%s Who may not read it is told the required fields alone.",
					  resource->doc)
					  .ptr
				: resource->doc);
		openapi_properties(j, resource->fields, resource->count, schemas->items[i].way);
		json_object_end(j);
	}
	json_object_end(j);
}

/* Once for each form that failures have. */
static void component_responses(struct json *j, const struct app *app)
{
	json_object(j, "responses");
	for (size_t i = 0; i < app->module_count; i++) {
		size_t first = 0;
		if (!app->modules[i]->contracts)
			continue;
		while (!app->modules[first]->contracts ||
			openapi_error_of(app->modules[first]) != openapi_error_of(app->modules[i]))
			first++;
		if (first == i)
			openapi_common_failures(j, openapi_error_of(app->modules[i]));
	}
	json_object_end(j);
}

static void component_headers(struct json *j)
{
	static const struct {
		const char *name, *type, *doc;
	} headers[] = {
		{ "Request-Id", "string", "Names this request in every log line" },
		{ "ETag", "string", "For If-Match and If-None-Match" },
		{ "Location", "string", "Where what was made is" },
		{ "WWW-Authenticate", "string", "How to authenticate, and where (RFC 9728 §5.1)" },
		{ "Retry-After", "integer", "Seconds until another try makes sense" },
		{ "X-RateLimit-Limit", "integer", "Requests that this credential has at once" },
		{ "X-RateLimit-Remaining", "integer", "Of them, how many are left" },
		{ "X-RateLimit-Reset", "integer", "Unix time at which all are there again" },
		{ "RateLimit-Policy", "string",
			"The limit that counts: its name, `q` requests at once, all of which are back after `w` "
			"seconds "
			"(draft-ietf-httpapi-ratelimit-headers)" },
		{ "RateLimit", "string", "Of that limit, `r` requests are left, and in `t` seconds there is another" },
	};
	json_object(j, "headers");
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		json_object(j, headers[i].name);
		openapi_text(j, "description", headers[i].doc);
		json_object(j, "schema");
		openapi_text(j, "type", headers[i].type);
		json_object_end(j);
		json_object_end(j);
	}
	json_object_end(j);
}

static void url_under(struct json *j, const char *key, struct str url, const char *path)
{
	json_str(j, key, str_cat(j->out->mem, url, str_of(path)));
}

static void component_security(struct json *j, struct str url)
{
	json_object(j, "securitySchemes");
	json_object(j, "api_key");
	openapi_text(j, "type", "http");
	openapi_text(j, "scheme", "bearer");
	openapi_text(j, "description", "An API key: `sk_live_…`, `sk_test_…`, `rk_…`, `pk_…` or `cp_…`");
	json_object_end(j);
	json_object(j, "oauth");
	openapi_text(j, "type", "oauth2");
	openapi_text(j, "description", "An access token of a connected account");
	json_object(j, "flows");
	json_object(j, "authorizationCode");
	url_under(j, "authorizationUrl", url, "/oauth/authorize");
	url_under(j, "tokenUrl", url, "/oauth/token");
	url_under(j, "refreshUrl", url, "/oauth/token");
	json_object(j, "scopes");
	for (size_t i = 0; i < scope_row_count; i++)
		openapi_text(j, scope_rows[i].name, scope_rows[i].opens);
	for (size_t i = 0; i < scope_alias_count; i++)
		openapi_text(j, scope_aliases[i].name, scope_aliases[i].doc);
	for (int depth = 0; depth < 5; depth++) /* scopes, authorizationCode, flows, oauth, securitySchemes */
		json_object_end(j);
}

/* ---- the document ---- */

void openapi_components(struct json *j, const struct app *app, struct str url)
{
	json_object(j, "components");
	component_schemas(j, app);
	component_responses(j, app);
	component_headers(j);
	component_security(j, url);
	json_object_end(j);
}
