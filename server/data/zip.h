/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ZIP file, written as it goes: of each file in it nothing waits but what was not handed on yet, and its size follows
 * it. libarchive makes it.
 */
#pragma once

#include "server/base/buf.h"
#include "server/base/ctx.h"

struct zip;

/* Takes octets of the file. False: nobody wants more. */
typedef bool zip_write(void *to, struct str octets);

/* An empty one. It lives, and so does what waits, as long as mem. */
struct zip *zip_open(struct arena *mem, zip_write *write, void *to);

/* The next file begins. `name` is UTF-8, with "/" between folders; zip_name() makes a part of one of any text. */
void zip_file(struct zip *z, struct str name, struct instant changed_at);
/* `text` without what some system takes for more than a name; at most 80 octets. */
struct str zip_name(struct arena *mem, struct str text);

/* What is written here goes into the file by zip_flush_if_large(), and at the file's end; then it is empty. */
struct buf *zip_out(struct zip *z);
/* False: nobody wants more, or it cannot be written: stop. Cheap to call in each round of a loop. */
bool zip_flush_if_large(struct zip *z);

/* The end. INTERNAL: it is not whole, though somebody wanted it. */
MUST_CHECK err_t zip_close(struct ctx *cx, struct zip *z);
