/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/show.h"

#include "server/auth/scope.h"

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

static void scopes_json(struct json *j, struct arena *mem, uint64_t scopes)
{
	struct str rest = scope_text(mem, scopes), name;
	json_array(j, "scopes");
	while (rest.len > 0 && str_cut(&rest, ' ', &name))
		json_str(j, NULL, name);
	json_array_end(j);
}

/* null: all of them */
static void calendars_json(struct json *j, struct id_list calendars)
{
	if (!calendars.items) {
		json_null(j, "calendars");
		return;
	}
	json_array(j, "calendars");
	for (size_t i = 0; i < calendars.count; i++)
		json_id(j, NULL, "cal", calendars.items[i]);
	json_array_end(j);
}

void key_json(struct json *j, struct arena *mem, const char *key, const struct key *k, struct str secret)
{
	json_object(j, key);
	json_id(j, "id", "key", k->id);
	json_str(j, "object", STR("api_key"));
	json_str_if(j, "key", secret);
	json_str(j, "prefix", k->prefix);
	json_str(j, "name", k->name);
	json_str(j, "kind", str_of(key_kind_name(k->kind)));
	json_bool(j, "livemode", !id_is_test(k->account));
	scopes_json(j, mem, k->scopes);
	calendars_json(j, k->calendars);
	json_time(j, "created_at", k->created_at);
	json_time(j, "last_used_at", k->last_used_at);
	json_time(j, "rotated_at", k->rotated_at);
	json_time(j, "expires_at", k->expires_at);
	json_time(j, "revoked_at", k->revoked_at);
	json_object_end(j);
}
