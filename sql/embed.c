/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Build tool: embed FOLDER FILE.sql… writes FOLDER/sql.h and FOLDER/sql.c.
 *
 * A file named NNNN_word.sql is a migration and is kept to the octet. Any other file holds named statements:
 *
 *     -- name: key_find
 *     -- what it does, what its parameters are
 *     SELECT …;
 *
 * Each becomes `const struct query sql_key_find`, without its comments. A guard is a condition that a statement may be
 * sent with, too, before it is known that it may run at all:
 *
 *     -- guard: with_key
 *     AND EXISTS (SELECT … WHERE k.account_id = $1 AND k.hash = $next);
 *
 *     -- name: calendar_by_name guard: with_key
 *
 * makes, beside sql_calendar_by_name, the same statement with the guard's text where it has $guard, and without one at
 * its end: there must be its WHERE. It is sql_calendar_by_name_with_key. $next is the number after the statement's last
 * parameter.
 *
 * A statement that is the same for each leaf of a partitioned table is written once:
 *
 *     -- name: token_find leaves: 4
 *     SELECT … FROM access_token_$leaf …;
 *
 * makes sql_token_find_0 to sql_token_find_3, with the number for $leaf.
 *
 * `-- name: object_put stores` is a statement that is refused while the disk is low (db_disk_low()).
 *
 * Refused, with file and line: text before the first name, a name twice, a name that is no C identifier in lower case,
 * an empty statement, two statements under one name, a guard that is not there, a quote or comment that does not end, a
 * migration number twice.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text {
	char *ptr;
	size_t len, cap;
};

struct statement {
	char name[64];
	char guard[64]; /* it is made with this guard, too; "" for none */
	bool is_guard;
	int leaves;  /* it is made once for each; 0: as it stands */
	bool stores; /* takes room for what a user stores: refused when the disk is low */
	struct text sql;
	const char *file;
	int line;
	bool ended; /* its ';' was seen */
};

struct migration {
	int number;
	char name[128];
	struct text sql;
};

static struct statement *statements;
static size_t statement_count;
static struct migration *migrations;
static size_t migration_count;

__attribute__((noreturn, format(printf, 3, 4))) static void stop(const char *file, int line, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fprintf(stderr, "%s:%d: ", file, line);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

static void *grow(void *ptr, size_t size)
{
	void *bigger = realloc(ptr, size);
	if (!bigger)
		stop("embed", 0, "out of memory");
	return bigger;
}

static void text_add(struct text *t, char c)
{
	if (t->len + 1 >= t->cap) {
		t->cap = t->cap ? t->cap * 2 : 1024;
		t->ptr = grow(t->ptr, t->cap);
	}
	t->ptr[t->len++] = c;
	t->ptr[t->len] = 0;
}

static struct text file_read(const char *path)
{
	struct text t = { 0 };
	FILE *f = fopen(path, "r");
	if (!f)
		stop(path, 0, "cannot be read");
	for (int c; (c = fgetc(f)) != EOF;) {
		if (!c)
			stop(path, 0, "holds a NUL");
		text_add(&t, (char)c);
	}
	fclose(f);
	text_add(&t, '\n');
	return t;
}

/* ---- statements ---- */

static bool name_is_good(const char *name)
{
	if (!islower((unsigned char)name[0]))
		return false;
	for (const char *c = name; *c; c++)
		if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '_')
			return false;
	return true;
}

static const struct statement *statement_find(const char *name)
{
	for (size_t i = 0; i < statement_count; i++)
		if (strcmp(statements[i].name, name) == 0)
			return &statements[i];
	return NULL;
}

static struct statement *statement_add(struct statement s)
{
	const struct statement *same = statement_find(s.name);
	if (same)
		stop(s.file, s.line, "%s has this name already, in %s:%d", s.name, same->file, same->line);
	statements = grow(statements, (statement_count + 1) * sizeof *statements);
	statements[statement_count] = s;
	return &statements[statement_count++];
}

