/* SPDX-License-Identifier: Apache-2.0 */
/* races */
/* Requests that come, connections that end, and all at once. Run under MODE=tsan, too. */
#include "tests/support/park_peers.h"

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
	assert_true(is_closed(fd, BUSY_MS));
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
	char all[20 * sizeof GET]; /* in one go: what comes later begins a row of its own */
	size_t len = 0;
	for (int i = 0; i < 20; i++, len += sizeof GET - 1)
		memcpy(all + len, GET, sizeof GET);
	say(fd, (struct str){ all, len });
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
	assert_true(turns >= 3); /* eight at most in each; fewer where time passes */
	char heard[32];
	assert_int_equal(hear(fd, heard, sizeof heard, BUSY_MS), 20);
	close(fd);
	close_all();
}

TEST(half_a_head_and_an_idle_connection_end_in_time)
{
	struct peer_buffer b;
	open_in_haste(&wide, ANSWER_LEN);
	int half = connect_with(false), dripping = connect_with(false), idle = connect_with(false);
	uint64_t begun = clock_monotonic_ms();
	say(half, STR("GET / HT"));
	say(idle, STR(GET));
	struct peer *peer = arrived(&b);
	b.len = 0;
	assert_false(peer_go_on(peer, &b));
	while (!is_closed(dripping, 20) && clock_monotonic_ms() < begun + HEAD_MS + BUSY_MS)
		(void)send(dripping, "G", 1, MSG_NOSIGNAL);
	assert_true(clock_monotonic_ms() < begun + HEAD_MS + BUSY_MS);
	assert_true(is_closed(half, HEAD_MS + BUSY_MS));
	assert_true(is_closed(idle, IDLE_MS + BUSY_MS));
	assert_true(clock_monotonic_ms() >= begun + IDLE_MS);
	assert_true(wait_until(all_are_gone, BUSY_MS));
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
	open_in_haste(&wide, ANSWER_LEN);
	int fd = connect_with(false);
	say(fd, STR("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc"));
	struct peer *peer = arrived(&b);
	assert_int_equal(peer_fault(peer), PEER_LATE);
	assert_int_equal(peer_receive(peer, heard, 2), 0);
	assert_true(peer_send(peer, "late", 4));
	peer_end(peer, true);
	assert_int_equal(hear(fd, heard, sizeof heard, BUSY_MS), 4);
	assert_true(is_closed(fd, BUSY_MS));
	close(fd);
	close_all();
}

TEST(a_large_body_is_read_by_its_worker_with_a_place_in_the_ledger)
{
	static const struct ledger_limits one = { .all = { 0, 0, 1 } };
	struct peer_buffer b;
	char octets[8];
	open_in_haste(&one, ANSWER_LEN);
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
	assert_true(clock_monotonic_ms() < begun + HEAD_MS + BUSY_MS);
	assert_int_equal(ledger_total(owner.ledger, LEDGER_THREADS), 0);
	peer_end(peer, true);
	close(fd);
	close_all();
}

/* Who comes by a trusted proxy has no network of their own there: it is their client's, which the worker has read. */
TEST(a_place_to_wait_is_the_client_s_and_not_its_proxy_s)
{
	static const struct ledger_limits one_each = { .each = { 0, 0, 1 }, .all = { 0, 0, 3 } };
	const struct concurrency_key first = { { 1 } }, second = { { 2 } };
	struct peer_buffer b;
	char octets[4];
	open_in_haste(&one_each, ANSWER_LEN);
	/* One of the first client's requests waits already. */
	assert_true(ledger_take(owner.ledger, LEDGER_THREADS, &first, 1));
	for (int i = 0; i < 2; i++) {
		int pair[2];
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
		struct peer_origin proxy = { .fd = pair[1], .trusted = true };
		atomic_fetch_add(&owner.connected, 1);
		assert_true(peer_begin(owner.park, &proxy, NULL, 0));
		say(pair[0], STR("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n"));
		struct peer *peer = arrived(&b);
		peer_set_client(peer, i ? second : first);
		assert_int_equal(peer_receive(peer, octets, 4), 0);
		assert_int_equal(peer_fault(peer), i ? PEER_LATE : PEER_FULL);
		peer_end(peer, true);
		close(pair[0]);
	}
	ledger_give(owner.ledger, LEDGER_THREADS, &first, 1);
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
	assert_int_equal(hear(fd, heard, sizeof heard, BUSY_MS), 7);
	assert_true(is_closed(fd, BUSY_MS));
	assert_true(wait_until(all_are_gone, BUSY_MS));
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
	assert_true(wait_until(a_body_is_parked, BUSY_MS));
	park_drain(owner.park);
	assert_true(is_closed(idle, BUSY_MS));
	assert_true(is_closed(half, BUSY_MS));
	assert_true(park_is_busy(owner.park));
	say(body, STR("c"));
	peer = arrived(&b);
	b.len = 0;
	assert_false(peer_go_on(peer, &b));
	assert_true(is_closed(body, BUSY_MS));
	assert_int_equal(hear_answer(reader, 65536, 0), ANSWER_LEN);
	assert_true(is_closed(reader, BUSY_MS));
	assert_true(wait_until(all_are_gone, BUSY_MS));
	close(idle);
	close(half);
	close(body);
	close(reader);
	close_all();
}

TEST(what_a_worker_gives_back_during_a_drain_is_not_waited_for)
{
	struct peer_buffer b;
	open_with(&wide, ANSWER_LEN);
	int fd = connect_with(false);
	say(fd, STR(GET "GET / HT")); /* the next request has begun */
	struct peer *peer = arrived(&b);
	park_drain(owner.park);
	assert_true(peer_send(peer, "x", 1));
	b.len -= sizeof GET - 1;
	memmove(b.octets, b.octets + sizeof GET - 1, b.len);
	assert_false(peer_go_on(peer, &b));
	char heard[8];
	assert_int_equal(hear(fd, heard, sizeof heard, BUSY_MS), 1);
	assert_true(is_closed(fd, BUSY_MS)); /* a head in time would have LONG_MS */
	close(fd);
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
	peer = next_ready(BUSY_MS);
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
	open_in_haste(&wide, 65536);
	for (size_t i = 0; i < WORKERS; i++)
		pthread_create(&workers[i], NULL, work, NULL);
	for (size_t i = 0; i < CLIENTS; i++)
		pthread_create(&clients[i], NULL, ask, (void *)(uintptr_t)(i + 1));
	for (size_t i = 0; i < CLIENTS; i++)
		pthread_join(clients[i], NULL);
	park_drain(owner.park);
	assert_true(wait_until(all_are_gone, 4 * BUSY_MS));
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
	RUN(a_large_body_is_read_by_its_worker_with_a_place_in_the_ledger),
	RUN(a_place_to_wait_is_the_client_s_and_not_its_proxy_s), RUN(what_is_kept_of_a_network_has_a_bound),
	RUN(what_a_client_still_sends_does_not_overtake_the_answer),
	RUN(a_drain_ends_what_idles_and_lets_answers_and_bodies_go_on),
	RUN(what_a_worker_gives_back_during_a_drain_is_not_waited_for), RUN(a_stop_ends_everything_wherever_it_is),
	RUN(many_clients_and_workers_lose_nothing))
