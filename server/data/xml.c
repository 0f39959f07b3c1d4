/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SAX2 events of libxml2 become the tree. Text is gathered in one buffer for each depth and copied once, when its
 * element ends, so that work and memory are linear in the body whatever its shape.
 */
#include "server/data/xml.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <limits.h>

#include "server/data/xml_fragment.h"
#include "server/data/xml_scan.h"

struct builder {
	struct ctx *cx;
	xmlParserCtxt *parser;
	struct xml_node *root, *open[XML_DEPTH_MAX], *last[XML_DEPTH_MAX]; /* last: newest child of open[i] */
	struct buf text[XML_DEPTH_MAX];
	unsigned depth;
	size_t nodes;
	struct xml_fragments fragments;
	const char *wrong; /* the first thing that was; static text */
	int line;
	struct str said; /* libxml2's own words, where it was the one */
};

void xml_setup(void)
{
	xmlInitParser();
}

static struct str text_of(const xmlChar *s)
{
	return s ? str_of((const char *)s) : STR("");
}

static void stop(struct builder *b, const char *wrong)
{
	if (!b->wrong) {
		b->wrong = wrong;
		b->line = b->parser->input ? b->parser->input->line : 0;
	}
	xmlStopParser(b->parser);
}

/* libxml2 hands over five pointers an attribute: local name, prefix, namespace, start and end of the value. */
static const struct xml_attr *read_attributes(struct builder *b, int count, const xmlChar **five)
{
	struct xml_attr *attrs = arena_array(b->cx->mem, struct xml_attr, (size_t)count);
	for (int i = 0; i < count; i++, five += 5)
		attrs[i] = (struct xml_attr){
			.ns = xml_value(b->cx->mem, text_of(five[2])),
			.local = str_dup(b->cx->mem, text_of(five[0])),
			.value = xml_value(
				b->cx->mem, (struct str){ (const char *)five[3], (size_t)(five[4] - five[3]) }),
		};
	return attrs;
}

static struct str language(const struct xml_node *node, const struct xml_node *parent)
{
	for (size_t i = 0; i < node->attr_count; i++)
		if (str_eq(node->attrs[i].ns, text_of(XML_XML_NAMESPACE)) && str_eq(node->attrs[i].local, STR("lang")))
			return node->attrs[i].value;
	return parent ? parent->lang : STR_ABSENT;
}

static void link_node(struct builder *b, struct xml_node *node)
{
	if (!b->depth)
		b->root = node;
	else if (b->last[b->depth - 1])
		b->last[b->depth - 1]->next = node;
	else
		b->open[b->depth - 1]->first = node;
	if (b->depth)
		b->last[b->depth - 1] = node;
	b->last[b->depth] = NULL;
	b->open[b->depth] = node;
	buf_clear(&b->text[b->depth]);
	b->depth++;
}

/* The values of properties to set are kept as they were written (RFC 4918 §4.3, RFC 5689 §3). */
static bool is_property_to_set(const struct builder *b)
{
	unsigned d = b->depth;
	return d >= 3 && xml_is(b->open[d - 1], NS_DAV, "prop") && xml_is(b->open[d - 2], NS_DAV, "set");
}

static void on_start(void *user, const xmlChar *local, const xmlChar *prefix, const xmlChar *ns, int ns_count,
	const xmlChar **namespaces, int attr_count, int defaulted, const xmlChar **attrs)
{
	struct builder *b = user;
	(void)defaulted;
	if (b->wrong)
		return;
	if (b->depth == XML_DEPTH_MAX || attr_count > XML_ATTRIBUTES_MAX || ++b->nodes > XML_NODES_MAX) {
		stop(b, "it has too many elements");
		return;
	}
	struct xml_node *node = arena_new(b->cx->mem, struct xml_node);
	node->local = str_dup(b->cx->mem, text_of(local));
	node->ns = xml_value(b->cx->mem, text_of(ns));
	node->text = STR("");
	node->attr_count = (size_t)attr_count;
	node->attrs = attr_count ? read_attributes(b, attr_count, attrs) : NULL;
	node->lang = language(node, b->depth ? b->open[b->depth - 1] : NULL);

	struct xml_start start = {
		.node = node,
		.prefix = text_of(prefix),
		.namespaces = namespaces,
		.namespace_count = (size_t)ns_count,
		.attrs = attrs,
	};
	if (!xml_fragments_start(&b->fragments, &start, is_property_to_set(b))) {
		stop(b, "it declares too many namespaces, or its property values are too long");
		return;
	}
	link_node(b, node);
}

static void on_end(void *user, const xmlChar *local, const xmlChar *prefix, const xmlChar *ns)
{
	struct builder *b = user;
	(void)ns;
	if (b->wrong || !b->depth)
		return;
	b->depth--;
	struct buf *text = &b->text[b->depth];
	if (text->len)
		b->open[b->depth]->text = str_dup(b->cx->mem, buf_str(text));
	if (!xml_fragments_end(&b->fragments, text_of(prefix), text_of(local)))
		stop(b, "its property values are too long");
}

