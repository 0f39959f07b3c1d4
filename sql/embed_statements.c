/* SPDX-License-Identifier: Apache-2.0 */
/* Files of named statements. */
#include "embed.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct statement *statements;
size_t statement_count;

static bool name_is_good(const char *name)
{
	if (!islower((unsigned char)name[0]))
		return false;
	for (const char *c = name; *c; c++)
		if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '_')
			return false;
	return true;
}

const struct statement *statement_find(const char *name)
{
	for (size_t i = 0; i < statement_count; i++)
		if (strcmp(statements[i].name, name) == 0)
			return &statements[i];
	return NULL;
}

struct statement *statement_add(struct statement s)
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

void statements_read(const char *file)
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
