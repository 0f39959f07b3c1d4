/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with an event's fields, and which of them are changed. */
#include <string.h>

#include "caldav/calendar/event/event_private.h"

#define TEXT_MAX ((size_t)512 * 1024)
#define EMAIL_MAX 320
#define DATES_MAX 5000
#define REMINDERS_MAX 20

/* Text for iCalendar and XML: UTF-8 without control characters but TAB and line ends. */
static bool is_clean(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F)
			return false;
	}
	return text.len <= TEXT_MAX && str_is_utf8(text);
}

/* What goes unescaped into a line must not end it. */
static bool is_one_line(struct str text)
{
	return is_clean(text) && !str_has(text, '\n') && !str_has(text, '\r');
}

/* Without what would be escaped: a UID is compared as written. */
bool event_is_uid(struct str uid)
{
	return uid.len && uid.len <= 255 && is_one_line(uid) && !str_has(uid, ',') && !str_has(uid, ';') &&
	       !str_has(uid, '\\');
}

bool event_is_email(struct str email)
{
	size_t ats = 0;
	for (size_t i = 0; i < email.len; i++) {
		unsigned char c = (unsigned char)email.ptr[i];
		ats += c == '@';
		if (c <= 0x20 || c == 0x7F || strchr("\",;:<>\\", c))
			return false;
	}
	return email.len >= 3 && email.len <= EMAIL_MAX && ats == 1 && email.ptr[0] != '@' &&
	       email.ptr[email.len - 1] != '@' && str_is_utf8(email);
}

static bool is_color(struct str color)
{
	bool hex = color.len == 7 && color.ptr[0] == '#';
	for (size_t i = hex; i < color.len; i++)
		if (hex ? char_hex(color.ptr[i]) < 0 : !char_is_alpha(color.ptr[i]))
			return false;
	return color.len > 0 && color.len <= 40;
}

static err_t check_texts(struct ctx *cx, const struct event *e, unsigned fields)
{
	static const char text[] =
		"This is UTF-8 of at most 512 KiB, without control characters but tabs and line ends.";
	const struct {
		enum event_field field;
		const char *name;
		bool good;
		const char *wanted;
	} checks[] = {
		{ EVENT_TITLE, "title", is_clean(e->title), text },
		{ EVENT_DESCRIPTION, "description", is_clean(e->description), text },
		{ EVENT_LOCATION, "location", is_clean(e->location), text },
		{ EVENT_CATEGORY, "category", is_clean(e->category), text },
		{ EVENT_COLOR, "color_hex", !e->color.ptr || is_color(e->color), "A color is written #RRGGBB." },
		{ EVENT_URL, "url", is_one_line(e->url), "A URL is one line, without control characters." },
	};
	for (size_t i = 0; i < ARRAY_LEN(checks); i++)
		if (fields & checks[i].field && !checks[i].good)
			return REFUSE(cx, INVALID_VALUE, checks[i].name, "%s", checks[i].wanted);
	return OK;
}

static err_t check_time(struct ctx *cx, const struct event *e)
{
	static const char years[] = "Times lie in the years 1 to 9998.";
	const int64_t first = days_from_civil(1, 1, 1) * DAY_S, last = days_from_civil(9998, 12, 31) * DAY_S;
	if (e->zone.ptr && !e->floating && !e->own_zone && !zone_by_name(e->zone))
		return REFUSE(cx, INVALID_VALUE, "timezone", "timezone \"%.*s\" is not known; use an IANA name",
			STR_ARG(str_sub(e->zone, 0, 60)));
	if (instant_s(e->start) < first || instant_s(e->start) > last)
		return REFUSE(cx, INVALID_VALUE, "start_time", "%s", years);
	if (instant_s(e->end) > last)
		return REFUSE(cx, INVALID_VALUE, "end_time", "%s", years);
	if (e->all_day && e->end.us == e->start.us)
		return REFUSE(cx, INVALID_VALUE, "end_time", "The end of an all-day event is the day after the last.");
	if (e->end.us < e->start.us)
		return REFUSE(cx, INVALID_VALUE, "end_time", "The end lies before the start.");
	if (e->all_day && (instant_s(e->start) % DAY_S || instant_s(e->end) % DAY_S))
		return REFUSE(cx, INVALID_VALUE, "start_time", "an all-day event starts and ends at midnight");
	return OK;
}

err_t event_refuse_second_pass(struct ctx *cx)
{
	return REFUSE(cx, INVALID_VALUE, "start_time",
		"A recurring event cannot start in the second pass of an hour that its clock shows twice. Start it at "
		"another time, or give it the timezone UTC.");
}

/* Each line is a rule. */
static err_t check_rules(struct ctx *cx, struct str rules)
{
	struct rrule rule;
	const struct rscale *scale;
	struct str rest = rules, line;
	size_t count = 0;
	while (str_cut(&rest, '\n', &line)) {
		err_t bad = rscale_read(cx, line, &rule, &scale);
		if (bad || !is_one_line(line) || ++count > SERIES_RULES_MAX)
			return REFUSE(cx, INVALID_VALUE, "recurrence.rule", "%.*s",
				STR_ARG(bad ? err_text(bad)
					    : STR("One rule a line is expected, without its name, and at most "
						  "eight.")));
	}
	return OK;
}

static err_t check_dates(struct ctx *cx, size_t count)
{
	return count > DATES_MAX ? REFUSE(cx, INVALID_VALUE, "recurrence", "There are at most %d dates.", DATES_MAX)
				 : OK;
}

