/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/event/event_impl.h"

#include <string.h>

#define TEXT_MAX ((size_t)512 * 1024)
#define EMAIL_MAX 320
#define DATES_MAX 5000
#define REMINDERS_MAX 20

/* ---- checks ---- */

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
static bool is_uid(struct str uid)
{
	return uid.len && uid.len <= 255 && is_one_line(uid) && !str_has(uid, ',') && !str_has(uid, ';') &&
	       !str_has(uid, '\\');
}

static bool is_email(struct str email)
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
	const struct {
		enum event_field field;
		const char *name;
		bool good;
	} checks[] = {
		{ EVENT_TITLE, "title", is_clean(e->title) },
		{ EVENT_DESCRIPTION, "description", is_clean(e->description) },
		{ EVENT_LOCATION, "location", is_clean(e->location) },
		{ EVENT_CATEGORY, "category", is_clean(e->category) },
		{ EVENT_COLOR, "color_hex", !e->color.ptr || is_color(e->color) },
		{ EVENT_URL, "url", is_one_line(e->url) },
	};
	for (size_t i = 0; i < ARRAY_LEN(checks); i++)
		if (fields & checks[i].field && !checks[i].good)
			return REFUSE(cx, INVALID_VALUE, checks[i].name, "%s is not valid", checks[i].name);
	return OK;
}

static err_t check_time(struct ctx *cx, const struct event *e)
{
	const int64_t first = days_from_civil(1, 1, 1) * DAY_SECONDS,
		      last = days_from_civil(9998, 12, 31) * DAY_SECONDS;
	if (e->zone.ptr && !e->floating && !zone_by_name(e->zone))
		return REFUSE(cx, INVALID_VALUE, "timezone", "timezone \"%.*s\" is not known; use an IANA name",
			STR_ARG(str_sub(e->zone, 0, 60)));
	if (instant_s(e->start) < first || instant_s(e->start) > last)
		return REFUSE(cx, INVALID_VALUE, "start_time", "start_time is out of range");
	if (e->end.us < e->start.us || (e->all_day && e->end.us <= e->start.us) || instant_s(e->end) > last)
		return REFUSE(cx, INVALID_VALUE, "end_time", "end_time must not be before start_time");
	if (e->all_day && (instant_s(e->start) % DAY_SECONDS || instant_s(e->end) % DAY_SECONDS))
		return REFUSE(cx, INVALID_VALUE, "start_time", "an all-day event starts and ends at midnight");
	return OK;
}

static err_t check_recurrence(struct ctx *cx, const struct event *e)
{
	struct rrule rule;
	if (e->exdate_count > DATES_MAX || e->rdate_count > DATES_MAX)
		return REFUSE(cx, INVALID_VALUE, "recurrence", "more than %d dates", DATES_MAX);
	if (!e->rrule.ptr)
		return OK;
	err_t bad = rrule_parse(cx, e->rrule, &rule);
	if (bad || !is_one_line(e->rrule))
		return REFUSE(cx, INVALID_VALUE, "recurrence.rule", "%.*s",
			STR_ARG(bad ? err_text(bad) : STR("one line is expected")));
	return OK;
}

static err_t check_attendees(struct ctx *cx, const struct event *e)
{
	if (e->organizer.ptr && !is_email(e->organizer))
		return REFUSE(cx, INVALID_VALUE, "organizer", "organizer is no e-mail address");
	if (e->attendee_count > ICAL_ATTENDEES_MAX)
		return REFUSE(cx, INVALID_VALUE, "attendees", "more than %d attendees", ICAL_ATTENDEES_MAX);
	for (size_t i = 0; i < e->attendee_count; i++)
		if (!is_email(e->attendees[i].email) || !is_clean(e->attendees[i].name))
			return REFUSE(
				cx, INVALID_VALUE, "attendees", "attendee %zu has no valid e-mail address or name", i);
	return OK;
}

err_t event_check(struct ctx *cx, const struct event *event, unsigned fields)
{
	TRY(check_texts(cx, event, fields));
	if (fields & EVENT_TIME)
		TRY(check_time(cx, event));
	if (fields & EVENT_RECURRENCE)
		TRY(check_recurrence(cx, event));
	if (fields & EVENT_ATTENDEES)
		TRY(check_attendees(cx, event));
	if (fields & EVENT_REMINDERS && event->reminder_count > REMINDERS_MAX)
		return REFUSE(cx, INVALID_VALUE, "reminders", "more than %d reminders", REMINDERS_MAX);
	return OK;
}

/* ---- lines ---- */

