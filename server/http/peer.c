/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker does with a connection that the park gave it (park.h). */
#include "server/http/park_private.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/ssl.h>

#include "server/base/clock.h"
#include "server/http/held_connection_private.h"

/* What mostly comes at once: the next request of a busy client, a body after its head. It never leaves its thread. */
#define PATIENCE_MS 20
/* Requests that came together and are answered in a row, and for how long; then the others have their turn. */
#define ROW_MAX 8
#define ROW_MS 5

/* What a client hears that speaks HTTP where TLS is spoken. */
static const char plain_http_answer[] = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 37\r\n"
					"Connection: close\r\n\r\nThis port speaks TLS: use https://.\r\n";

/* ---- requests ---- */

void peer_begin_request(struct peer *p, size_t came)
{
	p->arrival = (struct arrival){ 0 };
	p->since_ms = clock_monotonic_ms();
	p->came = came;
	p->progress = came;
	p->progress_ms = p->since_ms;
	p->fault = PEER_FINE;
	p->patience_ms = PATIENCE_MS;
	p->client_known = false;
}

bool peer_is_handshaking(const struct peer *p)
{
	return p->origin.tls && (!p->channel.tls || !SSL_is_init_finished(p->channel.tls));
}

static bool is_ready(struct peer *p, const struct peer_buffer *b)
{
	return b->len && arrival_is_ready(&p->arrival, b->octets, b->len);
}

/* Everything that is here, until a request is whole. True: more may come. */
static bool read_here(struct peer *p, struct peer_buffer *b)
{
	while (!is_ready(p, b)) {
		assert(b->len < b->room);
		size_t space = b->room - b->len;
		ssize_t got = channel_read(&p->channel, b->octets + b->len, space);
		if (got <= 0)
			return got == 0;
		b->len += (size_t)got;
		p->came += (size_t)got;
		if (!p->channel.tls && (size_t)got < space) {
			p->channel.wants = POLLIN;
			break;
		}
	}
	return true;
}

/* Back to the park, with what came. */
static bool leave(struct peer *p, const struct peer_buffer *b)
{
	assert(p->in.len == 0);
	if (b->len && !octets_room(p, &p->in, b->len, ARRIVAL_MAX)) {
		park_close(p);
		return false;
	}
	if (b->len)
		memcpy(p->in.ptr, b->octets, b->len);
	p->in.len = b->len;
	park_put(p);
	return false;
}

static bool next(struct peer *p, struct peer_buffer *b, bool patient)
{
	do {
		bool more = read_here(p, b);
		if (is_ready(p, b))
			return true;
		if (!more) {
			park_close(p);
			return false;
		}
	} while (patient && peer_wait_a_moment(p));
	return leave(p, b);
}

static void refuse_handshake(struct peer *p, const char *reason, bool plain_http)
{
	if (reason)
		p->park->settings.tls_refused(p, reason);
	if (plain_http) {
		SSL_free(p->channel.tls);
		p->channel = (struct channel){ .fd = p->channel.fd, .wants = POLLIN };
		p->unread = channel_write(&p->channel, plain_http_answer, sizeof plain_http_answer - 1) > 0;
		park_finish(p);
	} else {
		park_close(p);
	}
}

static void begin_row(struct peer *p)
{
	p->in_a_row = 0;
	p->row_ms = clock_monotonic_ms();
}

bool peer_arrive(struct peer *p, struct peer_buffer *b)
{
	const char *reason;
	bool plain_http;
	assert(p->list == PARK_BUSY && b->room >= ARRIVAL_MAX);
	b->len = p->in.len;
	begin_row(p);
	if (p->in.len) {
		memcpy(b->octets, p->in.ptr, p->in.len);
		octets_free(p, &p->in);
		return true;
	}
	assert(peer_is_handshaking(p));
	if (!p->channel.tls)
		p->channel.tls = p->park->settings.tls_begin(p->park->settings.owner, p->channel.fd);
	if (!p->channel.tls) {
		park_close(p);
		return false;
	}
	switch (channel_handshake(&p->channel, &reason, &plain_http)) {
	case HANDSHAKE_DONE:
		return next(p, b, false);
	case HANDSHAKE_MORE:
		park_put(p);
		return false;
	case HANDSHAKE_FAILED:
		break;
	}
	refuse_handshake(p, reason, plain_http);
	return false;
}

bool peer_go_on(struct peer *p, struct peer_buffer *b)
{
	assert(p->list == PARK_BUSY && !p->ends && b->room >= ARRIVAL_MAX);
	p->answered = true;
	peer_begin_request(p, b->len);
	if (p->out.len > p->out.at)
		return leave(p, b);
	p->channel.wants = POLLIN;
	if (!b->len && !channel_holds_input(&p->channel) && !peer_wait_a_moment(p))
		return leave(p, b);
	p->since_ms = clock_monotonic_ms();
	if (!is_ready(p, b)) {
		bool came = next(p, b, true);
		if (came)
			begin_row(p);
		return came;
	}
	if (++p->in_a_row < ROW_MAX && p->since_ms < p->row_ms + ROW_MS)
		return true;
	/* It can go on as soon as its answers find room: to the end of the queue, which is the park's thread to fill.
	 */
	p->channel.wants = POLLOUT;
	return leave(p, b);
}

