/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Appended to civetweb's translation unit, where its internals can be seen. In civetweb a connection holds a thread from
 * accept to close; here it waits in epoll, without a thread, until a whole head has arrived:
 *
 *   accepted ──► parked (heads) ──► worker: request, answer ──► 20 ms of patience ──► parked (idles) ──► worker …
 *
 * One thread waits for all parked ones, looks at what came without taking it (plain TCP), hands whole heads over to
 * civetweb's queue, and closes what is overdue. A TLS connection is handed over whenever something came: the worker
 * takes that, and parks it again until handshake and head are whole (civet_arrive.inl). Parked so, it keeps what it has.
 */
#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

/* A busy client never leaves its thread: its next request comes within this time. */
#define PARK_PATIENCE_MS 20
#define PARK_EVENTS 64
#define PARK_TICK_MS 500
#define PARK_LINGER_MS 500
#define PARK_LINGER_MAX ((size_t)4 * 1024 * 1024)

struct parked {
	struct parked *older, *newer;
	struct park_queue *queue;
	struct socket so;
	uint64_t deadline_ms;
	ssize_t have; /* octets of a head that is not whole */
};

/* All of one queue have the same time limit, so the oldest is overdue first. */
struct park_queue {
	struct parked *oldest, *newest;
	unsigned limit_ms;
};

struct parker {
	struct mg_context *ctx;
	int epoll, wake;
	unsigned threads;
	pthread_t thread;
	pthread_mutex_t lock; /* of the queues, and of `closing` */
	struct park_queue heads, idles;
	int closing;
	unsigned count, patient, lingering; /* atomic */
	char look[];                        /* ctx->max_request_size octets, for the parker's thread */
};

static uint64_t park_now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- queues; under the lock ---- */

static void park_link(struct park_queue *queue, struct parked *p)
{
	p->queue = queue;
	p->deadline_ms = park_now_ms() + queue->limit_ms;
	p->newer = NULL;
	p->older = queue->newest;
	if (queue->newest)
		queue->newest->newer = p;
	else
		queue->oldest = p;
	queue->newest = p;
}

static void park_unlink(struct parked *p)
{
	struct park_queue *queue = p->queue;
	if (p->older)
		p->older->newer = p->newer;
	else
		queue->oldest = p->newer;
	if (p->newer)
		p->newer->older = p->older;
	else
		queue->newest = p->older;
}

/* ---- one connection ---- */

static int park_arm(struct parker *parker, int op, struct parked *p)
{
	unsigned for_what = p->so.wants_write ? EPOLLOUT : EPOLLIN;
	struct epoll_event event = { .events = for_what | EPOLLRDHUP | EPOLLONESHOT, .data.ptr = p };
	return epoll_ctl(parker->epoll, op, p->so.sock, &event);
}

static int park(struct parker *parker, struct park_queue *queue, const struct socket *so)
{
	struct parked *p = (struct parked *)mg_calloc(1, sizeof(*p));
	int parked;
	if (!p)
		return 0;
	p->so = *so;
	pthread_mutex_lock(&parker->lock);
	parked = !parker->closing;
	if (parked) {
		park_link(queue, p);
		__atomic_add_fetch(&parker->count, 1, __ATOMIC_RELAXED);
		if (park_arm(parker, EPOLL_CTL_ADD, p) != 0) {
			park_unlink(p);
			__atomic_sub_fetch(&parker->count, 1, __ATOMIC_RELAXED);
			parked = 0;
		}
	}
	pthread_mutex_unlock(&parker->lock);
	if (!parked)
		mg_free(p);
	return parked;
}

static void park_take_out(struct parker *parker, struct parked *p)
{
	pthread_mutex_lock(&parker->lock);
	park_unlink(p);
	pthread_mutex_unlock(&parker->lock);
	__atomic_sub_fetch(&parker->count, 1, __ATOMIC_RELAXED);
	epoll_ctl(parker->epoll, EPOLL_CTL_DEL, p->so.sock, NULL);
}

/* It ends, as opposed to being cut off (RFC 8446 §6.1). */
static void park_end_tls(SSL *ssl)
{
	if (SSL_is_init_finished(ssl))
		SSL_shutdown(ssl);
	SSL_free(ssl);
	ERR_clear_error();
}

