/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a PROPPATCH, MKCALENDAR or extended MKCOL asks to set or remove, judged property by property. All or nothing
 * (RFC 4918 §9.2): one that is refused makes all others 424. Live properties come from a table of setters, what the
 * server computes is protected, and everything else is kept as a dead property.
 */
#pragma once

#include "caldav/calendar/store/store.h"
#include "caldav/href.h"
#include "caldav/props/props.h"

#define PATCHED_MAX 300 /* properties in one request */

enum patch_use {
	PATCH_CHANGE,     /* PROPPATCH */
	PATCH_MKCALENDAR, /* properties that cannot change later may be given */
	PATCH_MKCOL       /* the same, and resourcetype must be a calendar's */
};

struct patched {
	struct str ns, local;
	int status;            /* 200, or why not */
	const char *condition; /* as in errors.def; NULL for none */
};

struct patch {
	struct ctx *cx;
	enum patch_use use;
	enum resource_kind kind;
	bool owner; /* false: only what calendars:write opens */
	bool failed;
	struct patched *items;
	size_t count;
	struct calendar_change change; /* when not failed; for others than calendars only its dead properties count */
	struct dead_property *dead;
	int16_t components; /* PATCH_MK…: 0 when not said */
	bool is_calendar;   /* PATCH_MKCOL: the resourcetype was good */
};

/*
 * Reads DAV:set and DAV:remove inside `root`, in document order; cx, use, kind and owner of `p` are set. A refused
 * property is no error: see failed.
 *
 * errors  MALFORMED  nothing in it, DAV:remove in a MK…, more than PATCHED_MAX
 */
MUST_CHECK err_t patch_read(struct patch *p, const struct xml_node *root);

/* A propstat for each status and condition; the others of a failed patch are 424. */
void patch_write(const struct patch *p, struct buf *out);
