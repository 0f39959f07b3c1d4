/* SPDX-License-Identifier: Apache-2.0 */
/* The form of an event: a new one, and one that is there. */
#include "server/account/account.h"
#include "server/data/json.h"
#include "server/mail/mail.h"
#include "web/event_rule.h"
#include "web/event_shown.h"
#include "web/own_call.h"
#include "web/pages.h"
#include "web/say.h"

#define BODY_MAX KIB(512)
#define TRIES 3 /* of a change, while others change the same event */

/* ---- the form as it is shown ---- */

static void choice_values(struct request *rq, struct html_values *v, const struct event_form *form)
{
	rule_values(rq, v, form);
	html_set_flag(v, "is_free", str_eq(form->value[FIELD_BUSY], STR("free")));
	html_set_flag(v, "is_tentative", str_eq(form->value[FIELD_STATUS], STR("tentative")));
	html_set_flag(v, "is_cancelled", str_eq(form->value[FIELD_STATUS], STR("cancelled")));
}

/* Is there anything in what is folded at first? */
static bool is_whole(const struct event_form *form)
{
	static const enum event_field_name folded[] = { FIELD_URL, FIELD_CATEGORY, FIELD_ATTENDEES, FIELD_REMINDERS };
	for (size_t i = 0; i < ARRAY_LEN(folded); i++)
		if (form->value[folded[i]].len)
			return true;
	return !str_eq(form->value[FIELD_BUSY], STR("busy")) || !str_eq(form->value[FIELD_STATUS], STR("confirmed"));
}

/* `was`: what the form begins with, which comes back with it. */
static void form_values(
	struct request *rq, struct html_values *v, const struct event_form *form, const struct event_form *was)
{
	for (size_t i = 0; i < EVENT_FIELDS; i++) {
		html_set(v, event_shown_names[i], form->value[i]);
		if (!was)
			continue;
		struct html_values *row = html_add_row(v, "was");
		html_set(row, "was_name", str_of(event_was_names[i]));
		html_set(row, "was_value", was->value[i]);
	}
	html_set_flag(v, "with_seconds", form->value[FIELD_START_TIME].len > 5 || form->value[FIELD_END_TIME].len > 5);
	html_set_flag(v, "whole", is_whole(form));
	choice_values(rq, v, form);
}

/* In the words of the form, at its field. */
static err_t for_form(struct request *rq, err_t e)
{
	struct err *own = arena_new(rq->cx.mem, struct err);
	*own = *e;
	own->param = event_form_field_of(rq->cx.mem, e->param);
	bool of_one = str_eq(form_get(&rq->form, "scope"), STR("this"));
	if (err_is(e, INVALID_VALUE) && str_starts(e->param, STR("recurrence")) && of_one) {
		own->said = say(rq, "One event of a series does not repeat by itself. Choose that this is about all of "
				    "them, or this "
				    "and those that follow.");
		own->format = NULL;
	}
	if (err_is(e, INVALID_VALUE) && str_eq(e->param, STR("calendar_id"))) {
		own->said = say(rq, "A series is in one calendar as a whole. Choose that this is about all of them.");
		own->format = NULL;
	}
	if (err_is(e, UID_CONFLICT)) {
		own->param = STR("calendar");
		own->said = say(rq, "This calendar has this event already.");
		own->format = NULL;
	}
	if (err_is(e, CONFLICT) && str_starts(e->param, STR("recurrence"))) {
		own->said = say(rq, "How this event repeats says on which days it is, and cannot be moved to this "
				    "start. Choose how it repeats from now on, or that this is about this one event.");
		own->format = NULL;
	}
	if (err_is(e, IDEMPOTENCY_IN_USE)) {
		own->param = STR_ABSENT;
		own->said = say(rq,
			"This form was sent before with other entries, and that event was made. Send it again to make "
			"another.");
		own->format = NULL;
	}
	return own;
}

