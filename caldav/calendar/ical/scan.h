/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes → content lines (RFC 5545 §3.1). Folds are undone first, then lines are checked: a fold may stand between any
 * two octets, inside a character or a name too.
 *
 * Tolerated, as real programs write it: a BOM, LF alone as line end, CRs before it, a last line without an end, blank
 * lines between content lines and around the calendar, and a fold whose line end is doubled ("VERSION", blank line,
 * " :2.0": old Mozilla, Sunbird, KOrganizer).
 *
 *     DESC            one content line, raw: all seven octets-with-line-ends as sent; text: "DESCRIPTION:a long text"
 *      RIPTION:a lo
 *                     (a blank line within the fold)
 *      ng text
 */
#pragma once

#include "server/base/ctx.h"

struct scan {
	struct str rest; /* what was not read yet */
	int next;        /* the number of its first physical line, from 1 on */
};

struct scan_line {
	struct str raw;  /* as sent, with folds and line end */
	struct str text; /* unfolded: a copy in cx->mem only where there was a fold */
	int number;      /* of its first physical line */
};

struct scan scan_open(struct str data);

/*
 * The next content line. *more_out is false at the end. ICAL_DATA with the line's number: a control character but TAB,
 * what is no UTF-8 (§3.1.4), a fold before the first line.
 */
MUST_CHECK err_t scan_next(struct ctx *cx, struct scan *scan, struct scan_line *out, bool *more_out);

/* The same without a check, for what is to be repaired: false at the end. */
bool scan_any(struct ctx *cx, struct scan *scan, struct scan_line *out);
