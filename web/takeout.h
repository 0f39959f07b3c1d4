/* SPDX-License-Identifier: Apache-2.0 */
/* The copy of all data of an account (web/takeout.c): what the files in it are made of. */
#pragma once

#include "server/data/json.h"
#include "server/data/zip.h"
#include "server/http/router.h"

struct takeout {
	struct request *rq;
	struct zip *zip;
	struct arena *kept; /* what outlives a page of a list */
	bool test;          /* which of the two worlds is written */
};

/* The next file is a list. Its items are written between these two. */
struct json takeout_list(struct takeout *t, const char *name);
void takeout_list_end(struct takeout *t, struct json *j);

/*
 * A page of its items is written to memory of the page, which is taken back after it (writing leaves crumbs, ids and
 * times as text), and handed on as a whole. INTERNAL: it is too large.
 */
void takeout_items(struct takeout *t, struct json *j, struct buf *items);
MUST_CHECK err_t takeout_items_end(struct takeout *t, const struct buf *items);

/* The account itself, and what of one of its worlds no operation of REST shows. OK, too, when nobody reads any more. */
MUST_CHECK err_t takeout_account_files(struct takeout *t);
MUST_CHECK err_t takeout_world_rows(struct takeout *t);