/* Calendars that an event may go to: the chosen one is marked, or else the default one. */
static err_t calendars_to_choose(
	struct request *rq, struct html_values *v, const struct actor *actor, struct str chosen, size_t *count_out)
{
	struct calendar *calendars;
	size_t count, shown = 0;
	TRY(calendar_list(&rq->cx, actor, &calendars, &count));
	for (size_t i = 0; i < count; i++) {
		struct str id = id_text(rq->cx.mem, "cal", calendars[i].id);
		if (!calendars[i].writable)
			continue;
		struct html_values *row = html_add_row(v, "calendars");
		html_set(row, "calendar_id", id);
		html_set(row, "calendar_name", calendar_label(&calendars[i]));
		html_set_flag(row, "chosen",
			chosen.len ? str_eq(chosen, id) : str_eq(calendars[i].name, STR(DEFAULT_CALENDAR)));
		shown++;
	}
	*count_out = shown;
	return OK;
}

static struct json body_begin(struct buf *out)
{
	struct json j = json_begin(out);
	json_object(&j, NULL);
	return j;
}

/* ---- a new event ---- */

static void new_times(struct request *rq, const struct form *params, struct event_form *form)
{
	struct arena *mem = rq->cx.mem;
	const struct zone *zone = viewer_zone(rq);
	int64_t now = zone_to_local(zone, instant_s(account_now(&rq->cx))), day, last;
	int64_t next_hour = (floor_div(now, 3600) + 1) * 3600, start = next_hour;
	bool all_day = str_eq(form_get(params, "all_day"), STR("1"));
	if (day_parse(form_get(params, "date"), &day) && day != floor_div(now, DAY_S))
		start = day * DAY_S + INT64_C(9) * 3600;
	struct str start_time = form_get(params, "start"), end_time = form_get(params, "end");
	int64_t end = start + 3600;
	form->value[FIELD_ALL_DAY] = all_day ? STR("1") : STR("");
	form->value[FIELD_START_DATE] = day_text(mem, floor_div(start, DAY_S));
	form->value[FIELD_START_TIME] = start_time.len == 5 ? start_time : clock_text(mem, start);
	form->value[FIELD_END_DATE] = day_parse(form_get(params, "end_date"), &last)
					      ? day_text(mem, last)
					      : day_text(mem, floor_div(all_day ? start : end, DAY_S));
	form->value[FIELD_END_TIME] = end_time.len == 5 ? end_time : clock_text(mem, end);
}

static struct event_form new_form(struct request *rq, const struct form *params)
{
	struct event_form form;
	for (size_t i = 0; i < EVENT_FIELDS; i++)
		form.value[i] = STR("");
	new_times(rq, params, &form);
	form.value[FIELD_TITLE] = str_beginning(str_trim(form_get(params, "title"), STR_BLANK), 1000);
	if (!form.value[FIELD_TITLE].ptr)
		form.value[FIELD_TITLE] = STR("");
	form.value[FIELD_CALENDAR] = str_sub(form_get(params, "calendar"), 0, 64);
	if (!form.value[FIELD_CALENDAR].ptr)
		form.value[FIELD_CALENDAR] = STR("");
	form.value[FIELD_ZONE] = zone_name(viewer_zone(rq));
	form.value[FIELD_BUSY] = STR("busy");
	form.value[FIELD_STATUS] = STR("confirmed");
	rule_begin(rq, form.value);
	return form;
}

static err_t new_values(struct request *rq, const struct event_form *form, bool test, struct html_values **out)
{
	struct html_values *v = page_new(rq, "New event", "calendar");
	struct actor actor;
	size_t count;
	TRY(calendar_actor(rq, test, &actor));
	TRY(calendars_to_choose(rq, v, &actor, form->value[FIELD_CALENDAR], &count));
	html_set_flag(v, "choose_calendar", true);
	form_values(rq, v, form, NULL);
	html_set_flag(v, "is_new", true);
	html_set_flag(v, "mode_test", test);
	html_set_flag(v, "can_tell", mail_is_possible(&rq->cx, actor.owner));
	html_set(v, "action", STR("/calendar/new"));
	html_set(v, "cancel_href", test ? STR("/calendar?mode=test") : STR("/calendar"));
	*out = v;
	return OK;
}

