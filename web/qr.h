/* SPDX-License-Identifier: Apache-2.0 */
/* QR codes for pages: as the `d` of one <path>, since templates have no way to put in more than a value. */
#pragma once

#include "server/data/html.h"

/*
 * A row `name`, for {{#name}}{{>qr}}{{/name}}: the text as a QR code (ISO/IEC 18004) of medium correction, with its
 * quiet zone. No row for a text that fits into none, which is one of over 2,000 octets.
 */
void qr_values(struct ctx *cx, struct html_values *v, const char *name, struct str text);
