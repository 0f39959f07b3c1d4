/* SPDX-License-Identifier: Apache-2.0 */
#include "server/cli/command.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/auth/scope.h"
#include "server/base/log.h"
#include "server/cli/runtime.h"
#include "server/data/json.h"
#include "server/db/query.h"

#define OUTPUT_MAX ((size_t)64 << 20)

enum exit_status { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static const struct command *const tables[] = { system_commands, account_commands, key_commands, client_commands,
	audit_commands, usage_commands, sandbox_commands, signing_key_commands, api_commands, completion_commands,
	batch_commands };

const struct command *command_at(size_t index)
{
	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (const struct command *c = tables[t]; c->noun; c++)
			if (index-- == 0)
				return c;
	return NULL;
}

/* "account create EMAIL", in mem. */
static struct str usage_of(struct arena *mem, const struct command *c)
{
	return str_fmt(
		mem, "%s%s%s%s%s", c->noun, c->verb[0] ? " " : "", c->verb, c->operands[0] ? " " : "", c->operands);
}

bool command_takes(const struct command *c, const struct config_option *option)
{
	struct str rest = str_of(c->options), word;
	if (strcmp(option->group, "all") == 0 || strcmp(option->flag, "json") == 0)
		return true;
	while (str_cut(&rest, ' ', &word))
		if (str_starts(word, STR("@")) ? str_eq(str_from(word, 1), str_of(option->group))
					       : str_eq(word, str_of(option->flag)))
			return true;
	return false;
}

/* "--kind, --mode": what it could have been given instead. */
static struct str taken_options(struct arena *mem, const struct command *c)
{
	struct buf out = buf_new(mem, 4096);
	struct config_option option;
	for (size_t i = 0; config_option(i, &option); i++)
		if (strcmp(option.group, "cli") == 0 && command_takes(c, &option))
			buf_fmt(&out, "%s--%s", out.len ? ", " : "", option.flag);
	return buf_str(&out);
}

static void print_usage(struct buf *out)
{
	BUF_LIT(out, "calends: a calendar platform: OAuth 2.1, CalDAV and REST over PostgreSQL\n\n"
		     "Usage: calends COMMAND [--option value]…\n\n");
	const struct command *c;
	for (size_t i = 0; (c = command_at(i)); i++) {
		struct str own = taken_options(out->mem, c);
		buf_fmt(out, "  %-32.*s %s\n", STR_ARG(usage_of(out->mem, c)), c->summary);
		if (!str_eq(own, STR("--json")))
			buf_fmt(out, "      %.*s\n", STR_ARG(own));
	}
	config_help(out);
}

static size_t operand_count(const struct command *c)
{
	struct str rest = str_of(c->operands[0] ? c->operands : NULL), word;
	size_t count = 0;
	while (str_cut(&rest, ' ', &word))
		count++;
	return count;
}

/* How many words stand for the verb: "secret-add" may be said as "secret add". 0: they do not. */
static size_t verb_words(struct str_list words, struct str verb)
{
	struct str first = words.count > 1 ? words.items[1] : STR_ABSENT;
	if (str_eq(first, verb))
		return 1;
	bool two = words.count > 2 && first.len > 0 && str_starts(verb, first) &&
		   str_starts(str_from(verb, first.len), STR("-")) &&
		   str_eq(str_from(verb, first.len + 1), words.items[2]);
	return two ? 2 : 0;
}

/* The row that the words name, and how many words that took. */
static const struct command *find(struct str_list words, size_t *taken)
{
	const struct command *c;
	for (size_t i = 0; (c = command_at(i)); i++) {
		size_t verb = verb_words(words, str_of(c->verb));
		if (words.count < 1 || !str_eq(words.items[0], str_of(c->noun)) || (c->verb[0] && !verb))
			continue;
		*taken = 1 + (c->verb[0] ? verb : 0);
		return c;
	}
	return NULL;
}

/* An option that a command does not read would be believed to have done something. */
static err_t check_options(struct ctx *cx, const struct command *c, const struct config *config)
{
	struct config_option option;
	for (size_t g = 0; g < config->given.count; g++)
		for (size_t i = 0; config_option(i, &option); i++)
			if (str_eq(config->given.items[g], str_of(option.flag)) && strcmp(option.group, "cli") == 0 &&
				!command_takes(c, &option))
				return REFUSE(cx, INVALID_VALUE, option.flag,
					"calends %.*s has no --%s; of its own it takes %.*s",
					STR_ARG(usage_of(cx->mem, c)), option.flag, STR_ARG(taken_options(cx->mem, c)));
	return OK;
}

err_t command_scope_refused(struct ctx *cx, const char *option, struct str value)
{
	struct str unknown = scope_unknown(value);
	return REFUSE(cx, INVALID_VALUE, option,
		"\"%.*s\" is no scope. Scopes stand between single blanks; calends reference scopes names them.",
		STR_ARG(str_sub(unknown.ptr ? unknown : value, 0, 64)));
}

/* Operations name a field; who types a command has an option of that name. Empty where the text says it itself. */
static struct str option_at_fault(struct ctx *cx, err_t e)
{
	struct config_option option;
	for (size_t i = 0; e->param.ptr && config_option(i, &option); i++)
		if (str_eq(e->param, str_of(option.flag)) && str_find(err_text(e), STR("--")) == SIZE_MAX)
			return str_fmt(cx->mem, "--%s: ", option.flag);
	return STR("");
}

/* With --json an error is an object too, so that a script reads one format. */
void command_print_error(struct ctx *cx, FILE *to, bool as_json, size_t line, err_t e)
{
	const struct err_row *row = err_row(e->kind);
	if (e->detail.ptr && row->api_status >= 500) /* who is refused is told what to mend */
		log_event(LOG_ERROR, "command", LOG_STR("detail", e->detail), LOG_C("file", e->file),
			LOG_INT("line", e->line));
	if (!as_json) {
		struct str where = line ? str_fmt(cx->mem, "line %zu: ", line) : STR("");
		fprintf(stderr, "calends: %.*s%.*s%.*s\n", STR_ARG(where), STR_ARG(option_at_fault(cx, e)),
			STR_ARG(err_text(e)));
		return;
	}
	struct buf out = buf_new(cx->mem, OUTPUT_MAX);
	struct json j = json_begin(&out);
	json_object(&j, NULL);
	json_object(&j, "error");
	json_str(&j, "type", str_of(row->api_type));
	json_str(&j, "code", str_of(row->api_code));
	json_str(&j, "message", err_text(e));
	json_str_if(&j, "param", e->param);
	if (line)
		json_int(&j, "line", (int64_t)line);
	json_object_end(&j);
	json_object_end(&j);
	fprintf(to, "%.*s\n", (int)out.len, out.ptr);
}

static err_t run(struct ctx *cx, const struct command_line *order, struct word_list line, struct buf *out)
{
	const struct command *c = order->command;
	struct runtime runtime = { 0 };
	struct command_call call = {
		.config = &order->config, .args = order->args, .words = line, .input = stdin, .out = out
	};
	if (c->flags & COMMAND_DB) {
		TRY(runtime_open(cx, &order->config, KEY_ANY, &runtime));
		call.runtime = &runtime;
		call.config = &runtime.config;
	}
	err_t e = c->run(cx, &call);
	if (cx->db)
		db_end(cx);
	/* The result lives on in cx->mem; what the runtime held is closed only now. */
	if (call.runtime)
		runtime_close(&runtime);
	return e;
}

static enum log_level level_of(struct str name)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(name, str_of(names[i])))
			return (enum log_level)i;
	return LOG_INFO;
}

