/* SPDX-License-Identifier: Apache-2.0 */
/* Zones by TZID: the system's by name, else what the object's VTIMEZONE says (RFC 5545 §3.6.5). */
#include <stdlib.h>

#include "caldav/calendar/recur/times.h"
#include "caldav/calendar/rule/rrule.h"

#define FIRST_YEAR 1900
#define EMBEDDED_LAST_YEAR 2149 /* 2121 to 2148 hold every kind of year; see year_like_it() in zone.c */
#define CHANGES_MAX 1000

struct ical_zones {
	struct ical_zones *next;
	struct str tzid;         /* as tzid_plain() gives it */
	const struct zone *zone; /* NULL: the VTIMEZONE cannot be read */
	struct str fault;        /* and why */
	bool custom;
};

struct zone_changes {
	struct zone_change *items; /* CHANGES_MAX */
	int32_t *from;             /* the offset before each */
	size_t count;
	bool endless;
};

static void change_add(struct zone_changes *c, int64_t local, int32_t from, int32_t to, bool dst)
{
	if (c->count == CHANGES_MAX)
		return;
	c->from[c->count] = from;
	c->items[c->count++] = (struct zone_change){ local - from, to, dst };
}

static err_t rule_expand(
	struct ctx *cx, struct str text, int64_t start, int32_t from, int32_t to, bool dst, struct zone_changes *c)
{
	struct rrule rule;
	int64_t local;
	TRY(rrule_parse(cx, text, &rule));
	/* Finer ones have no use here, and would walk through two centuries by the second. */
	if (rule.freq < RRULE_MONTHLY)
		return REFUSE(cx, ICAL_DATA, "RRULE", "a time zone changes by the year or by the month");
	struct rrule_start begin = { .local = start,
		.counts_start = true,
		.until_local = days_from_civil(EMBEDDED_LAST_YEAR + 1, 1, 1) * DAY_S - 1 };
	if (rule.has_until) {
		int64_t until = rule.until + (rule.until_utc ? from : rule.until_date ? DAY_S - 1 : 0);
		if (until < begin.until_local)
			begin.until_local = until;
	} else if (!rule.count) {
		c->endless = true;
	}
	struct rrule_iter *it = rrule_open(cx->mem, &rule, begin);
	rrule_seek(it, days_from_civil(FIRST_YEAR, 1, 1) * DAY_S);
	while (c->count < CHANGES_MAX && rrule_next(it, &local))
		change_add(c, local, from, to, dst);
	return OK;
}

static err_t offset_read(struct ctx *cx, const struct ical_comp *comp, struct str name, int32_t *out)
{
	struct str value = ical_value(comp, name);
	if (!value.ptr)
		return REFUSE(cx, ICAL_DATA, "VTIMEZONE", "%.*s needs a %.*s", STR_ARG(comp->name), STR_ARG(name));
	if (!offset_parse(value, out))
		return REFUSE(cx, ICAL_DATA, "VTIMEZONE", "%.*s:%.*s is no offset (such as +0100)", STR_ARG(name),
			STR_ARG(str_sub(value, 0, 20)));
	return OK;
}

/* STANDARD or DAYLIGHT: its onsets are local times of the offset before them. */
static err_t observance_read(struct ctx *cx, const struct ical_comp *comp, struct zone_changes *c)
{
	int32_t from, to;
	struct wall start, w;
	bool dst = str_eq(comp->name, STR("DAYLIGHT"));
	TRY(offset_read(cx, comp, STR("TZOFFSETFROM"), &from));
	TRY(offset_read(cx, comp, STR("TZOFFSETTO"), &to));
	if (!wall_parse(ical_value(comp, STR("DTSTART")), &start))
		return REFUSE(cx, ICAL_DATA, "VTIMEZONE", "%.*s needs a DTSTART", STR_ARG(comp->name));
	bool ruled = false;
	for (const struct ical_prop *rule = ical_prop(comp, STR("RRULE")); rule; rule = ical_prop_again(rule)) {
		if (!str_trim(rule->value, STR_BLANK).len)
			continue;
		TRY(rule_expand(cx, rule->value, start.local, from, to, dst, c));
		ruled = true;
	}
	if (!ruled)
		change_add(c, start.local, from, to, dst);
	for (const struct ical_prop *p = ical_prop(comp, STR("RDATE")); p; p = ical_prop_again(p)) {
		struct str list = p->value, item;
		while (str_cut(&list, ',', &item))
			if (wall_parse(item, &w))
				change_add(c, w.local + (w.utc ? from : 0), from, to, dst);
	}
	return OK;
}

static int change_cmp(const void *a, const void *b)
{
	int64_t x = ((const struct zone_change *)a)->utc, y = ((const struct zone_change *)b)->utc;
	return x < y ? -1 : x > y;
}

static err_t vtimezone_read(struct ctx *cx, const struct ical_comp *comp, const struct zone **out)
{
	struct zone_changes c = { .items = arena_array(cx->mem, struct zone_change, CHANGES_MAX),
		.from = arena_array(cx->mem, int32_t, CHANGES_MAX) };
	for (const struct ical_comp *o = comp->child; o; o = o->next)
		if (str_eq(o->name, STR("STANDARD")) || str_eq(o->name, STR("DAYLIGHT")))
			TRY(observance_read(cx, o, &c));
	if (!c.count)
		return REFUSE(cx, ICAL_DATA, "VTIMEZONE", "VTIMEZONE without STANDARD or DAYLIGHT");
	size_t earliest = 0;
	for (size_t i = 1; i < c.count; i++)
		if (c.items[i].utc < c.items[earliest].utc)
			earliest = i;
	int32_t first_offset = c.from[earliest];
	qsort(c.items, c.count, sizeof *c.items, change_cmp);
	*out = zone_of_changes(cx->mem, first_offset, c.items, c.count, c.endless);
	return OK;
}

