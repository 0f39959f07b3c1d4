/* SPDX-License-Identifier: Apache-2.0 */
/* The edits of each group of fields, in one component. */
#include "caldav/calendar/event/event_edit.h"

struct changing {
	struct edits *e;
	const struct timing *timing;
	const struct ical_comp *comp;
	const struct event *was, *to;
	unsigned fields;
	const struct zone *floating;
};

/* ---- texts ---- */

/* The first category has another name, the others stay. */
static void category_field(const struct changing *c)
{
	static const struct str name = STR_INIT("CATEGORIES");
	for (const struct ical_prop *p = ical_prop(c->comp, name); p && c->to->category.len; p = ical_prop_again(p)) {
		struct buf values = lines_new(c->e), params = lines_new(c->e), line = lines_new(c->e);
		struct str rest = p->value, item;
		bool done = false, comma = false;
		while (event_category_cut(&rest, &item)) {
			bool first = !done && str_trim(item, STR_BLANK).len;
			if (comma)
				buf_char(&values, ',');
			buf_add(&values, first ? ical_escape(c->e->cx->mem, c->to->category) : item);
			done = done || first;
			comma = true;
		}
		if (!done)
			continue;
		for (size_t i = 0; i < p->param_count; i++)
			buf_fmt(&params, ";%.*s=%.*s", STR_ARG(p->params[i].name), STR_ARG(p->params[i].raw));
		ical_line(&line, name, buf_str(&params), buf_str(&values));
		prop_replace(c->e, p, buf_str(&line));
		return;
	}
	struct buf line = lines_new(c->e);
	event_text_line(&line, name, c->to->category);
	props_replace(c->e, c->comp, &name, 1, buf_str(&line));
}

static void text_fields(const struct changing *c)
{
	const struct {
		enum event_field field;
		struct str name, text;
	} texts[] = {
		{ EVENT_TITLE, STR("SUMMARY"), c->to->title },
		{ EVENT_DESCRIPTION, STR("DESCRIPTION"), c->to->description },
		{ EVENT_LOCATION, STR("LOCATION"), c->to->location },
	};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct buf lines = lines_new(c->e);
		event_text_line(&lines, texts[i].name, texts[i].text);
		if (c->fields & texts[i].field)
			props_replace(c->e, c->comp, &texts[i].name, 1, buf_str(&lines));
	}
	if (c->fields & EVENT_CATEGORY)
		category_field(c);
	if (c->fields & EVENT_COLOR) {
		struct str names[] = { EVENT_COLOR_HEX, STR("COLOR") };
		struct buf lines = lines_new(c->e);
		event_color_lines(&lines, c->to);
		props_replace(c->e, c->comp, names, ARRAY_LEN(names), buf_str(&lines));
	}
	if (c->fields & EVENT_URL) {
		struct str name = STR("URL");
		struct buf lines = lines_new(c->e);
		if (c->to->url.len)
			ical_line(&lines, name, STR(""), c->to->url);
		props_replace(c->e, c->comp, &name, 1, buf_str(&lines));
	}
}

/* ---- times ---- */

static void zone_add(struct edits *e, const struct zone *zone, struct instant from)
{
	const struct ical_comp *c = ical_comp_named(e->object->root->child, STR("VTIMEZONE"));
	for (; c; c = ical_comp_named(c->next, STR("VTIMEZONE")))
		if (str_eq(ical_tzid(e->cx->mem, c), zone_name(zone)))
			return;
	struct buf lines = lines_new(e);
	vtimezone_write(e->cx->mem, zone, instant_s(from), &lines);
	edit_add(e, ical_main(e->object)->raw.ptr, 0, buf_str(&lines));
}

static bool same_clock(const struct event *a, const struct event *b)
{
	return a->all_day == b->all_day && a->floating == b->floating && a->own_zone == b->own_zone &&
	       a->zone.len == b->zone.len && (!a->zone.len || str_eq(a->zone, b->zone));
}

/* The form of DTSTART or DTEND that is to be: the stored one, while the event's clock stays. */
static err_t form_wanted(const struct changing *c, struct str name, struct time_form *out)
{
	const struct ical_prop *prop = ical_prop(c->comp, name);
	prop = prop ? prop : ical_prop(c->comp, STR("DTSTART"));
	TRY(form_read(c->e->cx, c->e->object, prop, out));
	bool kind_stays = (out->kind == FORM_DATE) == c->to->all_day && (out->kind == FORM_FLOATING) == c->to->floating;
	if (!kind_stays || !same_clock(c->was, c->to))
		*out = event_form(c->e->cx->mem, c->to);
	return OK;
}

