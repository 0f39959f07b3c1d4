/* SPDX-License-Identifier: Apache-2.0 */
/* races */
/* The park over socketpairs. The test is client and worker; run under MODE=tsan, too. */
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
#define HEAD_MS 700
#define IDLE_MS 900

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

static void on_ready(void *arg, struct peer *peer)
{
	struct owner *o = arg;
	pthread_mutex_lock(&o->lock);
	assert_true(o->begun - o->taken < QUEUE);
	o->ready[o->begun++ % QUEUE] = peer;
	pthread_cond_signal(&o->filled);
	pthread_mutex_unlock(&o->lock);
}

static void on_gone(void *arg, struct peer *peer)
{
	(void)peer;
	atomic_fetch_add(&((struct owner *)arg)->gone, 1);
}

/* The next one that wants a worker; NULL when none came in time, or none will. */
static struct peer *next_ready(unsigned ms)
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

static void open_with(const struct ledger_limits *limits, size_t unsent_max)
{
	for (size_t i = 0; i < ANSWER_LEN; i++)
		answer_octets[i] = (char)(i * 7 / 3);
	owner = (struct owner){ .ledger = ledger_open(limits) };
	pthread_mutex_init(&owner.lock, NULL);
	pthread_cond_init(&owner.filled, NULL);
	owner.park = park_open(&(struct park_settings){ .head_ms = HEAD_MS,
		.idle_ms = IDLE_MS,
		.threads = 4,
		.unsent_max = unsent_max,
		.ledger = owner.ledger,
		.owner = &owner,
		.ready = on_ready,
		.gone = on_gone });
	assert_non_null(owner.park);
}

/* Whatever stands ends, and what the ledger counted was given back: ledger_close asserts it. */
static void close_all(void)
{
	park_stop(owner.park);
	park_free(owner.park);
	ledger_close(owner.ledger);
}

/* ---- the client ---- */

static int connect_with(bool small)
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

static void say(int fd, struct str octets)
{
	assert_int_equal(send(fd, octets.ptr, octets.len, MSG_NOSIGNAL), (ssize_t)octets.len);
}

/* What comes within `ms`; 0 at the end; -1 when nothing comes. */
static ssize_t hear(int fd, char *into, size_t max, int ms)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	return poll(&readable, 1, ms) > 0 ? read(fd, into, max) : -1;
}

static bool is_closed(int fd, int ms)
{
	char octet;
	return hear(fd, &octet, 1, ms) == 0;
}

/* Until the end or a pause: how many octets came. Each must be the one that `answer` has there. */
static size_t hear_answer(int fd, size_t step, long pause_ms)
{
	static char part[65536];
	size_t heard = 0;
	ssize_t got;
	while (heard < ANSWER_LEN && (got = hear(fd, part, step, 2000)) > 0) {
		for (ssize_t i = 0; i < got; i++)
			assert_int_equal((unsigned char)part[i], (unsigned char)((heard + (size_t)i) * 7 / 3));
		heard += (size_t)got;
		nanosleep(&(struct timespec){ .tv_nsec = pause_ms * 1000000 }, NULL);
	}
	return heard;
}

static const char *answer(void)
{
	return answer_octets;
}

/* ---- the worker ---- */

static struct peer_buffer buffer(void)
{
	return (struct peer_buffer){ .octets = room, .room = sizeof room };
}

/* A request that is given to a worker, in `b`. */
static struct peer *arrived(struct peer_buffer *b)
{
	struct peer *peer = next_ready(2000);
	assert_non_null(peer);
	*b = buffer();
	assert_true(peer_arrive(peer, b));
	return peer;
}

static bool wait_until(bool (*holds)(void), unsigned ms)
{
	uint64_t until = clock_monotonic_ms() + ms;
	while (!holds() && clock_monotonic_ms() < until)
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	return holds();
}

static bool a_writer_is_parked(void)
{
	return park_stats(owner.park).writers == 1;
}

