/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/view/freebusy.h"

#include <stdlib.h>

#include "caldav/calendar/index/bounds.h"
#include "caldav/calendar/recur/dense_series.h"
#include "caldav/calendar/recur/budget.h"

/* ---- collecting ---- */

static void close_arena(void *arena)
{
	arena_close(arena);
}

void freebusy_open(struct ctx *cx, struct instant start, struct instant end, struct str zone, struct freebusy *out)
{
	*out = (struct freebusy){ .mem = arena_open(), .start = start, .end = end, .zone = zone };
	arena_defer(cx->mem, close_arena, out->mem);
}

/* One object's spans. */
struct adding {
	struct freebusy *fb;
	enum busy_kind kind; /* of what is not told otherwise */
	size_t from;         /* where in fb->spans they begin */
	bool unclear;        /* data must decide */
	bool over;           /* there was no room */
};

/* False: over. An object's instances come in order, so the last span is the one to grow. */
static bool span_add(struct adding *to, int64_t start_s, int64_t end_s, enum busy_kind kind)
{
	struct freebusy *fb = to->fb;
	struct instant start = instant_of_s(start_s), end = instant_of_s(end_s);
	struct busy_span *last = fb->count > to->from ? &fb->spans[fb->count - 1] : NULL;
	if (start.us < fb->start.us)
		start = fb->start;
	if (end.us > fb->end.us)
		end = fb->end;
	if (start.us >= end.us)
		return true;
	if (last && last->kind == kind && start.us >= last->start.us && start.us <= last->end.us) {
		if (end.us > last->end.us)
			last->end = end;
		return true;
	}
	if (fb->count == fb->cap) {
		size_t cap = fb->cap ? fb->cap * 2 : 64;
		fb->spans = arena_grow(fb->mem, fb->spans, fb->cap * sizeof *fb->spans, cap * sizeof *fb->spans);
		fb->cap = cap;
	}
	fb->spans[fb->count++] = (struct busy_span){ start, end, kind };
	to->over = fb->count > 2 * FREEBUSY_SPANS_MAX;
	return !to->over;
}

/* A moment is packed as the one second by which time ranges find it; it makes nobody busy. */
static bool is_moment(int64_t first, int64_t last)
{
	return last - first <= 1;
}

static bool add_packed(void *to, struct occurrence_span span)
{
	struct adding *a = to;
	a->unclear = is_moment(span.first, span.last); /* a series of seconds looks like one of moments */
	return !a->unclear && span_add(a, span.first, span.last, a->kind);
}

/* Does the owner come, as far as this component says? */
static bool makes_busy(const struct freebusy *fb, const struct timing *t)
{
	const struct str prefix = STR("mailto:");
	const struct ical_prop *p = t->busy && fb->email.len ? ical_prop(t->comp, STR("ATTENDEE")) : NULL;
	for (; p; p = ical_prop_again(p)) {
		struct str who = str_starts_nocase(p->value, prefix) ? str_from(p->value, prefix.len) : p->value;
		if (str_eq_nocase(who, fb->email))
			return !str_eq_nocase(ical_param(p, STR("PARTSTAT")), STR("DECLINED"));
	}
	return t->busy;
}

static bool add_instance(void *to, const struct series_instance *i)
{
	if (!makes_busy(((struct adding *)to)->fb, i->timing) || i->at.start == INT64_MIN)
		return true;
	return span_add(to, i->at.start, i->at.end, i->timing->tentative ? BUSY_TENTATIVE : BUSY);
}

static void add_run(void *to, int64_t start, int64_t end)
{
	struct adding *a = to;
	(void)span_add(a, start, end, a->kind); /* there are no more of them than the object has exceptions */
}

/* True: bounds and occ were enough. */
static bool add_from_bounds(struct adding *a, const struct object *o)
{
	int64_t from = window_s(a->fb->start), until = window_s(a->fb->end);
	if (o->flags & ICAL_MIXED || (o->flags & ICAL_DECLINED && a->fb->email.len))
		return false;
	if (!(o->flags & (ICAL_RECURRING | ICAL_FLOATING))) {
		if (is_moment(instant_s(o->first_at), instant_s(o->last_at)))
			return false; /* or a single second */
		(void)span_add(a, instant_s(o->first_at), instant_s(o->last_at), a->kind);
		return true;
	}
	const struct ical_facts facts = object_facts(o);
	if (!bounds_cover(&facts, from, until))
		return false;
	bounds_walk(&facts, from, until, zone_or_utc(a->fb->zone), add_packed, a);
	if (a->unclear)
		a->fb->count = a->from;
	return !a->unclear;
}

static err_t add_from_data(struct ctx *cx, struct adding *a, const struct object *object)
{
	const struct freebusy *fb = a->fb;
	struct ical *parsed;
	const struct series *s;
	TRY(budget_check(cx));
	TRY(ical_parse(cx, object->data, &parsed));
	TRY(series_read(cx, parsed, &s));
	struct walk walk = { .floating = zone_or_utc(fb->zone),
		.a = window_s(fb->start),
		.b = window_s(fb->end),
		.visit = add_instance,
		.to = a };
	if (s->master && makes_busy(fb, s->master)) {
		a->kind = s->master->tentative ? BUSY_TENTATIVE : BUSY;
		walk.overrides_alone = dense_series_runs(cx->mem, s, &walk, add_run, a);
	}
	bool whole = series_walk(cx->mem, s, &walk);
	if (a->over)
		return FAIL(cx, TOO_COSTLY, "free-busy: a series is too dense");
	return whole ? OK : series_too_costly(cx, s);
}

