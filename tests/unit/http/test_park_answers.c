/* SPDX-License-Identifier: Apache-2.0 */
/* races */
/* Answers that are not taken as fast as they are made. Run under MODE=tsan, too. */
#include "tests/support/park_peers.h"

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
	assert_true(is_closed(fd, BUSY_MS));
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
	assert_true(is_closed(fd, BUSY_MS));
	close(fd);
	close_all();
}

TEST(a_steady_reader_has_all_the_time_it_needs)
{
	struct peer_buffer b;
	for (int tries = 0; tries < 20; tries++) {
		open_in_haste(&wide, ANSWER_LEN);
		int steady = connect_with(true);
		say(steady, STR(GET));
		struct peer *peer = arrived(&b);
		assert_true(peer_send(peer, answer(), ANSWER_LEN));
		peer_end(peer, false);
		uint64_t begun = clock_monotonic_ms();
		size_t heard = hear_answer(steady, 16384, 12);
		uint64_t took = clock_monotonic_ms() - begun, cut = park_stats(owner.park).cut;
		close(steady);
		close_all();
		if (longest_ms >= HEAD_MS / 2)
			continue; /* a machine that had no time for it made it unsteady */
		assert_int_equal(heard, ANSWER_LEN);
		assert_true(took > 2 * HEAD_MS);
		assert_int_equal(cut, 0);
		return;
	}
}

TEST(a_silent_reader_is_cut)
{
	struct peer_buffer b;
	open_in_haste(&wide, ANSWER_LEN);
	int silent = connect_with(true);
	say(silent, STR(GET));
	struct peer *peer = arrived(&b);
	assert_true(peer_send(peer, answer(), ANSWER_LEN));
	b.len = 0;
	assert_false(peer_go_on(peer, &b));
	assert_true(wait_until(all_are_gone, HEAD_MS + BUSY_MS));
	assert_int_equal(park_stats(owner.park).cut, 1);
	assert_int_equal(park_stats(owner.park).octets, 0);
	assert_true(hear_answer(silent, 65536, 0) < ANSWER_LEN);
	close(silent);
	close_all();
}

TEST(much_at_once_is_no_credit_to_do_nothing_afterwards)
{
	static char body[20000];
	struct peer_buffer b;
	memset(body, 'x', sizeof body);
	open_in_haste(&wide, ANSWER_LEN);
	int sender = connect_with(false);
	say(sender, STR("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\n"));
	say(sender, (struct str){ body, sizeof body });
	struct peer *peer = arrived(&b); /* within BUSY_MS, of which the rate alone would leave it twice as much */
	assert_int_equal(peer_fault(peer), PEER_LATE);
	peer_end(peer, true);

	int reader = connect_with(true);
	say(reader, STR(GET));
	peer = arrived(&b);
	assert_true(peer_send(peer, answer(), ANSWER_LEN));
	peer_end(peer, false);
	for (size_t heard = 0; heard < sizeof body;) {
		ssize_t got = hear(reader, body, sizeof body, BUSY_MS);
		assert_true(got > 0);
		heard += (size_t)got;
	}
	assert_true(wait_until(all_are_gone, 3 * HEAD_MS + BUSY_MS));
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
	close_all();
}

TEST(an_answer_that_nobody_reads_or_that_has_no_place_to_wait_is_cut)
{
	struct peer_buffer b;
	for (int taken = 0; taken < 2; taken++) {
		(taken ? open_with : open_in_haste)(&wide, 100000);
		int fd = connect_with(true);
		say(fd, STR(GET));
		struct peer *peer = arrived(&b);
		if (taken)
			assert_true(ledger_take(owner.ledger, LEDGER_THREADS, NULL, 4));
		uint64_t begun = clock_monotonic_ms();
		assert_false(peer_send(peer, answer(), ANSWER_LEN));
		uint64_t took = clock_monotonic_ms() - begun;
		assert_true(took < HEAD_MS + BUSY_MS && (taken || took >= HEAD_MS)); /* and not LONG_MS */
		if (taken)
			ledger_give(owner.ledger, LEDGER_THREADS, NULL, 4);
		assert_false(peer_send(peer, "x", 1));
		peer_end(peer, false);
		assert_int_equal(park_stats(owner.park).cut, 2);
		close(fd);
		close_all();
	}
}

TESTS(RUN(an_answer_that_is_not_taken_is_written_on_without_a_worker),
	RUN(an_answer_that_ends_its_connection_is_taken_before_it_ends), RUN(a_steady_reader_has_all_the_time_it_needs),
	RUN(a_silent_reader_is_cut), RUN(much_at_once_is_no_credit_to_do_nothing_afterwards),
	RUN(an_answer_longer_than_what_is_kept_makes_its_worker_wait),
	RUN(an_answer_that_nobody_reads_or_that_has_no_place_to_wait_is_cut))
