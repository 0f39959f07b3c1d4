/* SPDX-License-Identifier: Apache-2.0 */
/* A picture of one of three formats as pixels, by the libraries of these formats. */
#pragma once

#include "server/base/ctx.h"

#define PICTURE_SIDE_MAX 16384
#define PICTURE_PIXELS_MAX (16 * 1024 * 1024) /* 64 MiB while it is decoded */

struct pixels {
	uint8_t *rgba; /* four octets each, alpha not multiplied in; goes with cx->mem */
	int width, height;
	int orientation; /* 1 to 8, as Exif has it */
};

/* A side that is no longer than needed for `side` pixels may be made while decoding. INVALID_VALUE "picture". */
MUST_CHECK err_t picture_decode(struct ctx *cx, struct str file, int side, struct pixels *out);

/* The orientation that a JPEG's Exif tells (JEITA CP-3451 §4.6.4); 1 where it tells none that can be read. */
int jpeg_orientation(struct str file);
