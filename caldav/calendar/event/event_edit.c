/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/event/event_edit.h"

#include <stdlib.h>

struct edit {
	const char *at;
	size_t removed;
	struct str added;
	size_t order; /* edits at one place stay in order */
};

err_t edits_open(struct ctx *cx, struct str data, struct edits *out)
{
	struct edits e = { .cx = cx };
	TRY(ical_parse(cx, data, &e.object));
	TRY(series_read(cx, e.object, &e.series));
	if (!e.series->timing_count || e.series->timings[0].kind != TIMING_EVENT)
		return REFUSE(cx, ICAL_OBJECT, "", "this object is no event");
	*out = e;
	return OK;
}

void edit_add(struct edits *e, const char *at, size_t removed, struct str added)
{
	if (e->count == e->cap) {
		size_t cap = e->cap ? e->cap * 2 : 32;
		e->list = arena_grow(e->cx->mem, e->list, e->cap * sizeof *e->list, cap * sizeof *e->list);
		e->cap = cap;
	}
	e->list[e->count] = (struct edit){ at, removed, added, e->count };
	e->count++;
}

static int edit_cmp(const void *a, const void *b)
{
	const struct edit *x = a, *y = b;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

err_t edits_apply(struct edits *e, struct str *out)
{
	struct buf b = buf_new(e->cx->mem, 2 * OBJECT_SIZE_MAX);
	const char *at = e->object->data.ptr, *end = at + e->object->data.len;
	if (!e->count) {
		*out = e->object->data;
		return OK;
	}
	qsort(e->list, e->count, sizeof *e->list, edit_cmp);
	for (size_t i = 0; i < e->count; i++) {
		const struct edit *edit = &e->list[i];
		if (edit->at < at) /* inside of what was taken out */
			continue;
		buf_add(&b, (struct str){ at, (size_t)(edit->at - at) });
		buf_add(&b, edit->added);
		at = edit->at + edit->removed;
	}
	buf_add(&b, (struct str){ at, (size_t)(end - at) });
	if (b.full || b.len > OBJECT_SIZE_MAX)
		return REFUSE(e->cx, ICAL_SIZE, "", "the event would be larger than %zu octets", OBJECT_SIZE_MAX);
	*out = buf_str(&b);
	return OK;
}

err_t edits_go_on(struct edits *e)
{
	struct str text;
	if (!e->count)
		return OK;
	TRY(edits_apply(e, &text));
	return edits_open(e->cx, text, e);
}

/* ---- where ---- */

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

void comp_remove(struct edits *e, const struct ical_comp *comp)
{
	edit_add(e, comp->raw.ptr, comp->raw.len, STR(""));
}

void prop_replace(struct edits *e, const struct ical_prop *prop, struct str lines)
{
	edit_add(e, prop->raw.ptr, prop->raw.len, lines);
}

void props_replace(
	struct edits *e, const struct ical_comp *comp, const struct str *names, size_t count, struct str lines)
{
	bool placed = false;
	for (const struct ical_prop *prop = comp->props; prop; prop = prop->next)
		for (size_t i = 0; i < count; i++)
			if (str_eq(prop->name, names[i])) {
				prop_replace(e, prop, placed ? STR("") : lines);
				placed = true;
			}
	if (!placed && lines.len)
		edit_add(e, props_end(comp), 0, lines);
}

/* ---- lines ---- */

struct buf lines_new(struct edits *e)
{
	return buf_new(e->cx->mem, 2 * OBJECT_SIZE_MAX);
}

void form_line(struct buf *out, const struct ical_prop *was, struct str name, struct time_form form, struct str value)
{
	struct buf params = buf_new(out->mem, out->max);
	for (size_t i = 0; was && i < was->param_count; i++) {
		struct ical_param p = was->params[i];
		if (!str_eq(p.name, STR("TZID")) && !str_eq(p.name, STR("VALUE")))
			buf_fmt(&params, ";%.*s=%.*s", STR_ARG(p.name), STR_ARG(p.raw));
	}
	buf_add(&params, form.params);
	ical_line(out, name, buf_str(&params), value);
}

void prop_keep_values(struct edits *e, const struct ical_prop *prop, struct str values)
{
	struct buf params = lines_new(e), line = lines_new(e);
	for (size_t i = 0; i < prop->param_count; i++)
		buf_fmt(&params, ";%.*s=%.*s", STR_ARG(prop->params[i].name), STR_ARG(prop->params[i].raw));
	if (values.len)
		ical_line(&line, prop->name, buf_str(&params), values);
	prop_replace(e, prop, buf_str(&line));
}
