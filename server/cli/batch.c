/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `calends batch`: commands from standard input, one a line, in one process with one connection to the database. What
 * makes a thousand accounts by a thousand processes spends nearly all of its time in their beginnings.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "server/cli/command.h"
#include "server/cli/runtime.h"
#include "server/db/query.h"

#define LINE_MAX_OCTETS 65536
#define WORDS_MAX 1024
#define OUTPUT_MAX ((size_t)64 << 20)

/* ---- a line ---- */

struct lines {
	FILE *from;
	size_t number, done, failed;
	bool ended;
};

/* The next line without its end; the empty one at the end. One that is too long is read to its end, and refused. */
static err_t next_line(struct ctx *cx, struct lines *lines, struct str *out)
{
	char *octets = arena_take(cx->mem, LINE_MAX_OCTETS, 1);
	size_t len = 0;
	int c;
	while ((c = getc(lines->from)) != EOF && c != '\n')
		if (len++ < LINE_MAX_OCTETS)
			octets[len - 1] = (char)c;
	lines->number++;
	lines->ended = c == EOF;
	if (len > LINE_MAX_OCTETS)
		return REFUSE(cx, INVALID_VALUE, "", "a line has at most %d octets", LINE_MAX_OCTETS);
	*out = (struct str){ octets, len };
	return OK;
}

/*
 * One word, as a shell has it: 'all of this', "this, with \" and \\", plain, or such parts together. Its octets are
 * moved to the front of `line`, which is cut after it. False: a quote has no end.
 */
static bool cut_word(struct str *line, char *to, struct str *word_out)
{
	size_t len = 0, at = 0;
	char quote = 0;
	for (; at < line->len && (quote || !strchr(STR_BLANK, line->ptr[at])); at++) {
		char c = line->ptr[at];
		if (!quote && (c == '\'' || c == '"')) {
			quote = c;
			continue;
		}
		if (c == quote) {
			quote = 0;
			continue;
		}
		if (quote != '\'' && c == '\\' && at + 1 < line->len)
			c = line->ptr[++at];
		to[len++] = c;
	}
	*word_out = (struct str){ to, len };
	*line = str_from(*line, at);
	return !quote;
}

/* The line's words after those of the batch itself: they are read as one command line. */
static err_t words_of(struct ctx *cx, struct word_list batch, struct str line, struct word_list *out)
{
	char **words = arena_array(cx->mem, char *, (size_t)batch.count + WORDS_MAX);
	struct str word;
	int count = batch.count;
	if (!str_is_utf8(line) || memchr(line.ptr, 0, line.len))
		return REFUSE(cx, INVALID_VALUE, "", "a line is UTF-8 text");
	for (int i = 0; i < batch.count; i++)
		words[i] = batch.items[i];
	while ((line = str_trim(line, STR_BLANK)).len > 0) {
		char *to = arena_take(cx->mem, line.len + 1, 1);
		if (count == batch.count + WORDS_MAX)
			return REFUSE(cx, INVALID_VALUE, "", "a line has at most %d words", WORDS_MAX);
		if (!cut_word(&line, to, &word))
			return REFUSE(cx, INVALID_VALUE, "", "a quote has no end");
		to[word.len] = 0;
		words[count++] = to;
	}
	*out = (struct word_list){ count, words };
	return OK;
}

/* ---- a command ---- */

/* What all commands stand on is open already: a line that names another would be believed to use it. */
static err_t check_settings(struct ctx *cx, const struct command_call *batch, const struct config *config)
{
	struct config_option option;
	for (size_t g = batch->config->given.count; g < config->given.count; g++)
		for (size_t i = 0; config_option(i, &option); i++)
			if (str_eq(config->given.items[g], str_of(option.flag)) && strcmp(option.group, "cli") != 0)
				return REFUSE(cx, INVALID_VALUE, option.flag,
					"--%s is of the whole batch: give it to calends batch", option.flag);
	return OK;
}

