/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a text must be before cJSON may see it. cJSON takes NUL, invalid UTF-8, half surrogates, control characters in
 * strings, `01`, any octet below a blank as white space and a thousand levels, and keeps a number as a double: all that
 * is checked here, on the text (RFC 8259, RFC 3629).
 */
#pragma once

#include "server/base/str.h"

#define JSON_TEXT_MAX ((size_t)1024 * 1024) /* octets */
#define JSON_DEPTH_MAX 32
#define JSON_VALUES_MAX 20000 /* each costs some 100 octets of memory, however short it is */
#define JSON_NUMBER_MAX 63    /* characters of one number: what every release of cJSON reads */

struct json_checked {
	const char *wrong; /* the first violation; NULL: there is none */
	size_t at;         /* the octet where it is */
	/*
	 * The ordinals, from 0 and in the order of the text, of those numbers whose double may look like a whole number
	 * although another one was written: beyond 2^53 - 1, or with so many digits or such an exponent that the
	 * fraction is lost.
	 */
	const uint32_t *inexact;
	size_t inexact_count;
};

/* The whole text is one JSON object within these bounds. Else out->wrong is set, and false returned. */
bool json_check(struct arena *mem, struct str text, struct json_checked *out);
