/* SPDX-License-Identifier: Apache-2.0 */
/* races */
#include "tests/support/test.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/base/log.h"
#include "server/jobs/jobs.h"

struct tally {
	atomic_uint runs, at_once, most_at_once;
	atomic_bool fails, slow, held; /* held: a run ends when it is let go */
	atomic_size_t used;            /* of the arena when a run began */
	unsigned patience_ms;
};

static err_t count(struct ctx *cx, void *state)
{
	struct tally *t = state;
	unsigned now = atomic_fetch_add(&t->at_once, 1) + 1;
	if (now > atomic_load(&t->most_at_once))
		atomic_store(&t->most_at_once, now);
	atomic_fetch_add(&t->runs, 1);
	atomic_store(&t->used, arena_used(cx->mem));
	t->patience_ms = deadline_left_ms(cx->until);
	(void)arena_take(cx->mem, 1000, 1);
	if (atomic_load(&t->slow))
		(void)!wait_ms(600000, cx->until);
	while (atomic_load(&t->held))
		usleep(1000);
	atomic_fetch_sub(&t->at_once, 1);
	return atomic_load(&t->fails) ? FAIL(cx, UNAVAILABLE, "as told") : OK;
}

static struct jobs *open_with(const struct job *rows, size_t n, unsigned threads)
{
	struct jobs *jobs;
	assert_ok(jobs_open(&test_cx, &(struct jobs_settings){ .rows = rows, .count = n, .threads = threads }, &jobs));
	return jobs;
}

TEST(each_job_runs_at_its_own_beat)
{
	struct tally fast = { 0 }, slow = { 0 };
	const struct job rows[] = { { "fast", 1000, 50, count, &fast, NULL, 0 },
		{ "slow", 60000, 50, count, &slow, NULL, 0 } };
	struct jobs *jobs = open_with(rows, 2, 0);
	for (uint64_t now = 0; now < 120000; now += 250)
		assert_true(jobs_run_due(jobs, now) <= 1000);
	assert_int_equal(atomic_load(&fast.runs), 120);
	assert_int_equal(atomic_load(&slow.runs), 2);
	assert_int_equal(jobs_run_due(jobs, 119999), 1);
	assert_true(jobs_close(jobs, deadline_in_ms(1000)));
}

TEST(a_beat_that_was_missed_is_made_up_for_once)
{
	struct tally t = { 0 };
	const struct job rows[] = { { "job", 1000, 50, count, &t, NULL, 0 } };
	struct jobs *jobs = open_with(rows, 1, 0);
	jobs_run_due(jobs, 0);
	jobs_run_due(jobs, 10500);
	jobs_run_due(jobs, 10600);
	assert_int_equal(atomic_load(&t.runs), 2);
	jobs_run_due(jobs, 11500);
	assert_int_equal(atomic_load(&t.runs), 3);
	assert_true(jobs_close(jobs, deadline_in_ms(1000)));
}

TEST(a_run_has_a_deadline_and_an_arena_of_its_own)
{
	struct tally t = { 0 };
	const struct job rows[] = { { "job", 10, 5000, count, &t, NULL, 0 } };
	struct jobs *jobs = open_with(rows, 1, 0);
	for (uint64_t now = 0; now < 100; now += 10) {
		jobs_run_due(jobs, now);
		assert_int_equal(atomic_load(&t.used), 0);
		assert_true(t.patience_ms > 1000 && t.patience_ms <= 5000);
	}
	assert_true(jobs_close(jobs, deadline_in_ms(1000)));
}

TEST(runs_and_failures_are_counted_and_the_next_run_comes)
{
	struct tally t = { .fails = true };
	struct job_stats stats;
	const struct job rows[] = { { "job", 10, 50, count, &t, NULL, 0 } };
	struct jobs *jobs = open_with(rows, 1, 0);
	jobs_run_due(jobs, 0);
	assert_true(jobs_stats(jobs, 0, &stats));
	assert_true(stats.runs == 1 && stats.failures == 1 && instant_is_none(stats.last_success));
	atomic_store(&t.fails, false);
	jobs_run_due(jobs, 10);
	assert_true(jobs_stats(jobs, 0, &stats));
	assert_true(stats.runs == 2 && stats.failures == 1 && !instant_is_none(stats.last_success) && !stats.running);
	assert_string_equal(stats.name, "job");
	assert_false(jobs_stats(jobs, 1, &stats));
	assert_true(jobs_close(jobs, deadline_in_ms(1000)));
}

