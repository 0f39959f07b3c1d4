/* SPDX-License-Identifier: Apache-2.0 */
/* Cutting content lines into components, properties and parameters, which borrow from them; all is bounded. */
#include "caldav/calendar/ical/ical.h"

#include <string.h>

#include "caldav/calendar/ical/scan.h"

#define DEPTH_MAX 4 /* VCALENDAR, VEVENT, VALARM, and one for what is unknown */
#define COMPONENTS_MAX 4000
#define PROPERTIES_MAX 20000
#define TIMEZONES_MAX 100
#define RULES_MAX 300      /* RRULE and EXRULE, in time zones for the most part */
#define PARAMETERS_MAX 100 /* of one property */
#define PARAMETERS_STEP 4  /* room is taken for so many at a time */
#define DATES_MAX 20000    /* values of all EXDATE and RDATE together */

struct parser {
	struct ctx *cx;
	struct scan_line line; /* at hand */
	const struct ical_comp *root;
	/* Where the next one of each kind is hung. */
	struct ical_comp *open[DEPTH_MAX];
	const struct ical_comp **child_link[DEPTH_MAX + 1];
	const struct ical_prop **prop_link[DEPTH_MAX + 1];
	size_t depth;
	size_t components, properties, timezones, dates, rules;
};

#define BAD(p, ...) REFUSE((p)->cx, ICAL_DATA, "", __VA_ARGS__)

static struct str upper(struct arena *mem, struct str s)
{
	size_t i = 0;
	while (i < s.len && !(s.ptr[i] >= 'a' && s.ptr[i] <= 'z'))
		i++;
	if (i == s.len)
		return s;
	char *copy = arena_take(mem, s.len, 1);
	for (i = 0; i < s.len; i++)
		copy[i] = s.ptr[i] >= 'a' && s.ptr[i] <= 'z' ? (char)(s.ptr[i] - 32) : s.ptr[i];
	return (struct str){ copy, s.len };
}

/* ---- parameters ---- */

/* Quotes go (they only protect), and ^n, ^' and ^^ are what they stand for (RFC 6868 §3). */
static struct str param_value(struct arena *mem, struct str raw)
{
	if (!str_has(raw, '"') && !str_has(raw, '^'))
		return raw;
	char *text = arena_take(mem, raw.len, 1);
	size_t len = 0;
	for (size_t i = 0; i < raw.len; i++) {
		char c = raw.ptr[i], escaped = i + 1 < raw.len ? raw.ptr[i + 1] : 0;
		if (c == '"')
			continue;
		if (c == '^' && (escaped == 'n' || escaped == '^' || escaped == '\'')) {
			c = escaped == 'n' ? '\n' : escaped == '^' ? '^' : '"';
			i++;
		}
		text[len++] = c;
	}
	return (struct str){ text, len };
}

/* ";NAME=value" from line[*at] on, up to ';' or ':' outside of quotes. */
static err_t parameter(struct parser *p, struct str line, size_t *at, struct ical_param *out)
{
	size_t begin = ++*at, equals = SIZE_MAX;
	bool quoted = false;
	for (; *at < line.len; ++*at) {
		char c = line.ptr[*at];
		if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == ';' || c == ':'))
			break;
		else if (c == '=' && equals == SIZE_MAX)
			equals = *at;
	}
	if (*at == line.len)
		return BAD(p, "line %d: a property without a colon%s", p->line.number,
			quoted ? " (a quote is not closed)" : "");
	size_t name_end = equals == SIZE_MAX ? *at : equals;
	out->name = upper(p->cx->mem, str_sub(line, begin, name_end));
	out->raw = equals == SIZE_MAX ? STR("") : str_sub(line, equals + 1, *at);
	out->value = param_value(p->cx->mem, out->raw);
	return OK;
}

/* ---- properties ---- */

