/* SPDX-License-Identifier: Apache-2.0 */
/* The lines that an event's fields are written as. */
#include "caldav/calendar/event/event_private.h"

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

void event_rule_lines(struct buf *out, struct str rules)
{
	struct str rest = rules, line;
	while (rules.len && str_cut(&rest, '\n', &line))
		if (line.len)
			ical_line(out, STR("RRULE"), STR(""), line);
}

/* ---- dates ---- */

void event_dates_lines(struct buf *out, struct str name, struct time_form form, const struct zone *floating,
	const struct event_date *list, size_t count)
{
	const struct time_form forms[] = { form, form_of_kind(FORM_UTC), form_of_kind(FORM_DATE) };
	struct buf values[ARRAY_LEN(forms)];
	for (size_t n = 0; n < ARRAY_LEN(forms); n++)
		values[n] = buf_new(out->mem, out->max);
	for (size_t i = 0; i < count; i++) {
		struct str text;
		size_t n = list[i].day ? 2 : !form_text(out->mem, form, instant_s(list[i].at), floating, &text);
		if (n)
			(void)form_text(out->mem, forms[n], instant_s(list[i].at), floating, &text);
		if (values[n].len)
			buf_char(&values[n], ',');
		buf_add(&values[n], text);
	}
	for (size_t n = 0; n < ARRAY_LEN(forms); n++)
		if (values[n].len)
			ical_line(out, name, forms[n].params, buf_str(&values[n]));
}

/* ---- people ---- */

static void param_add(struct buf *out, struct str name, struct str value)
{
	buf_char(out, ';');
	buf_add(out, name);
	buf_char(out, '=');
	ical_param_value(out, value);
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
		if (!str_eq(p.name, STR("CN")) && !(str_eq(p.name, STR("PARTSTAT")) && a->status != PARTSTAT_OTHER))
			buf_fmt(&params, ";%.*s=%.*s", STR_ARG(p.name), STR_ARG(p.raw));
	}
	ical_line(
		out, STR("ATTENDEE"), buf_str(&params), was ? was->value : str_cat(out->mem, STR("mailto:"), a->email));
}

static void organizer_line(struct buf *out, const struct event *event)
{
	struct buf params = buf_new(out->mem, out->max);
	if (event->organizer_name.len)
		param_add(&params, STR("CN"), event->organizer_name);
	ical_line(out, STR("ORGANIZER"), buf_str(&params), str_cat(out->mem, STR("mailto:"), event->organizer));
}

static bool says_the_same(const struct ical_prop *line, const struct event_attendee *a)
{
	struct event_attendee was = event_attendee_of(line);
	return was.status == a->status && was.name.len == a->name.len && (!was.name.len || str_eq(was.name, a->name));
}

/* The line that is this attendee's and not taken yet: the one that says the same, else the first of the address. */
static size_t attendee_find(const struct ical_prop *const *lines, size_t count, const struct event_attendee *a)
{
	size_t found = count;
	for (size_t i = 0; i < count; i++) {
		if (!lines[i] || !str_eq_nocase(event_email(lines[i]->value), a->email))
			continue;
		if (says_the_same(lines[i], a))
			return i;
		found = found == count ? i : found;
	}
	return found;
}

void event_attendee_lines(struct buf *out, const struct event *event, const struct ical_comp *was)
{
	const struct ical_prop *organizer = was ? ical_prop(was, STR("ORGANIZER")) : NULL;
	size_t count = 0;
	for (const struct ical_prop *p = was ? ical_prop(was, STR("ATTENDEE")) : NULL; p; p = ical_prop_again(p))
		count++;
	const struct ical_prop **lines = arena_array(out->mem, const struct ical_prop *, count + 1);
	count = 0;
	for (const struct ical_prop *p = was ? ical_prop(was, STR("ATTENDEE")) : NULL; p; p = ical_prop_again(p))
		lines[count++] = p;
	if (organizer && str_eq_nocase(event_email(organizer->value), event->organizer))
		buf_add(out, organizer->raw);
	else if (event->organizer.len)
		organizer_line(out, event);
	for (size_t i = 0; i < event->attendee_count; i++) {
		const struct event_attendee *a = &event->attendees[i];
		size_t at = attendee_find(lines, count, a);
		const struct ical_prop *line = at < count ? lines[at] : NULL;
		if (line && says_the_same(line, a))
			buf_add(out, line->raw);
		else
			attendee_line(out, a, line);
		lines[at] = NULL;
	}
}

/* ---- the rest ---- */

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

void event_alarm(struct buf *out, struct str title, int32_t minutes)
{
	BUF_LIT(out, "BEGIN:VALARM\r\nACTION:DISPLAY\r\n");
	event_text_line(out, STR("DESCRIPTION"), title.len ? title : STR("Reminder"));
	buf_fmt(out, "TRIGGER:%sPT%dM\r\nEND:VALARM\r\n", minutes > 0 ? "-" : "", minutes < 0 ? -minutes : minutes);
}
