/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/json_tree.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/buf.h"
#include "server/data/json.h"
#include "server/data/json_check.h"

/* ---- cJSON's memory is the arena's ---- */

/*
 * cJSON asks for memory through two functions of the whole process, which know no arena: the arena of the parse that
 * this thread is in stands here. Nothing else in the process uses cJSON.
 */
static _Thread_local struct arena *parsing_into;

static void *take(size_t size)
{
	return arena_take(parsing_into, 1, size);
}

static void leave(void *ptr)
{
	(void)ptr; /* the arena takes all back at once */
}

static void use_arenas(void)
{
	cJSON_InitHooks(&(cJSON_Hooks){ .malloc_fn = take, .free_fn = leave });
}

static cJSON *parse(struct arena *mem, struct str text)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const char *end;
	int failed = pthread_once(&once, use_arenas);
	assert(!failed);
	(void)failed;
	assert(!parsing_into);
	parsing_into = mem;
	cJSON *root = cJSON_ParseWithLengthOpts(text.ptr, text.len, &end, false);
	parsing_into = NULL;
	return root;
}

/* ---- paths ---- */

static void add_path(struct buf *out, const struct json_path *path)
{
	if (!path)
		return;
	add_path(out, path->outer);
	if (path->is_index) {
		buf_fmt(out, "[%zu]", path->index);
		return;
	}
	if (out->len)
		buf_char(out, '.');
	buf_add(out, path->name);
}

/* A hostile name may be long; what is told of it is not. */
const char *json_path_text(struct arena *mem, const struct json_path *path)
{
	struct buf text = buf_new(mem, 512);
	add_path(&text, path);
	const char *c = text.full ? NULL : str_c(mem, buf_str(&text));
	return c ? c : "";
}

/* ---- what the parser does not look at ---- */

struct json_walk {
	struct ctx *cx;
	const struct json_checked *checked;
	size_t next_inexact;
	uint32_t numbers;
};

/* What is no whole number but would look like one is none at all. */
static void mark_inexact(struct json_walk *w, cJSON *number)
{
	const struct json_checked *checked = w->checked;
	if (w->next_inexact < checked->inexact_count && checked->inexact[w->next_inexact] == w->numbers) {
		w->next_inexact++;
		if (trunc(number->valuedouble) == number->valuedouble)
			number->valuedouble = NAN;
	}
	w->numbers++;
}

static int by_name(const void *a, const void *b)
{
	const cJSON *const *left = a, *const *right = b;
	return strcmp((*left)->string, (*right)->string);
}

#define FEW 16 /* so many names are compared each with each */

/* A name that stands in the object twice, or NULL. */
static const char *repeated_among_few(const cJSON *object)
{
	for (const cJSON *a = object->child; a; a = a->next)
		for (const cJSON *b = a->next; b; b = b->next)
			if (a->string[0] == b->string[0] && strcmp(a->string, b->string) == 0)
				return b->string;
	return NULL;
}

static const char *repeated_name(struct arena *mem, const cJSON *object)
{
	size_t count = 0, i = 0;
	for (const cJSON *member = object->child; member; member = member->next)
		count++;
	if (count <= FEW)
		return repeated_among_few(object);
	const cJSON **members = arena_array(mem, const cJSON *, count);
	for (const cJSON *member = object->child; member; member = member->next)
		members[i++] = member;
	qsort(members, count, sizeof(const cJSON *), by_name);
	for (i = 1; i < count; i++)
		if (strcmp(members[i - 1]->string, members[i]->string) == 0)
			return members[i]->string;
	return NULL;
}

/* Recursion is bounded by JSON_DEPTH_MAX. */
static err_t walk(struct json_walk *w, cJSON *value, const struct json_path *path)
{
	size_t index = 0;
	if (cJSON_IsNumber(value)) {
		mark_inexact(w, value);
		return OK;
	}
	const char *twice = cJSON_IsObject(value) ? repeated_name(w->cx->mem, value) : NULL;
	if (twice) {
		struct json_path at = { .outer = path, .name = str_of(twice) };
		return REFUSE(w->cx, INVALID_VALUE, json_path_text(w->cx->mem, &at), "This name stands here twice.");
	}
	for (cJSON *child = value->child; child; child = child->next) {
		struct json_path at = { .outer = path, .name = str_of(child->string), .index = index };
		at.is_index = !child->string;
		index++;
		TRY(walk(w, child, &at));
	}
	return OK;
}

