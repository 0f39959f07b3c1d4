/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/json_same.h"

static bool same_object(const struct json_field *fields, size_t count, const void *from, const struct cJSON *value)
{
	size_t expected = 0, members = 0;
	if (json_tree_type(value) != JSON_IS_OBJECT)
		return false;
	for (size_t i = 0; i < count; i++)
		expected += !(fields[i].flags & JSON_WRITE_ONLY) && !json_is_left_out(&fields[i], from);
	for (const struct cJSON *m = json_tree_first(value); m; m = json_tree_next(m), members++) {
		size_t i = 0;
		while (i < count && !str_eq(str_of(fields[i].name), json_tree_name(m)))
			i++;
		if (i == count || !json_same(&fields[i], from, m))
			return false;
	}
	return members == expected;
}

/* Absent is null. */
static bool same_text(struct str text, const struct cJSON *value)
{
	if (!text.ptr)
		return json_tree_type(value) == JSON_IS_NULL;
	return json_tree_type(value) == JSON_IS_TEXT && str_eq(json_tree_text(value), text);
}

static bool same_time(struct instant time, const struct cJSON *value)
{
	struct instant read;
	if (time.us == INSTANT_NONE.us)
		return json_tree_type(value) == JSON_IS_NULL;
	return json_tree_type(value) == JSON_IS_TEXT && instant_from_rfc3339(json_tree_text(value), &read) &&
	       instant_s(read) == instant_s(time);
}

static bool same_id(const char *prefix, struct id id, const struct cJSON *value)
{
	struct id read;
	if (id_is_zero(id))
		return json_tree_type(value) == JSON_IS_NULL;
	return json_tree_type(value) == JSON_IS_TEXT && id_parse(json_tree_text(value), prefix, &read) &&
	       id_eq(read, id);
}

static bool same_texts(const struct json_field *f, struct str_list list, const struct cJSON *value)
{
	size_t i = 0;
	if ((f->flags & JSON_NULLABLE) && !list.items)
		return json_tree_type(value) == JSON_IS_NULL;
	if (json_tree_type(value) != JSON_IS_LIST)
		return false;
	const struct cJSON *item = json_tree_first(value);
	for (; item && i < list.count && same_text(list.items[i], item); item = json_tree_next(item))
		i++;
	return !item && i == list.count;
}

static bool same_objects(const struct json_field *f, struct json_list list, const struct cJSON *value)
{
	size_t i = 0;
	if (json_tree_type(value) != JSON_IS_LIST)
		return false;
	const struct cJSON *item = json_tree_first(value);
	for (; item && i < list.count; item = json_tree_next(item), i++)
		if (!same_object(f->fields, f->field_count, (const char *)list.items + i * f->size, item))
			return false;
	return !item && i == list.count;
}

bool json_same(const struct json_field *field, const void *from, const struct cJSON *value)
{
	const void *at = (const char *)from + field->offset;
	int64_t number;
	switch (field->kind) {
	case JSON_STR:
	case JSON_WORD:
		return same_text(*(const struct str *)at, value);
	case JSON_INT:
		if ((field->flags & JSON_NULLABLE) && !*(const int64_t *)at)
			return json_tree_type(value) == JSON_IS_NULL;
		return json_tree_whole(value, &number) && number == *(const int64_t *)at;
	case JSON_BOOL:
		return json_tree_type(value) == JSON_IS_BOOL && json_tree_bool(value) == *(const bool *)at;
	case JSON_TIME:
		return same_time(*(const struct instant *)at, value);
	case JSON_ID:
		return same_id(field->of, *(const struct id *)at, value);
	case JSON_STRS:
		return same_texts(field, *(const struct str_list *)at, value);
	case JSON_OBJECTS:
		return same_objects(field, *(const struct json_list *)at, value);
	case JSON_OBJECT:
		if (field->given && !*((const bool *)from + field->given))
			return json_tree_type(value) == JSON_IS_NULL;
		return same_object(field->fields, field->field_count, at, value);
	case JSON_MILLI:
	case JSON_MAP:
		break; /* of what can be changed there is none */
	}
	return false;
}
