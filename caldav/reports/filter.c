/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/reports/filter.h"

#include <assert.h>
#include <limits.h>

#include "caldav/reports/filter_match.h"

const char *range_element_read(const struct xml_node *node, bool closed, struct ical_range *out, bool *empty_out)
{
	struct str start = xml_attribute(node, "start"), end = xml_attribute(node, "end");
	*empty_out = !start.ptr && !end.ptr;
	*out = (struct ical_range){ .set = true, .start = INSTANT_BEFORE, .end = INSTANT_FOREVER };
	if (*empty_out)
		return "A time-range has a start, an end or both.";
	if (closed && (!start.ptr || !end.ptr))
		return "This time-range needs both start and end.";
	if (start.ptr && !instant_from_ical(start, &out->start))
		return "The start of a time-range is a date with UTC time: YYYYMMDDTHHMMSSZ.";
	if (end.ptr && !instant_from_ical(end, &out->end))
		return "The end of a time-range is a date with UTC time: YYYYMMDDTHHMMSSZ.";
	if (!instant_before(out->start, out->end))
		return "The end of a time-range comes after its start.";
	return "";
}

struct reader {
	struct ctx *cx;
	unsigned count;
};

static err_t read_range(struct reader *r, const struct xml_node *node, struct ical_range *out)
{
	bool empty = false;
	const char *wrong = range_element_read(node, false, out, &empty);
	if (empty)
		return REFUSE(r->cx, MALFORMED, "time-range", "%s", wrong);
	if (*wrong)
		return REFUSE(r->cx, DAV_FILTER, "time-range", "%s", wrong);
	return OK;
}

static bool collation_read(struct str name, enum collation *out)
{
	static const struct {
		struct str name;
		enum collation collation;
	} known[] = {
		{ STR_INIT("i;ascii-casemap"), COLLATION_ASCII }, { STR_INIT("i;octet"), COLLATION_OCTET },
		{ STR_INIT("i;unicode-casemap"), COLLATION_UNICODE },
		{ STR_INIT("default"), COLLATION_ASCII }, /* RFC 4791 §7.5: the server's choice */
	};
	*out = COLLATION_ASCII;
	for (size_t i = 0; name.ptr && i < ARRAY_LEN(known); i++) {
		if (!str_eq(name, known[i].name))
			continue;
		*out = known[i].collation;
		return true;
	}
	return !name.ptr;
}

/* Of calendar-query-extended: one of these words, or nothing, which is the first. */
static err_t read_choice(struct reader *r, const struct xml_node *node, const char *name, const struct str *words,
	size_t count, size_t *out)
{
	struct str value = xml_attribute(node, name);
	*out = 0;
	if (!value.ptr)
		return OK;
	for (; *out < count; (*out)++)
		if (str_eq(value, words[*out]))
			return OK;
	return REFUSE(r->cx, DAV_FILTER, name, "%.*s is no %s that is known here.", STR_ARG(value), name);
}

static err_t read_match_type(struct reader *r, const struct xml_node *node, enum match_type *out)
{
	static const struct str words[] = { [MATCH_CONTAINS] = STR_INIT("contains"),
		[MATCH_EQUALS] = STR_INIT("equals"),
		[MATCH_STARTS] = STR_INIT("starts-with"),
		[MATCH_ENDS] = STR_INIT("ends-with") };
	size_t i;
	TRY(read_choice(r, node, "match-type", words, ARRAY_LEN(words), &i));
	*out = (enum match_type)i;
	return OK;
}

static err_t read_test(struct reader *r, const struct xml_node *node, bool *any_out)
{
	static const struct str words[] = { STR_INIT("allof"), STR_INIT("anyof") };
	size_t i;
	TRY(read_choice(r, node, "test", words, ARRAY_LEN(words), &i));
	*any_out = i == 1;
	return OK;
}

static err_t read_text(struct reader *r, const struct xml_node *node, struct text_match *out)
{
	struct str collation = xml_attribute(node, "collation"), negate = xml_attribute(node, "negate-condition");

	if (!collation_read(collation, &out->collation))
		return REFUSE(r->cx, DAV_COLLATION, "collation",
			"Collations here: i;ascii-casemap, i;octet and i;unicode-casemap.");
	if (str_eq(negate, STR("yes")))
		out->negate = true;
	else if (negate.ptr && !str_eq(negate, STR("no")))
		return REFUSE(r->cx, DAV_FILTER, "negate-condition", "negate-condition is yes or no.");
	TRY(read_match_type(r, node, &out->type));
	out->set = true;
	out->sent = node->text;
	out->text = text_collated(r->cx->mem, node->text, out->collation);
	return OK;
}