static err_t dates_count(struct parser *p, const struct ical_prop *prop)
{
	if (str_eq(prop->name, STR("RRULE")) || str_eq(prop->name, STR("EXRULE"))) {
		if (++p->rules > RULES_MAX)
			return BAD(p, "line %d: too many recurrence rules (%d)", p->line.number, RULES_MAX);
	} else if (str_eq(prop->name, STR("EXDATE")) || str_eq(prop->name, STR("RDATE"))) {
		p->dates++;
		for (size_t i = 0; i < prop->value.len; i++)
			p->dates += prop->value.ptr[i] == ',';
		if (p->dates > DATES_MAX)
			return BAD(p, "line %d: too many dates in EXDATE and RDATE (%d)", p->line.number, DATES_MAX);
	}
	return OK;
}

/* One of 64, and of RFC 5545's names hardly two the same. A name is not empty. */
static uint64_t name_bit(struct str name)
{
	unsigned first = (unsigned char)name.ptr[0], last = (unsigned char)name.ptr[name.len - 1];
	return UINT64_C(1) << ((first * 11 + last * 3 + (unsigned)name.len * 5) & 63);
}

/* `at` is where the name ends. */
static err_t property(struct parser *p, size_t at)
{
	struct str line = p->line.text;
	struct ical_param *params = NULL;
	size_t count = 0;
	if (++p->properties > PROPERTIES_MAX)
		return BAD(p, "line %d: too many properties (%d)", p->line.number, PROPERTIES_MAX);
	struct ical_prop *prop = arena_new(p->cx->mem, struct ical_prop);
	prop->name = upper(p->cx->mem, str_sub(line, 0, at));
	prop->raw = p->line.raw;
	while (line.ptr[at] == ';') {
		if (count == PARAMETERS_MAX)
			return BAD(p, "line %d: too many parameters (%d)", p->line.number, PARAMETERS_MAX);
		if (count % PARAMETERS_STEP == 0)
			params = arena_grow(
				p->cx->mem, params, count * sizeof *params, (count + PARAMETERS_STEP) * sizeof *params);
		TRY(parameter(p, line, &at, &params[count++]));
	}
	prop->params = params;
	prop->param_count = count;
	prop->value = str_from(line, at + 1);
	p->open[p->depth - 1]->names |= name_bit(prop->name);
	*p->prop_link[p->depth] = prop;
	p->prop_link[p->depth] = &prop->next;
	return dates_count(p, prop);
}

/* ---- components ---- */

static err_t begin(struct parser *p, struct str name)
{
	if (!p->depth && p->root)
		return BAD(p, "line %d: a second component after the VCALENDAR", p->line.number);
	if (!p->depth && !str_eq_nocase(name, STR("VCALENDAR")))
		return BAD(p, "line %d: BEGIN:VCALENDAR expected", p->line.number);
	if (p->depth && str_eq_nocase(name, STR("VCALENDAR")))
		return BAD(p, "line %d: VCALENDAR inside a component", p->line.number);
	if (p->depth == DEPTH_MAX)
		return BAD(p, "line %d: components are nested too deeply", p->line.number);
	if (++p->components > COMPONENTS_MAX)
		return BAD(p, "line %d: too many components (%d)", p->line.number, COMPONENTS_MAX);
	if (str_eq_nocase(name, STR("VTIMEZONE")) && ++p->timezones > TIMEZONES_MAX)
		return BAD(p, "line %d: too many VTIMEZONEs (%d)", p->line.number, TIMEZONES_MAX);
	struct ical_comp *comp = arena_new(p->cx->mem, struct ical_comp);
	comp->name = upper(p->cx->mem, name);
	comp->raw.ptr = p->line.raw.ptr;
	comp->parent = p->depth ? p->open[p->depth - 1] : NULL;
	*p->child_link[p->depth] = comp;
	p->child_link[p->depth] = &comp->next;
	p->open[p->depth++] = comp;
	p->child_link[p->depth] = &comp->child;
	p->prop_link[p->depth] = &comp->props;
	return OK;
}

static err_t end(struct parser *p, struct str name)
{
	if (!p->depth || !str_eq_nocase(p->open[p->depth - 1]->name, name))
		return BAD(p, "line %d: END:%.*s without its BEGIN", p->line.number, STR_ARG(str_sub(name, 0, 40)));
	struct ical_comp *comp = p->open[--p->depth];
	comp->raw.len = (size_t)(p->line.raw.ptr + p->line.raw.len - comp->raw.ptr);
	return OK;
}

