/* SPDX-License-Identifier: Apache-2.0 */
#include "caldav/calendar/sandbox.h"

#include "server/account/account.h"
#include "server/cli/command.h"
#include "server/data/json.h"

static err_t sandbox_of(struct ctx *cx, const struct command_call *call, struct id *out)
{
	struct account account;
	TRY(command_account(cx, call->args.items[0], &account));
	*out = id_in_mode(account.id, true);
	return OK;
}

static void print_clock(const struct ctx *cx, const struct command_call *call, const char *object)
{
	if (call->config->json) {
		struct json j = json_begin(call->out);
		json_object(&j, NULL);
		json_str(&j, "object", str_of(object));
		json_bool(&j, "livemode", false);
		json_time(&j, "now", account_now(cx));
		json_int(&j, "advanced_seconds", cx->ahead_s);
		json_object_end(&j);
		BUF_LIT(call->out, "\n");
		return;
	}
	struct instant now = instant_of_s(instant_s(account_now(cx)));
	buf_fmt(call->out, "In test mode it is %.*s, %lld seconds ahead of this server's clock.\n",
		STR_ARG(instant_rfc3339(cx->mem, now)), (long long)cx->ahead_s);
}

static err_t reset(struct ctx *cx, const struct command_call *call)
{
	struct id account;
	TRY(sandbox_of(cx, call, &account));
	TRY(sandbox_reset(cx, account));
	if (!call->config->json)
		BUF_LIT(call->out, "The test data are as in the beginning.\n");
	print_clock(cx, call, "sandbox");
	return OK;
}

static err_t set_clock(struct ctx *cx, const struct command_call *call)
{
	struct id account;
	TRY(sandbox_of(cx, call, &account));
	if (call->config->advance)
		TRY(sandbox_advance(cx, account, INSTANT_NONE, call->config->advance));
	else
		TRY(sandbox_ahead(cx, account, &cx->ahead_s));
	print_clock(cx, call, "sandbox_clock");
	return OK;
}

/* clang-format off */
const struct command sandbox_commands[] = {
	{ "sandbox", "reset", "EMAIL", "Put an account's test data back to their beginning, and their clock.", COMMAND_DB, reset, NULL },
	{ "sandbox", "clock", "EMAIL", "Print the clock of an account's test data, set forward by --advance SECONDS.", COMMAND_DB, set_clock, "advance" },
	{ .noun = NULL },
};
/* clang-format on */
