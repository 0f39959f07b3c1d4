/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/register.h"

#include "oauth/guess_limit.h"
#include "oauth/registration.h"
#include "oauth/token.h"
#include "server/auth/scope.h"
#include "server/base/config.h"
#include "server/data/json.h"

static void words(struct json *j, const char *member, struct str_list items)
{
	json_array(j, member);
	for (size_t i = 0; i < items.count; i++)
		json_str(j, NULL, items.items[i]);
	json_array_end(j);
}

/* RFC 7591 §3.2.1: what was registered, whatever was asked. The redirect URIs are told with the ports that they had. */
static void answer(struct request *rq, struct response *rs, const struct registration *made, struct str_list given,
	struct str client_id)
{
	const struct str code = STR("code");
	struct json j = json_begin(reply(rs, 201, "application/json"));
	json_object(&j, NULL);
	json_str(&j, "client_id", client_id);
	json_str(&j, "client_name", made->name);
	words(&j, "redirect_uris", given);
	json_str(&j, "token_endpoint_auth_method", client_auth_name(made->means.auth));
	json_array(&j, "grant_types");
	for (size_t i = 0; i < grant_row_count; i++)
		if (made->grants & grant_rows[i].bit)
			json_str(&j, NULL, str_of(grant_rows[i].name));
	json_array_end(&j);
	words(&j, "response_types", (struct str_list){ &code, 1 });
	json_str(&j, "scope", scope_text_spoken(rq->cx.mem, made->scopes));
	json_object_end(&j);
}

err_t register_post(struct request *rq, struct response *rs)
{
	struct ctx *cx = &rq->cx;
	struct registration made = { 0 };
	struct str_list given;
	struct str client_id;
	if (str_eq(cx->config->registration, STR("closed")))
		return REFUSE(cx, FORBIDDEN, "", "Apps do not register themselves at this server: its operator does.");
	TRY(guess_limit_take(rq, STR("register")));
	TRY(registration_read(cx, rq->body, REGISTERED_BY_ITSELF, &made, &given));
	TRY(registration_seal(cx, &made, &client_id));
	answer(rq, rs, &made, given, client_id);
	return OK;
}
