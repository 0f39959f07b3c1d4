/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/guess_limit.h"

#include "server/base/address.h"
#include "server/http/access.h"

err_t guess_limit_take(struct request *rq, struct str what)
{
	struct ctx *cx = &rq->cx;
	struct limit_state state;
	if (!rq->app->limiter)
		return OK;
	struct str network = address_network(cx->mem, cx->client_ip);
	struct str subject = str_fmt(cx->mem, "%.*s from %.*s", STR_ARG(what), STR_ARG(network));
	bool passes = limiter_take(rq->app->limiter, limit_key(subject), cx->now, &state);
	state.policy = "network";
	access_tell_limit(rq, &state, passes);
	if (passes)
		return OK;
	struct err *e = FAIL(cx, RATE_LIMITED, "%.*s", STR_ARG(what));
	e->retry_after_s = state.retry_after_s;
	return e;
}