/* Counts the filter, reads its name; *absent_out by is-not-defined, which stands alone. */
static err_t read_head(struct reader *r, const struct xml_node *node, struct str *name_out, bool *absent_out)
{
	if (++r->count > FILTERS_MAX)
		return REFUSE(r->cx, DAV_FILTER_SUPPORTED, "filter", "A query has at most %d filters.", FILTERS_MAX);
	struct str name = xml_attribute(node, "name");
	if (!name.len)
		return REFUSE(r->cx, DAV_FILTER, "name", "A %.*s needs a name.", STR_ARG(node->local));
	*name_out = str_upper(r->cx->mem, name);
	*absent_out = xml_child(node, NS_CALDAV, "is-not-defined") != NULL;
	if (*absent_out && (node->first->next || !xml_is(node->first, NS_CALDAV, "is-not-defined")))
		return REFUSE(r->cx, DAV_FILTER, "is-not-defined", "is-not-defined stands alone in its filter.");
	return OK;
}

/* What CalDAV's own elements of a filter may hold (RFC 4791 §9.7), and how often; others' are passed over (§14). */
struct content {
	const char *element;
	unsigned most;
};

static err_t read_content(struct reader *r, const struct xml_node *node, const struct content *allowed, size_t count)
{
	unsigned seen[4] = { 0 };
	assert(count <= ARRAY_LEN(seen));
	for (const struct xml_node *n = node->first; n; n = n->next) {
		size_t i = 0;
		if (!str_eq(n->ns, STR(NS_CALDAV)))
			continue;
		while (i < count && !str_eq(n->local, str_of(allowed[i].element)))
			i++;
		if (i == count || ++seen[i] > allowed[i].most)
			return REFUSE(r->cx, DAV_FILTER, "filter", "A %.*s cannot stand here in a %.*s.",
				STR_ARG(n->local), STR_ARG(node->local));
	}
	return OK;
}

static err_t read_param(struct reader *r, const struct xml_node *node, struct param_filter *out)
{
	static const struct content content[] = { { "is-not-defined", 1 }, { "text-match", 1 } };
	TRY(read_head(r, node, &out->name, &out->absent));
	TRY(read_content(r, node, content, ARRAY_LEN(content)));
	const struct xml_node *text = xml_child(node, NS_CALDAV, "text-match");
	if (text)
		TRY(read_text(r, text, &out->text));
	return OK;
}

/* RFC 4791 §9.9: the properties whose value is a date or a time. What we do not know may be one. */
static bool may_have_time(struct str property)
{
	static const struct str timed[] = { STR_INIT("DTSTART"), STR_INIT("DTEND"), STR_INIT("DUE"),
		STR_INIT("COMPLETED"), STR_INIT("CREATED"), STR_INIT("DTSTAMP"), STR_INIT("LAST-MODIFIED"),
		STR_INIT("RECURRENCE-ID"), STR_INIT("EXDATE"), STR_INIT("RDATE"), STR_INIT("TRIGGER"),
		STR_INIT("ACKNOWLEDGED"), STR_INIT("FREEBUSY"), STR_INIT("TZUNTIL") };
	for (size_t i = 0; i < ARRAY_LEN(timed); i++)
		if (str_eq(property, timed[i]))
			return true;
	return str_starts(property, STR("X-"));
}

static err_t read_prop(struct reader *r, const struct xml_node *node, struct prop_filter *out)
{
	static const struct content content[] = { { "is-not-defined", 1 }, { "time-range", 1 }, { "text-match", 1 },
		{ "param-filter", UINT_MAX } };
	TRY(read_head(r, node, &out->name, &out->absent));
	TRY(read_test(r, node, &out->any));
	TRY(read_content(r, node, content, ARRAY_LEN(content)));
	struct param_filter *params =
		arena_array(r->cx->mem, struct param_filter, xml_count(node, NS_CALDAV, "param-filter") + 1);
	for (const struct xml_node *n = node->first; n; n = n->next) {
		if (xml_is(n, NS_CALDAV, "time-range"))
			TRY(read_range(r, n, &out->range));
		else if (xml_is(n, NS_CALDAV, "text-match"))
			TRY(read_text(r, n, &out->text));
		else if (xml_is(n, NS_CALDAV, "param-filter"))
			TRY(read_param(r, n, &params[out->param_count++]));
	}
	if (out->range.set && out->text.set)
		return REFUSE(r->cx, DAV_FILTER, "prop-filter", "A prop-filter has a time-range or a text-match.");
	if (out->range.set && !may_have_time(out->name))
		return REFUSE(r->cx, DAV_FILTER, "time-range", "%.*s has no time that a range could test.",
			STR_ARG(out->name));
	out->params = params;
	return OK;
}

