/* SPDX-License-Identifier: Apache-2.0 */
/* The API reference: its beginning, a page for each group of operations and one for each operation. */
#include "server/auth/scope.h"
#include "server/base/config.h"
#include "server/http/openapi.h"
#include "web/docs.h"
#include "web/json_view.h"
#include "web/pages.h"
#include "web/reference.h"

static err_t send(struct request *rq, struct response *rs, const char *name, const struct html_values *v)
{
	struct buf *out = reply_public_page(rs, 200);
	TRY(html_render(&rq->cx, out, "docs_top", v));
	TRY(html_render(&rq->cx, out, name, v));
	TRY(html_render(&rq->cx, out, "docs_bottom", v));
	return docs_send(rq, rs);
}

static void add_heading(struct html_values *v, struct str id, struct str title)
{
	struct html_values *row = html_add_row(v, "headings");
	html_set_flag(v, "headed", true);
	html_set(row, "id", id);
	html_set(row, "heading", title);
}

/* ---- the beginning ---- */

static void add_group(struct arena *mem, struct html_values *v, const struct reference_operation *all, size_t count,
	const struct reference_group *group)
{
	struct html_values *row = html_add_row(v, "reference_groups");
	html_set(row, "name", str_of(group->name));
	html_set(row, "title", str_of(group->title));
	html_set(row, "about", str_of(group->about));
	for (size_t i = 0; i < count; i++)
		if (all[i].group == group)
			reference_row(mem, html_add_row(row, "operations"), &all[i]);
}

err_t docs_reference(struct request *rq, struct response *rs)
{
	struct arena *mem = rq->cx.mem;
	const struct docs_page *page = docs_find(STR("reference"));
	struct html_values *v = docs_values(rq, page->title, page);
	size_t count;
	const struct reference_operation *all = reference_operations(mem, rq->app, &count);
	for (size_t g = 0; g < reference_group_count; g++) {
		add_group(mem, v, all, count, &reference_groups[g]);
		add_heading(v, str_of(reference_groups[g].name), str_of(reference_groups[g].title));
	}
	docs_within_reference(v, NULL);
	struct buf *out = reply_public_page(rs, 200);
	TRY(html_render(&rq->cx, out, "docs_top", v));
	TRY(docs_text(&rq->cx, out, page, v));
	TRY(html_render(&rq->cx, out, "docs_reference", v));
	TRY(html_render(&rq->cx, out, "docs_bottom", v));
	return docs_send(rq, rs);
}

/* ---- a group ---- */

static void add_object(struct arena *mem, struct html_values *v, const struct json_resource *resource)
{
	struct html_values *row = html_add_row(v, "objects");
	struct str id = str_fmt(mem, "object-%s", resource->name);
	html_set(row, "object", str_of(resource->name));
	html_set(row, "id", id);
	reference_prose(row, "about", str_of(resource->doc));
	if (resource->reads)
		html_set(row, "reads", scope_text(mem, resource->reads));
	reference_fields(mem, row, "answered", resource->fields, resource->count, FIELDS_ANSWERED);
	add_heading(v, id, str_fmt(mem, "Object: %s", resource->name));
}

static void set_group(struct html_values *v, const struct reference_group *group)
{
	html_set(v, "group_name", str_of(group->name));
	html_set(v, "group_title", str_of(group->title));
	if (group->guide) {
		html_set(v, "guide", str_of(group->guide));
		html_set(v, "guide_title", str_of(group->guide_title));
	}
}

static err_t show_group(struct request *rq, struct response *rs, const struct reference_group *group)
{
	struct arena *mem = rq->cx.mem;
	struct html_values *v = docs_values(rq, str_of(group->title), NULL);
	size_t count, told = 0;
	const struct reference_operation *all = reference_operations(mem, rq->app, &count);
	const struct json_resource **objects = arena_array(mem, const struct json_resource *, count);
	docs_within_reference(v, group);
	set_group(v, group);
	html_set(v, "about", str_of(group->about));
	add_heading(v, STR("operations"), STR("Operations"));
	for (size_t i = 0; i < count; i++) {
		const struct json_resource *answer = all[i].contract->answer;
		size_t k = 0;
		if (all[i].group != group)
			continue;
		reference_row(mem, html_add_row(v, "operations"), &all[i]);
		while (k < told && objects[k] != answer)
			k++;
		if (answer && k == told) {
			objects[told++] = answer;
			add_object(mem, v, answer);
		}
	}
	return send(rq, rs, "docs_reference_group", v);
}

/* ---- an operation ---- */

static void set_callers(struct html_values *v, const struct route *route)
{
	static const struct {
		enum who kind;
		const char *name, *prefix, *href;
	} kinds[] = {
		{ TOKEN, "access token", "cat_…", "/docs/connect" },
		{ SECRET_KEY, "secret key", "sk_…", "/docs/api-keys" },
		{ RESTRICTED_KEY, "restricted key", "rk_…", "/docs/api-keys" },
		{ ACCOUNT_KEY, "account key", "cp_…", "/docs/api-keys" },
		{ PUBLISHABLE_KEY, "publishable key", "pk_…", "/docs/api-keys" },
	};
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (route->who & kinds[i].kind) {
			struct html_values *row = html_add_row(v, "callers");
			html_set(row, "caller", str_of(kinds[i].name));
			html_set(row, "prefix", str_of(kinds[i].prefix));
			html_set(row, "href", str_of(kinds[i].href));
		}
	for (size_t i = 0; i < scope_row_count; i++)
		if (route->scopes & scope_rows[i].bit)
			html_set(html_add_row(v, "scopes"), "scope", str_of(scope_rows[i].name));
	html_set_flag(v, "owner", route->scopes & OWNER);
	html_set_flag(v, "heavy", route->flags & HEAVY);
	html_set_flag(v, "freebusy", route->flags & RATE_FREEBUSY);
	html_set_flag(v, "of_keys", route->flags & RATE_API_KEYS);
}

