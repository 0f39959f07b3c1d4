/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/openapi.h"

#include "server/auth/credential.h"
#include "server/auth/scope.h"
#include "server/base/api_version.h"
#include "server/http/openapi_private.h"
#include "server/http/refusal.h"

#define KEYS (ACCOUNT_KEY | SECRET_KEY | RESTRICTED_KEY | PUBLISHABLE_KEY)

enum way openapi_body_way(const struct contract *c)
{
	return c->flags & BODY_IS_CHANGE ? CHANGED : MADE;
}

/* ---- what is sent ---- */

static void parameter(struct json *j, const char *name, const char *where, bool required, const char *doc)
{
	json_object(j, NULL);
	openapi_text(j, "name", name);
	openapi_text(j, "in", where);
	json_bool(j, "required", required);
	if (doc)
		openapi_text(j, "description", doc);
}

static void field_parameter(struct json *j, const struct json_field *f)
{
	bool in_path = f->flags & JSON_IN_PATH;
	parameter(j, f->name, in_path ? "path" : "query", in_path || (f->flags & JSON_REQUIRED), f->doc);
	json_object(j, "schema");
	openapi_type(j, f, CHANGED);
	json_object_end(j);
	if (f->example || f->kind != JSON_STR)
		openapi_example(j, "example", f, CHANGED);
	json_object_end(j);
}

size_t openapi_headers(
	const struct module *module, const struct route *route, const struct contract *c, struct openapi_header *out)
{
	size_t count = 0;
	if (route->who & SECRET_KEY)
		out[count++] = (struct openapi_header){ "Connected-Account",
			"With a platform's secret key: the connection for whose account the call is made",
			"cpa_0355WHuCFfRpMfB53mC9Z6" };
	if (module->versions)
		out[count++] = (struct openapi_header){ "Api-Version",
			"The version of the API that is meant: without it, that of the day when the key or the app was "
			"made. Each answer tells it",
			api_version_newest()->name };
	if (contract_writes(c, route->method))
		out[count++] = (struct openapi_header){ "Idempotency-Key",
			"Of the caller's making, one for each thing that is to be done: repeated within a day with the "
			"same request, it is answered as it was, with Idempotent-Replayed, and not done again",
			"5e7c1f0a-0d53-4b6e-9c3a-7f1d2b8e4a60" };
	if (c->flags & TAKES_IF_MATCH)
		out[count++] = (struct openapi_header){ "If-Match",
			"Only if it is still what has this tag (RFC 9110 §13.1.1)", "\"1\"" };
	if (c->flags & TAKES_IF_NONE_MATCH)
		out[count++] = (struct openapi_header){ "If-None-Match",
			"304 if it is still what has this tag (RFC 9110 §13.1.2)", "\"1\"" };
	return count;
}

static void header_parameter(struct json *j, const struct openapi_header *header)
{
	parameter(j, header->name, "header", false, header->doc);
	json_object(j, "schema");
	openapi_text(j, "type", "string");
	json_object_end(j);
	openapi_text(j, "example", header->example);
	json_object_end(j);
}

static void parameters(struct json *j, const struct module *module, const struct route *route, const struct contract *c)
{
	size_t count, size;
	const struct json_field *fields = contract_params(j->out->mem, c, &count, &size);
	struct openapi_header headers[OPENAPI_HEADERS_MAX];
	size_t header_count = openapi_headers(module, route, c, headers);
	json_array(j, "parameters");
	for (size_t i = 0; i < count; i++)
		field_parameter(j, &fields[i]);
	for (size_t i = 0; i < header_count; i++)
		header_parameter(j, &headers[i]);
	json_array_end(j);
}

static void other_body(struct json *j, const struct contract *c)
{
	json_object(j, "requestBody");
	json_bool(j, "required", true);
	json_object(j, "content");
	json_object(j, c->body_type);
	json_object(j, "schema");
	openapi_text(j, "type", "string");
	json_object_end(j);
	openapi_text(j, "example", c->body_example);
	json_object_end(j);
	json_object_end(j);
	json_object_end(j);
}

static void request_body(struct json *j, const struct contract *c)
{
	if (c->body_type)
		other_body(j, c);
	if (!c->body)
		return;
	json_object(j, "requestBody");
	json_bool(j, "required", !(c->flags & BODY_OPTIONAL));
	json_object(j, "content");
	json_object(j, "application/json");
	json_object(j, "schema");
	openapi_reference(j, c->body, openapi_body_way(c));
	json_object_end(j);
	openapi_example_object(j, "example", c->body->fields, c->body->count, openapi_body_way(c));
	json_object_end(j);
	json_object_end(j);
	json_object_end(j);
}

