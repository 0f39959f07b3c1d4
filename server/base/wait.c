/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/wait.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>

#include "server/base/clock.h"

/* A wait is cut into pieces of this length, after each of which it sees whether the process is to end. */
#define PIECE_MS 200
#define CHILD_PIECE_MS 10

static _Atomic uint64_t end_us = UINT64_MAX;
static _Thread_local bool heeds_signals;

struct deadline deadline_in_ms(unsigned ms)
{
	return (struct deadline){ clock_monotonic_us() + (uint64_t)ms * 1000 };
}

struct deadline deadline_sooner(struct deadline a, struct deadline b)
{
	return a.at_us < b.at_us ? a : b;
}

unsigned deadline_left_ms(struct deadline d)
{
	uint64_t end = atomic_load(&end_us), at = d.at_us < end ? d.at_us : end, now = clock_monotonic_us();
	uint64_t left = at > now ? (at - now + 999) / 1000 : 0;
	assert(d.at_us);
	return left < UINT32_MAX ? (unsigned)left : UINT32_MAX;
}

bool deadline_passed(struct deadline d)
{
	return deadline_left_ms(d) == 0;
}

void wait_end_by(struct deadline end)
{
	atomic_store(&end_us, end.at_us);
}

void wait_end_by_none(void)
{
	atomic_store(&end_us, UINT64_MAX);
}

bool wait_heeds_signals(bool heeds)
{
	bool before = heeds_signals;
	heeds_signals = heeds;
	return before;
}

bool wait_signal_came(void)
{
	sigset_t pending;
	return heeds_signals && sigpending(&pending) == 0 &&
	       (sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1);
}

/* How long the next piece may be; 0 when there is to be none. */
static unsigned piece_ms(struct deadline until, unsigned most)
{
	unsigned left = wait_signal_came() ? 0 : deadline_left_ms(until);
	return left < most ? left : most;
}

static struct timespec time_in(clockid_t clock, unsigned ms)
{
	struct timespec at;
	clock_gettime(clock, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += (long)(ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

bool wait_fd(int fd, short events, struct deadline until)
{
	struct pollfd one = { .fd = fd, .events = events };
	for (;;) {
		unsigned piece = piece_ms(until, PIECE_MS);
		int ready = poll(&one, 1, (int)piece);
		if (ready > 0 || (ready < 0 && errno != EINTR))
			return true; /* an error is seen by who reads */
		if (piece == 0)
			return false;
	}
}

bool wait_cond(pthread_cond_t *cond, pthread_mutex_t *lock, struct deadline until)
{
	for (;;) {
		unsigned piece = piece_ms(until, PIECE_MS);
		if (piece == 0)
			return false;
		struct timespec at = time_in(CLOCK_MONOTONIC, piece);
		if (pthread_cond_timedwait(cond, lock, &at) == 0)
			return true;
	}
}

void wait_idle(pthread_cond_t *cond, pthread_mutex_t *lock)
{
	pthread_cond_wait(cond, lock);
}

void wait_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

/*
 * On the wall clock, since the sanitizers know that call; in pieces, so that a step of the clock does no harm. It comes
 * after the end of all other waits, so that does not count here.
 */
bool wait_thread(pthread_t thread, struct deadline until)
{
	for (;;) {
		uint64_t now = clock_monotonic_us(), left = until.at_us > now ? (until.at_us - now + 999) / 1000 : 0;
		struct timespec at = time_in(CLOCK_REALTIME, left < PIECE_MS ? (unsigned)left : PIECE_MS);
		if (pthread_timedjoin_np(thread, NULL, &at) == 0)
			return true;
		if (left == 0)
			return false;
	}
}

bool wait_child(pid_t pid, struct deadline until, int *status_out)
{
	for (;;) {
		int status = -1;
		pid_t got = waitpid(pid, &status, WNOHANG);
		if (got == pid || (got < 0 && errno != EINTR)) {
			*status_out = got == pid ? status : -1;
			return true;
		}
		if (!wait_ms(CHILD_PIECE_MS, until))
			return false;
	}
}

bool wait_ms(unsigned ms, struct deadline until)
{
	while (ms > 0) {
		unsigned left = piece_ms(until, PIECE_MS), piece = left < ms ? left : ms;
		struct timespec rest = { piece / 1000, (long)(piece % 1000) * 1000000 };
		if (piece == 0)
			return false;
		while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
			;
		ms -= piece;
	}
	return true;
}
