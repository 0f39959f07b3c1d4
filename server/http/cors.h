/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which pages of other origins may call (CORS, Fetch standard §3.2): never with credentials of the browser. Routes say
 * which kind they are (route.h); docs/adr/0025 says why.
 *
 *     CORS_ANY   any page: the answer is the same for everybody
 *     CORS_KEYS  pages of an origin that a live key lists, or that an app has a redirect URI of; where publishable keys
 *                are taken, any page: such a key may stand in any, and where it lists origins, it checks itself
 *
 * A page whose origin is "null" is of nobody: it gets nothing but what is for any.
 */
#pragma once

#include "server/http/route.h"

/*
 * May the page that sent rq read the answer to it, of this route? Sets rq->page_origin for cors_headers(). One round
 * trip at most, and none without an Origin.
 * errors  ORIGIN_NOT_ALLOWED, which says how an origin is made known: of KNOWN_PAGES it may not call either
 */
MUST_CHECK err_t cors_check(struct request *rq, const struct route *route);

/* The header lines of any answer: with its route's Vary, whoever asks. */
void cors_headers(struct response *rs);

/*
 * Answer a preflight; *out is false when this is none, or for a method that has no CORS row here.
 * errors  ORIGIN_NOT_ALLOWED, which says how an origin is made known
 */
MUST_CHECK err_t cors_preflight(struct request *rq, struct response *rs, bool *out);