err_t event_new_page(struct request *rq, struct response *rs)
{
	const struct form *params;
	struct html_values *v;
	struct actor actor;
	bool test = calendar_in_test(rq);
	TRY(request_params(rq, &params));
	TRY(calendar_actor(rq, test, &actor)); /* the clock of the test world */
	const struct event_form form = new_form(rq, params);
	TRY(new_values(rq, &form, test, &v));
	return page_reply(rs, 200, "event_form", v);
}

/* Fields that somebody filled in; of the others a new event has what it has. */
static unsigned filled_in(const struct event_form *form)
{
	unsigned fields = 1u << FIELD_TITLE | 1u << FIELD_ALL_DAY | 1u << FIELD_START_DATE | 1u << FIELD_ZONE;
	for (size_t i = 0; i < EVENT_FIELDS; i++)
		if (form->value[i].len)
			fields |= 1u << i;
	return form->value[FIELD_REPEAT].len ? fields : fields & ~FIELDS_RULE;
}

static err_t create(struct request *rq, const struct event_form *form, bool test, struct str *id_out)
{
	struct buf body = buf_new(rq->cx.mem, BODY_MAX);
	struct json j = body_begin(&body);
	struct str once = form_get(&rq->form, "once");
	TRY(event_form_body(&rq->cx, viewer_zone(rq), form, filled_in(form), NULL, &j));
	json_object_end(&j);
	const struct own_call call = {
		.operation = "createEvent",
		.query = event_change_query(rq, STR_ABSENT, ""),
		.body = buf_str(&body),
		.once = once.len ? str_sub(once, 0, 64) : STR_ABSENT,
		.test = test,
	};
	return own_call(rq, &call, id_out);
}

err_t event_new_post(struct request *rq, struct response *rs)
{
	struct event_form form;
	struct html_values *v;
	struct str id;
	int64_t day;
	bool test = calendar_in_test(rq);
	event_form_read(rq->cx.mem, &rq->form, event_field_names, &form);
	err_t e = create(rq, &form, test, &id);
	if (!e) {
		struct str date =
			day_parse(form.value[FIELD_START_DATE], &day) ? form.value[FIELD_START_DATE] : STR("");
		reply_redirect(rs, 303,
			str_fmt(rq->cx.mem, "/calendar?date=%.*s%s&done=event-created", STR_ARG(date),
				test ? "&mode=test" : ""));
		return OK;
	}
	TRY(new_values(rq, &form, test, &v));
	return page_again(rs, "event_form", v, for_form(rq, e));
}

/* ---- one that is there ---- */

static err_t edit_values(struct request *rq, const struct event_shown *s, const struct event_form *form,
	const struct event_form *was, struct html_values **out)
{
	struct html_values *v = page_new(rq, "Edit event", "calendar");
	size_t count;
	struct str scope = form_get(&rq->form, "scope");
	event_shown_values(rq, s, v);
	form_values(rq, v, form, was);
	TRY(calendars_to_choose(rq, v, &s->actor, form->value[FIELD_CALENDAR], &count));
	html_set_flag(v, "choose_calendar", count > 1 && s->calendar.writable);
	html_set(v, "action", event_href(rq->cx.mem, s->id, "/edit", false, NULL));
	html_set(v, "cancel_href", event_href(rq->cx.mem, s->id, "", s->test, NULL));
	html_set_flag(v, "scope_following", str_eq(scope, STR("this_and_following")));
	html_set_flag(v, "scope_all", str_eq(scope, STR("all")));
	*out = v;
	return OK;
}

err_t event_edit_page(struct request *rq, struct response *rs)
{
	struct event_shown s;
	struct event_form form;
	struct html_values *v;
	TRY(event_shown_read(rq, &s));
	event_form_of(rq, viewer_zone(rq), &s.item, &s.series, &form);
	TRY(edit_values(rq, &s, &form, &form, &v));
	return page_reply(rs, 200, "event_form", v);
}

