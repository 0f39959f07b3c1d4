/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/multistatus_rows.h"

#include "caldav/dispatch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void rows_open(struct multistatus_rows *m, const struct dav_call *call, const struct requested_props *requested)
{
	*m = (struct multistatus_rows){
		.cx = &call->rq->cx, .rs = call->rs, .context = prop_context_of(call), .requested = requested
	};
	m->start = arena_mark(m->cx->mem);
}

struct buf *rows_out(struct multistatus_rows *m)
{
	if (!m->out)
		m->out = multistatus_begin(m->rs);
	return m->out;
}

bool rows_write(struct multistatus_rows *m, const struct subject *subject)
{
	struct arena_mark mark = arena_mark(m->cx->mem);
	props_respond(&m->context, m->requested, subject, rows_out(m));
	arena_rewind(m->cx->mem, mark);
	m->gone = m->gone || !response_flush_if_large(m->rs);
	return !m->gone;
}

bool rows_missing(struct multistatus_rows *m, struct str href, int status)
{
	multistatus_status(rows_out(m), href, status, NULL);
	m->gone = m->gone || !response_flush_if_large(m->rs);
	return !m->gone;
}

static int by_id(const void *a, const void *b)
{
	const struct object *left = a, *right = b;
	return id_cmp(left->id, right->id);
}

err_t rows_fetch(struct multistatus_rows *m, struct object *objects, size_t from, size_t count, size_t *end_out)
{
	size_t end = object_batch(objects, from, count);
	struct id *ids = arena_array(m->cx->mem, struct id, end - from + 1);
	for (size_t i = from; i < end; i++)
		ids[i - from] = objects[i].id;

	struct object *rows = NULL;
	size_t found = 0;
	TRY(object_by_ids(m->cx, m->context.actor, (struct id_list){ ids, end - from }, &rows, &found));
	if (found)
		qsort(rows, found, sizeof *rows, by_id);
	for (size_t i = from; i < end && found; i++) {
		const struct object *row = bsearch(&objects[i], rows, found, sizeof *rows, by_id);
		if (row)
			objects[i] = *row;
	}
	*end_out = end;
	return OK;
}

err_t rows_dead(struct multistatus_rows *m, const struct object *objects, size_t count, struct dead_property **out,
	size_t *count_out)
{
	*count_out = 0;
	if (count == 0)
		return OK;
	struct id *ids = arena_array(m->cx->mem, struct id, count);
	for (size_t i = 0; i < count; i++)
		ids[i] = objects[i].id;
	return dead_property_list(m->cx, m->context.actor, (struct id_list){ ids, count }, out, count_out);
}

const struct dead_property *dead_run(
	const struct dead_property *all, size_t count, struct id resource, size_t *count_out)
{
	size_t from = 0, end = count;
	while (from < end) {
		size_t middle = from + (end - from) / 2;
		if (id_cmp(all[middle].resource, resource) < 0)
			from = middle + 1;
		else
			end = middle;
	}
	for (end = from; end < count && id_eq(all[end].resource, resource);)
		end++;
	*count_out = end - from;
	return all + from;
}

/* Rows that are complete: one response each. */
static err_t respond_ready(
	struct multistatus_rows *m, const struct calendar *calendar, const struct object *objects, size_t count)
{
	struct dead_property *dead = NULL;
	size_t dead_count = 0;
	struct str base = href_text(m->cx->mem, m->at);
	if (requested_wants_dead(m->requested, RES_OBJECT))
		TRY(rows_dead(m, objects, count, &dead, &dead_count));
	for (size_t i = 0; i < count; i++) {
		struct subject s = {
			.at = href_object(m->at, objects[i].name),
			.calendar = calendar,
			.object = &objects[i],
			.base = base,
		};
		if (m->requested->wants_data && !objects[i].data.ptr)
			continue; /* deleted since the page was read */
		s.dead = dead_run(dead, dead_count, objects[i].id, &s.dead_count);
		if (!rows_write(m, &s))
			return OK;
	}
	return OK;
}

err_t rows_respond(struct multistatus_rows *m, const struct calendar *calendar, struct object *objects, size_t count)
{
	m->at = href_calendar(m->context.actor, calendar->name);
	if (!m->requested->wants_data || (count && objects[0].data.ptr))
		return respond_ready(m, calendar, objects, count);
	for (size_t from = 0; from < count && !m->gone;) {
		struct arena_mark mark = arena_mark(m->cx->mem);
		size_t end = from;
		TRY(rows_fetch(m, objects, from, count, &end));
		TRY(respond_ready(m, calendar, objects + from, end - from));
		arena_rewind(m->cx->mem, mark);
		from = end;
	}
	return OK;
}

struct str rows_keep(struct multistatus_rows *m, struct str name)
{
	assert(name.len <= sizeof m->name);
	memcpy(m->name, name.ptr, name.len);
	return (struct str){ m->name, name.len };
}

bool rows_turn(struct multistatus_rows *m)
{
	arena_rewind(m->cx->mem, m->start);
	return !m->gone;
}

void rows_close(struct multistatus_rows *m)
{
	multistatus_end(rows_out(m));
}

static struct object_path path_of(struct resource at)
{
	return (struct object_path){ at.calendar, at.kind == RES_OBJECT ? at.object : STR_ABSENT };
}

static bool has_names(enum resource_kind kind)
{
	return kind == RES_CALENDAR || kind == RES_OBJECT;
}

err_t dead_load(struct ctx *cx, const struct requested_props *requested, struct subject *subject)
{
	const struct resource at = subject->at;
	struct dead_property *dead = NULL;
	if (!requested_wants_dead(requested, at.kind))
		return OK;
	if (has_names(at.kind)) {
		TRY(dead_property_named(cx, at.actor, path_of(at), &dead, &subject->dead_count));
	} else {
		struct id id = at.kind == RES_HOME ? dead_property_home(at.account) : at.account;
		TRY(dead_property_list(cx, at.actor, (struct id_list){ &id, 1 }, &dead, &subject->dead_count));
	}
	subject->dead = dead;
	return OK;
}

void subject_prefetch(struct ctx *cx, struct resource at, const struct requested_props *requested)
{
	if (at.kind == RES_OBJECT)
		object_prefetch_known(cx, at.actor, at.calendar, at.object);
	if (has_names(at.kind) && requested_wants_dead(requested, at.kind))
		dead_property_prefetch(cx, at.actor, path_of(at));
}

err_t subject_load(
	struct ctx *cx, struct resource at, struct calendar *calendar, struct object *object, struct subject *out)
{
	*out = (struct subject){ .at = at };
	if (at.kind != RES_CALENDAR && at.kind != RES_OBJECT)
		return OK;
	TRY(calendar_by_name(cx, at.actor, at.calendar, calendar));
	out->calendar = calendar;
	if (at.kind == RES_CALENDAR)
		return OK;
	TRY(object_get(cx, at.actor, at.calendar, at.object, object));
	out->object = object;
	return OK;
}
