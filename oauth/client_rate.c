/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/client_rate.h"

#include "oauth/guess_limit.h"
#include "oauth/registration.h"
#include "server/base/address.h"
#include "server/http/access.h"

static struct id counted_as(struct request *rq, const struct client *client)
{
	struct arena *mem = rq->cx.mem;
	struct str subject = str_fmt(mem, "%.*s %s", STR_ARG(id_uuid(mem, client->id)), rq->route->path);
	if (client->kind != CLIENT_CONFIDENTIAL)
		subject = str_fmt(
			mem, "%.*s from %.*s", STR_ARG(subject), STR_ARG(address_network(mem, rq->cx.client_ip)));
	return limit_key(subject);
}

err_t client_rate_take(struct request *rq, const struct client *client)
{
	const struct rate *rate = &rq->app->client_rate;
	struct limit_state state;
	if (!rq->app->limiter || !rate->count)
		return OK;
	bool passes = limiter_take_of(rq->app->limiter, rate, counted_as(rq, client), rq->cx.now, &state);
	access_tell_limit(rq, &state, passes);
	if (passes)
		return OK;
	struct err *e = REFUSE(&rq->cx, RATE_LIMITED, "",
		"This app called this endpoint more than %u times in %u seconds. Wait as long as Retry-After says.",
		rate->count, rate->window_s);
	e->retry_after_s = state.retry_after_s;
	return e;
}

err_t client_row_take(struct request *rq, const struct client *client)
{
	bool known = client->registration == REGISTERED_BY_OWNER && client->kind == CLIENT_CONFIDENTIAL;
	return known ? OK : guess_limit_take(rq, STR("authorize"));
}
