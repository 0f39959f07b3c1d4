/* SPDX-License-Identifier: Apache-2.0 */
/* `calends completion SHELL`: a script for the shell, made of the tables of commands and options. */
#include <string.h>

#include "server/cli/command.h"

/* ---- what all three shells ask of the tables ---- */

/* "one|two" as "one two"; absent where the values are a placeholder or a range. */
static struct str choices_of(struct arena *mem, const char *values)
{
	struct buf out = buf_new(mem, 1024);
	if (!str_has(str_of(values), '|'))
		return STR_ABSENT;
	for (const char *at = values; *at; at++)
		buf_char(&out, (char)(*at == '|' ? ' ' : *at));
	return buf_str(&out);
}

static bool is_file(const struct config_option *option)
{
	return strcmp(option->values, "FILE") == 0 || strcmp(option->values, "DIR") == 0;
}

/* Is this row the first with its noun? */
static bool begins_noun(size_t index)
{
	const struct command *c = command_at(index);
	for (size_t i = 0; i < index; i++)
		if (strcmp(command_at(i)->noun, c->noun) == 0)
			return false;
	return true;
}

static void add_verbs(struct buf *out, const char *noun)
{
	const struct command *c;
	for (size_t i = 0; (c = command_at(i)); i++)
		if (strcmp(c->noun, noun) == 0)
			buf_fmt(out, " %s", c->verb);
}

/* Text with a backslash before each of these. */
static void add_escaped(struct buf *out, struct str text, const char *escaped)
{
	for (size_t i = 0; i < text.len; i++) {
		if (str_has(str_of(escaped), text.ptr[i]))
			buf_char(out, '\\');
		buf_char(out, text.ptr[i]);
	}
}

/* "--one | --two": the options that take a value; only_open: of those, whose values no shell can know. */
static void add_value_options(struct buf *out, const char *between, bool only_open)
{
	struct config_option option;
	bool first = true;
	for (size_t i = 0; config_option(i, &option); i++) {
		if (!option.has_value || (only_open && (is_file(&option) || str_has(str_of(option.values), '|'))))
			continue;
		buf_fmt(out, "%s--%s", first ? "" : between, option.flag);
		first = false;
	}
}

/* ---- bash ---- */

static void bash_values(struct buf *out)
{
	struct config_option option;
	for (size_t i = 0; config_option(i, &option); i++) {
		struct str choices = choices_of(out->mem, option.values);
		if (choices.ptr)
			buf_fmt(out, "\t--%s) mapfile -t COMPREPLY < <(compgen -W '%.*s' -- \"$cur\"); return ;;\n",
				option.flag, STR_ARG(choices));
		else if (is_file(&option))
			buf_fmt(out,
				"\t--%s) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -%c -- "
				"\"$cur\"); return ;;\n",
				option.flag, option.values[0] == 'F' ? 'f' : 'd');
	}
	BUF_LIT(out, "\t");
	add_value_options(out, " | ", true);
	BUF_LIT(out, ") return ;;\n");
}

static void bash_own_options(struct buf *out, const struct command *c)
{
	struct config_option option;
	buf_fmt(out, "\t\"%s%s%s \"*) options+='", c->noun, c->verb[0] ? " " : "", c->verb);
	for (size_t i = 0; config_option(i, &option); i++)
		if (strcmp(option.group, "all") != 0 && command_takes(c, &option))
			buf_fmt(out, " --%s", option.flag);
	BUF_LIT(out, "' ;;\n");
}

static void bash_next_words(struct buf *out)
{
	const struct command *c;
	BUF_LIT(out, "\t'') words='help");
	for (size_t i = 0; (c = command_at(i)); i++)
		if (begins_noun(i))
			buf_fmt(out, " %s", c->noun);
	BUF_LIT(out, "' ;;\n");
	for (size_t i = 0; (c = command_at(i)); i++) {
		struct str choices = choices_of(out->mem, c->operands);
		if (choices.ptr)
			buf_fmt(out, "\t'%s ') words='%.*s' ;;\n", c->noun, STR_ARG(choices));
		if (!begins_noun(i) || !c->verb[0])
			continue;
		buf_fmt(out, "\t'%s ') words='", c->noun);
		add_verbs(out, c->noun);
		BUF_LIT(out, "' ;;\n");
	}
}