void peer_end(struct peer *p, bool unread)
{
	assert(p->list == PARK_BUSY && !p->ends);
	p->unread = unread;
	if (p->held && !p->channel.broken) {
		held_park(p);
		return;
	}
	p->ends = true;
	if (p->channel.broken)
		park_close(p);
	else if (p->out.len > p->out.at)
		park_put(p);
	else
		park_finish(p);
}

void peer_hold(struct peer *p, struct held_connection *held)
{
	assert(p->list == PARK_BUSY && !p->held && !p->ends);
	p->held = held;
}

struct arrival *peer_arrival(struct peer *p)
{
	return &p->arrival;
}

struct ssl_st *peer_tls(const struct peer *p)
{
	return p->channel.tls;
}

const struct peer_origin *peer_origin(const struct peer *p)
{
	return &p->origin;
}

const struct concurrency_key *peer_network(const struct peer *p)
{
	return p->origin.trusted ? NULL : &p->origin.network;
}

void *peer_extra(struct peer *p)
{
	return p->extra;
}

void peer_set_client(struct peer *p, struct concurrency_key network)
{
	assert(p->list == PARK_BUSY && !p->client_known); /* one client a request */
	p->client = network;
	p->client_known = true;
}

/* ---- a body ---- */

enum peer_fault peer_fault(const struct peer *p)
{
	return p->fault;
}

size_t peer_receive(struct peer *p, char *into, size_t len)
{
	assert(p->list == PARK_BUSY && !p->ends && len > 0);
	struct peer_share share = { 0 };
	size_t have = 0;
	while (have < len && !p->fault) {
		ssize_t got = channel_read(&p->channel, into + have, len - have);
		if (got > 0) {
			have += (size_t)got;
			p->came += (size_t)got;
		} else if (got < 0 || !peer_flush(p, SIZE_MAX)) {
			p->fault = PEER_LEFT;
		} else if (!peer_wait_a_moment(p)) {
			if (!peer_share_take(p, &share))
				p->fault = PEER_FULL;
			else if (!peer_wait_long(p, park_body_overdue))
				p->fault = PEER_LATE;
		}
	}
	peer_share_leave(p, &share);
	return have;
}

/* ---- an answer ---- */

void peer_note_blocked(struct peer *p)
{
	if (p->blocked_ms)
		return;
	p->blocked_ms = clock_monotonic_ms();
	p->progress = 0;
	p->progress_ms = p->blocked_ms;
	p->unsent = channel_unsent(&p->channel);
	p->written = 0;
}

/* As much as is taken now. -1: gone. */
static ssize_t write_here(struct peer *p, const char *octets, size_t len)
{
	size_t put = 0;
	while (put < len) {
		ssize_t n = channel_write(&p->channel, octets + put, len - put);
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		put += (size_t)n;
	}
	p->written += put;
	return (ssize_t)put;
}

bool peer_flush(struct peer *p, size_t max)
{
	size_t left = p->out.len - p->out.at;
	if (!left)
		return true;
	ssize_t put = write_here(p, p->out.ptr + p->out.at, left < max ? left : max);
	if (put < 0)
		return false;
	p->out.at += (size_t)put;
	if (p->out.at == p->out.len) {
		octets_free(p, &p->out);
		p->blocked_ms = 0;
	}
	return true;
}

static bool keep(struct peer *p, const char *octets, size_t len)
{
	if (!octets_room(p, &p->out, len, p->park->settings.unsent_max))
		return false;
	memcpy(p->out.ptr + p->out.len, octets, len);
	p->out.len += len;
	return true;
}

/* It is more than may be kept: wait until enough is taken. */
static bool send_waiting(struct peer *p, const char *octets, size_t len)
{
	struct peer_share share = { 0 };
	bool kept = false, going = peer_share_take(p, &share);
	while (going && len && !kept) {
		ssize_t put = 0;
		going = peer_wait_long(p, park_answer_overdue) && peer_flush(p, SIZE_MAX);
		peer_note_blocked(p);
		if (going && !p->out.len)
			put = write_here(p, octets, len);
		going = going && put >= 0;
		octets += put > 0 ? put : 0;
		len -= put > 0 ? (size_t)put : 0;
		kept = going && len && keep(p, octets, len);
	}
	peer_share_leave(p, &share);
	return going;
}

bool peer_send(struct peer *p, const char *octets, size_t len)
{
	assert(p->list == PARK_BUSY && !p->ends);
	bool going = !p->channel.broken && peer_flush(p, SIZE_MAX);
	while (going && len && !p->out.len) {
		ssize_t put = write_here(p, octets, len);
		going = put >= 0;
		octets += put > 0 ? put : 0;
		len -= put > 0 ? (size_t)put : 0;
		if (!going || !len || p->slow)
			break;
		/* Who did not take it in a moment once is not waited for again. */
		p->slow = !peer_wait_a_moment(p);
	}
	if (going && len) {
		peer_note_blocked(p);
		going = keep(p, octets, len) || send_waiting(p, octets, len);
	}
	if (!p->out.len)
		p->blocked_ms = 0;
	if (!going) {
		/* The connection can only end, and what was kept is no whole answer any more. */
		p->channel.broken = true;
		atomic_fetch_add(&p->park->cut, 1);
		octets_free(p, &p->out);
	}
	return going;
}
