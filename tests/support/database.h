/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A private PostgreSQL for a unit test program, with the schema of this build: made by the embedded cluster's own code.
 *
 *     TESTS_WITH_DATABASE(RUN(…), …)    a program that has it
 *     database_use / database_leave    a pool for one TEST
 */
#pragma once

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/base/log.h"
#include "server/db/embedded.h"
#include "server/db/migrate.h"
#include "server/db/pool.h"
#include "server/db/query.h"
#include "tests/support/folder.h"

static struct arena *database_mem;
static struct embedded *database_cluster;
static const char *database_url, *database_folder;

static inline int database_fail(err_t e)
{
	fprintf(stderr, "database: %.*s %.*s\n", STR_ARG(err_text(e)), STR_ARG(e->detail));
	return -1;
}

static inline int database_start(void **state)
{
	(void)state;
	char folder[FOLDER_MAX];
	int applied;
	database_mem = arena_open();
	struct ctx cx = { .mem = database_mem, .now = instant_of_s(1764000000) };
	ctx_begin(&cx, PATIENCE_COMMAND_MS);
	log_setup(LOG_ERROR, STDERR_FILENO);
	if (!folder_make(folder))
		return -1;
	database_folder = str_c(database_mem, str_of(folder));
	err_t e = embedded_open(&cx, str_of(database_folder), &database_cluster, &database_url);
	if (!e)
		e = db_migrate(&cx, database_url, (struct bytes){ 0 }, &applied);
	return e ? database_fail(e) : 0;
}

static inline int database_remove(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)kind, (void)at;
	return remove(path);
}

static inline int database_stop(void **state)
{
	(void)state;
	embedded_close(database_cluster);
	nftw(database_folder, database_remove, 16, FTW_DEPTH | FTW_PHYS);
	arena_close(database_mem);
	return 0;
}

static inline void database_use_with(struct ctx *cx, const struct db_settings *with)
{
	struct db_settings settings = *with;
	settings.url = str_of(database_url);
	cx->db = db_open(&settings);
}

static inline void database_use(struct ctx *cx)
{
	database_use_with(cx, &(struct db_settings){ .connections = 2, .wait_ms = 200, .prepare = true });
}

static inline void database_leave(struct ctx *cx)
{
	db_end(cx);
	db_close(cx->db);
	cx->db = NULL;
}

#define TESTS_WITH_DATABASE(...) TESTS_WITH(database_start, database_stop, __VA_ARGS__)