TEST(a_job_with_a_bell_keeps_its_beat_after_it_was_rung_and_rests_else)
{
	struct tally t = { 0 };
	struct job_bell bell = { 0 };
	const struct job rows[] = { { "job", 100, 50, count, &t, &bell, 5000 } };
	uint64_t now = clock_monotonic_ms(), rung = now + 100000;
	struct jobs *jobs = open_with(rows, 1, 0);
	assert_int_equal(jobs_run_due(jobs, now), 5000);
	assert_int_equal(jobs_run_due(jobs, now + 1000), 4000);
	assert_int_equal(atomic_load(&t.runs), 1);
	job_bell_ring(&bell);
	assert_true(jobs_run_due(jobs, now) <= clock_monotonic_ms() + 100 - now);
	atomic_store(&bell.rung_ms, rung); /* as if it were then */
	assert_int_equal(jobs_run_due(jobs, rung + 100), 100);
	assert_int_equal(jobs_run_due(jobs, rung + 200), 100);
	assert_int_equal(atomic_load(&t.runs), 3);
	assert_int_equal(jobs_run_due(jobs, rung + JOB_AWAKE_MS), 300 + 5000 - JOB_AWAKE_MS);
	assert_int_equal(atomic_load(&t.runs), 4);
	assert_true(jobs_close(jobs, deadline_in_ms(1000)));
	job_bell_ring(&bell); /* nobody hears it */
}

static void wait_for_runs(struct tally *t, unsigned runs)
{
	for (int i = 0; i < 2000 && atomic_load(&t->runs) < runs; i++)
		usleep(10000);
	assert_true(atomic_load(&t->runs) >= runs);
}

TEST(a_job_that_takes_long_holds_up_no_other_and_never_runs_beside_itself)
{
	struct tally slow = { .slow = true }, fast = { 0 };
	const struct job rows[] = { { "slow", 1, 200, count, &slow, NULL, 0 },
		{ "fast", 5, 50, count, &fast, NULL, 0 } };
	struct jobs *jobs = open_with(rows, 2, 3);
	wait_for_runs(&fast, 20);
	wait_for_runs(&slow, 2);
	assert_true(jobs_close(jobs, deadline_in_ms(10000)));
	assert_int_equal(atomic_load(&slow.most_at_once), 1);
	assert_int_equal(atomic_load(&fast.most_at_once), 1);
}

/* Whoever kept watch is stuck in it: another has to take that over. */
TEST(one_that_is_stuck_leaves_the_others_their_beat)
{
	struct tally stuck = { 0 }, fast = { 0 };
	const struct job rows[] = { { "stuck", 20, 50, count, &stuck, NULL, 0 },
		{ "fast", 20, 50, count, &fast, NULL, 0 } };
	struct jobs *jobs = open_with(rows, 2, 3);
	wait_for_runs(&stuck, 3);
	wait_for_runs(&fast, 3);
	atomic_store(&stuck.held, true);
	for (int i = 0; i < 2000 && atomic_load(&stuck.at_once) == 0; i++)
		usleep(1000);
	wait_for_runs(&fast, atomic_load(&fast.runs) + 10);
	assert_int_equal(atomic_load(&stuck.at_once), 1);
	atomic_store(&stuck.held, false);
	assert_true(jobs_close(jobs, deadline_in_ms(10000)));
}

TEST(a_bell_wakes_who_keeps_watch_for_something_later)
{
	struct tally t = { 0 };
	struct job_bell bell = { 0 };
	const struct job rows[] = { { "rung", 5, 50, count, &t, &bell, 600000 } };
	struct jobs *jobs = open_with(rows, 1, 2);
	wait_for_runs(&t, 1);
	job_bell_ring(&bell);
	wait_for_runs(&t, 3);
	assert_true(jobs_close(jobs, deadline_in_ms(10000)));
}

