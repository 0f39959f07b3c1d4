/* SPDX-License-Identifier: Apache-2.0 */
/* The edits of each group of fields. */
#include "caldav/calendar/event/event_edit.h"

static void text_fields(struct patch *p, const struct ical_comp *comp, const struct event *with, unsigned fields)
{
	const struct {
		enum event_field field;
		struct str name, text;
	} texts[] = {
		{ EVENT_TITLE, STR("SUMMARY"), with->title },
		{ EVENT_DESCRIPTION, STR("DESCRIPTION"), with->description },
		{ EVENT_LOCATION, STR("LOCATION"), with->location },
		{ EVENT_CATEGORY, STR("CATEGORIES"), with->category },
	};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (!(fields & texts[i].field))
			continue;
		struct buf lines = lines_new(p);
		event_text_line(&lines, texts[i].name, texts[i].text);
		props_replace(p, comp, &texts[i].name, 1, buf_str(&lines));
	}
	if (fields & EVENT_COLOR) {
		struct str names[] = { EVENT_COLOR_HEX, STR("COLOR") };
		struct buf lines = lines_new(p);
		event_color_lines(&lines, with);
		props_replace(p, comp, names, ARRAY_LEN(names), buf_str(&lines));
	}
	if (fields & EVENT_URL) {
		struct str name = STR("URL");
		struct buf lines = lines_new(p);
		if (with->url.len)
			ical_line(&lines, name, STR(""), with->url);
		props_replace(p, comp, &name, 1, buf_str(&lines));
	}
}

static void zone_field(struct patch *p, const struct event *with)
{
	struct when start = event_when(with, with->start);
	const struct ical_comp *c = ical_comp_named(p->object->root->child, STR("VTIMEZONE"));
	if (!start.zone || start.zone == zone_utc())
		return;
	for (; c; c = ical_comp_named(c->next, STR("VTIMEZONE")))
		if (str_eq(ical_tzid(p->cx->mem, c), zone_name(start.zone)))
			return;
	struct buf lines = lines_new(p);
	vtimezone_write(p->cx->mem, start.zone, instant_s(with->start), &lines);
	edit_add(p, ical_main(p->object)->raw.ptr, 0, buf_str(&lines));
}

/* Exceptions keep their distance to the start: EXDATE, RDATE and RECURRENCE-IDs move with it. */
static struct when moved(const struct patch *p, struct when w, struct when start)
{
	struct when old = p->series->clock;
	int64_t local = w.date && !old.date ? w.local + floor_mod(old.local, DAY_SECONDS) : when_local(w, old.zone);
	int64_t by = start.local - old.local;
	if (start.date) /* to the day on which it was */
		return (struct when){ floor_div(local + by, DAY_SECONDS) * DAY_SECONDS, NULL, true };
	return (struct when){ local + by, start.zone, false };
}

static void dates_move(struct patch *p, const struct ical_comp *comp, struct str name, struct when start)
{
	struct buf lines = lines_new(p);
	struct when w;
	for (const struct ical_prop *prop = ical_prop(comp, name); prop; prop = ical_prop_again(prop)) {
		struct str list = prop->value, item;
		while (str_cut(&list, ',', &item)) {
			struct str begin, rest = item;
			if (str_cut(&rest, '/', &begin) && begin.len && !when_read(p->cx, p->object, prop, begin, &w))
				event_point_line(&lines, name, moved(p, w, start));
		}
	}
	if (lines.len)
		props_replace(p, comp, &name, 1, buf_str(&lines));
}

static void exceptions_move(struct patch *p, const struct ical_comp *comp, const struct event *with, unsigned fields)
{
	struct when start = event_when(with, with->start);
	struct str name = STR("RECURRENCE-ID");
	if (!(fields & EVENT_RECURRENCE)) {
		dates_move(p, comp, STR("EXDATE"), start);
		dates_move(p, comp, STR("RDATE"), start);
	}
	for (size_t i = 0; i < p->series->override_count; i++) {
		const struct override *o = &p->series->overrides[i];
		struct when original = p->series->clock;
		struct buf lines = lines_new(p);
		original.local = o->original;
		event_point_line(&lines, name, moved(p, original, start));
		props_replace(p, o->timing->comp, &name, 1, buf_str(&lines));
	}
}

