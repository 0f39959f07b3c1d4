/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often a stranger can make this server call another: document.h. What one network asks for slows others at most
 * at an origin that it asks for much; and there what is kept of a document works on.
 */
#pragma once

#include "server/base/ctx.h"

/* What the network of cx->client_ip may ask for. RATE_LIMITED. */
MUST_CHECK err_t document_network_take(struct ctx *cx);

/*
 * A place for one fetch from this origin; give it back by document_place_leave().
 *
 * errors  RATE_LIMITED; UNAVAILABLE: too many are under way
 */
MUST_CHECK err_t document_place_take(struct ctx *cx, struct str origin, size_t *place_out);
void document_place_leave(size_t place);
