/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/key_private.h"

#include "server/account/account.h"
#include "server/account/audit.h"
#include "server/account/label.h"
#include "server/base/api_version.h"
#include "server/crypto/digest.h"
#include "server/crypto/secret.h"
#include "server/db/query.h"
#include "sql.h"

struct key_row {
	struct id account, id;
	int16_t kind;
	struct str prefix, name;
	uint64_t scopes;
	struct id_list calendars;
	struct str_list allowed_ips, allowed_origins;
	int32_t rate_limit;
	struct str api_version;
	struct instant created_at, rotated_at, expires_at, revoked_at, last_used_at;
	struct str last_used_ip, last_used_agent;
};
#define KEY_COLS                                                                                                       \
	account, id, kind, prefix, name, scopes, calendars, allowed_ips, allowed_origins, rate_limit, api_version,     \
		created_at, rotated_at, expires_at, revoked_at, last_used_at, last_used_ip, last_used_agent
DB_RESULT(key_list, struct key_row, KEY_COLS);
DB_RESULT(key_rotate, struct key_row, KEY_COLS);
DB_RESULT(key_revoke, struct key_row, KEY_COLS);
DB_RESULT(key_get, struct key_row, KEY_COLS);
DB_RESULT(key_maker_hold, struct key_row, KEY_COLS);
DB_RESULT(key_change, struct key_row, KEY_COLS);
DB_RESULT(key_older, struct key_row, KEY_COLS);
DB_RESULT(key_newer, struct key_row, KEY_COLS);
DB_RESULT(key_find, struct key_row, account, id, kind);
DB_RESULT(key_find_anywhere, struct key_row, account, id, kind);

/* clang-format off */
const struct key_kind_row key_kinds[KEY_KINDS] = {
	[KEY_ACCOUNT]     = { SECRET_CP,      SECRET_CP,      ACCOUNT_KEY,     SCOPES_ALL | OWNER, false, "account" },
	[KEY_SECRET]      = { SECRET_SK_LIVE, SECRET_SK_TEST, SECRET_KEY,      SCOPES_ALL | OWNER, false, "secret" },
	[KEY_RESTRICTED]  = { SECRET_RK_LIVE, SECRET_RK_TEST, RESTRICTED_KEY,  0,                  true,  "restricted" },
	[KEY_PUBLISHABLE] = { SECRET_PK_LIVE, SECRET_PK_TEST, PUBLISHABLE_KEY, 0,                  false, "publishable" },
};
/* clang-format on */

const char *key_kind_name(enum key_kind kind)
{
	return key_kinds[kind].name;
}

bool key_kind_parse(struct str name, enum key_kind *out)
{
	for (unsigned kind = KEY_ACCOUNT; kind <= KEY_PUBLISHABLE; kind++)
		if (str_eq(name, str_of(key_kinds[kind].name))) {
			*out = (enum key_kind)kind;
			return true;
		}
	return false;
}

static struct key key_of_row(const struct key_row *row)
{
	return (struct key){
		.id = row->id,
		.account = row->account,
		.kind = (enum key_kind)row->kind,
		.prefix = row->prefix,
		.name = row->name,
		.scopes = row->scopes,
		.calendars = row->calendars,
		.limits = { .ips = row->allowed_ips, .origins = row->allowed_origins, .rate = row->rate_limit },
		.api_version = row->api_version,
		.created_at = row->created_at,
		.rotated_at = row->rotated_at,
		.expires_at = row->expires_at,
		.revoked_at = row->revoked_at,
		.last_used_at = row->last_used_at,
		.last_used_ip = row->last_used_ip,
		.last_used_agent = row->last_used_agent,
	};
}

static struct str key_secret_new(struct ctx *cx, struct id account, enum key_kind kind)
{
	const struct secret_parts parts = {
		.kind = id_is_test(account) ? key_kinds[kind].test : key_kinds[kind].live,
		.account = account,
	};
	return secret_new(cx->mem, &parts, (struct bytes){ NULL, 0 });
}

static err_t check_end(struct ctx *cx, struct instant expires_at)
{
	if (!instant_is_none(expires_at) && !instant_before(account_now(cx), expires_at))
		return REFUSE(cx, INVALID_VALUE, "expires_at", "The key would have expired already.");
	return OK;
}

static err_t refuse_origins(struct ctx *cx)
{
	return REFUSE(cx, INVALID_VALUE, "allowed_origins",
		"A secret key is for no page at all. Make a restricted or a publishable one.");
}

static err_t check_new(struct ctx *cx, const struct key_new *in)
{
	if (in->kind == KEY_ACCOUNT && in->test)
		return REFUSE(cx, INVALID_VALUE, "mode", "Account keys are live. Make a secret key for test mode.");
	if (in->kind == KEY_SECRET && in->limits.origins.items)
		return refuse_origins(cx);
	if (in->kind == KEY_RESTRICTED && !(in->scopes & SCOPES_ALL))
		return REFUSE(cx, MISSING_FIELD, "scopes", "A restricted key needs at least one scope.");
	if (in->kind != KEY_RESTRICTED && (in->scopes || in->calendars.items))
		return REFUSE(
			cx, INVALID_VALUE, "scopes", "Only a restricted key can be limited to scopes or calendars.");
	if (in->scopes & ~(uint64_t)SCOPES_ALL)
		return REFUSE(cx, INVALID_VALUE, "scopes", "A scope is not known.");
	return check_end(cx, in->expires_at);
}

