/* SPDX-License-Identifier: Apache-2.0 */
#include "server/mail/invitation.h"

#include "server/base/config.h"
#include "server/db/query.h"
#include "sql.h"

#define TEXT_MAX 8000 /* octets of one text of the event; all of it is in the calendar part */

struct written_in {
	struct str language;
};
DB_RESULT(mail_language, struct written_in, language);

/* ---- times, as people read them ---- */

static struct str day_of(struct arena *mem, struct locale locale, int64_t local)
{
	return day_words_short(mem, locale.language, floor_div(local, DAY_S));
}

static struct str days_text(struct arena *mem, struct locale locale, const struct event *e)
{
	struct str first = day_of(mem, locale, instant_s(e->start)), last = day_of(mem, locale, instant_s(e->end) - 1);
	if (str_eq(first, last))
		return first;
	return wording_with(mem, locale.language, "{first} to {last}", "first", first, "last", last, NULL);
}

static struct str zone_words(struct locale locale, const struct event *e, const struct zone *zone)
{
	if (zone && !str_eq(zone_name(zone), STR("Etc/UTC")))
		return zone_name(zone);
	return e->floating ? wording(locale.language, "your time") : STR("UTC");
}

struct str invitation_when(struct arena *mem, struct locale locale, const struct event *e)
{
	const struct zone *zone = e->zone.ptr && !e->floating && !e->own_zone ? zone_by_name(e->zone) : NULL;
	struct str named = zone_words(locale, e, zone);
	if (e->all_day)
		return days_text(mem, locale, e);
	zone = zone ? zone : zone_utc();
	int64_t from = zone_to_local(zone, instant_s(e->start)), to = zone_to_local(zone, instant_s(e->end));
	struct str first = day_of(mem, locale, from), last = day_of(mem, locale, to);
	struct str begin = clock_words(mem, locale, from), end = clock_words(mem, locale, to);
	if (from == to)
		return wording_with(mem, locale.language, "{day}, {time} ({zone})", "day", first, "time", begin, "zone",
			named, NULL);
	if (str_eq(first, last))
		return wording_with(mem, locale.language, "{day}, {from} to {to} ({zone})", "day", first, "from", begin,
			"to", end, "zone", named, NULL);
	return wording_with(mem, locale.language, "{day}, {from} to {last_day}, {to} ({zone})", "day", first, "from",
		begin, "last_day", last, "to", end, "zone", named, NULL);
}

/* ---- what it says ---- */

static struct str name_of(const struct invitation *in)
{
	return in->sender.name.len ? in->sender.name : in->sender.email;
}

/* The sender's answer, of an ITIP_REPLY. */
static enum event_partstat answer_of(const struct invitation *in, const struct event *e)
{
	for (size_t i = 0; i < e->attendee_count; i++)
		if (str_eq_nocase(e->attendees[i].email, in->sender.email))
			return e->attendees[i].status;
	return PARTSTAT_NEEDS_ACTION;
}

/* What kind of message it is: as its subject and its first sentence say it. */
struct news {
	const char *subject, *first;
};

static struct news news_of(const struct invitation *in, const struct event *e)
{
	static const struct news of_organizers[] = {
		[ITIP_REQUEST] = { SAY("Invitation: {title}"), SAY("{name} invites you.") },
		[ITIP_CANCEL] = { SAY("Cancelled: {title}"), SAY("{name} has cancelled this event.") },
		[ITIP_UNINVITE] = { SAY("Cancelled: {title}"),
			SAY("{name} has taken you off the list of this event.") },
	};
	static const struct news accepted = { SAY("Accepted: {title}"), SAY("{name} comes.") };
	static const struct news declined = { SAY("Declined: {title}"), SAY("{name} does not come.") };
	static const struct news tentative = { SAY("Tentative: {title}"), SAY("{name} perhaps comes.") };
	if (in->method != ITIP_REPLY)
		return of_organizers[in->method];
	enum event_partstat answer = answer_of(in, e);
	return answer == PARTSTAT_ACCEPTED ? accepted : answer == PARTSTAT_DECLINED ? declined : tentative;
}

/* Whose manner of times is not known is told them in the one that can be read in one way alone. */
static struct locale locale_for(const struct language *language)
{
	return (struct locale){ language, false };
}

static struct str title_of(const struct language *language, const struct event *e)
{
	return e->title.len ? str_beginning(e->title, TEXT_MAX) : wording(language, "an event");
}

static struct str subject_of(
	struct arena *mem, const struct language *language, const struct invitation *in, const struct event *e)
{
	return wording_with(mem, language, news_of(in, e).subject, "title", title_of(language, e), NULL);
}

static void add_facts(struct ctx *cx, struct letter *letter, const struct language *language, const struct event *e)
{
	letter_fact(letter, "What", title_of(language, e));
	letter_fact(letter, "When", invitation_when(cx->mem, locale_for(language), e));
}

/* Of a cancellation, too, as it says of which it is one. */
static void add_more_facts(struct ctx *cx, struct letter *letter, const struct invitation *in, const struct event *e)
{
	letter_fact(letter, "Where", str_beginning(e->location, TEXT_MAX));
	letter_fact(letter, "Page", str_beginning(e->url, TEXT_MAX));
	letter_fact(letter, "Organizer",
		str_fmt(cx->mem, "%.*s <%.*s>", STR_ARG(in->sender.name), STR_ARG(in->sender.email)));
	if (e->rrule.len || e->rdate_count)
		letter_say(letter, "It repeats; the calendar entry has all its dates.", NULL);
}

