/* SPDX-License-Identifier: Apache-2.0 */
#include "server/jobs/jobs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/base/log.h"
#include "server/db/query.h"

#define HELD_MS 20

/* What is known of a row; all under the lock. */
struct job_state {
	uint64_t due_ms;
	uint64_t failed_in_a_row;
	struct job_stats stats;
};

struct jobs {
	struct arena *mem;
	struct jobs_settings settings;
	pthread_mutex_t lock;
	pthread_cond_t
		sooner;      /* for the thread that keeps watch: something is due before what it waits for, or a stop */
	pthread_cond_t idle; /* for the others: there is nobody who keeps watch, or a stop */
	bool watched;        /* one thread waits for the clock; all of them would wake at each beat */
	uint64_t watched_ms; /* until then */
	bool stopping;
	struct job_state *states; /* by row */
	pthread_t *threads;
	unsigned thread_count;
};

/* ---- which ---- */

/* The one that has been due for longest, or that will be next; NULL when all are running. Locked. */
static struct job_state *next_job(struct jobs *jobs)
{
	struct job_state *next = NULL;
	for (size_t i = 0; i < jobs->settings.count; i++) {
		struct job_state *p = &jobs->states[i];
		if (!p->stats.running && (!next || p->due_ms < next->due_ms))
			next = p;
	}
	return next;
}

/* ---- when ---- */

static bool rests(const struct job *job, uint64_t now_ms)
{
	return job->bell && now_ms >= atomic_load(&job->bell->rung_ms) + JOB_AWAKE_MS;
}

/* Locked. */
static void watch_sooner(struct jobs *jobs, uint64_t due_ms)
{
	if (jobs->watched && due_ms < jobs->watched_ms)
		pthread_cond_signal(&jobs->sooner);
}

/* Those that run have their next one, too: this one may have looked already. */
static void wake(struct jobs *jobs, const struct job_bell *bell, uint64_t now_ms)
{
	pthread_mutex_lock(&jobs->lock);
	for (size_t i = 0; i < jobs->settings.count; i++) {
		const struct job *job = &jobs->settings.rows[i];
		struct job_state *state = &jobs->states[i];
		if (job->bell != bell || state->due_ms <= now_ms + job->every_ms)
			continue;
		state->due_ms = now_ms + job->every_ms;
		if (!state->stats.running)
			watch_sooner(jobs, state->due_ms);
	}
	pthread_mutex_unlock(&jobs->lock);
}

/* Half of the time: whoever goes to rest meanwhile sees that it was rung again. */
void job_bell_ring(struct job_bell *bell)
{
	uint64_t now_ms = clock_monotonic_ms(), before_ms = atomic_exchange(&bell->rung_ms, now_ms);
	struct jobs *jobs = atomic_load(&bell->jobs);
	if (jobs && now_ms >= before_ms + JOB_AWAKE_MS / 2)
		wake(jobs, bell, now_ms);
}

/* ---- run ---- */

/* The first failure, and then ever more rarely: a database that is away for a night is not told of each second. */
static bool is_worth_a_line(uint64_t failed_in_a_row)
{
	return (failed_in_a_row & (failed_in_a_row - 1)) == 0;
}

static void tell_failure(const struct job *job, uint64_t failed_in_a_row, err_t e)
{
	if (is_worth_a_line(failed_in_a_row))
		log_event(LOG_WARN, "job_failed", LOG_C("job", job->name), LOG_INT("in_a_row", failed_in_a_row),
			LOG_C("error", err_row(e->kind)->name), LOG_STR("detail", err_logged(e)));
}

/* It is marked as running; unlocked. */
static void run_one(struct jobs *jobs, size_t i, struct arena *mem)
{
	const struct job *job = &jobs->settings.rows[i];
	uint64_t begun_us = clock_monotonic_us();
	struct ctx cx = {
		.mem = mem,
		.db = jobs->settings.db,
		.config = jobs->settings.config,
		.keys = jobs->settings.keys,
		.now = instant_now(),
	};
	cx.request_id = id_new(cx.now);
	ctx_begin(&cx, job->patience_ms);
	err_t e = job->run(&cx, job->state);
	if (cx.db)
		db_end(&cx);
	if (job->bell && cx.found)
		job_bell_ring(job->bell);

	pthread_mutex_lock(&jobs->lock);
	struct job_state *state = &jobs->states[i];
	state->stats.running = false;
	state->stats.runs++;
	state->stats.failures += e != NULL;
	state->stats.last_us = clock_monotonic_us() - begun_us;
	uint64_t failed = state->failed_in_a_row = e ? state->failed_in_a_row + 1 : 0;
	if (!e)
		state->stats.last_success = instant_now();
	watch_sooner(jobs, state->due_ms);
	pthread_mutex_unlock(&jobs->lock);
	if (e)
		tell_failure(job, failed, e);
	arena_reset(mem);
}

/* Dev builds: no run begins while a file stands there, so that tests look at what requests alone have changed. Locked.
 */
static bool are_held(void)
{
#ifdef CALENDS_DEV
	const char *file = getenv("CALENDS_DEV_JOBS_HELD");
	return file && access(file, F_OK) == 0;
#else
	return false;
#endif
}

/* Takes the next row if it is due: *i_out. Locked. */
static bool take(struct jobs *jobs, uint64_t now_ms, size_t *i_out)
{
	struct job_state *state = next_job(jobs);
	if (!state || state->due_ms > now_ms)
		return false;
	if (are_held()) {
		state->due_ms = now_ms + HELD_MS;
		return false;
	}
	*i_out = (size_t)(state - jobs->states);
	const struct job *job = &jobs->settings.rows[*i_out];
	unsigned every = rests(job, now_ms) ? job->rest_ms : job->every_ms;
	/* By its own beat; one that was missed is made up for once. */
	state->due_ms = state->due_ms + every > now_ms ? state->due_ms + every : now_ms + (every ? every : 1);
	state->stats.running = true;
	return true;
}

