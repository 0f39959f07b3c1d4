/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Free and busy time (RFC 4791 §7.10): spans are collected from objects, merged, sorted and written as VFREEBUSY.
 * Only VEVENTs make busy: moments, transparent and cancelled ones do not, and none to which their owner does not come.
 */
#pragma once

#include "caldav/calendar/recur/expand.h"
#include "caldav/calendar/store/store.h"
#include "caldav/calendar/view/slots.h"

enum busy_kind { BUSY, BUSY_TENTATIVE, BUSY_UNAVAILABLE, BUSY_KINDS };

struct busy_span {
	struct instant start, end;
	enum busy_kind kind;
};

/* What does not overlap in one answer: about a megabyte of text. */
#define FREEBUSY_SPANS_MAX 50000

/* Spans are clipped to [start, end). They have memory of their own, so that whoever adds can go through any number of
 * objects and rewind. */
struct freebusy {
	struct arena *mem;
	struct instant start, end;
	struct str zone;  /* of floating times and dates; absent: UTC */
	struct str email; /* of whose time it is: what they declined is free; absent: nobody's answer is looked at */
	struct busy_span *spans;
	size_t count, cap;
};

void freebusy_open(struct ctx *cx, struct instant start, struct instant end, struct str zone, struct freebusy *out);
/*
 * Add what makes busy in one object. Decided from flags, bounds and occ where they suffice; else from data, and when
 * that is absent, *needs_data_out is set and nothing was added. Instances that overlap or adjoin are one span, so a
 * dense series takes no room. Leaves cx->mem as it was. TOO_COSTLY: more than FREEBUSY_SPANS_MAX that do not overlap,
 * or too much work.
 */
MUST_CHECK err_t freebusy_add(struct ctx *cx, struct freebusy *fb, const struct object *object, bool *needs_data_out);
/* Sort, and merge what overlaps or adjoins, by kind. */
void freebusy_merge(struct freebusy *fb);
/* All of it as BUSY, merged; what is tentative only if it counts. */
void freebusy_flatten(struct freebusy *fb, bool tentative_counts);
/* What was flattened in whole seconds, for slots: a second that is busy in part is busy. *count_out of them in mem. */
struct slot_span *freebusy_seconds(struct arena *mem, const struct freebusy *fb, size_t *count_out);
/* A VCALENDAR with one VFREEBUSY. `uid` may be absent. Call freebusy_merge() before. */
void freebusy_write(struct ctx *cx, const struct freebusy *fb, struct str uid, struct buf *out);
