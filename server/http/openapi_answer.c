/* SPDX-License-Identifier: Apache-2.0 */
/* What an operation answers: its success in the contract's shape (its failures: openapi_failures.c). */
#include "server/http/openapi.h"
#include "server/http/openapi_private.h"

/* ---- what is answered ---- */

void openapi_header(struct json *j, const char *name)
{
	json_object(j, name);
	json_str(j, "$ref", str_fmt(j->out->mem, "#/components/headers/%s", name));
	json_object_end(j);
}

void openapi_limit_headers(struct json *j)
{
	openapi_header(j, "X-RateLimit-Limit");
	openapi_header(j, "X-RateLimit-Remaining");
	openapi_header(j, "X-RateLimit-Reset");
	openapi_header(j, "RateLimit-Policy");
	openapi_header(j, "RateLimit");
}

bool openapi_may_be_open(const struct route *route, const struct contract *c)
{
	return c->answer->reads & ~route->scopes;
}

static void resource_schema(struct json *j, const char *key, const struct route *route, const struct contract *c)
{
	json_object(j, key);
	if (openapi_may_be_open(route, c)) {
		json_array(j, "anyOf");
		for (enum way way = ANSWERED; way <= ANSWERED_OPEN; way++) {
			json_object(j, NULL);
			openapi_reference(j, c->answer, way);
			json_object_end(j);
		}
		json_array_end(j);
	} else {
		openapi_reference(j, c->answer, ANSWERED);
	}
	json_object_end(j);
}

static void constant(struct json *j, const char *key, const char *value)
{
	json_object(j, key);
	openapi_text(j, "const", value);
	json_object_end(j);
}

static void of_type(struct json *j, const char *key, const char *name)
{
	json_object(j, key);
	openapi_text(j, "type", name);
	json_object_end(j);
}

static void required(struct json *j, const char *const *names, size_t count)
{
	json_array(j, "required");
	for (size_t i = 0; i < count; i++)
		openapi_text(j, NULL, names[i]);
	json_array_end(j);
}
#define REQUIRED(j, ...)                                                                                               \
	required(j, (const char *const[]){ __VA_ARGS__ }, ARRAY_LEN(((const char *const[]){ __VA_ARGS__ })))

static void items(struct json *j, const struct route *route, const struct contract *c)
{
	json_object(j, "data");
	openapi_text(j, "type", "array");
	resource_schema(j, "items", route, c);
	json_object_end(j);
}

static void cursor(struct json *j, const char *key, const char *doc)
{
	json_object(j, key);
	openapi_text(j, "description", doc);
	json_array(j, "type");
	openapi_text(j, NULL, "string");
	openapi_text(j, NULL, "null");
	json_array_end(j);
	json_object_end(j);
}

/* What ANSWER_DELETED is, and one of ANSWER_CHANGES may be. */
static void deleted_properties(struct json *j, const struct contract *c)
{
	of_type(j, "id", "string");
	constant(j, "object", c->answer->name);
	json_object(j, "deleted");
	json_bool(j, "const", true);
	json_object_end(j);
	json_object_end(j);
	REQUIRED(j, "id", "object", "deleted");
}

static void changed_items(struct json *j, const struct contract *c)
{
	json_object(j, "data");
	openapi_text(j, "type", "array");
	json_object(j, "items");
	json_array(j, "anyOf");
	json_object(j, NULL);
	openapi_reference(j, c->answer, ANSWERED);
	json_object_end(j);
	json_object(j, NULL);
	openapi_text(j, "type", "object");
	json_object(j, "properties");
	deleted_properties(j, c);
	json_object_end(j);
	json_array_end(j);
	json_object_end(j);
	json_object_end(j);
}

static void answer_schema(struct json *j, const struct route *route, const struct contract *c)
{
	if (c->shape == ANSWER_ONE) {
		resource_schema(j, "schema", route, c);
		return;
	}
	json_object(j, "schema");
	openapi_text(j, "type", "object");
	json_object(j, "properties");
	switch (c->shape) {
	case ANSWER_LIST:
		constant(j, "object", "list");
		items(j, route, c);
		of_type(j, "has_more", "boolean");
		cursor(j, "next_cursor", "For starting_after; null at the end");
		cursor(j, "previous_cursor", "For ending_before; null at the beginning");
		json_object_end(j);
		REQUIRED(j, "object", "data", "has_more", "next_cursor", "previous_cursor");
		break;
	case ANSWER_CHANGES:
		constant(j, "object", "list");
		changed_items(j, c);
		of_type(j, "has_more", "boolean");
		of_type(j, "next_sync_token", "string");
		json_object_end(j);
		REQUIRED(j, "object", "data", "has_more", "next_sync_token");
		break;
	case ANSWER_DELETED:
		deleted_properties(j, c);
		break;
	case ANSWER_DATA:
		resource_schema(j, "data", route, c);
		json_object_end(j);
		REQUIRED(j, "data");
		break;
	case ANSWER_DATA_LIST:
		items(j, route, c);
		json_object_end(j);
		REQUIRED(j, "data");
		break;
	case ANSWER_ONE:
	case ANSWER_TEXT:
	case ANSWER_NONE:
		json_object_end(j);
		break;
	}
	json_object_end(j);
}

