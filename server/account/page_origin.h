/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of which origins may call at all: docs/adr/0025. */
#pragma once

#include "server/base/ctx.h"

/*
 * Does a live key list this origin (as a browser sends it, RFC 6454 §7), or has an app a redirect URI there? Of apps
 * on this computer, any port will do, as for their redirect URIs (OAuth 2.1 §8.4.2). One round trip; none for what is
 * no origin of http or https.
 */
MUST_CHECK err_t page_origin_known(struct ctx *cx, struct str origin, bool *out);
