/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stop has a bound. Answers have --drain-ms; all waits of the process end with that (wait_end_by), so threads that
 * wait for a database which does not answer come back by themselves. What is still there a while later is left behind:
 * the process tells what that is, and ends.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "server/db/pool.h"
#include "server/http/civet.h"

/* server may be NULL; db stays until the end. The other fields are the stopper's own. */
struct stopper {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t done_is_set;
	bool done;
	struct timespec limit;
	struct civet *server;
	struct db_pool *db;
};

/* Begins the bound of a stop: all waits of the process end in drain_ms. False if nobody watches (no thread was to be
 * had): the stop goes on without. In any case stopper_end ends it. */
bool stopper_start(struct stopper *stop, unsigned drain_ms);
/* Before the server is freed: it is not looked at any more. */
void stopper_forgets_server(struct stopper *stop);
/* All is stopped; waits are without a bound again. started: what stopper_start said. */
void stopper_end(struct stopper *stop, bool started);

/* Tells what is left (http may be NULL), and ends the process. */
__attribute__((noreturn)) void stopper_leave_behind(const struct civet_stats *http, struct db_pool *db);
