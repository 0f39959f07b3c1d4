/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/identity.h"

#include "oauth/answer.h"
#include "server/account/account_picture.h"
#include "server/auth/amr.h"
#include "server/auth/scope.h"

/* What both tell, by which scope; then what is about the token alone. */
/* clang-format off */
static const struct { struct str name; uint64_t scope; } claims[] = {
	{ STR_INIT("sub"),       0 },
	{ STR_INIT("email"),     OPENID_EMAIL },   { STR_INIT("email_verified"), OPENID_EMAIL },
	{ STR_INIT("name"),      OPENID_PROFILE }, { STR_INIT("zoneinfo"),       OPENID_PROFILE },
	{ STR_INIT("locale"),    OPENID_PROFILE }, { STR_INIT("picture"),        OPENID_PROFILE },
	{ STR_INIT("iss"),       0 }, { STR_INIT("aud"),   0 }, { STR_INIT("exp"),     0 }, { STR_INIT("iat"), 0 },
	{ STR_INIT("auth_time"), 0 }, { STR_INIT("nonce"), 0 }, { STR_INIT("at_hash"), 0 }, { STR_INIT("acr"), 0 },
	{ STR_INIT("amr"),       0 }, { STR_INIT("connected_account_id"), 0 },
};
/* clang-format on */

uint64_t identity_scope_of(struct str claim)
{
	for (size_t i = 0; i < ARRAY_LEN(claims); i++)
		if (str_eq(claim, claims[i].name))
			return claims[i].scope;
	return 0;
}

void identity_json(struct ctx *cx, struct json *j, const struct identity *who, uint64_t scopes)
{
	json_id(j, "sub", "usr", who->account);
	if (scopes & OPENID_EMAIL) {
		json_str(j, "email", who->email);
		json_bool(j, "email_verified", who->email_confirmed);
	}
	if (scopes & OPENID_PROFILE) {
		json_str(j, "name", who->name);
		json_str(j, "zoneinfo", who->tz);
		json_str_if(j, "locale", who->language);
		json_str_if(j, "picture", account_picture_url(cx, who->account, who->picture));
	}
}

void identity_claim_names(struct json *j, const char *member)
{
	json_array(j, member);
	for (size_t i = 0; i < ARRAY_LEN(claims); i++)
		json_str(j, NULL, claims[i].name);
	json_array_end(j);
}

struct str identity_acr(struct ctx *cx, int16_t amr)
{
	return str_cat(cx->mem, oauth_issuer(cx),
		amr_is_mfa(amr) ? STR("/docs/sign-in-with#acr-mfa") : STR("/docs/sign-in-with#acr-password"));
}
