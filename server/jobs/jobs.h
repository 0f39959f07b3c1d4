/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work that no request waits for. A job is a row; modules.c puts the rows of all modules together, and one runner owns
 * the threads: each run has a ctx and an arena of its own, a deadline, and is counted. A job never runs beside itself;
 * one that takes long does not hold up the others, as long as there are threads.
 *
 *     static const struct job jobs[] = {
 *             { .name = "housekeeping", .every_ms = 60000, .patience_ms = 30000, .run = housekeeping },
 *     };
 *
 * What looks often for something that is seldom there has a bell: it keeps its beat for JOB_AWAKE_MS after the bell was
 * rung, and rests else. Whoever may have made something to do rings, and so does a run that sets cx->found. What
 * nobody rang for (another process wrote it) waits no longer than the rest.
 */
#pragma once

#include <stdatomic.h>

#include "server/base/ctx.h"

#define JOB_AWAKE_MS 1000

struct jobs; /* outlives requests */

/* Zero before its first use. It may wake several jobs, of one struct jobs. */
struct job_bell {
	_Atomic uint64_t rung_ms;
	struct jobs *_Atomic jobs;
};

/*
 * The jobs with this bell run within their every_ms, and keep that beat for a while. Thread-safe; nothing but a store
 * where they are awake already. Not after jobs_close() began, other than by a run.
 */
void job_bell_ring(struct job_bell *bell);

struct job {
	const char *name;     /* in the log and in the metrics */
	unsigned every_ms;    /* from one beginning to the next; a run that took longer is followed at once, once */
	unsigned patience_ms; /* cx->until of a run: what it waits for, it waits this long in all */
	/* Idempotent, and safe beside another instance's. A failure is logged and counted; the next run comes as usual.
	 */
	err_t (*run)(struct ctx *cx, void *state);
	void *state;
	struct job_bell *bell; /* NULL: it never rests. Outlives the jobs */
	unsigned rest_ms;      /* with a bell: as every_ms, while it rests */
};

struct jobs_settings {
	const struct job *rows; /* borrowed until jobs_close() */
	size_t count;
	unsigned threads; /* 0: none, and the caller runs what is due (tests, commands) */
	struct db_pool *db;
	const struct config *config;
	const struct keyring *keys;
};

/* Starts the threads; every job is due at once. UNAVAILABLE when a thread cannot be started. */
MUST_CHECK err_t jobs_open(struct ctx *cx, const struct jobs_settings *settings, struct jobs **out);

/*
 * Begins no more runs and waits for those under way. False when one was still at it at the deadline: then nothing is
 * freed, neither here nor may it be by the caller, since that run goes on. NULL is fine.
 */
bool jobs_close(struct jobs *jobs, struct deadline until);

/* For tests: runs what is due at that time of the monotonic clock, in this thread; how long until the next is. */
unsigned jobs_run_due(struct jobs *jobs, uint64_t now_ms);

struct job_stats {
	const char *name;
	bool running;
	uint64_t runs, failures, last_us; /* last_us: how long the last run took */
	struct instant last_success;      /* INSTANT_NONE: none yet */
};
/* Of the i-th row; false beyond the last one. Thread-safe. */
bool jobs_stats(struct jobs *jobs, size_t i, struct job_stats *out);
