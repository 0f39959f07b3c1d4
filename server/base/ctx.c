/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/ctx.h"

struct instant account_now(const struct ctx *cx)
{
	return instant_add_s(cx->now, cx->ahead_s);
}

void ctx_begin(struct ctx *cx, unsigned patience_ms)
{
	cx->patience_ms = patience_ms;
	cx->until = deadline_in_ms(patience_ms);
}

void ctx_go_on(struct ctx *cx)
{
	ctx_begin(cx, cx->patience_ms ? cx->patience_ms : PATIENCE_DEFAULT_MS);
}

struct deadline ctx_deadline(const struct ctx *cx, unsigned most_ms)
{
	struct deadline most = deadline_in_ms(most_ms);
	if (!cx->until.at_us)
		return deadline_sooner(most, deadline_in_ms(PATIENCE_DEFAULT_MS));
	return deadline_sooner(most, cx->until);
}
