/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing an object: a list of edits of its bytes, made from what the parse points at. What no edit names stays as the
 * client wrote it. For the files event_*.c.
 */
#pragma once

#include "caldav/calendar/event/event_impl.h"

struct edit;

struct patch {
	struct ctx *cx;
	struct ical *object;
	const struct series *series;
	struct edit *edits;
	size_t count, cap;
};

/* Errors as ical_parse() and series_read(); ICAL_OBJECT: no VEVENT. */
MUST_CHECK err_t patch_open(struct ctx *cx, struct str data, struct patch *p);
/* The object's new text. ICAL_SIZE. */
MUST_CHECK err_t patch_apply(struct patch *p, struct str *out);

/* Where `at` points into the object, take `removed` octets out and put `added` there. Those of one place stay in order.
 */
void edit_add(struct patch *p, const char *at, size_t removed, struct str added);
void comp_remove(struct patch *p, const struct ical_comp *comp);
/* Put `lines` where the first property of one of these names stands, else behind the last; and take all those out. */
void props_replace(
	struct patch *p, const struct ical_comp *comp, const struct str *names, size_t count, struct str lines);

/* Behind the last property; behind the last child, where a component is to be added; behind the component. */
const char *props_end(const struct ical_comp *comp);
const char *children_end(const struct ical_comp *comp);
const char *comp_end(const struct ical_comp *comp);

/* Room for lines to be added. */
struct buf lines_new(struct patch *p);

/* ---- event_fields.c ---- */

/* Edit what `fields` (enum event_field) names, and what tells of a change. */
void fields_change(struct patch *p, const struct ical_comp *comp, const struct event *with, unsigned fields);
/* DTSTAMP and LAST-MODIFIED are now; a change that attendees must notice raises SEQUENCE (RFC 5545 §3.8.7.4). */
void stamps_change(struct patch *p, const struct ical_comp *comp, bool significant);
