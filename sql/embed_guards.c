/* SPDX-License-Identifier: Apache-2.0 */
/* Statements that are made of others: with a guard, and for each leaf. */
#include "embed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int last_parameter(const char *sql)
{
	int last = 0;
	for (const char *p = strchr(sql, '$'); p; p = strchr(p + 1, '$')) {
		int number = (int)strtol(p + 1, NULL, 10);
		last = number > last ? number : last;
	}
	return last;
}

void leaves_apply(void)
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

void guards_apply(void)
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