static bool a_body_is_parked(void)
{
	return park_stats(owner.park).bodies == 1;
}

static bool all_are_gone(void)
{
	return !park_is_busy(owner.park) && atomic_load(&owner.gone) == owner.connected;
}

/* ---- requests ---- */

TEST(a_request_in_pieces_is_given_to_a_worker_when_it_is_whole)
{
	static const struct str request = STR_INIT("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde");
	struct peer_buffer b;
	open_with(&wide, ANSWER_LEN);
	int fd = connect_with(false);
	for (size_t i = 0; i + 1 < request.len; i += 9)
		say(fd, str_sub(request, i, i + 9 < request.len - 1 ? i + 9 : request.len - 1));
	assert_null(next_ready(100));
	assert_true(a_body_is_parked());
	say(fd, STR("eGET"));
	struct peer *peer = arrived(&b);
	assert_int_equal(b.len, request.len + 3);
	assert_memory_equal(b.octets, request.ptr, request.len);
	assert_int_equal(peer_fault(peer), PEER_FINE);

	/* What came of the next is taken along. */
	memmove(b.octets, b.octets + request.len, 3);
	b.len = 3;
	assert_false(peer_go_on(peer, &b));
	say(fd, STR(" / HTTP/1.1\r\nHost: x\r\n\r\n"));
	peer = arrived(&b);
	assert_memory_equal(b.octets, GET, b.len);
	peer_end(peer, false);
	assert_true(is_closed(fd, 1000));
	close(fd);
	close_all();
}

TEST(a_busy_client_stays_with_its_worker)
{
	struct peer_buffer b;
	open_with(&wide, ANSWER_LEN);
	int fd = connect_with(false);
	say(fd, STR(GET));
	struct peer *peer = arrived(&b);
	for (int i = 0; i < 20; i++) {
		b.len = 0;
		assert_true(peer_send(peer, "hello", 5));
		say(fd, STR(GET));
		assert_true(peer_go_on(peer, &b));
		assert_int_equal(b.len, sizeof GET - 1);
	}
	peer_end(peer, false);
	close(fd);
	close_all();
}

TEST(who_asks_much_at_once_lets_others_have_their_turn)
{
	struct peer_buffer b;
	open_with(&wide, ANSWER_LEN);
	int fd = connect_with(false);
	for (int i = 0; i < 20; i++)
		say(fd, STR(GET));
	unsigned answered = 0, turns = 0;
	while (answered < 20) {
		struct peer *peer = arrived(&b);
		bool more = true;
		turns++;
		while (more) {
			assert_true(peer_send(peer, "x", 1));
			answered++;
			b.len -= sizeof GET - 1;
			memmove(b.octets, b.octets + sizeof GET - 1, b.len);
			more = peer_go_on(peer, &b);
		}
	}
	assert_int_equal(turns, 3);
	char heard[32];
	assert_int_equal(hear(fd, heard, sizeof heard, 1000), 20);
	close(fd);
	close_all();
}

TEST(half_a_head_and_an_idle_connection_end_in_time)
{
	struct peer_buffer b;
	open_with(&wide, ANSWER_LEN);
	int half = connect_with(false), dripping = connect_with(false), idle = connect_with(false);
	uint64_t begun = clock_monotonic_ms();
	say(half, STR("GET / HT"));
	say(idle, STR(GET));
	struct peer *peer = arrived(&b);
	b.len = 0;
	assert_false(peer_go_on(peer, &b));
	while (!is_closed(dripping, 20) && clock_monotonic_ms() < begun + 3000)
		(void)send(dripping, "G", 1, MSG_NOSIGNAL);
	assert_true(clock_monotonic_ms() < begun + HEAD_MS + 600);
	assert_true(is_closed(half, HEAD_MS + 600));
	assert_true(is_closed(idle, IDLE_MS + 600));
	assert_true(clock_monotonic_ms() >= begun + IDLE_MS);
	assert_true(wait_until(all_are_gone, 1000));
	assert_int_equal(atomic_load(&owner.gone), 3);
	close(half);
	close(dripping);
	close(idle);
	close_all();
}

