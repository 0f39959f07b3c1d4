/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/view/join.h"

#include <stdlib.h>
#include <string.h>

#include "caldav/calendar/ical/scan.h"
#include "caldav/calendar/recur/vtimezone.h"
#include "server/crypto/digest.h"

#define KNOWN_FROM_S INT64_C(0) /* 1970: from then on our VTIMEZONEs tell every change */

/* A VTIMEZONE of the document. */
struct joined {
	struct str asked; /* the name that objects use */
	struct str name;  /* the name that it has here */
	uint8_t content[SHA256_SIZE];
};

struct join {
	struct arena *mem;
	struct joined zones[JOIN_ZONES_MAX];
	size_t count;
	size_t renamed; /* for names of their own */
};

/* What a name means in the object at hand. */
struct meaning {
	struct str plain; /* tzid_plain() of it */
	struct str name;  /* in the document */
};

struct object_join {
	struct ctx *cx;
	struct join *join;
	struct ical *object;
	struct buf *out;
	struct meaning *meanings;
	size_t count, cap;
};

static void join_release(void *ptr)
{
	arena_close(((struct join *)ptr)->mem);
}

struct join *join_open(struct arena *mem)
{
	struct join *join = arena_new(mem, struct join);
	join->mem = arena_open();
	arena_defer(mem, join_release, join);
	return join;
}

/* ---- names ---- */

static const struct joined *by_content(const struct join *join, struct str asked, const uint8_t *content)
{
	for (size_t i = 0; i < join->count; i++)
		if (str_eq_nocase(join->zones[i].asked, asked) && !memcmp(join->zones[i].content, content, SHA256_SIZE))
			return &join->zones[i];
	return NULL;
}

static bool is_taken(const struct join *join, struct str name)
{
	for (size_t i = 0; i < join->count; i++)
		if (str_eq_nocase(join->zones[i].name, name)) /* readers may not tell cases apart */
			return true;
	return false;
}

static struct str free_name(struct ctx *cx, struct join *join, struct str asked)
{
	struct str name = asked;
	if (join->count == JOIN_ZONES_MAX) /* nobody remembers it: it must be nobody else's */
		return str_fmt(cx->mem, "%.*s (%zu)", STR_ARG(asked), JOIN_ZONES_MAX + ++join->renamed);
	for (size_t n = 2; is_taken(join, name); n++)
		name = str_fmt(cx->mem, "%.*s (%zu)", STR_ARG(asked), n);
	return name;
}

/* The name in the document of a zone that objects call `asked`; *is_new_out: its VTIMEZONE is to be written. */
static struct str zone_joined(struct ctx *cx, struct join *join, struct str asked, struct str content, bool *is_new_out)
{
	uint8_t digest[SHA256_SIZE];
	sha256(bytes_of((const uint8_t *)content.ptr, content.len), digest);
	const struct joined *known = by_content(join, asked, digest);
	*is_new_out = !known;
	if (known)
		return known->name;
	struct str name = free_name(cx, join, asked);
	if (join->count < JOIN_ZONES_MAX) {
		struct joined *z = &join->zones[join->count++];
		z->asked = str_dup(join->mem, asked);
		z->name = str_eq(asked, name) ? z->asked : str_dup(join->mem, name);
		memcpy(z->content, digest, sizeof digest);
	}
	return name;
}

/* ---- what was sent, with some lines replaced ---- */

struct replacement {
	struct str raw; /* of the line, where it stands in the object */
	struct str line;
};

struct replacements {
	struct arena *mem;
	struct replacement *items;
	size_t count, cap;
};

static struct replacement *replacement_add(struct replacements *list, struct str raw)
{
	if (list->count == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 16;
		list->items =
			arena_grow(list->mem, list->items, list->cap * sizeof *list->items, cap * sizeof *list->items);
		list->cap = cap;
	}
	list->items[list->count] = (struct replacement){ .raw = raw };
	return &list->items[list->count++];
}

static int replacement_cmp(const void *a, const void *b)
{
	const struct replacement *x = a, *y = b;
	return x->raw.ptr < y->raw.ptr ? -1 : x->raw.ptr > y->raw.ptr;
}

static void raw_write(struct arena *mem, struct str raw, struct replacements *list, struct buf *out)
{
	const char *at = raw.ptr, *end = raw.ptr + raw.len;
	if (list->count)
		qsort(list->items, list->count, sizeof *list->items, replacement_cmp);
	for (size_t i = 0; i < list->count; i++) {
		struct str was = list->items[i].raw;
		buf_add(out, ical_characters(mem, (struct str){ at, (size_t)(was.ptr - at) }));
		buf_add(out, list->items[i].line);
		at = was.ptr + was.len;
	}
	buf_add(out, ical_characters(mem, (struct str){ at, (size_t)(end - at) }));
	if (!str_ends(raw, STR("\n"))) /* a last line without an end */
		BUF_LIT(out, "\r\n");
}

/* ---- VTIMEZONE ---- */

