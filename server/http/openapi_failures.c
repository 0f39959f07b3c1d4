/* SPDX-License-Identifier: Apache-2.0 */
/* The failures that an operation may end in, by their status: those of every call are told once. */
#include "server/base/err.h"
#include "server/http/openapi.h"
#include "server/http/openapi_private.h"
#include "server/http/refusal.h"

const struct error_form *openapi_error_of(const struct module *module)
{
	return module->error ? module->error : &api_errors;
}

/* The failures of an operation: those of every call first. NULL: these alone. */
struct kinds {
	const enum err_kind *common, *own;
	size_t common_count, count;
};

static struct kinds kinds_of(const struct contract *c, bool writes)
{
	struct kinds kinds = { 0 };
	kinds.common = contract_common_errors(writes, &kinds.common_count);
	kinds.own = c ? c->errors : NULL;
	kinds.count = kinds.common_count + (c ? c->error_count : 0);
	return kinds;
}

static const struct err_row *kind_at(const struct kinds *kinds, size_t i)
{
	return err_row(i < kinds->common_count ? kinds->common[i] : kinds->own[i - kinds->common_count]);
}

/* Has one before it the same status and text? Then nothing more is to be said of it. */
static bool is_told(const struct kinds *kinds, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (kind_at(kinds, k)->api_status == kind_at(kinds, i)->api_status &&
			str_eq(str_of(kind_at(kinds, k)->text), str_of(kind_at(kinds, i)->text)))
			return true;
	return false;
}

/* Is this the first of its status? */
static bool begins_status(const struct kinds *kinds, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (kind_at(kinds, k)->api_status == kind_at(kinds, i)->api_status)
			return false;
	return true;
}

static struct str causes(struct arena *mem, const struct kinds *kinds, int status)
{
	struct buf out = buf_new(mem, 16384);
	for (size_t i = 0; i < kinds->count; i++)
		if (kind_at(kinds, i)->api_status == status && !is_told(kinds, i))
			buf_fmt(&out, "%s`%s`: %s", out.len ? "\n\n" : "", kind_at(kinds, i)->api_code,
				kind_at(kinds, i)->text);
	return buf_str(&out);
}

/* All kinds of one status are one answer: a document can say no more. */
static void failure(struct json *j, const char *key, const struct error_form *form, const struct kinds *kinds,
	const struct err_row *row)
{
	int status = row->api_status;
	json_object(j, key);
	json_str(j, "description", causes(j->out->mem, kinds, status));
	json_object(j, "headers");
	openapi_header(j, "Request-Id");
	if (status == 401)
		openapi_header(j, "WWW-Authenticate");
	if (status == 412)
		openapi_header(j, "ETag");
	if (status == 429 || status == 503)
		openapi_header(j, "Retry-After");
	if (status == 429)
		openapi_limit_headers(j);
	json_object_end(j);
	json_object(j, "content");
	json_object(j, "application/json");
	json_object(j, "schema");
	openapi_reference(j, form->resource, ANSWERED);
	json_object_end(j);
	form->example(j, "example", row);
	json_object_end(j);
	json_object_end(j);
	json_object_end(j);
}

static const char *common_name(struct json *j, const struct error_form *form, int status)
{
	return str_c(j->out->mem, str_fmt(j->out->mem, "%s_%d", form->resource->name, status));
}

void openapi_common_failures(struct json *j, const struct error_form *form)
{
	const struct kinds kinds = kinds_of(NULL, true);
	for (size_t i = 0; i < kinds.count; i++)
		if (begins_status(&kinds, i))
			failure(j, common_name(j, form, kind_at(&kinds, i)->api_status), form, &kinds,
				kind_at(&kinds, i));
}

static bool has_own(const struct kinds *kinds, int status)
{
	for (size_t i = kinds->common_count; i < kinds->count; i++)
		if (kind_at(kinds, i)->api_status == status && !is_told(kinds, i))
			return true;
	return false;
}

void openapi_failures(
	struct json *j, const struct error_form *form, const struct route *route, const struct contract *c)
{
	const struct kinds kinds = kinds_of(c, contract_writes(c, route->method));
	for (size_t i = 0; i < kinds.count; i++) {
		int status = kind_at(&kinds, i)->api_status;
		if (!begins_status(&kinds, i))
			continue;
		if (has_own(&kinds, status)) {
			failure(j, openapi_status_key(j, status), form, &kinds, kind_at(&kinds, i));
			continue;
		}
		json_object(j, openapi_status_key(j, status));
		json_str(j, "$ref", str_fmt(j->out->mem, "#/components/responses/%s", common_name(j, form, status)));
		json_object_end(j);
	}
}
