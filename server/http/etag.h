/* SPDX-License-Identifier: Apache-2.0 */
/* Entity tags in headers (RFC 9110 §8.8.3, §13.1): If-Match and If-None-Match, and the tags of WebDAV's If. */
#pragma once

#include "server/http/request.h"

#define ETAGS_MAX 100 /* in one header */

/* An entity tag as it stands in a header: without its quotes. */
struct etag {
	struct str opaque;
	bool weak, has_blank; /* RFC 9110 §8.8.3 knows no blanks in a tag, RFC 2616 §3.11 did */
};

/* Cut one off. It may hold commas and brackets, so that a list cannot be cut at them. False: `rest` begins with none.
 */
bool etag_cut(struct str *rest, struct etag *out);

struct etag_list {
	bool any;                 /* the header is * */
	const struct etag *items; /* NULL: no such header, or * */
	size_t count;
};

/*
 * The list that the header of this name is. A tag without its quotes counts as with them: clients are known that drop
 * them. MALFORMED when it is neither * nor a list of 1 to ETAGS_MAX tags.
 */
MUST_CHECK err_t etags_read(const struct request *rq, const char *name, struct etag_list *out);

/* Is the tag, which stands in a header of ours with its quotes, one of the list? * is any. */
bool etags_hold(const struct etag_list *list, struct str tag, bool weak_counts);
