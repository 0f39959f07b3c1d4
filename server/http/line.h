/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection that stays open after its answer has begun, for whoever has something to tell on it later: streams of
 * events, WebSockets. It is parked, so it costs no thread (park.h), and it has two holders: the connection and an
 * owner, who sends from any thread.
 *
 *	worker    line_open … response_hold(rs, line)      the answer's head goes out; then it belongs to the park
 *	owner     line_send … line_end, line_leave
 *	park      writes, hears what comes, tells the end
 *
 * What a peer has not taken is bounded by `room`. Who takes nothing for the time of a head is cut off (park_lists.c),
 * and who acknowledges nothing for LINE_SILENCE_MS, too.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "server/base/str.h"

#define LINE_SILENCE_MS 30000

struct line;

struct line_ops {
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
struct line *line_open(const struct line_ops *ops, void *owner, size_t room);

/* All of it or nothing. False: it has ended, ends, or has no room. */
bool line_send(struct line *line, struct str octets);
/* Octets that wait: here, and with the connection. */
size_t line_unsent(struct line *line);
/* Nothing more is sent; the connection ends when the peer has taken what was. */
void line_end(struct line *line);
/* At once, whatever the peer has not taken. */
void line_cut(struct line *line);
/* The owner forgets it; the connection, if there is one, goes on to its end. */
void line_leave(struct line *line);
/* There will be no connection: gone() is called. Instead of response_hold. */
void line_abandon(struct line *line);
