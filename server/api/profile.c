/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/api.h"

struct profile {
	struct str object, id, name, email, timezone, status, connected_account_id;
	bool livemode;
};

#define FIELD(member, kind, doc)                                                                                       \
	{                                                                                                              \
#member, kind, JSON_READ_ONLY, offsetof(struct profile, member), 0, 0, 0, NULL, NULL, 0, 0, doc        \
	}

/* clang-format off */
static const struct json_field fields[] = {
	FIELD(id,                   JSON_STR,  "usr_…: the account"),
	FIELD(object,               JSON_STR,  "profile"),
	FIELD(name,                 JSON_STR,  "How the user is called"),
	FIELD(email,                JSON_STR,  "The address that the user signs in with"),
	FIELD(timezone,             JSON_STR,  "IANA name of the user's time zone"),
	FIELD(status,               JSON_STR,  "active: a deactivated account is answered with 403"),
	FIELD(livemode,             JSON_BOOL, "false in test mode"),
	FIELD(connected_account_id, JSON_STR,  "cpa_… that the call acts for; null for the account's own keys"),
};
/* clang-format on */

err_t profile_get(struct request *rq, struct response *rs)
{
	struct principal who;
	const struct form *params;
	TRY(api_caller(rq, &who));
	TRY(api_params(rq, NULL, 0, &params));
	struct arena *mem = rq->cx.mem;
	const struct profile profile = {
		.id = id_text(mem, "usr", id_in_mode(who.account, false)),
		.object = STR("profile"),
		.name = who.name,
		.email = who.email,
		.timezone = who.tz,
		.status = STR("active"),
		.livemode = !id_is_test(who.account),
		.connected_account_id =
			id_is_zero(who.connected_account) ? STR_ABSENT : id_text(mem, "cpa", who.connected_account),
	};
	api_reply(rs, 200, fields, ARRAY_LEN(fields), &profile);
	return OK;
}
