/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/token.h"

#include "oauth/certificate_auth.h"
#include "oauth/client_credentials.h"
#include "oauth/code.h"
#include "oauth/details.h"
#include "oauth/device.h"
#include "oauth/endpoint.h"
#include "oauth/exchange.h"
#include "oauth/id_token.h"
#include "oauth/proof.h"
#include "oauth/refresh.h"
#include "oauth/registration.h"
#include "server/data/json.h"

/* grant_type=authorization_code (OAuth 2.1 §4.1.3) */
static err_t by_code(struct request *rq, const struct grant_call *call, struct token_pair *out)
{
	const struct params *params = call->params;
	struct code_claim claim = {
		.client = call->client,
		.bound = call->bound,
		.code = param_get(params, "code"),
		.verifier = param_get(params, "code_verifier"),
		.redirect_uri = param_get(params, "redirect_uri"),
	};
	TRY(params_audience(&rq->cx, params, &claim.audience));
	return code_redeem(&rq->cx, &claim, out);
}

/* grant_type=refresh_token (OAuth 2.1 §4.3.1) */
static err_t by_refresh(struct request *rq, const struct grant_call *call, struct token_pair *out)
{
	const struct params *params = call->params;
	struct str scope = param_get(params, "scope");
	struct refresh_claim claim = {
		.client = call->client, .bound = call->bound, .token = param_get(params, "refresh_token")
	};
	uint64_t asked = 0;
	if (scope.ptr && !scope_parse_spoken(scope, &asked))
		return scope_refused(&rq->cx, scope);
	claim.scopes = asked & (uint64_t)SCOPES_ASKABLE;
	TRY(params_audience(&rq->cx, params, &claim.audience));
	TRY(token_refresh(&rq->cx, &claim, out));
	out->scopes |= scope_spoken(asked, out->scopes);
	return OK;
}

/* What is meant by an exchange: of one access token for another (RFC 8693 §2.1). */
static err_t check_exchange(struct ctx *cx, const struct params *params)
{
	struct str of = param_get(params, "subject_token_type"), wanted = param_get(params, "requested_token_type");
	if (!of.ptr)
		return REFUSE(cx, MISSING_FIELD, "subject_token_type",
			"The parameter subject_token_type is missing; it is " ACCESS_TOKEN_TYPE ".");
	if (!str_eq(of, STR(ACCESS_TOKEN_TYPE)))
		return REFUSE(
			cx, INVALID_VALUE, "subject_token_type", "subject_token_type is not " ACCESS_TOKEN_TYPE ".");
	if (wanted.ptr && !str_eq(wanted, STR(ACCESS_TOKEN_TYPE)))
		return REFUSE(cx, INVALID_VALUE, "requested_token_type", "Only " ACCESS_TOKEN_TYPE " is given.");
	if (param_count(params, "actor_token") || param_count(params, "actor_token_type"))
		return REFUSE(
			cx, INVALID_VALUE, "actor_token", "Nobody acts for another here: the app itself is the actor.");
	if (param_count(params, "audience"))
		return REFUSE(
			cx, INVALID_TARGET, "audience", "A part of this server is named by its URL, in resource.");
	return OK;
}

static err_t by_exchange(struct request *rq, const struct grant_call *call, struct token_pair *out)
{
	const struct params *params = call->params;
	struct str scope = param_get(params, "scope");
	struct exchange_claim claim = {
		.client = call->client, .bound = call->bound, .subject = param_get(params, "subject_token")
	};
	TRY(check_exchange(&rq->cx, params));
	if (scope.ptr && !scope_parse(scope, &claim.scopes))
		return scope_refused(&rq->cx, scope);
	TRY(params_audience(&rq->cx, params, &claim.audience));
	return token_exchange(&rq->cx, &claim, out);
}

/* RFC 8628 §3.4 */
static err_t by_device(struct request *rq, const struct grant_call *call, struct token_pair *out)
{
	struct code_claim claim = {
		.client = call->client, .bound = call->bound, .code = param_get(call->params, "device_code")
	};
	TRY(params_audience(&rq->cx, call->params, &claim.audience));
	return device_redeem(&rq->cx, &claim, out);
}

/* OAuth 2.1 §4.2 */
static err_t by_client(struct request *rq, const struct grant_call *call, struct token_pair *out)
{
	struct str scope = param_get(call->params, "scope");
	struct machine_claim claim = { .client = call->client, .bound = call->bound };
	if (scope.ptr && !scope_parse(scope, &claim.scopes))
		return scope_refused(&rq->cx, scope);
	TRY(params_audience(&rq->cx, call->params, &claim.audience));
	return token_of_machine(&rq->cx, &claim, out);
}