/* "-- name: key_find", "-- name: key_find guard: with_key", "-- name: key_add stores", "-- guard: with_key". */
static struct statement *statement_begin(const char *file, int line, const char *text)
{
	struct statement s = { .file = file, .line = line };
	char head[256];
	snprintf(head, sizeof head, "%.*s", (int)strcspn(text, "\n"), text);
	s.is_guard = sscanf(head, "-- guard: %63s", s.name) == 1;
	s.stores = !s.is_guard && strstr(head, " stores") != NULL;
	if (!s.is_guard && sscanf(head, "-- name: %63s guard: %63s", s.name, s.guard) < 1)
		s.name[0] = 0;
	if (strstr(head, " leaves: ") &&
		(sscanf(head, "-- name: %*s leaves: %d", &s.leaves) != 1 || s.leaves < 1 || s.leaves > 9))
		stop(file, line, "leaves are 1 to 9");
	if (!name_is_good(s.name) || (s.guard[0] && !name_is_good(s.guard)))
		stop(file, line, "a name is lower case letters, digits and '_', at most 63");
	return statement_add(s);
}

/* Blanks and line ends at the end of a line, and empty lines, are left out. */
static void add_line_end(struct text *sql)
{
	while (sql->len && (sql->ptr[sql->len - 1] == ' ' || sql->ptr[sql->len - 1] == '\t'))
		sql->ptr[--sql->len] = 0;
	if (sql->len && sql->ptr[sql->len - 1] != '\n')
		text_add(sql, '\n');
}

static void statement_end(struct statement *s)
{
	if (!s)
		return;
	add_line_end(&s->sql);
	if (s->sql.len && s->sql.ptr[s->sql.len - 1] == '\n')
		s->sql.ptr[--s->sql.len] = 0;
	if (!s->sql.len)
		stop(s->file, s->line, "%s has no statement", s->name);
}

/* Where the quoted run that begins at `p` ends: 'text', "name", $tag$text$tag$; NULL when it does not end. */
static const char *quoted_end(const char *p)
{
	if (*p == '\'' || *p == '"') {
		const char *end = strchr(p + 1, *p);
		return end ? end + 1 : NULL;
	}
	const char *tag = p + 1;
	while (isalpha((unsigned char)*tag) || *tag == '_')
		tag++;
	if (*tag != '$') /* $1 is a parameter */
		return p + 1;
	size_t len = (size_t)(tag + 1 - p);
	for (const char *end = strchr(tag + 1, '$'); end; end = strchr(end + 1, '$'))
		if (strncmp(end, p, len) == 0)
			return end + len;
	return NULL;
}

static const char *comment_end(const char *p)
{
	if (p[0] == '-')
		return strchr(p, '\n');
	const char *end = strstr(p + 2, "*/");
	return end ? end + 2 : NULL;
}

static void copy_run(struct statement *s, const char *file, int *line, const char *from, const char *to)
{
	for (; from < to; from++) {
		if (*from == '\n')
			++*line;
		if (isspace((unsigned char)*from) && !s)
			continue;
		if (!s)
			stop(file, *line, "text before the first `-- name:`");
		if (s->ended && !isspace((unsigned char)*from))
			stop(file, *line, "%s holds a second statement", s->name);
		text_add(&s->sql, *from);
	}
}

static void statements_read(const char *file)
{
	struct text text = file_read(file);
	struct statement *s = NULL;
	int line = 1;
	for (const char *p = text.ptr, *end; *p; p = end) {
		bool at_line_start = p == text.ptr || p[-1] == '\n';
		if (at_line_start && (strncmp(p, "-- name:", 8) == 0 || strncmp(p, "-- guard:", 9) == 0)) {
			statement_end(s);
			s = statement_begin(file, line, p);
			end = strchr(p, '\n');
		} else if (strncmp(p, "--", 2) == 0 || strncmp(p, "/*", 2) == 0) {
			end = comment_end(p);
			if (!end)
				stop(file, line, "a comment does not end");
			for (const char *c = p; c < end; c++)
				line += *c == '\n';
		} else if (*p == '\'' || *p == '"' || *p == '$') {
			end = quoted_end(p);
			if (!end)
				stop(file, line, "a quote does not end");
			copy_run(s, file, &line, p, end);
		} else if (*p == '\n') {
			end = p + 1;
			line++;
			if (s)
				add_line_end(&s->sql);
		} else {
			end = p + 1;
			if (s && *p == ';')
				s->ended = true;
			else
				copy_run(s, file, &line, p, end);
		}
	}
	statement_end(s);
	free(text.ptr);
}