static void park_drop(struct parker *parker, struct parked *p)
{
	park_take_out(parker, p);
	if (p->so.tls)
		park_end_tls((SSL *)p->so.tls);
	mg_free(p->so.head);
	civet_left(parker->ctx, &p->so.rsa.sa);
	closesocket(p->so.sock);
	mg_free(p);
}

static void park_hand_over(struct parker *parker, struct parked *p)
{
	int one = 1;
	park_take_out(parker, p);
	if (p->have)
		setsockopt(p->so.sock, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof(one));
	produce_socket(parker->ctx, &p->so);
	mg_free(p);
}

static int park_head_is_whole(const char *head, size_t len)
{
	return memmem(head, len, "\r\n\r\n", 4) != NULL || memmem(head, len, "\n\n", 2) != NULL;
}

/* A part of a head: wake up again when more than that is there. The time for a head begins with its first octet. */
static void park_wait_on(struct parker *parker, struct parked *p, ssize_t have)
{
	int wanted = (int)have + 1;
	if (have > p->have) {
		setsockopt(p->so.sock, SOL_SOCKET, SO_RCVLOWAT, &wanted, sizeof(wanted));
		if (p->queue == &parker->idles) {
			pthread_mutex_lock(&parker->lock);
			park_unlink(p);
			park_link(&parker->heads, p);
			pthread_mutex_unlock(&parker->lock);
		}
		p->have = have;
	}
	park_arm(parker, EPOLL_CTL_MOD, p);
}

static void park_look(struct parker *parker, struct parked *p, uint32_t events)
{
	ssize_t max = (ssize_t)parker->ctx->max_request_size, have;
	int ended = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;

	if (p->so.is_ssl || p->so.head) {
		park_hand_over(parker, p);
		return;
	}
	have = recv(p->so.sock, parker->look, (size_t)max, MSG_PEEK | MSG_DONTWAIT);
	if (have < 0 && (errno == EAGAIN || errno == EINTR) && !ended)
		park_wait_on(parker, p, p->have);
	else if (have <= 0 || (ended && have == p->have))
		park_drop(parker, p);
	else if (have == max || park_head_is_whole(parker->look, (size_t)have))
		park_hand_over(parker, p);
	else
		park_wait_on(parker, p, have);
}

/* ---- the parker's thread ---- */

static void park_drop_overdue(struct parker *parker, struct park_queue *queue, int all)
{
	for (;;) {
		struct parked *oldest;
		pthread_mutex_lock(&parker->lock);
		oldest = queue->oldest;
		if (oldest && !all && oldest->deadline_ms > park_now_ms())
			oldest = NULL;
		pthread_mutex_unlock(&parker->lock);
		if (!oldest)
			return;
		park_drop(parker, oldest);
	}
}

static int park_is_closing(struct parker *parker)
{
	int closing;
	pthread_mutex_lock(&parker->lock);
	closing = parker->closing;
	pthread_mutex_unlock(&parker->lock);
	return closing;
}

static void *park_run(void *arg)
{
	struct parker *parker = (struct parker *)arg;
	struct epoll_event events[PARK_EVENTS];
	int closing = 0;
	mg_set_thread_name("parker");
	while (!closing) {
		int i, n = epoll_wait(parker->epoll, events, PARK_EVENTS, PARK_TICK_MS);
		for (i = 0; i < n; i++)
			if (events[i].data.ptr)
				park_look(parker, (struct parked *)events[i].data.ptr, events[i].events);
		closing = park_is_closing(parker);
		park_drop_overdue(parker, &parker->heads, closing);
		park_drop_overdue(parker, &parker->idles, closing);
	}
	return NULL;
}

