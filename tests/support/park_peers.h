/* SPDX-License-Identifier: Apache-2.0 */
/* A park over socketpairs: its owner, its clients and its workers, all of them the test. */
#pragma once

#include "tests/support/test.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "server/base/buf.h"
#include "server/base/clock.h"
#include "server/http/arrival.h"
#include "server/http/park.h"

#define GET "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
#define ANSWER_LEN ((size_t)1024 * 1024)
#define QUEUE 256
#define HEAD_MS 700 /* where it is about what happens when time is over: open_in_haste() */
#define IDLE_MS 900
#define LONG_MS 60000 /* where it is about something else: open_with() */
#define BUSY_MS 5000  /* so much later a busy machine may tell of what has happened */

/* ---- the owner: a queue of peers that want a worker ---- */

struct owner {
	struct park *park;
	struct ledger *ledger;
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct peer *ready[QUEUE];
	size_t begun, taken;
	bool ended;
	atomic_uint connected, gone, answers;
};

static struct owner owner;
static char room[ARRIVAL_MAX];

static inline void on_ready(void *arg, struct peer *peer)
{
	struct owner *o = arg;
	pthread_mutex_lock(&o->lock);
	assert_true(o->begun - o->taken < QUEUE);
	o->ready[o->begun++ % QUEUE] = peer;
	pthread_cond_signal(&o->filled);
	pthread_mutex_unlock(&o->lock);
}

static inline void on_gone(void *arg, struct peer *peer)
{
	(void)peer;
	atomic_fetch_add(&((struct owner *)arg)->gone, 1);
}

/* The next one that wants a worker; NULL when none came in time, or none will. */
static inline struct peer *next_ready(unsigned ms)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	struct peer *peer = NULL;
	int waited = 0;
	pthread_mutex_lock(&owner.lock);
	while (owner.begun == owner.taken && !owner.ended && !waited)
		waited = pthread_cond_timedwait(&owner.filled, &owner.lock, &until);
	if (owner.begun != owner.taken)
		peer = owner.ready[owner.taken++ % QUEUE];
	pthread_mutex_unlock(&owner.lock);
	return peer;
}

static const struct ledger_limits wide = { .all = { 0, 0, 4 } };

static char answer_octets[ANSWER_LEN];

static inline void open_timed(const struct ledger_limits *limits, size_t unsent_max, unsigned head_ms, unsigned idle_ms)
{
	for (size_t i = 0; i < ANSWER_LEN; i++)
		answer_octets[i] = (char)(i * 7 / 3);
	owner = (struct owner){ .ledger = ledger_open(limits) };
	pthread_mutex_init(&owner.lock, NULL);
	pthread_cond_init(&owner.filled, NULL);
	owner.park = park_open(&(struct park_settings){ .head_ms = head_ms,
		.idle_ms = idle_ms,
		.threads = 4,
		.unsent_max = unsent_max,
		.ledger = owner.ledger,
		.owner = &owner,
		.ready = on_ready,
		.gone = on_gone });
	assert_non_null(owner.park);
}

static inline void open_with(const struct ledger_limits *limits, size_t unsent_max)
{
	open_timed(limits, unsent_max, LONG_MS, LONG_MS);
}

static inline void open_in_haste(const struct ledger_limits *limits, size_t unsent_max)
{
	open_timed(limits, unsent_max, HEAD_MS, IDLE_MS);
}

/* Whatever stands ends, and what the ledger counted was given back: ledger_close asserts it. */
static inline void close_all(void)
{
	park_stop(owner.park);
	park_free(owner.park);
	ledger_close(owner.ledger);
}

/* ---- the client ---- */

static inline int connect_with(bool small)
{
	int pair[2], octets = 4096;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	if (small)
		setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &octets, sizeof octets);
	struct peer_origin origin = { .fd = pair[1] };
	atomic_fetch_add(&owner.connected, 1);
	assert_true(peer_begin(owner.park, &origin, NULL, 0));
	return pair[0];
}

static inline void say(int fd, struct str octets)
{
	assert_int_equal(send(fd, octets.ptr, octets.len, MSG_NOSIGNAL), (ssize_t)octets.len);
}

/* What comes within `ms`; 0 at the end; -1 when nothing comes. */
static inline ssize_t hear(int fd, char *into, size_t max, int ms)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	return poll(&readable, 1, ms) > 0 ? read(fd, into, max) : -1;
}

static inline bool is_closed(int fd, int ms)
{
	char octet;
	return hear(fd, &octet, 1, ms) == 0;
}

static uint64_t longest_ms; /* between two reads of the last hear_answer() */

/* Until the end or a pause: how many octets came. Each must be the one that `answer` has there. */
static inline size_t hear_answer(int fd, size_t step, long pause_ms)
{
	static char part[65536];
	size_t heard = 0;
	ssize_t got;
	uint64_t at_ms = clock_monotonic_ms();
	longest_ms = 0;
	while (heard < ANSWER_LEN && (got = hear(fd, part, step, BUSY_MS)) > 0) {
		for (ssize_t i = 0; i < got; i++)
			assert_int_equal((unsigned char)part[i], (unsigned char)((heard + (size_t)i) * 7 / 3));
		heard += (size_t)got;
		nanosleep(&(struct timespec){ .tv_nsec = pause_ms * 1000000 }, NULL);
		uint64_t now_ms = clock_monotonic_ms();
		longest_ms = now_ms - at_ms > longest_ms ? now_ms - at_ms : longest_ms;
		at_ms = now_ms;
	}
	return heard;
}

static inline const char *answer(void)
{
	return answer_octets;
}

/* ---- the worker ---- */

static inline struct peer_buffer buffer(void)
{
	return (struct peer_buffer){ .octets = room, .room = sizeof room };
}

/* A request that is given to a worker, in `b`. */
static inline struct peer *arrived(struct peer_buffer *b)
{
	struct peer *peer = next_ready(BUSY_MS);
	assert_non_null(peer);
	*b = buffer();
	assert_true(peer_arrive(peer, b));
	return peer;
}

static inline bool wait_until(bool (*holds)(void), unsigned ms)
{
	uint64_t until = clock_monotonic_ms() + ms;
	while (!holds() && clock_monotonic_ms() < until)
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	return holds();
}

static inline bool a_writer_is_parked(void)
{
	return park_stats(owner.park).writers == 1;
}

static inline bool a_body_is_parked(void)
{
	return park_stats(owner.park).bodies == 1;
}

static inline bool all_are_gone(void)
{
	return !park_is_busy(owner.park) && atomic_load(&owner.gone) == owner.connected;
}
