/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iCalendar (RFC 5545) as text: bytes are scanned (scan.h), then cut into components and properties that borrow from
 * them; what is stored is never written anew. What the components mean is for those to the right: when they are for
 * recur/, what a PUT asks of them for validate.h. A `struct ical` and all that hangs on it lives in cx->mem and belongs
 * to one thread.
 */
#pragma once

#include "server/base/buf.h"
#include "server/base/ctx.h"

/* What is advertised as min-date-time and max-date-time (RFC 4791 §5.2.6, §5.2.7). */
#define ICAL_MIN_DATE_TEXT "00010101T000000Z"
#define ICAL_MAX_DATE_TEXT "99981231T235959Z"
#define OBJECT_SIZE_MAX ((size_t)1024 * 1024) /* octets: max-resource-size (§5.2.5) */
#define ICAL_PRODID "-//Calends//Calends//EN" /* of what we write ourselves */
#define ICAL_ATTENDEES_MAX 100                /* per instance: max-attendees-per-instance (§5.2.9) */

/* ---- the parse: components, properties, parameters ---- */

struct ical_param {
	struct str name;  /* upper case */
	struct str value; /* without quotes and RFC 6868 escapes; of several, joined by commas */
	struct str raw;   /* as sent, unfolded: to be written again */
};

struct ical_prop {
	struct str name;  /* upper case */
	struct str value; /* unfolded, as sent: texts are still escaped, see ical_text() */
	struct str raw;   /* the whole content line as sent, with its folds and line end */
	const struct ical_param *params;
	size_t param_count;
	const struct ical_prop *next;
};

struct ical_comp {
	struct str name; /* upper case */
	struct str raw;  /* from BEGIN to the line end of END, as sent */
	const struct ical_prop *props;
	uint64_t names; /* the bits of its properties' names: most of what is asked for is not there */
	const struct ical_comp *child, *next, *parent;
};

struct ical {
	struct str data;
	const struct ical_comp *root; /* VCALENDAR */
	/* Made when first needed: */
	struct ical_zones *zones; /* of its VTIMEZONEs (vtimezone.c) */
	struct series *series;    /* its recurrence set (series.h) */
};

/* Scan and cut. ICAL_DATA with a text that names the line and what is wrong there. */
MUST_CHECK err_t ical_parse(struct ctx *cx, struct str data, struct ical **out);

/* The first property of this (upper-case) name, or NULL. */
const struct ical_prop *ical_prop(const struct ical_comp *comp, struct str name);
/* The next one of the same name after `prop`, or NULL. */
const struct ical_prop *ical_prop_again(const struct ical_prop *prop);
size_t ical_props_count(const struct ical_comp *comp, struct str name);
/* A property's value, absent where there is none. */
struct str ical_value(const struct ical_comp *comp, struct str name);
/* A parameter's value, absent where there is none. */
struct str ical_param(const struct ical_prop *prop, struct str name);
/* The first child of this (upper-case) name at or after `comp` among its siblings, or NULL:
 * for (c = ical_comp_named(parent->child, n); c; c = ical_comp_named(c->next, n)) */
const struct ical_comp *ical_comp_named(const struct ical_comp *comp, struct str name);
/* A text value without its escapes (RFC 5545 §3.3.11); a backslash before any other character stays. Lists (CATEGORIES)
 * keep their commas. */
struct str ical_text(struct arena *mem, struct str value);
/* The same iCalendar text without the folds that cut a character in two (which §3.1 allows): what stands inside XML
 * must be UTF-8 as it stands. `data` itself where there are none. */
struct str ical_characters(struct arena *mem, struct str data);
/* Where the value of the first TZID parameter stands in an unfolded content line: [from, to); both 0 where there is
 * none.
 */
void ical_tzid_span(struct str line, size_t *from_out, size_t *to_out);
/* The kinds of components that a calendar object may be about (RFC 4791 §5.2.3); a calendar stores a set of them. */
enum component { COMPONENT_VEVENT = 1, COMPONENT_VTODO = 2, COMPONENT_VJOURNAL = 4 };
#define COMPONENTS_ALL 7
/* Of an upper-case name; 0 for any other. */
enum component ical_component(struct str name);
/* The component that the object is about: the master, or the first override where there is no master. */
const struct ical_comp *ical_main(const struct ical *object);

/* A content line: name and value (and parameters, if any, as ";X=y" text), folded at 75 octets (RFC 5545 §3.1). */
void ical_line(struct buf *out, struct str name, struct str params, struct str value);
/* A text with its escapes, for ical_line(). */
struct str ical_escape(struct arena *mem, struct str text);
/* A parameter's value as it is written: always quoted, with RFC 6868's escapes. */
void ical_param_value(struct buf *out, struct str value);
