/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JSON document as a tree: checked by json_check(), parsed by cJSON, held by the arena. The field tables of json.h
 * read from it, whoever sent the text: a caller's body, another server's answer, a file of ours.
 */
#pragma once

#include "server/base/ctx.h"

struct cJSON; /* one value */
struct json;  /* json.h: what is written */

/* Where in the document we are, innermost first: a name, or an index in the list of that name. */
struct json_path {
	const struct json_path *outer;
	struct str name;
	size_t index;
	bool is_index;
};

/* "attendees[2].email"; empty for the document itself, and for a path that is too long to be of use. */
const char *json_path_text(struct arena *mem, const struct json_path *path);

/*
 * The object that `text` is. In the tree, names are unique within their object, texts are UTF-8 without NUL, and a
 * number that could be mistaken for a whole one is none. It lives as long as cx->mem.
 *
 * errors  MALFORMED (see json_check.h), INVALID_VALUE (a name twice; the param is its path)
 */
MUST_CHECK err_t json_tree_parse(struct ctx *cx, struct str text, const struct cJSON **out);

enum json_type { JSON_IS_NULL, JSON_IS_BOOL, JSON_IS_NUMBER, JSON_IS_TEXT, JSON_IS_LIST, JSON_IS_OBJECT };
enum json_type json_tree_type(const struct cJSON *value);

/* The members of an object or the items of a list, in their order; NULL after the last. */
const struct cJSON *json_tree_first(const struct cJSON *value);
const struct cJSON *json_tree_next(const struct cJSON *value);

struct str json_tree_name(const struct cJSON *member); /* of a member; absent for an item */
struct str json_tree_text(const struct cJSON *value);  /* JSON_IS_TEXT */
bool json_tree_bool(const struct cJSON *value);        /* JSON_IS_BOOL */

/*
 * The whole number that was written, in whatever way (1, 1.0 and 1e0 are one number, RFC 8259 §6, JSON Schema
 * "integer"). False for any other number, and outside ±(2^53 - 1), where a double cannot tell neighbours apart.
 */
bool json_tree_whole(const struct cJSON *value, int64_t *out);
/* Any number within ±(2^53 - 1), rounded down: times, whose fractions nobody needs (RFC 7519 §2). */
bool json_tree_floor(const struct cJSON *value, int64_t *out);

/* The member of this name of an object; NULL when there is none. */
const struct cJSON *json_tree_member(const struct cJSON *object, struct str name);

/*
 * Write the value again, as a member (key) or an item (NULL). Names stand in the order of their octets, so that two
 * texts of one value give one text.
 */
void json_tree_write(struct json *j, const char *key, const struct cJSON *value);