static struct letter *letter_of(
	struct ctx *cx, const struct language *language, const struct invitation *in, const struct event *e)
{
	struct letter *letter = letter_to_others(cx, language, subject_of(cx->mem, language, in, e));
	letter_say(letter, news_of(in, e).first, "name", name_of(in), NULL);
	add_facts(cx, letter, language, e);
	if (in->method == ITIP_REPLY) {
		letter_reason(letter, "You get this because you are the organizer of this event.", NULL);
		return letter;
	}
	add_more_facts(cx, letter, in, e);
	letter_quote(letter, in->message);
	letter_quote(letter, str_beginning(in->method == ITIP_REQUEST ? e->description : e->comment, TEXT_MAX));
	if (in->method == ITIP_REQUEST)
		letter_say(letter,
			"Say whether you come by the buttons of your mail program, or answer this mail: it goes to the "
			"organizer.",
			NULL);
	letter_reason(letter, "You get this because {name} has your address on the list of this event.", "name",
		name_of(in), NULL);
	return letter;
}

/* ---- to whom ---- */

static bool is_among(const struct itip_message *itip, struct str email)
{
	for (size_t i = 0; i < itip->people_count; i++)
		if (str_eq_nocase(itip->people[i].email, email))
			return true;
	return false;
}

static bool is_named(struct str_list list, struct str email)
{
	for (size_t i = 0; i < list.count; i++)
		if (str_eq_nocase(list.items[i], email))
			return true;
	return !list.items;
}

static err_t check_named(struct ctx *cx, const struct invitation *in, const struct itip_message *itip)
{
	for (size_t i = 0; i < in->only.count; i++)
		if (!is_among(itip, in->only.items[i]))
			return REFUSE(cx, INVALID_VALUE, "attendees",
				"%.*s is not among the attendees of this event, or is its organizer.",
				STR_ARG(str_sub(in->only.items[i], 0, 100)));
	return OK;
}

static struct str_list choose(struct ctx *cx, const struct invitation *in, const struct itip_message *itip,
	struct told_person *told, size_t *count)
{
	struct str *to = arena_array(cx->mem, struct str, itip->people_count + 1);
	size_t reached = 0;
	for (size_t i = 0; i < itip->people_count; i++) {
		struct str email = itip->people[i].email;
		if (!is_named(in->only, email))
			continue;
		bool good = mail_is_address(email);
		told[(*count)++] = (struct told_person){ email, !good                     ? TOLD_UNREACHABLE
								: id_is_test(in->account) ? TOLD_DELIVERED
											  : TOLD_QUEUED };
		if (good)
			to[reached++] = email;
	}
	return (struct str_list){ to, reached };
}

/* ---- send ---- */

/* Of who is invited nobody knows it: it is that of the account, unless the caller knows more. */
static err_t find_language(struct ctx *cx, const struct invitation *in, const struct language **out)
{
	struct written_in row = { in->language };
	if (!row.language.len)
		TRY(db_row(cx, &sql_mail_language, ROW(mail_language, &row), IN(id_in_mode(in->account, false))));
	*out = locale_of(row.language, 0).language;
	return OK;
}

static err_t write_down(
	struct ctx *cx, const struct invitation *in, const struct itip_message *itip, struct str_list recipients)
{
	const struct language *language;
	TRY(find_language(cx, in, &language));
	struct mail_new mail = {
		.account = in->account,
		.object = in->object,
		.recipients = recipients,
		.message = {
			.from.name = wording_with(cx->mem, language, "{name} via {brand}", "name", name_of(in), "brand",
				cx->config->brand, NULL),
			.reply_to = in->sender,
			.calendar = itip->text,
			.method = itip_method_name(in->method),
		},
	};
	TRY(letter_write(cx, in->letter ? in->letter : letter_of(cx, language, in, &itip->event), &mail.message));
	return mail_add(cx, &mail);
}

err_t invitation_send(struct ctx *cx, const struct invitation *in, struct told_person **out, size_t *count_out)
{
	bool reply = in->method == ITIP_REPLY;
	const struct itip itip = {
		.method = in->method,
		.data = in->data,
		.organizer = reply ? STR_ABSENT : in->sender.email,
		.organizer_name = in->sender.name,
		.only = reply                         ? (struct str_list){ &in->sender.email, 1 }
			: in->method == ITIP_UNINVITE ? in->only
						      : (struct str_list){ NULL, 0 },
	};
	struct itip_message message;
	size_t count = 0;
	if (!mail_is_possible(cx, in->account))
		return FAIL(cx, MAIL_NOT_CONFIGURED, "neither --smtp-url nor --mail-folder");
	TRY(itip_write(cx, &itip, &message));
	struct str organizer = message.event.organizer;
	if (!reply && message.people_count && organizer.len && !str_eq_nocase(organizer, in->sender.email))
		return FAIL(cx, NOT_ORGANIZER, "of another organizer");
	if (in->must_tell && !message.people_count)
		return FAIL(cx, NO_ATTENDEES, "no attendees");
	TRY(check_named(cx, in, &message));
	struct told_person *told = arena_array(cx->mem, struct told_person, message.people_count + 1);
	struct str_list recipients = choose(cx, in, &message, told, &count);
	if (recipients.count)
		TRY(write_down(cx, in, &message, recipients));
	*out = told;
	*count_out = count;
	return OK;
}
