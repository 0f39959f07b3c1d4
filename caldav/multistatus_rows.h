/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Long answers, page by page: rows are fetched, described and forgotten, so that memory stays flat at any
 * size of calendar, and no connection to the database waits on a slow client. PROPFIND and the reports share it.
 *
 *     struct multistatus_rows m;
 *     rows_open(&m, call, &requested);
 *     do {
 *             … a page of rows, in m.cx …
 *             TRY(rows_respond(&m, &calendar, rows, count));
 *     } while (rows_turn(&m) && more);
 *     rows_close(&m);
 *
 * The 207 begins with the first thing that is written: what fails before is a plain error. (The response's own memory
 * is not in cx->mem, so a page's memory can go while the answer grows.)
 */
#pragma once

#include "caldav/props/props.h"

/* Rows of one page. */
#define PAGE_ROWS 500

struct multistatus_rows {
	struct ctx *cx;
	struct response *rs;
	struct arena_mark start; /* where a page begins */
	struct prop_context context;
	const struct requested_props *requested;
	struct resource at;         /* the calendar whose rows come */
	struct buf *out;            /* NULL: nothing is written yet */
	bool gone;                  /* the client hung up: stop */
	char name[NAME_MAX_OCTETS]; /* rows_keep() */
};

/* What was allocated in the request's memory before stays; what comes after is a page's. */
void rows_open(struct multistatus_rows *m, const struct dav_call *call, const struct requested_props *requested);

/* The response's buffer; the 207 begins here. */
struct buf *rows_out(struct multistatus_rows *m);

/* One subject; its dead properties are set. False: the client is gone. */
bool rows_write(struct multistatus_rows *m, const struct subject *subject);

/* Objects of one calendar, whose data is fetched if it is asked for and not there. */
MUST_CHECK err_t rows_respond(
	struct multistatus_rows *m, const struct calendar *calendar, struct object *objects, size_t count);
/* An object that is named but not there. */
bool rows_missing(struct multistatus_rows *m, struct str href, int status);

/*
 * The data of objects[from …], as many as BATCH_OCTETS allow and at least one; returns where it stopped. Those that
 * went meanwhile keep data absent.
 */
MUST_CHECK err_t rows_fetch(
	struct multistatus_rows *m, struct object *objects, size_t from, size_t count, size_t *end_out);

/* The name outlives rows_turn(): where the next page begins. */
struct str rows_keep(struct multistatus_rows *m, struct str name);
/* The end of a page: its memory goes. False: the client is gone. */
bool rows_turn(struct multistatus_rows *m);
void rows_close(struct multistatus_rows *m);

/* The dead properties of a page of objects, in order of resource, and the run of them that is one resource's. */
MUST_CHECK err_t rows_dead(struct multistatus_rows *m, const struct object *objects, size_t count,
	struct dead_property **out, size_t *count_out);
const struct dead_property *dead_run(
	const struct dead_property *all, size_t count, struct id resource, size_t *count_out);

/* The dead properties of one resource, if they may be asked: for single subjects. */
MUST_CHECK err_t dead_load(struct ctx *cx, const struct requested_props *requested, struct subject *subject);
/* subject_load and then dead_load will be asked: all of it goes with the first statement. */
void subject_prefetch(struct ctx *cx, struct resource at, const struct requested_props *requested);

/*
 * The rows of one resource. `calendar` and `object` are where they are put. Objects come with data; their calendar is
 * looked up too. NOT_FOUND.
 */
MUST_CHECK err_t subject_load(
	struct ctx *cx, struct resource at, struct calendar *calendar, struct object *object, struct subject *out);