static err_t start_line(const struct changing *c, struct time_form *form, struct buf *out)
{
	static const struct str name = STR_INIT("DTSTART");
	struct arena *mem = c->e->cx->mem;
	struct str text;
	bool rules = c->fields & EVENT_RULE ? c->to->rrule.len > 0 : ical_prop(c->comp, STR("RRULE")) != NULL;
	if (!form_text(mem, *form, instant_s(c->to->start), c->floating, &text)) {
		if (rules)
			return event_refuse_second_pass(c->e->cx);
		if (form->kind == FORM_FLOATING)
			return REFUSE(c->e->cx, INVALID_VALUE, "start_time",
				"A floating event cannot start in the second pass of an hour that the clock shows "
				"twice. Give it a timezone.");
		*form = form_of_kind(FORM_UTC);
		(void)form_text(mem, *form, instant_s(c->to->start), NULL, &text);
	}
	form_line(out, ical_prop(c->comp, name), name, *form, text);
	return OK;
}

/* DURATION stays where it stood; and it says what an end cannot. */
static err_t end_line(const struct changing *c, struct time_form start, struct buf *out)
{
	struct arena *mem = c->e->cx->mem;
	int64_t length = instant_s(c->to->end) - instant_s(c->to->start);
	struct time_form form;
	struct str text;
	TRY(form_wanted(c, STR("DTEND"), &form));
	if (start.kind == FORM_UTC && form.kind == FORM_FLOATING)
		form = start;
	bool as_duration = c->timing->has_duration || !form_text(mem, form, instant_s(c->to->end), c->floating, &text);
	if (length && as_duration)
		ical_line(out, STR("DURATION"), STR(""), duration_text(mem, length, c->to->all_day));
	else if (length)
		form_line(out, ical_prop(c->comp, STR("DTEND")), STR("DTEND"), form, text);
	return OK;
}

static err_t time_fields(const struct changing *c)
{
	static const struct str start_name = STR_INIT("DTSTART");
	static const struct str end_names[] = { STR_INIT("DTEND"), STR_INIT("DURATION") };
	struct buf start = lines_new(c->e), end = lines_new(c->e);
	const struct timing *t = c->timing;
	struct time_form form;
	TRY(form_wanted(c, start_name, &form));
	if (c->fields & EVENT_START) {
		TRY(start_line(c, &form, &start));
		props_replace(c->e, c->comp, &start_name, 1, buf_str(&start));
		if (form.kind == FORM_ZONE && !same_clock(c->was, c->to))
			zone_add(c->e, form.zone, c->to->start);
	}
	/* Without an end of its own a date is a day, and a DURATION goes along. */
	bool same_kind = c->was->all_day == c->to->all_day;
	if (!(c->fields & EVENT_END) && same_kind && !t->has_end)
		return OK;
	TRY(end_line(c, form, &end));
	props_replace(c->e, c->comp, end_names, ARRAY_LEN(end_names), buf_str(&end));
	return OK;
}

/* ---- recurrence ---- */

/* Those that stay keep their text; the others go, or come in a line of their own. */
static err_t dates_field(const struct changing *c, struct str name, const struct event_date *dates, size_t count)
{
	struct edits *e = c->e;
	struct event_date *left = arena_array(e->cx->mem, struct event_date, count + 1), date;
	struct time_form form;
	for (size_t i = 0; i < count; i++)
		left[i] = dates[i];
	for (const struct ical_prop *p = ical_prop(c->comp, name); p; p = ical_prop_again(p)) {
		struct buf values = lines_new(e);
		struct str rest = p->value, item;
		bool all = true;
		while (str_cut(&rest, ',', &item)) {
			size_t at = count;
			if (!event_date_read(e->cx, e->object, e->series, p, item, c->floating, &date))
				continue;
			for (size_t i = 0; i < count && at == count; i++)
				if (left[i].at.us == date.at.us && left[i].day == date.day)
					at = i;
			all = all && at < count;
			if (at == count)
				continue;
			for (count--; at < count; at++)
				left[at] = left[at + 1];
			if (values.len)
				buf_char(&values, ',');
			buf_add(&values, item);
		}
		if (all)
			continue;
		prop_keep_values(e, p, buf_str(&values));
	}
	TRY(form_wanted(c, STR("DTSTART"), &form));
	struct buf lines = lines_new(e);
	event_dates_lines(&lines, name, form, c->floating, left, count);
	edit_add(e, props_end(c->comp), 0, buf_str(&lines));
	return OK;
}