static const struct event_attendee *attendee_was(const struct event *was, struct str email)
{
	for (size_t i = 0; was && i < was->attendee_count; i++)
		if (str_eq_nocase(was->attendees[i].email, email))
			return &was->attendees[i];
	return NULL;
}

static err_t check_attendees(struct ctx *cx, const struct event *e, const struct event *was)
{
	if (e->organizer.ptr && !(was && str_eq(was->organizer, e->organizer)) && !event_is_email(e->organizer))
		return REFUSE(cx, INVALID_VALUE, "organizer", "The organizer is an e-mail address.");
	if (e->attendee_count > ICAL_ATTENDEES_MAX)
		return REFUSE(cx, INVALID_VALUE, "attendees", "There are at most %d attendees.", ICAL_ATTENDEES_MAX);
	for (size_t i = 0; i < e->attendee_count; i++) {
		const struct event_attendee *a = &e->attendees[i], *before = attendee_was(was, a->email);
		if ((!before && !event_is_email(a->email)) || !is_clean(a->name))
			return REFUSE(cx, INVALID_VALUE, str_c(cx->mem, str_fmt(cx->mem, "attendees[%zu]", i)),
				"An attendee has an e-mail address, and perhaps a name without control characters.");
		if (a->status == PARTSTAT_OTHER && (!before || before->status != PARTSTAT_OTHER))
			return REFUSE(cx, INVALID_VALUE, str_c(cx->mem, str_fmt(cx->mem, "attendees[%zu].status", i)),
				"This status is told of what another program wrote. Send another, or leave it out.");
	}
	return OK;
}

err_t event_check(struct ctx *cx, const struct event *event, const struct event *was, unsigned fields)
{
	TRY(check_texts(cx, event, fields));
	if (fields & (EVENT_START | EVENT_END))
		TRY(check_time(cx, event));
	if (fields & EVENT_RULE)
		TRY(check_rules(cx, event->rrule));
	if (fields & EVENT_EXDATES)
		TRY(check_dates(cx, event->exdate_count));
	if (fields & EVENT_RDATES)
		TRY(check_dates(cx, event->rdate_count));
	if (fields & EVENT_ATTENDEES)
		TRY(check_attendees(cx, event, was));
	if (fields & EVENT_REMINDERS && event->reminder_count > REMINDERS_MAX &&
		!(was && event->reminder_count <= was->reminder_count))
		return REFUSE(cx, INVALID_VALUE, "reminders", "There are at most %d reminders.", REMINDERS_MAX);
	return OK;
}

/* ---- what is changed ---- */

/* Empty and absent are the same. */
static bool same_text(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || str_eq(a, b));
}

static bool same_dates(const struct event_date *a, size_t a_count, const struct event_date *b, size_t b_count)
{
	bool same = a_count == b_count;
	for (size_t i = 0; same && i < a_count; i++)
		same = a[i].at.us == b[i].at.us && a[i].day == b[i].day;
	return same;
}

static bool same_attendees(const struct event *a, const struct event *b)
{
	bool same = a->attendee_count == b->attendee_count;
	for (size_t i = 0; same && i < a->attendee_count; i++)
		same = str_eq(a->attendees[i].email, b->attendees[i].email) &&
		       same_text(a->attendees[i].name, b->attendees[i].name) &&
		       a->attendees[i].status == b->attendees[i].status;
	return same;
}

static bool same_reminders(const struct event *a, const struct event *b)
{
	bool same = a->reminder_count == b->reminder_count;
	for (size_t i = 0; same && i < a->reminder_count; i++)
		same = a->reminders[i] == b->reminders[i];
	return same;
}

static bool same_start(const struct event *a, const struct event *b)
{
	return a->start.us == b->start.us && a->all_day == b->all_day && a->floating == b->floating &&
	       a->own_zone == b->own_zone && same_text(a->zone, b->zone);
}

unsigned event_differs(const struct event *was, const struct event *to, unsigned fields)
{
	const struct {
		enum event_field field;
		bool same;
	} all[] = {
		{ EVENT_TITLE, same_text(was->title, to->title) },
		{ EVENT_DESCRIPTION, same_text(was->description, to->description) },
		{ EVENT_LOCATION, same_text(was->location, to->location) },
		{ EVENT_CATEGORY, same_text(was->category, to->category) },
		{ EVENT_COLOR, same_text(was->color, to->color) },
		{ EVENT_URL, same_text(was->url, to->url) },
		{ EVENT_START, same_start(was, to) },
		{ EVENT_END, was->end.us == to->end.us && same_start(was, to) },
		{ EVENT_RULE, same_text(was->rrule, to->rrule) },
		{ EVENT_EXDATES, same_dates(was->exdates, was->exdate_count, to->exdates, to->exdate_count) },
		{ EVENT_RDATES, same_dates(was->rdates, was->rdate_count, to->rdates, to->rdate_count) },
		{ EVENT_ATTENDEES, same_attendees(was, to) },
		{ EVENT_STATUS, was->status == to->status },
		{ EVENT_TRANSPARENCY, was->transparent == to->transparent },
		{ EVENT_REMINDERS, same_reminders(was, to) },
	};
	unsigned differ = 0;
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (fields & all[i].field && !all[i].same)
			differ |= all[i].field;
	return differ;
}
