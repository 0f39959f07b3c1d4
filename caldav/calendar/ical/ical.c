/* SPDX-License-Identifier: Apache-2.0 */
/* Cutting scanned bytes into components, properties and parameters, which borrow from them. */
#include "caldav/calendar/ical/ical.h"

#include <string.h>

#include "caldav/calendar/ical/scan.h"

/* Everything is allocated at once, from the scan's counts. */
struct parser {
	struct arena *mem;
	const char *at, *end;
	struct ical_comp *comps;
	struct ical_prop *props;
	struct ical_param *params;
	/* Where the next one of each kind is hung. */
	struct ical_comp *open[SCAN_DEPTH_MAX];
	const struct ical_comp **child_link[SCAN_DEPTH_MAX + 1];
	const struct ical_prop **prop_link[SCAN_DEPTH_MAX + 1];
	size_t depth;
};

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

/* ---- lines ---- */

/* The end of the physical line at `at`, behind its line end; *text_out is the line without it. */
static const char *physical_line(const char *at, const char *end, struct str *text_out)
{
	const char *feed = memchr(at, '\n', (size_t)(end - at));
	const char *text_end = feed ? feed : end;
	if (text_end > at && text_end[-1] == '\r')
		text_end--;
	*text_out = (struct str){ at, (size_t)(text_end - at) };
	return feed ? feed + 1 : end;
}

static bool is_fold(const char *at, const char *end)
{
	return at < end && (*at == ' ' || *at == '\t');
}

/* Take the content line at p->at: as sent, and unfolded (a copy only where it was folded; RFC 5545 §3.1). */
static void content_line(struct parser *p, struct str *raw_out, struct str *line_out)
{
	const char *begin = p->at, *after;
	struct str piece;
	p->at = after = physical_line(begin, p->end, line_out);
	if (is_fold(after, p->end)) {
		while (is_fold(after, p->end))
			after = physical_line(after, p->end, &piece);
		char *text = arena_take(p->mem, (size_t)(after - begin), 1);
		size_t len = line_out->len;
		memcpy(text, line_out->ptr, len);
		while (p->at < after) {
			p->at = physical_line(p->at, p->end, &piece);
			memcpy(text + len, piece.ptr + 1, piece.len - 1);
			len += piece.len - 1;
		}
		*line_out = (struct str){ text, len };
	}
	*raw_out = (struct str){ begin, (size_t)(p->at - begin) };
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
static void parameter(struct parser *p, struct str line, size_t *at, struct ical_param *out)
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
	size_t name_end = equals == SIZE_MAX ? *at : equals;
	out->name = upper(p->mem, str_sub(line, begin, name_end));
	out->value = equals == SIZE_MAX ? STR("") : param_value(p->mem, str_sub(line, equals + 1, *at));
}

static struct ical_prop *property(struct parser *p, struct str raw, struct str line)
{
	struct ical_prop *prop = p->props++;
	size_t at = 0;
	while (line.ptr[at] != ':' && line.ptr[at] != ';')
		at++;
	prop->name = upper(p->mem, str_sub(line, 0, at));
	prop->raw = raw;
	prop->params = p->params;
	while (at < line.len && line.ptr[at] == ';') {
		parameter(p, line, &at, p->params++);
		prop->param_count++;
	}
	prop->value = at < line.len ? str_from(line, at + 1) : STR("");
	return prop;
}

/* ---- components ---- */

static void begin(struct parser *p, struct str name, const char *raw)
{
	struct ical_comp *comp = p->comps++;
	comp->name = upper(p->mem, name);
	comp->raw.ptr = raw;
	comp->parent = p->depth ? p->open[p->depth - 1] : NULL;
	*p->child_link[p->depth] = comp;
	p->child_link[p->depth] = &comp->next;
	p->open[p->depth++] = comp;
	p->child_link[p->depth] = &comp->child;
	p->prop_link[p->depth] = &comp->props;
}

static void end(struct parser *p)
{
	struct ical_comp *comp = p->open[--p->depth];
	comp->raw.len = (size_t)(p->at - comp->raw.ptr);
}

err_t ical_parse(struct ctx *cx, struct str data, struct ical **out)
{
	struct scan scan;
	const struct ical_comp *root = NULL;
	TRY(scan_ical(cx, data, &scan));
	struct parser p = { .mem = cx->mem, .at = scan.text.ptr, .end = scan.text.ptr + scan.text.len };
	p.comps = arena_array(cx->mem, struct ical_comp, scan.components);
	p.props = arena_array(cx->mem, struct ical_prop, scan.properties);
	p.params = arena_array(cx->mem, struct ical_param, scan.parameters + 1);
	p.child_link[0] = &root;
	while (p.at < p.end) {
		struct str raw, line;
		content_line(&p, &raw, &line);
		if (str_starts_nocase(line, STR("BEGIN:"))) {
			begin(&p, str_trim(str_from(line, 6), " \t"), raw.ptr);
		} else if (str_starts_nocase(line, STR("END:"))) {
			end(&p);
		} else if (line.len) {
			struct ical_prop *prop = property(&p, raw, line);
			*p.prop_link[p.depth] = prop;
			p.prop_link[p.depth] = &prop->next;
		}
	}
	struct ical *ical = arena_new(cx->mem, struct ical);
	ical->data = data;
	ical->root = root;
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

const struct ical_prop *ical_prop(const struct ical_comp *comp, struct str name)
{
	const struct ical_prop *p = comp->props;
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