err_t key_create(struct ctx *cx, const struct key_new *in, struct key *out, struct str *secret_out)
{
	struct str name;
	struct key_limits limits;
	TRY(label_clean(cx, "name", in->name, &name));
	TRY(check_new(cx, in));
	TRY(key_limits_clean(cx, &in->limits, &limits));

	struct id account = id_in_mode(in->account, in->test);
	struct str secret = key_secret_new(cx, account, in->kind);
	struct key key = {
		.id = id_new(cx->now),
		.account = account,
		.kind = in->kind,
		.prefix = secret_prefix(cx->mem, secret),
		.name = name,
		.scopes = key_kinds[in->kind].own_scopes ? in->scopes : key_kinds[in->kind].scopes & SCOPES_ALL,
		.calendars = in->calendars,
		.limits = limits,
		.api_version = str_of(api_version_newest()->name),
		.created_at = cx->now,
		.rotated_at = INSTANT_NONE,
		.expires_at = in->expires_at,
		.revoked_at = INSTANT_NONE,
		.last_used_at = INSTANT_NONE,
	};
	size_t made = 0;
	TRY(db_exec(cx, &sql_key_create, &made, IN(account), IN(key.id), IN(secret_hash(cx->mem, secret)),
		IN((int16_t)key.kind), IN(key.prefix), IN(name), IN(key.scopes), IN(key.calendars), IN(cx->now),
		IN(key.expires_at), IN((int32_t)KEYS_MAX), IN(limits.ips), IN(limits.origins), IN(limits.rate),
		IN(audit_by(cx)), IN(str_of(key_kind_name(key.kind))), IN(key.api_version)));
	if (!made)
		return REFUSE(cx, FORBIDDEN, "",
			"An account has at most %d keys, with those that were revoked in the last 90 days. Use one of "
			"them, "
			"or wait.",
			KEYS_MAX);
	*out = key;
	*secret_out = secret;
	return OK;
}

static struct key *keys_of_rows(struct arena *mem, const struct key_row *rows, size_t count)
{
	struct key *keys = arena_array(mem, struct key, count);
	for (size_t i = 0; i < count; i++)
		keys[i] = key_of_row(&rows[i]);
	return keys;
}

err_t key_list(struct ctx *cx, struct id account, struct key **out, size_t *count_out)
{
	struct key_row *rows;
	TRY(db_rows(cx, &sql_key_list, key_list, &rows, count_out, IN(id_in_mode(account, false)),
		IN(id_in_mode(account, true)), IN(instant_add_s(cx->now, -REVOKED_SHOWN_S))));
	*out = keys_of_rows(cx->mem, rows, *count_out);
	return OK;
}

bool key_is_alive(const struct ctx *cx, const struct key *key)
{
	/* cx->ahead_s is that of test mode, where the owner's page shows keys of both */
	struct instant now = id_is_test(key->account) ? account_now(cx) : cx->now;
	return instant_is_none(key->revoked_at) &&
	       (instant_is_none(key->expires_at) || instant_before(now, key->expires_at));
}

struct instant key_unused_since(const struct ctx *cx, const struct key *key)
{
	const struct instant uses[] = { key->rotated_at, key->last_used_at };
	struct instant since = key->created_at;
	for (size_t i = 0; i < ARRAY_LEN(uses); i++)
		if (!instant_is_none(uses[i]) && instant_before(since, uses[i]))
			since = uses[i];
	bool recent = instant_before(instant_add_s(cx->now, -KEY_UNUSED_S), since);
	return recent || !key_is_alive(cx, key) ? INSTANT_NONE : since;
}

err_t key_page(struct ctx *cx, struct id account, struct id bound, bool back, bool unused, size_t limit,
	struct key **out, size_t *count_out)
{
	struct key_row *rows;
	struct instant shown = instant_add_s(cx->now, -REVOKED_SHOWN_S);
	struct instant before = unused ? instant_add_s(cx->now, -KEY_UNUSED_S) : INSTANT_NONE;
	if (back)
		TRY(db_rows(cx, &sql_key_newer, key_newer, &rows, count_out, IN(account), IN(bound), IN(shown),
			IN((int32_t)limit), IN(before), IN(account_now(cx))));
	else
		TRY(db_rows(cx, &sql_key_older, key_older, &rows, count_out, IN(account), IN(bound), IN(shown),
			IN((int32_t)limit), IN(before), IN(account_now(cx))));
	*out = keys_of_rows(cx->mem, rows, *count_out);
	return OK;
}

