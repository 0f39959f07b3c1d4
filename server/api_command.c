/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `calends api`: every operation of the REST API from the command line, as the account itself would call it with a key
 * of full access. The call goes through the same route and contract as one over HTTP; the audit log says "command".
 */
#include <stdio.h>
#include <string.h>

#include "caldav/calendar/sandbox.h"
#include "server/account/account.h"
#include "server/cli/command.h"
#include "server/cli/list.h"
#include "server/http/client_io.h"
#include "server/http/subrequest.h"
#include "server/modules.h"

#define TARGET_MAX KIB(64)

/* ---- what is called ---- */

struct api_order {
	struct ctx *cx;
	struct str_list params; /* NAME=VALUE */
	struct operation operation;
};

static bool is_of_path(const struct api_order *a, struct str name)
{
	struct str pattern = str_of(a->operation.route->path), segment;
	while (str_cut(&pattern, '/', &segment))
		if (str_starts(segment, STR(":")) && str_eq(str_from(segment, 1), name))
			return true;
	return false;
}

static err_t value_of(void *owner, struct str name, struct str *out)
{
	const struct api_order *a = owner;
	for (size_t i = 0; i < a->params.count; i++) {
		struct str value = a->params.items[i], given;
		if (str_cut(&value, '=', &given) && str_eq(given, name)) {
			*out = value;
			return OK;
		}
	}
	return REFUSE(a->cx, MISSING_FIELD, "param", "The operation needs --param %.*s=….", STR_ARG(name));
}

/* What is no name of the path goes into the query, where the operation checks it. */
static err_t read_target(struct api_order *a, struct str *out)
{
	struct ctx *cx = a->cx;
	struct buf target = buf_new(cx->mem, TARGET_MAX), query = buf_new(cx->mem, TARGET_MAX);
	TRY(operation_path(cx, &a->operation, value_of, a, &target));
	for (size_t i = 0; i < a->params.count; i++) {
		struct str value = a->params.items[i], name;
		if (str_find(value, STR("=")) == SIZE_MAX || !str_cut(&value, '=', &name) || !name.len)
			return REFUSE(cx, INVALID_VALUE, "param", "A parameter is NAME=VALUE.");
		if (!is_of_path(a, name))
			form_add(&query, str_c(cx->mem, name), value);
	}
	if (query.len)
		BUF_LIT(&target, "?");
	buf_add(&target, buf_str(&query));
	if (target.full || query.full)
		return REFUSE(cx, TOO_LARGE, "param", "The parameters are too long.");
	*out = buf_str(&target);
	return OK;
}

static err_t read_body(struct ctx *cx, FILE *input, const struct operation *operation, struct str *out)
{
	size_t most = operation->route->body_max;
	char *octets = arena_take(cx->mem, 1, most + 1);
	size_t len = fread(octets, 1, most + 1, input);
	if (ferror(input))
		return REFUSE(cx, INVALID_VALUE, "body-stdin", "Standard input cannot be read.");
	if (len > most)
		return REFUSE(cx, TOO_LARGE, "body-stdin", "The operation takes %zu octets at most.", most);
	*out = (struct str){ octets, len };
	return OK;
}

static err_t find(struct ctx *cx, const struct app *app, struct str id, struct operation *out)
{
	*out = operation_find(app, id);
	if (!out->contract)
		return REFUSE(cx, NOT_FOUND, "OPERATION", "There is no operation %.*s; calends api list names all.",
			STR_ARG(id));
	if (out->contract->flags & STAYS_OPEN)
		return REFUSE(cx, INVALID_VALUE, "OPERATION", "The answer of %.*s has no end: ask for it over HTTP.",
			STR_ARG(id));
	return OK;
}

/* ---- who calls ---- */

/* Of the keys of full access the one that the route admits; else one that it refuses in its own words. */
static enum who kind_for(const struct operation *operation)
{
	static const enum who kinds[] = { SECRET_KEY, ACCOUNT_KEY, PUBLISHABLE_KEY };
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (operation->route->who & kinds[i])
			return kinds[i];
	return SECRET_KEY;
}