static void example_resource(struct json *j, const char *key, const struct contract *c)
{
	openapi_example_object(j, key, c->answer->fields, c->answer->count, ANSWERED);
}

static void answer_example(struct json *j, const char *key, const struct contract *c)
{
	if (c->shape == ANSWER_ONE) {
		example_resource(j, key, c);
		return;
	}
	json_object(j, key);
	switch (c->shape) {
	case ANSWER_LIST:
		openapi_text(j, "object", "list");
		json_array(j, "data");
		example_resource(j, NULL, c);
		json_array_end(j);
		json_bool(j, "has_more", false);
		json_null(j, "next_cursor");
		json_null(j, "previous_cursor");
		break;
	case ANSWER_CHANGES:
		openapi_text(j, "object", "list");
		json_array(j, "data");
		example_resource(j, NULL, c);
		json_array_end(j);
		json_bool(j, "has_more", false);
		openapi_text(j, "next_sync_token", "https://calends.example/dav/sync/cal_0355WHuCFfRpMfB53mC9Z6/7");
		break;
	case ANSWER_DELETED:
		json_str(j, "id", c->answer->fields[0].example ? str_of(c->answer->fields[0].example) : STR(""));
		openapi_text(j, "object", c->answer->name);
		json_bool(j, "deleted", true);
		break;
	case ANSWER_DATA:
		example_resource(j, "data", c);
		break;
	case ANSWER_DATA_LIST:
		json_array(j, "data");
		example_resource(j, NULL, c);
		json_array_end(j);
		break;
	case ANSWER_ONE:
	case ANSWER_TEXT:
	case ANSWER_NONE:
		break;
	}
	json_object_end(j);
}

struct str openapi_answer_example(struct arena *mem, const struct contract *c)
{
	struct buf out = buf_new(mem, KIB(64));
	struct json j = json_begin(&out);
	if (c->shape == ANSWER_TEXT || c->shape == ANSWER_NONE)
		return STR_ABSENT;
	answer_example(&j, NULL, c);
	return buf_str(&out);
}

const char *openapi_status_key(struct json *j, int status)
{
	return str_c(j->out->mem, str_fmt(j->out->mem, "%d", status));
}

static void empty_answer(struct json *j, const struct module *module, int status, const char *what)
{
	json_object(j, openapi_status_key(j, status));
	openapi_text(j, "description", what);
	json_object(j, "headers");
	openapi_header(j, "Request-Id");
	if (module->rate_limited)
		openapi_limit_headers(j);
	json_object_end(j);
	json_object_end(j);
}

static void success(struct json *j, const struct module *module, const struct route *route, const struct contract *c)
{
	if (c->shape == ANSWER_NONE || (c->flags & MAY_BE_EMPTY))
		empty_answer(j, module, 204, "Done; there is nothing to tell.");
	if (c->flags & TAKES_IF_NONE_MATCH)
		empty_answer(j, module, 304, "It is what the caller has.");
	if (c->shape == ANSWER_NONE)
		return;
	json_object(j, openapi_status_key(j, c->status));
	openapi_text(j, "description", c->answer ? c->answer->doc : c->summary);
	json_object(j, "headers");
	openapi_header(j, "Request-Id");
	if (module->rate_limited)
		openapi_limit_headers(j);
	if ((c->flags & TAKES_IF_MATCH) && c->shape != ANSWER_DELETED)
		openapi_header(j, "ETag");
	if (c->status == 201)
		openapi_header(j, "Location");
	json_object_end(j);
	json_object(j, "content");
	if (c->shape != ANSWER_TEXT) {
		json_object(j, "application/json");
		answer_schema(j, route, c);
		answer_example(j, "example", c);
		json_object_end(j);
	}
	if (c->also_as) {
		json_object(j, c->also_as);
		of_type(j, "schema", "string");
		json_object_end(j);
	}
	json_object_end(j);
	json_object_end(j);
}

void openapi_responses(
	struct json *j, const struct module *module, const struct route *route, const struct contract *contract)
{
	json_object(j, "responses");
	success(j, module, route, contract);
	openapi_failures(j, openapi_error_of(module), route, contract);
	json_object_end(j);
}
