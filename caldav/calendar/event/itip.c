/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/event/itip.h"

#include <libical/ical.h>

#include "caldav/calendar/event/event_private.h"

struct writing {
	struct ctx *cx;
	const struct itip *in;
	struct str organizer;         /* address */
	const struct ical_comp *main; /* the master, or the first override where there is none */
	struct buf *out;
};

struct str itip_method_name(enum itip_method method)
{
	return method == ITIP_REQUEST ? STR("REQUEST") : method == ITIP_REPLY ? STR("REPLY") : STR("CANCEL");
}

/* ---- lines ---- */

/* RFC 6638 §7.1 to §7.3: SCHEDULE-* MUST NOT be in scheduling messages; X- is what one client says to itself. */
static bool param_is_for_others(struct str name)
{
	return !str_starts(name, STR("X-")) && !str_starts(name, STR("SCHEDULE-"));
}

static struct str params_text(const struct writing *w, const struct ical_prop *prop, struct str more)
{
	struct buf params = buf_new(w->cx->mem, OBJECT_SIZE_MAX);
	for (size_t i = 0; i < prop->param_count; i++)
		if (param_is_for_others(prop->params[i].name))
			buf_fmt(&params, ";%.*s=%.*s", STR_ARG(prop->params[i].name), STR_ARG(prop->params[i].raw));
	buf_add(&params, more);
	return buf_str(&params);
}

static void line_again(const struct writing *w, const struct ical_prop *prop, struct str more)
{
	ical_line(w->out, prop->name, params_text(w, prop, more), prop->value);
}

static bool is_mail(const struct ical_prop *prop)
{
	return str_starts_nocase(prop->value, STR("mailto:"));
}

static bool holds(struct str_list list, struct str email)
{
	for (size_t i = 0; i < list.count; i++)
		if (str_eq_nocase(list.items[i], email))
			return true;
	return false;
}

/* RFC 6047 §2.3: a calendar address MUST be a mailto: URI. Who has not said whether they come is asked (RSVP). */
static void attendee_again(const struct writing *w, const struct ical_prop *prop)
{
	struct str partstat = ical_param(prop, STR("PARTSTAT"));
	bool open = !partstat.ptr || str_eq_nocase(partstat, STR("NEEDS-ACTION"));
	bool asked = w->in->method == ITIP_REQUEST && open && !ical_param(prop, STR("RSVP")).ptr &&
		     !str_eq_nocase(event_email(prop->value), w->organizer);
	if (!is_mail(prop) || (w->in->only.items && !holds(w->in->only, event_email(prop->value))))
		return;
	line_again(w, prop, asked ? STR(";RSVP=TRUE") : STR(""));
}

/* What a message has once (RFC 5546 §3.2.2, §3.2.5): where an object has several, REST shows the first, too, and of
 * comments the last. */
static bool is_repeated(const struct ical_comp *comp, const struct ical_prop *prop)
{
	static const struct str once[] = { STR_INIT("CLASS"), STR_INIT("CREATED"), STR_INIT("DESCRIPTION"),
		STR_INIT("GEO"), STR_INIT("LAST-MODIFIED"), STR_INIT("LOCATION"), STR_INIT("PRIORITY"),
		STR_INIT("STATUS"), STR_INIT("SUMMARY"), STR_INIT("TRANSP"), STR_INIT("URL") };
	if (str_eq(prop->name, STR("COMMENT")))
		return ical_prop_again(prop);
	for (size_t i = 0; i < ARRAY_LEN(once); i++)
		if (str_eq(prop->name, once[i]))
			return ical_prop(comp, prop->name) != prop;
	return false;
}

/* Of a request TENTATIVE or CONFIRMED (§3.2.2). */
static bool is_other_status(const struct writing *w, const struct ical_prop *prop)
{
	bool requested = w->in->method == ITIP_REQUEST &&
			 (str_eq_nocase(prop->value, STR("CONFIRMED")) || str_eq_nocase(prop->value, STR("TENTATIVE")));
	return str_eq(prop->name, STR("STATUS")) && !requested;
}

static bool is_one_of(struct str name, const struct str *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(name, names[i]))
			return true;
	return false;
}

/* What a reply answers. The rest its organizer has, and it may be the attendee's own by now. */
static bool is_of_reply(struct str name)
{
	static const struct str names[] = { STR_INIT("UID"), STR_INIT("RECURRENCE-ID"), STR_INIT("DTSTART"),
		STR_INIT("DTEND"), STR_INIT("DURATION"), STR_INIT("RRULE"), STR_INIT("RDATE"), STR_INIT("EXDATE"),
		STR_INIT("SUMMARY") };
	return is_one_of(name, names, ARRAY_LEN(names));
}

/* Written anew, or not for others. REQUEST-STATUS says how a message was taken (RFC 5546 §3.2.2, §3.2.5). */
static bool is_left_out(const struct writing *w, struct str name)
{
	static const struct str names[] = { STR_INIT("DTSTAMP"), STR_INIT("SEQUENCE"), STR_INIT("ORGANIZER"),
		STR_INIT("REQUEST-STATUS") };
	return is_one_of(name, names, ARRAY_LEN(names)) || str_starts(name, STR("X-")) ||
	       (w->in->method == ITIP_REPLY && !is_of_reply(name));
}

