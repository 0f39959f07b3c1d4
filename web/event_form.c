/* SPDX-License-Identifier: Apache-2.0 */
#include "web/event_form.h"

#include <string.h>

#include "web/event_rule.h"

#define NAMES(prefix)                                                                                                  \
	{                                                                                                              \
		[FIELD_TITLE] = prefix "title", [FIELD_ALL_DAY] = prefix "all_day",                                    \
		[FIELD_START_DATE] = prefix "start_date", [FIELD_START_TIME] = prefix "start_time",                    \
		[FIELD_END_DATE] = prefix "end_date", [FIELD_END_TIME] = prefix "end_time",                            \
		[FIELD_CALENDAR] = prefix "calendar", [FIELD_ZONE] = prefix "zone",                                    \
		[FIELD_LOCATION] = prefix "location", [FIELD_DESCRIPTION] = prefix "description",                      \
		[FIELD_URL] = prefix "url", [FIELD_CATEGORY] = prefix "category", [FIELD_BUSY] = prefix "busy",        \
		[FIELD_STATUS] = prefix "status", [FIELD_REPEAT] = prefix "repeat", [FIELD_EVERY] = prefix "every",    \
		[FIELD_UNIT] = prefix "unit", [FIELD_DAYS] = prefix "days", [FIELD_MONTHLY] = prefix "monthly",        \
		[FIELD_WKST] = prefix "wkst", [FIELD_ENDS] = prefix "ends", [FIELD_UNTIL] = prefix "until",            \
		[FIELD_COUNT] = prefix "count", [FIELD_RULE] = prefix "rule", [FIELD_ATTENDEES] = prefix "attendees",  \
		[FIELD_REMINDERS] = prefix "reminders",                                                                \
	}
const char *const event_field_names[EVENT_FIELDS] = NAMES("");
const char *const event_was_names[EVENT_FIELDS] = NAMES("was_");
const char *const event_shown_names[EVENT_FIELDS] = NAMES("f_");
const char *const event_now_names[EVENT_FIELDS] = NAMES("now_");

static const char *const statuses[] = {
	[EVENT_CONFIRMED] = "confirmed", [EVENT_TENTATIVE] = "tentative", [EVENT_CANCELLED] = "cancelled"
};

#define FIELDS_TIME                                                                                                    \
	(1u << FIELD_ALL_DAY | 1u << FIELD_START_DATE | 1u << FIELD_START_TIME | 1u << FIELD_END_DATE |                \
		1u << FIELD_END_TIME | 1u << FIELD_ZONE)

/* ---- from an event ---- */

static struct str clock_whole(struct arena *mem, int64_t local)
{
	int64_t seconds = floor_mod(local, 60);
	struct str minutes = clock_text(mem, local);
	return seconds ? str_fmt(mem, "%.*s:%02d", STR_ARG(minutes), (int)seconds) : minutes;
}

static struct str zone_text(const struct event *e)
{
	if (e->all_day || e->floating || e->own_zone)
		return STR("");
	return e->zone.len ? e->zone : STR("UTC");
}

static void times_of(struct arena *mem, const struct zone *zone, const struct event *e, struct str *value)
{
	int64_t start = instant_s(e->start), end = instant_s(e->end);
	if (!e->all_day) {
		start = zone_to_local(zone, start);
		end = zone_to_local(zone, end);
	} else if (end > start) {
		end -= DAY_S;
	}
	value[FIELD_START_DATE] = day_text(mem, floor_div(start, DAY_S));
	value[FIELD_END_DATE] = day_text(mem, floor_div(end, DAY_S));
	value[FIELD_START_TIME] = e->all_day ? STR("") : clock_whole(mem, start);
	value[FIELD_END_TIME] = e->all_day ? STR("") : clock_whole(mem, end);
}

/* The zone by which the form's times are meant. */
static const struct zone *zone_of(const struct zone *user, const struct event_form *form)
{
	const struct zone *zone = form->value[FIELD_ZONE].len ? zone_by_name(form->value[FIELD_ZONE]) : NULL;
	return zone ? zone : user;
}

