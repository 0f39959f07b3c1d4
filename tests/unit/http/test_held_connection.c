/* SPDX-License-Identifier: Apache-2.0 */
/* races */
/* Lines: connections that stay open for what is told later. Run under MODE=tsan, too. */
#include "tests/support/park_peers.h"

#include "server/http/held_connection.h"

#define ROOM ((size_t)64 * 1024)

static atomic_uint ended, ended_cut, came;
static atomic_bool refuse;

static void on_held_gone(void *arg, bool cut)
{
	(void)arg;
	atomic_fetch_add(&ended, 1);
	atomic_fetch_add(&ended_cut, cut);
}

static bool on_came(void *arg, struct str octets)
{
	(void)arg;
	atomic_fetch_add(&came, (unsigned)octets.len);
	return !atomic_load(&refuse);
}

static const struct held_ops silent = { .gone = on_held_gone, .farewell = STR_INIT("bye") };
static const struct held_ops heard = { .came = on_came, .gone = on_held_gone };

/* A client's connection, held open after "head" was sent. */
static int held_by(const struct held_ops *ops, struct held_connection **held_out, bool small)
{
	struct peer_buffer b;
	char text[8];
	int fd = connect_with(small);
	say(fd, STR(GET));
	struct peer *peer = arrived(&b);
	assert_true(peer_send(peer, "head", 4));
	*held_out = held_open(ops, NULL, ROOM);
	peer_hold(peer, *held_out);
	peer_end(peer, false);
	assert_int_equal(hear(fd, text, sizeof text, BUSY_MS), 4);
	return fd;
}

static bool one_ended(void)
{
	return atomic_load(&ended) == 1;
}

static bool one_is_held(void)
{
	return park_stats(owner.park).held == 1;
}

static void begin_with(bool haste)
{
	atomic_store(&ended, 0);
	atomic_store(&ended_cut, 0);
	atomic_store(&came, 0);
	atomic_store(&refuse, false);
	(haste ? open_in_haste : open_with)(&wide, ANSWER_LEN);
}

static void begin(void)
{
	begin_with(false);
}

static struct held_connection *watched;

static bool nothing_waits(void)
{
	return held_unsent(watched) == 0;
}

TEST(what_is_sent_comes_in_order_whenever_it_is_sent)
{
	struct held_connection *held;
	char text[64];
	begin_with(true);
	int fd = held_by(&silent, &held, false);
	for (int i = 0; i < 50; i++) {
		char octet = (char)('a' + i % 26);
		assert_true(held_send(held, (struct str){ &octet, 1 }));
	}
	size_t n = 0;
	while (n < 50) {
		ssize_t got = hear(fd, text + n, sizeof text - n, BUSY_MS);
		assert_true(got > 0);
		n += (size_t)got;
	}
	for (size_t i = 0; i < 50; i++)
		assert_int_equal(text[i], 'a' + (int)(i % 26));
	/* It outlives what a connection may idle. */
	nanosleep(&(struct timespec){ .tv_sec = 1, .tv_nsec = 200000000 }, NULL);
	assert_true(held_send(held, STR("x")));
	assert_int_equal(hear(fd, text, 1, BUSY_MS), 1);
	watched = held;
	assert_true(wait_until(nothing_waits, BUSY_MS));
	held_end(held);
	assert_true(is_closed(fd, BUSY_MS));
	assert_false(held_send(held, STR("x")));
	assert_true(wait_until(one_ended, BUSY_MS));
	held_leave(held);
	close(fd);
	close_all();
}

TEST(what_waits_for_a_peer_is_bounded_and_who_takes_nothing_is_cut)
{
	static char octets[ROOM];
	struct held_connection *held;
	begin_with(true);
	int fd = held_by(&silent, &held, true);
	while (held_send(held, (struct str){ octets, ROOM / 4 }))
		assert_true(held_unsent(held) <= ROOM);
	assert_true(held_unsent(held) > ROOM - ROOM / 4);
	assert_true(wait_until(one_ended, HEAD_MS + BUSY_MS));
	assert_int_equal(atomic_load(&ended_cut), 1);
	assert_false(held_send(held, STR("x")));
	held_leave(held);
	close(fd);
	close_all();
}

/* It is with no peer yet, and counts as what is. */
TEST(what_waits_for_its_connection_is_bounded_too)
{
	static char octets[ROOM / 4];
	char text[sizeof octets];
	struct peer_buffer b;
	begin();
	int fd = connect_with(false);
	say(fd, STR(GET));
	struct peer *peer = arrived(&b);
	watched = held_open(&silent, NULL, ROOM);
	for (size_t i = 1; i <= 4; i++) {
		assert_true(held_send(watched, (struct str){ octets, sizeof octets }));
		assert_int_equal(held_unsent(watched), i * sizeof octets);
	}
	assert_false(held_send(watched, STR("x")));
	peer_hold(peer, watched);
	peer_end(peer, false);
	for (size_t n = 0; n < ROOM;) {
		ssize_t got = hear(fd, text, sizeof text, BUSY_MS);
		assert_true(got > 0);
		n += (size_t)got;
	}
	assert_true(wait_until(nothing_waits, BUSY_MS));
	assert_true(held_send(watched, STR("x")));
	assert_int_equal(hear(fd, text, 1, BUSY_MS), 1);
	held_end(watched);
	assert_true(is_closed(fd, BUSY_MS));
	held_leave(watched);
	close(fd);
	close_all();
}