/*
 * RFC 5545 §3.6: which component stands in which. A pair of known ones that is not in the table never does; of what is
 * not known nothing is known.
 */
static bool may_stand_in(struct str component, struct str parent)
{
	static const struct {
		struct str name, parents[2];
	} known[] = {
		{ STR_INIT("VCALENDAR"), { { 0 } } },
		{ STR_INIT("VEVENT"), { STR_INIT("VCALENDAR") } },
		{ STR_INIT("VTODO"), { STR_INIT("VCALENDAR") } },
		{ STR_INIT("VJOURNAL"), { STR_INIT("VCALENDAR") } },
		{ STR_INIT("VFREEBUSY"), { STR_INIT("VCALENDAR") } },
		{ STR_INIT("VTIMEZONE"), { STR_INIT("VCALENDAR") } },
		{ STR_INIT("STANDARD"), { STR_INIT("VTIMEZONE") } },
		{ STR_INIT("DAYLIGHT"), { STR_INIT("VTIMEZONE") } },
		{ STR_INIT("VALARM"), { STR_INIT("VEVENT"), STR_INIT("VTODO") } },
	};
	const struct str *parents = NULL;
	bool parent_known = false;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		parent_known |= str_eq(known[i].name, parent);
		if (str_eq(known[i].name, component))
			parents = known[i].parents;
	}
	return !parents || !parent_known || str_eq(parents[0], parent) || str_eq(parents[1], parent);
}

/* RFC 4791 §9.9: what a time-range means is said of these alone. */
static bool has_time(struct str component)
{
	static const struct str timed[] = { STR_INIT("VEVENT"), STR_INIT("VTODO"), STR_INIT("VJOURNAL"),
		STR_INIT("VFREEBUSY"), STR_INIT("VALARM") };
	for (size_t i = 0; i < ARRAY_LEN(timed); i++)
		if (str_eq(component, timed[i]))
			return true;
	return false;
}

/* As deep as the XML is, which xml_parse() bounds. */
static err_t read_comp(struct reader *r, const struct xml_node *node, struct str parent, struct comp_filter *out)
{
	static const struct content content[] = { { "is-not-defined", 1 }, { "time-range", 1 },
		{ "prop-filter", UINT_MAX }, { "comp-filter", UINT_MAX } };
	TRY(read_head(r, node, &out->name, &out->absent));
	TRY(read_test(r, node, &out->any));
	TRY(read_content(r, node, content, ARRAY_LEN(content)));
	if (parent.ptr && !may_stand_in(out->name, parent))
		return REFUSE(r->cx, DAV_FILTER, "comp-filter", "A %.*s never stands in a %.*s.", STR_ARG(out->name),
			STR_ARG(parent));
	struct prop_filter *props =
		arena_array(r->cx->mem, struct prop_filter, xml_count(node, NS_CALDAV, "prop-filter") + 1);
	struct comp_filter *comps =
		arena_array(r->cx->mem, struct comp_filter, xml_count(node, NS_CALDAV, "comp-filter") + 1);
	for (const struct xml_node *n = node->first; n; n = n->next) {
		if (xml_is(n, NS_CALDAV, "time-range"))
			TRY(read_range(r, n, &out->range));
		else if (xml_is(n, NS_CALDAV, "prop-filter"))
			TRY(read_prop(r, n, &props[out->prop_count++]));
		else if (xml_is(n, NS_CALDAV, "comp-filter"))
			TRY(read_comp(r, n, out->name, &comps[out->comp_count++]));
	}
	if (out->range.set && !has_time(out->name))
		return REFUSE(r->cx, DAV_FILTER, "time-range", "%.*s has no time that a range could test.",
			STR_ARG(out->name));
	out->props = props;
	out->comps = comps;
	return OK;
}

err_t filter_read(struct ctx *cx, const struct xml_node *query, struct filter *out)
{
	*out = (struct filter){ .root = { .absent = false } };
	const struct xml_node *filter = xml_child(query, NS_CALDAV, "filter");
	if (!filter)
		return REFUSE(cx, DAV_FILTER, "filter", "A calendar-query needs a filter.");
	const struct xml_node *root = xml_child(filter, NS_CALDAV, "comp-filter");
	struct reader r = { .cx = cx };
	if (!root || xml_count(filter, NS_CALDAV, "comp-filter") != 1)
		return REFUSE(cx, DAV_FILTER, "filter", "A filter holds one comp-filter, of VCALENDAR.");
	TRY(read_comp(&r, root, STR_ABSENT, &out->root));
	if (!str_eq(out->root.name, STR("VCALENDAR")))
		return REFUSE(cx, DAV_FILTER, "filter", "The outermost comp-filter is of VCALENDAR.");
	filter_plan_make(&out->root, &out->plan);
	return OK;
}
