/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/audit.h"

#include "server/account/account.h"
#include "server/cli/command.h"

static void print_json(const struct command_call *call, const struct audit_told *told)
{
	struct json j = json_begin(call->out);
	json_object(&j, NULL);
	json_str(&j, "object", STR("audit_verification"));
	json_bool(&j, "whole", !told->reason.ptr);
	json_int(&j, "chains", (int64_t)told->accounts);
	json_int(&j, "rows", (int64_t)told->rows);
	if (told->reason.ptr) {
		json_object(&j, "broken");
		json_id(&j, "account", "usr", id_in_mode(told->account, false));
		json_bool(&j, "livemode", !id_is_test(told->account));
		json_int(&j, "sequence", told->seq);
		json_str(&j, "reason", told->reason);
		json_object_end(&j);
	}
	json_object_end(&j);
	BUF_LIT(call->out, "\n");
}

static err_t tell_broken(struct ctx *cx, const struct audit_told *told)
{
	if (id_is_zero(told->account))
		return REFUSE(cx, CONFLICT, "", "The audit log was altered: %.*s.", STR_ARG(told->reason));
	return REFUSE(cx, CONFLICT, "", "The audit log was altered. %s %.*s, row %lld: %.*s.",
		id_is_test(told->account) ? "Test data of" : "Account",
		STR_ARG(id_text(cx->mem, "usr", id_in_mode(told->account, false))), (long long)told->seq,
		STR_ARG(told->reason));
}

static err_t verify(struct ctx *cx, const struct command_call *call)
{
	struct account account = { 0 };
	struct audit_told told;
	if (call->config->account.len)
		TRY(command_account(cx, call->config->account, &account));
	TRY(audit_verify(cx, account.id, &told));
	if (call->config->json)
		print_json(call, &told);
	if (told.reason.ptr)
		return tell_broken(cx, &told);
	if (!call->config->json)
		buf_fmt(call->out, "%zu rows in %zu chains are as they were written.\n", told.rows, told.accounts);
	return OK;
}

/* Lines of JSON, with --json and without. */
static err_t export(struct ctx *cx, const struct command_call *call)
{
	struct account account;
	TRY(command_account(cx, call->args.items[0], &account));
	return audit_export(cx, account.id, call->out);
}

/* clang-format off */
const struct command audit_commands[] = {
	{ "audit", "verify", "",      "Compute the audit log's hashes anew, of all accounts or of --account EMAIL; name the first row that was altered.", COMMAND_DB, verify, "account" },
	{ "audit", "export", "EMAIL", "Print an account's audit log, a JSON object a line, with the text that was hashed.", COMMAND_DB, export, NULL },
	{ .noun = NULL },
};
/* clang-format on */
