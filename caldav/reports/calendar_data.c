/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/reports/calendar_data.h"

#include "caldav/calendar/recur/vtimezone.h"
#include "caldav/reports/filter.h"

static err_t read_range(struct ctx *cx, const struct xml_node *node, struct ical_range *out)
{
	bool empty = false;
	const char *wrong = range_element_read(node, true, out, &empty);
	return *wrong ? REFUSE(cx, MALFORMED, "calendar-data", "%s", wrong) : OK;
}

static err_t read_name(struct ctx *cx, const struct xml_node *node, struct str *out)
{
	struct str name = xml_attribute(node, "name");
	if (!name.len)
		return REFUSE(cx, MALFORMED, "calendar-data", "A %.*s needs a name.", STR_ARG(node->local));
	*out = str_upper(cx->mem, name);
	return OK;
}

/* As deep as the XML is, which xml_parse() bounds. */
static err_t read_comp(struct ctx *cx, const struct xml_node *node, struct ical_select_comp *out)
{
	TRY(read_name(cx, node, &out->name));
	struct ical_select_prop *props =
		arena_array(cx->mem, struct ical_select_prop, xml_count(node, NS_CALDAV, "prop") + 1);
	struct ical_select_comp *comps =
		arena_array(cx->mem, struct ical_select_comp, xml_count(node, NS_CALDAV, "comp") + 1);
	for (const struct xml_node *n = node->first; n; n = n->next) {
		if (xml_is(n, NS_CALDAV, "allprop"))
			out->allprop = true;
		else if (xml_is(n, NS_CALDAV, "allcomp"))
			out->allcomp = true;
		else if (xml_is(n, NS_CALDAV, "comp"))
			TRY(read_comp(cx, n, &comps[out->comp_count++]));
		else if (xml_is(n, NS_CALDAV, "prop")) {
			struct ical_select_prop *p = &props[out->prop_count++];
			TRY(read_name(cx, n, &p->name));
			p->novalue = str_eq(xml_attribute(n, "novalue"), STR("yes"));
		}
	}
	/* Of a component of which nothing is named everything is meant: clients send it, and RFC 4791 §7.8.1 has it. */
	if (!out->prop_count && !out->comp_count && !out->allprop && !out->allcomp)
		out->allprop = out->allcomp = true;
	out->props = props;
	out->comps = comps;
	return OK;
}

static err_t read_part(struct ctx *cx, const struct xml_node *n, struct ical_selection *sel)
{
	if (xml_is(n, NS_CALDAV, "expand"))
		return read_range(cx, n, &sel->expand);
	if (xml_is(n, NS_CALDAV, "limit-recurrence-set"))
		return read_range(cx, n, &sel->limit_recurrence);
	if (xml_is(n, NS_CALDAV, "limit-freebusy-set"))
		return read_range(cx, n, &sel->limit_freebusy);
	if (!xml_is(n, NS_CALDAV, "comp"))
		return OK;
	struct ical_select_comp *comp = arena_new(cx->mem, struct ical_select_comp);
	TRY(read_comp(cx, n, comp));
	if (!str_eq(comp->name, STR("VCALENDAR")))
		return REFUSE(cx, MALFORMED, "calendar-data", "The outermost comp of calendar-data is VCALENDAR.");
	sel->comp = comp;
	return OK;
}

err_t calendar_data_read(struct ctx *cx, const struct xml_node *element, struct calendar_data *out)
{
	*out = (struct calendar_data){ .selection = { .comp = NULL } };
	if (!element)
		return OK;
	struct str type = xml_attribute(element, "content-type"), version = xml_attribute(element, "version");
	if ((type.ptr && !str_eq_nocase(type, STR("text/calendar"))) || (version.ptr && !str_eq(version, STR("2.0"))))
		return FAIL(cx, ICAL_MEDIA, "calendar-data: %.*s %.*s", STR_ARG(type), STR_ARG(version));
	for (const struct xml_node *n = element->first; n; n = n->next)
		TRY(read_part(cx, n, &out->selection));
	if (out->selection.expand.set && out->selection.limit_recurrence.set)
		return REFUSE(cx, MALFORMED, "calendar-data", "One of expand and limit-recurrence-set can be asked.");
	return OK;
}

struct str calendar_zone(struct ctx *cx, struct str query_zone, const struct calendar *calendar)
{
	struct str name = STR_ABSENT;
	if (query_zone.ptr)
		return query_zone;
	if (calendar->tzid.ptr && ical_zone_known(calendar->tzid))
		return calendar->tzid;
	if (calendar->timezone.ptr && ical_timezone_name(cx, calendar->timezone, &name))
		return STR_ABSENT; /* stored before it was checked: UTC is as good as any */
	return name;
}

err_t query_zone_read(struct ctx *cx, const struct xml_node *query, struct str *out)
{
	const struct xml_node *data = xml_child(query, NS_CALDAV, "timezone");
	struct str id = xml_text(xml_child(query, NS_CALDAV, "timezone-id")); /* RFC 7809 §5.1 */
	*out = STR_ABSENT;
	if (data)
		return ical_timezone_name(cx, data->text, out);
	if (id.ptr && !ical_zone_known(id))
		return REFUSE(cx, ICAL_TIMEZONE, "timezone-id", "This time zone is not known here.");
	*out = id;
	return OK;
}