/* ---- components ---- */

static void organizer_line(const struct writing *w, const struct ical_comp *comp)
{
	const struct ical_prop *own = ical_prop(comp, STR("ORGANIZER"));
	struct buf params = buf_new(w->cx->mem, OBJECT_SIZE_MAX);
	if (own && is_mail(own)) {
		line_again(w, own, STR(""));
		return;
	}
	if (w->in->organizer_name.len) {
		BUF_LIT(&params, ";CN=");
		ical_param_value(&params, w->in->organizer_name);
	}
	ical_line(w->out, STR("ORGANIZER"), buf_str(&params), str_cat(w->cx->mem, STR("mailto:"), w->organizer));
}

/* What each message must say (§3.2.2, §3.2.5), whatever its object says. */
static void stamp_lines(const struct writing *w, const struct ical_comp *comp)
{
	uint64_t sequence = 0;
	(void)str_to_u64(ical_value(comp, STR("SEQUENCE")), INT32_MAX - 1, &sequence);
	sequence += w->in->method == ITIP_UNINVITE; /* §3.2.5: MUST be incremented */
	ical_line(w->out, STR("DTSTAMP"), STR(""), instant_ical(w->cx->mem, w->cx->now));
	ical_line(w->out, STR("SEQUENCE"), STR(""), str_fmt(w->cx->mem, "%llu", (unsigned long long)sequence));
	organizer_line(w, comp);
	if (w->in->method == ITIP_CANCEL)
		BUF_LIT(w->out, "STATUS:CANCELLED\r\n");
	if (!ical_prop(comp, STR("SUMMARY")))
		BUF_LIT(w->out, "SUMMARY:\r\n"); /* "Can be null" */
}

/* An instance of a series that is cancelled: a request has no status for it, and the series a date that is left out. */
static const struct ical_prop *cancelled_instance(const struct writing *w, const struct ical_comp *comp)
{
	const struct ical_prop *id = ical_prop(comp, STR("RECURRENCE-ID"));
	bool cancelled = str_eq_nocase(ical_value(comp, STR("STATUS")), STR("CANCELLED"));
	bool of_series = w->main != comp && !ical_prop(w->main, STR("RECURRENCE-ID"));
	bool one = id && of_series && !ical_param(id, STR("RANGE")).ptr;
	return w->in->method == ITIP_REQUEST && one && cancelled ? id : NULL;
}

static void left_out_dates(const struct writing *w, const struct ical_comp *comp)
{
	for (const struct ical_comp *c = comp == w->main ? comp->parent->child : NULL; c; c = c->next) {
		const struct ical_prop *id = str_eq(c->name, STR("VEVENT")) ? cancelled_instance(w, c) : NULL;
		if (id)
			ical_line(w->out, STR("EXDATE"), params_text(w, id, STR("")), id->value);
	}
}

static void event_again(const struct writing *w, const struct ical_comp *comp)
{
	BUF_LIT(w->out, "BEGIN:VEVENT\r\n");
	stamp_lines(w, comp);
	left_out_dates(w, comp);
	for (const struct ical_prop *p = comp->props; p; p = p->next) {
		if (str_eq(p->name, STR("ATTENDEE")))
			attendee_again(w, p);
		else if (!is_left_out(w, p->name) && !is_other_status(w, p) && !is_repeated(comp, p))
			line_again(w, p, STR(""));
	}
	BUF_LIT(w->out, "END:VEVENT\r\n");
}

static void zone_again(const struct writing *w, const struct ical_comp *comp)
{
	ical_line(w->out, STR("BEGIN"), STR(""), comp->name);
	for (const struct ical_prop *p = comp->props; p; p = p->next)
		if (!str_starts(p->name, STR("X-")))
			line_again(w, p, STR(""));
	for (const struct ical_comp *c = comp->child; c; c = c->next)
		zone_again(w, c);
	ical_line(w->out, STR("END"), STR(""), comp->name);
}

/* An instance from which everybody was taken out has nobody to be told (§3.2.2: ATTENDEE 1+). */
static bool has_people(const struct writing *w, const struct ical_comp *comp)
{
	for (const struct ical_prop *p = ical_prop(comp, STR("ATTENDEE")); p; p = ical_prop_again(p))
		if (is_mail(p) && (!w->in->only.items || holds(w->in->only, event_email(p->value))))
			return true;
	return false;
}

/* The whole is cancelled, and answered, by its UID alone, without a RECURRENCE-ID (§3.2.5). */
static bool is_told(const struct writing *w, const struct ical_comp *comp)
{
	bool whole = w->in->method != ITIP_REQUEST && !ical_prop(w->main, STR("RECURRENCE-ID"));
	return has_people(w, comp) && (!whole || comp == w->main) && !cancelled_instance(w, comp);
}

