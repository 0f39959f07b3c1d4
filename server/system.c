/* SPDX-License-Identifier: Apache-2.0 */
/* The commands about the server itself, and the reference pages that are made from its tables. */
#include <stdio.h>

#include "oauth/param_table.h"
#include "server/cli/command.h"
#include "server/cli/manual.h"
#include "server/data/json.h"
#include "server/doctor.h"
#include "server/http/openapi.h"
#include "server/modules.h"
#include "server/serve.h"

/* The schema is brought up to date by opening the database (COMMAND_DB). */
static err_t migrate_command(struct ctx *cx, const struct command_call *call)
{
	(void)cx;
	if (call->config->json)
		BUF_LIT(call->out, "{\"schema\":\"current\"}\n");
	else
		BUF_LIT(call->out, "The schema is up to date.\n");
	return OK;
}

static err_t version_command(struct ctx *cx, const struct command_call *call)
{
	(void)cx;
	buf_fmt(call->out, call->config->json ? "{\"version\":\"%s\"}\n" : "calends %s\n", CALENDS_VERSION);
	return OK;
}

static err_t routes_command(struct ctx *cx, const struct command_call *call)
{
	router_print(app_outline(cx), call->out);
	return OK;
}

static void print_errors(struct ctx *cx, struct buf *out)
{
	(void)cx;
	BUF_LIT(out, "| status | type | code | OAuth | DAV | message |\n| --- | --- | --- | --- | --- | --- |\n");
	for (int kind = 0; kind < ERR_KINDS; kind++) {
		const struct err_row *row = err_row((enum err_kind)kind);
		buf_fmt(out, "| %d | %s | %s | ", row->api_status, row->api_type, row->api_code);
		if (row->oauth_status)
			buf_fmt(out, "%d %s", row->oauth_status, row->oauth_error);
		BUF_LIT(out, " | ");
		if (row->dav_status)
			buf_fmt(out, "%d %s", row->dav_status, row->dav_condition ? row->dav_condition : "");
		buf_fmt(out, " | %s |\n", row->text);
	}
}

static void print_scopes(struct ctx *cx, struct buf *out)
{
	(void)cx;
	static const char *const risks[] = { "low", "medium", "sensitive" };
	BUF_LIT(out, "| scope | opens | on the consent page | risk |\n| --- | --- | --- | --- |\n");
	for (size_t i = 0; i < scope_row_count; i++)
		buf_fmt(out, "| `%s` | %s | %s | %s |\n", scope_rows[i].name, scope_rows[i].opens,
			scope_rows[i].sentence, risks[scope_rows[i].risk]);
	BUF_LIT(out, "\nApps may also ask in these words of others, and are answered in them:\n\n| alias | what it is "
		     "here |\n| --- | --- |\n");
	for (size_t i = 0; i < scope_alias_count; i++)
		buf_fmt(out, "| `%s` | %s |\n", scope_aliases[i].name, scope_aliases[i].doc);
}

static void print_options(struct ctx *cx, struct buf *out)
{
	(void)cx;
	config_markdown(out);
}

static void print_parameters(struct ctx *cx, struct buf *out)
{
	(void)cx;
	param_table_print(out);
}

static void print_routes(struct ctx *cx, struct buf *out)
{
	router_print(app_outline(cx), out);
}

static void print_openapi(struct ctx *cx, struct buf *out)
{
	openapi_print(out, app_outline(cx), STR_ABSENT);
	buf_char(out, '\n');
}

static void print_manual(struct ctx *cx, struct buf *out)
{
	(void)cx;
	manual_print(out);
}

/* Without a title: no page, but a file for programs. */
static const struct {
	const char *name, *title, *lead;
	void (*print)(struct ctx *cx, struct buf *out);
} references[] = {
	{ "routes", "Routes",
		"Every path that the server answers, who may call it and with which scope. Of heavy requests an "
		"account has a number under way at a time (`--heavy-requests`). What REST takes and answers stands "
		"under its table. A parameter or field that is not listed is refused. A caller without the scope that "
		"shows a resource whole is answered its open fields alone: who may only write learns what was made, "
		"and nothing of what others wrote.",
		print_routes },
	{ "errors", "Errors",
		"Every kind of failure and what it is called in each protocol. REST answers carry type, code, message, "
		"param and request_id; OAuth answers error and error_description; DAV answers one precondition "
		"element.",
		print_errors },
	{ "options", "Options",
		"Every setting. A flag wins over the environment (`CALENDS_` and the flag in capitals), that over the "
		"file of `--config`.",
		print_options },
	{ "scopes", "Scopes", "What a third-party app can be granted.", print_scopes },
	{ "parameters", "Parameters of OAuth",
		"Every parameter that an endpoint of OAuth reads, of a query, a form or (register) a JSON object. One "
		"without a value is absent; one that may not be there twice is refused where it is. Others are not "
		"looked at, but may not be there twice either.",
		print_parameters },
	{ "openapi", NULL, NULL, print_openapi },
	{ "man", NULL, NULL, print_manual },
};

/* One page of docs/, whole: tests compare the file with it. */
static err_t reference_command(struct ctx *cx, const struct command_call *call)
{
	for (size_t i = 0; i < ARRAY_LEN(references); i++) {
		if (!str_eq(call->args.items[0], str_of(references[i].name)))
			continue;
		if (!references[i].title) {
			references[i].print(cx, call->out);
			return OK;
		}
		buf_fmt(call->out, "# %s\n\n%s\n\n", references[i].title, references[i].lead);
		references[i].print(cx, call->out);
		buf_fmt(call->out, "\nMade by `calends reference %s`.\n", references[i].name);
		return OK;
	}
	return REFUSE(cx, INVALID_VALUE, "", "give one of routes, errors, options, scopes, parameters, openapi, man");
}

/* clang-format off */
const struct command system_commands[] = {
	{ "serve",     "", "",      "Serve until SIGTERM.", COMMAND_ALONE, serve_command, "@serve" },
	{ "migrate",   "", "",      "Bring the database's schema up to date.", COMMAND_DB, migrate_command, NULL },
	{ "routes",    "", "",      "Print the route tables.", 0, routes_command, NULL },
	{ "reference", "", "routes|errors|options|scopes|parameters|openapi|man", "Print a page of docs/, the API as OpenAPI, or the manual page.", 0, reference_command, NULL },
	{ "doctor",    "", "",      "Check settings, database, time zones, clock and public URL; say how to mend.", 0, doctor_command, "@serve" },
	{ "version",   "", "",      "Print the version; --version does, too.", 0, version_command, NULL },
	{ .noun = NULL },
};
/* clang-format on */