/* A form, what it began with, and what is stored now. */
struct edit {
	struct event_form sent, was, now;
	unsigned changed, conflicts;
};

/*
 * Somebody's own changes stay; of what they left alone, the form has what is stored. In conflict is what both changed,
 * each to something else. How it repeats is one's own whole or not at all.
 */
static void merge(struct edit *edit)
{
	unsigned others = event_form_differs(&edit->was, &edit->now),
		 apart = event_form_differs(&edit->sent, &edit->now);
	if (!edit->sent.value[FIELD_CALENDAR].len)
		edit->sent.value[FIELD_CALENDAR] = edit->was.value[FIELD_CALENDAR];
	edit->changed = event_form_differs(&edit->sent, &edit->was);
	edit->conflicts = edit->changed & others & apart;
	if (edit->changed & FIELDS_RULE) {
		edit->changed |= FIELDS_RULE;
		edit->conflicts &= ~FIELDS_RULE;
		if (others & FIELDS_RULE & ~(1u << FIELD_WKST) && apart & FIELDS_RULE)
			edit->conflicts |= 1u << FIELD_REPEAT;
	}
	for (size_t i = 0; i < EVENT_FIELDS; i++)
		if (!(edit->changed & 1u << i))
			edit->sent.value[i] = edit->now.value[i];
}

static err_t store(
	struct request *rq, const struct event_shown *s, const struct edit *edit, struct str scope, struct str *id_out)
{
	struct buf body = buf_new(rq->cx.mem, BODY_MAX);
	struct json j = body_begin(&body);
	TRY(event_form_body(&rq->cx, viewer_zone(rq), &edit->sent, edit->changed, &s->item.event, &j));
	json_object_end(&j);
	const struct own_call call = {
		.operation = "updateEvent",
		.id = s->id,
		.query = event_change_query(rq, scope, ""),
		.body = buf_str(&body),
		.if_match = s->etag,
		.test = s->test,
	};
	return own_call(rq, &call, id_out);
}

static err_t again(
	struct request *rq, struct response *rs, const struct event_shown *s, const struct edit *edit, err_t e)
{
	struct html_values *v;
	TRY(edit_values(rq, s, &edit->sent, &edit->now, &v));
	for (size_t i = 0; i < EVENT_FIELDS; i++)
		if (edit->conflicts & 1u << i)
			html_set(v, event_now_names[i],
				i == FIELD_CALENDAR      ? calendar_label(&s->calendar)
				: edit->now.value[i].len ? edit->now.value[i]
							 : say(rq, "(empty)"));
	html_set_flag(v, "stale", edit->conflicts != 0);
	return page_again(rs, "event_form", v, for_form(rq, e));
}

static err_t conflict(struct request *rq)
{
	return REFUSE(&rq->cx, PRECONDITION, "",
		"Somebody changed this event while you did. Your entries are still here, and beside them what is "
		"stored now. "
		"Save again to keep yours.");
}

/* Read, compared and stored; once more when somebody else came between. What was changed elsewhere stays. */
err_t event_edit_post(struct request *rq, struct response *rs)
{
	struct event_shown s;
	struct edit edit;
	struct str scope, id;
	err_t e = OK;
	for (int i = 0; i < TRIES; i++) {
		TRY(event_shown_read(rq, &s));
		event_form_read(rq->cx.mem, &rq->form, event_field_names, &edit.sent);
		event_form_read(rq->cx.mem, &rq->form, event_was_names, &edit.was);
		event_form_of(rq, viewer_zone(rq), &s.item, &s.series, &edit.now);
		merge(&edit);
		e = event_scope_read(rq, &s, &scope);
		if (!e && edit.conflicts)
			e = conflict(rq);
		if (!e)
			e = store(rq, &s, &edit, scope, &id);
		if (!err_is(e, PRECONDITION) || edit.conflicts)
			break;
	}
	if (e)
		return again(rq, rs, &s, &edit, e);
	reply_redirect(rs, 303, event_href(rq->cx.mem, id, "", s.test, "event-saved"));
	return OK;
}