struct str tzid_plain(struct arena *mem, struct str tzid)
{
	tzid = str_trim(ical_text(mem, tzid), " \t\"");
	while (tzid.len && tzid.ptr[0] == '/')
		tzid = str_from(tzid, 1);
	return tzid;
}

struct str ical_tzid(struct arena *mem, const struct ical_comp *vtimezone)
{
	struct str tzid = ical_value(vtimezone, STR("TZID"));
	return tzid.ptr ? str_trim(ical_text(mem, tzid), " \t\"") : STR_ABSENT;
}

static const struct ical_comp *vtimezone_named(struct ctx *cx, const struct ical *object, struct str plain)
{
	const struct ical_comp *c = ical_comp_named(object->root->child, STR("VTIMEZONE"));
	while (c && !str_eq_nocase(tzid_plain(cx->mem, ical_value(c, STR("TZID"))), plain))
		c = ical_comp_named(c->next, STR("VTIMEZONE"));
	return c;
}

/* libical writes the IANA name beside a TZID of its own making. */
static err_t zone_of_vtimezone(
	struct ctx *cx, const struct ical_comp *comp, const struct zone **zone_out, bool *custom_out)
{
	const struct zone *zone = zone_by_name(ical_value(comp, STR("X-LIC-LOCATION")));
	*custom_out = !zone;
	if (zone)
		*zone_out = zone;
	else
		TRY(vtimezone_read(cx, comp, zone_out));
	return OK;
}

/* Only what was made from a VTIMEZONE is kept: there are few of them, while names could be many. */
static const struct ical_zones *zone_embedded(struct ctx *cx, struct ical *object, struct str plain)
{
	struct ical_zones *z = object->zones;
	while (z && !str_eq_nocase(z->tzid, plain))
		z = z->next;
	const struct ical_comp *comp = z ? NULL : vtimezone_named(cx, object, plain);
	if (!comp)
		return z;
	z = arena_new(cx->mem, struct ical_zones);
	z->tzid = plain;
	err_t e = zone_of_vtimezone(cx, comp, &z->zone, &z->custom);
	if (e) {
		z->zone = NULL;
		z->fault = err_text(e);
	}
	z->next = object->zones;
	object->zones = z;
	return z;
}

err_t ical_zone(struct ctx *cx, struct ical *object, struct str tzid, const struct zone **out)
{
	const struct zone *zone = zone_by_name(tzid);
	struct str plain = zone ? STR_ABSENT : tzid_plain(cx->mem, tzid), shown = str_sub(tzid, 0, 60);
	const struct ical_zones *own = zone ? NULL : zone_embedded(cx, object, plain);
	if (own && !own->zone)
		return REFUSE(cx, ICAL_OBJECT, "TZID", "the VTIMEZONE \"%.*s\" cannot be read: %.*s", STR_ARG(shown),
			STR_ARG(own->fault));
	if (own)
		zone = own->zone;
	if (!zone)
		zone = zone_by_name(plain);
	if (!zone)
		zone = zone_by_display_name(plain);
	if (!zone)
		return REFUSE(cx, ICAL_TIMEZONE, "TZID", /* RFC 7809 §3.1.4 */
			"TZID \"%.*s\" is no time zone that is known here, and the object brings no VTIMEZONE of that "
			"name",
			STR_ARG(shown));
	*out = zone;
	return OK;
}

bool ical_has_custom_zone(const struct ical *object)
{
	for (const struct ical_zones *z = object->zones; z; z = z->next)
		if (z->zone && z->custom)
			return true;
	return false;
}

const struct zone *zone_or_utc(struct str name)
{
	const struct zone *zone = name.ptr ? zone_by_name(name) : NULL;
	return zone ? zone : zone_utc();
}

bool ical_zone_known(struct str name)
{
	return zone_by_name(name) != NULL;
}

err_t ical_timezone_name(struct ctx *cx, struct str data, struct str *out)
{
	struct ical *object;
	const struct zone *zone;
	bool custom;
	err_t e = ical_parse(cx, data, &object);
	if (e)
		return REFUSE(cx, ICAL_DATA, "", "%.*s", STR_ARG(err_text(e)));
	const struct ical_comp *comp = object->root->child;
	if (!comp || comp->next || !str_eq(comp->name, STR("VTIMEZONE")))
		return REFUSE(cx, ICAL_DATA, "", "A VCALENDAR with one VTIMEZONE, and nothing else, is expected.");
	struct str tzid = ical_tzid(cx->mem, comp);
	if (!tzid.len)
		return REFUSE(cx, ICAL_DATA, "TZID", "The VTIMEZONE has no TZID.");
	zone = zone_by_name(tzid);
	e = zone ? OK : zone_of_vtimezone(cx, comp, &zone, &custom);
	if (e)
		return REFUSE(cx, ICAL_DATA, "VTIMEZONE", "The VTIMEZONE \"%.*s\" cannot be read: %.*s",
			STR_ARG(str_sub(tzid, 0, 60)), STR_ARG(err_text(e)));
	*out = zone_name(zone);
	return OK;
}