/* As tests over a server do while they compare all that is stored. */
TEST(none_begins_while_they_are_held_and_all_that_are_due_after_it)
{
	char folder[] = "/tmp/calends-jobs-XXXXXX", file[64];
	struct tally t = { 0 };
	const struct job rows[] = { { "job", 1000, 50, count, &t, NULL, 0 } };
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof file, "%s/held", folder);
	assert_int_equal(setenv("CALENDS_DEV_JOBS_HELD", file, 1), 0);
	struct jobs *jobs = open_with(rows, 1, 0);
	int fd = creat(file, 0600);
	assert_true(fd >= 0 && close(fd) == 0);
	assert_true(jobs_run_due(jobs, 0) < 100);
	assert_true(jobs_run_due(jobs, 5000) < 100);
	assert_int_equal(atomic_load(&t.runs), 0);
	assert_int_equal(unlink(file), 0);
	jobs_run_due(jobs, 5100);
	assert_int_equal(atomic_load(&t.runs), 1);
	assert_int_equal(unsetenv("CALENDS_DEV_JOBS_HELD"), 0);
	assert_int_equal(rmdir(folder), 0);
	assert_true(jobs_close(jobs, deadline_in_ms(1000)));
}

static err_t find_three(struct ctx *cx, void *state)
{
	struct tally *t = state;
	cx->found = atomic_load(&t->runs) < 3;
	return count(cx, state);
}

TEST(who_rests_is_woken_by_the_bell_and_by_what_it_finds)
{
	struct tally t = { 0 }, finder = { 0 }, other = { 0 };
	struct job_bell bell = { 0 }, found = { 0 };
	const struct job rows[] = { { "rung", 5, 50, count, &t, &bell, 600000 },
		{ "finder", 5, 50, find_three, &finder, &found, 600000 }, { "other", 10, 50, count, &other, NULL, 0 } };
	struct jobs *jobs = open_with(rows, 3, 4);
	wait_for_runs(&t, 1);
	wait_for_runs(&other, 20);
	assert_true(atomic_load(&t.runs) < 3);
	job_bell_ring(&bell);
	wait_for_runs(&t, 5);
	wait_for_runs(&finder, 5);
	assert_true(jobs_close(jobs, deadline_in_ms(10000)));
}

TEST(a_stop_is_bounded_though_a_run_is_not_done)
{
	struct tally slow = { .slow = true };
	struct job_stats stats;
	const struct job rows[] = { { "slow", 1, 600000, count, &slow, NULL, 0 } };
	struct jobs *jobs = open_with(rows, 1, 2);
	wait_for_runs(&slow, 1);
	assert_false(jobs_close(jobs, deadline_in_ms(50)));
	assert_true(jobs_stats(jobs, 0, &stats) && stats.running);
	wait_end_by(deadline_in_ms(1)); /* what it waits for ends with all waits of the process */
	for (int i = 0; i < 1000 && stats.running; i++) {
		usleep(10000);
		jobs_stats(jobs, 0, &stats);
	}
	wait_end_by_none();
	assert_true(jobs_close(jobs, deadline_in_ms(10000)));
}

static int setup(void **state)
{
	(void)state;
	log_setup(LOG_ERROR, STDERR_FILENO);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return 0;
}

TESTS_WITH(setup, teardown, RUN(each_job_runs_at_its_own_beat), RUN(a_beat_that_was_missed_is_made_up_for_once),
	RUN(a_run_has_a_deadline_and_an_arena_of_its_own), RUN(runs_and_failures_are_counted_and_the_next_run_comes),
	RUN(a_job_that_takes_long_holds_up_no_other_and_never_runs_beside_itself),
	RUN(one_that_is_stuck_leaves_the_others_their_beat), RUN(a_bell_wakes_who_keeps_watch_for_something_later),
	RUN(a_job_with_a_bell_keeps_its_beat_after_it_was_rung_and_rests_else),
	RUN(none_begins_while_they_are_held_and_all_that_are_due_after_it),
	RUN(who_rests_is_woken_by_the_bell_and_by_what_it_finds), RUN(a_stop_is_bounded_though_a_run_is_not_done))
