/* SPDX-License-Identifier: Apache-2.0 */
#include "web/event_rule.h"

#include "caldav/calendar/ical/dates.h"
#include "web/calendar_view.h"
#include "web/manner.h"
#include "web/say.h"

#define EVERY_MAX 999
#define TIMES_MAX 9999

static const struct ready_rule {
	const char *name; /* of the choice; "" is once */
	const char *label;
	const char *rule; /* NULL: other fields say */
} ready_rules[] = {
	{ "", SAY("Does not repeat"), "" },
	{ "daily", SAY("Every day"), "FREQ=DAILY" },
	{ "weekdays", SAY("Every weekday (Monday to Friday)"), "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR" },
	{ "weekly", SAY("Every week"), "FREQ=WEEKLY" },
	{ "biweekly", SAY("Every two weeks"), "FREQ=WEEKLY;INTERVAL=2" },
	{ "monthly", SAY("Every month"), "FREQ=MONTHLY" },
	{ "yearly", SAY("Every year"), "FREQ=YEARLY" },
	{ "every", SAY("As chosen below"), NULL },
	{ "custom", SAY("By a rule of its own"), NULL },
};

static const struct unit {
	const char *name, *label;
	enum rrule_freq freq;
} units[] = {
	{ "day", SAY("Days"), RRULE_DAILY },
	{ "week", SAY("Weeks"), RRULE_WEEKLY },
	{ "month", SAY("Months"), RRULE_MONTHLY },
	{ "year", SAY("Years"), RRULE_YEARLY },
};

/* Which day of a month; a start that is none is told so. */
static const struct monthly {
	const char *name, *label, *wrong;
} monthlies[] = {
	{ "", SAY("Same date"), NULL },
	{ "nth", SAY("Same weekday, counted"), NULL },
	{ "last", SAY("Last such weekday"),
		SAY("It does not start on the last such weekday of a month. Choose another start, or another day of "
		    "the month.") },
	{ "last_day", SAY("Last day of the month"),
		SAY("It does not start on the last day of a month. Choose another start, or another day of the "
		    "month.") },
	{ "last_work", SAY("Last working day (Mon to Fri)"),
		SAY("It does not start on the last working day of a month. Choose another start, or another day of "
		    "the month.") },
};

/* ---- a day in its month ---- */

struct rule_month_day {
	int weekday; /* 0 Monday */
	int of_month, nth, month;
	bool last;      /* day of the month */
	bool last_such; /* weekday of the month */
};

static struct rule_month_day month_day(int64_t day)
{
	int64_t year;
	int later, next;
	struct rule_month_day d = { .weekday = day_of_week(day) };
	civil_from_days(day, &year, &d.month, &d.of_month);
	d.nth = (d.of_month - 1) / 7 + 1;
	civil_from_days(day + 1, &year, &later, &next);
	d.last = later != d.month;
	civil_from_days(day + 7, &year, &later, &next);
	d.last_such = later != d.month;
	return d;
}

/* Saturdays and Sundays end a month, but no work in it. */
static bool last_work_day(int64_t day)
{
	int weekday = day_of_week(day);
	return weekday < 5 &&
	       (month_day(day).last || (weekday == 4 && (month_day(day + 1).last || month_day(day + 2).last)));
}

/* What the rule of "every" says of months, of a series that begins on this day. */
static bool monthly_of(const struct rule_shape *shape, int64_t day, const char **out)
{
	struct rule_month_day d = month_day(day);
	const char *name = NULL;
	if (!shape->position && (!shape->monthdays || shape->monthdays == UINT32_C(1) << d.of_month))
		name = "";
	else if (shape->position < 0 && shape->weekdays == WEEKDAYS_ALL && d.last)
		name = "last_day";
	else if (shape->position < 0 && shape->weekdays == WEEKDAYS_WORK && last_work_day(day))
		name = "last_work";
	else if (shape->position < 0 && shape->weekdays == 1U << d.weekday && d.last_such)
		name = "last";
	else if (shape->position == d.nth && shape->weekdays == 1U << d.weekday)
		name = "nth";
	*out = name;
	return name != NULL;
}