static void object_again(const struct writing *w, const struct ical *object)
{
	BUF_LIT(w->out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:" ICAL_PRODID "\r\nCALSCALE:GREGORIAN\r\n");
	ical_line(w->out, STR("METHOD"), STR(""), itip_method_name(w->in->method));
	for (const struct ical_comp *c = object->root->child; c; c = c->next)
		if (str_eq(c->name, STR("VTIMEZONE")))
			zone_again(w, c);
	for (const struct ical_comp *c = object->root->child; c; c = c->next)
		if (str_eq(c->name, STR("VEVENT")) && is_told(w, c))
			event_again(w, c);
	BUF_LIT(w->out, "END:VCALENDAR\r\n");
}

/* ---- people ---- */

static bool is_new(const struct event_attendee *list, size_t count, struct str email)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq_nocase(list[i].email, email))
			return false;
	return true;
}

/* Whoever organizes it themselves has nobody to reply to. */
static void reply_to_organizer(const struct writing *w, struct itip_message *out)
{
	struct event_attendee *organizer = arena_new(w->cx->mem, struct event_attendee);
	organizer->email = w->organizer;
	out->people = organizer;
	out->people_count = w->organizer.len > 0 && !holds(w->in->only, w->organizer);
}

static void collect_people(const struct writing *w, const struct ical *object, struct itip_message *out)
{
	size_t count = 0, most = 0;
	for (const struct ical_comp *c = object->root->child; c; c = c->next)
		for (const struct ical_prop *p = ical_prop(c, STR("ATTENDEE")); p; p = ical_prop_again(p))
			most++;
	struct event_attendee *people = arena_array(w->cx->mem, struct event_attendee, most + 1);
	for (const struct ical_comp *c = object->root->child; c; c = c->next)
		for (const struct ical_prop *p = ical_prop(c, STR("ATTENDEE")); p; p = ical_prop_again(p)) {
			struct event_attendee a = event_attendee_of(p);
			if (is_mail(p) && !str_eq_nocase(a.email, w->organizer) && is_new(people, count, a.email) &&
				(!w->in->only.items || holds(w->in->only, a.email)))
				people[count++] = a;
		}
	out->people = people;
	out->people_count = count;
}

/* ---- the message ---- */

/* "Failed iTIP restrictions for STATUS property. …" is about STATUS; empty: it names none. */
static struct str property_in(struct str complaint)
{
	size_t at = str_find(complaint, STR(" for ")), end = str_find(complaint, STR(" property"));
	return at < end && end < complaint.len ? str_sub(complaint, at + 5, end) : STR("");
}

/* libical's table of RFC 5546. */
static err_t validate(struct ctx *cx, struct str text)
{
	icalcomponent *comp = icalparser_parse_string(str_c(cx->mem, text));
	bool good = comp && icalrestriction_check(comp);
	const char *why = NULL;
	for (icalcomponent *c = good || !comp ? NULL : icalcomponent_get_first_component(comp, ICAL_ANY_COMPONENT);
		c && !why; c = icalcomponent_get_next_component(comp, ICAL_ANY_COMPONENT)) {
		const icalproperty *p = icalcomponent_get_first_property(c, ICAL_XLICERROR_PROPERTY);
		why = p ? icalproperty_get_xlicerror(p) : NULL;
	}
	struct str said = property_in(str_dup(cx->mem, str_of(why ? why : "")));
	if (comp)
		icalcomponent_free(comp);
	if (good)
		return OK;
	if (said.len)
		return REFUSE(cx, ICAL_OBJECT, "",
			"This event cannot be sent to attendees as it stands: its %.*s is not as invitations have it "
			"(RFC 5546). Change it, and try again.",
			STR_ARG(str_sub(said, 0, 100)));
	return REFUSE(cx, ICAL_OBJECT, "",
		"This event cannot be sent to attendees as it stands: it is not as invitations are (RFC 5546). "
		"Change it, and try again.");
}

err_t itip_write(struct ctx *cx, const struct itip *in, struct itip_message *out)
{
	struct ical *object;
	struct itip_message message = { 0 };
	struct buf text = buf_new(cx->mem, ITIP_MAX);
	TRY(ical_parse(cx, in->data, &object));
	const struct ical_comp *main = ical_main(object);
	if (!main || !str_eq(main->name, STR("VEVENT")))
		return FAIL(cx, ICAL_OBJECT, "no event");
	TRY(event_read(cx, object, main, STR_ABSENT, &message.event));
	const struct ical_prop *own = ical_prop(main, STR("ORGANIZER"));
	const struct writing w = {
		.cx = cx,
		.in = in,
		.organizer = own && is_mail(own) ? event_email(own->value) : in->organizer,
		.main = main,
		.out = &text,
	};
	object_again(&w, object);
	if (text.full)
		return REFUSE(cx, ICAL_SIZE, "", "This event is too large to be mailed: %zu KiB is the most.",
			ITIP_MAX / 1024);
	if (in->method == ITIP_REPLY)
		reply_to_organizer(&w, &message);
	else
		collect_people(&w, object, &message);
	message.text = buf_str(&text);
	*out = message;
	return message.people_count ? validate(cx, message.text) : OK;
}
