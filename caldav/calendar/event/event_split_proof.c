/* SPDX-License-Identifier: Apache-2.0 */
/* Two halves of a series have the instances of the whole: both are expanded around the cut and compared with it. */
#include <stdlib.h>

#include "caldav/calendar/event/event_edit.h"
#include "caldav/calendar/recur/budget.h"

#define PROVEN_MAX 5000
#define FAR_SECONDS (INT64_C(4) * 366 * DAY_S)

struct seen {
	struct when original;
	struct extent at;
};

struct proof {
	struct ctx *cx;
	struct seen *seen;
	size_t count;
};

static bool note(void *to, const struct series_instance *i)
{
	struct proof *p = to;
	if (p->count == PROVEN_MAX)
		return false;
	p->seen[p->count++] = (struct seen){ i->original, i->at };
	return true;
}

static int seen_cmp(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	if (x->at.start != y->at.start)
		return x->at.start < y->at.start ? -1 : 1;
	int64_t one = when_utc(x->original, zone_utc()), other = when_utc(y->original, zone_utc());
	return one < other ? -1 : one > other;
}

/* False: more than can be compared. */
static bool look(struct proof *p, const struct series *s, int64_t from, int64_t until)
{
	struct walk walk = { .floating = zone_utc(), .a = from, .b = until, .visit = note, .to = p };
	return series_walk(p->cx->mem, s, &walk) && p->count < PROVEN_MAX;
}

static bool same_instances(struct proof *a, struct proof *b)
{
	bool same = a->count == b->count;
	if (a->count)
		qsort(a->seen, a->count, sizeof *a->seen, seen_cmp);
	if (b->count)
		qsort(b->seen, b->count, sizeof *b->seen, seen_cmp);
	for (size_t i = 0; same && i < a->count; i++)
		same = !seen_cmp(&a->seen[i], &b->seen[i]) && a->seen[i].at.end == b->seen[i].at.end;
	return same;
}

err_t split_prove(const struct edits *whole, struct when at, const struct event_parts *parts)
{
	struct ctx *cx = whole->cx;
	struct edits before, after;
	int64_t cut = when_utc(at, zone_utc());
	TRY(edits_open(cx, parts->before, &before));
	TRY(edits_open(cx, parts->after, &after));
	for (int64_t far = FAR_SECONDS; far > 0; far /= 4) {
		struct proof old = { .cx = cx, .seen = arena_array(cx->mem, struct seen, PROVEN_MAX) }, now = old;
		now.seen = arena_array(cx->mem, struct seen, PROVEN_MAX);
		TRY(budget_check(cx));
		if (!look(&old, whole->series, cut - far, cut + far))
			continue;
		if (look(&now, before.series, cut - far, cut + far) && look(&now, after.series, cut - far, cut + far) &&
			same_instances(&old, &now))
			return OK;
		return split_refuse(cx);
	}
	return series_too_costly(cx, whole->series);
}