static err_t operands_of(struct ctx *cx, struct str_list words, size_t taken, struct command_line *order)
{
	order->args = (struct str_list){ words.items + taken, words.count - taken };
	if (order->args.count == operand_count(order->command))
		return OK;
	return REFUSE(cx, INVALID_VALUE, "", "usage: calends %.*s", STR_ARG(usage_of(cx->mem, order->command)));
}

err_t command_understand(struct ctx *cx, struct word_list line, size_t skip, struct command_line *out)
{
	struct str_list words;
	size_t taken = 0;
	*out = (struct command_line){ 0 };
	TRY(config_read(cx, line.count, line.items, &out->config, &words));
	words = (struct str_list){ words.items + skip, words.count - skip };
	out->command = find(words, &taken);
	if (!out->command)
		return REFUSE(cx, INVALID_VALUE, "", "there is no such command; calends --help lists them");
	TRY(operands_of(cx, words, taken, out));
	return check_options(cx, out->command, &out->config);
}

static int print_help(struct ctx *cx)
{
	struct buf out = buf_new(cx->mem, OUTPUT_MAX);
	print_usage(&out);
	fwrite(out.ptr, 1, out.len, stdout);
	return EXIT_OK;
}

static int dispatch(struct ctx *cx, struct word_list line)
{
	struct command_line order;
	err_t e = command_understand(cx, line, 0, &order);
	if (e) {
		command_print_error(cx, stderr, order.config.json, 0, e);
		return EXIT_USAGE;
	}
	log_setup(level_of(order.config.log_level), STDERR_FILENO);
	const struct command *c = order.command;
	struct buf out = buf_new(cx->mem, OUTPUT_MAX);
	cx->by.kind = "command";
	cx->user_agent = str_fmt(cx->mem, "calends %s%s%s", c->noun, c->verb[0] ? " " : "", c->verb);
	e = run(cx, &order, line, &out);
	if (e)
		command_print_error(cx, stderr, order.config.json, 0, e);
	fwrite(out.ptr ? out.ptr : "", 1, out.len, stdout);
	return e ? EXIT_FAILED : EXIT_OK;
}

/* Nothing, "help", or --help anywhere. */
static bool asks_help(int argc, char *const *argv)
{
	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0)
			return true;
	return argc == 0 || strcmp(argv[0], "help") == 0;
}

int command_main(int argc, char *const *argv)
{
	struct arena *mem = arena_open();
	struct ctx cx = { .mem = mem, .now = instant_now() };
	cx.request_id = id_new(cx.now);
	wait_heeds_signals(true);
	ctx_begin(&cx, PATIENCE_COMMAND_MS);
	static char version[] = "version";
	static char *const version_words[] = { version };
	bool asks_version = argc == 1 && strcmp(argv[0], "--version") == 0;
	int status = asks_help(argc, argv)
			     ? print_help(&cx)
			     : dispatch(&cx, (struct word_list){ argc, asks_version ? version_words : argv });
	if (fflush(stdout) != 0)
		status = EXIT_FAILED;
	arena_close(mem);
	return status;
}
