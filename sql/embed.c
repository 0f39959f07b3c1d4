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
#include "embed.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct migration *migrations;
size_t migration_count;

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
