/* SPDX-License-Identifier: Apache-2.0 */
#include "server/webhook/change.h"

#include "server/base/str.h"

static bool same_dates(const struct event_date *a, size_t a_count, const struct event_date *b, size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++)
		if (a[i].at.us != b[i].at.us || a[i].day != b[i].day)
			return false;
	return true;
}

static bool same_times(const struct event *a, const struct event *b)
{
	return a->start.us == b->start.us && a->end.us == b->end.us && a->all_day == b->all_day &&
	       a->floating == b->floating && str_eq(a->rrule, b->rrule) &&
	       (!a->rrule.ptr || str_eq(a->zone, b->zone)) &&
	       same_dates(a->exdates, a->exdate_count, b->exdates, b->exdate_count) &&
	       same_dates(a->rdates, a->rdate_count, b->rdates, b->rdate_count);
}

/* The same people, one of whom says something else than before. */
static bool has_answer(const struct event *was, const struct event *is)
{
	bool answered = false;
	if (was->attendee_count != is->attendee_count)
		return false;
	for (size_t i = 0; i < is->attendee_count; i++) {
		if (!str_eq_nocase(was->attendees[i].email, is->attendees[i].email))
			return false;
		answered = answered || was->attendees[i].status != is->attendees[i].status;
	}
	return answered;
}

static bool same_words(const struct event *a, const struct event *b)
{
	return str_eq(a->title, b->title) && str_eq(a->description, b->description) &&
	       str_eq(a->location, b->location) && str_eq(a->category, b->category) && str_eq(a->url, b->url) &&
	       a->transparent == b->transparent && a->status == b->status;
}

const char *webhook_change_type(const struct event *was, const struct event *is)
{
	if (is->status == EVENT_CANCELLED && was->status != EVENT_CANCELLED)
		return "event.cancelled";
	if (!same_times(was, is))
		return "event.rescheduled";
	if (has_answer(was, is) && same_words(was, is))
		return "event.attendee_responded";
	return "event.updated";
}
