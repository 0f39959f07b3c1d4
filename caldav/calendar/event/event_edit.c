/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/event/event_edit.h"

#include <stdlib.h>

struct edit {
	const char *at;
	size_t removed;
	struct str added;
	size_t order; /* edits at one place stay in order */
};

err_t patch_open(struct ctx *cx, struct str data, struct patch *p)
{
	*p = (struct patch){ .cx = cx };
	TRY(ical_parse(cx, data, &p->object));
	TRY(series_read(cx, p->object, &p->series));
	if (!p->series->timing_count || p->series->timings[0].kind != TIMING_EVENT)
		return REFUSE(cx, ICAL_OBJECT, "", "this object is no event");
	return OK;
}

void edit_add(struct patch *p, const char *at, size_t removed, struct str added)
{
	if (p->count == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 32;
		p->edits = arena_grow(p->cx->mem, p->edits, p->cap * sizeof *p->edits, cap * sizeof *p->edits);
		p->cap = cap;
	}
	p->edits[p->count] = (struct edit){ at, removed, added, p->count };
	p->count++;
}

static int edit_cmp(const void *a, const void *b)
{
	const struct edit *x = a, *y = b;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

err_t patch_apply(struct patch *p, struct str *out)
{
	struct buf b = buf_new(p->cx->mem, 2 * OBJECT_SIZE_MAX);
	const char *at = p->object->data.ptr, *end = at + p->object->data.len;
	if (p->count)
		qsort(p->edits, p->count, sizeof *p->edits, edit_cmp);
	for (size_t i = 0; i < p->count; i++) {
		const struct edit *e = &p->edits[i];
		if (e->at < at) /* inside of what was taken out */
			continue;
		buf_add(&b, (struct str){ at, (size_t)(e->at - at) });
		buf_add(&b, e->added);
		at = e->at + e->removed;
	}
	buf_add(&b, (struct str){ at, (size_t)(end - at) });
	if (b.full || b.len > OBJECT_SIZE_MAX)
		return REFUSE(p->cx, ICAL_SIZE, "", "the event would be larger than %zu octets", OBJECT_SIZE_MAX);
	*out = buf_str(&b);
	return OK;
}

/* ---- places ---- */

static const char *end_of(struct str raw)
{
	return raw.ptr + raw.len;
}

const char *props_end(const struct ical_comp *comp)
{
	const char *at = comp->raw.ptr;
	for (const struct ical_prop *p = comp->props; p; p = p->next)
		at = end_of(p->raw);
	return at;
}

const char *children_end(const struct ical_comp *comp)
{
	const char *at = props_end(comp);
	for (const struct ical_comp *c = comp->child; c; c = c->next)
		at = end_of(c->raw) > at ? end_of(c->raw) : at;
	return at;
}

const char *comp_end(const struct ical_comp *comp)
{
	return end_of(comp->raw);
}

void comp_remove(struct patch *p, const struct ical_comp *comp)
{
	edit_add(p, comp->raw.ptr, comp->raw.len, STR(""));
}

void props_replace(
	struct patch *p, const struct ical_comp *comp, const struct str *names, size_t count, struct str lines)
{
	const char *place = NULL;
	for (const struct ical_prop *prop = comp->props; prop; prop = prop->next)
		for (size_t i = 0; i < count; i++)
			if (str_eq(prop->name, names[i])) {
				place = place ? place : prop->raw.ptr;
				edit_add(p, prop->raw.ptr, prop->raw.len, prop->raw.ptr == place ? lines : STR(""));
			}
	if (!place && lines.len)
		edit_add(p, props_end(comp), 0, lines);
}

struct buf lines_new(struct patch *p)
{
	return buf_new(p->cx->mem, 2 * OBJECT_SIZE_MAX);
}
