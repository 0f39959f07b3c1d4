/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection that stays open after its answer has begun, for whoever has something to tell on it later: streams of
 * events, WebSockets. It is parked, so it costs no thread (park.h), and it has two holders: the connection and an
 * owner, who sends from any thread.
 *
 *	worker    held_open … response_hold(rs, held)      the answer's head goes out; then it belongs to the park
 *	owner     held_send … held_end, held_leave
 *	park      writes, hears what comes, tells the end
 *
 * What a peer has not taken is bounded by `room`. Who takes nothing for the time of a head is cut off (park_lists.c),
 * and who acknowledges nothing for HELD_SILENCE_MS, too.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "server/base/str.h"

#define HELD_SILENCE_MS 30000

struct held_connection;

struct held_ops {
	/* Octets came. False: the connection ends. NULL: nothing is expected, and a little of it is thrown away. In the
	 * park's thread, one call at a time. */
	bool (*came)(void *owner, struct str octets);
	/* It ended, whoever ended it: once, and nothing is called after it. In any thread. `cut`: the peer had not
	 * taken all of it. */
	void (*gone)(void *owner, bool cut);
	/* What is said where the server stops. */
	struct str farewell;
};

/* `room`: octets that may wait for the peer. `ops` and `owner` last until gone() was called. */
struct held_connection *held_open(const struct held_ops *ops, void *owner, size_t room);

/* All of it or nothing. False: it has ended, ends, or has no room. */
bool held_send(struct held_connection *held, struct str octets);
/* Octets that wait: here, and with the connection. */
size_t held_unsent(struct held_connection *held);
/* Nothing more is sent; the connection ends when the peer has taken what was. */
void held_end(struct held_connection *held);
/* At once, whatever the peer has not taken. */
void held_cut(struct held_connection *held);
/* The owner forgets it; the connection, if there is one, goes on to its end. */
void held_leave(struct held_connection *held);
/* There will be no connection: gone() is called. Instead of response_hold. */
void held_abandon(struct held_connection *held);
