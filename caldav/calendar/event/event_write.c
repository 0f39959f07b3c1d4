/* SPDX-License-Identifier: Apache-2.0 */
/* A new object. */
#include "caldav/calendar/event/event_private.h"

struct str event_new_uid(struct ctx *cx)
{
	struct id id = id_new(cx->now);
	return hex_of(cx->mem, bytes_of(id.octets, sizeof id.octets));
}

static void vevent_write(
	struct ctx *cx, const struct event *e, struct str times, struct time_form form, struct buf *out)
{
	struct str now = instant_ical(cx->mem, cx->now), uid = e->uid.len ? e->uid : event_new_uid(cx);
	BUF_LIT(out, "BEGIN:VEVENT\r\n");
	ical_line(out, STR("UID"), STR(""), uid);
	ical_line(out, STR("DTSTAMP"), STR(""), now);
	ical_line(out, STR("CREATED"), STR(""), now);
	ical_line(out, STR("LAST-MODIFIED"), STR(""), now);
	buf_add(out, times);
	event_rule_lines(out, e->rrule);
	event_dates_lines(out, STR("RDATE"), form, zone_utc(), e->rdates, e->rdate_count);
	event_dates_lines(out, STR("EXDATE"), form, zone_utc(), e->exdates, e->exdate_count);
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
	for (size_t i = 0; i < e->reminder_count; i++)
		event_alarm(out, e->title, e->reminders[i]);
	BUF_LIT(out, "END:VEVENT\r\n");
}

struct time_form event_form(struct arena *mem, const struct event *event)
{
	if (event->all_day || event->floating)
		return form_of_kind(event->all_day ? FORM_DATE : FORM_FLOATING);
	return form_of_zone(mem, zone_or_utc(event->zone));
}

/* DTSTART and DTEND. *form: of the start; UTC where its zone shows the time of an earlier instant. */
static err_t times_write(struct ctx *cx, const struct event *e, struct time_form *form, struct buf *out)
{
	struct str start, end;
	if (!form_text(cx->mem, *form, instant_s(e->start), zone_utc(), &start)) {
		if (e->rrule.len)
			return event_refuse_second_pass(cx);
		*form = form_of_kind(FORM_UTC);
		(void)form_text(cx->mem, *form, instant_s(e->start), NULL, &start);
	}
	ical_line(out, STR("DTSTART"), form->params, start);
	if (e->end.us == e->start.us)
		return OK;
	if (form_text(cx->mem, *form, instant_s(e->end), zone_utc(), &end))
		ical_line(out, STR("DTEND"), form->params, end);
	else
		ical_line(out, STR("DURATION"), STR(""),
			duration_text(cx->mem, instant_s(e->end) - instant_s(e->start), e->all_day));
	return OK;
}

err_t event_write(struct ctx *cx, const struct event *event, struct str *out)
{
	struct buf b = buf_new(cx->mem, 2 * OBJECT_SIZE_MAX);
	TRY(event_check(cx, event, NULL, ~0U));
	if (event->uid.ptr && !event_is_uid(event->uid))
		return REFUSE(cx, INVALID_VALUE, "client_uid",
			"client_uid has 1 to 255 octets, without line ends, commas, semicolons and backslashes");
	BUF_LIT(&b, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:" ICAL_PRODID "\r\n");
	struct time_form form = event_form(cx->mem, event), wanted = form;
	struct buf times = buf_new(cx->mem, 1024);
	TRY(times_write(cx, event, &form, &times));
	if (wanted.zone) /* also for EXDATE and RDATE, where the start itself is in UTC */
		vtimezone_write(cx->mem, wanted.zone, instant_s(event->start), &b);
	vevent_write(cx, event, buf_str(&times), wanted, &b);
	BUF_LIT(&b, "END:VCALENDAR\r\n");
	if (b.full || b.len > OBJECT_SIZE_MAX)
		return REFUSE(cx, ICAL_SIZE, "", "the event is larger than %zu octets", OBJECT_SIZE_MAX);
	*out = buf_str(&b);
	return OK;
}
