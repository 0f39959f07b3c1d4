/* SPDX-License-Identifier: Apache-2.0 */
/* Calls to receivers that mean no good: each is a thread that says one thing to whoever connects. */
#include "tests/support/test.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/net/fetch.h"
#include "server/net/target.h"

/* ---- names: libcurl finds this function before that of libc ---- */

static const char *looked_up[4]; /* what the name is, look-up by look-up; then the last again */
static unsigned look_ups;

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	const char *text = looked_up[look_ups] ? looked_up[look_ups] : name;
	struct {
		struct addrinfo info;
		struct sockaddr_in address;
	} *found = calloc(1, sizeof *found);
	if (looked_up[look_ups + 1])
		look_ups++;
	assert_non_null(found);
	found->info = (struct addrinfo){ .ai_family = AF_INET,
		.ai_socktype = hints->ai_socktype,
		.ai_protocol = hints->ai_protocol,
		.ai_addrlen = sizeof found->address,
		.ai_addr = (struct sockaddr *)&found->address };
	found->address.sin_family = AF_INET;
	found->address.sin_port = htons((uint16_t)atoi(service ? service : "0"));
	if (inet_pton(AF_INET, text, &found->address.sin_addr) != 1) {
		free(found);
		return EAI_NONAME;
	}
	*out = &found->info;
	return 0;
}

void freeaddrinfo(struct addrinfo *info)
{
	free(info);
}

/* ---- receivers ---- */

struct receiver {
	int listener;
	unsigned port, connections;
	const char *says; /* at once; then, again and again, `repeats`, for as long as anybody takes it */
	const char *repeats;
	unsigned repeat_every_ms;
	bool resets, hangs;
	char got[4096];
	pthread_t thread;
};

static void serve(struct receiver *r, int fd)
{
	ssize_t n = read(fd, r->got, sizeof r->got - 1);
	if (n > 0)
		r->got[n] = 0;
	if (r->resets) {
		struct linger at_once = { 1, 0 };
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
		return;
	}
	if (r->says && write(fd, r->says, strlen(r->says)) < 0)
		return;
	while (r->repeats && write(fd, r->repeats, strlen(r->repeats)) > 0)
		if (r->repeat_every_ms)
			usleep(r->repeat_every_ms * 1000);
	while (r->hangs && read(fd, r->got, sizeof r->got) > 0)
		;
}

static void *serve_thread(void *arg)
{
	struct receiver *r = arg;
	int fd;
	while ((fd = accept(r->listener, NULL, NULL)) >= 0) {
		r->connections++;
		serve(r, fd);
		close(fd);
	}
	return NULL;
}

static void receiver_begin(struct receiver *r)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;
	signal(SIGPIPE, SIG_IGN);
	fetch_setup();
	r->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(r->listener, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(r->listener, 16), 0);
	assert_int_equal(getsockname(r->listener, (struct sockaddr *)&at, &len), 0);
	r->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&r->thread, NULL, serve_thread, r), 0);
}

static void receiver_end(struct receiver *r)
{
	shutdown(r->listener, SHUT_RDWR);
	pthread_join(r->thread, NULL);
	close(r->listener);
	look_ups = 0;
	memset(looked_up, 0, sizeof looked_up);
}

static struct str url_of(const struct receiver *r, const char *scheme, const char *host)
{
	return str_fmt(test_mem, "%s://%s:%u/in", scheme, host, r->port);
}

/* As the worker that delivers has it: through the many. */
static struct fetched call(const struct fetch *what)
{
	struct fetcher *fetcher = fetcher_open(4);
	struct deadline until = deadline_in_ms(20000);
	struct fetched got;
	int mark;
	fetcher_start(fetcher, test_mem, what, &mark);
	void *done;
	while (!(done = fetcher_finished(fetcher, &got)) && !deadline_passed(until))
		fetcher_work(fetcher, until);
	assert_ptr_equal(done, &mark);
	assert_int_equal(fetcher_running(fetcher), 0);
	fetcher_close(fetcher);
	return got;
}

static struct fetched call_local(const struct receiver *r, const char *body)
{
	const struct fetch what = {
		.url = url_of(r, "http", "127.0.0.1"), .body = str_of(body), .keep = 1024, .may_be_private = true
	};
	return call(&what);
}

#define ANSWER(head, body) "HTTP/1.1 " head "\r\nConnection: close\r\n\r\n" body