void event_form_of(struct request *rq, const struct zone *user, const struct agenda_item *item,
	const struct event *series, struct event_form *out)
{
	struct arena *mem = rq->cx.mem;
	const struct event *e = &item->event;
	struct event_form form = { 0 };
	struct str *value = form.value;
	value[FIELD_TITLE] = e->title;
	value[FIELD_ALL_DAY] = e->all_day ? STR("1") : STR("");
	value[FIELD_CALENDAR] = id_text(mem, "cal", item->object.calendar);
	value[FIELD_ZONE] = zone_text(e);
	const struct zone *zone = zone_of(user, &form);
	times_of(mem, zone, e, value);
	value[FIELD_LOCATION] = e->location;
	value[FIELD_DESCRIPTION] = e->description;
	value[FIELD_URL] = e->url;
	value[FIELD_CATEGORY] = e->category;
	value[FIELD_BUSY] = e->transparent ? STR("free") : STR("busy");
	value[FIELD_STATUS] = str_of(statuses[e->status]);
	rule_split(rq, series, zone, value);
	if (!series->rrule.len && (e->recurring || item->instance)) /* by dates alone */
		value[FIELD_REPEAT] = STR("custom");
	value[FIELD_ATTENDEES] = attendees_text(mem, e);
	value[FIELD_REMINDERS] = reminders_text(mem, e);
	for (size_t i = 0; i < EVENT_FIELDS; i++)
		if (!value[i].ptr)
			value[i] = STR("");
	*out = form;
}

/* ---- as it was sent ---- */

/* CR LF, as forms have it, and a lone CR. */
static struct str with_lf(struct arena *mem, struct str text)
{
	struct buf out = buf_new(mem, text.len + 1);
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '\r')
			buf_char(&out, text.ptr[i]);
		else if (i + 1 == text.len || text.ptr[i + 1] != '\n')
			buf_char(&out, '\n');
	return out.len ? buf_str(&out) : STR("");
}

/* Each weekday that was ticked, in whichever order; of a form as it was they are one value. */
static struct str days_read(struct arena *mem, const struct form *form, const char *name)
{
	unsigned weekdays = 0;
	for (size_t i = 0; i < form->count; i++)
		if (str_eq(form->fields[i].name, str_of(name)))
			weekdays |= weekdays_read(form->fields[i].value);
	return weekdays_text(mem, weekdays);
}

void event_form_read(struct arena *mem, const struct form *form, const char *const *names, struct event_form *out)
{
	for (size_t i = 0; i < EVENT_FIELDS; i++) {
		struct str text =
			i == FIELD_DAYS ? days_read(mem, form, names[i]) : with_lf(mem, form_get(form, names[i]));
		if (i != FIELD_DESCRIPTION)
			text = str_trim(text, STR_BLANK);
		out->value[i] = text.len ? text : STR("");
	}
}

unsigned event_form_differs(const struct event_form *a, const struct event_form *b)
{
	unsigned fields = 0;
	for (size_t i = 0; i < EVENT_FIELDS; i++)
		if (!str_eq(a->value[i], b->value[i]))
			fields |= 1u << i;
	return fields;
}

/* ---- to a body ---- */

static bool clock_parse(struct str text, int64_t *out)
{
	uint64_t hours, minutes, seconds = 0;
	bool ok = (text.len == 5 || text.len == 8) && text.ptr[2] == ':' &&
		  str_to_u64(str_sub(text, 0, 2), 23, &hours) && str_to_u64(str_sub(text, 3, 5), 59, &minutes) &&
		  (text.len == 5 || (text.ptr[5] == ':' && str_to_u64(str_sub(text, 6, 8), 59, &seconds)));
	if (ok)
		*out = (int64_t)(hours * 3600 + minutes * 60 + seconds);
	return ok;
}

static err_t read_time(struct ctx *cx, const struct event_form *form, enum event_field_name date,
	enum event_field_name time, bool all_day, int64_t *out)
{
	int64_t day, seconds = 0;
	if (!day_parse(form->value[date], &day))
		return REFUSE(cx, INVALID_VALUE, event_field_names[date], "Enter a date.");
	if (!all_day && !clock_parse(form->value[time], &seconds))
		return REFUSE(cx, INVALID_VALUE, event_field_names[time], "Enter a time, such as 09:30.");
	*out = day * DAY_S + seconds;
	return OK;
}