/* Room for the next object's; what overlaps takes none. */
static err_t make_room(struct ctx *cx, struct freebusy *fb)
{
	if (fb->count <= FREEBUSY_SPANS_MAX)
		return OK;
	freebusy_merge(fb);
	return fb->count <= FREEBUSY_SPANS_MAX / 2 ? OK : FAIL(cx, TOO_COSTLY, "%zu spans of free-busy", fb->count);
}

err_t freebusy_add(struct ctx *cx, struct freebusy *fb, const struct object *object, bool *needs_data_out)
{
	struct adding adding = { fb, object->flags & ICAL_TENTATIVE ? BUSY_TENTATIVE : BUSY, fb->count, false, false };
	*needs_data_out = false;
	if (object->component != COMPONENT_VEVENT || object->flags & ICAL_TRANSPARENT ||
		object->last_at.us <= fb->start.us || object->first_at.us >= fb->end.us)
		return OK;
	if (!add_from_bounds(&adding, object)) {
		if (!object->data.ptr) {
			*needs_data_out = true;
			return OK;
		}
		struct arena_mark mark = arena_mark(cx->mem);
		TRY(add_from_data(cx, &adding, object));
		arena_rewind(cx->mem, mark);
	}
	return make_room(cx, fb);
}

/* ---- merging ---- */

static int busy_cmp(const void *a, const void *b)
{
	const struct busy_span *x = a, *y = b;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->start.us < y->start.us ? -1 : x->start.us > y->start.us;
}

void freebusy_merge(struct freebusy *fb)
{
	size_t kept = 0;
	if (!fb->count)
		return;
	qsort(fb->spans, fb->count, sizeof *fb->spans, busy_cmp);
	for (size_t i = 1; i < fb->count; i++) {
		struct busy_span *last = &fb->spans[kept], next = fb->spans[i];
		if (next.kind != last->kind || next.start.us > last->end.us)
			fb->spans[++kept] = next;
		else if (next.end.us > last->end.us)
			last->end = next.end;
	}
	fb->count = kept + 1;
}

void freebusy_flatten(struct freebusy *fb, bool tentative_counts)
{
	size_t kept = 0;
	for (size_t i = 0; i < fb->count; i++) {
		if (fb->spans[i].kind == BUSY_TENTATIVE && !tentative_counts)
			continue;
		fb->spans[kept] = fb->spans[i];
		fb->spans[kept++].kind = BUSY;
	}
	fb->count = kept;
	freebusy_merge(fb);
}

struct slot_span *freebusy_seconds(struct arena *mem, const struct freebusy *fb, size_t *count_out)
{
	struct slot_span *spans = arena_array(mem, struct slot_span, fb->count + 1);
	size_t kept = 0;
	for (size_t i = 0; i < fb->count; i++) {
		int64_t from = instant_s(fb->spans[i].start);
		int64_t to = instant_s((struct instant){ fb->spans[i].end.us + US_PER_S - 1 });
		if (kept > 0 && spans[kept - 1].to >= from)
			spans[kept - 1].to = to;
		else
			spans[kept++] = (struct slot_span){ from, to };
	}
	*count_out = kept;
	return spans;
}

/* ---- writing ---- */

static void period_write(struct arena *mem, struct buf *out, const struct busy_span *span)
{
	int64_t s = instant_s(span->end) - instant_s(span->start);
	buf_add(out, instant_ical(mem, span->start));
	BUF_LIT(out, "/PT");
	if (s >= 3600)
		buf_fmt(out, "%lldH", (long long)(s / 3600));
	if (s % 3600 >= 60)
		buf_fmt(out, "%lldM", (long long)(s / 60 % 60));
	if (s % 60 || s < 60)
		buf_fmt(out, "%lldS", (long long)(s % 60));
}

/* One property a kind (RFC 5545 §3.8.2.6). */
static void kind_write(struct arena *mem, const struct freebusy *fb, enum busy_kind kind, struct buf *out)
{
	static const struct str params[BUSY_KINDS] = {
		[BUSY] = STR_INIT(";FBTYPE=BUSY"),
		[BUSY_TENTATIVE] = STR_INIT(";FBTYPE=BUSY-TENTATIVE"),
		[BUSY_UNAVAILABLE] = STR_INIT(";FBTYPE=BUSY-UNAVAILABLE"),
	};
	struct buf periods = buf_new(mem, out->max);
	for (size_t i = 0; i < fb->count; i++) {
		if (fb->spans[i].kind != kind)
			continue;
		if (periods.len)
			buf_char(&periods, ',');
		period_write(mem, &periods, &fb->spans[i]);
	}
	if (periods.len)
		ical_line(out, STR("FREEBUSY"), params[kind], buf_str(&periods));
}

void freebusy_write(struct ctx *cx, const struct freebusy *fb, struct str uid, struct buf *out)
{
	BUF_LIT(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:" ICAL_PRODID "\r\nBEGIN:VFREEBUSY\r\n");
	if (uid.ptr)
		ical_line(out, STR("UID"), STR(""), uid);
	ical_line(out, STR("DTSTAMP"), STR(""), instant_ical(cx->mem, cx->now));
	if (fb->start.us != INSTANT_BEFORE.us)
		ical_line(out, STR("DTSTART"), STR(""), instant_ical(cx->mem, fb->start));
	if (fb->end.us != INSTANT_FOREVER.us)
		ical_line(out, STR("DTEND"), STR(""), instant_ical(cx->mem, fb->end));
	for (enum busy_kind kind = BUSY; kind < BUSY_KINDS; kind++)
		kind_write(cx->mem, fb, kind, out);
	BUF_LIT(out, "END:VFREEBUSY\r\nEND:VCALENDAR\r\n");
}