/* ---- a rule as fields ---- */

int64_t rule_start(const struct event *series, const struct zone *zone)
{
	return series->all_day ? instant_s(series->start) : zone_to_local(zone, instant_s(series->start));
}

void rule_begin(struct request *rq, struct str *value)
{
	value[FIELD_REPEAT] = value[FIELD_DAYS] = value[FIELD_MONTHLY] = STR("");
	value[FIELD_ENDS] = value[FIELD_UNTIL] = value[FIELD_COUNT] = value[FIELD_RULE] = STR("");
	value[FIELD_EVERY] = STR("1");
	value[FIELD_UNIT] = STR("week");
	value[FIELD_WKST] = weekdays_text(rq->cx.mem, 1U << week_column(rq, 0));
}

/* Is it what fields can say of a series that begins on this day? Then without what the start says as well. */
static bool is_plain(struct rule_shape *shape, int64_t day, const char **monthly)
{
	struct rule_month_day d = month_day(day);
	*monthly = "";
	if (shape->every > EVERY_MAX || shape->count > TIMES_MAX)
		return false;
	if (shape->freq == RRULE_WEEKLY)
		return !shape->weekdays || shape->weekdays >> d.weekday & 1;
	if (shape->freq == RRULE_YEARLY && shape->month) {
		bool same = !shape->position && shape->month == d.month &&
			    (!shape->monthdays || shape->monthdays == UINT32_C(1) << d.of_month);
		shape->month = 0;
		shape->monthdays = 0;
		return same;
	}
	if (shape->freq != RRULE_MONTHLY)
		return true;
	bool same = monthly_of(shape, day, monthly);
	shape->monthdays = 0;
	return same;
}

/* Which may be others by the clock of a form that does not have the series' own. */
static bool names_days(const struct rule_shape *shape)
{
	return shape->weekdays || shape->monthdays || shape->month;
}

static struct str choice_of(struct arena *mem, const struct rule_shape *shape)
{
	struct str bare = rule_shape_text(mem, shape);
	for (size_t i = 1; i < ARRAY_LEN(ready_rules); i++)
		if (ready_rules[i].rule && str_eq(bare, str_of(ready_rules[i].rule)))
			return str_of(ready_rules[i].name);
	return STR("every");
}

static void split_shape(struct arena *mem, const struct rule_shape *shape, const char *monthly, struct str *value)
{
	value[FIELD_EVERY] = str_fmt(mem, "%lld", (long long)shape->every);
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (units[i].freq == shape->freq)
			value[FIELD_UNIT] = str_of(units[i].name);
	if (shape->freq == RRULE_WEEKLY)
		value[FIELD_DAYS] = weekdays_text(mem, shape->weekdays);
	value[FIELD_MONTHLY] = str_of(monthly);
	value[FIELD_WKST] = weekdays_text(mem, 1U << shape->wkst);
	if (shape->ends) {
		value[FIELD_ENDS] = STR("on");
		value[FIELD_UNTIL] = day_text(mem, shape->last_day);
	} else if (shape->count) {
		value[FIELD_ENDS] = STR("after");
		value[FIELD_COUNT] = str_fmt(mem, "%lld", (long long)shape->count);
	}
}

void rule_split(struct request *rq, const struct event *series, const struct zone *zone, struct str *value)
{
	struct rule_shape shape;
	const char *monthly;
	rule_begin(rq, value);
	if (!series->rrule.len)
		return;
	int64_t start = rule_start(series, zone);
	if (rule_shape_read(&rq->cx, series->rrule, zone, start, &shape) && !(series->own_zone && names_days(&shape)) &&
		is_plain(&shape, floor_div(start, DAY_S), &monthly)) {
		value[FIELD_REPEAT] = choice_of(rq->cx.mem, &shape);
		split_shape(rq->cx.mem, &shape, monthly, value);
		return;
	}
	value[FIELD_REPEAT] = STR("custom");
	value[FIELD_RULE] = series->rrule;
}