static err_t run_words(
	struct ctx *cx, const struct command_call *batch, struct word_list words, FILE *input, struct buf *out)
{
	struct command_line order;
	TRY(command_understand(cx, words, 1, &order));
	TRY(check_settings(cx, batch, &order.config));
	const struct command *c = order.command;
	if (c->flags & COMMAND_ALONE)
		return REFUSE(cx, INVALID_VALUE, "", "calends %s is no line of a batch", c->noun);
	TRY(runtime_settle(cx, &order.config));
	struct command_call call = { .config = &order.config,
		.runtime = c->flags & COMMAND_DB ? batch->runtime : NULL,
		.args = order.args,
		.words = words,
		.input = input,
		.out = out };
	cx->config = &order.config;
	cx->user_agent = str_fmt(cx->mem, "calends %s%s%s", c->noun, c->verb[0] ? " " : "", c->verb);
	err_t e = c->run(cx, &call);
	cx->config = batch->config;
	return e;
}

static bool reads_input(struct word_list words)
{
	for (int i = 0; i < words.count; i++)
		if (strcmp(words.items[i], "--password-stdin") == 0 || strcmp(words.items[i], "--body-stdin") == 0)
			return true;
	return false;
}

/* What a command would read from standard input is the line after it, whatever becomes of the command: a password must
   not be taken for one. */
static err_t run_line(
	struct ctx *cx, const struct command_call *batch, struct lines *lines, struct str line, struct buf *out)
{
	struct word_list words;
	struct str given = STR("");
	err_t e = words_of(cx, batch->words, line, &words);
	if (e ? str_find(line, STR("-stdin")) < line.len : reads_input(words))
		TRY(next_line(cx, lines, &given));
	TRY(e);
	char *octets = arena_take(cx->mem, given.len + 1, 1);
	memcpy(octets, given.ptr, given.len);
	octets[given.len] = '\n';
	FILE *input = fmemopen(octets, given.len + 1, "r");
	if (!input)
		return FAIL(cx, INTERNAL, "no stream for a line's input: %s", strerror(errno));
	e = run_words(cx, batch, words, input, out);
	fclose(input);
	return e;
}

/* The next command, done, and what it gave, or why not, printed at once: whoever writes lines may wait for it. */
static void do_next(struct ctx *cx, const struct command_call *batch, struct lines *lines)
{
	struct buf out = buf_new(cx->mem, OUTPUT_MAX);
	struct str line = STR("");
	cx->now = instant_now();
	cx->request_id = id_new(cx->now);
	ctx_begin(cx, PATIENCE_COMMAND_MS);
	err_t e = next_line(cx, lines, &line);
	line = str_trim(line, STR_BLANK);
	if (!e && (!line.len || line.ptr[0] == '#'))
		return;
	size_t number = lines->number;
	if (!e)
		e = run_line(cx, batch, lines, line, &out);
	db_end(cx);
	lines->done++;
	lines->failed += !!e;
	if (e)
		command_print_error(cx, stdout, batch->config->json, number, e);
	else
		fwrite(out.ptr ? out.ptr : "", 1, out.len, stdout);
	fflush(stdout);
}

static err_t batch(struct ctx *cx, const struct command_call *call)
{
	struct lines lines = { .from = call->input };
	struct str user_agent = cx->user_agent;
	while (!lines.ended) {
		struct arena_mark mark = arena_mark(cx->mem);
		do_next(cx, call, &lines);
		arena_rewind(cx->mem, mark);
	}
	cx->user_agent = user_agent;
	if (!lines.failed)
		return OK;
	return REFUSE(
		cx, INVALID_VALUE, "", "%zu of %zu commands failed; the others are done", lines.failed, lines.done);
}

/* clang-format off */
const struct command batch_commands[] = {
	{ "batch", "", "", "Run commands from standard input, one a line; a password is the line after its command.", COMMAND_DB | COMMAND_ALONE, batch, NULL },
	{ .noun = NULL },
};
/* clang-format on */
