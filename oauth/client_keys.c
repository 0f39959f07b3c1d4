/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/client_keys.h"

#include <stdatomic.h>

#include "server/base/config.h"
#include "server/base/log.h"
#include "server/db/query.h"
#include "server/net/fetch.h"
#include "sql.h"

#define FRESH_S 3600
#define KEPT_S 86400
#define TRY_EVERY_S 60
#define FETCH_MS 3000u
#define FETCHES_AT_ONCE 4 /* each holds a thread as long as the other server likes, FETCH_MS at most */

/* What one of the keys must have made: a signature, or else a certificate that is of it. */
struct made {
	const struct jws *jws; /* NULL: the certificate */
	struct bytes certificate;
};

/* *known_out: it could be of this one. */
static bool is_of(struct ctx *cx, const struct made *made, const struct jwk *key, bool *known_out)
{
	const struct jws *jws = made->jws;
	if (!jws) {
		bool good = jwk_is_certified(key, made->certificate);
		*known_out |= good;
		return good;
	}
	if (!(key->algs & JWS_ALG(jws->alg)) || (jws->kid.ptr && !str_eq(jws->kid, key->kid)))
		return false;
	*known_out = true;
	return jws_verify(cx, jws, key);
}

/* *known_out: there was a key that it could be of. */
static bool is_of_one(struct ctx *cx, struct str text, const struct made *made, bool *known_out)
{
	struct jwk_set *set = arena_new(cx->mem, struct jwk_set);
	*known_out = false;
	if (!text.ptr || jwk_set_read(cx, text, set))
		return false;
	for (size_t i = 0; i < set->count; i++)
		if (is_of(cx, made, &set->items[i], known_out))
			return true;
	return false;
}

/* ---- fetching ---- */

static atomic_int fetching;

static bool fetch_bounded(struct ctx *cx, const struct fetch *what, struct fetched *out)
{
	bool done = false;
	if (atomic_fetch_add(&fetching, 1) < FETCHES_AT_ONCE)
		done = !fetch(cx, what, out);
	atomic_fetch_sub(&fetching, 1);
	return done;
}

static struct str fetch_keys(struct ctx *cx, const struct client_keys *keys)
{
	const struct str accept[] = { STR("Accept: application/jwk-set+json, application/json") };
	const struct fetch what = { .url = keys->jwks_uri,
		.headers = { accept, ARRAY_LEN(accept) },
		.keep = JWK_SET_TEXT_MAX,
		.whole_ms = FETCH_MS,
		.may_be_private = cx->config && cx->config->allow_private_hooks };
	struct jwk_set *set = arena_new(cx->mem, struct jwk_set);
	struct fetched got = { 0 };
	const char *wrong = fetch_bounded(cx, &what, &got) ? NULL : "no answer";
	if (!wrong && (got.status != 200 || got.cut))
		wrong = "not 200, or too long";
	if (!wrong)
		wrong = jwk_set_read(cx, got.body, set);
	if (!wrong)
		return got.body;
	log_event(LOG_WARN, "client_keys_not_fetched", LOG_STR("client", id_text(cx->mem, "cli", keys->client)),
		LOG_C("why", wrong), LOG_INT("status", got.status));
	return STR_ABSENT;
}

/* What jwks_uri has by now; absent when it was asked within the last minute, or has no keys. */
static err_t fetch_again(struct ctx *cx, const struct client_keys *keys, struct str *out)
{
	size_t mine = 0;
	*out = STR_ABSENT;
	TRY(db_exec(cx, &sql_client_keys_claim, &mine, IN(keys->client), IN(keys->jwks_uri), IN(cx->now),
		IN(instant_add_s(cx->now, -TRY_EVERY_S))));
	struct str text = mine ? fetch_keys(cx, keys) : STR_ABSENT;
	if (text.ptr)
		TRY(db_exec(
			cx, &sql_client_keys_store, NULL, IN(keys->client), IN(keys->jwks_uri), IN(text), IN(cx->now)));
	*out = text;
	return OK;
}

static bool is_younger(const struct ctx *cx, const struct client_keys *keys, int64_t seconds)
{
	return keys->fetched.ptr && instant_before(instant_add_s(cx->now, -seconds), keys->fetched_at);
}

static err_t find_fetched(struct ctx *cx, const struct client_keys *keys, const struct made *made, bool *out)
{
	bool known = false;
	struct str fresh;
	*out = is_younger(cx, keys, FRESH_S) && is_of_one(cx, keys->fetched, made, &known);
	if (known)
		return OK;
	TRY(fetch_again(cx, keys, &fresh));
	if (!fresh.ptr && is_younger(cx, keys, KEPT_S))
		fresh = keys->fetched;
	if (!fresh.ptr)
		return REFUSE(cx, UNAVAILABLE, "client_assertion",
			"The keys of this app could not be fetched from its jwks_uri. Try again in a minute.");
	*out = is_of_one(cx, fresh, made, &known);
	return OK;
}

static err_t find(struct ctx *cx, const struct client_keys *keys, const struct made *made, bool *out)
{
	bool known;
	if (keys->jwks_uri.ptr)
		return find_fetched(cx, keys, made, out);
	*out = is_of_one(cx, keys->jwks, made, &known);
	return OK;
}

err_t client_keys_verify(struct ctx *cx, const struct client_keys *keys, const struct jws *jws, bool *out)
{
	return find(cx, keys, &(struct made){ .jws = jws }, out);
}

err_t client_keys_certify(struct ctx *cx, const struct client_keys *keys, struct bytes certificate, bool *out)
{
	return find(cx, keys, &(struct made){ .certificate = certificate }, out);
}
