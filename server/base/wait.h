/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting. Nothing in this server waits without an end: for a descriptor, a turn, a thread, a child or for time to
 * pass, each by one of these functions and under a deadline. None is woken by a signal handler; there are none.
 *
 * A process that is told to stop shortens all deadlines at once: wait_end_by(). So whoever waits in whatever thread for
 * a database that does not answer comes back in time, and joins on the way to the end are bounded.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* On the monotonic clock. Zero is "none was set", which nobody waits under: see ctx_deadline() (ctx.h). */
struct deadline {
	uint64_t at_us;
};

struct deadline deadline_in_ms(unsigned ms);
struct deadline deadline_sooner(struct deadline a, struct deadline b);
/* Rounded up, and never more than what wait_end_by() left; 0 when it has passed. */
unsigned deadline_left_ms(struct deadline d);
bool deadline_passed(struct deadline d);

/* All waits of the process end at this point too, those that have begun within a quarter of a second. */
void wait_end_by(struct deadline end);
/* As if wait_end_by() had never been called: for what comes after a stop and has bounds of its own, and for tests. */
void wait_end_by_none(void);

/*
 * While this is asked for, waits of this thread end when SIGTERM or SIGINT, which are blocked, has come: a start or a
 * command that waits for a database. The signal stays pending, for whoever takes it. Returns what was asked for before.
 */
bool wait_heeds_signals(bool heeds);
/* One of them is pending: for those who loop over waits. */
bool wait_signal_came(void);

/* Each is true when what it waits for is there, false when the deadline passed first. */

/* poll(2) events of a descriptor; an error on it counts. */
bool wait_fd(int fd, short events, struct deadline until);
/* A condition whose clock is CLOCK_MONOTONIC (wait_cond_init). True is a wake-up, perhaps for nothing, as always. */
bool wait_cond(pthread_cond_t *cond, pthread_mutex_t *lock, struct deadline until);
void wait_cond_init(pthread_cond_t *cond);
/* Without an end: of a thread that has nothing to do and that nobody waits for, whom whoever stops it calls, too. */
void wait_idle(pthread_cond_t *cond, pthread_mutex_t *lock);
/* Joins the thread; wait_end_by() does not shorten this: it is what comes after. One that is left behind goes on, and
 * everything that it uses must stay. */
bool wait_thread(pthread_t thread, struct deadline until);
/* Reaps a child; *status_out as of waitpid(2), or -1 when it is not ours. */
bool wait_child(pid_t pid, struct deadline until, int *status_out);
/* Time itself: true when all of it passed before the deadline. */
bool wait_ms(unsigned ms, struct deadline until);
