/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths and URIs (RFC 3986). A path is decoded once, segment by segment: an encoded slash stays data, `+` is no blank.
 */
#pragma once

#include "server/base/buf.h"
#include "server/base/ctx.h"

#define PATH_SEGMENTS_MAX 12

struct path {
	struct str segments[PATH_SEGMENTS_MAX]; /* decoded; "/" alone has none */
	size_t count;
	bool folder; /* ends in '/' */
};

/*
 * A raw path that begins with '/'. MALFORMED: bad escapes, NUL, invalid UTF-8 after decoding, segments "." and ".."
 * (decoded or not), empty segments before another (slashes at the end are one), more than PATH_SEGMENTS_MAX, a segment
 * over 255 octets.
 */
MUST_CHECK err_t path_parse(struct ctx *cx, struct str raw, struct path *out);

/* Has this raw path, of a URI of somebody else, a segment "." or ".." in any spelling that browsers read as one? */
bool path_has_dots(struct str raw);

/* Append one segment, percent-encoding only what RFC 3986 pchar forbids, and also '&' and '<'. */
void path_segment_add(struct buf *out, struct str segment);

/* Append as a query component: only unreserved stay. */
void uri_component_add(struct buf *out, struct str text);

struct uri {
	struct str scheme, userinfo, host, port, path, query,
		fragment; /* raw; absent where not there; host without [] stripped */
};

/* Split by RFC 3986 appendix B and check every character. False: not an absolute URI. */
bool uri_split(struct str text, struct uri *out);

/*
 * The origin of a page of http or https as browsers write it (RFC 6454 §6.2): lower case, no default port. Of
 * "HTTPS://Shop.Example:443/" it is "https://shop.example". Its host has letters, digits, "-" and "." alone (of IPv6
 * hexadecimal digits, ":" and "." in brackets), so that it can stand in a header. Absent for what is no origin.
 */
struct str uri_origin(struct arena *mem, struct str text);
