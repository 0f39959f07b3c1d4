/* SPDX-License-Identifier: Apache-2.0 */
/* One event to be read, answered and deleted. */
#include "server/booking/page.h"
#include "server/data/json.h"
#include "server/mail/mail.h"
#include "web/event_dates.h"
#include "web/event_rule.h"
#include "web/event_shown.h"
#include "web/own_call.h"
#include "web/pages.h"
#include "web/rule_told.h"
#include "web/say.h"

/* ---- read ---- */

static void attendee_values(struct html_values *v, const struct event *event)
{
	static const char *const flags[] = {
		[PARTSTAT_NEEDS_ACTION] = "is_open",
		[PARTSTAT_ACCEPTED] = "is_accepted",
		[PARTSTAT_DECLINED] = "is_declined",
		[PARTSTAT_TENTATIVE] = "is_tentative",
		[PARTSTAT_OTHER] = "is_open",
	};
	for (size_t i = 0; i < event->attendee_count; i++) {
		struct html_values *row = html_add_row(v, "attendees");
		html_set(row, "attendee",
			event->attendees[i].name.len ? event->attendees[i].name : event->attendees[i].email);
		html_set(row, "address", event->attendees[i].name.len ? event->attendees[i].email : STR_ABSENT);
		html_set_flag(row, flags[event->attendees[i].status], true);
	}
}

/* Whom the last mail about it did not reach, and will not, and why. */
static err_t undelivered_values(struct request *rq, const struct event_shown *s, struct html_values *v)
{
	struct mail_undelivered *lost;
	size_t count;
	if (!s->item.event.attendee_count)
		return OK;
	TRY(mail_undelivered(&rq->cx, s->actor.owner, s->object.id, &lost, &count));
	html_set_flag(v, "has_undelivered", count > 0);
	for (size_t i = 0; i < count; i++) {
		struct html_values *row = html_add_row(v, "undelivered");
		html_set(row, "lost_address", lost[i].recipient);
		html_set_flag(row, "lost_refused", str_eq(lost[i].fault, STR("refused")));
		html_set_flag(row, "lost_ascii", str_eq(lost[i].fault, STR("no_smtputf8")));
		if (lost[i].status)
			html_set(row, "lost_status", str_fmt(rq->cx.mem, "%d", lost[i].status));
		page_when(rq, row, "lost_at", lost[i].finished_at);
	}
	return OK;
}

/* A link only where a browser goes to a page. */
static void url_values(struct html_values *v, struct str url)
{
	bool web = str_starts_nocase(url, STR("https://")) || str_starts_nocase(url, STR("http://"));
	html_set(v, web ? "link" : "not_link", url);
}

/* In words: a rule as it is written is for programs, and stands in the form, where it can be changed. */
static void repeat_values(struct request *rq, const struct event *series, struct html_values *v)
{
	const struct zone *own = series->zone.len ? zone_by_name(series->zone) : NULL,
			  *zone = own ? own : viewer_zone(rq);
	if (!series->rrule.len)
		return;
	struct str words = rule_told(rq, series->rrule, zone, rule_start(series, zone));
	html_set(v, "repeats", words.len ? words : say(rq, "By a rule of its own"));
}

/* The clock of the event where it is another than the user's. */
static void zone_values(struct request *rq, const struct event *event, struct html_values *v)
{
	const struct zone *user = viewer_zone(rq), *own = event->zone.len ? zone_by_name(event->zone) : NULL;
	html_set(v, "zone", event->all_day ? STR_ABSENT : booking_zone_name(user));
	if (own && own != user && !event->all_day) {
		html_set(v, "own_when", event_when(rq, own, event));
		html_set(v, "own_zone", booking_zone_name(own));
	}
}