static void set_sent(struct arena *mem, struct html_values *v, const struct reference_operation *op)
{
	const struct contract *c = op->contract;
	struct openapi_header headers[OPENAPI_HEADERS_MAX];
	size_t count, size, header_count = openapi_headers(op->module, op->route, c, headers);
	const struct json_field *params = contract_params(mem, c, &count, &size);
	reference_fields(mem, v, "params", params, count, FIELDS_PARAMS);
	if (count)
		add_heading(v, STR("parameters"), STR("Parameters"));
	struct html_values *table = header_count ? html_add_row(v, "headers") : NULL;
	for (size_t i = 0; i < header_count; i++) {
		struct html_values *row = html_add_row(table, "fields");
		html_set(row, "field", str_of(headers[i].name));
		reference_prose(row, "doc", str_of(headers[i].doc));
	}
	if (header_count)
		add_heading(v, STR("headers"), STR("Headers"));
	if (c->body_type)
		html_set(v, "body_type", str_of(c->body_type));
	if (c->body) {
		bool changes = c->flags & BODY_IS_CHANGE;
		html_set_flag(v, "body_optional", c->flags & BODY_OPTIONAL);
		html_set_flag(v, "body_changes", changes);
		reference_fields(
			mem, v, "body", c->body->fields, c->body->count, changes ? FIELDS_CHANGED : FIELDS_NEW);
	}
	if (c->body || c->body_type)
		add_heading(v, STR("body"), STR("Body"));
}

static void set_answer(struct arena *mem, struct html_values *v, const struct contract *c)
{
	static const char *const shapes[] = {
		[ANSWER_ONE] = "The object:",
		[ANSWER_LIST] = "A page of a list, in data; has_more and next_cursor say how it goes on. Each item:",
		[ANSWER_CHANGES] =
			"A list of what is there and of what is deleted, with next_sync_token. What is there:",
		[ANSWER_DELETED] = "Which one is gone: its id, and deleted.",
		[ANSWER_DATA] = "The object, in data:",
		[ANSWER_DATA_LIST] = "A list, in data. Each item:",
		[ANSWER_TEXT] = "Text of the media type",
		[ANSWER_NONE] = "Nothing.",
	};
	add_heading(v, STR("answer"), STR("Answer"));
	html_set(v, "status", str_fmt(mem, "%d", c->status));
	html_set(v, "shape", str_of(shapes[c->shape]));
	html_set_flag(v, "may_be_empty", c->flags & MAY_BE_EMPTY);
	html_set_flag(v, "not_modified", c->flags & TAKES_IF_NONE_MATCH);
	html_set_flag(v, "stays_open", c->flags & STAYS_OPEN);
	html_set_flag(v, "tells_secret", c->flags & TELLS_SECRET);
	if (c->also_as)
		html_set(v, c->shape == ANSWER_TEXT ? "text_type" : "also_as", str_of(c->also_as));
	struct str example = openapi_answer_example(mem, c);
	if (example.ptr)
		html_set(v, "answer_example", json_view(mem, example));
	if (c->answer && c->shape != ANSWER_DELETED)
		reference_fields(mem, v, "answered", c->answer->fields, c->answer->count, FIELDS_ANSWERED);
}

/* Several kinds of failure share a code. */
static void add_errors(
	struct arena *mem, struct html_values *v, const char *name, const enum err_kind *kinds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct err_row *error = err_row(kinds[i]);
		size_t first = 0;
		while (!str_eq(str_of(err_row(kinds[first])->api_code), str_of(error->api_code)))
			first++;
		if (first < i)
			continue;
		struct html_values *row = html_add_row(v, name);
		html_set(row, "code", str_of(error->api_code));
		html_set(row, "text", str_of(error->text));
		html_set(row, "status", str_fmt(mem, "%d", error->api_status));
	}
}

static err_t show_operation(struct request *rq, struct response *rs, const struct reference_operation *op)
{
	struct arena *mem = rq->cx.mem;
	const struct contract *c = op->contract;
	struct html_values *v = docs_values(rq, reference_title(mem, c), NULL);
	size_t common_count;
	const enum err_kind *common = contract_common_errors(contract_writes(c, op->route->method), &common_count);
	docs_within_reference(v, op->group);
	set_group(v, op->group);
	reference_row(mem, v, op);
	html_set(v, "id", str_of(c->id));
	html_set_flag(v, "may_try", reference_may_try(op));
	html_set_flag(v, "test_only", c->flags & OF_TEST_MODE);
	add_heading(v, STR("callers"), STR("Who may call"));
	set_callers(v, op->route);
	set_sent(mem, v, op);
	add_heading(v, STR("example"), STR("Example"));
	reference_example(mem, v, rq->cx.config->public_url, op);
	set_answer(mem, v, c);
	add_heading(v, STR("errors"), STR("Errors"));
	add_errors(mem, v, "errors", c->errors, c->error_count);
	add_errors(mem, v, "common_errors", common, common_count);
	return send(rq, rs, "docs_operation", v);
}

err_t docs_reference_page(struct request *rq, struct response *rs)
{
	struct str name = rq->args[0];
	struct reference_operation op;
	for (size_t g = 0; g < reference_group_count; g++)
		if (str_eq(str_of(reference_groups[g].name), name))
			return show_group(rq, rs, &reference_groups[g]);
	if (reference_find(rq->cx.mem, rq->app, name, &op))
		return show_operation(rq, rs, &op);
	return REFUSE(&rq->cx, NOT_FOUND, "", "The API has no such operation. All of them are at /docs/reference.");
}
