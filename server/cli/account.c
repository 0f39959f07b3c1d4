/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/account.h"

#include <stdio.h>
#include <string.h>

#include "caldav/calendar/sample.h"
#include "server/account/resources.h"
#include "server/cli/command.h"
#include "server/cli/list.h"
#include "server/crypto/password.h"

/* The first line of standard input. */
static err_t password_from_stdin(struct ctx *cx, const struct command_call *call, struct str *out)
{
	char *line = arena_take(cx->mem, PASSWORD_MAX + 3, 1); /* its end, and one octet to tell what is too long */
	if (!fgets(line, PASSWORD_MAX + 3, call->input))
		return REFUSE(cx, INVALID_VALUE, "password-stdin", "Standard input holds no password.");
	*out = str_trim(str_of(line), "\r\n");
	return OK;
}

static err_t plan_of(struct ctx *cx, const struct config *config, enum plan *out)
{
	struct str name = config->plan.len > 0 ? config->plan : config->default_plan;
	if (!plan_parse(name, out))
		return REFUSE(cx, INVALID_VALUE, "plan", "The plan is pro or free.");
	return OK;
}

err_t command_account(struct ctx *cx, struct str name, struct account *out)
{
	struct id id;
	err_t e = id_parse(name, "usr", &id) ? account_by_id(cx, id, out) : account_by_email(cx, name, out);
	if (err_is(e, NOT_FOUND))
		return REFUSE(cx, NOT_FOUND, "",
			"There is no account %.*s. calends account list shows all; calends account "
			"create makes one.",
			STR_ARG(str_sub(name, 0, 254)));
	return e;
}

static void print(const struct command_call *call, const struct account *account)
{
	if (call->config->json) {
		struct json j = json_begin(call->out);
		account_json(&j, NULL, account);
		BUF_LIT(call->out, "\n");
		return;
	}
	buf_fmt(call->out, "%.*s  %.*s  %s, %s plan\n", STR_ARG(account->email), STR_ARG(account->name),
		account_status_name(account->status), plan_name(account->plan));
}

static err_t create(struct ctx *cx, const struct command_call *call)
{
	struct account_new in = { .email = call->args.items[0], .name = call->config->name, .email_known = true };
	struct account account;
	TRY(plan_of(cx, call->config, &in.plan));
	if (call->config->password_stdin)
		TRY(password_from_stdin(cx, call, &in.password));
	TRY(account_create(cx, &in, &account));
	sample_put_in_test_mode(cx, account.id);
	print(call, &account);
	return OK;
}

static err_t list(struct ctx *cx, const struct command_call *call)
{
	struct account *accounts;
	size_t count;
	TRY(account_list(cx, &accounts, &count));
	if (!call->config->json) {
		for (size_t i = 0; i < count; i++)
			print(call, &accounts[i]);
		return OK;
	}
	struct json j = list_begin(call);
	for (size_t i = 0; i < count; i++)
		account_json(&j, NULL, &accounts[i]);
	list_end(&j, call);
	return OK;
}

static err_t show(struct ctx *cx, const struct command_call *call)
{
	struct account account;
	TRY(command_account(cx, call->args.items[0], &account));
	print(call, &account);
	return OK;
}

static err_t set_status(struct ctx *cx, const struct command_call *call, enum account_status status)
{
	struct account account;
	TRY(command_account(cx, call->args.items[0], &account));
	TRY(account_set_status(cx, account.id, status));
	return show(cx, call);
}

static err_t deactivate(struct ctx *cx, const struct command_call *call)
{
	return set_status(cx, call, STATUS_DEACTIVATED);
}

static err_t reactivate(struct ctx *cx, const struct command_call *call)
{
	return set_status(cx, call, STATUS_ACTIVE);
}

static err_t set_password(struct ctx *cx, const struct command_call *call)
{
	struct account account;
	struct str password;
	if (!call->config->password_stdin)
		return REFUSE(cx, MISSING_FIELD, "password-stdin",
			"Give the new password on standard input, with --password-stdin.");
	TRY(password_from_stdin(cx, call, &password));
	TRY(command_account(cx, call->args.items[0], &account));
	TRY(account_set_password(cx, account.id, password));
	print(call, &account);
	return OK;
}

/* clang-format off */
const struct command account_commands[] = {
	{ "account", "create",       "EMAIL", "Make an account.",                                                   COMMAND_DB, create,       "name password-stdin plan" },
	{ "account", "list",         "",      "List all accounts.",                                                 COMMAND_DB, list,         NULL },
	{ "account", "show",         "EMAIL", "Show one account.",                                                  COMMAND_DB, show,         NULL },
	{ "account", "deactivate",   "EMAIL", "Refuse the account on every surface; nothing is deleted.",           COMMAND_DB, deactivate,   NULL },
	{ "account", "reactivate",   "EMAIL", "Let the account in again; its keys and connections work as before.", COMMAND_DB, reactivate,   NULL },
	{ "account", "set-password", "EMAIL", "Set the password from standard input and end all sessions.",         COMMAND_DB, set_password, "password-stdin" },
	{ .noun = NULL },
};
/* clang-format on */
