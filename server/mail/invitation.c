/* SPDX-License-Identifier: Apache-2.0 */
#include "server/mail/invitation.h"

#include "server/base/config.h"

#define DESCRIPTION_MAX 8000 /* octets; all of it is in the calendar part */
#define DAY_S INT64_C(86400)

/* ---- times, as people read them ---- */

static struct str day_text(struct arena *mem, int64_t local)
{
	static const char *const weekdays[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct",
		"Nov", "Dec" };
	int64_t days = (local - (local % DAY_S + DAY_S) % DAY_S) / DAY_S, year;
	int month, day;
	civil_from_days(days, &year, &month, &day);
	return str_fmt(mem, "%s, %d %s %lld", weekdays[(days % 7 + 7) % 7], day, months[month - 1], (long long)year);
}

static struct str clock_text(struct arena *mem, int64_t local, int hours)
{
	int minute = (int)((local % DAY_S + DAY_S) % DAY_S / 60), hour = minute / 60;
	if (hours != 12)
		return str_fmt(mem, "%02d:%02d", hour, minute % 60);
	return str_fmt(mem, "%d:%02d %s", hour % 12 ? hour % 12 : 12, minute % 60, hour < 12 ? "AM" : "PM");
}

static struct str days_text(struct arena *mem, const struct event *e)
{
	struct str first = day_text(mem, instant_s(e->start)), last = day_text(mem, instant_s(e->end) - 1);
	return str_eq(first, last) ? first : str_fmt(mem, "%.*s to %.*s", STR_ARG(first), STR_ARG(last));
}

struct str invitation_when(struct arena *mem, const struct event *e, int hours)
{
	const struct zone *zone = e->zone.ptr && !e->floating && !e->own_zone ? zone_by_name(e->zone) : NULL;
	struct str named = zone ? zone_name(zone) : e->floating ? STR("your time") : STR("UTC");
	if (e->all_day)
		return days_text(mem, e);
	zone = zone ? zone : zone_utc();
	int64_t from = zone_to_local(zone, instant_s(e->start)), to = zone_to_local(zone, instant_s(e->end));
	struct str first = day_text(mem, from), last = day_text(mem, to);
	if (from == to)
		return str_fmt(mem, "%.*s, %.*s (%.*s)", STR_ARG(first), STR_ARG(clock_text(mem, from, hours)),
			STR_ARG(named));
	return str_fmt(mem, "%.*s, %.*s to %.*s%s%.*s (%.*s)", STR_ARG(first), STR_ARG(clock_text(mem, from, hours)),
		STR_ARG(str_eq(first, last) ? STR("") : last), str_eq(first, last) ? "" : ", ",
		STR_ARG(clock_text(mem, to, hours)), STR_ARG(named));
}

/* ---- what it says ---- */

static struct str title_of(const struct event *e)
{
	return e->title.len ? e->title : STR("an event");
}

static struct str name_of(const struct invitation *in)
{
	return in->sender.name.len ? in->sender.name : in->sender.email;
}

static void add_line(struct buf *out, const char *name, struct str text)
{
	if (text.len)
		buf_fmt(out, "%s: %.*s\n", name, STR_ARG(text));
}

/* The sender's answer, of an ITIP_REPLY. */
static enum event_partstat answer_of(const struct invitation *in, const struct event *e)
{
	for (size_t i = 0; i < e->attendee_count; i++)
		if (str_eq_nocase(e->attendees[i].email, in->sender.email))
			return e->attendees[i].status;
	return PARTSTAT_NEEDS_ACTION;
}

static const char *subject_word(const struct invitation *in, const struct event *e)
{
	if (in->method != ITIP_REPLY)
		return in->method == ITIP_REQUEST ? "Invitation" : "Cancelled";
	enum event_partstat answer = answer_of(in, e);
	return answer == PARTSTAT_ACCEPTED ? "Accepted" : answer == PARTSTAT_DECLINED ? "Declined" : "Tentative";
}

static struct str subject_of(struct arena *mem, const struct invitation *in, const struct event *e)
{
	return str_fmt(mem, "%s: %.*s", subject_word(in, e), STR_ARG(title_of(e)));
}

static const char *first_words(const struct invitation *in, const struct event *e)
{
	static const char *const firsts[] = {
		[ITIP_REQUEST] = "invites you",
		[ITIP_CANCEL] = "has cancelled this event",
		[ITIP_UNINVITE] = "has taken you off the list of this event",
	};
	if (in->method != ITIP_REPLY)
		return firsts[in->method];
	enum event_partstat answer = answer_of(in, e);
	return answer == PARTSTAT_ACCEPTED ? "comes" : answer == PARTSTAT_DECLINED ? "does not come" : "perhaps comes";
}

static struct str text_of(struct arena *mem, const struct invitation *in, const struct event *e)
{
	struct buf out = buf_new(mem, 65536);
	buf_fmt(&out, "%.*s %s.\n\n", STR_ARG(name_of(in)), first_words(in, e));
	add_line(&out, "What", title_of(e));
	add_line(&out, "When", invitation_when(mem, e, 24));
	if (e->rrule.len || e->rdate_count)
		BUF_LIT(&out, "It repeats; the calendar entry has all its dates.\n");
	if (in->method == ITIP_REPLY)
		return buf_str(&out);
	add_line(&out, "Where", e->location);
	add_line(&out, "Page", e->url);
	buf_fmt(&out, "Organizer: %.*s <%.*s>\n", STR_ARG(in->sender.name), STR_ARG(in->sender.email));
	if (in->message.len)
		buf_fmt(&out, "\n%.*s\n", STR_ARG(in->message));
	if (in->method != ITIP_REQUEST && e->comment.len)
		buf_fmt(&out, "\n%.*s\n", STR_ARG(str_beginning(e->comment, DESCRIPTION_MAX)));
	if (in->method == ITIP_REQUEST && e->description.len)
		buf_fmt(&out, "\n%.*s\n", STR_ARG(str_beginning(e->description, DESCRIPTION_MAX)));
	if (in->method == ITIP_REQUEST)
		BUF_LIT(&out,
			"\nSay whether you come by the buttons of your mail program, or answer this mail: it goes "
			"to the organizer.\n");
	return buf_str(&out);
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

static err_t write_down(
	struct ctx *cx, const struct invitation *in, const struct itip_message *itip, struct str_list recipients)
{
	const struct event *e = &itip->event;
	const struct mail_new mail = {
		.account = in->account,
		.object = in->object,
		.recipients = recipients,
		.message = {
			.from.name = str_fmt(cx->mem, "%.*s via %.*s", STR_ARG(name_of(in)), STR_ARG(cx->config->brand)),
			.reply_to = in->sender,
			.subject = in->subject.ptr ? in->subject : subject_of(cx->mem, in, e),
			.text = in->text.ptr ? in->text : text_of(cx->mem, in, e),
			.calendar = itip->text,
			.method = itip_method_name(in->method),
		},
	};
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