static void print_bash(struct buf *out)
{
	struct config_option option;
	const struct command *c;
	BUF_LIT(out,
		"# bash completion for calends: source <(calends completion bash)\n_calends() {\n"
		"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} said= skip= words= word i\n"
		"\t# --kind=account comes as three words\n"
		"\tif [[ $cur == = ]]; then cur=\n"
		"\telif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
		"\tCOMPREPLY=()\n\tcase $prev in\n");
	bash_values(out);
	BUF_LIT(out, "\tesac\n\tfor ((i = 1; i < COMP_CWORD; i++)); do\n\t\tword=${COMP_WORDS[i]}\n\t\tcase $word in\n"
		     "\t\t=) ;;\n\t\t");
	add_value_options(out, " | ", false);
	BUF_LIT(out,
		") skip=1 ;;\n\t\t-*) skip= ;;\n\t\t*) [[ $skip ]] || said+=\"$word \"; skip= ;;\n\t\tesac\n\tdone\n"
		"\tlocal options='");
	for (size_t i = 0; config_option(i, &option); i++)
		if (strcmp(option.group, "all") == 0)
			buf_fmt(out, " --%s", option.flag);
	BUF_LIT(out, " --help'\n\tcase $said in\n");
	for (size_t i = 0; (c = command_at(i)); i++)
		bash_own_options(out, c);
	BUF_LIT(out, "\tesac\n\tcase $said in\n");
	bash_next_words(out);
	BUF_LIT(out,
		"\tesac\n\t[[ $cur == -* ]] && words=$options\n"
		"\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n}\ncomplete -F _calends calends\n");
}

/* ---- zsh ---- */

/* Inside single quotes, which have no escape: they end for an apostrophe. */
static void add_quoted(struct buf *out, struct str text, const char *escaped)
{
	struct str part;
	while (str_cut(&text, '\'', &part)) {
		add_escaped(out, part, escaped);
		if (text.ptr)
			BUF_LIT(out, "'\\''");
	}
}

/* '--kind=[What it is]:account:(account secret)', of _arguments. */
static void zsh_option(struct buf *out, const struct config_option *option)
{
	struct str choices = choices_of(out->mem, option->values);
	buf_fmt(out, "\t\t'%s--%s%s[", option->many ? "*" : "", option->flag, option->has_value ? "=" : "");
	add_quoted(out, str_of(option->doc), "[]:\\");
	BUF_LIT(out, "]");
	if (option->has_value)
		buf_fmt(out, ":%s:", choices.ptr ? "value" : option->values);
	if (choices.ptr)
		buf_fmt(out, "(%.*s)", STR_ARG(choices));
	else if (is_file(option))
		buf_fmt(out, "%s", option->values[0] == 'F' ? "_files" : "_files -/");
	BUF_LIT(out, "'\n");
}

/* 'create:Make an account', of _describe. */
static void zsh_word(struct buf *out, const char *word, const char *summary)
{
	buf_fmt(out, " '%s:", word);
	add_quoted(out, str_of(summary), "");
	BUF_LIT(out, "'");
}

static void zsh_commands(struct buf *out)
{
	struct config_option option;
	const struct command *c;
	for (size_t i = 0; (c = command_at(i)); i++) {
		buf_fmt(out, "\t(\"%s %s\"*)\n\t\town=(\n", c->noun, c->verb);
		for (size_t k = 0; config_option(k, &option); k++)
			if (strcmp(option.group, "all") != 0 && command_takes(c, &option))
				zsh_option(out, &option);
		BUF_LIT(out, "\t\t) ;;\n");
	}
}

static void zsh_next_words(struct buf *out)
{
	const struct command *c;
	BUF_LIT(out, "\t('') follows=(");
	for (size_t i = 0; (c = command_at(i)); i++)
		if (begins_noun(i))
			zsh_word(out, c->noun, c->verb[0] ? "" : c->summary);
	BUF_LIT(out, ") ;;\n");
	for (size_t i = 0; (c = command_at(i)); i++) {
		struct str choices = choices_of(out->mem, c->operands);
		if (choices.ptr)
			buf_fmt(out, "\t('%s ') follows=(%.*s) ;;\n", c->noun, STR_ARG(choices));
		if (!begins_noun(i) || !c->verb[0])
			continue;
		buf_fmt(out, "\t('%s ') follows=(", c->noun);
		const struct command *v;
		for (size_t k = 0; (v = command_at(k)); k++)
			if (strcmp(v->noun, c->noun) == 0)
				zsh_word(out, v->verb, v->summary);
		BUF_LIT(out, ") ;;\n");
	}
}

