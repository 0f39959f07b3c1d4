/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the build tool of embed.c. Whatever is wrong with a file ends it, with the file and the line. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

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

extern struct statement *statements;
extern size_t statement_count;
extern struct migration *migrations; /* by their numbers */
extern size_t migration_count;

/* embed_text.c: none of it is freed but by the end of the program. */

__attribute__((noreturn, format(printf, 3, 4))) void stop(const char *file, int line, const char *format, ...);
void *grow(void *ptr, size_t size);
void text_add(struct text *t, char c);
void text_append(struct text *t, const char *more);
/* The text, with `value` wherever `word` stands. */
struct text replaced(const struct text *sql, const char *word, const char *value);
/* The whole file, and a line end. */
struct text file_read(const char *path);

/* embed_statements.c */

/* NULL where none has the name. */
const struct statement *statement_find(const char *name);
/* Stops where another has its name. */
struct statement *statement_add(struct statement s);
/* Adds the statements and guards of a file. */
void statements_read(const char *file);

/* embed_guards.c */

/* Makes what has a guard once more, with it, and forgets the guards. */
void guards_apply(void);
/* Makes what has leaves for each of them instead. */
void leaves_apply(void);

/* embed_write.c */

void header_write(const char *folder);
void source_write(const char *folder);
