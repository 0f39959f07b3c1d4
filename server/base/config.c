/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_OCTETS ((size_t)64 * 1024)
#define LIST_MAX 50

enum option_kind { OPTION_STR, OPTION_LIST, OPTION_INT, OPTION_FLAG };

struct option {
	enum option_kind kind;
	const char *flag, *values, *fallback, *group, *doc;
	size_t offset;
};

static const struct option options[] = {
#define OPT_STR(field, ...) { OPTION_STR, __VA_ARGS__, offsetof(struct config, field) },
#define OPT_LIST(field, ...) { OPTION_LIST, __VA_ARGS__, offsetof(struct config, field) },
#define OPT_INT(field, ...) { OPTION_INT, __VA_ARGS__, offsetof(struct config, field) },
#define OPT_FLAG(field, ...) { OPTION_FLAG, __VA_ARGS__, offsetof(struct config, field) },
#include "server/base/options.def"
#undef OPT_STR
#undef OPT_LIST
#undef OPT_INT
#undef OPT_FLAG
};

bool config_option(size_t index, struct config_option *out)
{
	if (index >= ARRAY_LEN(options))
		return false;
	const struct option *o = &options[index];
	*out = (struct config_option){
		.flag = o->flag,
		.values = o->values,
		.fallback = o->fallback,
		.group = o->group,
		.doc = o->doc,
		.has_value = o->kind != OPTION_FLAG,
		.many = o->kind == OPTION_LIST,
	};
	return true;
}

/* Where a value came from; a later one wins over an earlier one. */
enum option_source { FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT, FROM_FLAG };

struct reading {
	struct ctx *cx;
	struct config *out;
	enum option_source from[ARRAY_LEN(options)];
};

static const struct option *find(struct str flag)
{
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (str_eq(flag, str_of(options[i].flag)))
			return &options[i];
	return NULL;
}

/* Is the text one of the words of "open|closed"? A list without '|' is a placeholder and allows everything. */
static bool word_allowed(const char *values, struct str text)
{
	struct str rest = str_of(values), word;
	if (!str_has(rest, '|'))
		return true;
	while (str_cut(&rest, '|', &word))
		if (str_eq(word, text))
			return true;
	return false;
}

static bool number_allowed(const char *values, struct str text, int64_t *out)
{
	char *end;
	long long least = strtoll(values, &end, 10), most = strtoll(end + 2, NULL, 10);
	uint64_t value;
	if (!str_to_u64(text, INT64_MAX, &value) || (int64_t)value < least || (int64_t)value > most)
		return false;
	*out = (int64_t)value;
	return true;
}

static bool flag_allowed(struct str text, bool *out)
{
	static const char *const yes[] = { "", "1", "true", "yes", "on" }, *const no[] = { "0", "false", "no", "off" };
	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		if (str_eq(text, str_of(yes[i]))) {
			*out = true;
			return true;
		}
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		if (str_eq(text, str_of(no[i]))) {
			*out = false;
			return true;
		}
	return false;
}

static void list_append(struct arena *mem, struct str_list *list, struct str text)
{
	struct str *items = arena_array(mem, struct str, list->count + 1);
	if (list->count)
		memcpy(items, list->items, list->count * sizeof *items);
	items[list->count] = text;
	*list = (struct str_list){ items, list->count + 1 };
}

/* `where` names the place for the error: "--listen", "CALENDS_LISTEN" or "calends.ini:3". */
static err_t set(
	struct reading *r, const struct option *option, struct str text, enum option_source from, struct str where)
{
	size_t index = (size_t)(option - options);
	void *field = (char *)r->out + option->offset;
	if (from < r->from[index])
		return OK;
	bool fresh = from > r->from[index];
	r->from[index] = from;
	bool good = true;
	switch (option->kind) {
	case OPTION_STR:
		good = word_allowed(option->values, text) && !str_has(text, '\n');
		*(struct str *)field = text;
		break;
	case OPTION_LIST: {
		struct str_list *list = field;
		if (fresh)
			*list = (struct str_list){ 0 };
		good = list->count < LIST_MAX;
		if (good)
			list_append(r->cx->mem, list, text);
		break;
	}
	case OPTION_INT:
		good = number_allowed(option->values, text, field);
		break;
	case OPTION_FLAG:
		good = flag_allowed(text, field);
		break;
	}
	if (good)
		return OK;
	return REFUSE(r->cx, INVALID_VALUE, option->flag, "%.*s: '%.*s' is not allowed; give %s", STR_ARG(where),
		STR_ARG(text), option->kind == OPTION_FLAG ? "yes or no" : option->values);
}

static err_t read_defaults(struct reading *r)
{
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (options[i].fallback[0])
			TRY(set(r, &options[i], str_of(options[i].fallback), FROM_DEFAULT, STR("default")));
	return OK;
}

static err_t read_environment(struct reading *r)
{
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		struct str name = str_fmt(r->cx->mem, "CALENDS_%s", options[i].flag);
		char *upper = arena_take(r->cx->mem, name.len + 1, 1);
		for (size_t k = 0; k < name.len; k++) {
			char c = name.ptr[k];
			upper[k] = c == '-' ? '_' : (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
		}
		const char *value = getenv(upper);
		if (value)
			TRY(set(r, &options[i], str_dup(r->cx->mem, str_of(value)), FROM_ENVIRONMENT, str_of(upper)));
	}
	return OK;
}

