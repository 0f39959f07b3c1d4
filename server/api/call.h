/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call of the REST API, held to its row's contract (server/http/contract.h). Every route of the API runs api_run(),
 * which knows for whom the call is, reads parameters, body and conditions through the contract's tables, and only then
 * calls the contract's own function. So no handler can forget a check, or answer what the caller may not read.
 */
#pragma once

#include "server/auth/actor.h"
#include "server/http/contract.h"
#include "server/http/etag.h"
#include "server/http/router.h"

struct api_call {
	struct request *rq;
	struct principal who; /* for whom: the credential's account, or a platform's connected account */
	struct actor actor;   /* the same, for operations on calendars */
	const struct contract *contract;
	const void *params; /* the struct of the contract's parameters; what was not sent is zero or absent */
	const struct page_params *page; /* of an ANSWER_LIST, for page_begin() alone; else NULL */
	void *body;                     /* the struct of its body; NULL if it takes none, and for BODY_IS_CHANGE */
	struct etag_list if_match, if_none_match; /* where the contract takes them; else as if not sent */
};

/*
 * The handler of every row of the API.
 *
 * errors  of the contract, and: INVALID_VALUE (Connected-Account is no id, or comes with a personal key),
 *         ACCOUNT_MISMATCH, INSUFFICIENT_SCOPE, ACCOUNT_DEACTIVATED, PLAN_REQUIRED (the connected user);
 *         UNKNOWN_FIELD, MISSING_FIELD, INVALID_VALUE, MALFORMED (parameters, body, If-Match); NOT_FOUND (a path with
 * an id that is none); PRECONDITION (If-Match where there is no tag to compare)
 */
handler api_run;

/*
 * For whom a request acts: the credential's own account, or, with a `Connected-Account` header (or the brand's alias of
 * it), the connection that it names: a token's own, or one of a platform's secret key, with the scopes granted to it.
 *
 * errors  INVALID_VALUE (no id, or a personal key), ACCOUNT_MISMATCH (not theirs), ACCOUNT_DEACTIVATED, PLAN_REQUIRED
 *         (the connected user)
 */
MUST_CHECK err_t api_caller(struct request *rq, struct principal *out);

#define CONNECTED_ACCOUNT "Connected-Account"

/* What its row promises. */
const struct contract *api_contract_of(const struct request *rq);

/* module.prefetch of the API (prefetch.c): what the contract's `ahead` tells. */
void api_prefetch(struct request *rq, const struct credential *sent);

/*
 * The body of a BODY_IS_CHANGE into *out. For whoever may read the resource, what has the value that it has in
 * `present` is passed over, so that a resource may be sent back as it was read. Others could find out values that way:
 * for them nothing is compared.
 */
MUST_CHECK err_t api_read_change(struct api_call *call, const void *present, void *out);

/* ---- answers, in the contract's shape and with its status ---- */

/* Whole to whoever may read the resource (contract.answer->reads), else its open fields alone. */
void api_reply(struct api_call *call, struct response *rs, const void *from);
/* ANSWER_DELETED. */
void api_reply_deleted(struct api_call *call, struct response *rs, const char *prefix, struct id id);

/* ANSWER_LIST and ANSWER_DATA_LIST: begin, each item, end. The cursors are absent where there is nothing more, and of
 * an ANSWER_DATA_LIST; page_end() makes them. */
struct json api_list_begin(struct api_call *call, struct response *rs);
void api_list_item(struct api_call *call, struct json *j, const void *from);
void api_list_end(struct api_call *call, struct json *j, struct str next_cursor, struct str previous_cursor);

/* ANSWER_CHANGES: begin and items as those of a list, what is deleted, and its own end. */
void api_list_deleted(struct api_call *call, struct json *j, const char *prefix, struct id id);
void api_changes_end(struct json *j, bool has_more, struct str next_sync_token);

/* Location of what was made, absolute: `path` and the id under the public URL. */
void api_location(struct response *rs, const char *path, struct str id);

/* May the caller read what the contract answers? */
bool api_reads(const struct api_call *call);

/*
 * Of a contract with another media type: does the caller want that? By Accept (server/http/accept.h); the answer says
 * that it varies with it. NOT_ACCEPTABLE: neither.
 */
MUST_CHECK err_t api_wants_other(struct api_call *call, struct response *rs, bool *out);

/* A refused condition, and to who may read it the entity tag that is there now; any other error as it is. */
err_t api_tell_etag(const struct api_call *call, err_t e, struct str etag);

/*
 * For a change of something with this (strong) tag, absent where it has none: PRECONDITION when If-Match lacks it or
 * If-None-Match has it. Called last before the change: where that is refused whatever the conditions are, they say
 * nothing (RFC 9110 §13.2.1).
 */
MUST_CHECK err_t api_may_change(const struct api_call *call, struct str etag);

/*
 * For a GET of something with this (strong) tag: PRECONDITION when If-Match lacks it; true when If-None-Match has it,
 * and then the answer is written: 304, with the headers that were set before. Called when all is found that the answer
 * without conditions would show.
 */
MUST_CHECK err_t api_unchanged(struct api_call *call, struct response *rs, struct str etag, bool *out);