void event_text_line(struct buf *out, struct str name, struct str text)
{
	if (text.len)
		ical_line(out, name, STR(""), ical_escape(out->mem, text));
}

void event_color_lines(struct buf *out, const struct event *event)
{
	if (event->color.len)
		ical_line(out, event->color.ptr[0] == '#' ? EVENT_COLOR_HEX : STR("COLOR"), STR(""), event->color);
}

struct when event_when(const struct event *event, struct instant t)
{
	const struct zone *zone = event->all_day || event->floating ? NULL : zone_or_utc(event->zone);
	int64_t s = instant_s(t);
	return (struct when){ zone ? zone_to_local(zone, s) : s, zone, event->all_day };
}

/* The parameters and value of a point: DATE, UTC, TZID or floating. */
static struct str point_value(struct arena *mem, struct when w, struct str *params_out)
{
	bool utc = w.zone == zone_utc();
	*params_out = STR("");
	if (w.date)
		*params_out = STR(";VALUE=DATE");
	else if (w.zone && !utc)
		*params_out = str_cat(mem, STR(";TZID="), zone_name(w.zone));
	return wall_text(mem, (struct wall){ w.local, w.date, utc });
}

void event_point_line(struct buf *out, struct str name, struct when w)
{
	struct str params;
	if (w.zone && w.zone != zone_utc() && !zone_name(w.zone).ptr) /* embedded: its name is not ours to know */
		w = (struct when){ zone_to_utc(w.zone, w.local), zone_utc(), false };
	struct str value = point_value(out->mem, w, &params);
	ical_line(out, name, params, value);
}

void event_time_lines(struct buf *out, const struct event *event)
{
	event_point_line(out, STR("DTSTART"), event_when(event, event->start));
	if (event->end.us != event->start.us)
		event_point_line(out, STR("DTEND"), event_when(event, event->end));
}

void event_dates_line(
	struct buf *out, struct str name, const struct event *clock, const struct instant *list, size_t count)
{
	struct buf values = buf_new(out->mem, out->max);
	struct str params = STR("");
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_char(&values, ',');
		buf_add(&values, point_value(out->mem, event_when(clock, list[i]), &params));
	}
	if (count)
		ical_line(out, name, params, buf_str(&values));
}

void event_recurrence_lines(struct buf *out, const struct event *event)
{
	if (event->rrule.len)
		ical_line(out, STR("RRULE"), STR(""), event->rrule);
	event_dates_line(out, STR("RDATE"), event, event->rdates, event->rdate_count);
	event_dates_line(out, STR("EXDATE"), event, event->exdates, event->exdate_count);
}

static void param_add(struct buf *out, struct str name, struct str value)
{
	buf_char(out, ';');
	buf_add(out, name);
	buf_char(out, '=');
	ical_param_value(out, value);
}

static bool needs_no_quotes(struct str value)
{
	for (size_t i = 0; i < value.len; i++)
		if (!char_is_alpha(value.ptr[i]) && !char_is_digit(value.ptr[i]) && value.ptr[i] != '-')
			return false;
	return value.len > 0;
}

static void attendee_line(struct buf *out, const struct event_attendee *a, const struct ical_prop *was)
{
	struct buf params = buf_new(out->mem, out->max);
	if (a->name.len)
		param_add(&params, STR("CN"), a->name);
	if (a->status != PARTSTAT_OTHER) {
		BUF_LIT(&params, ";PARTSTAT=");
		buf_add(&params, event_partstats[a->status].name);
	}
	if (!was && a->status == PARTSTAT_NEEDS_ACTION)
		BUF_LIT(&params, ";RSVP=TRUE");
	for (size_t i = 0; was && i < was->param_count; i++) {
		struct ical_param p = was->params[i];
		if (str_eq(p.name, STR("CN")) || (str_eq(p.name, STR("PARTSTAT")) && a->status != PARTSTAT_OTHER))
			continue;
		if (needs_no_quotes(p.value))
			buf_fmt(&params, ";%.*s=%.*s", STR_ARG(p.name), STR_ARG(p.value));
		else
			param_add(&params, p.name, p.value);
	}
	ical_line(out, STR("ATTENDEE"), buf_str(&params), str_cat(out->mem, STR("mailto:"), a->email));
}

static const struct ical_prop *attendee_was(const struct ical_comp *was, struct str email)
{
	const struct ical_prop *p = was ? ical_prop(was, STR("ATTENDEE")) : NULL;
	while (p && !str_eq_nocase(event_email(p->value), email))
		p = ical_prop_again(p);
	return p;
}

