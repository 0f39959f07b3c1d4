/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/view/time_range.h"
#include "caldav/reports/filter.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

const char *time_range_read(const struct xml_node *node, bool closed, struct ical_range *out, bool *empty_out)
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

/* ---- reading ---- */

struct reader {
	struct ctx *cx;
	unsigned count;
};

static err_t read_range(struct reader *r, const struct xml_node *node, struct ical_range *out)
{
	bool empty = false;
	const char *wrong = time_range_read(node, false, out, &empty);
	if (empty)
		return REFUSE(r->cx, MALFORMED, "time-range", "%s", wrong);
	if (*wrong)
		return REFUSE(r->cx, DAV_FILTER, "time-range", "%s", wrong);
	return OK;
}

static err_t read_text(struct reader *r, const struct xml_node *node, struct text_match *out)
{
	struct str collation = xml_attribute(node, "collation"), negate = xml_attribute(node, "negate-condition");

	/* RFC 4791 §7.5: "default" is the server's choice too. */
	if (str_eq(collation, STR("i;octet")))
		out->octet = true;
	else if (collation.ptr && !str_eq(collation, STR("i;ascii-casemap")) && !str_eq(collation, STR("default")))
		return REFUSE(r->cx, DAV_COLLATION, "collation", "Collations here: i;ascii-casemap and i;octet.");
	if (str_eq(negate, STR("yes")))
		out->negate = true;
	else if (negate.ptr && !str_eq(negate, STR("no")))
		return REFUSE(r->cx, DAV_FILTER, "negate-condition", "negate-condition is yes or no.");
	out->set = true;
	out->sent = node->text;
	out->text = out->octet ? node->text : str_lower(r->cx->mem, node->text);
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

/* ---- the plan ---- */

static int16_t component_of(struct str name)
{
	if (str_eq(name, STR("VEVENT")))
		return COMPONENT_VEVENT;
	if (str_eq(name, STR("VTODO")))
		return COMPONENT_VTODO;
	return str_eq(name, STR("VJOURNAL")) ? COMPONENT_VJOURNAL : 0;
}

static bool is_alnum(char c)
{
	return char_is_alpha(c) || char_is_digit(c);
}

/* The longest run of letters and digits: no escape, fold or quoting can stand inside. */
static struct str longest_run(struct str text)
{
	struct str best = STR_ABSENT;
	for (size_t i = 0; i < text.len;) {
		size_t start = i;
		while (i < text.len && is_alnum(text.ptr[i]))
			i++;
		if (i - start > best.len)
			best = str_sub(text, start, i);
		i += i == start;
	}
	return best;
}

/* Long enough to be rare, short enough that the search stays linear. */
#define NEEDLE_MAX 32

static void plan_text(struct filter_plan *plan, const struct text_match *text)
{
	if (!text->set || text->negate)
		return;
	struct str run = str_sub(longest_run(text->text), 0, NEEDLE_MAX);
	if (run.len >= 2 && run.len > plan->needle.len)
		plan->needle = run;
}

/* A UID shorter than this may well be part of another one. */
#define UID_SURE 20

static void plan_props(struct filter_plan *plan, const struct comp_filter *comp)
{
	for (size_t i = 0; i < comp->prop_count; i++) {
		const struct prop_filter *p = &comp->props[i];
		if (p->absent)
			continue;
		plan_text(plan, &p->text);
		for (size_t k = 0; k < p->param_count; k++)
			if (!p->params[k].absent)
				plan_text(plan, &p->params[k].text);
		if (str_eq(p->name, STR("UID")) && p->text.set && !p->text.negate && p->text.text.len >= UID_SURE)
			plan->uid = &p->text;
	}
}

/* One comp-filter directly inside VCALENDAR. */
static void plan_comp(struct filter_plan *plan, const struct comp_filter *comp, int16_t *allowed)
{
	int16_t bit = component_of(comp->name);
	if (!bit) {
		plan->exact = false; /* VTIMEZONE, X-…: only a parse tells */
		return;
	}
	if (comp->absent) {
		*allowed = (int16_t)(*allowed & ~bit); /* an object holds one kind (RFC 4791 §4.1) */
		return;
	}
	*allowed = (int16_t)(*allowed & bit);
	if (comp->prop_count || comp->comp_count)
		plan->exact = false;
	if (comp->range.set) {
		if (plan->range.set)
			plan->exact = false; /* two ranges: the first narrows, the parse judges */
		else
			plan->range = comp->range;
	}
	plan_props(plan, comp);
}

static void plan_make(struct filter *f)
{
	struct filter_plan *plan = &f->plan;
	int16_t allowed = COMPONENTS_ALL;

	plan->exact = f->root.prop_count == 0;
	for (size_t i = 0; i < f->root.comp_count; i++)
		plan_comp(plan, &f->root.comps[i], &allowed);
	plan->components = allowed == COMPONENTS_ALL ? 0 : allowed;
	plan->nothing = f->root.absent || allowed == 0;
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
	plan_make(out);
	return OK;
}

/* ---- judging ---- */

bool text_contains(struct arena *mem, struct str text, const struct text_match *match)
{
	return str_find(match->octet ? text : str_lower(mem, text), match->text) != SIZE_MAX;
}

static bool text_fits(struct arena *mem, const struct text_match *m, struct str value)
{
	return !m->set || text_contains(mem, value, m) != m->negate;
}

struct judge {
	struct ctx *cx;
	struct ical *object;
	struct str zone;
};

static bool params_fit(struct arena *mem, const struct prop_filter *f, const struct ical_prop *prop)
{
	for (size_t i = 0; i < f->param_count; i++) {
		struct str value = ical_param(prop, f->params[i].name);
		if (f->params[i].absent ? value.ptr != NULL
					: value.ptr == NULL || !text_fits(mem, &f->params[i].text, value))
			return false;
	}
	return true;
}

/* RFC 4791 §9.7.2: some property of this name meets all of it. */
static err_t prop_fits(const struct judge *j, const struct prop_filter *f, const struct ical_comp *comp, bool *out)
{
	const struct ical_prop *prop = ical_prop(comp, f->name);
	*out = f->absent ? prop == NULL : false;
	if (f->absent)
		return OK;
	if (f->range.set) {
		bool touches = false;
		TRY(ical_prop_touches(
			j->cx, j->object, comp, f->name, f->range.start, f->range.end, j->zone, &touches));
		if (!touches)
			return OK;
		*out = f->param_count == 0 && !f->text.set;
	}
	struct arena_mark mark = arena_mark(j->cx->mem);
	for (; prop && !*out; prop = ical_prop_again(prop)) {
		*out = params_fit(j->cx->mem, f, prop) &&
		       text_fits(j->cx->mem, &f->text, ical_text(j->cx->mem, prop->value));
		arena_rewind(j->cx->mem, mark);
	}
	return OK;
}

static err_t comp_fits(const struct judge *j, const struct comp_filter *f, const struct ical_comp *siblings, bool *out);

/* One component of the right name. */
static err_t one_fits(const struct judge *j, const struct comp_filter *f, const struct ical_comp *comp, bool *out)
{
	*out = true;
	if (f->range.set)
		TRY(ical_comp_touches(j->cx, j->object, comp, f->range.start, f->range.end, j->zone, out));
	for (size_t i = 0; *out && i < f->prop_count; i++)
		TRY(prop_fits(j, &f->props[i], comp, out));
	for (size_t i = 0; *out && i < f->comp_count; i++)
		TRY(comp_fits(j, &f->comps[i], comp->child, out));
	return OK;
}

/* RFC 4791 §9.7.1: some component of this name meets all of it. */
static err_t comp_fits(const struct judge *j, const struct comp_filter *f, const struct ical_comp *siblings, bool *out)
{
	const struct ical_comp *comp = ical_comp_named(siblings, f->name);
	*out = f->absent && !comp;
	for (; comp && !f->absent && !*out; comp = ical_comp_named(comp->next, f->name))
		TRY(one_fits(j, f, comp, out));
	return OK;
}

err_t filter_matches(struct ctx *cx, const struct filter *filter, struct ical *object, struct str zone, bool *out)
{
	const struct judge j = { cx, object, zone };
	return comp_fits(&j, &filter->root, object->root, out);
}

/* ---- without a parse ---- */

/* Behind a fold (RFC 5545 §3.1) that begins at `at`, or `at`. */
static size_t past_fold(struct str data, size_t at)
{
	for (;;) {
		size_t next = at;
		if (next < data.len && data.ptr[next] == '\r')
			next++;
		if (next + 1 >= data.len || data.ptr[next] != '\n' ||
			(data.ptr[next + 1] != ' ' && data.ptr[next + 1] != '\t'))
			return at;
		at = next + 2;
	}
}

static bool run_at(struct str data, size_t at, struct str run)
{
	for (size_t i = 0; i < run.len; i++) {
		if (i)
			at = past_fold(data, at);
		if (at >= data.len || char_lower(data.ptr[at]) != char_lower(run.ptr[i]))
			return false;
		at++;
	}
	return true;
}

/* Where `c` is next at or behind `at`; data.len if nowhere. */
static size_t next_of(struct str data, size_t at, char c)
{
	const char *found = at < data.len ? memchr(data.ptr + at, c, data.len - at) : NULL;
	return found ? (size_t)(found - data.ptr) : data.len;
}

bool filter_may_hold(const struct filter_plan *plan, struct str data)
{
	if (!plan->needle.len)
		return true;
	/* Both cases of the first letter, each looked for once. */
	char lower = char_lower(plan->needle.ptr[0]);
	char upper = lower >= 'a' && lower <= 'z' ? (char)(lower - 'a' + 'A') : lower;
	size_t a = next_of(data, 0, lower), b = next_of(data, 0, upper);
	while (a < data.len || b < data.len) {
		size_t at = a < b ? a : b;
		if (run_at(data, at, plan->needle))
			return true;
		if (a == at)
			a = next_of(data, at + 1, lower);
		if (b == at)
			b = next_of(data, at + 1, upper);
	}
	return false;
}

bool filter_uid(struct arena *mem, const struct filter_plan *plan, struct str uid)
{
	return !plan->uid || !uid.ptr || text_contains(mem, uid, plan->uid);
}
