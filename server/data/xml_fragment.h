/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property values as self-contained XML, written while the parser runs: the outermost element declares every namespace
 * in scope (a value may hold QNames) and keeps the xml:lang it inherited, prefixes stay as they were (RFC 4918 §4.3).
 */
#pragma once

#include "server/data/xml.h"

struct xml_binding {
	struct str prefix, uri;
};

struct xml_fragments {
	struct buf out;
	struct xml_binding bound[XML_NAMESPACES_MAX];
	size_t bound_count, bound_at[XML_DEPTH_MAX + 1]; /* bindings before the element at this depth */
	unsigned depth, kept_depth;                      /* kept_depth: of the fragment's element, 0 outside */
	size_t kept_from;
	struct xml_node *kept;
	bool tag_open; /* "<x" was written, and '>' or "/>" is due */
};

/* A start tag: the node, and what of libxml2's event is not in it (void: xmlChar is no word of this header). */
struct xml_start {
	struct xml_node *node;
	struct str prefix;
	const unsigned char **namespaces; /* prefix and URI in turn */
	size_t namespace_count;
	const unsigned char **attrs; /* five pointers each: the second is the prefix */
};

/*
 * The value of an attribute or namespace declaration, copied: without entity substitution libxml2 leaves '&' in it as
 * "&#38;".
 */
struct str xml_value(struct arena *mem, struct str raw);

struct xml_fragments xml_fragments_new(struct arena *mem);
/* False: too many namespaces in scope, or the fragments are longer than XML_FRAGMENTS_MAX together. */
bool xml_fragments_start(struct xml_fragments *f, const struct xml_start *start, bool keep);
void xml_fragments_text(struct xml_fragments *f, struct str text);
bool xml_fragments_end(struct xml_fragments *f, struct str prefix, struct str local);
