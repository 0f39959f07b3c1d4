/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/key.h"

#include "caldav/calendar/store/store.h"
#include "server/account/account.h"
#include "server/account/resources.h"
#include "server/cli/command.h"
#include "server/cli/list.h"

static struct str time_or_dash(struct arena *mem, struct instant t)
{
	return instant_is_none(t) ? STR("-") : instant_rfc3339(mem, instant_of_s(instant_s(t)));
}

static err_t print(struct ctx *cx, const struct command_call *call, const struct key *key, struct str secret)
{
	if (call->config->json) {
		struct json j = json_begin(call->out);
		key_json(&j, cx, NULL, key, secret);
		BUF_LIT(call->out, "\n");
		return OK;
	}
	if (secret.ptr)
		buf_fmt(call->out, "%.*s\nThis is shown once; only its hash is kept.\n", STR_ARG(secret));
	buf_fmt(call->out, "%.*s  %.*s  %s key, %s%s  %.*s\n", STR_ARG(id_text(cx->mem, "key", key->id)),
		STR_ARG(key->prefix), key_kind_name(key->kind), id_is_test(key->account) ? "test" : "live",
		instant_is_none(key->revoked_at) ? "" : ", revoked", STR_ARG(key->name));
	return OK;
}

static err_t read_settings(struct ctx *cx, const struct config *config, struct key_new *out)
{
	if (!key_kind_parse(config->kind, &out->kind))
		return REFUSE(cx, INVALID_VALUE, "kind", "The kind is account, secret, restricted or publishable.");
	if (!str_eq(config->mode, STR("live")) && !str_eq(config->mode, STR("test")))
		return REFUSE(cx, INVALID_VALUE, "mode", "The mode is live or test.");
	out->test = str_eq(config->mode, STR("test"));
	out->limits.rate = (int32_t)config->key_rate;
	if (config->scope.len > 0 && !scope_parse(config->scope, &out->scopes))
		return command_scope_refused(cx, "scope", config->scope);
	return OK;
}

static err_t create(struct ctx *cx, const struct command_call *call)
{
	struct account account;
	struct key_new in = {
		.name = call->config->name,
		.limits = { .ips = call->config->allow_ip, .origins = call->config->allow_origin },
		.expires_at = INSTANT_NONE,
	};
	struct key key;
	struct str secret;
	TRY(read_settings(cx, call->config, &in));
	TRY(command_account(cx, call->args.items[0], &account));
	in.account = account.id;
	const struct actor owner = actor_server(id_in_mode(account.id, in.test));
	TRY(calendars_by_names(cx, &owner, call->config->calendar, "calendar", &in.calendars));
	TRY(key_create(cx, &in, &key, &secret));
	return print(cx, call, &key, secret);
}

/* How many of them nobody has used for long; with `alone` the others are taken out. */
static size_t keys_unused(const struct ctx *cx, bool alone, struct key *keys, size_t *count)
{
	size_t unused = 0, left = 0;
	for (size_t i = 0; i < *count; i++) {
		bool one = !instant_is_none(key_unused_since(cx, &keys[i]));
		unused += one;
		if (one || !alone)
			keys[left++] = keys[i];
	}
	*count = left;
	return unused;
}

static const char *state_of(const struct ctx *cx, const struct key *k)
{
	if (!instant_is_none(k->revoked_at))
		return " (revoked)";
	if (!key_is_alive(cx, k))
		return " (expired)";
	return instant_is_none(key_unused_since(cx, k)) ? "" : " (unused for 30 days)";
}

static err_t list(struct ctx *cx, const struct command_call *call)
{
	struct account account;
	struct key *keys;
	size_t count;
	TRY(command_account(cx, call->args.items[0], &account));
	TRY(key_list(cx, account.id, &keys, &count));
	size_t unused = keys_unused(cx, call->config->unused, keys, &count);
	if (call->config->json) {
		struct json j = list_begin(call);
		for (size_t i = 0; i < count; i++)
			key_json(&j, cx, NULL, &keys[i], STR_ABSENT);
		list_end(&j, call);
		return OK;
	}
	buf_fmt(call->out, "%-26s  %-15s  %-11s  %-4s  %-20s  %-20s  %s\n", "ID", "PREFIX", "KIND", "MODE", "CREATED",
		"LAST USED", "NAME");
	for (size_t i = 0; i < count; i++) {
		const struct key *k = &keys[i];
		buf_fmt(call->out, "%-26.*s  %-15.*s  %-11s  %-4s  %-20.*s  %-20.*s  %.*s%s\n",
			STR_ARG(id_text(cx->mem, "key", k->id)), STR_ARG(k->prefix), key_kind_name(k->kind),
			id_is_test(k->account) ? "test" : "live", STR_ARG(time_or_dash(cx->mem, k->created_at)),
			STR_ARG(time_or_dash(cx->mem, k->last_used_at)), STR_ARG(k->name), state_of(cx, k));
	}
	if (unused)
		buf_fmt(call->out,
			"\n%zu %s not used for 30 days. What nothing needs any more, end with calends key revoke ID.\n",
			unused, unused == 1 ? "key was" : "keys were");
	return OK;
}

static err_t key_operand(struct ctx *cx, const struct command_call *call, struct id *out)
{
	if (!id_parse(call->args.items[0], "key", out))
		return REFUSE(cx, INVALID_VALUE, "ID", "A key's id begins with key_; calends key list EMAIL shows it.");
	return OK;
}

static err_t rotate(struct ctx *cx, const struct command_call *call)
{
	struct id id;
	struct key key;
	struct str secret;
	TRY(key_operand(cx, call, &id));
	TRY(key_rotate(cx, (struct id){ { 0 } }, id, &key, &secret));
	return print(cx, call, &key, secret);
}

static err_t revoke(struct ctx *cx, const struct command_call *call)
{
	struct id id;
	struct key key;
	TRY(key_operand(cx, call, &id));
	TRY(key_revoke(cx, (struct id){ { 0 } }, id, &key));
	return print(cx, call, &key, STR_ABSENT);
}

/* clang-format off */
const struct command key_commands[] = {
	{ "key", "create", "EMAIL", "Make a key and show it once.",                         COMMAND_DB, create, "name kind mode scope calendar allow-ip allow-origin key-rate" },
	{ "key", "list",   "EMAIL", "List an account's keys.",                              COMMAND_DB, list,   "unused" },
	{ "key", "rotate", "ID",    "Replace a key's secret; the old one is dead at once.", COMMAND_DB, rotate, NULL },
	{ "key", "revoke", "ID",    "End a key at once and for good.",                      COMMAND_DB, revoke, NULL },
	{ .noun = NULL },
};
/* clang-format on */
