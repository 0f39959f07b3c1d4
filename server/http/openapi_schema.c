/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/openapi_private.h"

#include "server/data/json_mask.h"
#include "server/http/openapi.h"

#define SCHEMA "#/components/schemas/"

void openapi_text(struct json *j, const char *key, const char *value)
{
	json_str(j, key, str_of(value));
}

const char *openapi_schema_name(struct arena *mem, const struct json_resource *resource, enum way way)
{
	static const char *const ways[] = {
		[ANSWERED] = "",
		[ANSWERED_OPEN] = ".open",
		[MADE] = ".create",
		[CHANGED] = ".update",
	};
	return str_c(mem, str_fmt(mem, "%s%s", resource->name, ways[way]));
}

void openapi_reference(struct json *j, const struct json_resource *resource, enum way way)
{
	json_str(j, "$ref", str_fmt(j->out->mem, SCHEMA "%s", openapi_schema_name(j->out->mem, resource, way)));
}

/* ---- schemas of fields (JSON Schema 2020-12) ---- */

static void type(struct json *j, const struct json_field *f, const char *name)
{
	if (!(f->flags & JSON_NULLABLE)) {
		openapi_text(j, "type", name);
		return;
	}
	json_array(j, "type");
	openapi_text(j, NULL, name);
	openapi_text(j, NULL, "null");
	json_array_end(j);
}

static void limits(struct json *j, const struct json_field *f, const char *least, const char *most)
{
	if (f->min)
		json_int(j, least, f->min);
	if (f->max)
		json_int(j, most, f->max);
}

static void words(struct json *j, const struct json_field *f)
{
	struct str rest = str_of(f->of), word;
	json_array(j, "enum");
	while (str_cut(&rest, ' ', &word))
		json_str(j, NULL, word);
	if (f->flags & JSON_NULLABLE)
		json_null(j, NULL);
	json_array_end(j);
}

/* An object that holds many: its schema stands below the name of where they are. */
static void held_object(struct json *j, const char *where, const struct json_field *f, enum way way)
{
	json_object(j, where);
	openapi_text(j, "type", "object");
	openapi_properties(j, f->fields, f->field_count, way);
	json_object_end(j);
}

static const struct {
	const char *type, *least, *most;
} kinds[] = {
	[JSON_STR] = { "string", "minLength", "maxLength" },
	[JSON_WORD] = { "string", NULL, NULL },
	[JSON_INT] = { "integer", "minimum", "maximum" },
	[JSON_BOOL] = { "boolean", NULL, NULL },
	[JSON_TIME] = { "string", NULL, NULL },
	[JSON_ID] = { "string", NULL, NULL },
	[JSON_STRS] = { "array", "minItems", "maxItems" },
	[JSON_OBJECT] = { "object", NULL, NULL },
	[JSON_OBJECTS] = { "array", "minItems", "maxItems" },
	[JSON_MILLI] = { "number", NULL, NULL },
	[JSON_MAP] = { "object", NULL, NULL },
};

/* What is answered was stored under other limits perhaps, so that only what is sent is told its own. */
void openapi_type(struct json *j, const struct json_field *f, enum way way)
{
	bool sent = !IS_ANSWERED(way);
	type(j, f, kinds[f->kind].type);
	if (sent && kinds[f->kind].least)
		limits(j, f, kinds[f->kind].least, kinds[f->kind].most);
	switch (f->kind) {
	case JSON_STR:
		if (sent && f->of)
			json_str(j, "pattern", json_mask_pattern(j->out->mem, f->of));
		return;
	case JSON_WORD:
		words(j, f);
		return;
	case JSON_TIME:
		openapi_text(j, "format", "date-time");
		return;
	case JSON_ID:
		json_str(j, "pattern", str_fmt(j->out->mem, "^%s_[0-9A-Za-z]{22}$", f->of));
		return;
	case JSON_STRS:
		json_object(j, "items");
		openapi_text(j, "type", "string");
		json_object_end(j);
		return;
	case JSON_OBJECT:
		openapi_properties(j, f->fields, f->field_count, way);
		return;
	case JSON_OBJECTS:
		held_object(j, "items", f, way);
		return;
	case JSON_MAP:
		held_object(j, "additionalProperties", f, way);
		return;
	case JSON_INT:
	case JSON_BOOL:
	case JSON_MILLI:
		return;
	}
}

/* Of answers all fields are there but those that say otherwise; of what is sent, those that must be. */
static bool is_required(const struct json_field *f, enum way way)
{
	if (way == ANSWERED_OPEN && !(f->flags & JSON_OPEN))
		return false;
	return IS_ANSWERED(way) ? !(f->flags & JSON_OPTIONAL)
				: way == MADE && (f->flags & (JSON_REQUIRED | JSON_NEEDED));
}

static bool goes(const struct json_field *f, enum way way)
{
	if (!IS_ANSWERED(way))
		return !(f->flags & JSON_READ_ONLY);
	return !(f->flags & JSON_WRITE_ONLY);
}

