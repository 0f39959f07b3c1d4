/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/resources.h"

#include "server/auth/scope.h"
#include "server/base/address.h"

static const char *const statuses[] = {
	[STATUS_ACTIVE] = "active",
	[STATUS_DEACTIVATED] = "deactivated",
	[STATUS_DELETED] = "deleted",
};
static const char *const plans[] = { [PLAN_FREE] = "free", [PLAN_PRO] = "pro" };

const char *account_status_name(enum account_status status)
{
	return statuses[status];
}

const char *plan_name(enum plan plan)
{
	return plans[plan];
}

bool plan_parse(struct str name, enum plan *out)
{
	for (unsigned plan = PLAN_FREE; plan <= PLAN_PRO; plan++)
		if (str_eq(name, str_of(plans[plan]))) {
			*out = (enum plan)plan;
			return true;
		}
	return false;
}

void account_json(struct json *j, const char *key, const struct account *account)
{
	json_object(j, key);
	json_id(j, "id", "usr", account->id);
	json_str(j, "object", STR("account"));
	json_str(j, "email", account->email);
	json_str(j, "name", account->name);
	json_str(j, "timezone", account->tz);
	json_str(j, "status", str_of(account_status_name(account->status)));
	json_str(j, "plan", str_of(plan_name(account->plan)));
	json_time(j, "created_at", account->created_at);
	json_time(j, "deactivated_at", account->deactivated_at);
	json_object_end(j);
}

/* ---- keys ---- */

#define K(member) offsetof(struct key_view, member)

#define READ JSON_READ_ONLY
#define MAYBE JSON_NULLABLE

/* clang-format off */
static const struct json_field key_fields[] = {
	/* name             kind       flags                 offset            given              min max */
	{ "id",             JSON_STR,  READ,                 K(id),            0,                 0, 0,   NULL, NULL, 0, 0, "key_…", "key_0355WHuCFfRpMfB53mC9Z6" },
	{ "object",         JSON_STR,  READ,                 K(object),        0,                 0, 0,   NULL, NULL, 0, 0, "api_key", "api_key" },
	{ "key",            JSON_STR,  READ | JSON_OPTIONAL, K(key),           0,                 0, 0,   NULL, NULL, 0, 0, "The secret, told once: when it is made or rotated", NULL },
	{ "prefix",         JSON_STR,  READ,                 K(prefix),        0,                 0, 0,   NULL, NULL, 0, 0, "How the key begins: all that can still be told of it", "rk_live_8f3a1c" },
	{ "name",           JSON_STR,  0,                    K(name),          K(has_name),       1, 100, NULL, NULL, 0, 0, "What its owner calls it", "Laptop" },
	{ "kind",           JSON_WORD, 0,                    K(kind),          K(has_kind),       0, 0,   "account secret restricted publishable", NULL, 0, 0, "What it opens; fixed when it is made. Account keys are made on the API keys page alone", "restricted" },
	{ "livemode",       JSON_BOOL, READ,                 K(livemode),      0,                 0, 0,   NULL, NULL, 0, 0, "false in test mode", "true" },
	{ "scopes",         JSON_STRS, 0,                    K(scopes),        K(has_scopes),     0, 32,  NULL, NULL, 0, 0, "What it may do; chosen for restricted keys, and can only become less", "events:read" },
	{ "calendars",      JSON_STRS, MAYBE,                K(calendars),     K(has_calendars),  1, 250, NULL, NULL, 0, 0, "The calendars that it is limited to, cal_…; chosen for restricted keys, and can only become fewer. null: all", NULL },
	{ "allowed_ips",    JSON_STRS, MAYBE,                K(allowed_ips),   K(has_allowed_ips), 1, 20, NULL, NULL, 0, 0, "Addresses and networks that it may come from; null: any", "192.0.2.0/24" },
	{ "allowed_origins", JSON_STRS, MAYBE,               K(allowed_origins), K(has_allowed_origins), 1, 20, NULL, NULL, 0, 0, "Origins of the pages that may use it, and nothing else; null: any. Not for secret keys", NULL },
	{ "rate_limit",     JSON_INT,  MAYBE,                K(rate_limit),    K(has_rate_limit), 1, 10000, NULL, NULL, 0, 0, "Requests a second, where that is less than the server's own limit; null: the server's", "10" },
	{ "api_version",    JSON_STR,  READ,                 K(api_version),   0,                 0, 0,   NULL, NULL, 0, 0, "The version of the API in which it calls where it sends no Api-Version: the newest on the day when it was made", "2026-11-28" },
	{ "created_at",     JSON_TIME, READ,                 K(created_at),    0,                 0, 0,   NULL, NULL, 0, 0, "When it was made", NULL },
	{ "last_used_at",   JSON_TIME, READ | MAYBE,         K(last_used_at),  0,                 0, 0,   NULL, NULL, 0, 0, "When it last authenticated a request; null: never", NULL },
	{ "last_used_ip",   JSON_STR,  READ | MAYBE,         K(last_used_ip),  0,                 0, 0,   NULL, NULL, 0, 0, "From which network that was, roughly", "192.0.2.0/24" },
	{ "last_used_agent", JSON_STR, READ | MAYBE,         K(last_used_agent), 0,               0, 0,   NULL, NULL, 0, 0, "With which program: the beginning of its User-Agent", "DAVx5/4.5" },
	{ "unused_since",   JSON_TIME, READ | MAYBE,         K(unused_since),  0,                 0, 0,   NULL, NULL, 0, 0, "Where nobody has used it for 30 days: since when. Revoke it if nothing needs it. null: it was used, or it has ended", NULL },
	{ "rotated_at",     JSON_TIME, READ | MAYBE,         K(rotated_at),    0,                 0, 0,   NULL, NULL, 0, 0, "When its secret was replaced; null: never", NULL },
	{ "expires_at",     JSON_TIME, MAYBE,                K(expires_at),    K(has_expires_at), 0, 0,   NULL, NULL, 0, 0, "When it ends by itself, which can only become earlier; null: never", NULL },
	{ "revoked_at",     JSON_TIME, READ | MAYBE,         K(revoked_at),    0,                 0, 0,   NULL, NULL, 0, 0, "When it was revoked; null: it works", NULL },
};
/* clang-format on */