static err_t read_caller(
	struct ctx *cx, const struct command_call *call, const struct operation *operation, struct principal *out)
{
	struct account account;
	bool test = str_eq(call->config->mode, STR("test"));
	TRY(command_account(cx, call->args.items[0], &account));
	*out = (struct principal){
		.kind = kind_for(operation),
		.account = id_in_mode(account.id, test),
		.scopes = SCOPES_ALL | OWNER,
		.email = account.email,
		.name = account.name,
		.tz = account.tz,
	};
	if (test) /* by the sandbox's clock, as over HTTP */
		TRY(sandbox_ahead(cx, out->account, &cx->ahead_s));
	out->ahead_s = cx->ahead_s;
	return OK;
}

/* ---- the call ---- */

/* Nobody is at the other end: an answer is kept, and nothing is asked for. */
static ssize_t no_read(struct client_io *io, char *into, size_t max)
{
	(void)io, (void)into, (void)max;
	return 0;
}

static bool no_write(struct client_io *io, struct str octets)
{
	(void)io, (void)octets;
	return false;
}

static bool no_reserve(struct client_io *io, size_t octets)
{
	(void)io, (void)octets;
	return true;
}

static bool is_last(struct client_io *io)
{
	(void)io;
	return true;
}

static void no_close(struct client_io *io)
{
	(void)io;
}

static void no_hold(struct client_io *io, struct held_connection *held)
{
	(void)io, (void)held;
}

static const struct client_io_ops nobody = { no_read, no_write, no_reserve, is_last, no_close, no_hold };

static void print_answer(const struct command_call *call, const struct subanswer *answer)
{
	buf_add(call->out, answer->body);
	if (answer->body.len && answer->body.ptr[answer->body.len - 1] != '\n')
		BUF_LIT(call->out, "\n");
}

static err_t run(struct ctx *cx, const struct command_call *call, const struct app *app, struct arena *answers)
{
	struct api_order asked = { .cx = cx, .params = call->config->param };
	struct principal caller;
	struct subanswer answer;
	struct client_io io = { .ops = &nobody, .out = answers };
	struct subrequest sub = { .operation = &asked.operation };
	TRY(find(cx, app, call->args.items[1], &asked.operation));
	TRY(read_target(&asked, &sub.target));
	if (call->config->body_stdin)
		TRY(read_body(cx, call->input, &asked.operation, &sub.body));
	TRY(read_caller(cx, call, &asked.operation, &caller));
	struct request *rq = arena_new(cx->mem, struct request);
	rq->cx = *cx;
	rq->app = app;
	rq->io = &io;
	rq->secure = true;
	rq->principal = &caller;
	if (call->config->connected_account.len)
		rq->headers[rq->header_count++] =
			(struct header){ STR("Connected-Account"), call->config->connected_account };
	err_t e = subrequest_run(rq, &sub, &answer);
	*cx = rq->cx;
	TRY(e);
	TRY(answer.error);
	print_answer(call, &answer);
	return OK;
}

static err_t call_command(struct ctx *cx, const struct command_call *call)
{
	struct app *app = app_new(cx, call->runtime);
	struct arena *answers = arena_open();
	err_t e = run(cx, call, app, answers);
	arena_close(answers);
	app_close(app);
	return e;
}

/* ---- what there is ---- */

static err_t list_command(struct ctx *cx, const struct command_call *call)
{
	const struct app *app = app_outline(cx);
	struct json j = { 0 };
	if (call->config->json)
		j = list_begin(call);
	for (size_t m = 0; m < app->module_count; m++)
		for (size_t i = 0; app->modules[m]->contracts && i < app->modules[m]->route_count; i++) {
			const struct route *route = &app->modules[m]->routes[i];
			const struct contract *contract = app->modules[m]->contracts[i];
			if (!call->config->json) {
				buf_fmt(call->out, "%-28s %-6s %s\n", contract->id, method_name(route->method),
					route->path);
				continue;
			}
			json_object(&j, NULL);
			json_str(&j, "id", str_of(contract->id));
			json_str(&j, "method", str_of(method_name(route->method)));
			json_str(&j, "path", str_of(route->path));
			json_str(&j, "summary", str_of(contract->summary));
			json_object_end(&j);
		}
	if (call->config->json)
		list_end(&j, call);
	return OK;
}

/* clang-format off */
const struct command api_commands[] = {
	{ "api", "list", "",                "List the operations of the REST API.", 0, list_command, NULL },
	{ "api", "call", "EMAIL OPERATION", "Call an operation of the REST API as the account itself and print its answer.", COMMAND_DB, call_command, "mode param body-stdin connected-account" },
	{ .noun = NULL },
};
/* clang-format on */
