/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/event/event_private.h"

/* ---- values ---- */

struct str event_email(struct str value)
{
	struct str prefix = STR("mailto:");
	return str_starts_nocase(value, prefix) ? str_from(value, prefix.len) : value;
}

const struct event_partstat_row event_partstats[PARTSTAT_OTHER] = {
	[PARTSTAT_NEEDS_ACTION] = { STR_INIT("NEEDS-ACTION") },
	[PARTSTAT_ACCEPTED] = { STR_INIT("ACCEPTED") },
	[PARTSTAT_DECLINED] = { STR_INIT("DECLINED") },
	[PARTSTAT_TENTATIVE] = { STR_INIT("TENTATIVE") },
};

static enum event_partstat partstat_of(struct str text)
{
	if (!text.ptr)
		return PARTSTAT_NEEDS_ACTION;
	for (int i = 0; i < PARTSTAT_OTHER; i++)
		if (str_eq_nocase(text, event_partstats[i].name))
			return (enum event_partstat)i;
	return PARTSTAT_OTHER;
}

struct event_attendee event_attendee_of(const struct ical_prop *p)
{
	return (struct event_attendee){ event_email(p->value), ical_param(p, STR("CN")),
		partstat_of(ical_param(p, STR("PARTSTAT"))) };
}

/* "-PT15M" before the start is 15; false: what EVENT_REMINDER_MAX leaves out, at a fixed time, or counted from the end.
 */
bool event_reminder_of(const struct ical_comp *alarm, int32_t *minutes_out)
{
	const struct ical_prop *trigger = ical_prop(alarm, STR("TRIGGER"));
	struct span span;
	if (!trigger || !span_parse(trigger->value, &span) ||
		str_eq_nocase(ical_param(trigger, STR("RELATED")), STR("END")))
		return false;
	int64_t s = -(span.days * DAY_S + span.seconds);
	if (s < 0 || s >= (EVENT_REMINDER_MAX + 1) * 60)
		return false;
	*minutes_out = (int32_t)(s / 60);
	return true;
}

static struct instant stamp_of(const struct ical_comp *comp, struct str name)
{
	struct wall w;
	return wall_parse(ical_value(comp, name), &w) ? instant_of_s(w.local) : INSTANT_NONE;
}

static struct str text_of(struct arena *mem, const struct ical_comp *comp, struct str name)
{
	struct str value = ical_value(comp, name);
	return value.len ? ical_text(mem, value) : STR_ABSENT;
}

/* ---- lists ---- */

static void attendees_read(struct arena *mem, const struct ical_comp *comp, struct event *out)
{
	size_t n = ical_props_count(comp, STR("ATTENDEE"));
	struct event_attendee *list = arena_array(mem, struct event_attendee, n);
	out->attendees = list;
	for (const struct ical_prop *p = ical_prop(comp, STR("ATTENDEE")); p; p = ical_prop_again(p))
		list[out->attendee_count++] = event_attendee_of(p);
	const struct ical_prop *organizer = ical_prop(comp, STR("ORGANIZER"));
	if (!organizer)
		return;
	out->organizer = event_email(organizer->value);
	out->organizer_name = ical_param(organizer, STR("CN"));
}

static void reminders_read(struct arena *mem, const struct ical_comp *comp, struct event *out)
{
	size_t n = 0;
	for (const struct ical_comp *c = comp->child; c; c = c->next)
		n++;
	int32_t *list = arena_array(mem, int32_t, n);
	out->reminders = list;
	for (const struct ical_comp *c = ical_comp_named(comp->child, STR("VALARM")); c;
		c = ical_comp_named(c->next, STR("VALARM")))
		if (event_reminder_of(c, &list[out->reminder_count]))
			out->reminder_count++;
}

/* As the set takes them (series_starts): on a series of dates a time means its day. */
static struct event_date date_of(const struct series *s, struct when w, const struct zone *floating)
{
	if (w.date || s->clock.date)
		return (struct event_date){ instant_of_s(floor_div(w.local, DAY_S) * DAY_S), true };
	return (struct event_date){ instant_of_s(when_utc(w, floating)), false };
}

bool event_date_read(struct ctx *cx, struct ical *object, const struct series *s, const struct ical_prop *prop,
	struct str item, const struct zone *floating, struct event_date *out)
{
	struct when w;
	struct str start, rest = item;
	if (!str_cut(&rest, '/', &start) || !start.len || when_read(cx, object, prop, start, &w))
		return false;
	*out = date_of(s, w, floating);
	return true;
}

/* What cannot be read was refused when it was stored. */
static size_t dates_read(struct ctx *cx, struct ical *object, const struct series *s, const struct ical_comp *comp,
	struct str name, const struct zone *floating, const struct event_date **out)
{
	size_t n = 0, cap = 0;
	for (const struct ical_prop *p = ical_prop(comp, name); p; p = ical_prop_again(p))
		cap += p->value.len / 8 + 1; /* no date is shorter */
	struct event_date *list = arena_array(cx->mem, struct event_date, cap);
	for (const struct ical_prop *p = ical_prop(comp, name); p; p = ical_prop_again(p)) {
		struct str values = p->value, item;
		while (str_cut(&values, ',', &item))
			n += n < cap && event_date_read(cx, object, s, p, item, floating, &list[n]);
	}
	*out = list;
	return n;
}

/* Several rules are one a line. */
static struct str rules_read(struct arena *mem, const struct ical_comp *comp)
{
	const struct ical_prop *p = ical_prop(comp, STR("RRULE"));
	struct str rules = STR_ABSENT;
	for (; p; p = ical_prop_again(p))
		if (str_trim(p->value, STR_BLANK).len) /* "RRULE:" is none */
			rules = rules.ptr ? str_fmt(mem, "%.*s\n%.*s", STR_ARG(rules), STR_ARG(p->value)) : p->value;
	return rules;
}

