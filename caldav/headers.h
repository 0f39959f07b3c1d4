/* SPDX-License-Identifier: Apache-2.0 */
/* Request headers that several methods read: Depth, Overwrite, entity tags and what a request is conditional on. */
#pragma once

#include "caldav/calendar/store/store.h"
#include "server/http/etag.h"

/*
 * A header that says one thing: absent if it is not there. MALFORMED when it is there twice: who stands between may
 * have looked at the other one (RFC 9110 §5.3).
 */
MUST_CHECK err_t header_once(const struct request *rq, const char *name, struct str *out);

enum depth { DEPTH_ABSENT, DEPTH_0, DEPTH_1, DEPTH_INFINITY };
/* The Depth header (RFC 4918 §10.2), case-insensitive. MALFORMED for any other value. */
MUST_CHECK err_t depth_read(const struct request *rq, enum depth *out);

/* The Overwrite header (RFC 4918 §10.6): true when absent. MALFORMED unless T or F. */
MUST_CHECK err_t overwrite_read(const struct request *rq, bool *out);

/* ---- If-Match, If-None-Match, If-Unmodified-Since, If-Modified-Since (RFC 9110 §13.1) ---- */

struct conditions {
	struct etag_list match, none_match;
	struct instant unmodified_since, modified_since; /* INSTANT_NONE: not sent, or no date, which is the same */
};

/* MALFORMED when If-Match or If-None-Match is no list of entity tags. Text borrows from the headers. */
MUST_CHECK err_t conditions_read(const struct request *rq, struct conditions *out);
bool conditions_are_none(const struct conditions *c);

/* What stands at the URL now. */
struct representation {
	struct str tag;          /* as ETag has it, with its quotes; absent: it has none */
	struct instant modified; /* to the second, as Last-Modified has it; INSTANT_NONE: it is not told */
};

enum condition_result { CONDITIONS_HOLD, CONDITIONS_UNCHANGED /* 304 */, CONDITIONS_FAIL /* 412 */ };

/*
 * RFC 9110 §13.2.2, in its order. `now` NULL: nothing stands there. `reads`: GET or HEAD, which hear 304 of what they
 * have; anything else fails.
 */
enum condition_result conditions_evaluate(const struct conditions *c, const struct representation *now, bool reads);

/* The tags for the store's own comparison with an object, under its lock: only those that an object of ours may have.
 */
struct preconditions conditions_of_object(struct arena *mem, const struct conditions *c);
