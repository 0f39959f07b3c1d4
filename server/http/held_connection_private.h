/* SPDX-License-Identifier: Apache-2.0 */
/* Between a held connection and its peer (park.c, peer.c). Queued are those to which something happened. */
#pragma once

#include <pthread.h>

#include "server/http/held_connection.h"

struct park;
struct peer;

/* In a worker, which has done with the peer: the park's thread takes it, with what holds it. */
void held_park(struct peer *peer);
/* The park's thread, woken: to each that is queued its turn. */
void held_turns(struct park *park);
/* The peer is the caller's, in the park's thread. It reads, writes on, or ends. */
void held_hear(struct peer *peer);
void held_write(struct peer *peer);
/* The server stops. */
void held_farewell(struct peer *peer);
/* The peer is closed; gone() is called. */
void held_gone(struct held_connection *held, bool cut);
/* The park ends, and has no peers any more. */
void line_forget_all(struct park *park);
