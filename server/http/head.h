/* SPDX-License-Identifier: Apache-2.0 */
/* The head of an answer as it goes over the wire, with the headers that the layer adds to every one. */
#pragma once

#include "server/http/response.h"

/* How the end of the body is told. */
enum framing { FRAME_NONE, FRAME_LENGTH, FRAME_CHUNKED, FRAME_CLOSE };

/* Append status line, the layer's headers, rs->head and the empty line. */
void head_write(struct buf *wire, struct response *rs, enum framing framing, size_t length);

/* The value of the first header of this name that was set; absent if there is none. */
struct str head_value(const struct response *rs, const char *name);

const char *status_phrase(int status);