static err_t write_times(
	struct ctx *cx, const struct zone *zone, const struct event_form *form, unsigned fields, struct json *j)
{
	bool all_day = form->value[FIELD_ALL_DAY].len > 0;
	int64_t start, end;
	TRY(read_time(cx, form, FIELD_START_DATE, FIELD_START_TIME, all_day, &start));
	TRY(read_time(cx, form, FIELD_END_DATE, FIELD_END_TIME, all_day, &end));
	if (end < start)
		return REFUSE(cx, INVALID_VALUE, event_field_names[all_day ? FIELD_END_DATE : FIELD_END_TIME],
			"The end lies before the start.");
	if (fields & 1u << FIELD_ALL_DAY)
		json_bool(j, "all_day", all_day);
	if (all_day) {
		json_str(j, "start_time", day_text(cx->mem, floor_div(start, DAY_S)));
		json_str(j, "end_time", day_text(cx->mem, floor_div(end, DAY_S) + 1));
		return OK;
	}
	if (fields & 1u << FIELD_ZONE && form->value[FIELD_ZONE].len)
		json_str(j, "timezone", form->value[FIELD_ZONE]);
	json_str(j, "start_time", instant_rfc3339(cx->mem, instant_of_s(zone_to_utc(zone, start))));
	json_str(j, "end_time", instant_rfc3339(cx->mem, instant_of_s(zone_to_utc(zone, end))));
	return OK;
}

static err_t write_rule(struct ctx *cx, const struct zone *zone, const struct event_form *form, struct json *j)
{
	struct str rule;
	TRY(rule_join(cx, form, zone, &rule));
	if (!rule.ptr) {
		json_null(j, "recurrence");
		return OK;
	}
	json_object(j, "recurrence");
	json_str(j, "rule", rule);
	json_object_end(j);
	return OK;
}

static void write_texts(const struct event_form *form, unsigned fields, struct json *j)
{
	static const enum event_field_name texts[] = { FIELD_TITLE, FIELD_LOCATION, FIELD_DESCRIPTION, FIELD_URL,
		FIELD_CATEGORY };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (fields & 1u << texts[i])
			json_str(j, event_field_names[texts[i]], form->value[texts[i]]);
	if (fields & 1u << FIELD_CALENDAR)
		json_str(j, "calendar_id", form->value[FIELD_CALENDAR]);
	if (fields & 1u << FIELD_STATUS)
		json_str(j, "status", form->value[FIELD_STATUS]);
	if (fields & 1u << FIELD_BUSY)
		json_bool(j, "busy", !str_eq(form->value[FIELD_BUSY], STR("free")));
}

err_t event_form_body(struct ctx *cx, const struct zone *user, const struct event_form *form, unsigned fields,
	const struct event *now, struct json *out)
{
	const struct zone *zone = zone_of(user, form);
	if (form->value[FIELD_ZONE].len && !zone_by_name(form->value[FIELD_ZONE]))
		return REFUSE(cx, INVALID_VALUE, "zone", "This is not a time zone. Use a name like Europe/Berlin.");
	if (!form->value[FIELD_TITLE].len && fields & 1u << FIELD_TITLE)
		return REFUSE(cx, INVALID_VALUE, "title", "Enter a title.");
	write_texts(form, fields, out);
	if (fields & FIELDS_TIME)
		TRY(write_times(cx, zone, form, fields, out));
	if (fields & FIELDS_RULE)
		TRY(write_rule(cx, zone, form, out));
	if (fields & 1u << FIELD_ATTENDEES)
		TRY(attendees_write(cx, form->value[FIELD_ATTENDEES], now, out));
	if (fields & 1u << FIELD_REMINDERS)
		TRY(reminders_write(cx, form->value[FIELD_REMINDERS], out));
	return OK;
}

struct str event_form_field_of(struct arena *mem, struct str param)
{
	static const struct {
		const char *param, *field;
	} names[] = { { "timezone", "zone" }, { "recurrence", "repeat" }, { "calendar_id", "calendar" },
		{ "attendees", "attendees" }, { "reminders", "reminders" }, { "notify_attendees", "attendees" } };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_starts(param, str_of(names[i].param)))
			return str_of(names[i].field);
	return str_dup(mem, param);
}