struct str openapi_body_example(struct arena *mem, const struct contract *c)
{
	struct buf out = buf_new(mem, KIB(64));
	struct json j = json_begin(&out);
	if (!c->body)
		return str_of(c->body_example);
	openapi_example_object(&j, NULL, c->body->fields, c->body->count, openapi_body_way(c));
	return buf_str(&out);
}

/* ---- operations ---- */

/* Any one of these is enough: a token with the scopes, or a key. */
static void security(struct json *j, const struct route *route)
{
	json_array(j, "security");
	if (route->who & TOKEN) {
		json_object(j, NULL);
		json_array(j, "oauth");
		for (size_t i = 0; i < scope_row_count; i++)
			if (route->scopes & scope_rows[i].bit)
				openapi_text(j, NULL, scope_rows[i].name);
		json_array_end(j);
		json_object_end(j);
	}
	if (route->who & KEYS) {
		json_object(j, NULL);
		json_array(j, "api_key");
		json_array_end(j);
		json_object_end(j);
	}
	json_array_end(j);
}

static void operation(struct json *j, const struct module *module, const struct route *route, const struct contract *c)
{
	json_object(j, str_c(j->out->mem, str_lower(j->out->mem, str_of(method_name(route->method)))));
	openapi_text(j, "operationId", c->id);
	openapi_text(j, "summary", c->summary);
	json_array(j, "tags");
	openapi_text(j, NULL, module->name);
	json_array_end(j);
	if (c->flags & OF_TEST_MODE)
		json_bool(j, "x-test-mode-only", true);
	security(j, route);
	parameters(j, module, route, c);
	request_body(j, c);
	openapi_responses(j, module, route, c);
	json_object_end(j);
}

/* "/v1/events/:event" as "/v1/events/{event}" */
static const char *path_template(struct buf *out, const char *path)
{
	struct buf text = buf_new(out->mem, 512);
	struct str rest = str_from(str_of(path), 1), segment;
	while (str_cut(&rest, '/', &segment))
		if (str_starts(segment, STR(":")))
			buf_fmt(&text, "/{%.*s}", STR_ARG(str_from(segment, 1)));
		else
			buf_fmt(&text, "/%.*s", STR_ARG(segment));
	return str_c(out->mem, buf_str(&text));
}

/* A path's operations stand together, where its first is. */
static void paths_of(struct json *j, const struct module *module)
{
	for (size_t i = 0; i < module->route_count; i++) {
		struct str path = str_of(module->routes[i].path);
		size_t first = 0;
		while (!str_eq(str_of(module->routes[first].path), path))
			first++;
		if (first < i)
			continue;
		json_object(j, path_template(j->out, module->routes[i].path));
		for (size_t k = i; k < module->route_count; k++)
			if (str_eq(str_of(module->routes[k].path), path))
				operation(j, module, &module->routes[k], module->contracts[k]);
		json_object_end(j);
	}
}

static void head(struct json *j, struct str url)
{
	openapi_text(j, "openapi", "3.1.0");
	json_object(j, "info");
	openapi_text(j, "title", "Calends");
	openapi_text(j, "version", api_version_newest()->name);
	openapi_text(j, "summary", "Calendars for platforms");
	json_object(j, "license");
	openapi_text(j, "name", "Apache-2.0");
	openapi_text(j, "identifier", "Apache-2.0");
	json_object_end(j);
	json_object_end(j);
	json_array(j, "servers");
	json_object(j, NULL);
	json_str(j, "url", url.ptr ? url : STR("/"));
	json_object_end(j);
	json_array_end(j);
}

void openapi_print(struct buf *out, const struct app *app, struct str url)
{
	struct json document = json_begin(out), *j = &document;
	json_object(j, NULL);
	head(j, url);
	json_array(j, "tags");
	for (size_t i = 0; i < app->module_count; i++)
		if (app->modules[i]->contracts) {
			json_object(j, NULL);
			openapi_text(j, "name", app->modules[i]->name);
			json_object_end(j);
		}
	json_array_end(j);
	json_object(j, "paths");
	for (size_t i = 0; i < app->module_count; i++)
		if (app->modules[i]->contracts)
			paths_of(j, app->modules[i]);
	json_object_end(j);
	json_object(j, "webhooks");
	for (size_t i = 0; i < app->module_count; i++)
		if (app->modules[i]->tells)
			openapi_webhooks(j, app->modules[i]->tells);
	json_object_end(j);
	openapi_components(j, app, url);
	json_object_end(j);
}
