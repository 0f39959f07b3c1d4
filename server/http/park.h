/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections whose turn is the peer's: they wait in epoll, without a thread, with what came of them and with what they
 * have not taken yet.
 *
 *     accepted ─► a request comes ─► ready: a worker ─► its answer is taken ─► idle ─► a request comes …
 *                 (handshake, head,   handles it        (or cut, or ended)
 *                  small body)
 *
 * One thread waits for all of them, takes what comes, checks it (arrival.h), writes on, and ends what is overdue.
 * Workers take turns with it: a peer belongs to whoever has it, the park or one worker. A worker that must wait for a
 * peer itself (for a body that is too large to collect, or since the answer is longer than what is kept of one) needs a
 * place in the ledger.
 *
 * Every wait has its end: a head one time limit from its first octet, a body and an answer the same and a second more
 * for each 2 KiB that came or was taken. Nothing of this knows what listens and what answers: civet.c brings both.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "server/http/ledger.h"

struct held_connection;
struct park;
struct peer;
struct ssl_st;

struct park_settings {
	unsigned head_ms, idle_ms; /* a head must be whole, an idle connection must speak again within this time */
	unsigned threads;          /* workers; half of them may wait a moment for what mostly comes at once */
	size_t unsent_max;         /* octets that are kept of one answer */
	struct ledger *ledger;     /* outlives the park */

	/* Called from the park's thread, or from a worker's within a peer_… call. */
	void *owner;
	void (*ready)(void *owner, struct peer *peer);    /* give it to a worker, which calls peer_arrive */
	void (*gone)(void *owner, struct peer *peer);     /* it is closed, and its memory ends with this call */
	struct ssl_st *(*tls_begin)(void *owner, int fd); /* the server's side of a new connection; NULL: no memory */
	void (*tls_refused)(struct peer *peer, const char *reason);
};

/* NULL: no descriptors or threads. */
struct park *park_open(const struct park_settings *settings);
/* From now on what idles ends, and so do connections after their answers. Bodies that come and answers that are taken
 * go on. */
void park_drain(struct park *park);
/* Does anything go on that a stop should wait for? */
bool park_is_busy(struct park *park);
/* End whatever is parked; nothing is parked any more, and waiting workers give up soon. */
void park_stop(struct park *park);
/* After the workers ended. */
void park_free(struct park *park);

struct park_stats {
	unsigned heads, bodies, idle, writers, held; /* parked */
	unsigned waiting;                            /* workers that wait for peers, besides */
	size_t octets;
	uint64_t cut; /* answers that were not taken in time, or found no room */
};
struct park_stats park_stats(struct park *park);

/* ---- a connection ---- */

/* Who is connected. */
struct peer_origin {
	int fd;
	bool tls;
	bool trusted; /* the network has no share of its own */
	struct address address;
	struct concurrency_key network;
};

/* A new connection, which waits for its first request. The peer has room for `extra` octets of the owner's, as they are
 * copied from there. False without memory: the descriptor is closed, and nobody is told that it is gone. */
bool peer_begin(struct park *park, const struct peer_origin *origin, const void *extra, size_t extra_len);
void *peer_extra(struct peer *peer);
const struct peer_origin *peer_origin(const struct peer *peer);

/* OpenSSL's connection; NULL: plain HTTP. */
struct ssl_st *peer_tls(const struct peer *peer);

/* Where a worker keeps the request it handles; `room` is at least ARRIVAL_MAX. */
struct peer_buffer {
	char *octets;
	size_t len, room;
};

/*
 * In a worker: after ready, and after each answer. True: a request is in the buffer, from its first octet on. False:
 * this thread is done with the peer. peer_go_on takes in the buffer what came after the request before.
 */
bool peer_arrive(struct peer *peer, struct peer_buffer *buffer);
bool peer_go_on(struct peer *peer, struct peer_buffer *buffer);
/* Instead of peer_go_on: the connection ends when its answer is taken. `unread`: the peer still sends what nobody
 * reads. */
void peer_end(struct peer *peer, bool unread);
/* Before that: the connection does not end, but is held open (held_connection.h). What comes with the request is
 * thrown away. */
void peer_hold(struct peer *peer, struct held_connection *held);

/* The request in the buffer. */
struct arrival;
struct arrival *peer_arrival(struct peer *peer);
/* Whose waiting this request's is, when the peer is a proxy. */
void peer_set_client(struct peer *peer, struct concurrency_key network);

/* More octets of the body, as many as are asked for; less at the end or after a fault, which peer_fault tells. */
size_t peer_receive(struct peer *peer, char *into, size_t len);
enum peer_fault {
	PEER_FINE,
	PEER_LEFT, /* or broke */
	PEER_LATE, /* it had its time */
	PEER_FULL  /* its network, or all, have the places in the ledger that there are */
};
enum peer_fault peer_fault(const struct peer *peer);

/* Octets of the answer. False: the peer is gone, or too slow; the connection can only end. */
bool peer_send(struct peer *peer, const char *octets, size_t len);