/* What two definitions are equal by: their lines without folds, but the name and what says nothing of hours. */
static void content_add(const struct ical_comp *comp, struct buf *out)
{
	static const struct str aside[] = { STR_INIT("TZID"), STR_INIT("TZURL"), STR_INIT("LAST-MODIFIED"),
		STR_INIT("COMMENT") };
	buf_add(out, comp->name);
	for (const struct ical_prop *p = comp->props; p; p = p->next) {
		bool skip = str_starts(p->name, STR("X-"));
		for (size_t i = 0; i < ARRAY_LEN(aside); i++)
			skip = skip || str_eq(p->name, aside[i]);
		if (skip)
			continue;
		BUF_LIT(out, "\n");
		buf_add(out, p->name);
		BUF_LIT(out, ":");
		buf_add(out, p->value);
	}
	for (const struct ical_comp *c = comp->child; c; c = c->next) {
		BUF_LIT(out, "\n\n");
		content_add(c, out);
	}
}

static void meaning_add(struct object_join *o, struct str plain, struct str name)
{
	if (o->count == o->cap) {
		size_t cap = o->cap ? o->cap * 2 : 8;
		o->meanings =
			arena_grow(o->cx->mem, o->meanings, o->cap * sizeof *o->meanings, cap * sizeof *o->meanings);
		o->cap = cap;
	}
	o->meanings[o->count++] = (struct meaning){ plain, name };
}

static void vtimezone_join(struct object_join *o, const struct ical_comp *comp, struct str tzid)
{
	struct buf content = buf_new(o->cx->mem, 2 * OBJECT_SIZE_MAX);
	bool is_new;
	content_add(comp, &content);
	struct str name = zone_joined(o->cx, o->join, tzid, buf_str(&content), &is_new);
	meaning_add(o, tzid_plain(o->cx->mem, tzid), name);
	if (!is_new)
		return;
	struct replacements renamed = { .mem = o->cx->mem };
	if (!str_eq(name, tzid)) {
		struct buf line = buf_new(o->cx->mem, 64 * 1024);
		ical_line(&line, STR("TZID"), STR(""), ical_escape(o->cx->mem, name));
		replacement_add(&renamed, ical_prop(comp, STR("TZID"))->raw)->line = buf_str(&line);
	}
	raw_write(o->cx->mem, comp->raw, &renamed, o->out);
}

/* A zone that we know under the name that a parameter has. */
static struct str known_join(struct object_join *o, const struct zone *zone, struct str tzid)
{
	bool is_new;
	struct str content = str_cat(o->cx->mem, STR("known "), zone_name(zone));
	struct str name = zone_joined(o->cx, o->join, tzid, content, &is_new);
	if (is_new)
		vtimezone_write_as(o->cx->mem, zone, name, KNOWN_FROM_S, o->out);
	return name;
}

/* The name of what `tzid` means, its VTIMEZONE written; `tzid` itself where it means nothing. */
static struct str meant(struct object_join *o, struct str tzid)
{
	const struct zone *zone = zone_by_name(tzid);
	struct str plain = zone ? STR_ABSENT : tzid_plain(o->cx->mem, tzid);
	for (size_t i = 0; i < o->count && !zone; i++)
		if (str_eq_nocase(o->meanings[i].plain, plain))
			return o->meanings[i].name;
	if (!zone)
		zone = zone_by_name(plain);
	if (!zone)
		zone = zone_by_display_name(plain);
	return zone ? known_join(o, zone, tzid) : tzid;
}

/* ---- components ---- */

/* The line with another TZID; all else in it as it was, folded anew. */
static err_t renamed_line(struct object_join *o, const struct ical_prop *prop, struct str name, struct str *out)
{
	struct scan scan = scan_open(prop->raw);
	struct scan_line line = { 0 };
	bool more;
	size_t from, to;
	TRY(scan_next(o->cx, &scan, &line, &more));
	ical_tzid_span(line.text, &from, &to);
	struct buf text = buf_new(o->cx->mem, 2 * OBJECT_SIZE_MAX), value = buf_new(o->cx->mem, 64 * 1024);
	size_t colon = line.text.len - prop->value.len - 1;
	ical_param_value(&value, name);
	buf_add(&value, str_sub(line.text, to, colon));
	ical_line(&text, str_sub(line.text, 0, from), buf_str(&value), prop->value);
	*out = buf_str(&text);
	return OK;
}

static err_t renames_find(struct object_join *o, const struct ical_comp *comp, struct replacements *list)
{
	for (const struct ical_prop *p = comp->props; p; p = p->next) {
		struct str tzid = p->param_count ? ical_param(p, STR("TZID")) : STR_ABSENT, name;
		if (!tzid.len)
			continue;
		name = meant(o, tzid);
		if (!str_eq(name, tzid))
			TRY(renamed_line(o, p, name, &replacement_add(list, p->raw)->line));
	}
	for (const struct ical_comp *c = comp->child; c; c = c->next)
		TRY(renames_find(o, c, list));
	return OK;
}

err_t join_object(struct ctx *cx, struct join *join, struct str data, struct buf *out)
{
	struct object_join o = { .cx = cx, .join = join, .out = out };
	TRY(ical_parse(cx, data, &o.object));
	const struct ical_comp *first = o.object->root->child, *c;
	for (c = ical_comp_named(first, STR("VTIMEZONE")); c; c = ical_comp_named(c->next, STR("VTIMEZONE"))) {
		struct str tzid = ical_tzid(cx->mem, c);
		if (tzid.len && !zone_by_name(tzid))
			vtimezone_join(&o, c, tzid);
	}
	for (c = first; c; c = c->next) {
		struct replacements renames = { .mem = cx->mem };
		if (str_eq(c->name, STR("VTIMEZONE")))
			continue;
		TRY(renames_find(&o, c, &renames));
		raw_write(cx->mem, c->raw, &renames, out);
	}
	return OK;
}