TEST(an_answer_is_told_with_what_a_sender_needs)
{
	struct receiver r = { .says = ANSWER("429 Slow\r\nRetry-After: 17\r\nRequest-Id: req_1", "later") };
	receiver_begin(&r);
	struct fetched got = call_local(&r, "{}");
	receiver_end(&r);
	assert_int_equal(got.fault, FETCHED);
	assert_int_equal(got.status, 429);
	assert_str(got.body, STR("later"));
	assert_str(got.retry_after, STR("17"));
	assert_str(got.request_id, STR("req_1"));
	assert_non_null(strstr(r.got, "POST /in HTTP/1.1\r\n"));
	assert_null(strstr(r.got, "Expect"));
}

TEST(receivers_that_mean_no_good_end_in_a_fault_and_in_time)
{
	static const struct {
		const char *why;
		struct receiver r;
		enum fetch_fault fault;
		int status;
		bool cut;
	} cases[] = {
		{ "resets", { .resets = true }, FETCH_BROKEN, 0, false },
		{ "closes without a word", { .says = "" }, FETCH_BROKEN, 0, false },
		{ "speaks another protocol", { .says = "SSH-2.0-x\r\n" }, FETCH_PROTOCOL, 0, false },
		{ "a body without an end", { .says = ANSWER("200 OK", ""), .repeats = "0123456789abcdef" }, FETCHED,
			200, true },
		{ "a head without an end", { .says = "HTTP/1.1 200 OK\r\n", .repeats = "X-A: 0123456789abcdef\r\n" },
			FETCH_HEAD, 200, false },
		{ "one header without an end", { .says = "HTTP/1.1 200 OK\r\nX: ", .repeats = "0123456789abcdef" },
			FETCH_BROKEN, 200, false },
		{ "1xx without an end", { .says = "", .repeats = "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" },
			FETCH_HEAD, 103, false },
		{ "less than it promised", { .says = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc" }, FETCH_BROKEN,
			200, false },
		{ "a redirect", { .says = ANSWER("302 Found\r\nLocation: http://127.0.0.1:1/", "") }, FETCHED, 302,
			false },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct receiver r = cases[i].r;
		receiver_begin(&r);
		struct fetched got = call_local(&r, "{}");
		receiver_end(&r);
		if (got.fault != cases[i].fault || got.status != cases[i].status || got.cut != cases[i].cut)
			fail_msg("%s: %s, %d, cut %d", cases[i].why, fetch_fault_name(got.fault), got.status, got.cut);
		assert_true(got.body.len <= 1024);
		assert_int_equal(r.connections, 1);
	}
}

#define SHORT_MS 600u

TEST(one_that_never_answers_and_one_that_drips_end_together_in_time)
{
	struct receiver silent = { .hangs = true };
	struct receiver drips = { .says = ANSWER("200 OK", ""), .repeats = "x", .repeat_every_ms = 200 };
	struct fetcher *fetcher = fetcher_open(4);
	receiver_begin(&silent);
	receiver_begin(&drips);
	const struct fetch what[] = {
		{ .url = url_of(&silent, "http", "127.0.0.1"),
			.body = STR("{}"),
			.whole_ms = SHORT_MS,
			.may_be_private = true },
		{ .url = url_of(&drips, "http", "127.0.0.1"),
			.body = STR("{}"),
			.whole_ms = SHORT_MS,
			.may_be_private = true },
	};
	uint64_t begun = clock_monotonic_ms();
	for (size_t i = 0; i < ARRAY_LEN(what); i++)
		fetcher_start(fetcher, test_mem, &what[i], (void *)(uintptr_t)&what[i]);
	struct deadline until = deadline_in_ms(20000);
	for (size_t ended = 0; ended < ARRAY_LEN(what) && !deadline_passed(until);) {
		struct fetched got;
		fetcher_work(fetcher, until);
		while (fetcher_finished(fetcher, &got)) {
			assert_int_equal(got.fault, FETCH_TIMEOUT);
			assert_in_range(got.duration_ms, SHORT_MS - 50, SHORT_MS + 5000);
			ended++;
		}
	}
	assert_in_range(clock_monotonic_ms() - begun, SHORT_MS - 50, 2 * SHORT_MS + 5000);
	fetcher_close(fetcher);
	receiver_end(&silent);
	receiver_end(&drips);
}

TEST(what_is_under_way_can_be_left)
{
	struct receiver silent = { .hangs = true };
	struct fetcher *fetcher = fetcher_open(4);
	receiver_begin(&silent);
	const struct fetch what = {
		.url = url_of(&silent, "http", "127.0.0.1"), .body = STR("{}"), .may_be_private = true
	};
	fetcher_start(fetcher, test_mem, &what, NULL);
	fetcher_work(fetcher, deadline_in_ms(100));
	assert_int_equal(fetcher_running(fetcher), 1);
	fetcher_close(fetcher);
	receiver_end(&silent);
}

TEST(a_name_that_leads_inside_is_not_connected_to)
{
	struct receiver r = { .says = ANSWER("200 OK", "") };
	receiver_begin(&r);
	looked_up[0] = "127.0.0.1";
	struct fetch what = { .url = url_of(&r, "https", "inside.example.com"), .body = STR("{}") };
	struct fetched got = call(&what);
	assert_int_equal(got.fault, FETCH_ADDRESS);
	assert_int_equal(r.connections, 0);
	what.may_be_private = true;
	assert_int_equal(call(&what).fault, FETCH_TLS);
	assert_int_equal(r.connections, 1);
	receiver_end(&r);
}

/* DNS that answers with a public address to whoever checks, and with another to whoever connects. */
TEST(a_name_that_changes_between_two_look_ups_gains_nothing)
{
	struct receiver r = { .says = ANSWER("200 OK", "") };
	receiver_begin(&r);
	looked_up[0] = "1.1.1.1";
	looked_up[1] = "127.0.0.1";
	struct fetch what = { .url = url_of(&r, "https", "rebind.example.com"), .body = STR("{}") };
	assert_ok(target_check(&test_cx, "url", what.url, false));
	assert_ok(target_look_up(&test_cx, "url", what.url, false));
	assert_int_equal(look_ups, 1);
	struct fetched got = call(&what);
	assert_int_equal(got.fault, FETCH_ADDRESS);
	assert_int_equal(r.connections, 0);
	receiver_end(&r);
}

TEST(a_name_that_leads_inside_is_told_when_it_is_named)
{
	looked_up[0] = "10.0.0.1";
	err_t e = target_look_up(&test_cx, "url", STR("https://inside.example.com/"), false);
	assert_true(err_is(e, URL_NOT_ALLOWED));
	assert_ok(target_look_up(&test_cx, "url", STR("https://inside.example.com/"), true));
	looked_up[0] = "unknown";
	assert_ok(target_look_up(&test_cx, "url", STR("https://not-there-yet.example.com/"), false));
	looked_up[0] = NULL;
}

TEST(an_address_that_is_not_public_is_not_connected_to_by_whatever_text)
{
	struct receiver r = { .says = ANSWER("200 OK", "") };
	static const char *const hosts[] = { "127.0.0.1", "127.1", "0x7f.0.0.1", "2130706433", "[::ffff:127.0.0.1]" };
	receiver_begin(&r);
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		const struct fetch what = { .url = url_of(&r, "https", hosts[i]), .body = STR("{}") };
		struct fetched got = call(&what);
		if (got.fault != FETCH_ADDRESS)
			fail_msg("%s: %s", hosts[i], fetch_fault_name(got.fault));
	}
	assert_int_equal(r.connections, 0);
	receiver_end(&r);
}