err_t key_get(struct ctx *cx, struct id account, struct id key, struct key *out)
{
	struct key_row row;
	TRY(db_row(cx, &sql_key_get, ROW(key_get, &row), IN(account), IN(key)));
	*out = key_of_row(&row);
	return OK;
}

err_t key_get_held(struct ctx *cx, struct id account, struct id key, struct id with, struct key *out)
{
	struct key_row row;
	TRY(db_row(cx, &sql_key_maker_hold, ROW(key_maker_hold, &row), IN(account), IN(key), IN(with)));
	*out = key_of_row(&row);
	return OK;
}

static bool among(struct id_list all, struct id_list some)
{
	for (size_t i = 0; i < some.count; i++) {
		size_t at = 0;
		while (at < all.count && !id_eq(all.items[at], some.items[i]))
			at++;
		if (at == all.count)
			return false;
	}
	return true;
}

/* The statement takes care of it once more, for a change at the same moment. */
static err_t check_change(struct ctx *cx, const struct key *present, const struct key_change *change)
{
	if (present->kind != KEY_RESTRICTED && (change->scopes || change->calendars.items))
		return REFUSE(cx, INVALID_VALUE, change->scopes ? "scopes" : "calendars",
			"Only a restricted key can be limited to scopes or calendars.");
	if (present->kind == KEY_SECRET && change->limits.origins.items)
		return refuse_origins(cx);
	if (change->scopes & ~present->scopes)
		return REFUSE(cx, INVALID_VALUE, "scopes",
			"The scopes of a key can only become fewer: whoever holds the secret was not given more. Make "
			"a new key.");
	if (present->calendars.items && !among(present->calendars, change->calendars))
		return REFUSE(cx, INVALID_VALUE, "calendars",
			"The calendars of a key can only become fewer: whoever holds the secret was not given more. "
			"Make a new key.");
	if (!instant_is_none(present->expires_at) && !instant_is_none(change->expires_at) &&
		instant_before(present->expires_at, change->expires_at))
		return REFUSE(cx, INVALID_VALUE, "expires_at",
			"The end of a key can only become earlier: whoever holds the secret was not given more. Make a "
			"new key.");
	return check_end(cx, change->expires_at);
}

err_t key_change(struct ctx *cx, const struct key *present, const struct key_change *change, struct key *out)
{
	struct key_row row;
	struct str name = STR_ABSENT;
	struct key_limits limits;
	if (change->name.ptr)
		TRY(label_clean(cx, "name", change->name, &name));
	TRY(check_change(cx, present, change));
	TRY(key_limits_clean(cx, &change->limits, &limits));
	err_t e = db_row(cx, &sql_key_change, ROW(key_change, &row), IN(present->account), IN(present->id), IN(name),
		IN(change->scopes ? change->scopes : UINT64_MAX >> 1), IN(change->calendars), IN(change->expires_at),
		IN(change->set_ips), IN(limits.ips), IN(change->set_origins), IN(limits.origins), IN(change->set_rate),
		IN(limits.rate), IN(audit_by(cx)));
	if (err_is(e, NOT_FOUND))
		return REFUSE(cx, CONFLICT, "", "This key is revoked, which cannot be undone. Create a new one.");
	TRY(e);
	*out = key_of_row(&row);
	return OK;
}

/* The key in its account and mode; account zero means any. */
static err_t key_locate(struct ctx *cx, struct id account, struct id key, struct key_row *out)
{
	if (id_is_zero(account))
		return db_row(cx, &sql_key_find_anywhere, ROW(key_find_anywhere, out), IN(key));
	return db_row(cx, &sql_key_find, ROW(key_find, out), IN(id_in_mode(account, false)),
		IN(id_in_mode(account, true)), IN(key));
}

err_t key_rotate(struct ctx *cx, struct id account, struct id key, struct key *out, struct str *secret_out)
{
	struct key_row found, row;
	TRY(key_locate(cx, account, key, &found));
	struct str secret = key_secret_new(cx, found.account, (enum key_kind)found.kind);
	err_t e = db_row(cx, &sql_key_rotate, ROW(key_rotate, &row), IN(found.account), IN(key),
		IN(secret_hash(cx->mem, secret)), IN(secret_prefix(cx->mem, secret)), IN(cx->now), IN(audit_by(cx)));
	if (err_is(e, NOT_FOUND))
		return REFUSE(cx, CONFLICT, "", "This key is revoked, which cannot be undone. Create a new one.");
	TRY(e);
	*out = key_of_row(&row);
	*secret_out = secret;
	return OK;
}

err_t key_revoke(struct ctx *cx, struct id account, struct id key, struct key *out)
{
	struct key_row found, row;
	TRY(key_locate(cx, account, key, &found));
	TRY(db_row(
		cx, &sql_key_revoke, ROW(key_revoke, &row), IN(found.account), IN(key), IN(cx->now), IN(audit_by(cx))));
	*out = key_of_row(&row);
	return OK;
}
