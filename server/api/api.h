/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The REST API. Each resource is a field table (server/data/json.h): it reads bodies, refuses unknown fields, writes
 * answers and documents the resource.
 */
#pragma once

#include "server/data/json.h"
#include "server/http/router.h"

/* ---- what its handlers share ---- */

/*
 * For whom this request acts, to be asked first by every handler. A `Connected-Account` header (or the brand's alias of
 * it) must be a token's own; a platform's secret key acts with it for that connection, with the scopes granted to it.
 *
 * errors  INVALID_VALUE (not an id, twice, or with a personal key), ACCOUNT_MISMATCH, INSUFFICIENT_SCOPE,
 *         ACCOUNT_DEACTIVATED
 */
MUST_CHECK err_t api_caller(struct request *rq, struct principal *out);

/* Query parameters of a request: those named in `known`, each once. UNKNOWN_FIELD, INVALID_VALUE, MALFORMED. */
MUST_CHECK err_t api_params(struct request *rq, const char *const *known, size_t known_count, const struct form **out);

#define API_LIMIT_DEFAULT 25
#define API_LIMIT_MAX 100
/* `limit`, 1 to API_LIMIT_MAX. Outside of it is refused, not clamped: a client would miss what it asked for. */
MUST_CHECK err_t api_limit(struct request *rq, const struct form *params, size_t *out);

/* The list object around `data`, which the caller fills between the two. */
struct json api_list_begin(struct response *rs);
void api_list_end(struct json *j, bool has_more, struct str next_cursor);

/* A whole answer from a field table. */
void api_reply(struct response *rs, int status, const struct json_field *fields, size_t count, const void *from);

/* ---- handlers, by resource ---- */

handler profile_get;
handler calendar_list_get, calendar_get, calendar_post, calendar_patch, calendar_remove;
handler event_list_get, event_get, event_post, event_change, event_remove, event_cancel_post;
handler freebusy_get;
handler api_key_list_get;