static void field_schema(struct json *j, const char *key, const struct json_field *f, enum way way)
{
	json_object(j, key);
	openapi_type(j, f, way == ANSWERED_OPEN ? ANSWERED : way); /* what is told is whole */
	if (f->doc)
		openapi_text(j, "description", f->doc);
	json_object_end(j);
}

void openapi_properties(struct json *j, const struct json_field *fields, size_t count, enum way way)
{
	json_object(j, "properties");
	for (size_t i = 0; i < count; i++)
		if (goes(&fields[i], way))
			field_schema(j, fields[i].name, &fields[i], way);
	json_object_end(j);
	json_array(j, "required");
	for (size_t i = 0; i < count; i++)
		if (goes(&fields[i], way) && is_required(&fields[i], way))
			openapi_text(j, NULL, fields[i].name);
	json_array_end(j);
	if (!IS_ANSWERED(way))
		json_bool(j, "additionalProperties", false);
}

static void add_fields(struct json *j, const struct json_field *fields, size_t count, enum way way)
{
	for (size_t i = 0; i < count; i++)
		if (goes(&fields[i], way))
			field_schema(j, fields[i].name, &fields[i], way);
}

static void add_required(struct json *j, const struct json_field *fields, size_t count, enum way way)
{
	for (size_t i = 0; i < count; i++)
		if (goes(&fields[i], way) && (fields[i].flags & JSON_IN_PATH || is_required(&fields[i], way)))
			openapi_text(j, NULL, fields[i].name);
}

void openapi_input(struct json *j, const struct contract *contract, const struct json_field *extra, size_t extra_count)
{
	enum way way = contract->flags & BODY_IS_CHANGE ? CHANGED : MADE;
	const struct json_resource none = { 0 }, *body = contract->body ? contract->body : &none;
	size_t count, size;
	const struct json_field *params = contract_params(j->out->mem, contract, &count, &size);
	openapi_text(j, "type", "object");
	json_object(j, "properties");
	add_fields(j, params, count, MADE);
	add_fields(j, body->fields, body->count, way);
	add_fields(j, extra, extra_count, MADE);
	json_object_end(j);
	json_array(j, "required");
	add_required(j, params, count, MADE);
	add_required(j, body->fields, body->count, way);
	json_array_end(j);
	json_bool(j, "additionalProperties", false);
}

/* ---- examples: a value of each field as its table has it ---- */

void openapi_example(struct json *j, const char *key, const struct json_field *f, enum way way)
{
	struct str rest = str_of(f->of), word;
	switch (f->kind) {
	case JSON_STR:
		json_str(j, key, f->example ? str_of(f->example) : STR_ABSENT);
		return;
	case JSON_WORD:
		json_str(j, key, f->example ? str_of(f->example) : str_cut(&rest, ' ', &word) ? word : STR_ABSENT);
		return;
	case JSON_INT:
		json_raw(j, key, str_of(f->example ? f->example : "1"));
		return;
	case JSON_BOOL:
		json_raw(j, key, str_of(f->example ? f->example : "false"));
		return;
	case JSON_TIME:
		json_str(j, key, str_of(f->example ? f->example : "2026-11-24T09:00:00Z"));
		return;
	case JSON_ID:
		json_str(j, key, str_fmt(j->out->mem, "%s_0355WHuCFfRpMfB53mC9Z6", f->of));
		return;
	case JSON_STRS:
		json_array(j, key);
		if (f->example)
			openapi_text(j, NULL, f->example);
		json_array_end(j);
		return;
	case JSON_OBJECT:
		openapi_example_object(j, key, f->fields, f->field_count, way);
		return;
	case JSON_OBJECTS:
		json_array(j, key);
		openapi_example_object(j, NULL, f->fields, f->field_count, way);
		json_array_end(j);
		return;
	case JSON_MILLI:
		json_raw(j, key, str_of(f->example ? f->example : "0.000"));
		return;
	case JSON_MAP:
		json_object(j, key);
		openapi_example_object(j, f->example, f->fields, f->field_count, way);
		json_object_end(j);
		return;
	}
}

struct str openapi_value(struct arena *mem, const struct json_field *f)
{
	struct buf out = buf_new(mem, KIB(4));
	struct json j = json_begin(&out);
	openapi_example(&j, NULL, f, CHANGED);
	struct str value = buf_str(&out);
	bool quoted = str_starts(value, STR("\""));
	return quoted ? str_sub(value, 1, value.len - 1) : str_eq(value, STR("null")) ? STR("") : value;
}

/* Of what is sent, the fields that have an example; of answers, all but those that may be left out and have none. */
static bool is_shown(const struct json_field *f, enum way way)
{
	bool always = IS_ANSWERED(way) ? !(f->flags & JSON_OPTIONAL) : (f->flags & JSON_REQUIRED) != 0;
	return goes(f, way) && (always || f->example);
}

void openapi_example_object(
	struct json *j, const char *key, const struct json_field *fields, size_t count, enum way way)
{
	json_object(j, key);
	for (size_t i = 0; i < count; i++)
		if (is_shown(&fields[i], way))
			openapi_example(j, fields[i].name, &fields[i], way);
	json_object_end(j);
}