/* clang-format off */
const struct grant_row grant_rows[] = {
	{ "authorization_code", GRANT_CODE,    by_code },
	{ "refresh_token",      GRANT_REFRESH, by_refresh },
	{ "client_credentials", GRANT_CLIENT,  by_client },
	{ "urn:ietf:params:oauth:grant-type:token-exchange", GRANT_EXCHANGE, by_exchange },
	{ "urn:ietf:params:oauth:grant-type:device_code", GRANT_DEVICE, by_device },
};
/* clang-format on */
const size_t grant_row_count = ARRAY_LEN(grant_rows);

const struct grant_row *grant_find(struct str name)
{
	for (size_t i = 0; i < grant_row_count; i++)
		if (str_eq(name, str_of(grant_rows[i].name)))
			return &grant_rows[i];
	return NULL;
}

/* Its client_id as it knows it: that of an app that nobody registered stands in each of its requests, or is its URL. */
static struct str own_name(struct arena *mem, const struct client *client)
{
	if (client->registration == REGISTERED_BY_OWNER)
		return id_text(mem, "cli", client->id);
	return client->called.ptr ? client->called : client->url.ptr ? client->url : id_text(mem, "cli", client->id);
}

static int64_t remaining_s(struct instant now, struct instant until)
{
	return instant_before(now, until) ? (until.us - now.us) / US_PER_S : 0;
}

/* OAuth 2.1 §3.2.3; connected_account_id and livemode are the product's. */
static void answer(struct request *rq, struct response *rs, const struct grant_call *call, int16_t grant,
	const struct token_pair *pair, struct str id_token)
{
	struct json j = json_begin(reply(rs, 200, "application/json"));
	json_object(&j, NULL);
	json_str(&j, "access_token", pair->access);
	json_str(&j, "token_type", pair->by_proof ? STR("DPoP") : STR("Bearer"));
	json_int(&j, "expires_in", remaining_s(rq->cx.now, pair->access_until));
	if (call->client->grants & GRANT_REFRESH)
		json_str_if(&j, "refresh_token", pair->refresh);
	if (pair->grant_until.us &&
		instant_before(pair->grant_until, INSTANT_FOREVER)) /* draft-ietf-oauth-refresh-token-expiration */
		json_int(&j, "authorization_expires_in", remaining_s(rq->cx.now, pair->grant_until));
	json_str_if(&j, "id_token", id_token); /* OpenID Connect Core §3.1.3.3, §12.2 */
	if (grant == GRANT_EXCHANGE)           /* RFC 8693 §2.2.1 */
		json_str(&j, "issued_token_type", STR(ACCESS_TOKEN_TYPE));
	json_str(&j, "scope", scope_text_spoken(rq->cx.mem, pair->scopes));
	details_write(&j, pair->scopes, &pair->details); /* RFC 9396 §7 */
	if (!id_is_zero(pair->connected_account))
		json_id(&j, "connected_account_id", "cpa", pair->connected_account);
	json_bool(&j, "livemode", !id_is_test(pair->account));
	json_object_end(&j);
}

err_t token_post(struct request *rq, struct response *rs)
{
	struct client client;
	struct token_pair pair;
	struct str id_token;
	struct params params;
	TRY(endpoint_form(rq, &params));
	struct str type = param_get(&params, "grant_type");
	if (!type.ptr)
		return REFUSE(&rq->cx, MISSING_FIELD, "grant_type", "The parameter grant_type is missing.");
	TRY(endpoint_client(rq, &params, &client));
	const struct grant_row *grant = grant_find(type);
	if (!grant)
		return REFUSE(&rq->cx, UNSUPPORTED_GRANT, "grant_type", "This grant type is not supported.");
	if (!(client.grants & grant->bit))
		return REFUSE(&rq->cx, UNAUTHORIZED_CLIENT, "",
			"This client is not registered for the grant type %s (grant_types).", grant->name);
	TRY(details_refuse(&rq->cx, &params));
	struct grant_call call = { .params = &params, .client = &client };
	TRY(proof_take(rq, &call.bound.jkt));
	TRY(certificate_bind(rq, &client, call.bound.jkt.ptr != NULL, &call.bound.x5t));
	TRY(grant->run(rq, &call, &pair));
	TRY(id_token_of(&rq->cx, own_name(rq->cx.mem, &client), &pair, &id_token));
	answer(rq, rs, &call, grant->bit, &pair, id_token);
	return OK;
}
