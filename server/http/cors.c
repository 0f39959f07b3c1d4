/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/cors.h"

#include "server/base/config.h"
#include "server/http/header_alias.h"
#include "server/http/match.h"

/* What a page may send and read, besides what Fetch allows without asking: all that such a route reads or says. */
#define SENDS                                                                                                          \
	"Authorization, Content-Type, Accept, Idempotency-Key, If-Match, If-None-Match, Connected-Account, "           \
	"Api-Version, Last-Event-ID, MCP-Protocol-Version, DPoP"
#define READS                                                                                                          \
	"Request-Id, ETag, Location, Retry-After, WWW-Authenticate, X-RateLimit-Limit, X-RateLimit-Remaining, "        \
	"X-RateLimit-Reset, RateLimit-Policy, RateLimit, Idempotent-Replayed, Api-Version, Deprecation, Sunset, "      \
	"DPoP-Nonce"

static const unsigned cors_flags = CORS_ANY | CORS_KEYS;

static bool lists(struct str_list origins, struct str origin)
{
	for (size_t i = 0; i < origins.count; i++)
		if (str_eq(origins.items[i], origin))
			return true;
	return false;
}

static err_t is_known(struct request *rq, const struct route *route, struct str origin, bool *out)
{
	*out = (route->who & PUBLISHABLE_KEY) || (rq->principal && lists(rq->principal->origins, origin));
	return *out || !rq->app->origin_known ? OK : rq->app->origin_known(&rq->cx, origin, out);
}

static err_t not_for_page(struct request *rq, struct str origin)
{
	return REFUSE(&rq->cx, ORIGIN_NOT_ALLOWED, "Origin",
		"No key and no app here is for pages of %.*s. Put this origin into allowed_origins of the key that the "
		"page "
		"uses, or give its app a redirect URI there.",
		STR_ARG(str_sub(origin, 0, 200)));
}

err_t cors_check(struct request *rq, const struct route *route)
{
	struct str origin = request_header(rq, "Origin");
	bool known = false;
	if (!origin.ptr || !(route->flags & cors_flags))
		return OK;
	if (route->flags & CORS_ANY) {
		rq->page_origin = STR("*");
		return OK;
	}
	if (!str_eq(origin, STR("null")))
		TRY(is_known(rq, route, origin, &known));
	if (known)
		rq->page_origin = origin;
	else if ((route->flags & KNOWN_PAGES) && !str_eq(origin, rq->cx.config->public_url))
		return not_for_page(rq, origin);
	return OK;
}

static struct str with_aliases(struct request *rq, const char *names, const char *const *aliases, size_t count)
{
	struct buf out = buf_new(rq->cx.mem, 4096);
	buf_add(&out, str_of(names));
	for (size_t i = 0; i < count; i++) {
		const char *alias = header_alias(rq, aliases[i]);
		if (alias)
			buf_fmt(&out, ", %s", alias);
	}
	return buf_str(&out);
}

void cors_headers(struct response *rs)
{
	struct request *rq = rs->rq;
	if (rq->route && (rq->route->flags & CORS_KEYS))
		response_header(rs, "Vary", STR("Origin"));
	if (!rq->page_origin.ptr)
		return;
	static const char *const aliases[] = { "Idempotent-Replay", "Version", "Deprecation-Date" };
	const char *own = rq->module ? rq->module->pages_read : NULL;
	response_header(rs, "Access-Control-Allow-Origin", rq->page_origin);
	response_header(rs, "Access-Control-Expose-Headers",
		own ? str_of(own) : with_aliases(rq, READS, aliases, ARRAY_LEN(aliases)));
}

static struct str sends(struct request *rq)
{
	static const char *const aliases[] = { "Account", "Version" };
	const char *own = rq->module->pages_send;
	return own ? str_of(own) : with_aliases(rq, SENDS, aliases, ARRAY_LEN(aliases));
}

err_t cors_preflight(struct request *rq, struct response *rs, bool *out)
{
	struct str wanted = request_header(rq, "Access-Control-Request-Method"), origin = request_header(rq, "Origin");
	struct match meant;
	*out = false;
	if (!wanted.ptr || !origin.ptr)
		return OK;
	match_find(rq->cx.mem, rq->app, &rq->path, method_of(wanted), &meant);
	if (!meant.route || !(meant.route->flags & cors_flags))
		return OK;
	rq->route = meant.route;
	rq->module = meant.module;
	TRY(cors_check(rq, meant.route));
	if (!rq->page_origin.ptr)
		return not_for_page(rq, origin);
	reply_empty(rs, 204);
	response_header(rs, "Access-Control-Allow-Methods", match_allow(rq->cx.mem, rq->app, &rq->path, true));
	response_header(rs, "Access-Control-Allow-Headers", sends(rq));
	response_header(rs, "Access-Control-Max-Age", STR("600"));
	*out = true;
	return OK;
}