TEST(a_body_that_is_late_is_given_to_a_worker_that_can_say_so)
{
	struct peer_buffer b;
	char heard[16];
	open_with(&wide, ANSWER_LEN);
	int fd = connect_with(false);
	say(fd, STR("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc"));
	struct peer *peer = arrived(&b);
	assert_int_equal(peer_fault(peer), PEER_LATE);
	assert_int_equal(peer_receive(peer, heard, 2), 0);
	assert_true(peer_send(peer, "late", 4));
	peer_end(peer, true);
	assert_int_equal(hear(fd, heard, sizeof heard, 1000), 4);
	assert_true(is_closed(fd, 1000));
	close(fd);
	close_all();
}

TEST(a_large_body_is_read_by_its_worker_with_a_place_in_the_ledger)
{
	static const struct ledger_limits one = { .all = { 0, 0, 1 } };
	struct peer_buffer b;
	char octets[8];
	open_with(&one, ANSWER_LEN);
	int fd = connect_with(false);
	say(fd, STR("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n"));
	struct peer *peer = arrived(&b);
	say(fd, STR("abcd"));
	assert_int_equal(peer_receive(peer, octets, 4), 4);
	/* The places are taken. */
	assert_true(ledger_take(owner.ledger, LEDGER_THREADS, NULL, 1));
	assert_int_equal(peer_receive(peer, octets, 4), 0);
	assert_int_equal(peer_fault(peer), PEER_FULL);
	ledger_give(owner.ledger, LEDGER_THREADS, NULL, 1);
	peer_end(peer, true);
	close(fd);

	/* With a place it waits, and only so long. */
	fd = connect_with(false);
	say(fd, STR("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n"));
	peer = arrived(&b);
	uint64_t begun = clock_monotonic_ms();
	assert_int_equal(peer_receive(peer, octets, 4), 0);
	assert_int_equal(peer_fault(peer), PEER_LATE);
	assert_true(clock_monotonic_ms() < begun + HEAD_MS + 700);
	assert_int_equal(ledger_total(owner.ledger, LEDGER_THREADS), 0);
	peer_end(peer, true);
	close(fd);
	close_all();
}

TEST(what_is_kept_of_a_network_has_a_bound)
{
	static const struct ledger_limits few = { .each = { 0, 8192, 1 }, .all = { 0, 65536, 1 } };
	struct peer_buffer b;
	open_with(&few, ANSWER_LEN);
	int fd = connect_with(false);
	say(fd, STR("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n"));
	static char part[20000];
	say(fd, (struct str){ part, sizeof part });
	struct peer *peer = arrived(&b);
	assert_int_equal(peer_fault(peer), PEER_FULL);
	peer_end(peer, true);
	close(fd);
	close_all();
}

/* ---- answers ---- */

TEST(an_answer_that_is_not_taken_is_written_on_without_a_worker)
{
	struct peer_buffer b;
	open_with(&wide, ANSWER_LEN);
	int fd = connect_with(true);
	say(fd, STR(GET));
	struct peer *peer = arrived(&b);
	say(fd, STR(GET));
	assert_true(peer_send(peer, answer(), ANSWER_LEN));
	b.len = 0;
	assert_false(peer_go_on(peer, &b));
	assert_true(a_writer_is_parked());
	/* Not before the answer is taken. */
	assert_null(next_ready(50));
	assert_int_equal(hear_answer(fd, 65536, 0), ANSWER_LEN);
	peer = arrived(&b);
	assert_int_equal(b.len, sizeof GET - 1);
	peer_end(peer, false);
	assert_true(is_closed(fd, 1000));
	assert_int_equal(park_stats(owner.park).cut, 0);
	close(fd);
	close_all();
}

