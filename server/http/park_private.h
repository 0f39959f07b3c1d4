/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by park.c (the thread that waits for all), peer.c (what a worker does with one) and what both stand on. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#include "server/http/arrival.h"
#include "server/http/channel.h"
#include "server/http/octets.h"
#include "server/http/park.h"
#include "server/http/park_lists.h"

struct peer {
	struct park *park;
	struct peer *older, *newer; /* of its list; under the park's lock, as the next three */
	enum park_list list;
	uint64_t check_ms; /* when the park looks whether it is overdue */
	bool watched;      /* by epoll, which tells one event of it */

	struct channel channel;
	struct peer_origin origin;
	struct concurrency_key client;
	bool client_known;

	struct octets in, out;
	struct arrival arrival;
	uint64_t since_ms; /* the request began, or idling, or lingering */
	size_t came;       /* octets of the request */
	enum peer_fault fault;
	unsigned patience_ms; /* that a worker has left for this request */

	uint64_t blocked_ms;    /* since when something of the answer waits for the peer; 0: all is taken */
	size_t written, unsent; /* octets written since then; unacknowledged then */
	size_t progress;        /* of body or answer, as it was seen last, */
	uint64_t progress_ms;   /* and when it was first seen so; 0: not yet */

	unsigned in_a_row; /* answers since it waited for a request, */
	uint64_t row_ms;   /* which came then */
	bool slow;         /* it did not take an answer in a moment */
	bool answered, ends, ended, unread;
	size_t discarded;
	struct held_connection *held; /* that holds it open, from peer_hold() on; else NULL */
	_Alignas(max_align_t) char extra[];
};

struct park {
	struct park_settings settings;
	int epoll, wake;
	pthread_t thread;
	pthread_mutex_t lock; /* of the lists, and of `draining` */
	struct park_queue lists[PARK_LISTS];
	bool draining;
	atomic_bool stopped;
	atomic_uint patient;
	atomic_ullong cut;
	pthread_mutex_t queue_lock;
	struct held_connection *queue; /* of those to which something happened (held_connection_private.h) */
};

/* ---- park.c ---- */

/* It waits for its peer, on the list that its state asks for; or it is closed, when it may not wait. Not the caller's
 * any more. */
void park_put(struct peer *peer);
/* Close it. It belongs to the caller, and ends. */
void park_close(struct peer *peer);
/* Nothing more comes from us: close it, or let it linger so that a reset cannot overtake the answer. */
void park_finish(struct peer *peer);
/* From its list, to the caller, who is the park's thread. */
enum park_list park_take(struct peer *peer);
/* ---- peer.c ---- */

/* Write what is kept of the answer. False: the peer is gone. */
bool peer_flush(struct peer *peer, size_t max);
/* Something of what was written is not taken: from now on its time runs. */
void peer_note_blocked(struct peer *peer);
/* Whose share of the ledger it has; NULL where that has no bound. */
const struct concurrency_key *peer_network(const struct peer *peer);
bool peer_is_handshaking(const struct peer *peer);
/* A request begins, with what came of it already. */
void peer_begin_request(struct peer *peer, size_t came);
/* ---- peer_wait.c ---- */

/* A moment, unless too many workers have one. True: it can go on. */
bool peer_wait_a_moment(struct peer *peer);

/* Of the ledger: one of the few workers that may wait longer. */
struct peer_share {
	const struct concurrency_key *network;
	bool held;
};
bool peer_share_take(struct peer *peer, struct peer_share *share);
void peer_share_leave(struct peer *peer, const struct peer_share *share);
/* False: it had its time, or the server stops. */
bool peer_wait_long(struct peer *peer, bool (*overdue)(struct peer *peer, uint64_t now_ms));
