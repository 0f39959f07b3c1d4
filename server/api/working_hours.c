/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/working_hours.h"

#define HOURS_DOC "Times of this day, in order and apart; none on days that are left out"
#define NO_TIME "A time of day is one from 00:00 to 24:00."

/* clang-format off */
const struct json_field hours_fields[2] = {
	{ "start", JSON_STR, JSON_REQUIRED, offsetof(struct hours_view, start), 0, 0, 0, "HH:MM", NULL, 0, 0, "From 00:00", "09:00" },
	{ "end",   JSON_STR, JSON_REQUIRED, offsetof(struct hours_view, end),   0, 0, 0, "HH:MM", NULL, 0, 0, "To 24:00. What goes on beyond midnight is of the next day", "17:00" },
};

#define DAY(name, nth, example) { name, JSON_OBJECTS, 0, offsetof(struct days_view, days) + (nth) * sizeof(struct json_list), 0, 0, HOURS_A_DAY_MAX, NULL, hours_fields, ARRAY_LEN(hours_fields), sizeof(struct hours_view), HOURS_DOC, example }
const struct json_field day_fields[7] = {
	DAY("monday", 0, "[]"), DAY("tuesday", 1, "[]"), DAY("wednesday", 2, "[]"), DAY("thursday", 3, "[]"), DAY("friday", 4, "[]"),
	DAY("saturday", 5, NULL), DAY("sunday", 6, NULL),
};
/* clang-format on */

/* Minutes of the day; -1 for what is no time of day. */
static int minutes_of(struct str text)
{
	uint64_t hours, minutes;
	if (text.len != 5 || text.ptr[2] != ':' || !str_to_u64(str_sub(text, 0, 2), 24, &hours) ||
		!str_to_u64(str_from(text, 3), 59, &minutes) || hours * 60 + minutes > DAY_MINUTES)
		return -1;
	return (int)(hours * 60 + minutes);
}

static err_t refuse_hours(struct ctx *cx, const char *path, size_t nth, const char *member, const char *text)
{
	struct str param = str_fmt(cx->mem, "%s[%zu]%s", path, nth, member);
	return REFUSE(cx, INVALID_VALUE, str_c(cx->mem, param), "%s", text);
}

err_t day_hours_read(struct ctx *cx, const char *path, struct json_list list, struct day_hours *out)
{
	const struct hours_view *views = list.items;
	struct day_hours hours = { 0 };
	for (size_t i = 0; i < list.count; i++) {
		struct day_span span = { minutes_of(views[i].start), minutes_of(views[i].end) };
		if (span.from < 0)
			return refuse_hours(cx, path, i, ".start", NO_TIME);
		if (span.to < 0)
			return refuse_hours(cx, path, i, ".end", NO_TIME);
		if (span.from >= span.to)
			return refuse_hours(cx, path, i, ".end",
				"The end does not lie after the start. Write what goes on beyond midnight as two: to "
				"24:00, and from 00:00 of the next day.");
		if (i > 0 && span.from < hours.spans[i - 1].to)
			return refuse_hours(cx, path, i, ".start", "This begins before the time before it ends.");
		hours.spans[i] = span;
		hours.count = i + 1;
	}
	*out = hours;
	return OK;
}

err_t working_hours_read(struct ctx *cx, const char *path, const struct days_view *view, struct working_hours *out)
{
	for (size_t day = 0; day < ARRAY_LEN(out->days); day++) {
		struct str param = str_fmt(cx->mem, "%s.%s", path, day_fields[day].name);
		TRY(day_hours_read(cx, str_c(cx->mem, param), view->days[day], &out->days[day]));
	}
	return OK;
}

static struct str minutes_text(struct arena *mem, int minutes)
{
	return str_fmt(mem, "%02d:%02d", minutes / 60, minutes % 60);
}

struct json_list day_hours_view(struct arena *mem, const struct day_hours *hours)
{
	struct hours_view *views = arena_array(mem, struct hours_view, hours->count + 1);
	for (size_t i = 0; i < hours->count; i++)
		views[i] = (struct hours_view){ minutes_text(mem, hours->spans[i].from),
			minutes_text(mem, hours->spans[i].to) };
	return (struct json_list){ views, hours->count };
}

struct days_view working_hours_view(struct arena *mem, const struct working_hours *hours)
{
	struct days_view view = { 0 };
	for (size_t day = 0; day < ARRAY_LEN(view.days); day++)
		view.days[day] = day_hours_view(mem, &hours->days[day]);
	return view;
}