TEST(http_is_not_spoken_without_leave)
{
	struct receiver r = { .says = ANSWER("200 OK", "") };
	receiver_begin(&r);
	const struct fetch what = { .url = url_of(&r, "http", "127.0.0.1"), .body = STR("{}") };
	assert_int_equal(call(&what).fault, FETCH_URL);
	const struct fetch with_name = { .url = url_of(&r, "http", "user:pass@127.0.0.1"), .may_be_private = true };
	assert_int_equal(call(&with_name).fault, FETCH_URL);
	assert_int_equal(r.connections, 0);
	receiver_end(&r);
}

TEST(the_environment_names_no_proxy)
{
	struct receiver r = { .says = ANSWER("204 No Content", "") };
	receiver_begin(&r);
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	assert_int_equal(call_local(&r, "{}").status, 204);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	receiver_end(&r);
}

TESTS(RUN(an_answer_is_told_with_what_a_sender_needs), RUN(receivers_that_mean_no_good_end_in_a_fault_and_in_time),
	RUN(one_that_never_answers_and_one_that_drips_end_together_in_time), RUN(what_is_under_way_can_be_left),
	RUN(a_name_that_leads_inside_is_not_connected_to), RUN(a_name_that_changes_between_two_look_ups_gains_nothing),
	RUN(a_name_that_leads_inside_is_told_when_it_is_named),
	RUN(an_address_that_is_not_public_is_not_connected_to_by_whatever_text), RUN(http_is_not_spoken_without_leave),
	RUN(the_environment_names_no_proxy))