TEST(an_answer_that_ends_its_connection_is_taken_before_it_ends)
{
	struct peer_buffer b;
	open_with(&wide, ANSWER_LEN);
	int fd = connect_with(true);
	say(fd, STR(GET));
	struct peer *peer = arrived(&b);
	assert_true(peer_send(peer, answer(), ANSWER_LEN));
	peer_end(peer, false);
	assert_int_equal(hear_answer(fd, 65536, 0), ANSWER_LEN);
	assert_true(is_closed(fd, 1000));
	close(fd);
	close_all();
}

TEST(a_steady_reader_has_all_the_time_it_needs_and_a_silent_one_is_cut)
{
	struct peer_buffer b;
	open_with(&wide, ANSWER_LEN);
	int steady = connect_with(true);
	say(steady, STR(GET));
	struct peer *peer = arrived(&b);
	assert_true(peer_send(peer, answer(), ANSWER_LEN));
	peer_end(peer, false);
	uint64_t begun = clock_monotonic_ms();
	assert_int_equal(hear_answer(steady, 16384, 12), ANSWER_LEN);
	assert_true(clock_monotonic_ms() > begun + 2 * HEAD_MS);
	assert_int_equal(park_stats(owner.park).cut, 0);

	int silent = connect_with(true);
	say(silent, STR(GET));
	peer = arrived(&b);
	assert_true(peer_send(peer, answer(), ANSWER_LEN));
	b.len = 0;
	assert_false(peer_go_on(peer, &b));
	assert_true(wait_until(all_are_gone, HEAD_MS + 1000));
	assert_int_equal(park_stats(owner.park).cut, 1);
	assert_int_equal(park_stats(owner.park).octets, 0);
	assert_true(hear_answer(silent, 65536, 0) < ANSWER_LEN);
	close(steady);
	close(silent);
	close_all();
}

TEST(much_at_once_is_no_credit_to_do_nothing_afterwards)
{
	static char body[20000];
	struct peer_buffer b;
	memset(body, 'x', sizeof body);
	open_with(&wide, ANSWER_LEN);
	int sender = connect_with(false);
	say(sender, STR("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n"));
	say(sender, (struct str){ body, sizeof body });
	struct peer *peer = arrived(&b); /* within two seconds, where the rate alone would leave it ten */
	assert_int_equal(peer_fault(peer), PEER_LATE);
	peer_end(peer, true);

	int reader = connect_with(true);
	say(reader, STR(GET));
	peer = arrived(&b);
	assert_true(peer_send(peer, answer(), ANSWER_LEN));
	peer_end(peer, false);
	for (size_t heard = 0; heard < sizeof body;) {
		ssize_t got = hear(reader, body, sizeof body, 1000);
		assert_true(got > 0);
		heard += (size_t)got;
	}
	assert_true(wait_until(all_are_gone, 3 * HEAD_MS + 1000));
	assert_int_equal(park_stats(owner.park).cut, 1);
	close(sender);
	close(reader);
	close_all();
}

static void *read_all(void *fd)
{
	return (void *)hear_answer(*(int *)fd, 8192, 2);
}

TEST(an_answer_longer_than_what_is_kept_makes_its_worker_wait)
{
	struct peer_buffer b;
	pthread_t reader;
	void *heard;
	open_with(&wide, 100000);
	int fd = connect_with(true);
	say(fd, STR(GET));
	struct peer *peer = arrived(&b);
	pthread_create(&reader, NULL, read_all, &fd);
	for (size_t at = 0; at < ANSWER_LEN; at += 32768) {
		assert_true(peer_send(peer, answer() + at, 32768));
		assert_true(park_stats(owner.park).octets <= 100000);
	}
	peer_end(peer, false);
	pthread_join(reader, &heard);
	assert_int_equal((uintptr_t)heard, ANSWER_LEN);
	close(fd);

	/* Nobody reads, or there is no place to wait: it is cut. */
	for (int taken = 0; taken < 2; taken++) {
		fd = connect_with(true);
		say(fd, STR(GET));
		peer = arrived(&b);
		if (taken)
			assert_true(ledger_take(owner.ledger, LEDGER_THREADS, NULL, 4));
		uint64_t begun = clock_monotonic_ms();
		assert_false(peer_send(peer, answer(), ANSWER_LEN));
		uint64_t took = clock_monotonic_ms() - begun;
		assert_true(taken ? took < HEAD_MS : took >= HEAD_MS && took < HEAD_MS + 700);
		if (taken)
			ledger_give(owner.ledger, LEDGER_THREADS, NULL, 4);
		assert_false(peer_send(peer, "x", 1));
		peer_end(peer, false);
		close(fd);
	}
	assert_int_equal(park_stats(owner.park).cut, 2 + 2);
	close_all();
}