TEST(a_cut_waits_for_nobody)
{
	static char octets[ROOM / 2];
	struct held_connection *held;
	begin();
	int fd = held_by(&silent, &held, true);
	assert_true(held_send(held, (struct str){ octets, sizeof octets }));
	held_cut(held);
	assert_true(wait_until(one_ended, BUSY_MS)); /* and not LONG_MS */
	held_leave(held);
	close(fd);
	close_all();
}

TEST(a_peer_that_leaves_ends_its_line_and_noise_does_too)
{
	struct held_connection *held;
	char noise[4096] = { 0 };
	for (int way = 0; way < 3; way++) {
		begin();
		int fd = held_by(&silent, &held, false);
		if (way == 0)
			close(fd);
		else if (way == 1)
			shutdown(fd, SHUT_WR);
		for (int i = 0; way == 2 && i < 100; i++)
			(void)!send(fd, noise, sizeof noise, MSG_NOSIGNAL);
		assert_true(wait_until(one_ended, BUSY_MS));
		held_leave(held);
		if (way)
			close(fd);
		close_all();
	}
}

static bool five_came(void)
{
	return atomic_load(&came) == 5;
}

TEST(what_comes_is_heard_and_may_end_it)
{
	struct held_connection *held;
	begin();
	int fd = held_by(&heard, &held, false);
	say(fd, STR("hello"));
	assert_true(wait_until(five_came, BUSY_MS));
	atomic_store(&refuse, true);
	say(fd, STR("again"));
	assert_true(is_closed(fd, BUSY_MS));
	assert_true(wait_until(one_ended, BUSY_MS));
	held_leave(held);
	close(fd);
	close_all();
}

TEST(a_server_that_stops_says_so)
{
	struct held_connection *held;
	char text[8];
	begin();
	int fd = held_by(&silent, &held, false);
	assert_true(wait_until(one_is_held, BUSY_MS));
	park_drain(owner.park);
	assert_int_equal(hear(fd, text, sizeof text, BUSY_MS), 3);
	assert_memory_equal(text, "bye", 3);
	assert_true(is_closed(fd, BUSY_MS));
	assert_true(wait_until(all_are_gone, BUSY_MS));
	assert_true(one_ended());
	/* Too late, and harmless. */
	assert_false(held_send(held, STR("x")));
	held_end(held);
	held_leave(held);
	close(fd);
	close_all();
}

TEST(a_line_that_gets_no_connection_is_gone_too)
{
	atomic_store(&ended, 0);
	struct held_connection *held = held_open(&silent, NULL, ROOM);
	assert_true(held_send(held, STR("x")));
	held_abandon(held);
	assert_true(one_ended());
	assert_false(held_send(held, STR("x")));
	held_leave(held);
}

/* ---- all at once ---- */

#define MANY 40

struct sender {
	pthread_t thread;
	struct held_connection *held;
};

static void *send_many(void *arg)
{
	struct sender *s = arg;
	for (int i = 0; i < 200; i++)
		if (!held_send(s->held, STR("0123456789")))
			break;
	held_end(s->held);
	held_leave(s->held);
	return NULL;
}

TEST(many_senders_and_peers_that_leave_do_not_meet)
{
	struct sender senders[MANY];
	int fds[MANY];
	char text[4096];
	begin();
	for (size_t i = 0; i < MANY; i++)
		fds[i] = held_by(&silent, &senders[i].held, false);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(pthread_create(&senders[i].thread, NULL, send_many, &senders[i]), 0);
	for (size_t i = 0; i < MANY; i += 2)
		close(fds[i]);
	for (size_t i = 1; i < MANY; i += 2) {
		size_t n = 0;
		ssize_t got;
		while ((got = hear(fds[i], text, sizeof text, BUSY_MS)) > 0)
			n += (size_t)got;
		assert_int_equal(got, 0);
		assert_int_equal(n, 2000);
		close(fds[i]);
	}
	for (size_t i = 0; i < MANY; i++)
		pthread_join(senders[i].thread, NULL);
	assert_true(wait_until(all_are_gone, BUSY_MS));
	assert_int_equal(atomic_load(&ended), MANY);
	close_all();
}

TESTS(RUN(what_is_sent_comes_in_order_whenever_it_is_sent),
	RUN(what_waits_for_a_peer_is_bounded_and_who_takes_nothing_is_cut),
	RUN(what_waits_for_its_connection_is_bounded_too), RUN(a_cut_waits_for_nobody),
	RUN(a_peer_that_leaves_ends_its_line_and_noise_does_too), RUN(what_comes_is_heard_and_may_end_it),
	RUN(a_server_that_stops_says_so), RUN(a_line_that_gets_no_connection_is_gone_too),
	RUN(many_senders_and_peers_that_leave_do_not_meet))
