/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/signing_keys.h"

#include "server/cli/command.h"
#include "server/cli/list.h"
#include "server/data/json.h"

static const char *state_name(int16_t state)
{
	return state == SIGNING_NEXT ? "next" : state == SIGNING_ACTIVE ? "active" : "retired";
}

static void print_one(struct ctx *cx, const struct command_call *call, struct json *j, const struct signing_key_row *k)
{
	if (!call->config->json) {
		buf_fmt(call->out, "%.*s  %-7s  made %.*s\n", STR_ARG(k->kid), state_name(k->state),
			STR_ARG(instant_rfc3339(cx->mem, instant_of_s(instant_s(k->created_at)))));
		return;
	}
	json_object(j, NULL);
	json_str(j, "kid", k->kid);
	json_str(j, "object", STR("signing_key"));
	json_str(j, "state", str_of(state_name(k->state)));
	json_time(j, "created_at", k->created_at);
	json_time(j, "active_at", k->active_at);
	json_time(j, "retired_at", k->retired_at);
	json_object_end(j);
}

static err_t list(struct ctx *cx, const struct command_call *call)
{
	struct signing_key_row *rows;
	struct json j = { 0 };
	size_t count;
	TRY(signing_keys_list(cx, &rows, &count));
	if (call->config->json)
		j = list_begin(call);
	for (size_t i = 0; i < count; i++)
		print_one(cx, call, &j, &rows[i]);
	if (call->config->json)
		list_end(&j, call);
	return OK;
}

static err_t rotate(struct ctx *cx, const struct command_call *call)
{
	TRY(signing_keys_rotate(cx));
	return list(cx, call);
}

static err_t withdraw(struct ctx *cx, const struct command_call *call)
{
	err_t e = signing_key_withdraw(cx, call->args.items[0]);
	if (err_is(e, NOT_FOUND))
		return REFUSE(cx, INVALID_VALUE, "KID",
			"No retired key has this name; calends signing-key list shows them. The active one is retired "
			"by "
			"calends signing-key rotate.");
	TRY(e);
	return list(cx, call);
}

/* clang-format off */
const struct command signing_key_commands[] = {
	{ "signing-key", "list",     "",    "List the keys that sign ID tokens and other tokens which apps verify.",        COMMAND_DB, list, NULL },
	{ "signing-key", "rotate",   "",    "Sign with the next key from now on; the old one is published as before.",      COMMAND_DB, rotate, NULL },
	{ "signing-key", "withdraw", "KID", "Take a retired key back: what it signed is worth nothing, on all instances within a minute.", COMMAND_DB, withdraw, NULL },
	{ .noun = NULL },
};
/* clang-format on */