/* ---- fields as a rule ---- */

/* RFC 5545 §3.3.10: a date where DTSTART is one, else an instant in UTC: here the last second of that day. */
static err_t add_until(
	struct ctx *cx, struct str rule, struct str until, bool all_day, const struct zone *zone, struct str *out)
{
	int64_t day;
	if (!day_parse(until, &day))
		return REFUSE(cx, INVALID_VALUE, "until", "Enter the last day as a date.");
	struct wall last = { .local = day * DAY_S, .date = all_day };
	if (!all_day)
		last = (struct wall){ .local = zone_to_utc(zone, (day + 1) * DAY_S) - 1, .utc = true };
	*out = str_fmt(cx->mem, "%.*s;UNTIL=%.*s", STR_ARG(rule), STR_ARG(wall_text(cx->mem, last)));
	return OK;
}

static err_t add_end(
	struct ctx *cx, const struct event_form *form, const struct zone *zone, struct str rule, struct str *out)
{
	uint64_t count;
	struct str ends = form->value[FIELD_ENDS];
	*out = rule;
	if (!ends.len)
		return OK;
	if (str_eq(ends, STR("on")))
		return add_until(cx, rule, form->value[FIELD_UNTIL], form->value[FIELD_ALL_DAY].len > 0, zone, out);
	if (!str_eq(ends, STR("after")))
		return REFUSE(cx, INVALID_VALUE, "ends", "Choose whether it ends, and by what.");
	if (!str_to_u64(form->value[FIELD_COUNT], TIMES_MAX, &count) || !count)
		return REFUSE(cx, INVALID_VALUE, "count", "Enter how many times it takes place: 1 to %d.", TIMES_MAX);
	*out = str_fmt(cx->mem, "%.*s;COUNT=%d", STR_ARG(rule), (int)count);
	return OK;
}

/* The first event is on its start (RFC 5545 §3.8.5.3), so a rule that leaves that day out is not what anybody means. */
static err_t read_week(struct ctx *cx, const struct event_form *form, int64_t day, struct rule_shape *shape)
{
	shape->weekdays = (uint8_t)weekdays_read(form->value[FIELD_DAYS]);
	shape->wkst = weekdays_first(weekdays_read(form->value[FIELD_WKST])) % 7;
	if (!shape->weekdays || shape->weekdays >> day_of_week(day) & 1)
		return OK;
	return REFUSE(cx, INVALID_VALUE, "days",
		"It starts on a day that is not ticked. Tick that weekday, too, or choose a start on one of these.");
}

static err_t read_month(struct ctx *cx, const struct event_form *form, int64_t day, struct rule_shape *shape)
{
	struct str name = form->value[FIELD_MONTHLY];
	struct rule_month_day d = month_day(day);
	const char *found;
	if (!name.len)
		return OK;
	shape->position = str_eq(name, STR("nth")) ? d.nth : -1;
	shape->weekdays = (uint8_t)(1U << d.weekday);
	if (str_eq(name, STR("last_day")))
		shape->weekdays = WEEKDAYS_ALL;
	else if (str_eq(name, STR("last_work")))
		shape->weekdays = WEEKDAYS_WORK;
	for (size_t i = 1; i < ARRAY_LEN(monthlies); i++)
		if (str_eq(name, str_of(monthlies[i].name)))
			return monthly_of(shape, day, &found)
				       ? OK
				       : REFUSE(cx, INVALID_VALUE, "monthly", "%s", monthlies[i].wrong);
	return REFUSE(cx, INVALID_VALUE, "monthly", "Choose on which day of the month it is.");
}