static void on_text(void *user, const xmlChar *text, int len)
{
	struct builder *b = user;
	if (b->wrong || !b->depth || len <= 0)
		return;
	struct str piece = { (const char *)text, (size_t)len };
	buf_add(&b->text[b->depth - 1], piece);
	xml_fragments_text(&b->fragments, piece);
}

/* The scan refuses these before; here stands the second lock. */
static void on_doctype(void *user, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	(void)name;
	(void)external;
	(void)system;
	stop(user, "a document type is not accepted");
}

/* Warnings (a relative namespace URI) are no reason to refuse. */
static void on_error(void *user, xmlError *error)
{
	struct builder *b = user;
	if (b->wrong || b->said.ptr || error->level < XML_ERR_ERROR)
		return;
	b->said = str_dup(b->cx->mem, str_trim(str_of(error->message ? error->message : "not well-formed"), STR_BLANK));
	b->line = error->line;
}

/*
 * libxml2 calls an undeclared prefix a recoverable error; here it is none (Namespaces in XML §5: a constraint), so
 * namespace well-formedness is asked for beside wellFormed. True when the document stands.
 */
static bool run_parser(struct builder *b, struct str text)
{
	xmlSAXHandler sax = {
		.initialized = XML_SAX2_MAGIC,
		.startElementNs = on_start,
		.endElementNs = on_end,
		.characters = on_text,
		.ignorableWhitespace = on_text,
		.cdataBlock = on_text,
		.internalSubset = on_doctype,
		.externalSubset = on_doctype,
		.serror = on_error,
	};
	b->parser = xmlNewParserCtxt();
	if (!b->parser)
		return false;
	*b->parser->sax = sax;
	b->parser->userData = b;
	xmlCtxtReadMemory(b->parser, text.ptr, (int)text.len, NULL, NULL,
		XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC);
	bool good = b->parser->wellFormed && b->parser->nsWellFormed && !b->wrong && b->root;
	xmlFreeParserCtxt(b->parser);
	b->parser = NULL;
	return good;
}

static err_t refuse(struct ctx *cx, const char *wrong, int line)
{
	return REFUSE(cx, MALFORMED, "", "The XML body is not accepted: %s (line %d).", wrong, line);
}

static int line_of(struct str text, size_t at)
{
	int line = 1;
	for (size_t i = 0; i < at; i++)
		line += text.ptr[i] == '\n';
	return line;
}

err_t xml_parse(struct ctx *cx, struct str body, const struct xml_node **root_out)
{
	struct builder b = { .cx = cx };
	struct str text;
	size_t at = 0;

	if (!body.len) {
		*root_out = NULL;
		return OK;
	}
	const char *wrong = body.len > INT_MAX / 4 ? "it is too long" : xml_scan_encoding(cx->mem, body, &text);
	if (wrong)
		return refuse(cx, wrong, 1);
	wrong = xml_scan_tags(text, &at);
	if (wrong)
		return refuse(cx, wrong, line_of(text, at));

	for (size_t i = 0; i < XML_DEPTH_MAX; i++)
		b.text[i] = buf_new(cx->mem, text.len);
	b.fragments = xml_fragments_new(cx->mem);
	if (!run_parser(&b, text))
		return refuse(cx,
			b.wrong      ? b.wrong
			: b.said.ptr ? str_c(cx->mem, b.said)
				     : "it is not well-formed",
			b.line);
	*root_out = b.root;
	return OK;
}

/* ---- reading the tree ---- */

bool xml_is(const struct xml_node *node, const char *ns, const char *local)
{
	return node && str_eq(node->local, str_of(local)) && str_eq(node->ns, str_of(ns));
}

const struct xml_node *xml_child(const struct xml_node *node, const char *ns, const char *local)
{
	const struct xml_node *child = node ? node->first : NULL;
	while (child && !xml_is(child, ns, local))
		child = child->next;
	return child;
}

size_t xml_count(const struct xml_node *node, const char *ns, const char *local)
{
	size_t count = 0;
	for (const struct xml_node *child = node->first; child; child = child->next)
		count += xml_is(child, ns, local);
	return count;
}

struct str xml_attribute(const struct xml_node *node, const char *local)
{
	for (size_t i = 0; node && i < node->attr_count; i++)
		if (!node->attrs[i].ns.len && str_eq(node->attrs[i].local, str_of(local)))
			return node->attrs[i].value;
	return STR_ABSENT;
}

struct str xml_text(const struct xml_node *node)
{
	return node ? str_trim(node->text, STR_BLANK) : STR_ABSENT;
}
