/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts and keys as JSON objects: the same members on REST and on the command line. */
#pragma once

#include "server/account/account.h"
#include "server/account/key.h"
#include "server/data/json.h"

const char *account_status_name(enum account_status status); /* "active", "deactivated", "deleted" */
const char *plan_name(enum plan plan);                       /* "free", "pro" */
bool plan_parse(struct str name, enum plan *out);

/* An object with this key (NULL at the top and in arrays). */
void account_json(struct json *j, const char *key, const struct account *account);

/* As answers list them: "events:read", …; cal_…, absent for all of them. */
struct str_list scope_names(struct arena *mem, uint64_t scopes);
/* And back, one name an item. INVALID_VALUE with `param`. */
MUST_CHECK err_t scope_names_read(struct ctx *cx, const char *param, struct str_list names, uint64_t *out);
struct str_list calendar_names(struct arena *mem, struct id_list calendars);

/* A key as it is told of, and as it is asked for; has_… tell what was sent. */
struct key_view {
	struct str id, object, key, prefix, name, kind;
	bool livemode, has_name, has_kind, has_scopes, has_calendars, has_expires_at;
	bool has_allowed_ips, has_allowed_origins, has_rate_limit;
	struct str_list scopes, calendars, allowed_ips, allowed_origins;
	struct str api_version, last_used_ip, last_used_agent;
	int64_t rate_limit; /* 0: none */
	struct instant created_at, last_used_at, rotated_at, expires_at, revoked_at, unused_since;
};
extern const struct json_resource key_resource;
/* `secret` is what is shown once, when it was made or rotated; absent otherwise. */
struct key_view key_view_of(const struct ctx *cx, const struct key *k, struct str secret);
void key_json(struct json *j, const struct ctx *cx, const char *key, const struct key *k, struct str secret);
