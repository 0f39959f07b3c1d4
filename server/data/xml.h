/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XML of request bodies (libxml2 SAX2 after a byte scan) into a small tree in the arena, and the
 * escape routine for what is written. No DTD, no entities but the five, no network; size, depth, attributes and name
 * lengths are bounded.
 */
#pragma once

#include "server/base/buf.h"
#include "server/base/ctx.h"

#define XML_DEPTH_MAX 32
#define XML_ATTRIBUTES_MAX 64
#define XML_TAG_MAX 4096                        /* octets of one tag */
#define XML_NODES_MAX 40000                     /* a multiget of a megabyte has about 17,000 */
#define XML_NAMESPACES_MAX 128                  /* declared and in scope at once */
#define XML_FRAGMENTS_MAX ((size_t)1024 * 1024) /* of all fragments together */

#define NS_DAV "DAV:"
#define NS_CALDAV "urn:ietf:params:xml:ns:caldav"
#define NS_CS "http://calendarserver.org/ns/"
#define NS_ICAL "http://apple.com/ns/ical/"

struct xml_attr {
	struct str ns, local, value;
};

struct xml_node {
	struct str ns, local; /* ns is empty where none */
	const struct xml_attr *attrs;
	size_t attr_count;
	struct str text; /* all character data directly inside, joined, not trimmed; never absent */
	struct xml_node *first, *next;
	struct str lang;     /* xml:lang in scope; absent if none */
	struct str fragment; /* the element as self-contained XML (namespaces in scope declared, xml:lang kept); only
				for nodes that xml_parse was asked to keep: children of DAV:prop inside DAV:set */
};

/* Sets up libxml2: once, before the first thread. */
void xml_setup(void);

/*
 * UTF-8, or UTF-16 with a byte order mark; a declared encoding must say the same.
 *
 * errors  MALFORMED with the reason (DOCTYPE, depth, attributes, tag length, encoding, not well-formed) and the line
 *
 * An empty body gives *root_out NULL and OK: the caller knows what empty means.
 */
MUST_CHECK err_t xml_parse(struct ctx *cx, struct str body, const struct xml_node **root_out);

bool xml_is(const struct xml_node *node, const char *ns, const char *local);                      /* false for NULL */
const struct xml_node *xml_child(const struct xml_node *node, const char *ns, const char *local); /* first; NULL */
size_t xml_count(const struct xml_node *node, const char *ns, const char *local);                 /* such children */
struct str xml_attribute(const struct xml_node *node, const char *local); /* no namespace; absent if none */
struct str xml_text(const struct xml_node *node);                         /* trimmed; absent for a NULL node */

/*
 * Text between tags: & < > and CR (as &#13;). For an attribute's value in double quotes also the quote, TAB and LF.
 * What XML 1.0 cannot say at all (control characters, U+FFFE, U+FFFF) becomes U+FFFD, so that an answer stays
 * well-formed.
 */
void xml_escape(struct buf *out, struct str text);
void xml_escape_attribute(struct buf *out, struct str text);
