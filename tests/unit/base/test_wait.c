/* SPDX-License-Identifier: Apache-2.0 */
/* races */
#include "tests/support/test.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/base/wait.h"

#define SHORT_MS 40

static int ends[2];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond;
static pthread_t thread;
static pid_t child;

static void *until_told(void *unused)
{
	char octet;
	(void)unused;
	(void)!read(ends[0], &octet, 1);
	return NULL;
}

static bool for_fd(struct deadline until)
{
	return wait_fd(ends[0], POLLIN, until);
}

static bool for_cond(struct deadline until)
{
	pthread_mutex_lock(&lock);
	bool woken = wait_cond(&cond, &lock, until);
	pthread_mutex_unlock(&lock);
	return woken;
}

static bool for_thread(struct deadline until)
{
	return wait_thread(thread, until);
}

static bool for_child(struct deadline until)
{
	int status;
	return wait_child(child, until, &status);
}

static bool for_time(struct deadline until)
{
	return wait_ms(600000, until);
}

static const struct {
	const char *what;
	bool (*wait)(struct deadline until);
} waits[] = {
	{ "a descriptor", for_fd }, { "a condition", for_cond }, { "a child", for_child }, { "time", for_time },
	{ "a thread", for_thread }, /* last: a stop joins after the end of the others */
};
#define WAITS_THAT_A_STOP_ENDS (ARRAY_LEN(waits) - 1)

static int setup(void **state)
{
	sigset_t term;
	(void)state;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &term, NULL); /* in all threads, as in the server */
	wait_cond_init(&cond);
	if (pipe(ends) != 0 || pthread_create(&thread, NULL, until_told, NULL) != 0)
		return -1;
	child = fork();
	if (child == 0)
		for (;;)
			pause();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kill(child, SIGKILL);
	return 0;
}

static uint64_t took_ms(bool (*wait)(struct deadline until), struct deadline until, bool *came)
{
	uint64_t begun = clock_monotonic_ms();
	*came = wait(until);
	return clock_monotonic_ms() - begun;
}

TEST(every_wait_ends_at_its_deadline)
{
	bool came;
	for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
		uint64_t ms = took_ms(waits[i].wait, deadline_in_ms(SHORT_MS), &came);
		if (came || ms < SHORT_MS - 1 || ms > 5000)
			fail_msg("for %s: %s after %llu ms", waits[i].what, came ? "came" : "late",
				(unsigned long long)ms);
	}
}

static void *end_all(void *unused)
{
	(void)unused;
	usleep(SHORT_MS * 1000);
	wait_end_by(deadline_in_ms(1));
	return NULL;
}

TEST(every_wait_that_has_begun_ends_when_the_process_is_to_end)
{
	bool came;
	for (size_t i = 0; i < WAITS_THAT_A_STOP_ENDS; i++) {
		pthread_t ender;
		assert_int_equal(pthread_create(&ender, NULL, end_all, NULL), 0);
		uint64_t ms = took_ms(waits[i].wait, deadline_in_ms(600000), &came);
		pthread_join(ender, NULL);
		wait_end_by_none();
		if (came || ms > 5000)
			fail_msg("for %s: %s after %llu ms", waits[i].what, came ? "came" : "late",
				(unsigned long long)ms);
	}
}

TEST(a_wait_that_heeds_signals_ends_when_one_has_come)
{
	sigset_t term;
	bool came;
	int taken;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	kill(getpid(), SIGTERM);
	wait_heeds_signals(true);
	for (size_t i = 0; i < WAITS_THAT_A_STOP_ENDS; i++)
		if (took_ms(waits[i].wait, deadline_in_ms(600000), &came) > 5000 || came)
			fail_msg("for %s", waits[i].what);
	wait_heeds_signals(false);
	assert_int_equal(sigwait(&term, &taken), 0);
}

TEST(a_deadline_is_the_sooner_of_the_request_s_and_the_step_s)
{
	ctx_begin(&test_cx, 1000);
	assert_true(deadline_left_ms(ctx_deadline(&test_cx, 60000)) <= 1000);
	assert_true(deadline_left_ms(ctx_deadline(&test_cx, 10)) <= 10);
	ctx_begin(&test_cx, 0);
	assert_true(deadline_passed(ctx_deadline(&test_cx, 60000)));
	ctx_begin(&test_cx, 60000);
	test_cx.until = deadline_in_ms(0);
	ctx_go_on(&test_cx);
	assert_true(deadline_left_ms(ctx_deadline(&test_cx, 600000)) > 50000);
}

/* Last: what was waited for in vain comes. */
TEST(what_is_waited_for_is_found)
{
	int status;
	struct deadline until = deadline_in_ms(20000);
	assert_int_equal(write(ends[1], "xy", 2), 2);
	assert_true(wait_thread(thread, until));
	assert_true(wait_fd(ends[0], POLLIN, until));
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_true(wait_child(child, until, &status));
	assert_true(WIFSIGNALED(status));
	assert_true(wait_child(child, until, &status)); /* no child of ours any more */
	assert_int_equal(status, -1);
	assert_true(wait_ms(1, until));
}

TESTS_WITH(setup, teardown, RUN(every_wait_ends_at_its_deadline),
	RUN(every_wait_that_has_begun_ends_when_the_process_is_to_end),
	RUN(a_wait_that_heeds_signals_ends_when_one_has_come),
	RUN(a_deadline_is_the_sooner_of_the_request_s_and_the_step_s), RUN(what_is_waited_for_is_found))
