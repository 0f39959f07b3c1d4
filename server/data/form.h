/* SPDX-License-Identifier: Apache-2.0 */
/*
 * application/x-www-form-urlencoded, strictly: `+` is a blank, `%` needs two hex digits, no NUL, only UTF-8, at most
 * FORM_FIELDS_MAX fields. Repetition is kept, so that the reader may refuse it (OAuth 2.1: parameters MUST NOT repeat).
 */
#pragma once

#include "server/base/buf.h"
#include "server/base/ctx.h"

#define FORM_TYPE "application/x-www-form-urlencoded"
#define FORM_FIELDS_MAX 200

struct form_field {
	struct str name, value; /* decoded */
};

/* A file that was chosen; from multipart/form-data alone (multipart.h). */
struct form_file {
	struct str name;     /* of the form's field */
	struct str filename; /* without folders; empty where the browser has none. For people to read, never a path */
	struct str type;     /* as the browser says it, without parameters, lower case; absent: not said */
	struct str data;     /* as it came */
};

struct form {
	const struct form_field *fields;
	size_t count;
	const struct form_file *files;
	size_t file_count;
};

/* MALFORMED, with the reason and, where known, the field. Empty text is an empty form. */
MUST_CHECK err_t form_parse(struct ctx *cx, struct str text, struct form *out);

/* The first value of this name; absent if none. Empty stays empty. */
struct str form_get(const struct form *form, const char *name);
/* How often the name occurs. */
size_t form_count(const struct form *form, const char *name);

/* The first file of this name; NULL: none was chosen (browsers then send one without a name and content). */
const struct form_file *form_file(const struct form *form, const char *name);

/* Append name=value, escaped, with '&' between fields (nothing before the first if the buffer ends in '?' or is empty).
 */
void form_add(struct buf *out, const char *name, struct str value);