struct parker *park_open(const struct mg_context *ctx, const struct park_settings *settings)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
	struct parker *parker = (struct parker *)mg_calloc(1, sizeof(*parker) + ctx->max_request_size);
	if (!parker)
		return NULL;
	parker->ctx = (struct mg_context *)ctx;
	parker->threads = settings->threads;
	parker->heads.limit_ms = settings->head_ms;
	parker->idles.limit_ms = settings->idle_ms;
	pthread_mutex_init(&parker->lock, NULL);
	parker->epoll = epoll_create1(EPOLL_CLOEXEC);
	parker->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (parker->epoll < 0 || parker->wake < 0 ||
		epoll_ctl(parker->epoll, EPOLL_CTL_ADD, parker->wake, &event) != 0 ||
		pthread_create(&parker->thread, NULL, park_run, parker) != 0) {
		parker->closing = 1;
		park_free(parker);
		return NULL;
	}
	return parker;
}

void park_close(struct parker *parker)
{
	uint64_t one = 1;
	pthread_mutex_lock(&parker->lock);
	parker->closing = 1;
	pthread_mutex_unlock(&parker->lock);
	IGNORE_UNUSED_RESULT(write(parker->wake, &one, sizeof(one)));
	pthread_join(parker->thread, NULL);
}

void park_free(struct parker *parker)
{
	if (parker->epoll >= 0)
		close(parker->epoll);
	if (parker->wake >= 0)
		close(parker->wake);
	pthread_mutex_destroy(&parker->lock);
	mg_free(parker);
}

unsigned park_count(struct parker *parker)
{
	return __atomic_load_n(&parker->count, __ATOMIC_RELAXED);
}

/* ---- called by the changed source ---- */

/* The time that a request may take to arrive, and one second more for each 2 KiB of its body. */
int civet_body_overdue(const struct mg_connection *conn, int read_now)
{
	struct timespec now;
	const char *timeout = conn->dom_ctx->config[REQUEST_TIMEOUT];
	double limit_s = (timeout ? atoi(timeout) : 10000) / 1000.0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return mg_difftimespec(&now, &conn->req_time) > limit_s + (double)(conn->consumed_content + read_now) / 2048.0;
}

/* Taking what a refused client still sends; few threads at a time, so that nobody holds them all this way. */
static void park_take_rest(int fd)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	char waste[4096];
	size_t taken = 0;
	uint64_t until = park_now_ms() + PARK_LINGER_MS, now;
	while (taken < PARK_LINGER_MAX && (now = park_now_ms()) < until && poll(&readable, 1, (int)(until - now)) > 0) {
		ssize_t got = recv(fd, waste, sizeof(waste), MSG_DONTWAIT);
		if (got <= 0)
			return;
		taken += (size_t)got;
	}
}

/* What arrives at a closed socket is answered by a reset, which can overtake our answer: read a refused body's rest. */
void civet_linger(struct mg_connection *conn)
{
	struct parker *parker = civet_parker(conn->phys_ctx);
	int promised = conn->content_len > conn->consumed_content || conn->is_chunked == 1, here = 0;
	if (conn->status_code < 400 || !parker)
		return;
	if (!promised && (ioctl(conn->client.sock, FIONREAD, &here) != 0 || here == 0))
		return;
	if (__atomic_add_fetch(&parker->lingering, 1, __ATOMIC_RELAXED) <= 1 + parker->threads / 8)
		park_take_rest(conn->client.sock);
	__atomic_sub_fetch(&parker->lingering, 1, __ATOMIC_RELAXED);
}

void civet_accept_failed(void)
{
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		mg_sleep(20);
}

/* ---- for civet.c ---- */

/* Closing the descriptors would race with the accept thread's poll; an eventfd takes their place, and is never ready. */
void civet_stop_listening(struct mg_context *ctx)
{
	unsigned i;
	int idle = eventfd(0, EFD_CLOEXEC);
	for (i = 0; i < ctx->num_listening_sockets; i++) {
		shutdown(ctx->listening_sockets[i].sock, SHUT_RDWR);
		if (idle >= 0)
			dup3(idle, ctx->listening_sockets[i].sock, O_CLOEXEC);
	}
	if (idle >= 0)
		close(idle);
}

/* Trailers are not read (is_chunked 3), so nothing may follow them; nor a broken chunk, nor an upgrade that was asked for. */
int civet_keeps(const struct mg_connection *conn)
{
	return should_keep_alive(conn) && conn->is_chunked != 2 && conn->is_chunked != 3 &&
		conn->protocol_type == PROTOCOL_TYPE_HTTP1;
}