err_t event_page(struct request *rq, struct response *rs)
{
	struct event_shown s;
	TRY(event_shown_read(rq, &s));
	const struct event *event = &s.item.event;
	struct html_values *v = page_new(rq, "Event", "calendar");
	event_shown_values(rq, &s, v);
	zone_values(rq, event, v);
	repeat_values(rq, &s.series, v);
	event_dates_values(rq, &s, v);
	url_values(v, event->url);
	attendee_values(v, event);
	TRY(undelivered_values(rq, &s, v));
	html_set(v, "location", event->location);
	html_set(v, "description", event->description);
	html_set(v, "category", event->category);
	html_set(v, "organizer", s.own ? STR_ABSENT : event->organizer);
	html_set(v, "comment", event->comment);
	html_set_flag(v, "cancelled", event->status == EVENT_CANCELLED);
	html_set_flag(v, "tentative", event->status == EVENT_TENTATIVE);
	html_set_flag(v, "free", event->transparent);
	html_set_flag(v, "invited", s.invited);
	html_set_flag(v, "can_reply",
		rq->principal->email_confirmed && mail_is_possible(&rq->cx, s.actor.owner) &&
			mail_is_address(event->organizer));
	for (size_t i = 0; i < event->reminder_count; i++)
		html_set(html_add_row(v, "reminders"), "reminder", reminder_words(rq, event->reminders[i]));
	page_when(rq, v, "changed", s.object.updated_at);
	page_notice(rq, v);
	return page_reply(rs, 200, "event", v);
}

/* ---- answer an invitation ---- */

err_t event_respond_post(struct request *rq, struct response *rs)
{
	struct event_shown s;
	struct str scope;
	struct buf body = buf_new(rq->cx.mem, KIB(1));
	struct json j = json_begin(&body);
	TRY(event_shown_read(rq, &s));
	TRY(event_scope_read(rq, &s, &scope));
	json_object(&j, NULL);
	json_str(&j, "status", form_get(&rq->form, "status"));
	json_bool(&j, "notify_organizer", str_eq(form_get(&rq->form, "tell"), STR("1")));
	json_object_end(&j);
	const struct own_call call = {
		.operation = "respondToEvent",
		.id = s.id,
		.query = scope.ptr ? str_cat(rq->cx.mem, STR("scope="), scope) : STR_ABSENT,
		.body = buf_str(&body),
		.test = s.test,
	};
	TRY(own_call(rq, &call, NULL));
	reply_redirect(rs, 303, event_href(rq->cx.mem, s.id, "", s.test, "answered"));
	return OK;
}

/* ---- delete ---- */

static struct html_values *delete_values(struct request *rq, const struct event_shown *s)
{
	struct html_values *v = page_new(rq, "Delete this event?", "calendar");
	event_shown_values(rq, s, v);
	html_set_flag(v, "scope_following", str_eq(form_get(&rq->form, "scope"), STR("this_and_following")));
	html_set_flag(v, "scope_all", str_eq(form_get(&rq->form, "scope"), STR("all")));
	return v;
}

err_t event_delete_page(struct request *rq, struct response *rs)
{
	struct event_shown s;
	TRY(event_shown_read(rq, &s));
	return page_reply(rs, 200, "event_delete", delete_values(rq, &s));
}

/* What is deleted is what was looked at: who read an older state looks again. */
static err_t delete_shown(struct request *rq, const struct event_shown *s)
{
	struct str scope;
	TRY(event_scope_read(rq, s, &scope));
	const struct own_call call = {
		.operation = "deleteEvent",
		.id = s->id,
		.query = event_change_query(rq, scope, "mode=delete"),
		.if_match = form_get(&rq->form, "etag"),
		.test = s->test,
	};
	err_t e = own_call(rq, &call, NULL);
	if (!err_is(e, PRECONDITION))
		return e;
	return REFUSE(&rq->cx, PRECONDITION, "",
		"This event was changed in the meantime, so it was not deleted. Look at it, and delete it if you still "
		"want to.");
}

err_t event_delete_post(struct request *rq, struct response *rs)
{
	struct event_shown s;
	TRY(event_shown_read(rq, &s));
	err_t e = delete_shown(rq, &s);
	if (e)
		return page_again(rs, "event_delete", delete_values(rq, &s), e);
	reply_redirect(rs, 303, event_month_href(rq->cx.mem, viewer_zone(rq), &s.item.event, s.test, "event-deleted"));
	return OK;
}