unsigned jobs_run_due(struct jobs *jobs, uint64_t now_ms)
{
	size_t i;
	struct arena *mem = arena_open();
	pthread_mutex_lock(&jobs->lock);
	while (take(jobs, now_ms, &i)) {
		pthread_mutex_unlock(&jobs->lock);
		run_one(jobs, i, mem);
		pthread_mutex_lock(&jobs->lock);
	}
	const struct job_state *next = next_job(jobs);
	unsigned left = next ? (unsigned)(next->due_ms - now_ms) : UINT32_MAX;
	pthread_mutex_unlock(&jobs->lock);
	arena_close(mem);
	return left;
}

/* ---- threads ---- */

#define WITHOUT_ANY_MS 60000

/* Until the next one is due. False when it is time to stop; nothing to do is not. Locked. */
static bool keep_watch(struct jobs *jobs)
{
	const struct job_state *next = next_job(jobs);
	struct deadline due = next ? (struct deadline){ next->due_ms * 1000 } : deadline_in_ms(WITHOUT_ANY_MS);
	jobs->watched = true;
	jobs->watched_ms = due.at_us / 1000;
	bool called = wait_cond(&jobs->sooner, &jobs->lock, due);
	jobs->watched = false;
	return called || clock_monotonic_us() >= due.at_us; /* else all waits of the process have ended */
}

/* Until something is to be done by this thread. Locked. */
static bool wait_for_one(struct jobs *jobs)
{
	if (!jobs->watched)
		return keep_watch(jobs);
	wait_idle(&jobs->idle, &jobs->lock);
	return true;
}

static void *run_thread(void *arg)
{
	struct jobs *jobs = arg;
	struct arena *mem = arena_open();
	size_t i;
	pthread_mutex_lock(&jobs->lock);
	while (!jobs->stopping) {
		if (take(jobs, clock_monotonic_ms(), &i)) {
			if (!jobs->watched)
				pthread_cond_signal(&jobs->idle); /* who keeps watch while this one runs */
			pthread_mutex_unlock(&jobs->lock);
			run_one(jobs, i, mem);
			pthread_mutex_lock(&jobs->lock);
		} else if (!wait_for_one(jobs)) {
			break;
		}
	}
	pthread_mutex_unlock(&jobs->lock);
	arena_close(mem);
	return NULL;
}

static void set_bells(struct jobs *jobs, struct jobs *to)
{
	for (size_t i = 0; i < jobs->settings.count; i++)
		if (jobs->settings.rows[i].bell)
			atomic_store(&jobs->settings.rows[i].bell->jobs, to);
}

err_t jobs_open(struct ctx *cx, const struct jobs_settings *settings, struct jobs **out)
{
	struct arena *mem = arena_open();
	struct jobs *jobs = arena_new(mem, struct jobs);
	uint64_t now_ms = clock_monotonic_ms();
	*jobs = (struct jobs){ .mem = mem, .settings = *settings };
	jobs->states = arena_array(mem, struct job_state, settings->count);
	jobs->threads = arena_array(mem, pthread_t, settings->threads);
	pthread_mutex_init(&jobs->lock, NULL);
	wait_cond_init(&jobs->sooner);
	pthread_cond_init(&jobs->idle, NULL);
	for (size_t i = 0; i < settings->count; i++) {
		assert(settings->rows[i].run && settings->rows[i].patience_ms);
		assert(!settings->rows[i].bell || settings->rows[i].rest_ms >= settings->rows[i].every_ms);
		jobs->states[i].due_ms = settings->threads ? now_ms : 0;
		jobs->states[i].stats =
			(struct job_stats){ .name = settings->rows[i].name, .last_success = INSTANT_NONE };
	}
	set_bells(jobs, jobs);
	for (; jobs->thread_count < settings->threads; jobs->thread_count++) {
		int failed = pthread_create(&jobs->threads[jobs->thread_count], NULL, run_thread, jobs);
		if (failed) {
			err_t e = FAIL(cx, UNAVAILABLE, "pthread_create: %s", strerror(failed));
			(void)!jobs_close(jobs, deadline_in_ms(60000));
			return e;
		}
	}
	*out = jobs;
	return OK;
}

bool jobs_close(struct jobs *jobs, struct deadline until)
{
	if (!jobs)
		return true;
	pthread_mutex_lock(&jobs->lock);
	jobs->stopping = true;
	pthread_cond_broadcast(&jobs->sooner);
	pthread_cond_broadcast(&jobs->idle);
	pthread_mutex_unlock(&jobs->lock);
	while (jobs->thread_count > 0 && wait_thread(jobs->threads[jobs->thread_count - 1], until))
		jobs->thread_count--;
	if (jobs->thread_count > 0)
		return false;
	set_bells(jobs, NULL);
	pthread_cond_destroy(&jobs->sooner);
	pthread_cond_destroy(&jobs->idle);
	pthread_mutex_destroy(&jobs->lock);
	arena_close(jobs->mem);
	return true;
}

bool jobs_stats(struct jobs *jobs, size_t i, struct job_stats *out)
{
	if (!jobs || i >= jobs->settings.count)
		return false;
	pthread_mutex_lock(&jobs->lock);
	*out = jobs->states[i].stats;
	pthread_mutex_unlock(&jobs->lock);
	return true;
}