err_t json_tree_parse(struct ctx *cx, struct str text, const struct cJSON **out)
{
	struct json_checked checked;
	struct json_walk w = { .cx = cx, .checked = &checked };
	if (!json_check(cx->mem, text, &checked))
		return REFUSE(cx, MALFORMED, "", "The body is not JSON as we accept it: %s, at octet %zu.",
			checked.wrong, checked.at);
	cJSON *root = parse(cx->mem, text);
	if (!root)
		return FAIL(cx, INTERNAL, "cJSON refuses what json_check() accepted");
	TRY(walk(&w, root, NULL));
	assert(w.next_inexact == checked.inexact_count);
	*out = root;
	return OK;
}

/* ---- reading it ---- */

enum json_type json_tree_type(const struct cJSON *value)
{
	if (cJSON_IsObject(value))
		return JSON_IS_OBJECT;
	if (cJSON_IsArray(value))
		return JSON_IS_LIST;
	if (cJSON_IsString(value))
		return JSON_IS_TEXT;
	if (cJSON_IsNumber(value))
		return JSON_IS_NUMBER;
	return cJSON_IsBool(value) ? JSON_IS_BOOL : JSON_IS_NULL;
}

const struct cJSON *json_tree_first(const struct cJSON *value)
{
	return value->child;
}

const struct cJSON *json_tree_next(const struct cJSON *value)
{
	return value->next;
}

struct str json_tree_name(const struct cJSON *member)
{
	return str_of(member->string);
}

struct str json_tree_text(const struct cJSON *value)
{
	assert(cJSON_IsString(value));
	return str_of(value->valuestring);
}

bool json_tree_bool(const struct cJSON *value)
{
	assert(cJSON_IsBool(value));
	return cJSON_IsTrue(value);
}

bool json_tree_whole(const struct cJSON *value, int64_t *out)
{
	double number = value->valuedouble;
	if (!cJSON_IsNumber(value) || !(fabs(number) <= (double)JSON_INT_MAX) || trunc(number) != number)
		return false;
	*out = (int64_t)number;
	return true;
}

bool json_tree_floor(const struct cJSON *value, int64_t *out)
{
	double number = value->valuedouble;
	if (!cJSON_IsNumber(value) || !(fabs(number) <= (double)JSON_INT_MAX))
		return false;
	*out = (int64_t)floor(number);
	return true;
}

const struct cJSON *json_tree_member(const struct cJSON *object, struct str name)
{
	for (const cJSON *member = object->child; member; member = member->next)
		if (member->string && str_eq(str_of(member->string), name))
			return member;
	return NULL;
}

/* ---- writing it ---- */

static void write_number(struct json *j, const char *key, const cJSON *value)
{
	int64_t whole;
	if (json_tree_whole(value, &whole))
		json_int(j, key, whole);
	else if (isfinite(value->valuedouble))
		json_raw(j, key, str_fmt(j->out->mem, "%.17g", value->valuedouble));
	else
		json_raw(j, key, STR("1e999")); /* no number to whoever reads it, as it was none to us */
}

static void write_object(struct json *j, const char *key, const cJSON *value)
{
	size_t count = 0, i = 0;
	for (const cJSON *member = value->child; member; member = member->next)
		count++;
	const cJSON **members = arena_array(j->out->mem, const cJSON *, count + 1);
	for (const cJSON *member = value->child; member; member = member->next)
		members[i++] = member;
	qsort(members, count, sizeof(const cJSON *), by_name);
	json_object(j, key);
	for (i = 0; i < count; i++)
		json_tree_write(j, members[i]->string, members[i]);
	json_object_end(j);
}

/* Recursion is bounded by JSON_DEPTH_MAX. */
void json_tree_write(struct json *j, const char *key, const struct cJSON *value)
{
	switch (json_tree_type(value)) {
	case JSON_IS_NULL:
		json_null(j, key);
		return;
	case JSON_IS_BOOL:
		json_bool(j, key, json_tree_bool(value));
		return;
	case JSON_IS_NUMBER:
		write_number(j, key, value);
		return;
	case JSON_IS_TEXT:
		json_str(j, key, json_tree_text(value));
		return;
	case JSON_IS_LIST:
		json_array(j, key);
		for (const cJSON *item = value->child; item; item = item->next)
			json_tree_write(j, NULL, item);
		json_array_end(j);
		return;
	case JSON_IS_OBJECT:
		write_object(j, key, value);
		return;
	}
}
