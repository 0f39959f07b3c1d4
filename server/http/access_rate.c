/* SPDX-License-Identifier: Apache-2.0 */
/* How often somebody may ask, and how much be written to an account. */
#include "server/http/access.h"
#include "server/http/limit.h"
#include "server/http/proxy.h"

/* A key with a rate of its own has it everywhere: calendar clients, whom nobody else counts, with it. */
static bool is_counted(const struct request *rq)
{
	bool own = rq->principal && rq->principal->rate > 0;
	return rq->module && rq->app->limiter && (rq->module->rate_limited || own);
}

void access_tell_limit(struct request *rq, const struct limit_state *state, bool passes)
{
	if (!rq->limit)
		rq->limit = arena_new(rq->cx.mem, struct limit_state);
	else if (passes && state->remaining > rq->limit->remaining)
		return;
	*rq->limit = *state;
}

/* Of an owner's keys alone: an app must not use up what its users have, nor a page what its owner has. */
static err_t count_account(struct request *rq)
{
	const struct rate *rate = &rq->app->account_rate;
	struct limit_state state;
	bool counts = rate->count && rq->module->rate_limited && rq->principal;
	if (!counts || !(rq->principal->kind & (ACCOUNT_KEY | SECRET_KEY | RESTRICTED_KEY)))
		return OK;
	struct id owner = id_in_mode(rq->principal->account, false);
	bool passes = limiter_take_of(rq->app->limiter, rate, owner, rq->cx.now, &state);
	access_tell_limit(rq, &state, passes);
	if (passes)
		return OK;
	struct err *e = REFUSE(&rq->cx, RATE_LIMITED, "",
		"The keys of this account together made more than %u requests in a second. Wait as long as Retry-After "
		"says.",
		rate->count);
	e->retry_after_s = state.retry_after_s;
	return e;
}

err_t access_count(struct request *rq)
{
	if (!is_counted(rq) || rq->limit)
		return OK;
	rq->limit = arena_new(rq->cx.mem, struct limit_state);
	struct id key =
		rq->principal ? rq->principal->credential : limit_key(address_network(rq->cx.mem, rq->cx.client_ip));
	if (limiter_take_slower(
		    rq->app->limiter, rq->principal ? rq->principal->rate : 0, key, rq->cx.now, rq->limit)) {
		TRY(count_account(rq));
		return access_count_call(rq);
	}
	struct err *e = FAIL(&rq->cx, RATE_LIMITED, "%s", rq->principal ? "credential" : "address");
	e->retry_after_s = rq->limit->retry_after_s;
	return e;
}

/* What the row is counted by besides; NULL for nothing. */
static const struct rate *rate_of(const struct request *rq)
{
	unsigned flags = rq->route ? rq->route->flags : 0;
	const struct rate *rate = flags & RATE_API_KEYS   ? &rq->app->api_keys_rate
				  : flags & RATE_FREEBUSY ? &rq->app->freebusy_rate
							  : NULL;
	return rate && rate->count && rq->app->limiter ? rate : NULL;
}

err_t access_count_call(struct request *rq)
{
	const struct rate *rate = rate_of(rq);
	struct limit_state state;
	if (!rate || !rq->principal)
		return OK;
	bool passes = limiter_take_of(rq->app->limiter, rate, rq->principal->credential, rq->cx.now, &state);
	if (rq->limit)
		access_tell_limit(rq, &state, passes);
	if (passes)
		return OK;
	struct err *e = REFUSE(&rq->cx, RATE_LIMITED, "",
		"This is called %u times in %u seconds at most. Wait as long as Retry-After says.", rate->count,
		rate->window_s);
	e->retry_after_s = state.retry_after_s;
	return e;
}

err_t access_count_visit(struct request *rq)
{
	struct limit_state state;
	struct id network = limit_key(address_network(rq->cx.mem, rq->cx.client_ip));
	if (!rq->app->visits || limiter_take(rq->app->visits, network, rq->cx.now, &state))
		return OK;
	state.policy = "visits";
	if (rq->limit)
		*rq->limit = state;
	struct err *e = FAIL(&rq->cx, RATE_LIMITED, "visits of a network");
	e->retry_after_s = state.retry_after_s;
	return e;
}

/* ---- writes ---- */

err_t access_count_write(struct request *rq, struct id owner)
{
	struct limit_state state;
	if (!rq->app->writes || limiter_take(rq->app->writes, id_in_mode(owner, false), rq->cx.now, &state))
		return OK;
	state.policy = "writes";
	if (rq->limit)
		*rq->limit = state;
	struct err *e = REFUSE(&rq->cx, RATE_LIMITED, "",
		"Too much is written to this account at once. Nothing of this request was stored: send it again when "
		"the seconds of Retry-After are over.");
	e->retry_after_s = state.retry_after_s;
	return e;
}

void access_charge_writes(struct request *rq, struct id owner, int64_t rows)
{
	if (rq->app->writes)
		limiter_charge(rq->app->writes, id_in_mode(owner, false), rq->cx.now, rows);
}