void event_attendee_lines(struct buf *out, const struct event *event, const struct ical_comp *was)
{
	const struct ical_prop *organizer = was ? ical_prop(was, STR("ORGANIZER")) : NULL;
	if (organizer && str_eq_nocase(event_email(organizer->value), event->organizer))
		buf_add(out, organizer->raw);
	else if (event->organizer.len)
		ical_line(out, STR("ORGANIZER"), STR(""), str_cat(out->mem, STR("mailto:"), event->organizer));
	for (size_t i = 0; i < event->attendee_count; i++) {
		const struct event_attendee *a = &event->attendees[i];
		const struct ical_prop *p = attendee_was(was, a->email);
		struct event_attendee before = p ? event_attendee_of(p) : (struct event_attendee){ 0 };
		if (p && before.status == a->status && str_eq(before.name, a->name))
			buf_add(out, p->raw);
		else
			attendee_line(out, a, p);
	}
}

void event_status_line(struct buf *out, const struct event *event)
{
	static const struct str names[] = { [EVENT_CONFIRMED] = STR_INIT("CONFIRMED"),
		[EVENT_TENTATIVE] = STR_INIT("TENTATIVE"),
		[EVENT_CANCELLED] = STR_INIT("CANCELLED") };
	ical_line(out, STR("STATUS"), STR(""), names[event->status]);
}

void event_transparency_line(struct buf *out, const struct event *event)
{
	if (event->transparent)
		ical_line(out, STR("TRANSP"), STR(""), STR("TRANSPARENT"));
}

void event_alarms(struct buf *out, const struct event *event)
{
	for (size_t i = 0; i < event->reminder_count; i++) {
		int64_t minutes = event->reminders[i];
		BUF_LIT(out, "BEGIN:VALARM\r\nACTION:DISPLAY\r\n");
		event_text_line(out, STR("DESCRIPTION"), event->title.len ? event->title : STR("Reminder"));
		buf_fmt(out, "TRIGGER:%sPT%lldM\r\n", minutes > 0 ? "-" : "",
			(long long)(minutes < 0 ? -minutes : minutes));
		BUF_LIT(out, "END:VALARM\r\n");
	}
}

/* ---- a new object ---- */

static void vevent_write(struct ctx *cx, const struct event *e, struct buf *out)
{
	struct str now = instant_ical(cx->mem, cx->now), uid = e->uid;
	if (!uid.len) {
		struct id id = id_new(cx->now);
		uid = hex_of(cx->mem, bytes_of(id.octets, sizeof id.octets));
	}
	BUF_LIT(out, "BEGIN:VEVENT\r\n");
	ical_line(out, STR("UID"), STR(""), uid);
	ical_line(out, STR("DTSTAMP"), STR(""), now);
	ical_line(out, STR("CREATED"), STR(""), now);
	ical_line(out, STR("LAST-MODIFIED"), STR(""), now);
	event_time_lines(out, e);
	event_recurrence_lines(out, e);
	event_text_line(out, STR("SUMMARY"), e->title);
	event_text_line(out, STR("DESCRIPTION"), e->description);
	event_text_line(out, STR("LOCATION"), e->location);
	event_text_line(out, STR("CATEGORIES"), e->category);
	event_color_lines(out, e);
	if (e->url.len)
		ical_line(out, STR("URL"), STR(""), e->url);
	event_attendee_lines(out, e, NULL);
	if (e->status != EVENT_CONFIRMED)
		event_status_line(out, e);
	event_transparency_line(out, e);
	event_alarms(out, e);
	BUF_LIT(out, "END:VEVENT\r\n");
}

err_t event_write(struct ctx *cx, const struct event *event, struct str *out)
{
	struct buf b = buf_new(cx->mem, 2 * OBJECT_SIZE_MAX);
	TRY(event_check(cx, event, ~0U));
	if (event->uid.ptr && !is_uid(event->uid))
		return REFUSE(cx, INVALID_VALUE, "client_uid",
			"client_uid has 1 to 255 octets, without line ends, commas, semicolons and backslashes");
	BUF_LIT(&b, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:" ICAL_PRODID "\r\n");
	struct when start = event_when(event, event->start);
	if (start.zone)
		vtimezone_write(cx->mem, start.zone, instant_s(event->start), &b);
	vevent_write(cx, event, &b);
	BUF_LIT(&b, "END:VCALENDAR\r\n");
	if (b.full || b.len > OBJECT_SIZE_MAX)
		return REFUSE(cx, ICAL_SIZE, "", "the event is larger than %zu octets", OBJECT_SIZE_MAX);
	*out = buf_str(&b);
	return OK;
}
