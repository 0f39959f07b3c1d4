/* SPDX-License-Identifier: Apache-2.0 */
#include "oauth/identity.h"

#include "oauth/answer.h"
#include "server/auth/scope.h"

/* What both tell; then what is about the token alone. */
static const char *const claims[] = { "sub", "email", "email_verified", "name", "zoneinfo", "iss", "aud", "exp", "iat",
	"auth_time", "nonce", "at_hash", "acr", "amr" };

void identity_json(struct json *j, const struct identity *who, uint64_t scopes)
{
	json_id(j, "sub", "usr", who->account);
	if (scopes & OPENID_EMAIL) {
		json_str(j, "email", who->email);
		/* Nobody was sent a letter there: whoever signs in by it alone would believe an address that anybody
		 * can write into a form. */
		json_bool(j, "email_verified", false);
	}
	if (scopes & OPENID_PROFILE) {
		json_str(j, "name", who->name);
		json_str(j, "zoneinfo", who->tz);
	}
}

void identity_claim_names(struct json *j, const char *member)
{
	json_array(j, member);
	for (size_t i = 0; i < ARRAY_LEN(claims); i++)
		json_str(j, NULL, str_of(claims[i]));
	json_array_end(j);
}

struct str identity_acr(struct ctx *cx)
{
	return str_cat(cx->mem, oauth_issuer(cx), STR("/docs#acr-password"));
}