static err_t read_line(struct reading *r, struct str file, size_t number, struct str line)
{
	struct str key, where = str_fmt(r->cx->mem, "%.*s:%zu", STR_ARG(file), number);
	line = str_trim(line, STR_BLANK);
	if (!line.len || line.ptr[0] == '#' || line.ptr[0] == ';')
		return OK;
	struct str value = line;
	str_cut(&value, '=', &key);
	key = str_trim(key, STR_BLANK);
	const struct option *option = find(key);
	if (!value.ptr)
		return REFUSE(r->cx, INVALID_VALUE, "config", "%.*s: a line is 'option = value'", STR_ARG(where));
	if (!option)
		return REFUSE(r->cx, INVALID_VALUE, "config", "%.*s: there is no option '%.*s'; see calends --help",
			STR_ARG(where), STR_ARG(key));
	return set(r, option, str_trim(value, STR_BLANK), FROM_FILE, where);
}

static err_t read_file(struct reading *r, struct str name)
{
	struct ctx *cx = r->cx;
	const char *path = str_c(cx->mem, name);
	FILE *file = path ? fopen(path, "re") : NULL;
	if (!file)
		return REFUSE(cx, INVALID_VALUE, "config", "--config %.*s: %s", STR_ARG(name), strerror(errno));
	char *text = arena_take(cx->mem, FILE_MAX_OCTETS + 1, 1);
	size_t len = fread(text, 1, FILE_MAX_OCTETS + 1, file);
	fclose(file);
	if (len > FILE_MAX_OCTETS)
		return REFUSE(cx, INVALID_VALUE, "config", "--config %.*s: larger than 64 KiB", STR_ARG(name));
	struct str rest = { text, len }, line;
	for (size_t number = 1; str_cut(&rest, '\n', &line); number++)
		TRY(read_line(r, name, number, line));
	return OK;
}

/* One argument; *at moves past what it took. */
static err_t read_flag(struct reading *r, int argc, char *const *argv, int *at)
{
	struct str flag, value = str_of(argv[*at] + 2);
	str_cut(&value, '=', &flag);
	const struct option *option = find(flag);
	if (!option)
		return REFUSE(
			r->cx, INVALID_VALUE, "", "there is no option '--%.*s'; see calends --help", STR_ARG(flag));
	if (!value.ptr && option->kind == OPTION_FLAG)
		value = STR("");
	if (!value.ptr) {
		if (*at + 1 >= argc)
			return REFUSE(r->cx, INVALID_VALUE, option->flag, "--%s needs a value: %s", option->flag,
				option->values);
		value = str_of(argv[++*at]);
	}
	list_append(r->cx->mem, &r->out->given, str_of(option->flag));
	return set(r, option, value, FROM_FLAG, str_fmt(r->cx->mem, "--%s", option->flag));
}

static err_t read_arguments(struct reading *r, int argc, char *const *argv, struct str_list *rest)
{
	bool options_end = false;
	for (int i = 0; i < argc; i++) {
		struct str word = str_of(argv[i]);
		if (!options_end && str_eq(word, STR("--")))
			options_end = true;
		else if (!options_end && str_starts(word, STR("--")))
			TRY(read_flag(r, argc, argv, &i));
		else
			list_append(r->cx->mem, rest, word);
	}
	return OK;
}

err_t config_read(struct ctx *cx, int argc, char *const *argv, struct config *out, struct str_list *rest_out)
{
	struct config config = { 0 };
	struct reading r = { .cx = cx, .out = &config };
	struct str_list rest = { 0 };
	TRY(read_defaults(&r));
	TRY(read_environment(&r));
	TRY(read_arguments(&r, argc, argv, &rest));
	if (config.config_file.ptr)
		TRY(read_file(&r, config.config_file));
	*out = config;
	*rest_out = rest;
	return OK;
}

static const struct {
	const char *group, *title;
} groups[] = { { "all", "Every command" }, { "serve", "calends serve" }, { "cli", "Other commands" } };

void config_help(struct buf *out)
{
	for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
		buf_fmt(out, "\n%s:\n", groups[g].title);
		for (size_t i = 0; i < ARRAY_LEN(options); i++) {
			const struct option *o = &options[i];
			if (strcmp(o->group, groups[g].group) != 0)
				continue;
			buf_fmt(out, "  --%s %s\n      %s", o->flag, o->values, o->doc);
			if (o->fallback[0])
				buf_fmt(out, " [%s]", o->fallback);
			BUF_LIT(out, "\n");
		}
	}
}

static void add_cell(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '|')
			buf_char(out, '\\');
		buf_char(out, text.ptr[i]);
	}
}

void config_markdown(struct buf *out)
{
	BUF_LIT(out, "| option | values | default | for | what it does |\n| --- | --- | --- | --- | --- |\n");
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		const struct option *o = &options[i];
		buf_fmt(out, "| `--%s` | ", o->flag);
		add_cell(out, str_of(o->values));
		buf_fmt(out, " | %s | %s | %s |\n", o->fallback, o->group, o->doc);
	}
}
