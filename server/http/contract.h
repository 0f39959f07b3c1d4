/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a route of the API promises, as data: its parameters, body, answer and failures. server/api/call.h holds each
 * call to it before and after its handler, and the reference pages are printed from it (contract_print).
 */
#pragma once

#include "server/base/err.h"
#include "server/data/json.h"
#include "server/http/request.h"

enum answer_shape {
	ANSWER_ONE, /* the resource */
	/* {"object":"list","data":[…],"has_more":…,"next_cursor":…,"previous_cursor":…}, a page of it: takes
	   page_fields */
	ANSWER_LIST,
	/* {"object":"list","data":[…],"has_more":…,"next_sync_token":…}: of the resource and of what is deleted */
	ANSWER_CHANGES,
	ANSWER_DELETED,   /* {"id":…,"object":…,"deleted":true} */
	ANSWER_DATA,      /* {"data":{…}}, of /api/v1 */
	ANSWER_DATA_LIST, /* {"data":[…]} */
	ANSWER_TEXT,      /* no JSON: of the media type that also_as names */
	ANSWER_NONE       /* no body */
};

enum contract_flags {
	BODY_OPTIONAL = 1,       /* none at all is an empty object */
	BODY_IS_CHANGE = 2,      /* read by api_read_change(), beside what is there */
	TAKES_IF_MATCH = 4,      /* the function compares; elsewhere If-Match is 412 (RFC 9110 §13.1.1) */
	TAKES_IF_NONE_MATCH = 8, /* of a GET: 304 */
	MAY_BE_EMPTY = 16,       /* some answers are 204: the parameters say which */
	TELLS_SECRET = 64,       /* once: its answer is not kept for an Idempotency-Key (KEY_ALREADY_SHOWN) */
	SHOWS_SECRET = 256, /* that can be asked for again: the answer that is kept for an Idempotency-Key is sealed */
	HAS_NO_TAG = 32,    /* what is named has none; the function says so where it found it (api_may_change) */
	ONLY_READS = 128,   /* a POST whose question is its body: it changes nothing, and is no write to anybody */
	/* It writes by one statement, or settles its transactions itself, and reads nothing afterwards. All else that
	   writes runs in a transaction (api_run), so that an answer that could not be read undoes what was written: who
	   is told that it failed will ask again. */
	SETTLES_ITSELF = 512,
	OF_TEST_MODE = 1024, /* there is nothing of it in live mode: TEST_MODE_ONLY */
	STAYS_OPEN = 2048,   /* its answer goes on until one side ends it */
	BY_CREATED = 4096    /* an ANSWER_LIST of what has a created_at: takes bounds of it, too */
};

struct api_call;
struct response;

struct contract {
	const char *id;      /* unique: "listEvents" */
	const char *summary; /* one line */
	/* Parameters of path and query. They are read into `params_size` octets. */
	const struct json_field *params;
	size_t param_count, params_size;
	const struct json_resource *body;     /* NULL: takes none, or what body_type says */
	const char *body_type, *body_example; /* a body that is no JSON: its media type, for the function to read */
	const struct json_resource *answer;   /* NULL with ANSWER_TEXT and ANSWER_NONE */
	enum answer_shape shape;
	int status;                  /* of success */
	const char *also_as;         /* another media type by Accept; NULL for none */
	unsigned flags;              /* enum contract_flags */
	const enum err_kind *errors; /* besides those of every call (contract_names) */
	size_t error_count;
	err_t (*run)(struct api_call *call, struct response *rs);
	/* Tells by db_prefetch what `run` will ask first, where a key of this account sent no more than its path and
	 * query. The key, whose hash that is, is not proven yet: it is asked with a guard (docs/adr/0011). NULL for
	 * nothing. */
	void (*ahead)(struct request *rq, struct id account, struct bytes key);
};
#define PARAMS(table, type) .params = (table), .param_count = ARRAY_LEN(table), .params_size = sizeof(type)
#define ERRORS(...)                                                                                                    \
	.errors = (const enum err_kind[]){ __VA_ARGS__ },                                                              \
	.error_count = sizeof((const enum err_kind[]){ __VA_ARGS__ }) / sizeof(enum err_kind)

/* ---- what a module tells others of by itself ---- */

struct told_kind {
	const char *type, *doc;
	const struct json_resource *object; /* NULL: told thin */
};

struct telling {
	/* Of the body, `data` left out, and of `data.object` where it is not told whole. */
	const struct json_resource *envelope, *thin;
	const struct told_kind *kinds;
	size_t count;
};

/* ---- pages, input, words ---- */

/* What each ANSWER_LIST takes besides its own parameters (server/api/page.h). */
struct page_params {
	int64_t limit; /* 0: not sent */
	struct str starting_after, ending_before;
	struct {
		bool has_gte, has_gt, has_lte, has_lt;
		struct instant gte, gt, lte, lt;
	} created; /* BY_CREATED alone */
};
#define PAGE_LIMIT_DEFAULT 25
#define PAGE_LIMIT_MAX 100
/* Where they stand in what is read: after the contract's own. */
#define PAGE_PARAMS_AT(contract) (((contract)->params_size + 15) & ~(size_t)15)

/* All parameters of a contract, its own and those of a page, in mem; to be read into *size_out octets. */
const struct json_field *contract_params(
	struct arena *mem, const struct contract *contract, size_t *count_out, size_t *size_out);

/* Does a route with this contract change anything? What does takes an Idempotency-Key. */
bool contract_writes(const struct contract *contract, enum method method);
/* The failures that any call may end in; of one that writes (no GET), some more. */
const enum err_kind *contract_common_errors(bool writes, size_t *count);
/* Is this a failure that the contract names, or one that any call may end in (a bad credential, too many requests …)?
 */
bool contract_names(const struct contract *contract, enum err_kind kind);

/* What a field is, in words: "text of 1 to 255 characters". */
void field_type_print(struct buf *out, const struct json_field *field);
/* What stands after its name before the names of its own fields: "[]" of a list, ".*" of a map, else "". */
const char *field_repeats(const struct json_field *field);

/* A line of Markdown for docs/routes.md: what goes in, what comes out, how it fails. */
void contract_print(struct buf *out, const struct contract *contract);
/* The table of a resource's fields in Markdown. */
void resource_print(struct buf *out, const struct json_resource *resource);