/* ---- the end ---- */

TEST(what_a_client_still_sends_does_not_overtake_the_answer)
{
	struct peer_buffer b;
	char heard[16];
	open_with(&wide, ANSWER_LEN);
	int fd = connect_with(false);
	say(fd, STR("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n"));
	struct peer *peer = arrived(&b);
	assert_true(peer_send(peer, "refused", 7));
	peer_end(peer, true);
	for (int i = 0; i < 10; i++)
		say(fd, STR("and more of the body "));
	assert_int_equal(hear(fd, heard, sizeof heard, 1000), 7);
	assert_true(is_closed(fd, 1000));
	assert_true(wait_until(all_are_gone, 2000));
	close(fd);
	close_all();
}

TEST(a_drain_ends_what_idles_and_lets_answers_and_bodies_go_on)
{
	struct peer_buffer b;
	open_with(&wide, ANSWER_LEN);
	int idle = connect_with(false), half = connect_with(false), body = connect_with(false),
	    reader = connect_with(true);
	say(reader, STR(GET));
	struct peer *peer = arrived(&b);
	assert_true(peer_send(peer, answer(), ANSWER_LEN));
	b.len = 0;
	assert_false(peer_go_on(peer, &b));
	say(half, STR("GET / HT"));
	say(body, STR("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nab"));
	assert_true(wait_until(a_body_is_parked, 1000));
	park_drain(owner.park);
	assert_true(is_closed(idle, 1000));
	assert_true(is_closed(half, 1000));
	assert_true(park_is_busy(owner.park));
	say(body, STR("c"));
	peer = arrived(&b);
	b.len = 0;
	assert_false(peer_go_on(peer, &b));
	assert_true(is_closed(body, 1000));
	assert_int_equal(hear_answer(reader, 65536, 0), ANSWER_LEN);
	assert_true(is_closed(reader, 1000));
	assert_true(wait_until(all_are_gone, 1000));
	close(idle);
	close(half);
	close(body);
	close(reader);
	close_all();
}

TEST(a_stop_ends_everything_wherever_it_is)
{
	struct peer_buffer b;
	open_with(&wide, ANSWER_LEN);
	int idle = connect_with(false), writer = connect_with(true), queued = connect_with(false);
	say(writer, STR(GET));
	struct peer *peer = arrived(&b);
	assert_true(peer_send(peer, answer(), ANSWER_LEN));
	peer_end(peer, false);
	say(queued, STR(GET));
	peer = next_ready(2000);
	assert_non_null(peer);
	close_all();
	assert_true(is_closed(idle, 0));
	assert_true(is_closed(queued, 0));
	assert_int_equal(atomic_load(&owner.gone), 3);
	close(idle);
	close(writer);
	close(queued);
}

/* ---- all at once ---- */

#define CLIENTS 48
#define WORKERS 4
#define ROUNDS 20

