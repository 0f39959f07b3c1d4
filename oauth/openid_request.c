/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/openid_request.h"

#include "oauth/id_token.h"
#include "oauth/identity.h"
#include "oauth/registration.h"
#include "server/auth/amr.h"
#include "server/auth/scope.h"
#include "server/data/json_tree.h"

#define NOBODY "usr_" /* whom no user is */

static bool is_object(const struct cJSON *value)
{
	return value && json_tree_type(value) == JSON_IS_OBJECT;
}

static bool is_text(const struct cJSON *value, struct str text)
{
	return value && json_tree_type(value) == JSON_IS_TEXT && str_eq(json_tree_text(value), text);
}

/* Does an essential acr have this value, or this among its values (§5.5.1.1)? */
static bool acr_names(const struct cJSON *acr, struct str ours)
{
	const struct cJSON *value = json_tree_member(acr, STR("value")), *values = json_tree_member(acr, STR("values"));
	if (is_text(value, ours))
		return true;
	if (values && json_tree_type(values) == JSON_IS_LIST)
		for (const struct cJSON *one = json_tree_first(values); one; one = json_tree_next(one))
			if (is_text(one, ours))
				return true;
	return false;
}

/* Whoever asks for a password alone is content with more. */
static err_t read_acr(struct ctx *cx, const struct cJSON *acr, struct auth_request *request)
{
	const struct cJSON *essential = json_tree_member(acr, STR("essential"));
	struct str password = identity_acr(cx, AMR_PASSWORD), mfa = identity_acr(cx, AMR_PASSWORD | AMR_OTP);
	if (!essential || json_tree_type(essential) != JSON_IS_BOOL || !json_tree_bool(essential) ||
		(!json_tree_member(acr, STR("value")) && !json_tree_member(acr, STR("values"))))
		return OK;
	if (acr_names(acr, password))
		return OK;
	request->mfa_only = true;
	if (acr_names(acr, mfa))
		return OK;
	return REFUSE(cx, ACCESS_DENIED, "claims", "There are two acr here, %.*s and %.*s: another one cannot be had.",
		STR_ARG(password), STR_ARG(mfa));
}

static err_t read_one(
	struct ctx *cx, const struct cJSON *claim, const struct client *client, struct auth_request *request)
{
	struct str name = json_tree_name(claim);
	request->scopes |= identity_scope_of(name) & client->scopes;
	if (!is_object(claim))
		return OK;
	const struct cJSON *value = json_tree_member(claim, STR("value"));
	if (str_eq(name, STR("sub")) && value && json_tree_type(value) == JSON_IS_TEXT)
		request->subject = str_starts(json_tree_text(value), STR("usr_")) ? json_tree_text(value) : STR(NOBODY);
	return str_eq(name, STR("acr")) ? read_acr(cx, claim, request) : OK;
}

static err_t read_claims(struct ctx *cx, struct str text, const struct client *client, struct auth_request *request)
{
	static const char *const members[] = { "userinfo", "id_token" };
	const struct cJSON *root;
	if (text.len > CLAIMS_PARAM_MAX)
		return REFUSE(cx, INVALID_VALUE, "claims", "The parameter claims is longer than %d octets.",
			CLAIMS_PARAM_MAX);
	if (json_tree_parse(cx, text, &root))
		return REFUSE(cx, INVALID_VALUE, "claims",
			"The parameter claims is not one JSON object with each name once.");
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		const struct cJSON *member = json_tree_member(root, str_of(members[i]));
		if (!is_object(member))
			continue;
		for (const struct cJSON *claim = json_tree_first(member); claim; claim = json_tree_next(claim))
			TRY(read_one(cx, claim, client, request));
	}
	return OK;
}

/* Its `aud` is this client, as it calls itself. */
static err_t read_hint(struct ctx *cx, struct str token, struct str client_id, struct auth_request *request)
{
	struct id_token hint;
	err_t e = id_token_read(cx, token, &hint);
	if (e && !err_is(e, NOT_FOUND))
		return e;
	request->subject = !e && str_eq(hint.aud, client_id) ? hint.sub : STR(SUBJECT_UNKNOWN);
	return OK;
}

err_t openid_request_read(
	struct ctx *cx, const struct params *params, const struct client *client, struct auth_request *request)
{
	struct str claims = param_get(params, "claims"), hint = param_get(params, "id_token_hint");
	struct str client_id = client->registration == REGISTERED_BY_OWNER ? id_text(cx->mem, "cli", client->id)
									   : param_get(params, "client_id");
	if (!(request->scopes & OPENID))
		return OK;
	if (hint.ptr)
		TRY(read_hint(cx, hint, client_id, request));
	return claims.ptr ? read_claims(cx, claims, client, request) : OK;
}