static void print_zsh(struct buf *out)
{
	struct config_option option;
	BUF_LIT(out,
		"#compdef calends\n# zsh completion for calends: a file _calends in a folder of $fpath, or source it\n"
		"_calends() {\n\tlocal -a all own follows\n\tlocal word skip said\n\tall=(\n");
	for (size_t i = 0; config_option(i, &option); i++)
		if (strcmp(option.group, "all") == 0)
			zsh_option(out, &option);
	BUF_LIT(out, "\t\t'--help[List the commands and options]'\n\t)\n"
		     "\tfor word in ${words[2,CURRENT-1]}; do\n\t\tcase $word in\n\t\t(");
	add_value_options(out, "|", false);
	BUF_LIT(out, ") skip=1 ;;\n\t\t(-*) skip= ;;\n\t\t(*) [[ -n $skip ]] || said+=\"$word \"; skip= ;;\n\t\tesac\n"
		     "\tdone\n\tcase $said in\n");
	zsh_commands(out);
	BUF_LIT(out, "\tesac\n\tcase $said in\n");
	zsh_next_words(out);
	BUF_LIT(out, "\tesac\n\t_calends_next() { (( $#follows )) && _describe command follows }\n"
		     "\t_arguments -S $all $own '*:word:_calends_next'\n}\n"
		     "if [[ $funcstack[1] == _calends ]]; then _calends \"$@\"; else compdef _calends calends; fi\n");
}

/* ---- fish ---- */

static void fish_option(struct buf *out, const struct config_option *option, struct str when)
{
	struct str choices = choices_of(out->mem, option->values);
	buf_fmt(out, "complete -c calends%.*s -l %s", STR_ARG(when), option->flag);
	if (choices.ptr)
		buf_fmt(out, " -x -a '%.*s'", STR_ARG(choices));
	else if (option->has_value)
		BUF_LIT(out, " -r");
	BUF_LIT(out, " -d '");
	add_escaped(out, str_of(option->doc), "'\\");
	BUF_LIT(out, "'\n");
}

static void fish_word(struct buf *out, const char *after, const char *word, const char *summary)
{
	buf_fmt(out, "complete -c calends -f -n '__calends_said \"%s\"' -a '%s' -d '", after, word);
	add_escaped(out, str_of(summary), "'\\");
	BUF_LIT(out, "'\n");
}

static void fish_command(struct buf *out, size_t index)
{
	struct config_option option;
	const struct command *c = command_at(index);
	struct str choices = choices_of(out->mem, c->operands);
	struct str when = str_fmt(out->mem, " -n '__calends_in %s %s'", c->noun, c->verb);
	if (begins_noun(index))
		fish_word(out, "", c->noun, c->verb[0] ? "" : c->summary);
	if (c->verb[0])
		fish_word(out, c->noun, c->verb, c->summary);
	if (choices.ptr)
		fish_word(out, c->noun, str_c(out->mem, choices), "");
	for (size_t i = 0; config_option(i, &option); i++)
		if (strcmp(option.group, "all") != 0 && command_takes(c, &option))
			fish_option(out, &option, when);
}

static void print_fish(struct buf *out)
{
	struct config_option option;
	BUF_LIT(out, "# fish completion for calends: calends completion fish | source\n"
		     "function __calends_words\n\tset -l skip\n\tfor word in (commandline -opc)[2..-1]\n"
		     "\t\tswitch $word\n\t\t\tcase ");
	add_value_options(out, " ", false);
	BUF_LIT(out, "\n\t\t\t\tset skip 1\n\t\t\tcase '-*'\n\t\t\t\tset skip\n\t\t\tcase '*'\n"
		     "\t\t\t\ttest -n \"$skip\"; or echo $word\n\t\t\t\tset skip\n\t\tend\n\tend\nend\n"
		     "function __calends_said\n\ttest \"$(__calends_words | string join ' ')\" = \"$argv\"\nend\n"
		     "function __calends_in\n\tstring match -q -- \"$argv *\" \"$(__calends_words | string join ' ') "
		     "\"\nend\n"
		     "complete -c calends -f\n");
	for (size_t i = 0; config_option(i, &option); i++)
		if (strcmp(option.group, "all") == 0)
			fish_option(out, &option, STR(""));
	for (size_t i = 0; command_at(i); i++)
		fish_command(out, i);
}

/* ---- the command ---- */

static const struct {
	const char *name;
	void (*print)(struct buf *out);
} shells[] = { { "bash", print_bash }, { "zsh", print_zsh }, { "fish", print_fish } };

static err_t completion(struct ctx *cx, const struct command_call *call)
{
	for (size_t i = 0; i < ARRAY_LEN(shells); i++)
		if (str_eq(call->args.items[0], str_of(shells[i].name))) {
			shells[i].print(call->out);
			return OK;
		}
	return REFUSE(cx, INVALID_VALUE, "", "The shell is bash, zsh or fish.");
}

const struct command completion_commands[] = {
	{ "completion", "", "bash|zsh|fish", "Print what completes commands and options in a shell.", 0, completion,
		NULL },
	{ .noun = NULL },
};
