/* SPDX-License-Identifier: Apache-2.0 */
#include "web/event_rule.h"

#include "caldav/calendar/ical/dates.h"
#include "web/calendar_view.h"
#include "web/say.h"

const struct ready_rule ready_rules[READY_RULES] = {
	{ "", SAY("Does not repeat"), "" },
	{ "daily", SAY("Every day"), "FREQ=DAILY" },
	{ "weekdays", SAY("Every weekday (Monday to Friday)"), "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR" },
	{ "weekly", SAY("Every week"), "FREQ=WEEKLY" },
	{ "biweekly", SAY("Every two weeks"), "FREQ=WEEKLY;INTERVAL=2" },
	{ "monthly", SAY("Every month"), "FREQ=MONTHLY" },
	{ "yearly", SAY("Every year"), "FREQ=YEARLY" },
	{ "custom", SAY("By a rule of its own"), NULL },
};

/* UNTIL as the day on the series' clock. */
static bool until_day(struct arena *mem, struct str text, const struct zone *zone, struct str *out)
{
	struct wall wall;
	if (!wall_parse(text, &wall))
		return false;
	int64_t local = wall.utc ? zone_to_local(zone, wall.local) : wall.local;
	*out = day_text(mem, floor_div(local, DAY_SECONDS));
	return true;
}

void rule_split(struct arena *mem, struct str rule, const struct zone *zone, struct str *choice, struct str *until,
	struct str *text)
{
	size_t at = str_find(rule, STR(";UNTIL="));
	struct str bare = at == SIZE_MAX ? rule : str_sub(rule, 0, at), last = STR("");
	*until = *text = STR("");
	*choice = STR("");
	if (!rule.len)
		return;
	if (at == SIZE_MAX || until_day(mem, str_from(rule, at + 7), zone, &last))
		for (size_t i = 1; i < READY_RULES; i++)
			if (ready_rules[i].rule && str_eq(bare, str_of(ready_rules[i].rule))) {
				*choice = str_of(ready_rules[i].name);
				*until = last;
				return;
			}
	*choice = STR("custom");
	*text = rule;
}

/* RFC 5545 §3.3.10: a date where DTSTART is one, else an instant in UTC: here the last second of that day. */
static err_t add_until(
	struct ctx *cx, struct str rule, struct str until, bool all_day, const struct zone *zone, struct str *out)
{
	int64_t day;
	if (!day_parse(until, &day))
		return REFUSE(cx, INVALID_VALUE, "until", "Enter the last day as a date, or leave it empty.");
	struct wall last = { .local = day * DAY_SECONDS, .date = all_day };
	if (!all_day)
		last = (struct wall){ .local = zone_to_utc(zone, (day + 1) * DAY_SECONDS) - 1, .utc = true };
	*out = str_fmt(cx->mem, "%.*s;UNTIL=%.*s", STR_ARG(rule), STR_ARG(wall_text(cx->mem, last)));
	return OK;
}

err_t rule_join(struct ctx *cx, struct str choice, struct str until, struct str text, bool all_day,
	const struct zone *zone, struct str *out)
{
	for (size_t i = 0; i < READY_RULES; i++) {
		const struct ready_rule *ready = &ready_rules[i];
		if (!str_eq(choice, str_of(ready->name)))
			continue;
		if (!ready->rule && !text.len)
			return REFUSE(cx, INVALID_VALUE, "rule", "Enter a rule, such as FREQ=WEEKLY;BYDAY=MO,WE.");
		*out = !ready->rule ? text : i ? str_of(ready->rule) : STR_ABSENT;
		return ready->rule && i && until.len ? add_until(cx, *out, until, all_day, zone, out) : OK;
	}
	return REFUSE(cx, INVALID_VALUE, "repeat", "Choose how often it repeats.");
}
