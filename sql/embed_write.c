/* SPDX-License-Identifier: Apache-2.0 */
/* What is read becomes C. */
#include "embed.h"

#include <stdio.h>
#include <string.h>

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

void header_write(const char *folder)
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

void source_write(const char *folder)
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
