/* SPDX-License-Identifier: Apache-2.0 */
/* QR codes (ISO/IEC 18004) of medium correction, with their quiet zone. */
#pragma once

#include "server/data/html.h"

/*
 * A row `name`, for {{#name}}{{>qr}}{{/name}}: the text as the `d` of one <path>, since templates have no way to put in
 * more than a value. No row for a text that fits into no code, which is one of over 2,000 octets.
 */
void qr_values(struct ctx *cx, struct html_values *v, const char *name, struct str text);

/* A picture of its own, as image/svg+xml, added to `out`. False: the text fits into none. */
bool qr_svg(struct ctx *cx, struct str text, struct buf *out);
