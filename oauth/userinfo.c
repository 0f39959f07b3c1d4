/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/userinfo.h"

#include "oauth/answer.h"
#include "oauth/identity.h"
#include "server/http/refusal.h"

/* All of it came with the token: there is nothing to ask. */
err_t userinfo_answer(struct request *rq, struct response *rs)
{
	const struct principal *p = rq->principal;
	const struct identity who = { p->account, p->email, p->email_confirmed, p->name, p->tz, p->language,
		p->picture };
	struct json j = json_begin(reply(rs, 200, "application/json"));
	json_object(&j, NULL);
	identity_json(&rq->cx, &j, &who, p->scopes);
	if (!id_is_zero(p->connected_account)) /* the product's, as beside the token */
		json_id(&j, "connected_account_id", "cpa", p->connected_account);
	json_object_end(&j);
	return OK;
}

/* What is wrong with a credential, whatever kind of key it was, is wrong with a token here. */
static struct str error_of(err_t e)
{
	return err_row(e->kind)->api_status == 401 && e->kind != INVALID_DPOP_PROOF && e->kind != USE_DPOP_NONCE
		       ? STR("invalid_token")
		       : error_code(e);
}

void userinfo_show_error(struct request *rq, struct response *rs, err_t e)
{
	if (err_is(e, CREDENTIALS_INVALID))
		e = REFUSE(&rq->cx, CREDENTIALS_INVALID, "",
			"The access token is expired, revoked or none of this server.");
	auth_challenge(rq, rs, e);
	struct json j = json_begin(reply(rs, err_row(e->kind)->api_status, "application/json"));
	json_object(&j, NULL);
	json_str(&j, "error", error_of(e));
	json_str(&j, "error_description", error_description(rq->cx.mem, e));
	json_str(&j, "request_id", id_text(rq->cx.mem, "req", rq->cx.request_id));
	json_object_end(&j);
}
