/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The If request header as it is written (RFC 4918 §10.4.2): lists of conditions, each about the resource that is
 * named before it, or about the request's own. conditions.c checks it.
 *
 *     If = 1*List | 1*( "<" Simple-ref ">" 1*List )
 *     List = "(" 1*( ["Not"] ( "<" absolute-URI ">" | "[" entity-tag "]" ) ) ")"
 */
#pragma once

#include "caldav/headers.h"

#define IF_RESOURCES_MAX 10
#define IF_LISTS_MAX 50
#define IF_CONDITIONS_MAX 100

struct if_condition {
	bool negated;
	struct str token; /* a state token, without its brackets; absent: it is about the tag */
	struct etag tag;
};

/* True when each of its conditions is. */
struct if_list {
	size_t resource; /* which of the header's */
	size_t first, count;
};

struct if_header {
	struct str resources[IF_RESOURCES_MAX]; /* a path or URL as sent; absent: the request's own */
	struct if_list lists[IF_LISTS_MAX];
	struct if_condition conditions[IF_CONDITIONS_MAX];
	size_t resource_count, list_count, condition_count;
};

/*
 * Strict, and bounded by the sizes above. Text borrows from `text`. Blanks may stand between all parts; in a tag, as
 * the RFC's own examples have them, too.
 *
 * errors  MALFORMED, which says what is wrong and where
 */
MUST_CHECK err_t if_header_parse(struct ctx *cx, struct str text, struct if_header *out);
