/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/recur/merge.h"

#define STEPS_MAX 500000 /* original starts that a walk may pass; EXRULE can take all of an endless rule out */

static void source_step(struct merge_source *src)
{
	src->has = rrule_next(src->it, &src->next);
}

void merge_open(struct arena *mem, const struct series *s, int64_t from, int64_t until, struct merge *m)
{
	*m = (struct merge){ .s = s, .single = !s->includes && s->clock.local >= from };
	for (size_t i = 0; i < s->rule_count; i++) {
		const struct series_rule *r = &s->rules[i];
		struct merge_source *src = &m->sources[i];
		struct rrule_start start = { .local = s->clock.local,
			.until_local = r->until_local,
			.counts_start = !r->excludes,
			.date = s->clock.date };
		src->excludes = r->excludes;
		src->it = rscale_open(mem, &r->rule, r->scale, start);
		rrule_seek(src->it, from);
		rrule_stop_after(src->it, until);
		source_step(src);
	}
	while (m->rdate < s->rdate_count && s->rdates[m->rdate].start.local < add_clamped(from, -s->longest_rdate))
		m->rdate++;
}

bool merge_excluded(struct merge *m, int64_t local)
{
	bool hit = false;
	for (size_t i = 0; i < m->s->rule_count; i++) {
		struct merge_source *src = &m->sources[i];
		while (src->excludes && src->has && src->next < local)
			source_step(src);
		hit = hit || (src->excludes && src->has && src->next == local);
	}
	return hit;
}

bool merge_next(struct merge *m, struct when *original_out, const struct rdate **rdate_out)
{
	const struct series *s = m->s;
	int64_t least = INT64_MAX;
	bool second = false;
	*rdate_out = NULL;
	if (m->single)
		least = s->clock.local;
	for (size_t i = 0; i < s->rule_count; i++)
		if (!m->sources[i].excludes && m->sources[i].has && m->sources[i].next < least)
			least = m->sources[i].next;
	if (m->rdate < s->rdate_count && s->rdates[m->rdate].start.local < least) {
		*rdate_out = &s->rdates[m->rdate];
		least = (*rdate_out)->start.local;
		second = (*rdate_out)->start.second;
	}
	if (least == INT64_MAX || ++m->steps > STEPS_MAX)
		return false;
	m->single = m->single && s->clock.local != least;
	while (m->rdate < s->rdate_count && s->rdates[m->rdate].start.local == least &&
		s->rdates[m->rdate].start.second == second)
		m->rdate++;
	for (size_t i = 0; i < s->rule_count; i++)
		while (!m->sources[i].excludes && m->sources[i].has && m->sources[i].next <= least)
			source_step(&m->sources[i]);
	*original_out = s->clock;
	original_out->local = least;
	original_out->second = second;
	return true;
}

bool merge_gave_up(const struct merge *m, int64_t local)
{
	if (m->steps > STEPS_MAX)
		return true;
	for (size_t i = 0; i < m->s->rule_count; i++)
		if (rrule_gave_up(m->sources[i].it, local))
			return true;
	return false;
}
