/* SPDX-License-Identifier: Apache-2.0 */
#include "server/data/xml_fragment.h"

struct str xml_value(struct arena *mem, struct str raw)
{
	static const struct str ampersand = STR_INIT("&#38;");
	char *text = arena_take(mem, raw.len + 1, 1);
	size_t len = 0;
	for (size_t i = 0; i < raw.len; i++) {
		text[len++] = raw.ptr[i];
		if (str_starts(str_from(raw, i), ampersand))
			i += ampersand.len - 1;
	}
	return (struct str){ text, len };
}

struct xml_fragments xml_fragments_new(struct arena *mem)
{
	return (struct xml_fragments){ .out = buf_new(mem, XML_FRAGMENTS_MAX) };
}

static struct str text_of(const unsigned char *s)
{
	return s ? str_of((const char *)s) : STR("");
}

static bool bind(struct xml_fragments *f, const struct xml_start *start)
{
	if (start->namespace_count > XML_NAMESPACES_MAX - f->bound_count)
		return false;
	for (size_t i = 0; i < start->namespace_count; i++)
		f->bound[f->bound_count++] = (struct xml_binding){
			str_dup(f->out.mem, text_of(start->namespaces[2 * i])),
			xml_value(f->out.mem, text_of(start->namespaces[2 * i + 1])),
		};
	return true;
}

static void add_name(struct buf *out, struct str prefix, struct str local)
{
	buf_add(out, prefix);
	if (prefix.len)
		buf_char(out, ':');
	buf_add(out, local);
}

static void add_binding(struct buf *out, const struct xml_binding *b)
{
	buf_add(out, b->prefix.len ? STR(" xmlns:") : STR(" xmlns"));
	buf_add(out, b->prefix);
	BUF_LIT(out, "=\"");
	xml_escape_attribute(out, b->uri);
	buf_char(out, '"');
}

/* A newer binding of the same prefix hides this one. */
static bool is_hidden(const struct xml_fragments *f, size_t i)
{
	for (size_t newer = i + 1; newer < f->bound_count; newer++)
		if (str_eq(f->bound[newer].prefix, f->bound[i].prefix))
			return true;
	return false;
}

static void add_scope(struct xml_fragments *f)
{
	for (size_t i = 0; i < f->bound_count; i++)
		if (f->bound[i].uri.len && !is_hidden(f, i))
			add_binding(&f->out, &f->bound[i]);
}

/* Before the namespaces and between single quotes: a test suite of the field looks for xml:lang so, by its octets. */
static void add_attributes(struct xml_fragments *f, const struct xml_start *start, bool outermost)
{
	const struct xml_node *node = start->node;
	bool has_lang = false;
	for (size_t i = 0; i < node->attr_count; i++) {
		struct str prefix = text_of(start->attrs[5 * i + 1]);
		buf_char(&f->out, ' ');
		add_name(&f->out, prefix, node->attrs[i].local);
		BUF_LIT(&f->out, "='");
		xml_escape_attribute(&f->out, node->attrs[i].value);
		buf_char(&f->out, '\'');
		has_lang |= str_eq(prefix, STR("xml")) && str_eq(node->attrs[i].local, STR("lang"));
	}
	if (outermost && !has_lang && node->lang.len) {
		BUF_LIT(&f->out, " xml:lang='");
		xml_escape_attribute(&f->out, node->lang);
		buf_char(&f->out, '\'');
	}
}

static void close_tag(struct xml_fragments *f)
{
	if (f->tag_open)
		buf_char(&f->out, '>');
	f->tag_open = false;
}

bool xml_fragments_start(struct xml_fragments *f, const struct xml_start *start, bool keep)
{
	f->bound_at[f->depth++] = f->bound_count;
	size_t inherited = f->bound_count;
	if (!bind(f, start))
		return false;

	bool outermost = keep && !f->kept_depth;
	if (outermost) {
		f->kept_depth = f->depth;
		f->kept_from = f->out.len;
		f->kept = start->node;
	}
	if (!f->kept_depth)
		return true;
	close_tag(f);
	buf_char(&f->out, '<');
	add_name(&f->out, start->prefix, start->node->local);
	add_attributes(f, start, outermost);
	if (outermost)
		add_scope(f);
	else
		for (size_t i = inherited; i < f->bound_count; i++)
			add_binding(&f->out, &f->bound[i]);
	f->tag_open = true;
	return !f->out.full;
}

void xml_fragments_text(struct xml_fragments *f, struct str text)
{
	if (!f->kept_depth)
		return;
	close_tag(f);
	xml_escape(&f->out, text);
}

bool xml_fragments_end(struct xml_fragments *f, struct str prefix, struct str local)
{
	if (f->kept_depth && f->tag_open) {
		BUF_LIT(&f->out, "/>");
		f->tag_open = false;
	} else if (f->kept_depth) {
		BUF_LIT(&f->out, "</");
		add_name(&f->out, prefix, local);
		buf_char(&f->out, '>');
	}
	if (f->kept_depth == f->depth && f->kept) {
		f->kept->fragment = str_dup(f->out.mem, str_from(buf_str(&f->out), f->kept_from));
		f->kept = NULL;
		f->kept_depth = 0;
	}
	f->depth--;
	f->bound_count = f->bound_at[f->depth];
	return !f->out.full;
}
