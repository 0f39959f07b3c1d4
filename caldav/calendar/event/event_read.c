/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/event/event_impl.h"

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

/* "-PT15M" before the start is 15; false: after an end, at a fixed time, or not in whole minutes before or after. */
bool event_reminder_of(const struct ical_comp *alarm, int32_t *minutes_out)
{
	const struct ical_prop *trigger = ical_prop(alarm, STR("TRIGGER"));
	struct span span;
	if (!trigger || !span_parse(trigger->value, &span) ||
		str_eq_nocase(ical_param(trigger, STR("RELATED")), STR("END")))
		return false;
	int64_t s = -(span.days * DAY_SECONDS + span.seconds);
	if (s < -INT32_MAX || s > INT32_MAX)
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

static size_t props_count(const struct ical_comp *comp, struct str name)
{
	size_t n = 0;
	for (const struct ical_prop *p = ical_prop(comp, name); p; p = ical_prop_again(p))
		n++;
	return n;
}

static void attendees_read(struct arena *mem, const struct ical_comp *comp, struct event *out)
{
	size_t n = props_count(comp, STR("ATTENDEE"));
	struct event_attendee *list = arena_array(mem, struct event_attendee, n);
	out->attendees = list;
	for (const struct ical_prop *p = ical_prop(comp, STR("ATTENDEE")); p; p = ical_prop_again(p))
		list[out->attendee_count++] = event_attendee_of(p);
	if (ical_prop(comp, STR("ORGANIZER")))
		out->organizer = event_email(ical_value(comp, STR("ORGANIZER")));
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

/* EXDATE or RDATE as instants; periods by their start. What cannot be read was refused when it was stored. */
static size_t dates_read(
	struct ctx *cx, struct ical *object, const struct ical_comp *comp, struct str name, const struct instant **out)
{
	size_t n = 0, cap = 0;
	struct when w;
	for (const struct ical_prop *p = ical_prop(comp, name); p; p = ical_prop_again(p))
		cap += p->value.len / 8 + 1; /* no date is shorter */
	struct instant *list = arena_array(cx->mem, struct instant, cap);
	for (const struct ical_prop *p = ical_prop(comp, name); p; p = ical_prop_again(p)) {
		struct str values = p->value, item;
		while (str_cut(&values, ',', &item)) {
			struct str start, end = item;
			if (str_cut(&end, '/', &start) && start.len && n < cap && !when_read(cx, object, p, start, &w))
				list[n++] = instant_of_s(when_utc(w, zone_utc()));
		}
	}
	*out = list;
	return n;
}

/* ---- the event ---- */

static void times_read(const struct timing *t, struct event *out)
{
	struct placed at = timing_place(t, t->start, zone_utc());
	out->start = instant_of_s(at.start);
	out->end = instant_of_s(at.end);
	out->all_day = t->start.date;
	out->floating = !t->start.zone && !t->start.date;
	if (t->start.zone && t->start.zone != zone_utc())
		out->zone = zone_name(t->start.zone);
}

err_t event_read(struct ctx *cx, struct ical *object, const struct ical_comp *comp, struct event *out)
{
	const struct series *s;
	struct event e = { .uid = text_of(cx->mem, comp, STR("UID")) };
	TRY(series_read(cx, object, &s));
	const struct timing *t = series_of_comp(s, comp);
	if (!t || t->kind != TIMING_EVENT)
		return REFUSE(cx, ICAL_OBJECT, "", "this object is no event");
	times_read(t, &e);
	e.title = text_of(cx->mem, comp, STR("SUMMARY"));
	e.description = text_of(cx->mem, comp, STR("DESCRIPTION"));
	e.location = text_of(cx->mem, comp, STR("LOCATION"));
	e.category = text_of(cx->mem, comp, STR("CATEGORIES"));
	e.color = text_of(cx->mem, comp, EVENT_COLOR_HEX);
	if (!e.color.ptr)
		e.color = text_of(cx->mem, comp, STR("COLOR"));
	e.url = ical_value(comp, STR("URL"));
	e.rrule = ical_value(comp, STR("RRULE"));
	if (!str_trim(e.rrule, STR_BLANK).len) /* "RRULE:" is none */
		e.rrule = STR_ABSENT;
	e.exdate_count = dates_read(cx, object, comp, STR("EXDATE"), &e.exdates);
	e.rdate_count = dates_read(cx, object, comp, STR("RDATE"), &e.rdates);
	attendees_read(cx->mem, comp, &e);
	reminders_read(cx->mem, comp, &e);
	e.status = t->cancelled ? EVENT_CANCELLED : t->tentative ? EVENT_TENTATIVE : EVENT_CONFIRMED;
	e.transparent = str_eq_nocase(ical_value(comp, STR("TRANSP")), STR("TRANSPARENT"));
	e.recurring = s->recurs;
	for (size_t i = 0; i < s->override_count; i++)
		if (s->overrides[i].timing == t) {
			struct when original = s->clock;
			original.local = s->overrides[i].original;
			e.recurrence_id = recurrence_id_text(cx->mem, original);
		}
	uint64_t sequence;
	if (str_to_u64(ical_value(comp, STR("SEQUENCE")), INT32_MAX, &sequence))
		e.sequence = (int32_t)sequence;
	e.created_at = stamp_of(comp, STR("CREATED"));
	e.updated_at = stamp_of(comp, STR("LAST-MODIFIED"));
	*out = e;
	return OK;
}
