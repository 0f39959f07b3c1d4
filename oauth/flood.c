/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/flood.h"

#include <string.h>

#include "server/account/throttle.h"
#include "server/crypto/digest.h"
#include "server/http/limit.h"

err_t flood_count(struct request *rq, struct str what)
{
	struct ctx *cx = &rq->cx;
	struct limit_state state;
	uint8_t digest[SHA256_SIZE];
	struct id key;
	if (!rq->app->limiter)
		return OK;
	struct str network = throttle_network(cx->mem, cx->client_ip);
	struct str subject = str_fmt(cx->mem, "%.*s from %.*s", STR_ARG(what), STR_ARG(network));
	sha256(bytes_of(subject.ptr, subject.len), digest);
	memcpy(key.octets, digest, sizeof key.octets);
	if (limiter_take(rq->app->limiter, key, cx->now, &state))
		return OK;
	struct err *e = FAIL(cx, RATE_LIMITED, "%.*s", STR_ARG(what));
	e->retry_after_s = state.retry_after_s;
	return e;
}
