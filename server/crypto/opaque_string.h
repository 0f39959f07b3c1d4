/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords as people type them: one text for what is seen as one (RFC 8265 §4.2, the profile OpaqueString). */
#pragma once

#include "server/base/str.h"

#define OPAQUE_STRING_MAX 4096 /* octets, of what is prepared */

/*
 * Blanks of other kinds become U+0020, and the text its normal form C. False for what is none: empty, longer than
 * OPAQUE_STRING_MAX, not UTF-8, with control characters or code points that are not assigned.
 */
bool opaque_string(struct arena *mem, struct str text, struct str *out);
