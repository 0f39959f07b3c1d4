/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of JSON (RFC 8259), below json_read.c: judges a whole text, and takes single tokens off its front. */
#pragma once

#include "server/base/str.h"

struct json_scan {
	const char *at, *end;
	const char *wrong; /* set on the first violation: what it is; `at` is where */
};

/* The whole text is one JSON object, UTF-8, not deeper than JSON_DEPTH_MAX, without NUL. Else scan->wrong is set. */
bool json_scan_text(struct json_scan *scan, struct str text);

/*
 * On a text that json_scan_text() has found well-formed: take blanks and then one token off the front.
 * json_take() is true when the next octet is c, which is then taken.
 */
bool json_take(struct json_scan *scan, char c);
char json_peek(struct json_scan *scan);
struct str json_take_string(struct json_scan *scan, struct arena *mem); /* decoded */
struct str json_take_scalar(struct json_scan *scan);                    /* number, true, false, null: as written */
void json_skip(struct json_scan *scan);                                 /* a whole value */