/* ---- lines ---- */

static bool is_name_char(char c)
{
	return char_is_alpha(c) || char_is_digit(c) || c == '-' || c == '_' || c == '.';
}

static err_t content_line(struct parser *p)
{
	struct str line = p->line.text;
	size_t n = 0;
	while (n < line.len && is_name_char(line.ptr[n]))
		n++;
	if (!n || n == line.len || (line.ptr[n] != ':' && line.ptr[n] != ';'))
		return BAD(p, "line %d: not a property (NAME:value expected)", p->line.number);
	if (n == 5 && str_starts_nocase(line, STR("BEGIN:")))
		return begin(p, str_trim(str_from(line, 6), STR_BLANK));
	if (n == 3 && str_starts_nocase(line, STR("END:")))
		return end(p, str_trim(str_from(line, 4), STR_BLANK));
	if (!p->depth)
		return BAD(p, "line %d: %s", p->line.number,
			p->root ? "something after the VCALENDAR" : "BEGIN:VCALENDAR expected");
	return property(p, n);
}

err_t ical_parse(struct ctx *cx, struct str data, struct ical **out)
{
	struct parser *p = arena_new(cx->mem, struct parser);
	struct scan scan = scan_open(data);
	bool more;
	p->cx = cx;
	p->child_link[0] = &p->root;
	for (;;) {
		TRY(scan_next(cx, &scan, &p->line, &more));
		if (!more)
			break;
		TRY(content_line(p));
	}
	if (!p->root)
		return BAD(p, "BEGIN:VCALENDAR is missing");
	if (p->depth)
		return BAD(p, "END:%.*s is missing", STR_ARG(p->open[p->depth - 1]->name));
	struct ical *ical = arena_new(cx->mem, struct ical);
	ical->data = data;
	ical->root = p->root;
	*out = ical;
	return OK;
}

/* ---- looking at it ---- */

const struct ical_prop *ical_prop_again(const struct ical_prop *prop)
{
	const struct ical_prop *p = prop->next;
	while (p && !str_eq(p->name, prop->name))
		p = p->next;
	return p;
}

size_t ical_props_count(const struct ical_comp *comp, struct str name)
{
	size_t n = 0;
	for (const struct ical_prop *p = ical_prop(comp, name); p; p = ical_prop_again(p))
		n++;
	return n;
}

const struct ical_prop *ical_prop(const struct ical_comp *comp, struct str name)
{
	const struct ical_prop *p = comp->names & name_bit(name) ? comp->props : NULL;
	while (p && !str_eq(p->name, name))
		p = p->next;
	return p;
}

struct str ical_value(const struct ical_comp *comp, struct str name)
{
	const struct ical_prop *p = ical_prop(comp, name);
	return p ? p->value : STR_ABSENT;
}

struct str ical_param(const struct ical_prop *prop, struct str name)
{
	for (size_t i = 0; i < prop->param_count; i++)
		if (str_eq(prop->params[i].name, name))
			return prop->params[i].value;
	return STR_ABSENT;
}

const struct ical_comp *ical_comp_named(const struct ical_comp *comp, struct str name)
{
	while (comp && !str_eq(comp->name, name))
		comp = comp->next;
	return comp;
}

static const struct {
	struct str name;
	enum component component;
} kinds[] = {
	{ STR_INIT("VEVENT"), COMPONENT_VEVENT },
	{ STR_INIT("VTODO"), COMPONENT_VTODO },
	{ STR_INIT("VJOURNAL"), COMPONENT_VJOURNAL },
};

enum component ical_component(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_eq(name, kinds[i].name))
			return kinds[i].component;
	return 0;
}

const struct ical_comp *ical_main(const struct ical *object)
{
	const struct ical_comp *first = NULL;
	for (const struct ical_comp *c = object->root->child; c; c = c->next) {
		if (!ical_component(c->name))
			continue;
		if (!ical_prop(c, STR("RECURRENCE-ID")))
			return c;
		first = first ? first : c;
	}
	return first;
}
