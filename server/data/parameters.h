/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters after a media type or a disposition: `; name=value; name="value"` (RFC 9110 §5.6.6, RFC 2183 §2). */
#pragma once

#include "server/base/str.h"

/* One or more tchars (RFC 9110 §5.6.2). */
bool str_is_token(struct str s);

/*
 * The next parameter of `rest`, which is what stands after the first semicolon (absent: nothing). The name comes in
 * lower case; the value without its quotes, in which a backslash makes a quote or a backslash a character of the text
 * and stands for itself before any other: browsers send file names with it. False at the end, and where what follows is
 * no parameter: then *good becomes false.
 */
bool parameter_next(struct arena *mem, struct str *rest, struct str *name, struct str *value, bool *good);
