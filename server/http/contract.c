/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/contract.h"

#include <string.h>

#include "server/auth/scope.h"

static const enum err_kind of_every_call[] = { MISSING_CREDENTIALS, CREDENTIALS_INVALID, KEY_REVOKED, TOKEN_INVALID,
	TOKEN_EXPIRED, TOKEN_REVOKED, PLAN_REQUIRED, INSUFFICIENT_SCOPE, KEY_KIND_NOT_ALLOWED, ACCOUNT_MISMATCH,
	KEY_IN_BROWSER, IP_NOT_ALLOWED, ORIGIN_NOT_ALLOWED, ACCOUNT_DEACTIVATED, MALFORMED, MISSING_FIELD,
	INVALID_VALUE, UNKNOWN_FIELD, METHOD_NOT_ALLOWED, PRECONDITION, TIMEOUT, TOO_LARGE, MEDIA_TYPE, RATE_LIMITED,
	INTERNAL, UNAVAILABLE,
	/* of those that write */
	IDEMPOTENCY_RUNNING, IDEMPOTENCY_IN_USE, DISK_FULL };
#define WRITES_ALONE 3

bool contract_writes(const struct contract *contract, enum method method)
{
	return method != METHOD_GET && method != METHOD_HEAD && !(contract->flags & ONLY_READS);
}

const enum err_kind *contract_common_errors(bool writes, size_t *count)
{
	*count = ARRAY_LEN(of_every_call) - (writes ? 0 : WRITES_ALONE);
	return of_every_call;
}

bool contract_names(const struct contract *contract, enum err_kind kind)
{
	for (size_t i = 0; i < ARRAY_LEN(of_every_call); i++)
		if (of_every_call[i] == kind)
			return true;
	for (size_t i = 0; i < contract->error_count; i++)
		if (contract->errors[i] == kind)
			return true;
	return false;
}

/* ---- parameters ---- */

#define P(member) offsetof(struct page_params, member)

/* clang-format off */
static const struct json_field page_fields[] = {
	/* name             kind      flags offset             given min max             of */
	{ "limit",          JSON_INT, 0,    P(limit),          0,    1,  PAGE_LIMIT_MAX, NULL, NULL, 0, 0, "Items in a page; 25 unless said", "25" },
	{ "starting_after", JSON_STR, 0,    P(starting_after), 0,    0,  0,              NULL, NULL, 0, 0, "The page after: `next_cursor` of the one before", "cur_nTzSdVfS7mJwPWV2dF8wMzU1V0h1Q0ZmUnBNZkI1M21DOVo2" },
	{ "ending_before",  JSON_STR, 0,    P(ending_before),  0,    0,  0,              NULL, NULL, 0, 0, "The page before: `previous_cursor` of the one after", "cur_nTzSdVfS7mJwPWV2dF8wMzU1V0h1Q0ZmUnBNZkI1M21DOVo2" },
};
#define CREATED(sign, doc) { "created[" #sign "]", JSON_TIME, 0, P(created.sign), P(created.has_##sign), 0, 0, NULL, NULL, 0, 0, doc, NULL }
static const struct json_field created_fields[] = {
	CREATED(gte, "Those alone whose `created_at` is this or later. A page may then have fewer items than `limit` while `has_more` is true: read on"),
	CREATED(gt,  "Those alone whose `created_at` is later"),
	CREATED(lte, "Those alone whose `created_at` is this or earlier"),
	CREATED(lt,  "Those alone whose `created_at` is earlier"),
};
/* clang-format on */

static void add_fields(
	struct json_field *to, size_t *count, const struct json_field *fields, size_t field_count, size_t at)
{
	for (size_t i = 0; i < field_count; i++) {
		to[*count] = fields[i];
		to[*count].offset += at;
		to[*count].given += fields[i].given ? at : 0;
		++*count;
	}
}

