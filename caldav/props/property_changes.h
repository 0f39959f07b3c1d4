/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a PROPPATCH, MKCALENDAR or extended MKCOL asks to set or remove, checked property by property. All or nothing
 * (RFC 4918 §9.2): one that is refused makes all others 424. Live properties come from a table of setters, what the
 * server computes is protected, and everything else is kept as a dead property.
 */
#pragma once

#include "caldav/calendar/store/store.h"
#include "caldav/href.h"
#include "caldav/props/props.h"

#define PROPERTY_CHANGES_MAX 300 /* properties in one request */

enum changes_of {
	CHANGES_OF_PROPPATCH,  /* PROPPATCH */
	CHANGES_OF_MKCALENDAR, /* properties that cannot change later may be given */
	CHANGES_OF_MKCOL       /* the same, and resourcetype must be a calendar's */
};

struct property_change {
	struct str ns, local;
	int status;            /* 200, or why not */
	const char *condition; /* as in errors.def; NULL for none */
};

struct property_changes {
	struct ctx *cx;
	enum changes_of use;
	enum resource_kind kind;
	bool manages; /* calendars:manage; false: only what calendars:write opens */
	bool failed;
	struct property_change *items;
	size_t count;
	struct calendar_change change; /* when not failed; for others than calendars only its dead properties count */
	struct dead_property *dead;
	int16_t components; /* CHANGES_OF_MK…: 0 when not said */
	bool is_calendar;   /* CHANGES_OF_MKCOL: the resourcetype was good */
};

/*
 * Reads DAV:set and DAV:remove inside `root`, in document order; cx, use, kind and manages of `p` are set. A refused
 * property is no error: see failed.
 *
 * errors  MALFORMED  nothing in it, DAV:remove in a MK…, more than PROPERTY_CHANGES_MAX
 */
MUST_CHECK err_t property_changes_read(struct property_changes *p, const struct xml_node *root);

/* A propstat for each status and condition; the others of failed changes are 424. */
void property_changes_write(const struct property_changes *p, struct buf *out);
