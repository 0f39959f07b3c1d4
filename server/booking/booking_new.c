/* SPDX-License-Identifier: Apache-2.0 */
/* What a guest says when they book, checked; and what its event says of it. */
#include "caldav/calendar/event/event.h"
#include "caldav/calendar/zone/zone.h"
#include "server/account/label.h"
#include "server/booking/booking.h"

#define EVENT_TEXT_MAX ((size_t)256 * 1024) /* a note and all answers, of four octets a character */

static err_t clean_answers(struct ctx *cx, const struct booking_new *in)
{
	for (size_t i = 0; i < in->questions.count && i < in->answers.count; i++) {
		TRY(text_clean(cx, str_fmt(cx->mem, "answers[%zu].question", i).ptr, in->questions.items[i]));
		TRY(text_clean(cx, str_fmt(cx->mem, "answers[%zu].answer", i).ptr, in->answers.items[i]));
	}
	return OK;
}

err_t booking_new_clean(struct ctx *cx, struct booking_new *in)
{
	TRY(label_clean(cx, "name", in->name, &in->name));
	if (!event_is_email(in->email))
		return REFUSE(cx, INVALID_VALUE, "email", "This is not an e-mail address.");
	TRY(text_clean(cx, "note", in->note));
	if (in->tz.ptr) {
		const struct zone *zone = zone_by_name(in->tz);
		if (!zone)
			return REFUSE(cx, INVALID_VALUE, "timezone",
				"This is not a time zone. Use an IANA name like Europe/Berlin.");
		in->tz = booking_zone_name(zone);
	}
	return clean_answers(cx, in);
}

struct str booking_event_title(struct arena *mem, struct str page_title, struct str name)
{
	return str_fmt(mem, "%.*s – %.*s", STR_ARG(page_title), STR_ARG(name));
}

struct str booking_event_text(struct arena *mem, struct str note, struct str_list questions, struct str_list answers)
{
	struct buf out = buf_new(mem, EVENT_TEXT_MAX);
	if (note.len)
		buf_fmt(&out, "%.*s\n", STR_ARG(note));
	for (size_t i = 0; i < questions.count && i < answers.count; i++)
		buf_fmt(&out, "%s%.*s\n%.*s\n", out.len ? "\n" : "", STR_ARG(questions.items[i]),
			STR_ARG(answers.items[i]));
	return out.len ? str_trim(buf_str(&out), "\n") : STR_ABSENT;
}
