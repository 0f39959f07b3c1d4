/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON (RFC 8259). Written forward into a buffer; read strictly through a table of fields (json_tree.h has what is
 * accepted at all). The same table writes answers and documents the resource; a table also reads the parameters of a
 * query, which are a flat object of texts.
 */
#pragma once

#include "server/base/buf.h"
#include "server/base/ctx.h"
#include "server/data/form.h"

/* ---- writing ---- */

struct json {
	struct buf *out;
	bool comma; /* a value stands before, in this object or array */
};

struct json json_begin(struct buf *out);
/* key NULL inside an array or at the top. */
void json_object(struct json *j, const char *key);
void json_object_end(struct json *j);
void json_array(struct json *j, const char *key);
void json_array_end(struct json *j);
void json_str(struct json *j, const char *key, struct str value);    /* absent writes null */
void json_str_if(struct json *j, const char *key, struct str value); /* absent writes nothing */
void json_int(struct json *j, const char *key, int64_t value);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);
void json_id(struct json *j, const char *key, const char *prefix, struct id value); /* zero writes null */
void json_time(struct json *j, const char *key, struct instant value); /* RFC 3339 UTC; INSTANT_NONE writes null */
/* `value` is JSON already. */
void json_raw(struct json *j, const char *key, struct str value);

/* ---- reading ---- */

enum json_kind {
	JSON_STR,
	JSON_WORD, /* a struct str: one of the words in `of` */
	JSON_INT,
	JSON_BOOL,
	JSON_TIME,
	JSON_ID,
	JSON_STRS,
	JSON_OBJECT,
	JSON_OBJECTS,
	/* Of answers alone: */
	JSON_MILLI, /* an int64_t of thousandths: 850 is 0.850 */
	JSON_MAP    /* a list of structs that begin with a struct str: an object whose members have these as names */
};

enum json_flags {
	JSON_REQUIRED = 1,
	JSON_NULLABLE = 2,
	JSON_READ_ONLY = 4,
	JSON_WRITE_ONLY = 8,
	JSON_OPEN = 16,    /* answered to whoever may write the resource; the other fields to whoever may read it */
	JSON_IN_PATH = 32, /* a parameter of the path: its name is the pattern's */
	/* left out of an answer that has none: an absent text or list, no number, an object not given */
	JSON_OPTIONAL = 64,
	JSON_NEEDED =
		128 /* what makes one must have it, what changes one need not: its function says so when it lacks */
};

#define JSON_FIELDS_MAX 64                     /* of one table */
#define JSON_INT_MAX INT64_C(9007199254740991) /* 2^53 - 1: what every reader of JSON keeps exactly (RFC 8259 §6) */
#define JSON_ITEMS_MAX 1000                    /* of a list whose field names no `max` */

/*
 * One field of a resource: what is read goes to `offset` of a struct, and whether it was there to `given` (a bool's
 * offset; 0 for none, so the struct must not begin with one).
 *
 * min, max   of a number, of the characters of a text, of the items of a list; a max of 0 with a min of 0 is none, but
 *            a number lies within ±JSON_INT_MAX in any case
 * of         JSON_ID: the prefix, without "_"; JSON_WORD: the words, by single blanks; JSON_STR: a mask (json_mask.h)
 * null       allowed with JSON_NULLABLE only: given is set, the value is left absent (time: INSTANT_NONE, others zero)
 * read-only  refused when sent; write-only fields are left out of answers
 *
 * What is not sent leaves the struct as it was, so that a PATCH can be read over what is stored. When writing, a
 * JSON_OBJECT whose `given` is false is null, and so are a JSON_NULLABLE list of texts without items and number of 0.
 */
struct json_field {
	const char *name;
	enum json_kind kind;
	unsigned flags;
	size_t offset, given;
	int64_t min, max;
	const char *of;
	const struct json_field *fields;
	size_t field_count, size; /* JSON_OBJECT (in place), JSON_OBJECTS and JSON_MAP (struct json_list) */
	const char *doc;
	const char *example; /* a value as it could be sent, for the reference; NULL for none */
};

/* A kind of thing that is told of, and sent in bodies. */
struct json_resource {
	const char *name; /* "event": the member `object` of answers */
	const struct json_field *fields;
	size_t count, size; /* size of the struct that the table is of */
	uint64_t reads;     /* scopes that show it whole; who lacks one is told its JSON_OPEN fields alone */
	const char *doc;
};
#define JSON_FIELDS(table) .fields = (table), .count = ARRAY_LEN(table)

struct json_list {
	void *items;
	size_t count;
};

/*
 * Read an object into *out (zeroed by the caller).
 *
 * errors  MALFORMED (not JSON; the whole text is checked first), UNKNOWN_FIELD, MISSING_FIELD, INVALID_VALUE (wrong
 * type or out of bounds, a name twice); `param` is the dotted path: attendees[2].email
 */
MUST_CHECK err_t json_read(struct ctx *cx, struct str text, const struct json_field *fields, size_t count, void *out);
/*
 * The same for a change: a field whose value is the one that `present` would be answered with is passed over, whatever
 * its limits and even if it is read-only, so that a resource may be sent back as it was read.
 */
MUST_CHECK err_t json_read_change(
	struct ctx *cx, struct str text, const struct json_field *fields, size_t count, const void *present, void *out);
/* Does the object that `text` is have this member, as null? */
bool json_is_null(struct ctx *cx, struct str text, const char *name);
/* json_read() for answers of other servers: unknown fields are ignored (RFC 6749 §5.1). */
MUST_CHECK err_t json_read_known(
	struct ctx *cx, struct str text, const struct json_field *fields, size_t count, void *out);

/*
 * Read the parameters of a query into *out: JSON_STR, JSON_WORD, JSON_INT, JSON_BOOL, JSON_TIME and JSON_ID, each at
 * most once. One that is sent empty is an empty text, and no number, time or id. Fields that are JSON_IN_PATH are no
 * parameters of a query.
 *
 * errors  UNKNOWN_FIELD (the text names those that are known), MISSING_FIELD, INVALID_VALUE
 */
MUST_CHECK err_t json_read_params(
	struct ctx *cx, const struct form *params, const struct json_field *fields, size_t count, void *out);
/* One value of those kinds from its text, for parameters of a path. INVALID_VALUE. */
MUST_CHECK err_t json_read_param(struct ctx *cx, const struct json_field *field, struct str text, void *out);

/* Write the fields of a struct as members of the open object. */
void json_write(struct json *j, struct arena *mem, const struct json_field *fields, size_t count, const void *from);
/* Those alone that are JSON_OPEN. */
void json_write_open(
	struct json *j, struct arena *mem, const struct json_field *fields, size_t count, const void *from);
