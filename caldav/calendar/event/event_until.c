/* SPDX-License-Identifier: Apache-2.0 */
/* UNTIL of a rule as the start has it (RFC 5545 §3.3.10): what callers send is not always that, and is read all the
 * same. */
#include "caldav/calendar/event/event_private.h"

#include "caldav/calendar/recur/rscale.h"

/* The same end, in the form of the event's start. Absent: it has that form. */
static struct str until_text(struct ctx *cx, const struct event *e, const struct rrule *r)
{
	int64_t last = r->until + (r->until_date ? DAY_S - 1 : 0);
	if (!r->has_until || (e->all_day ? r->until_date : r->until_utc == !e->floating && !r->until_date))
		return STR_ABSENT;
	if (e->all_day)
		return wall_text(cx->mem, (struct wall){ floor_div(last, DAY_S) * DAY_S, true, false });
	if (!e->floating)
		last = zone_to_utc(zone_or_utc(e->zone), last);
	return wall_text(cx->mem, (struct wall){ last, false, !e->floating });
}

static struct str line_with(struct arena *mem, struct str line, struct str until)
{
	struct buf out = buf_new(mem, line.len + until.len + 1);
	struct str item, name;
	while (str_cut(&line, ';', &item)) {
		struct str value = item;
		(void)str_cut(&value, '=', &name);
		if (out.len)
			buf_char(&out, ';');
		if (str_eq_nocase(name, STR("UNTIL")))
			buf_fmt(&out, "%.*s=%.*s", STR_ARG(name), STR_ARG(until));
		else
			buf_add(&out, item);
	}
	return buf_str(&out);
}

struct str event_rules_typed(struct ctx *cx, const struct event *event, struct str rules)
{
	struct buf out = buf_new(cx->mem, 2 * rules.len + 64 * SERIES_RULES_MAX);
	struct str rest = rules, line;
	struct rrule rule;
	const struct rscale *scale;
	bool changed = false;
	while (!event->own_zone && str_cut(&rest, '\n', &line)) {
		if (rscale_read(cx, line, &rule, &scale)) /* event_check() says what is wrong */
			return rules;
		struct str until = until_text(cx, event, &rule);
		changed = changed || until.ptr;
		if (out.len)
			buf_char(&out, '\n');
		buf_add(&out, until.ptr ? line_with(cx->mem, line, until) : line);
	}
	return changed && !out.full ? buf_str(&out) : rules;
}
