/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing an object: a list of edits of its bytes, made from what the parse points at. What no edit names stays as the
 * client wrote it. For the files event_*.c.
 */
#pragma once

#include "caldav/calendar/event/event_private.h"

struct edit;

struct edits {
	struct ctx *cx;
	struct ical *object;
	const struct series *series;
	struct edit *list;
	size_t count, cap;
};

/* Errors as ical_parse() and series_read(); ICAL_OBJECT: no VEVENT. */
MUST_CHECK err_t edits_open(struct ctx *cx, struct str data, struct edits *out);
/* The object's new text; what was given where there are no edits. ICAL_SIZE. */
MUST_CHECK err_t edits_apply(struct edits *e, struct str *out);
/* Apply, and open the new text: components stand in the same order, but for those that were removed. */
MUST_CHECK err_t edits_go_on(struct edits *e);

/* Where `at` points into the object, take `removed` octets out and put `added` there. Those of one place stay in order.
 */
void edit_add(struct edits *e, const char *at, size_t removed, struct str added);
void comp_remove(struct edits *e, const struct ical_comp *comp);
void prop_replace(struct edits *e, const struct ical_prop *prop, struct str lines);
/* The same line, its parameters too, with these values; none: it goes. */
void prop_keep_values(struct edits *e, const struct ical_prop *prop, struct str values);
/* Put `lines` where the first property of one of these names stands, else after the last; and take all those out. */
void props_replace(
	struct edits *e, const struct ical_comp *comp, const struct str *names, size_t count, struct str lines);

/* After the last property; after the last child, where a component is to be added; after the component. */
const char *props_end(const struct ical_comp *comp);
const char *children_end(const struct ical_comp *comp);
const char *comp_end(const struct ical_comp *comp);

/* Room for lines to be added. */
struct buf lines_new(struct edits *e);
/* A property's line with another value. The form's parameters are new, others stay. */
void form_line(struct buf *out, const struct ical_prop *was, struct str name, struct time_form form, struct str value);

/* ---- event_fields.c ---- */

/* Edit what `fields` (enum event_field) names in one component, and what tells of a change. `series`: it is the master
 * of one. INVALID_VALUE. */
MUST_CHECK err_t fields_change(struct edits *e, const struct timing *t, const struct event *was,
	const struct event_change *change, unsigned fields);
/* DTSTAMP and LAST-MODIFIED are now; a change that attendees must notice raises SEQUENCE (RFC 5545 §3.8.7.4). */
void stamps_change(struct edits *e, const struct ical_comp *comp, bool significant);

/* ---- event_instance.c ---- */

/* One instance by its recurrence id. NOT_FOUND. */
MUST_CHECK err_t instance_find(
	const struct edits *e, struct str recurrence_id, struct str zone, struct series_instance *out);
/* Give the instance an override of its own, that is of it alone; `e` goes on with the new text. */
MUST_CHECK err_t instance_separate(struct edits *e, struct series_instance *instance, struct str zone);
/* DTSTART of an instance and what says its end, in the forms of the component in effect. */
void instance_times(struct edits *e, struct buf *out, const struct series_instance *i);
/* What a THISANDFUTURE override says begins at the next instance instead; its own component is to be changed or
 * removed. */
void instance_pass_on(struct edits *e, const struct override *own, struct str zone);
/* RECURRENCE-ID or EXDATE of this start, in the master's form. */
void original_line(struct edits *e, struct buf *out, struct str name, struct str range, struct when original);

/* ---- event_series.c ---- */

/* A series that is moved: every original start by as much. */
struct series_move {
	const struct series *was, *now;
	int64_t by;      /* seconds on the clock of `now` */
	bool by_instant; /* one of the two counts elapsed time (HOURLY), the other the wall */
};
/* Where an original start of the series before is now. */
struct when series_moved(const struct series_move *m, struct when original);

/*
 * The master is changed; `was` is the series before. Bring along what hangs on it, and list what has no instance any
 * more. `fields`: lists that were set by the caller are left alone.
 */
MUST_CHECK err_t exceptions_change(
	struct edits *e, const struct series *was, struct ical *was_object, unsigned fields, struct event_changed *out);

/* ---- event_rule_move.c ---- */

/* CONFLICT (param "recurrence.rule"). */
err_t rule_refuse(struct ctx *cx);
/* Write a RRULE or EXRULE of the master, on the new text, so that it makes the moved starts, and its UNTIL ends there.
 * rule_refuse(): it names days or hours that cannot be moved so. */
MUST_CHECK err_t rule_move(struct edits *e, const struct series_move *move, const struct ical_prop *prop);

/* ---- event_split.c, event_split_proof.c ---- */

/* CONFLICT (param "scope"). */
err_t split_refuse(struct ctx *cx);
/* Around the cut (an original start of `whole`) both halves together have the instances of the whole, and nothing else.
 * CONFLICT, TOO_COSTLY. */
MUST_CHECK err_t split_prove(const struct edits *whole, struct when at, const struct event_parts *parts);
