/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/par.h"

#include "oauth/checks.h"
#include "oauth/client_rate.h"
#include "oauth/endpoint.h"
#include "oauth/open_client.h"
#include "oauth/proof.h"
#include "server/crypto/digest.h"
#include "server/data/json.h"
#include "server/db/query.h"
#include "sql.h"

#define URN STR("urn:ietf:params:oauth:request_uri:")

bool par_is_referred(const struct params *params)
{
	return str_starts(param_get(params, "request_uri"), URN);
}

err_t par_open(struct ctx *cx, const struct params *params, struct auth_request *out, struct client *client_out,
	struct str *reference_out)
{
	struct id client;
	size_t opened = 0;
	struct str reference = str_from(param_get(params, "request_uri"), URN.len);
	if (!client_id_of(cx, param_get(params, "client_id"), &client))
		return REFUSE(cx, INVALID_VALUE, "client_id",
			"The app that led you here did not say which app it is (client_id), or not in a form that we "
			"know.");
	TRY(db_exec(cx, &sql_auth_request_open, &opened, IN(secret_hash(cx->mem, reference)), IN(client), IN(cx->now),
		IN(instant_add_s(cx->now, AUTH_REQUEST_LIFETIME_S))));
	if (!opened)
		return REFUSE(cx, INVALID_VALUE, "request_uri",
			"What the app that led you here wants to ask is not known, was asked more than a minute ago or "
			"was answered already (request_uri). Go back to the app and try again.");
	TRY(auth_request_load(cx, reference, out, client_out));
	*reference_out = reference;
	return OK;
}

/* RFC 9449 §10.1: a proof is as good as dpop_jkt; where both came they are of one key. */
static err_t bind_to_proof(struct request *rq, struct auth_request *request)
{
	struct bytes jkt;
	TRY(proof_take(rq, &jkt));
	if (jkt.ptr && request->dpop_jkt.ptr && !bytes_same(jkt, request->dpop_jkt))
		return REFUSE(
			&rq->cx, INVALID_DPOP_PROOF, "dpop_jkt", "dpop_jkt is not the thumbprint of the proof's key.");
	if (jkt.ptr)
		request->dpop_jkt = jkt;
	return OK;
}

err_t par_post(struct request *rq, struct response *rs)
{
	struct ctx *cx = &rq->cx;
	struct auth_request request;
	struct client caller, client;
	struct params params;
	struct str reference;
	TRY(endpoint_form(rq, &params));
	TRY(endpoint_client(rq, &params, &caller));
	if (param_count(&params, "request_uri")) /* §2.1 */
		return REFUSE(cx, INVALID_VALUE, "request_uri", "A pushed request cannot refer to another.");
	TRY(auth_request_check_pushed(cx, &params, caller.id, &request, &client));
	TRY(client_row_take(rq, &caller));
	TRY(bind_to_proof(rq, &request));
	TRY(auth_request_store_pushed(cx, &request, PAR_LIFETIME_S, &reference));
	struct json j = json_begin(reply(rs, 201, "application/json"));
	json_object(&j, NULL);
	json_str(&j, "request_uri", str_cat(cx->mem, URN, reference));
	json_int(&j, "expires_in", PAR_LIFETIME_S);
	json_object_end(&j);
	return OK;
}
