/* SPDX-License-Identifier: Apache-2.0 */
/* The time zone of a calendar (RFC 4791 §5.2.2, RFC 7809 §5.2). */
#include "caldav/calendar/recur/vtimezone.h"
#include "caldav/props/props.h"

#define ZONES_KEPT 4
#define ZONE_XML_MAX ((size_t)96 * 1024)

/* The zone that is told in full though the calendar has its name alone; NULL: the calendar has its text, or no zone. */
static const struct zone *zone_to_tell(const struct calendar *calendar)
{
	return calendar->timezone.ptr ? NULL : zone_by_name(calendar->tzid);
}

static const struct zone_text *zone_kept(const struct prop_context *context, struct str tzid)
{
	for (size_t i = 0; i < context->zone_count; i++)
		if (str_eq(context->zones[i].tzid, tzid))
			return &context->zones[i];
	return NULL;
}

static bool is_asked(const struct requested_props *requested)
{
	for (size_t i = 0; i < requested->count; i++)
		if (requested->items[i].prop && requested->items[i].prop->write == prop_calendar_timezone)
			return true;
	return false;
}

static struct str zone_xml(struct arena *mem, const struct zone *zone, struct str tzid)
{
	struct buf xml = buf_new(mem, ZONE_XML_MAX);
	xml_escape(&xml, vtimezone_document(mem, zone, tzid));
	return xml.full ? STR_ABSENT : buf_str(&xml);
}

void prop_context_zones(struct prop_context *context, const struct requested_props *requested,
	const struct calendar *calendars, size_t count)
{
	struct arena *mem = context->cx->mem;
	if (count < 2 || !is_asked(requested))
		return;
	struct zone_text *zones = arena_array(mem, struct zone_text, ZONES_KEPT);
	context->zones = zones;
	for (size_t i = 0; i < count && context->zone_count < ZONES_KEPT; i++) {
		const struct zone *zone = zone_to_tell(&calendars[i]);
		if (!zone || zone_kept(context, calendars[i].tzid))
			continue;
		struct str tzid = calendars[i].tzid, xml = zone_xml(mem, zone, tzid);
		if (xml.ptr)
			zones[context->zone_count++] = (struct zone_text){ tzid, xml };
	}
}

int prop_calendar_timezone(const struct prop_context *context, const struct subject *subject, struct buf *out)
{
	const struct calendar *calendar = subject->calendar;
	const struct zone *zone = zone_to_tell(calendar);
	const struct zone_text *kept = zone ? zone_kept(context, calendar->tzid) : NULL;
	if (!zone && !calendar->timezone.ptr)
		return 404;
	if (kept)
		buf_add(out, kept->xml);
	else
		xml_escape(out, zone ? vtimezone_document(context->cx->mem, zone, calendar->tzid) : calendar->timezone);
	return 200;
}

int prop_calendar_timezone_id(const struct prop_context *context, const struct subject *subject, struct buf *out)
{
	(void)context;
	if (!subject->calendar->tzid.ptr)
		return 404;
	xml_escape(out, subject->calendar->tzid);
	return 200;
}
