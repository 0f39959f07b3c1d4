/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/html.h"

#define NESTING_MAX 16 /* of sections and includes together */

enum value_kind { TEXT, FLAG, ROWS };

struct value {
	struct value *next;
	const char *name;
	enum value_kind kind;
	struct str text;
	bool flag;
	struct html_values *first_row, *last_row;
};

struct html_values {
	struct arena *mem;
	const struct html_values *outer;
	struct html_values *next_row;
	struct value *first;
	const struct language *language; /* of a row: that of the tree */
};

struct html_values *html_values_new(struct arena *mem)
{
	struct html_values *v = arena_new(mem, struct html_values);
	v->mem = mem;
	return v;
}

static struct value *value_here(const struct html_values *v, struct str name)
{
	struct value *value = v->first;
	while (value && !str_eq(str_of(value->name), name))
		value = value->next;
	return value;
}

static const struct value *value_find(const struct html_values *v, struct str name)
{
	for (; v; v = v->outer) {
		const struct value *value = value_here(v, name);
		if (value)
			return value;
	}
	return NULL;
}

static struct value *value_at(struct html_values *v, const char *name)
{
	struct value *value = value_here(v, str_of(name));
	if (value)
		return value;
	value = arena_new(v->mem, struct value);
	value->name = name;
	value->next = v->first;
	v->first = value;
	return value;
}

void html_set(struct html_values *v, const char *name, struct str text)
{
	struct value *value = value_at(v, name);
	value->kind = TEXT;
	value->text = text;
}

void html_set_language(struct html_values *v, const struct language *language)
{
	v->language = language;
}

void html_set_flag(struct html_values *v, const char *name, bool flag)
{
	struct value *value = value_at(v, name);
	value->kind = FLAG;
	value->flag = flag;
}

struct html_values *html_add_row(struct html_values *v, const char *list)
{
	struct value *value = value_at(v, list);
	struct html_values *row = html_values_new(v->mem);
	value->kind = ROWS;
	row->outer = v;
	row->language = v->language;
	if (value->last_row)
		value->last_row->next_row = row;
	else
		value->first_row = row;
	value->last_row = row;
	return row;
}

void html_escape(struct buf *out, struct str text)
{
	size_t copied = 0;
	for (size_t i = 0; i < text.len; i++) {
		struct str instead;
		switch (text.ptr[i]) {
		case '&':
			instead = STR("&amp;");
			break;
		case '<':
			instead = STR("&lt;");
			break;
		case '>':
			instead = STR("&gt;");
			break;
		case '"':
			instead = STR("&quot;");
			break;
		case '\'':
			instead = STR("&#39;");
			break;
		default:
			continue;
		}
		buf_add(out, str_sub(text, copied, i));
		buf_add(out, instead);
		copied = i + 1;
	}
	buf_add(out, str_from(text, copied));
}

/* ---- rendering ---- */

static err_t render(struct ctx *cx, struct buf *out, struct str text, const struct html_values *v, unsigned depth);

static bool is_true(const struct value *value)
{
	if (!value)
		return false;
	switch (value->kind) {
	case TEXT:
		return value->text.len > 0;
	case FLAG:
		return value->flag;
	case ROWS:
		return value->first_row;
	}
	return false;
}

static err_t ill_formed(struct ctx *cx, struct str tag)
{
	return FAIL(cx, INTERNAL, "template: {{%.*s}} is ill-formed, not closed or nested too deeply", STR_ARG(tag));
}

/* Take text up to the next tag, and the tag without its braces, off the front. False: no tag is left. */
static bool next_tag(struct str *rest, struct str *before, struct str *tag)
{
	size_t open = str_find(*rest, STR("{{"));
	size_t close = open == SIZE_MAX ? SIZE_MAX : str_find(str_from(*rest, open), STR("}}"));
	if (close == SIZE_MAX) {
		*before = *rest;
		return false;
	}
	*before = str_sub(*rest, 0, open);
	*tag = str_sub(*rest, open + 2, open + close);
	*rest = str_from(*rest, open + close + 2);
	return true;
}

