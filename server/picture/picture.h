/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pictures of people and apps. What is sent is decoded within bounds, cut to a square and written anew, small: nothing
 * of the file that came is kept, neither its octets nor what it tells of the place where it was taken (docs/adr/0049).
 * Knows no HTTP and no database.
 */
#pragma once

#include "server/base/ctx.h"

#define PICTURE_FILE_MAX ((size_t)5 * 1024 * 1024) /* octets that are taken */
#define PICTURE_SIDE 256                           /* pixels of what is made, at most */
#define PICTURE_MADE_MAX ((size_t)96 * 1024)       /* octets of what is made, at most */

/*
 * A PNG, JPEG or WebP, told by its first octets, as a square WebP in cx->mem. A JPEG is turned as its camera was held.
 *
 * errors  INVALID_VALUE "picture" (another format, broken, animated, more pixels than PICTURE_PIXELS_MAX), UNAVAILABLE
 *         (others are decoded at this moment)
 */
MUST_CHECK err_t picture_make(struct ctx *cx, struct str file, struct bytes *out);
