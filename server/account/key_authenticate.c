/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/key_private.h"

#include "server/account/account.h"
#include "server/account/audit.h"
#include "server/base/log.h"
#include "server/crypto/digest.h"
#include "server/db/query.h"
#include "sql.h"

struct authenticated {
	struct id id;
	int16_t kind;
	uint64_t scopes;
	struct id_list calendars;
	struct str_list allowed_ips, allowed_origins;
	int32_t rate_limit;
	struct str api_version;
	struct instant expires_at, revoked_at;
	int16_t status, plan;
	struct str email, name, tz, language, picture;
	bool email_confirmed;
	int64_t ahead_s;
};
DB_RESULT(key_authenticate, struct authenticated, id, kind, scopes, calendars, allowed_ips, allowed_origins, rate_limit,
	api_version, expires_at, revoked_at, status, plan, email, email_confirmed, name, tz, language, picture,
	ahead_s);

/* Basic: the username is the owner's e-mail or usr_ id. Another's, or none, is a wrong credential. */
static bool username_fits(struct ctx *cx, struct str username, struct id account, struct str email)
{
	return str_eq_nocase(username, email) || str_eq(username, id_text(cx->mem, "usr", id_in_mode(account, false)));
}

/* From an address that it may not come from: whoever has the secret, its owner is told. */
static err_t refuse_address(struct ctx *cx, struct id account, const struct authenticated *row, err_t refused)
{
	cx->by = (struct ctx_by){ .kind = who_name(key_kinds[row->kind].who), .credential = row->id };
	err_t e = audit_refused(cx, id_uuid(cx->mem, row->id), account, "key.refused", row->id,
		audit_detail(cx->mem, "reason", STR("ip_not_allowed")));
	if (e)
		log_event(LOG_WARN, "audit_lost", LOG_C("reason", "ip_not_allowed"), LOG_STR("detail", e->detail));
	return refused;
}

static err_t check_usable(struct ctx *cx, struct id account, const struct authenticated *row)
{
	if (!instant_is_none(row->revoked_at))
		return FAIL(cx, KEY_REVOKED, "revoked key");
	if (!instant_is_none(row->expires_at) && !instant_before(account_now(cx), row->expires_at))
		return FAIL(cx, KEY_REVOKED, "expired key");
	if (row->status != STATUS_ACTIVE)
		return FAIL(cx, ACCOUNT_DEACTIVATED, "key of a deactivated account");
	if (row->plan < PLAN_PRO)
		return FAIL(cx, PLAN_REQUIRED, "key of an account on the free plan");
	err_t e = key_limits_admit(cx, row->allowed_ips);
	return e ? refuse_address(cx, account, row, e) : OK;
}

err_t key_authenticate(struct ctx *cx, const struct credential *sent, struct principal *out)
{
	struct secret_parts parts;
	struct authenticated row;
	if (!secret_parse(cx->mem, sent->secret, &parts) || parts.kind > SECRET_PK_TEST)
		return FAIL(cx, CREDENTIALS_INVALID, "not a key");
	err_t e = db_row(cx, &sql_key_authenticate, ROW(key_authenticate, &row), IN(parts.account),
		IN(secret_hash(cx->mem, sent->secret)));
	if (err_is(e, NOT_FOUND))
		return FAIL(cx, CREDENTIALS_INVALID, "unknown key");
	TRY(e);
	if (sent->transport == VIA_BASIC && !username_fits(cx, sent->username, parts.account, row.email))
		return FAIL(cx, CREDENTIALS_INVALID, "the user name is not the key owner's");
	cx->ahead_s = row.ahead_s;
	TRY(check_usable(cx, parts.account, &row));
	*out = (struct principal){
		.kind = key_kinds[row.kind].who,
		.account = parts.account,
		.credential = row.id,
		.scopes = key_kinds[row.kind].own_scopes ? row.scopes : key_kinds[row.kind].scopes,
		.calendars = row.calendars,
		.origins = row.allowed_origins,
		.rate = (unsigned)row.rate_limit,
		.api_version = row.api_version,
		.email = row.email,
		.name = row.name,
		.email_confirmed = row.email_confirmed,
		.tz = row.tz,
		.language = row.language,
		.picture = row.picture,
		.auth_time = INSTANT_NONE,
		.expires_at = row.expires_at,
		.ahead_s = row.ahead_s,
	};
	return OK;
}