/* ---- guards ---- */

static int last_parameter(const char *sql)
{
	int last = 0;
	for (const char *p = strchr(sql, '$'); p; p = strchr(p + 1, '$')) {
		int number = (int)strtol(p + 1, NULL, 10);
		last = number > last ? number : last;
	}
	return last;
}

static void text_append(struct text *t, const char *more)
{
	for (; *more; more++)
		text_add(t, *more);
}

/* The text, with `value` wherever `word` stands. */
static struct text replaced(const struct text *sql, const char *word, const char *value)
{
	struct text out = { 0 };
	for (const char *p = sql->ptr; *p;) {
		bool is_word = strncmp(p, word, strlen(word)) == 0;
		if (is_word)
			text_append(&out, value);
		else
			text_add(&out, *p);
		p += is_word ? strlen(word) : 1;
	}
	return out;
}

static void leaves_apply(void)
{
	size_t named = statement_count, kept = 0;
	for (size_t i = 0; i < named; i++) {
		struct statement s = statements[i];
		for (int leaf = 0; leaf < s.leaves; leaf++) {
			const char digit[] = { (char)('0' + leaf), 0 };
			struct statement one = {
				.file = s.file, .line = s.line, .sql = replaced(&s.sql, "$leaf", digit)
			};
			if (snprintf(one.name, sizeof one.name, "%.60s_%d", s.name, leaf) != (int)strlen(s.name) + 2)
				stop(s.file, s.line, "the name of %s is too long", s.name);
			statement_add(one);
		}
	}
	for (size_t i = 0; i < statement_count; i++)
		if (!statements[i].leaves)
			statements[kept++] = statements[i];
	statement_count = kept;
}

/* The guard's text at its place in the statement's, or at the end, with a number for $next. */
static struct text guarded_text(const struct text *sql, const struct text *guard)
{
	char number[16];
	snprintf(number, sizeof number, "$%d", last_parameter(sql->ptr) + 1);
	struct text out = { 0 }, condition = replaced(guard, "$next", number);
	if (strstr(sql->ptr, "$guard"))
		return replaced(sql, "$guard", condition.ptr);
	text_append(&out, sql->ptr);
	text_add(&out, '\n');
	text_append(&out, condition.ptr);
	return out;
}

static void guards_apply(void)
{
	for (size_t i = 0, named = statement_count; i < named; i++) {
		struct statement s = statements[i], with = { .file = s.file, .line = s.line };
		if (!s.guard[0])
			continue;
		struct text name = { 0 };
		const struct statement *guard = statement_find(s.guard);
		if (!guard || !guard->is_guard)
			stop(s.file, s.line, "there is no guard %s", s.guard);
		if (strlen(s.name) + 1 + strlen(s.guard) >= sizeof with.name)
			stop(s.file, s.line, "the name of %s with %s is too long", s.name, s.guard);
		text_append(&name, s.name);
		text_add(&name, '_');
		text_append(&name, s.guard);
		memcpy(with.name, name.ptr, name.len + 1);
		free(name.ptr);
		with.sql = guarded_text(&s.sql, &guard->sql);
		statements[i].sql = replaced(&s.sql, " $guard", "");
		statement_add(with);
	}
	size_t kept = 0;
	for (size_t i = 0; i < statement_count; i++)
		if (!statements[i].is_guard)
			statements[kept++] = statements[i];
	statement_count = kept;
}

/* ---- migrations ---- */

static bool is_migration(const char *base)
{
	for (int i = 0; i < 4; i++)
		if (!isdigit((unsigned char)base[i]))
			return false;
	return base[4] == '_';
}

