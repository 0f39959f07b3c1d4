/* SPDX-License-Identifier: Apache-2.0 */
/* Between a line (line.c) and its connection (park.c, peer.c). Queued lines are those to which something happened. */
#pragma once

#include <pthread.h>

#include "server/http/line.h"

struct park;
struct peer;

/* In a worker, which has done with the peer: the park's thread takes it, held by this line. */
void line_park(struct peer *peer);
/* The park's thread, woken: to each queued line its turn. */
void line_turns(struct park *park);
/* The peer is the caller's, in the park's thread. It reads, writes on, or ends. */
void line_hear(struct peer *peer);
void line_write(struct peer *peer);
/* The server stops. */
void line_farewell(struct peer *peer);
/* The peer is closed; gone() is called. */
void line_gone(struct line *line, bool cut);
/* The park ends, and has no peers any more. */
void line_forget_all(struct park *park);