static err_t recurrence_fields(const struct changing *c)
{
	static const struct str rrule = STR_INIT("RRULE"), exrule = STR_INIT("EXRULE");
	struct buf lines = lines_new(c->e);
	if (c->fields & EVENT_RULE) {
		event_rule_lines(&lines, c->to->rrule);
		props_replace(c->e, c->comp, &rrule, 1, buf_str(&lines));
		if (!c->to->rrule.len)
			props_replace(c->e, c->comp, &exrule, 1, STR(""));
	}
	if (c->fields & EVENT_RDATES)
		TRY(dates_field(c, STR("RDATE"), c->to->rdates, c->to->rdate_count));
	if (c->fields & EVENT_EXDATES)
		TRY(dates_field(c, STR("EXDATE"), c->to->exdates, c->to->exdate_count));
	return OK;
}

/* ---- the rest ---- */

/* Alarms that stay are not touched, whatever they do; those that are not shown are not, either. */
static void reminders_field(const struct changing *c)
{
	struct edits *e = c->e;
	size_t count = c->to->reminder_count;
	int32_t *left = arena_array(e->cx->mem, int32_t, count + 1), minutes;
	struct buf alarms = lines_new(e);
	for (size_t i = 0; i < count; i++)
		left[i] = c->to->reminders[i];
	for (const struct ical_comp *a = c->comp->child; a; a = a->next) {
		size_t at = 0;
		if (!str_eq(a->name, STR("VALARM")) || !event_reminder_of(a, &minutes))
			continue;
		while (at < count && left[at] != minutes)
			at++;
		if (at == count) {
			comp_remove(e, a);
			continue;
		}
		for (count--; at < count; at++)
			left[at] = left[at + 1];
	}
	struct str title = c->fields & EVENT_TITLE ? c->to->title : c->was->title;
	for (size_t i = 0; i < count; i++)
		event_alarm(&alarms, title, left[i]);
	edit_add(e, children_end(c->comp), 0, buf_str(&alarms));
}

static void other_fields(const struct changing *c)
{
	static const struct str people[] = { STR_INIT("ORGANIZER"), STR_INIT("ATTENDEE") };
	struct str status = STR("STATUS"), transp = STR("TRANSP");
	struct buf lines = lines_new(c->e), busy = lines_new(c->e), state = lines_new(c->e);
	if (c->fields & EVENT_ATTENDEES) {
		event_attendee_lines(&lines, c->to, c->comp);
		props_replace(c->e, c->comp, people, ARRAY_LEN(people), buf_str(&lines));
	}
	if (c->fields & EVENT_STATUS) {
		event_status_line(&state, c->to);
		props_replace(c->e, c->comp, &status, 1, buf_str(&state));
	}
	if (c->fields & EVENT_TRANSPARENCY) {
		event_transparency_line(&busy, c->to);
		props_replace(c->e, c->comp, &transp, 1, buf_str(&busy));
	}
	if (c->fields & EVENT_REMINDERS)
		reminders_field(c);
}

void stamps_change(struct edits *e, const struct ical_comp *comp, bool significant)
{
	static const struct str names[] = { STR_INIT("DTSTAMP"), STR_INIT("LAST-MODIFIED") };
	struct str now = instant_ical(e->cx->mem, e->cx->now), sequence = STR("SEQUENCE");
	struct buf lines = lines_new(e), number = lines_new(e);
	uint64_t was = 0;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		ical_line(&lines, names[i], STR(""), now);
	props_replace(e, comp, names, ARRAY_LEN(names), buf_str(&lines));
	if (!significant)
		return;
	(void)str_to_u64(ical_value(comp, sequence), INT32_MAX - 1, &was);
	buf_fmt(&number, "SEQUENCE:%llu\r\n", (unsigned long long)was + 1);
	props_replace(e, comp, &sequence, 1, buf_str(&number));
}

err_t fields_change(struct edits *e, const struct timing *t, const struct event *was, const struct event_change *change,
	unsigned fields)
{
	const struct changing c = { e, t, t->comp, was, change->to, fields, zone_or_utc(change->zone) };
	text_fields(&c);
	if (fields & (EVENT_START | EVENT_END))
		TRY(time_fields(&c));
	TRY(recurrence_fields(&c));
	other_fields(&c);
	stamps_change(e, t->comp, fields & (EVENT_START | EVENT_END | EVENT_RECURRENCE | EVENT_STATUS));
	return OK;
}
