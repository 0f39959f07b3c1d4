/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The byte scan before libxml2: libxml2 2.9 takes minutes for a tag of 50,000 attributes, parses
 * an internal DTD before anyone can refuse it, and recurses by depth. All of this is seen here in one pass.
 */
#pragma once

#include "server/base/str.h"

/*
 * The body as UTF-8 without byte order mark (converted from UTF-16 into mem where one stands before it). NULL, or what
 * is wrong.
 */
const char *xml_scan_encoding(struct arena *mem, struct str body, struct str *out);

/* UTF-8 text: NULL, or what is wrong; *at_out is the octet. */
const char *xml_scan_tags(struct str text, size_t *at_out);
