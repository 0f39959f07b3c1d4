/* SPDX-License-Identifier: Apache-2.0 */
#include "server/cli/manual.h"

#include <assert.h>
#include <string.h>

#include "server/cli/command.h"

/* groff_char(7) has them as \[u2026]. How many octets it took besides the first; our own texts are UTF-8. */
static size_t add_code_point(struct buf *out, struct str text)
{
	assert(text.ptr);
	unsigned char first = (unsigned char)text.ptr[0];
	size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
	unsigned long point = first & (0x3Fu >> more);
	for (size_t i = 1; i <= more; i++)
		point = point << 6 | ((unsigned char)text.ptr[i] & 0x3F);
	buf_fmt(out, "\\[u%04lX]", point);
	return more;
}

/* Text as it is: what roff would read as its own is escaped (groff_char(7)); a line must not begin with a dot. */
static void add_text(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '\\')
			BUF_LIT(out, "\\e");
		else if (c == '-')
			BUF_LIT(out, "\\-");
		else if (c == '\'')
			BUF_LIT(out, "\\(aq");
		else if (c == '`')
			BUF_LIT(out, "\\(ga");
		else if (c == '.' && (i == 0 || text.ptr[i - 1] == '\n'))
			BUF_LIT(out, "\\&.");
		else if ((unsigned char)c < 0x80)
			buf_char(out, c);
		else
			i += add_code_point(out, str_from(text, i));
	}
}

static void add_option(struct buf *out, const struct config_option *option)
{
	BUF_LIT(out, ".TP\n.B ");
	add_text(out, str_fmt(out->mem, "--%s", option->flag));
	if (option->has_value) {
		BUF_LIT(out, " \\fI");
		add_text(out, str_of(option->values));
		BUF_LIT(out, "\\fR");
	}
	buf_char(out, '\n');
	add_text(out, str_of(option->doc));
	if (option->fallback[0]) {
		BUF_LIT(out, " Default:\n.BR ");
		add_text(out, str_of(option->fallback));
		BUF_LIT(out, " .");
	}
	buf_char(out, '\n');
}

static void add_options(struct buf *out, const char *group, const char *title)
{
	struct config_option option;
	buf_fmt(out, ".SS %s\n", title);
	for (size_t i = 0; config_option(i, &option); i++)
		if (strcmp(option.group, group) == 0)
			add_option(out, &option);
}

/* "Takes --name, --plan." after a command that has options of its own. */
static void add_taken(struct buf *out, const struct command *c)
{
	struct config_option option;
	const char *before = "\nTakes\n.BR ";
	for (size_t i = 0; config_option(i, &option); i++) {
		if (strcmp(option.group, "cli") != 0 || strcmp(option.flag, "json") == 0 || !command_takes(c, &option))
			continue;
		buf_fmt(out, "%s", before);
		add_text(out, str_fmt(out->mem, "--%s", option.flag));
		before = " ,\n.BR ";
	}
	if (str_starts(str_of(before), STR(" ,")))
		BUF_LIT(out, " .");
}

static void add_commands(struct buf *out)
{
	const struct command *c;
	BUF_LIT(out, ".SH COMMANDS\n");
	for (size_t i = 0; (c = command_at(i)); i++) {
		buf_fmt(out, ".TP\n.B calends %s%s%s", c->noun, c->verb[0] ? " " : "", c->verb);
		if (c->operands[0]) {
			BUF_LIT(out, " \\fI");
			add_text(out, str_of(c->operands));
			BUF_LIT(out, "\\fR");
		}
		buf_char(out, '\n');
		add_text(out, str_of(c->summary));
		add_taken(out, c);
		buf_char(out, '\n');
	}
}

void manual_print(struct buf *out)
{
	BUF_LIT(out, ".\\\" SPDX-License-Identifier: Apache-2.0\n.\\\" Made by: calends reference man\n"
		     ".TH CALENDS 1 \"\" Calends \"User Commands\"\n"
		     ".SH NAME\ncalends \\- a calendar platform: OAuth 2.1, CalDAV and REST over PostgreSQL\n"
		     ".SH SYNOPSIS\n.B calends\n.I COMMAND\n.RI [ OPERAND ]\n.RB [ \\-\\-option\n.IR value ]\\&...\n"
		     ".SH DESCRIPTION\nOne program is the server and every command about it.\n.B calends serve\n"
		     "serves until it is told to stop. The other commands work on the same database, beside a running "
		     "server "
		     "or without one. An option that a command does not read is refused.\n");
	add_commands(out);
	BUF_LIT(out, ".SH OPTIONS\n");
	add_options(out, "all", "Every command");
	add_options(out, "serve", "calends serve");
	add_options(out, "cli", "Other commands");
	BUF_LIT(out,
		".SH ENVIRONMENT\nEach option is\n.B CALENDS_\nand its name in capitals, with _ for \\-: "
		"CALENDS_DATABASE_URL. A flag wins over the environment, that over the file of\n.BR \\-\\-config .\n"
		".SH EXIT STATUS\n.TP\n.B 0\nDone.\n.TP\n.B 1\nIt failed; standard error says why and what to do.\n"
		".TP\n.B 2\nThe command line was not understood; nothing was done.\n"
		".SH EXAMPLES\n.nf\ncalends account create ann@example.org \\-\\-name Ann \\-\\-password\\-stdin\n"
		"calends key create ann@example.org \\-\\-name Laptop\n"
		"calends serve \\-\\-listen 127.0.0.1:8080\n.fi\n"
		".SH BATCHES\n.B calends batch\nreads a command a line, with quotes and backslashes as a shell has "
		"them; "
		"empty lines and those that begin with # are passed over. What a command would read from standard "
		"input "
		"(\\-\\-password\\-stdin, \\-\\-body\\-stdin) is the line after it, whatever becomes of it. Each "
		"answer is "
		"printed at once, with \\-\\-json a line each; one that fails is told with its line, and the others "
		"are done "
		"(exit status 1).\n.PP\n.nf\naccount create ann@example.org \\-\\-name \"Ann Lee\" "
		"\\-\\-password\\-stdin\n"
		"correct horse battery\nkey create ann@example.org \\-\\-name Laptop\n.fi\n");
}