static bool starts_elsewhere(const struct patch *p, const struct event *with)
{
	struct when start = event_when(with, with->start), old = p->series->clock;
	return start.local != old.local || start.zone != old.zone || start.date != old.date;
}

static void time_field(struct patch *p, const struct ical_comp *comp, const struct event *with, unsigned fields)
{
	static const struct str names[] = { STR_INIT("DTSTART"), STR_INIT("DTEND"), STR_INIT("DURATION") };
	struct buf lines = lines_new(p);
	event_time_lines(&lines, with);
	props_replace(p, comp, names, ARRAY_LEN(names), buf_str(&lines));
	zone_field(p, with);
	if (p->series->recurs && p->series->master && p->series->master->comp == comp && starts_elsewhere(p, with))
		exceptions_move(p, comp, with, fields);
}

static void recurrence_field(struct patch *p, const struct ical_comp *comp, const struct event *with)
{
	static const struct str names[] = { STR_INIT("RRULE"), STR_INIT("RDATE"), STR_INIT("EXDATE"),
		STR_INIT("EXRULE") };
	struct buf lines = lines_new(p);
	event_recurrence_lines(&lines, with);
	props_replace(p, comp, names, ARRAY_LEN(names), buf_str(&lines));
	if (!with->rrule.len && !with->rdate_count) /* no instances any more, so no exceptions */
		for (size_t i = 0; i < p->series->override_count; i++)
			comp_remove(p, p->series->overrides[i].timing->comp);
}

static void other_fields(struct patch *p, const struct ical_comp *comp, const struct event *with, unsigned fields)
{
	static const struct str people[] = { STR_INIT("ORGANIZER"), STR_INIT("ATTENDEE") };
	struct str status = STR("STATUS"), transp = STR("TRANSP");
	struct buf lines = lines_new(p), busy = lines_new(p), state = lines_new(p), alarms = lines_new(p);
	int32_t minutes;
	if (fields & EVENT_ATTENDEES) {
		event_attendee_lines(&lines, with, comp);
		props_replace(p, comp, people, ARRAY_LEN(people), buf_str(&lines));
	}
	if (fields & EVENT_STATUS) {
		event_status_line(&state, with);
		props_replace(p, comp, &status, 1, buf_str(&state));
	}
	if (fields & EVENT_TRANSPARENCY) {
		event_transparency_line(&busy, with);
		props_replace(p, comp, &transp, 1, buf_str(&busy));
	}
	if (fields & EVENT_REMINDERS) {
		for (const struct ical_comp *c = comp->child; c; c = c->next)
			if (str_eq(c->name, STR("VALARM")) && event_reminder_of(c, &minutes))
				comp_remove(p, c);
		event_alarms(&alarms, with);
		edit_add(p, children_end(comp), 0, buf_str(&alarms));
	}
}

void stamps_change(struct patch *p, const struct ical_comp *comp, bool significant)
{
	static const struct str names[] = { STR_INIT("DTSTAMP"), STR_INIT("LAST-MODIFIED") };
	struct str now = instant_ical(p->cx->mem, p->cx->now), sequence = STR("SEQUENCE");
	struct buf lines = lines_new(p), number = lines_new(p);
	uint64_t was = 0;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		ical_line(&lines, names[i], STR(""), now);
	props_replace(p, comp, names, ARRAY_LEN(names), buf_str(&lines));
	if (!significant)
		return;
	(void)str_to_u64(ical_value(comp, sequence), INT32_MAX - 1, &was);
	buf_fmt(&number, "SEQUENCE:%llu\r\n", (unsigned long long)was + 1);
	props_replace(p, comp, &sequence, 1, buf_str(&number));
}

void fields_change(struct patch *p, const struct ical_comp *comp, const struct event *with, unsigned fields)
{
	text_fields(p, comp, with, fields);
	if (fields & EVENT_TIME)
		time_field(p, comp, with, fields);
	if (fields & EVENT_RECURRENCE)
		recurrence_field(p, comp, with);
	other_fields(p, comp, with, fields);
	stamps_change(p, comp, fields & (EVENT_TIME | EVENT_RECURRENCE | EVENT_STATUS));
}
