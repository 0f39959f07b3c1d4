/* SPDX-License-Identifier: Apache-2.0 */
#include "server/booking/guest_mail.h"

#include "caldav/calendar/store/store.h"
#include "caldav/calendar/view/agenda.h"
#include "server/auth/scope.h"
#include "server/base/log.h"
#include "server/booking/link.h"
#include "server/db/query.h"
#include "server/mail/invitation.h"
#include "sql.h"

struct host_row {
	struct str email, name, title, language;
	bool mail_guests;
};
DB_RESULT(booking_host, struct host_row, email, name, title, language, mail_guests);

/* The guest's, of the page that they booked by; else the host's, who speaks to them. */
static const struct language *language_of(const struct host_row *host, const struct booking *b)
{
	return locale_of(b->language.len ? b->language : host->language, 0).language;
}

static struct str title_of(const struct host_row *host, const struct booking *b)
{
	return host->title.len ? host->title : wording(language_of(host, b), "Appointment"); /* its page is gone */
}

static struct str subject_of(
	struct arena *mem, const struct host_row *host, const struct booking *b, enum guest_news news)
{
	static const char *const subjects[] = { [GUEST_BOOKED] = SAY("Booked: {title}"),
		[GUEST_MOVED] = SAY("Moved: {title}"),
		[GUEST_CANCELLED] = SAY("Cancelled: {title}") };
	return wording_with(mem, language_of(host, b), subjects[news], "title", title_of(host, b), NULL);
}

static struct letter *letter_of(
	struct ctx *cx, const struct host_row *host, const struct booking *b, enum guest_news news, struct str link)
{
	static const char *const firsts[] = { [GUEST_BOOKED] = SAY("Your appointment is booked."),
		[GUEST_MOVED] = SAY("Your appointment has been moved."),
		[GUEST_CANCELLED] = SAY("Your appointment is cancelled.") };
	const struct event when = { .start = b->start, .end = b->end, .zone = b->tz };
	const struct locale guest = { language_of(host, b), false };
	struct letter *letter = letter_to_others(cx, guest.language, subject_of(cx->mem, host, b, news));
	letter_say(letter, firsts[news], NULL);
	letter_fact(letter, "What", title_of(host, b));
	letter_fact(letter, "When", invitation_when(cx->mem, guest, &when));
	letter_fact(letter, "With", str_fmt(cx->mem, "%.*s <%.*s>", STR_ARG(host->name), STR_ARG(host->email)));
	if (news == GUEST_CANCELLED && b->cancelled_by != BY_GUEST)
		letter_quote(letter, b->reason);
	if (news != GUEST_CANCELLED)
		letter_link_to(letter, "See, move or cancel it", link);
	letter_reason(letter, "You get this because your address was given when it was booked.", NULL);
	return letter;
}

/*
 * The event for the guest's calendar, without what they (or whoever gave their address) wrote: a form that anybody may
 * send must not be a way to have words of one's own mailed to others. What the host made of it since stays.
 */
static err_t without_words(
	struct ctx *cx, const struct booking *b, const struct host_row *host, struct str data, struct str *out)
{
	const struct itip itip = { .method = ITIP_REQUEST, .data = data, .organizer = host->email };
	struct itip_message message;
	struct event_changed changed;
	TRY(itip_write(cx, &itip, &message));
	struct event event = message.event;
	struct event_change change = { .to = &event };
	if (str_eq(event.title, booking_event_title(cx->mem, title_of(host, b), b->name))) {
		event.title = title_of(host, b);
		change.fields |= EVENT_TITLE;
	}
	if (event.description.len &&
		str_eq(event.description, booking_event_text(cx->mem, b->note, b->questions, b->answers))) {
		event.description = STR_ABSENT;
		change.fields |= EVENT_DESCRIPTION;
	}
	TRY(event_patch(cx, data, &change, &changed));
	*out = changed.data;
	return OK;
}

/* Nothing of the database's; then the booking goes on without. */
static bool is_mere_refusal(err_t e)
{
	return err_is(e, RATE_LIMITED) || err_is(e, EMAIL_UNCONFIRMED) || err_is(e, INVALID_VALUE) ||
	       err_is(e, NOT_ORGANIZER) || err_is(e, ICAL_OBJECT) || err_is(e, ICAL_TIMEZONE) || err_is(e, ICAL_SIZE) ||
	       err_is(e, ICAL_DATA);
}

static err_t send(struct ctx *cx, struct booking *b, const struct host_row *host, enum guest_news news, struct str data)
{
	struct told_person *told;
	size_t count;
	struct str link = booking_link(cx, b->account, b->id);
	struct invitation invitation = {
		.method = news == GUEST_CANCELLED ? ITIP_CANCEL : ITIP_REQUEST,
		.account = b->account,
		.object = b->event,
		.sender = { host->email, host->name },
		.only = { &b->email, 1 },
		.letter = letter_of(cx, host, b, news, link),
		.language = catalogue_tag(language_of(host, b)),
	};
	err_t e = without_words(cx, b, host, data, &invitation.data);
	if (!e)
		e = invitation_send(cx, &invitation, &told, &count);
	if (is_mere_refusal(e)) {
		log_event(LOG_INFO, "guest_not_told", LOG_STR("booking", id_text(cx->mem, "bkg", b->id)),
			LOG_C("error", err_row(e->kind)->name));
		return OK;
	}
	TRY(e);
	if (count && told[0].how != TOLD_UNREACHABLE)
		b->told = told[0].how == TOLD_QUEUED ? STR("queued") : STR("delivered");
	return OK;
}

err_t guest_mail(struct ctx *cx, const struct actor *actor, struct booking *b, enum guest_news news, struct str data)
{
	struct host_row host;
	b->told = STR_ABSENT;
	if (!mail_is_possible(cx, b->account) || !(actor->rights & EVENTS_READ))
		return OK;
	TRY(db_row(cx, &sql_booking_host, ROW(booking_host, &host), IN(b->account), IN(b->page)));
	return host.mail_guests ? send(cx, b, &host, news, data) : OK;
}

/* Nobody's address: whoever has the link knows the guest's, and has the host's by mail if at all. */
err_t guest_file(struct ctx *cx, const struct booking *b, struct str *out)
{
	const struct actor host_actor = actor_server(b->account);
	struct agenda_item item;
	struct host_row host;
	struct object object;
	if (b->cancelled || id_is_zero(b->event))
		return FAIL(cx, NOT_FOUND, "there is nothing to keep in a calendar");
	TRY(db_row(cx, &sql_booking_host, ROW(booking_host, &host), IN(b->account), IN(b->page)));
	TRY(object_by_id(cx, &host_actor, b->event, &object));
	TRY(agenda_event(cx, &object, STR_ABSENT, &item));
	const struct event *now = &item.event;
	bool own_title = str_eq(now->title, booking_event_title(cx->mem, title_of(&host, b), b->name));
	bool own_text = str_eq(now->description, booking_event_text(cx->mem, b->note, b->questions, b->answers));
	const struct event event = {
		.uid = now->uid,
		.title = own_title ? title_of(&host, b) : now->title,
		.description = own_text ? STR_ABSENT : now->description,
		.location = now->location,
		.url = now->url,
		.start = b->start,
		.end = b->end,
		.zone = now->floating || now->own_zone ? STR_ABSENT : now->zone,
		.status = now->status,
	};
	return event_write(cx, &event, out);
}