const struct json_field *contract_params(
	struct arena *mem, const struct contract *contract, size_t *count_out, size_t *size_out)
{
	size_t count = contract->param_count, at = PAGE_PARAMS_AT(contract);
	*count_out = count;
	*size_out = contract->params_size;
	if (contract->shape != ANSWER_LIST)
		return contract->params;
	struct json_field *fields =
		arena_array(mem, struct json_field, count + ARRAY_LEN(page_fields) + ARRAY_LEN(created_fields));
	if (count)
		memcpy(fields, contract->params, count * sizeof *fields);
	if (contract->flags & BY_CREATED)
		add_fields(fields, &count, created_fields, ARRAY_LEN(created_fields), at);
	add_fields(fields, &count, page_fields, ARRAY_LEN(page_fields), at);
	*count_out = count;
	*size_out = at + sizeof(struct page_params);
	return fields;
}

/* ---- for docs ---- */

static void print_limits(struct buf *out, const struct json_field *f, const char *unit)
{
	if (f->max && f->min == f->max)
		buf_fmt(out, " of %lld%s", (long long)f->max, unit);
	else if (f->max)
		buf_fmt(out, " of %lld to %lld%s", (long long)f->min, (long long)f->max, unit);
	else if (f->min)
		buf_fmt(out, " of at least %lld%s", (long long)f->min, unit);
}

void field_type_print(struct buf *out, const struct json_field *f)
{
	bool sent = !(f->flags & JSON_READ_ONLY);
	switch (f->kind) {
	case JSON_STR:
		BUF_LIT(out, "text");
		if (sent && f->of)
			buf_fmt(out, " written %s", f->of);
		else if (sent)
			print_limits(out, f, " characters");
		return;
	case JSON_WORD:
		buf_fmt(out, "one of: %s", f->of);
		return;
	case JSON_INT:
		BUF_LIT(out, "whole number");
		if (sent)
			print_limits(out, f, "");
		return;
	case JSON_BOOL:
		BUF_LIT(out, "true or false");
		return;
	case JSON_TIME:
		BUF_LIT(out, "RFC 3339 time");
		return;
	case JSON_ID:
		buf_fmt(out, "id %s_…", f->of);
		return;
	case JSON_STRS:
		BUF_LIT(out, "list of texts");
		print_limits(out, f, "");
		return;
	case JSON_OBJECT:
		BUF_LIT(out, "object");
		return;
	case JSON_OBJECTS:
		BUF_LIT(out, "list of objects");
		print_limits(out, f, "");
		return;
	case JSON_MILLI:
		BUF_LIT(out, "number");
		return;
	case JSON_MAP:
		BUF_LIT(out, "objects by name");
		return;
	}
}

static void print_notes(struct buf *out, const struct json_field *f)
{
	static const struct {
		unsigned flag;
		const char *note;
	} notes[] = {
		{ JSON_IN_PATH, "in the path" },
		{ JSON_REQUIRED, "required" },
		{ JSON_NULLABLE, "may be null" },
		{ JSON_READ_ONLY, "set by the server" },
		{ JSON_WRITE_ONLY, "never answered" },
		{ JSON_OPEN, "open" },
		{ JSON_OPTIONAL, "left out where there is none" },
	};
	size_t before = out->len;
	for (size_t i = 0; i < ARRAY_LEN(notes); i++)
		if (f->flags & notes[i].flag)
			buf_fmt(out, "%s%s", out->len > before ? ", " : "", notes[i].note);
}

const char *field_repeats(const struct json_field *f)
{
	return f->kind == JSON_OBJECTS ? "[]" : f->kind == JSON_MAP ? ".*" : "";
}

static void print_rows(struct buf *out, const struct json_field *fields, size_t count, const char *within)
{
	for (size_t i = 0; i < count; i++) {
		const struct json_field *f = &fields[i];
		buf_fmt(out, "| `%s%s` | ", within, f->name);
		field_type_print(out, f);
		BUF_LIT(out, " | ");
		print_notes(out, f);
		buf_fmt(out, " | %s |\n", f->doc ? f->doc : "");
		if (f->field_count)
			print_rows(out, f->fields, f->field_count,
				str_fmt(out->mem, "%s%s%s.", within, f->name, field_repeats(f)).ptr);
	}
}

