/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/html.h"

#include "server/data/html_program.h"

#define INCLUDES_MAX 16 /* within one another */
#define CHAINS 8        /* of the values of a row, by their names' hash */

enum value_kind { TEXT, FLAG, ROWS };

struct value {
	struct value *next;
	const char *name;
	uint32_t hash;
	enum value_kind kind;
	struct str text;
	bool flag;
	struct html_values *first_row, *last_row;
};

struct html_values {
	struct arena *mem;
	const struct html_values *outer;
	struct html_values *next_row;
	struct value *chains[CHAINS];
	const struct language *language; /* of a row: that of the tree */
};

struct html_values *html_values_new(struct arena *mem)
{
	struct html_values *v = arena_new(mem, struct html_values);
	v->mem = mem;
	return v;
}

static struct value *value_here(const struct html_values *v, struct str name, uint32_t hash)
{
	struct value *value = v->chains[hash % CHAINS];
	while (value && (value->hash != hash || !str_eq(str_of(value->name), name)))
		value = value->next;
	return value;
}

static const struct value *value_find(const struct html_values *v, const struct html_op *op)
{
	for (; v; v = v->outer) {
		const struct value *value = value_here(v, op->text, op->hash);
		if (value)
			return value;
	}
	return NULL;
}

struct str html_get(const struct html_values *v, struct str name)
{
	const struct html_op named = { .text = name, .hash = html_name_hash(name) };
	const struct value *value = value_find(v, &named);
	return value ? value->text : STR_ABSENT;
}

static struct value *value_at(struct html_values *v, const char *name)
{
	uint32_t hash = html_name_hash(str_of(name));
	struct value *value = value_here(v, str_of(name), hash), **chain = &v->chains[hash % CHAINS];
	if (value)
		return value;
	value = arena_new(v->mem, struct value);
	value->name = name;
	value->hash = hash;
	value->next = *chain;
	*chain = value;
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

struct rendering {
	struct ctx *cx;
	struct buf *out;
	const struct language *language;
	unsigned includes;
};

static err_t run(struct rendering *r, const struct html_op *ops, size_t count, const struct html_values *v);

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

static err_t run_each(struct rendering *r, const struct html_op *op, const struct html_values *v)
{
	const struct value *value = value_find(v, op);
	if (!is_true(value))
		return OK;
	if (value->kind != ROWS)
		return run(r, op + 1, op->body, v);
	for (const struct html_values *row = value->first_row; row; row = row->next_row)
		TRY(run(r, op + 1, op->body, row));
	return OK;
}

static err_t run_template(struct rendering *r, size_t at, const struct html_values *v)
{
	const struct html_program *program;
	if (r->includes == INCLUDES_MAX)
		return FAIL(r->cx, INTERNAL, "template %s: included in itself", html_templates[at].name);
	TRY(html_program_of(r->cx, at, r->language, &program));
	r->includes++;
	TRY(run(r, program->ops, program->count, v));
	r->includes--;
	return OK;
}

static err_t run(struct rendering *r, const struct html_op *ops, size_t count, const struct html_values *v)
{
	for (const struct html_op *op = ops; op < ops + count; op++) {
		const struct value *value;
		switch (op->kind) {
		case HTML_TEXT:
			buf_add(r->out, op->text);
			break;
		case HTML_VALUE:
			value = value_find(v, op);
			if (value && value->kind == TEXT)
				html_escape(r->out, value->text);
			break;
		case HTML_EACH:
			TRY(run_each(r, op, v));
			op += op->body;
			break;
		case HTML_UNLESS:
			if (!is_true(value_find(v, op)))
				TRY(run(r, op + 1, op->body, v));
			op += op->body;
			break;
		case HTML_INCLUDE:
			TRY(run_template(r, op->other, v));
			break;
		}
	}
	return OK;
}

err_t html_render_text(struct ctx *cx, struct buf *out, struct str text, const struct html_values *v)
{
	struct rendering r = { .cx = cx, .out = out, .language = v->language };
	struct html_program program;
	TRY(html_program_read(cx, text, v->language, &program));
	return run(&r, program.ops, program.count, v);
}

err_t html_render(struct ctx *cx, struct buf *out, const char *template_name, const struct html_values *v)
{
	struct rendering r = { .cx = cx, .out = out, .language = v->language };
	size_t at = html_template_at(str_of(template_name));
	if (at == html_template_count)
		return FAIL(cx, INTERNAL, "no template %s", template_name);
	return run_template(&r, at, v);
}

bool html_template_has(const char *template_name, struct str text)
{
	size_t at = html_template_at(str_of(template_name));
	return at < html_template_count && str_find(html_templates[at].text, text) != SIZE_MAX;
}

const struct html_asset *html_asset_find(struct str name)
{
	for (size_t i = 0; i < html_asset_count; i++)
		if (str_eq(str_of(html_assets[i].name), name))
			return &html_assets[i];
	return NULL;
}