static void migration_read(const char *file, const char *base)
{
	struct migration m = { .number = (int)strtol(base, NULL, 10), .sql = file_read(file) };
	size_t len = strcspn(base, ".");
	if (len >= sizeof m.name)
		stop(file, 0, "the name is too long");
	memcpy(m.name, base, len);
	size_t at = migration_count;
	migrations = grow(migrations, (migration_count + 1) * sizeof *migrations);
	while (at && migrations[at - 1].number > m.number) {
		migrations[at] = migrations[at - 1];
		at--;
	}
	if (at && migrations[at - 1].number == m.number)
		stop(file, 0, "%s has this number already", migrations[at - 1].name);
	migrations[at] = m;
	migration_count++;
}

/* ---- C ---- */

static void literal(FILE *out, const struct text *t)
{
	fputs("\n\t\"", out);
	for (size_t i = 0; i < t->len; i++) {
		unsigned char c = (unsigned char)t->ptr[i];
		if (c == '\n')
			fputs(i + 1 < t->len ? "\\n\"\n\t\"" : "\\n", out);
		else if (c == '"' || c == '\\' || c == '?')
			fprintf(out, "\\%c", c);
		else if (c == '\t')
			fputs("\\t", out);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static FILE *out_open(const char *folder, const char *name)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *out = fopen(path, "w");
	if (!out)
		stop(path, 0, "cannot be written");
	fputs("/* Made by sql/embed.c: do not edit. */\n", out);
	return out;
}

static void out_close(FILE *out)
{
	if (ferror(out) | fclose(out))
		stop("embed", 0, "writing failed");
}

static void header_write(const char *folder)
{
	FILE *out = out_open(folder, "sql.h");
	fputs("#pragma once\n\n#include \"server/db/query.h\"\n\n", out);
	for (size_t i = 0; i < statement_count; i++)
		fprintf(out, "extern const struct query sql_%s;\n", statements[i].name);
	fputs("\nextern const struct query *const sql_queries[];\nextern const unsigned sql_query_count;\n\n"
	      "struct migration {\n\tint number;\n\tconst char *name, *sql;\n};\n\n"
	      "extern const struct migration sql_migrations[];\nextern const unsigned sql_migration_count;\n",
		out);
	out_close(out);
}

static void source_write(const char *folder)
{
	FILE *out = out_open(folder, "sql.c");
	fputs("#include \"sql.h\"\n", out);
	for (size_t i = 0; i < statement_count; i++) {
		fprintf(out, "\nconst struct query sql_%s = { \"%s\",", statements[i].name, statements[i].name);
		literal(out, &statements[i].sql);
		fprintf(out, ", %zu, %d };\n", i, statements[i].stores);
	}
	/* The table ends with a NULL, so that it is never empty. */
	fputs("\nconst struct query *const sql_queries[] = {\n", out);
	for (size_t i = 0; i < statement_count; i++)
		fprintf(out, "\t&sql_%s,\n", statements[i].name);
	fprintf(out, "\t0\n};\nconst unsigned sql_query_count = %zu;\n", statement_count);
	fputs("\nconst struct migration sql_migrations[] = {\n", out);
	for (size_t i = 0; i < migration_count; i++) {
		fprintf(out, "\t{ %d, \"%s\",", migrations[i].number, migrations[i].name);
		literal(out, &migrations[i].sql);
		fputs(" },\n", out);
	}
	fprintf(out, "\t{ 0, 0, 0 }\n};\nconst unsigned sql_migration_count = %zu;\n", migration_count);
	out_close(out);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fputs("usage: embed FOLDER FILE.sql...\n", stderr);
		return 2;
	}
	for (int i = 2; i < argc; i++) {
		const char *slash = strrchr(argv[i], '/'), *base = slash ? slash + 1 : argv[i];
		if (is_migration(base))
			migration_read(argv[i], base);
		else
			statements_read(argv[i]);
	}
	guards_apply();
	leaves_apply();
	header_write(argv[1]);
	source_write(argv[1]);
	return 0;
}
