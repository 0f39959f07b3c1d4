/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/account_picture.h"
#include "server/api/api.h"

struct profile {
	struct str object, id, name, email, timezone, locale, picture_url, status, connected_account_id;
	bool email_verified, livemode;
};

#define FIELD(member, type, more, text, value)                                                                         \
	{                                                                                                              \
		.name = #member, .kind = type, .flags = JSON_READ_ONLY | (more),                                       \
		.offset = offsetof(struct profile, member), .doc = text, .example = value                              \
	}

static const struct json_field fields[] = {
	FIELD(id, JSON_STR, 0, "usr_…: the account", "usr_0355WHuCFfRpMfB53mC9Z6"),
	FIELD(object, JSON_STR, 0, "profile", "profile"),
	FIELD(name, JSON_STR, 0, "What the user is called", "Ann"),
	FIELD(email, JSON_STR, 0, "The address that the user signs in with", "ann@example.org"),
	FIELD(email_verified, JSON_BOOL, 0, "Whether they have shown that they read there", "true"),
	FIELD(timezone, JSON_STR, 0, "IANA name of the user's time zone", "Europe/Berlin"),
	FIELD(locale, JSON_STR, JSON_NULLABLE, "Language that the user chose (BCP 47); null: none", "de"),
	FIELD(picture_url, JSON_STR, JSON_NULLABLE,
		"Their picture (WebP, square), for whoever is shown them: no credential is asked for, and another "
		"picture has "
		"another address. null: none",
		"https://calends.example/pictures/usr_0355WHuCFfRpMfB53mC9Z6/0f5edb0f5edb0f5edb0f5edb0f5edb00"),
	FIELD(status, JSON_STR, 0, "active: a deactivated account is answered with 403", "active"),
	FIELD(livemode, JSON_BOOL, 0, "false in test mode", "true"),
	FIELD(connected_account_id, JSON_STR, JSON_NULLABLE,
		"cpa_… that the call acts for; null for the account's own keys", NULL),
};

static const struct json_resource profile_resource = {
	.name = "profile",
	JSON_FIELDS(fields),
	.size = sizeof(struct profile),
	.reads = PROFILE_READ,
	.doc = "Whom the call acts for.",
};

static err_t run_get(struct api_call *call, struct response *rs)
{
	const struct principal *who = &call->who;
	struct arena *mem = call->rq->cx.mem;
	struct profile profile = {
		.id = id_text(mem, "usr", id_in_mode(who->account, false)),
		.object = STR("profile"),
		.name = who->name,
		.email = who->email,
		.email_verified = who->email_confirmed,
		.timezone = who->tz,
		.locale = who->language,
		.picture_url = account_picture_url(&call->rq->cx, who->account, who->picture),
		.status = STR("active"),
		.livemode = !id_is_test(who->account),
		.connected_account_id =
			id_is_zero(who->connected_account) ? STR_ABSENT : id_text(mem, "cpa", who->connected_account),
	};
	api_reply(call, rs, &profile);
	return OK;
}

const struct contract get_profile = {
	.id = "getProfile",
	.summary = "The user whom the call acts for.",
	.answer = &profile_resource,
	.status = 200,
	.run = run_get,
};
