/* SPDX-License-Identifier: Apache-2.0 */
#include "web/event_shown.h"

#include "server/mail/mail.h"
#include "web/manner.h"
#include "web/say.h"

/* ---- what the path names ---- */

static bool split_id(struct str text, struct id *id, struct str *instance)
{
	size_t len = sizeof "evt_" - 1 + ID_DIGITS;
	*instance = text.len > len + 1 && text.ptr[len] == '_' ? str_from(text, len + 1) : STR_ABSENT;
	return (instance->ptr || text.len == len) && id_parse(str_sub(text, 0, len), "evt", id);
}

static err_t read_item(struct request *rq, struct str instance, struct event_shown *s)
{
	struct agenda_item whole;
	TRY(agenda_event(&rq->cx, &s->object, rq->principal->tz, &whole));
	s->item = whole;
	s->series = whole.event;
	if (!instance.ptr)
		return OK;
	s->in_series = true;
	return agenda_instance(&rq->cx, &s->object, instance, rq->principal->tz, &s->item);
}

err_t event_shown_read(struct request *rq, struct event_shown *out)
{
	struct ctx *cx = &rq->cx;
	struct event_shown s = { .id = rq->args[0], .test = calendar_in_test(rq) };
	struct str instance;
	struct id id;
	if (!split_id(s.id, &id, &instance))
		return FAIL(cx, NOT_FOUND, "no event's id");
	TRY(calendar_actor(rq, s.test, &s.actor));
	err_t e = object_by_id(cx, &s.actor, id, &s.object);
	if (!e && s.object.component == COMPONENT_VEVENT)
		e = read_item(rq, instance, &s);
	else if (!e)
		e = FAIL(cx, NOT_FOUND, "a task or a journal, no event");
	if (err_is(e, NOT_FOUND))
		return REFUSE(cx, NOT_FOUND, "", "There is no such event. It may have been moved or deleted.");
	TRY(e);
	TRY(calendar_by_id(cx, &s.actor, s.object.calendar, &s.calendar));
	TRY(calendar_fill(rq, &s.actor, &s.calendar, &s.fill));
	const struct event *event = &s.item.event;
	s.etag = str_fmt(cx->mem, "\"%.*s\"", STR_ARG(hex_of(cx->mem, s.object.etag)));
	s.own = !event->organizer.ptr || str_eq_nocase(event->organizer, rq->principal->email);
	s.invited = event_invites(event, rq->principal->email) && event->status != EVENT_CANCELLED;
	*out = s;
	return OK;
}

/* ---- addresses ---- */

struct str event_href(struct arena *mem, struct str id, const char *page, bool test, const char *done)
{
	struct buf out = buf_new(mem, KIB(1));
	BUF_LIT(&out, "/calendar/events/");
	path_segment_add(&out, id);
	buf_fmt(&out, "%s", page);
	if (test || done)
		BUF_LIT(&out, "?");
	if (test)
		form_add(&out, "mode", STR("test"));
	if (done)
		form_add(&out, "done", str_of(done));
	return buf_str(&out);
}

static int64_t local_start(const struct zone *zone, const struct event *event)
{
	int64_t start = instant_s(event->start);
	return event->all_day ? start : zone_to_local(zone, start);
}

struct str event_month_href(
	struct arena *mem, const struct zone *zone, const struct event *event, bool test, const char *done)
{
	struct str day = day_text(mem, floor_div(local_start(zone, event), DAY_S));
	return str_fmt(mem, "/calendar?date=%.*s%s%s%s", STR_ARG(day), test ? "&mode=test" : "", done ? "&done=" : "",
		done ? done : "");
}

/* ---- when ---- */

struct str event_when(struct request *rq, const struct zone *zone, const struct event *event)
{
	struct arena *mem = rq->cx.mem;
	int64_t start = local_start(zone, event);
	int64_t end = event->all_day ? instant_s(event->end) - DAY_S : zone_to_local(zone, instant_s(event->end));
	int64_t first = floor_div(start, DAY_S), last = floor_div(end > start ? end : start, DAY_S);
	struct str from = day_long(rq, first), to = day_long(rq, last);
	struct str at = time_of_day(rq, start), until = time_of_day(rq, end);
	if (event->all_day)
		return first == last ? from : str_fmt(mem, "%.*s – %.*s", STR_ARG(from), STR_ARG(to));
	if (first != last)
		return str_fmt(mem, "%.*s, %.*s – %.*s, %.*s", STR_ARG(from), STR_ARG(at), STR_ARG(to), STR_ARG(until));
	if (start == end)
		return str_fmt(mem, "%.*s, %.*s", STR_ARG(from), STR_ARG(at));
	return str_fmt(mem, "%.*s, %.*s", STR_ARG(from), STR_ARG(time_span(rq, start, end)));
}

/* ---- values ---- */

/* The user's colour of the calendar is that of the views. */
static void calendar_values(const struct event_shown *s, struct html_values *v)
{
	html_set(v, "calendar_name", calendar_label(&s->calendar));
	html_set(v, "color", s->fill);
	html_set_flag(v, "fixed", !s->calendar.writable);
}

void event_shown_values(struct request *rq, const struct event_shown *s, struct html_values *v)
{
	struct arena *mem = rq->cx.mem;
	const struct zone *zone = viewer_zone(rq);
	html_set(v, "event_id", s->id);
	html_set(v, "event_title", s->item.event.title.len ? s->item.event.title : say(rq, "(No title)"));
	html_set(v, "event_when", event_when(rq, zone, &s->item.event));
	html_set(v, "etag", s->etag);
	html_set(v, "event_href", event_href(mem, s->id, "", s->test, NULL));
	html_set(v, "edit_href", event_href(mem, s->id, "/edit", s->test, NULL));
	html_set(v, "delete_href", event_href(mem, s->id, "/delete", s->test, NULL));
	html_set(v, "month_href", event_month_href(mem, zone, &s->item.event, s->test, NULL));
	html_set_flag(v, "mode_test", s->test);
	html_set_flag(v, "in_series", s->in_series);
	html_set_flag(v, "can_tell", s->own && mail_is_possible(&rq->cx, s->actor.owner));
	html_set_flag(v, "has_attendees", s->item.event.attendee_count > 0);
	calendar_values(s, v);
}

/* ---- of a form ---- */

err_t event_scope_read(struct request *rq, const struct event_shown *shown, struct str *out)
{
	struct str scope = form_get(&rq->form, "scope");
	*out = STR_ABSENT;
	if (!shown->in_series)
		return OK;
	if (!str_eq(scope, STR("this")) && !str_eq(scope, STR("this_and_following")) && !str_eq(scope, STR("all")))
		return REFUSE(&rq->cx, INVALID_VALUE, "scope", "Choose which events of the series this is about.");
	*out = scope;
	return OK;
}

struct str event_change_query(struct request *rq, struct str scope, const char *more)
{
	struct buf query = buf_new(rq->cx.mem, KIB(1));
	buf_fmt(&query, "%s", more);
	if (scope.ptr)
		form_add(&query, "scope", scope);
	if (str_eq(form_get(&rq->form, "tell"), STR("1")))
		form_add(&query, "notify_attendees", STR("true"));
	return buf_str(&query);
}
