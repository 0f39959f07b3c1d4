/* SPDX-License-Identifier: Apache-2.0 */
/* Attendees and reminders as texts of a form, and back. */
#include "web/event_form.h"
#include "web/say.h"

#define TEXT_MAX KIB(256)

static const char *const statuses[] = {
	[PARTSTAT_NEEDS_ACTION] = "needs_action",
	[PARTSTAT_ACCEPTED] = "accepted",
	[PARTSTAT_DECLINED] = "declined",
	[PARTSTAT_TENTATIVE] = "tentative",
	[PARTSTAT_OTHER] = "other",
};

/* ---- attendees ---- */

struct str attendees_text(struct arena *mem, const struct event *event)
{
	struct buf out = buf_new(mem, TEXT_MAX);
	for (size_t i = 0; i < event->attendee_count; i++) {
		const struct event_attendee *a = &event->attendees[i];
		if (a->name.len)
			buf_fmt(&out, "%s%.*s <%.*s>", i ? "\n" : "", STR_ARG(a->name), STR_ARG(a->email));
		else
			buf_fmt(&out, "%s%.*s", i ? "\n" : "", STR_ARG(a->email));
	}
	return buf_str(&out);
}

/* "Ann <ann@example.org>", or the address alone. The last '<' counts: names may have others. */
static void line_split(struct str line, struct str *name, struct str *email)
{
	size_t at = line.len;
	*name = STR_ABSENT;
	*email = line;
	if (!str_ends(line, STR(">")))
		return;
	while (at && line.ptr[at - 1] != '<')
		at--;
	if (!at)
		return;
	*name = str_trim(str_sub(line, 0, at - 1), STR_BLANK "\"");
	*email = str_trim(str_sub(line, at, line.len - 1), STR_BLANK);
}

/* What they answered stays theirs. */
static const char *status_of(const struct event *now, struct str email)
{
	for (size_t i = 0; now && i < now->attendee_count; i++)
		if (str_eq_nocase(now->attendees[i].email, email))
			return statuses[now->attendees[i].status];
	return statuses[PARTSTAT_NEEDS_ACTION];
}

err_t attendees_write(struct ctx *cx, struct str text, const struct event *now, struct json *j)
{
	struct str line, name, email;
	json_array(j, "attendees");
	while (str_cut(&text, '\n', &line)) {
		line = str_trim(line, STR_BLANK ",;");
		if (!line.len)
			continue;
		line_split(line, &name, &email);
		if (!event_is_email(email))
			return REFUSE(cx, INVALID_VALUE, "attendees",
				"“%.*s” is no e-mail address. Write one person a line: Ann "
				"<ann@example.org>.",
				STR_ARG(str_beginning(line, 100)));
		json_object(j, NULL);
		json_str(j, "email", email);
		json_str(j, "name", name.len ? name : STR_ABSENT);
		json_str(j, "status", str_of(status_of(now, email)));
		json_object_end(j);
	}
	json_array_end(j);
	return OK;
}

/* ---- reminders ---- */

static const struct unit {
	int32_t minutes;
	const char *text; /* as it is written; what begins with its first letter is taken */
	const char *one, *many;
} units[] = {
	{ 7 * 1440, "w", SAY("1 week before"), SAY("{n} weeks before") },
	{ 1440, "d", SAY("1 day before"), SAY("{n} days before") },
	{ 60, "h", SAY("1 hour before"), SAY("{n} hours before") },
	{ 1, "min", SAY("1 minute before"), SAY("{n} minutes before") },
};

static const struct unit *unit_for(int32_t minutes)
{
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (minutes && minutes % units[i].minutes == 0)
			return &units[i];
	return &units[ARRAY_LEN(units) - 1];
}

struct str reminder_words(struct request *rq, int32_t minutes)
{
	const struct unit *unit = unit_for(minutes);
	int32_t count = minutes / unit->minutes;
	if (!minutes)
		return say(rq, "At the start");
	return say_count(rq, count, unit->one, unit->many);
}

struct str reminders_text(struct arena *mem, const struct event *event)
{
	struct buf out = buf_new(mem, KIB(8));
	for (size_t i = 0; i < event->reminder_count; i++) {
		const struct unit *unit = unit_for(event->reminders[i]);
		buf_fmt(&out, "%s%d %s", i ? ", " : "", (int)(event->reminders[i] / unit->minutes), unit->text);
	}
	return buf_str(&out);
}

static bool reminder_read(struct str text, int64_t *out)
{
	size_t digits = 0;
	uint64_t count;
	while (digits < text.len && char_is_digit(text.ptr[digits]))
		digits++;
	struct str unit = str_trim(str_from(text, digits), STR_BLANK);
	if (!str_to_u64(str_sub(text, 0, digits), EVENT_REMINDER_MAX, &count))
		return false;
	*out = (int64_t)count;
	if (!unit.len)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (char_lower(unit.ptr[0]) == units[i].text[0]) {
			*out = (int64_t)count * units[i].minutes;
			return true;
		}
	return false;
}

err_t reminders_write(struct ctx *cx, struct str text, struct json *j)
{
	struct str one;
	int64_t minutes;
	json_array(j, "reminders");
	while (str_cut(&text, ',', &one)) {
		one = str_trim(one, STR_BLANK);
		if (!one.len)
			continue;
		if (!reminder_read(one, &minutes) || minutes > EVENT_REMINDER_MAX)
			return REFUSE(cx, INVALID_VALUE, "reminders",
				"Write how long before the start, at most four weeks: 10 min, 1 h, 2 d.");
		json_object(j, NULL);
		json_int(j, "minutes_before", minutes);
		json_object_end(j);
	}
	json_array_end(j);
	return OK;
}