/* ---- categories: the first that is not empty ---- */

bool event_category_cut(struct str *rest, struct str *item_out)
{
	size_t at = 0;
	if (!rest->ptr)
		return false;
	while (at < rest->len && rest->ptr[at] != ',')
		at += rest->ptr[at] == '\\' && at + 1 < rest->len ? 2 : 1;
	*item_out = str_sub(*rest, 0, at);
	*rest = at < rest->len ? str_from(*rest, at + 1) : STR_ABSENT;
	return true;
}

static struct str category_read(struct arena *mem, const struct ical_comp *comp)
{
	for (const struct ical_prop *p = ical_prop(comp, STR("CATEGORIES")); p; p = ical_prop_again(p)) {
		struct str rest = p->value, item;
		while (event_category_cut(&rest, &item))
			if (str_trim(item, STR_BLANK).len)
				return ical_text(mem, str_trim(item, STR_BLANK));
	}
	return STR_ABSENT;
}

static struct str comment_read(struct arena *mem, const struct ical_comp *comp)
{
	const struct ical_prop *last = NULL;
	for (const struct ical_prop *p = ical_prop(comp, STR("COMMENT")); p; p = ical_prop_again(p))
		last = p;
	return last && last->value.len ? ical_text(mem, last->value) : STR_ABSENT;
}

/* ---- the event ---- */

/* Days as dates, all else as instants. */
static void times_read(const struct series_instance *i, struct event *out)
{
	out->all_day = i->start.date;
	out->floating = !i->start.zone && !i->start.date;
	out->start = instant_of_s(out->all_day ? i->start.local : i->at.start);
	out->end = instant_of_s(out->all_day ? i->start.local + i->length.wall + i->length.exact : i->at.end);
	/* As the component has it: a series of hours runs on UTC. */
	const struct zone *zone = i->start.zone ? i->timing->start.zone : NULL;
	if (zone && zone != zone_utc()) {
		out->zone = zone_name(zone);
		out->own_zone = !out->zone.ptr;
	}
}

static err_t instance_read(struct ctx *cx, struct ical *object, const struct series_instance *instance,
	const struct zone *floating, struct event *out)
{
	const struct ical_comp *comp = instance->timing->comp;
	const struct series *s;
	struct event e = { .uid = text_of(cx->mem, comp, STR("UID")) };
	TRY(series_read(cx, object, &s));
	if (instance->timing->kind != TIMING_EVENT)
		return REFUSE(cx, ICAL_OBJECT, "", "this object is no event");
	times_read(instance, &e);
	e.title = text_of(cx->mem, comp, STR("SUMMARY"));
	e.description = text_of(cx->mem, comp, STR("DESCRIPTION"));
	e.location = text_of(cx->mem, comp, STR("LOCATION"));
	e.category = category_read(cx->mem, comp);
	e.color = text_of(cx->mem, comp, EVENT_COLOR_HEX);
	if (!e.color.ptr)
		e.color = text_of(cx->mem, comp, STR("COLOR"));
	e.url = ical_value(comp, STR("URL"));
	if (!e.url.len)
		e.url = STR_ABSENT;
	e.comment = comment_read(cx->mem, comp);
	e.rrule = rules_read(cx->mem, comp);
	e.exdate_count = dates_read(cx, object, s, comp, STR("EXDATE"), floating, &e.exdates);
	e.rdate_count = dates_read(cx, object, s, comp, STR("RDATE"), floating, &e.rdates);
	attendees_read(cx->mem, comp, &e);
	reminders_read(cx->mem, comp, &e);
	const struct timing *t = instance->timing;
	e.status = t->cancelled ? EVENT_CANCELLED : t->tentative ? EVENT_TENTATIVE : EVENT_CONFIRMED;
	e.transparent = str_eq_nocase(ical_value(comp, STR("TRANSP")), STR("TRANSPARENT"));
	e.recurring = s->recurs;
	if (s->recurs && (instance->own || t != s->master))
		e.recurrence_id = recurrence_id_text(cx->mem, instance->original);
	uint64_t sequence;
	if (str_to_u64(ical_value(comp, STR("SEQUENCE")), INT32_MAX, &sequence))
		e.sequence = (int32_t)sequence;
	e.created_at = stamp_of(comp, STR("CREATED"));
	e.updated_at = stamp_of(comp, STR("LAST-MODIFIED"));
	*out = e;
	return OK;
}

err_t event_read_instance(
	struct ctx *cx, struct ical *object, const struct series_instance *instance, struct str zone, struct event *out)
{
	return instance_read(cx, object, instance, zone_or_utc(zone), out);
}

err_t event_read(struct ctx *cx, struct ical *object, const struct ical_comp *comp, struct str zone, struct event *out)
{
	const struct zone *floating = zone_or_utc(zone);
	const struct series *s;
	TRY(series_read(cx, object, &s));
	const struct timing *t = series_of_comp(s, comp);
	if (!t || t->kind != TIMING_EVENT)
		return REFUSE(cx, ICAL_OBJECT, "", "this object is no event");
	const struct override *own = series_override(s, comp);
	const struct series_instance i = { .timing = t,
		.own = own,
		.original = own ? own->original : t->start,
		.start = t->start,
		.length = t->length,
		.at = timing_extent(t, t->start, floating) };
	return instance_read(cx, object, &i, floating, out);
}

bool event_invites(const struct event *event, struct str email)
{
	bool invited = false;
	for (size_t i = 0; i < event->attendee_count && !invited; i++)
		invited = str_eq_nocase(event->attendees[i].email, email);
	return invited && event->organizer.len > 0 && !str_eq_nocase(event->organizer, email);
}
