/* SPDX-License-Identifier: Apache-2.0 */
/* gzip (RFC 1952) of answers, with zlib. */
#pragma once

#include "server/base/buf.h"

/* Below this a compressed answer saves nothing. */
#define GZIP_WORTH 1024

struct gzip;

/* Does this Accept-Encoding take gzip? (RFC 9110 §12.5.3: a weight of 0 refuses; absent takes nothing here.) */
bool gzip_accepted(struct str accept_encoding);

/* A compressor that lives as long as mem. NULL when zlib has no memory: answer uncompressed. */
struct gzip *gzip_new(struct arena *mem);

/* Append the compressed form of `in`; `last` ends the stream, else all that is there is brought out (one chunk). False:
 * `out` is full. */
bool gzip_add(struct gzip *z, struct buf *out, struct str in, bool last);