static void print_table(struct buf *out, const char *first, const struct json_field *fields, size_t count)
{
	buf_fmt(out, "\n| %s | type | | |\n| --- | --- | --- | --- |\n", first);
	print_rows(out, fields, count, "");
}

void resource_print(struct buf *out, const struct json_resource *resource)
{
	buf_fmt(out, "\n### `%s`\n\n%s", resource->name, resource->doc);
	if (resource->reads)
		buf_fmt(out, " Shown whole with `%.*s`.", STR_ARG(scope_text(out->mem, resource->reads)));
	buf_char(out, '\n');
	print_table(out, "field", resource->fields, resource->count);
}

static void print_answer(struct buf *out, const struct contract *c)
{
	buf_fmt(out, " Answer: %d", c->status);
	switch (c->shape) {
	case ANSWER_ONE:
		buf_fmt(out, ", `%s`", c->answer->name);
		break;
	case ANSWER_LIST:
		buf_fmt(out, ", a page of a `list` of `%s`", c->answer->name);
		break;
	case ANSWER_CHANGES:
		buf_fmt(out, ", a `list` of `%s` and of those that are `deleted`, with `next_sync_token`",
			c->answer->name);
		break;
	case ANSWER_DELETED:
		buf_fmt(out, ", `id` and `deleted` of the `%s`", c->answer->name);
		break;
	case ANSWER_DATA:
		buf_fmt(out, ", `%s` in `data`", c->answer->name);
		break;
	case ANSWER_DATA_LIST:
		buf_fmt(out, ", a list of `%s` in `data`", c->answer->name);
		break;
	case ANSWER_TEXT:
		buf_fmt(out, ", `%s`", c->also_as);
		break;
	case ANSWER_NONE:
		BUF_LIT(out, ", empty");
		break;
	}
	if (c->also_as && c->shape != ANSWER_TEXT)
		buf_fmt(out, ", or `%s` by Accept", c->also_as);
	if (c->flags & MAY_BE_EMPTY)
		BUF_LIT(out, ", or 204");
	if (c->flags & TAKES_IF_NONE_MATCH)
		BUF_LIT(out, ", or 304 by If-None-Match");
	buf_char(out, '.');
}

static bool same_code(enum err_kind a, enum err_kind b)
{
	return err_row(a)->api_status == err_row(b)->api_status &&
	       str_eq(str_of(err_row(a)->api_code), str_of(err_row(b)->api_code));
}

/* Several kinds may have one code. */
static void print_errors(struct buf *out, const struct contract *c)
{
	for (size_t i = 0; i < c->error_count; i++) {
		size_t first = 0;
		while (!same_code(c->errors[first], c->errors[i]))
			first++;
		if (first == i)
			buf_fmt(out, "%s%d `%s`", i ? ", " : " Fails with ", err_row(c->errors[i])->api_status,
				err_row(c->errors[i])->api_code);
	}
	if (c->error_count)
		buf_char(out, '.');
}

void contract_print(struct buf *out, const struct contract *c)
{
	buf_fmt(out, "%s", c->summary);
	if (c->body)
		buf_fmt(out, " Body: `%s`%s.", c->body->name, c->flags & BODY_OPTIONAL ? ", or none" : "");
	if (c->body_type)
		buf_fmt(out, " Body: `%s`.", c->body_type);
	print_answer(out, c);
	if (c->flags & TAKES_IF_MATCH)
		BUF_LIT(out, " Takes If-Match.");
	print_errors(out, c);
	buf_char(out, '\n');
	size_t count, size;
	const struct json_field *params = contract_params(out->mem, c, &count, &size);
	if (count)
		print_table(out, "parameter", params, count);
}