static void *work(void *arg)
{
	char *octets = malloc(ARRIVAL_MAX);
	struct peer *peer;
	(void)arg;
	while (octets && (peer = next_ready(5000)) != NULL) {
		struct peer_buffer b = { .octets = octets, .room = ARRIVAL_MAX };
		bool more = peer_arrive(peer, &b);
		while (more) {
			size_t request = peer_arrival(peer)->head_len + peer_arrival(peer)->framing.length;
			unsigned n = atomic_fetch_add(&owner.answers, 1);
			bool sent = peer_send(peer, answer(), n % 31 ? 10 : 100000);
			if (!sent || n % 17 == 0) {
				peer_end(peer, n % 2);
				break;
			}
			b.len -= request;
			memmove(b.octets, b.octets + request, b.len);
			more = peer_go_on(peer, &b);
		}
	}
	free(octets);
	return NULL;
}

static void *ask(void *arg)
{
	unsigned seed = (unsigned)(uintptr_t)arg;
	char waste[8192];
	int fd = -1;
	for (int round = 0; round < ROUNDS; round++) {
		if (fd < 0)
			fd = connect_with(seed % 2);
		struct str octets = rand_r(&seed) % 2
					    ? STR(GET GET)
					    : STR("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde" GET);
		size_t cut = (size_t)rand_r(&seed) % octets.len;
		bool gone = send(fd, octets.ptr, cut, MSG_NOSIGNAL) < 0;
		nanosleep(&(struct timespec){ .tv_nsec = rand_r(&seed) % 30 * 1000000 }, NULL);
		gone = send(fd, octets.ptr + cut, octets.len - cut, MSG_NOSIGNAL) < 0 || gone;
		ssize_t got;
		while ((got = hear(fd, waste, sizeof waste, 10)) > 0)
			;
		if (gone || got == 0 || round % 7 == 6) {
			close(fd);
			fd = -1;
		}
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

TEST(many_clients_and_workers_lose_nothing)
{
	pthread_t clients[CLIENTS], workers[WORKERS];
	open_with(&wide, 65536);
	for (size_t i = 0; i < WORKERS; i++)
		pthread_create(&workers[i], NULL, work, NULL);
	for (size_t i = 0; i < CLIENTS; i++)
		pthread_create(&clients[i], NULL, ask, (void *)(uintptr_t)(i + 1));
	for (size_t i = 0; i < CLIENTS; i++)
		pthread_join(clients[i], NULL);
	park_drain(owner.park);
	assert_true(wait_until(all_are_gone, 5000));
	pthread_mutex_lock(&owner.lock);
	owner.ended = true;
	pthread_cond_broadcast(&owner.filled);
	pthread_mutex_unlock(&owner.lock);
	for (size_t i = 0; i < WORKERS; i++)
		pthread_join(workers[i], NULL);
	print_message(
		"%u answers, %llu cut\n", atomic_load(&owner.answers), (unsigned long long)park_stats(owner.park).cut);
	assert_true(atomic_load(&owner.answers) > CLIENTS);
	assert_int_equal(park_stats(owner.park).octets, 0);
	close_all();
}

TESTS(RUN(a_request_in_pieces_is_given_to_a_worker_when_it_is_whole), RUN(a_busy_client_stays_with_its_worker),
	RUN(who_asks_much_at_once_lets_others_have_their_turn), RUN(half_a_head_and_an_idle_connection_end_in_time),
	RUN(a_body_that_is_late_is_given_to_a_worker_that_can_say_so),
	RUN(a_large_body_is_read_by_its_worker_with_a_place_in_the_ledger), RUN(what_is_kept_of_a_network_has_a_bound),
	RUN(an_answer_that_is_not_taken_is_written_on_without_a_worker),
	RUN(an_answer_that_ends_its_connection_is_taken_before_it_ends),
	RUN(a_steady_reader_has_all_the_time_it_needs_and_a_silent_one_is_cut),
	RUN(much_at_once_is_no_credit_to_do_nothing_afterwards),
	RUN(an_answer_longer_than_what_is_kept_makes_its_worker_wait),
	RUN(what_a_client_still_sends_does_not_overtake_the_answer),
	RUN(a_drain_ends_what_idles_and_lets_answers_and_bodies_go_on), RUN(a_stop_ends_everything_wherever_it_is),
	RUN(many_clients_and_workers_lose_nothing))