/* What stands before the {{/name}} that belongs to a section just opened; rest goes after it. */
static bool section_body(struct str *rest, struct str name, struct str *body)
{
	struct str all = *rest, before, tag;
	unsigned open = 1;
	while (next_tag(rest, &before, &tag)) {
		if (!str_eq(str_from(tag, 1), name))
			continue;
		open += tag.ptr[0] == '#' || tag.ptr[0] == '^';
		if (tag.ptr[0] == '/' && --open == 0) {
			*body = str_sub(all, 0, (size_t)(tag.ptr - 2 - all.ptr));
			return true;
		}
	}
	return false;
}

static err_t render_section(struct ctx *cx, struct buf *out, struct str body, const struct value *value,
	const struct html_values *v, unsigned depth)
{
	if (!is_true(value))
		return OK;
	if (value->kind != ROWS)
		return render(cx, out, body, v, depth + 1);
	for (const struct html_values *row = value->first_row; row; row = row->next_row)
		TRY(render(cx, out, body, row, depth + 1));
	return OK;
}

static err_t render_named(struct ctx *cx, struct buf *out, struct str name, const struct html_values *v, unsigned depth)
{
	for (size_t i = 0; i < html_template_count; i++)
		if (str_eq(str_of(html_templates[i].name), name))
			return render(cx, out, html_templates[i].text, v, depth);
	return FAIL(cx, INTERNAL, "no template %.*s", STR_ARG(name));
}

static err_t render_tag(
	struct ctx *cx, struct buf *out, struct str tag, struct str *rest, const struct html_values *v, unsigned depth)
{
	struct str name = str_from(tag, 1), body;
	switch (tag.len ? tag.ptr[0] : '\0') {
	case '>':
		return render_named(cx, out, name, v, depth + 1);
	case '#':
		if (!section_body(rest, name, &body))
			return ill_formed(cx, tag);
		if (str_eq(name, STR("t")))
			return render(cx, out, catalogue_text(v->language, body), v, depth + 1);
		return render_section(cx, out, body, value_find(v, name), v, depth);
	case '^':
		if (!section_body(rest, name, &body))
			return ill_formed(cx, tag);
		return is_true(value_find(v, name)) ? OK : render(cx, out, body, v, depth + 1);
	case '\0':
	case '/':
	case '@':
		return ill_formed(cx, tag);
	default: {
		const struct value *value = value_find(v, tag);
		if (value && value->kind == TEXT)
			html_escape(out, value->text);
		return OK;
	}
	}
}

static err_t render(struct ctx *cx, struct buf *out, struct str text, const struct html_values *v, unsigned depth)
{
	struct str rest = text, before, tag;
	if (depth > NESTING_MAX)
		return ill_formed(cx, text);
	while (next_tag(&rest, &before, &tag)) {
		buf_add(out, before);
		TRY(render_tag(cx, out, tag, &rest, v, depth));
	}
	buf_add(out, before);
	return OK;
}

err_t html_render_text(struct ctx *cx, struct buf *out, struct str text, const struct html_values *v)
{
	return render(cx, out, text, v, 0);
}

err_t html_render(struct ctx *cx, struct buf *out, const char *template_name, const struct html_values *v)
{
	return render_named(cx, out, str_of(template_name), v, 0);
}

bool html_template_has(const char *template_name, struct str text)
{
	for (size_t i = 0; i < html_template_count; i++)
		if (str_eq(str_of(html_templates[i].name), str_of(template_name)))
			return str_find(html_templates[i].text, text) != SIZE_MAX;
	return false;
}

const struct html_asset *html_asset_find(struct str name)
{
	for (size_t i = 0; i < html_asset_count; i++)
		if (str_eq(str_of(html_assets[i].name), name))
			return &html_assets[i];
	return NULL;
}