const struct json_resource key_resource = {
	.name = "api_key",
	JSON_FIELDS(key_fields),
	.size = sizeof(struct key_view),
	.doc = "An API key. Its secret is told once, when it is made or rotated.",
};

struct str_list scope_names(struct arena *mem, uint64_t scopes)
{
	struct str rest = scope_text(mem, scopes), name;
	struct str *names = arena_array(mem, struct str, scope_row_count + 1);
	size_t count = 0;
	while (rest.len > 0 && str_cut(&rest, ' ', &name))
		names[count++] = name;
	return (struct str_list){ names, count };
}

err_t scope_names_read(struct ctx *cx, const char *param, struct str_list names, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < names.count; i++) {
		uint64_t scope;
		if (str_has(names.items[i], ' ') || !scope_parse(names.items[i], &scope))
			return REFUSE(cx, INVALID_VALUE, param, "\"%.*s\" is not a scope.", STR_ARG(names.items[i]));
		*out |= scope;
	}
	return OK;
}

struct str_list calendar_names(struct arena *mem, struct id_list calendars)
{
	if (!calendars.items)
		return (struct str_list){ 0 };
	struct str *names = arena_array(mem, struct str, calendars.count + 1);
	for (size_t i = 0; i < calendars.count; i++)
		names[i] = id_text(mem, "cal", calendars.items[i]);
	return (struct str_list){ names, calendars.count };
}

struct key_view key_view_of(const struct ctx *cx, const struct key *k, struct str secret)
{
	struct arena *mem = cx->mem;
	return (struct key_view){
		.id = id_text(mem, "key", k->id),
		.object = STR("api_key"),
		.key = secret,
		.prefix = k->prefix,
		.name = k->name,
		.kind = str_of(key_kind_name(k->kind)),
		.livemode = !id_is_test(k->account),
		.scopes = scope_names(mem, k->scopes),
		.calendars = calendar_names(mem, k->calendars),
		.allowed_ips = k->limits.ips,
		.allowed_origins = k->limits.origins,
		.rate_limit = k->limits.rate,
		.api_version = k->api_version,
		.created_at = k->created_at,
		.last_used_at = k->last_used_at,
		.last_used_ip = address_coarse(mem, k->last_used_ip),
		.last_used_agent = k->last_used_agent,
		.rotated_at = k->rotated_at,
		.expires_at = k->expires_at,
		.revoked_at = k->revoked_at,
		.unused_since = key_unused_since(cx, k),
	};
}

void key_json(struct json *j, const struct ctx *cx, const char *key, const struct key *k, struct str secret)
{
	struct key_view view = key_view_of(cx, k, secret);
	json_object(j, key);
	json_write(j, cx->mem, key_fields, ARRAY_LEN(key_fields), &view);
	json_object_end(j);
}
