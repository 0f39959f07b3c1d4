/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/html_program.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define NESTING_MAX 16     /* of sections in a template */
#define TEXT_MAX (1 << 24) /* octets of a template: far more than any has */

struct reader {
	struct ctx *cx;
	const struct language *language;
	struct html_op *ops;
	size_t count, cap;
	struct buf text; /* that stands before the next op */
};

static err_t read_text(struct reader *r, struct str text, unsigned depth);

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

static size_t add(struct reader *r, struct html_op op)
{
	if (r->count == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 32;
		r->ops = arena_grow(r->cx->mem, r->ops, r->cap * sizeof op, cap * sizeof op);
		r->cap = cap;
	}
	r->ops[r->count] = op;
	return r->count++;
}

/* Texts that follow one another are one. */
static void add_text(struct reader *r)
{
	if (r->text.len)
		add(r, (struct html_op){ .kind = HTML_TEXT, .text = str_dup(r->cx->mem, buf_str(&r->text)) });
	buf_clear(&r->text);
}

static size_t add_named(struct reader *r, enum html_op_kind kind, struct str name)
{
	add_text(r);
	return add(r, (struct html_op){ .kind = kind, .hash = html_name_hash(name), .text = name });
}

static err_t read_section(struct reader *r, enum html_op_kind kind, struct str name, struct str body, unsigned depth)
{
	size_t at = add_named(r, kind, name);
	TRY(read_text(r, body, depth + 1));
	add_text(r);
	r->ops[at].body = (uint32_t)(r->count - at - 1);
	return OK;
}

static err_t read_include(struct reader *r, struct str name)
{
	size_t other = html_template_at(name);
	if (other == html_template_count)
		return FAIL(r->cx, INTERNAL, "no template %.*s", STR_ARG(name));
	size_t at = add_named(r, HTML_INCLUDE, name);
	r->ops[at].other = (uint32_t)other;
	return OK;
}

static err_t read_tag(struct reader *r, struct str tag, struct str *rest, unsigned depth)
{
	struct str name = str_from(tag, 1), body;
	switch (tag.len ? tag.ptr[0] : '\0') {
	case '>':
		return read_include(r, name);
	case '#':
	case '^':
		if (!section_body(rest, name, &body))
			return ill_formed(r->cx, tag);
		if (str_eq(tag, STR("#t")))
			return read_text(r, catalogue_text(r->language, body), depth + 1);
		return read_section(r, tag.ptr[0] == '#' ? HTML_EACH : HTML_UNLESS, name, body, depth);
	case '\0':
	case '/':
	case '@':
		return ill_formed(r->cx, tag);
	default:
		add_named(r, HTML_VALUE, tag);
		return OK;
	}
}

static err_t read_text(struct reader *r, struct str text, unsigned depth)
{
	struct str rest = text, before, tag;
	if (depth > NESTING_MAX)
		return ill_formed(r->cx, text);
	while (next_tag(&rest, &before, &tag)) {
		buf_add(&r->text, before);
		TRY(read_tag(r, tag, &rest, depth));
	}
	buf_add(&r->text, before);
	return r->text.full ? ill_formed(r->cx, STR("…")) : OK;
}

err_t html_program_read(struct ctx *cx, struct str text, const struct language *language, struct html_program *out)
{
	struct reader r = { .cx = cx, .language = language, .text = buf_new(cx->mem, TEXT_MAX) };
	TRY(read_text(&r, text, 0));
	add_text(&r);
	*out = (struct html_program){ r.ops, r.count };
	return OK;
}

/* ---- those that are compiled in ---- */

size_t html_template_at(struct str name)
{
	size_t at = 0;
	while (at < html_template_count && !str_eq(str_of(html_templates[at].name), name))
		at++;
	return at;
}

/* Of each language, English first, those of html_templates. NULL: not read yet. */
static struct html_program *_Atomic *kept;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_room(void)
{
	kept = calloc((catalogue_language_count + 1) * html_template_count, sizeof *kept);
	if (!kept)
		abort();
}

/* SIZE_MAX: of a language that is none of ours. */
static size_t index_of(size_t at, const struct language *language)
{
	size_t nth = language ? 1 : 0;
	while (nth && nth <= catalogue_language_count && language != &catalogue_languages[nth - 1])
		nth++;
	return nth <= catalogue_language_count ? nth * html_template_count + at : SIZE_MAX;
}

/* In one piece, without what reading left over. Names stand in the template or the catalogue. */
static struct html_program *copy_of(const struct html_program *p)
{
	size_t octets = sizeof *p + p->count * sizeof *p->ops;
	for (size_t i = 0; i < p->count; i++)
		octets += p->ops[i].kind == HTML_TEXT ? p->ops[i].text.len : 0;
	struct html_program *copy = malloc(octets);
	if (!copy)
		abort();
	struct html_op *ops = (struct html_op *)(copy + 1);
	char *texts = (char *)(ops + p->count);
	for (size_t i = 0; i < p->count; i++) {
		ops[i] = p->ops[i];
		if (ops[i].kind != HTML_TEXT)
			continue;
		memcpy(texts, ops[i].text.ptr, ops[i].text.len);
		ops[i].text.ptr = texts;
		texts += ops[i].text.len;
	}
	*copy = (struct html_program){ ops, p->count };
	return copy;
}

/* Of two that read the same at once one is kept. */
static const struct html_program *keep(struct html_program *_Atomic *at, const struct html_program *read)
{
	struct html_program *copy = copy_of(read), *other = NULL;
	if (atomic_compare_exchange_strong(at, &other, copy))
		return copy;
	free(copy);
	return other;
}

err_t html_program_of(struct ctx *cx, size_t at, const struct language *language, const struct html_program **out)
{
	size_t index = index_of(at, language);
	pthread_once(&once, make_room);
	*out = index == SIZE_MAX ? NULL : atomic_load(&kept[index]);
	if (*out)
		return OK;
	struct html_program *read = arena_new(cx->mem, struct html_program);
	TRY(html_program_read(cx, html_templates[at].text, language, read));
	*out = index == SIZE_MAX ? read : keep(&kept[index], read);
	return OK;
}