static err_t read_every(struct ctx *cx, const struct event_form *form, struct rule_shape *shape)
{
	uint64_t every;
	int64_t day;
	size_t unit = 0;
	if (!str_to_u64(form->value[FIELD_EVERY], EVERY_MAX, &every) || !every)
		return REFUSE(cx, INVALID_VALUE, "every", "Enter a number from 1 to %d.", EVERY_MAX);
	while (unit < ARRAY_LEN(units) && !str_eq(form->value[FIELD_UNIT], str_of(units[unit].name)))
		unit++;
	if (unit == ARRAY_LEN(units))
		return REFUSE(cx, INVALID_VALUE, "unit", "Choose days, weeks, months or years.");
	if (!day_parse(form->value[FIELD_START_DATE], &day))
		return REFUSE(cx, INVALID_VALUE, "start_date", "Enter a date.");
	*shape = (struct rule_shape){ .freq = units[unit].freq, .every = (int64_t)every };
	if (shape->freq == RRULE_WEEKLY)
		return read_week(cx, form, day, shape);
	return shape->freq == RRULE_MONTHLY ? read_month(cx, form, day, shape) : OK;
}

err_t rule_join(struct ctx *cx, const struct event_form *form, const struct zone *zone, struct str *out)
{
	struct str choice = form->value[FIELD_REPEAT];
	struct rule_shape shape;
	*out = STR_ABSENT;
	if (!choice.len)
		return OK;
	if (str_eq(choice, STR("custom"))) {
		*out = form->value[FIELD_RULE];
		return out->len ? OK
				: REFUSE(cx, INVALID_VALUE, "rule", "Enter a rule, such as FREQ=WEEKLY;BYDAY=MO,WE.");
	}
	if (str_eq(choice, STR("every"))) {
		TRY(read_every(cx, form, &shape));
		return add_end(cx, form, zone, rule_shape_text(cx->mem, &shape), out);
	}
	for (size_t i = 1; i < ARRAY_LEN(ready_rules); i++)
		if (ready_rules[i].rule && str_eq(choice, str_of(ready_rules[i].name)))
			return add_end(cx, form, zone, str_of(ready_rules[i].rule), out);
	return REFUSE(cx, INVALID_VALUE, "repeat", "Choose how often it repeats.");
}

/* ---- for the template ---- */

static void option(struct request *rq, struct html_values *v, const char *list, const char *name, const char *label,
	struct str chosen)
{
	struct html_values *row = html_add_row(v, list);
	html_set(row, "choice", str_of(name));
	html_set(row, "label", say(rq, label));
	html_set_flag(row, "chosen", str_eq(chosen, str_of(name)));
}

void rule_values(struct request *rq, struct html_values *v, const struct event_form *form)
{
	static const char *const ends[][2] = { { "", SAY("Never") }, { "on", SAY("On a date") },
		{ "after", SAY("After a number of times") } };
	unsigned ticked = weekdays_read(form->value[FIELD_DAYS]);
	for (size_t i = 0; i < ARRAY_LEN(ready_rules); i++)
		option(rq, v, "rules", ready_rules[i].name, ready_rules[i].label, form->value[FIELD_REPEAT]);
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		option(rq, v, "units", units[i].name, units[i].label, form->value[FIELD_UNIT]);
	for (size_t i = 0; i < ARRAY_LEN(monthlies); i++)
		option(rq, v, "monthlies", monthlies[i].name, monthlies[i].label, form->value[FIELD_MONTHLY]);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		option(rq, v, "ends_choices", ends[i][0], ends[i][1], form->value[FIELD_ENDS]);
	for (int i = 0; i < 7; i++) {
		struct html_values *row = html_add_row(v, "days");
		int weekday = week_column(rq, i);
		html_set(row, "day_code", weekdays_text(rq->cx.mem, 1U << weekday));
		html_set(row, "day_name", weekday_name(rq, weekday));
		html_set_flag(row, "ticked", ticked >> weekday & 1);
		html_set_flag(row, "focus", i == 0);
	}
}
