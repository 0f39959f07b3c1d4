/* SPDX-License-Identifier: Apache-2.0 */
/* What the files web/demo*.c share. */
#pragma once

#include "web/demo.h"

/* None, or one that cannot be read, is an empty one: everything is made anew. */
void demo_file_read(struct ctx *cx, struct demo *out);
MUST_CHECK err_t demo_file_write(struct ctx *cx, const struct demo *demo);

/* Where the platform is reached from this computer: a wildcard address is no host of a URI. */
struct str demo_origin(struct ctx *cx);
