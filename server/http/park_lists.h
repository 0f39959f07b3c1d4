/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a parked peer waits for: each stands on one list, and may do so for a time. A list is looked at from its oldest
 * peer on, since all of one list are looked at after the same time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The park looks so often for who is overdue. */
#define PARK_TICK_MS 250

struct peer;

/* Where a peer is. Whoever takes it from a list of the park's puts it among the busy ones: it belongs to that thread.
 */
enum park_list {
	PARK_BUSY,
	PARK_HEADS, /* handshake or head are not whole */
	PARK_BODIES,
	PARK_IDLE,
	PARK_HELD,      /* open for what its owner has to tell */
	PARK_WRITERS,   /* an answer is not taken */
	PARK_LINGERING, /* ended from here; what still comes is thrown away */
	PARK_LISTS
};

struct park_queue {
	struct peer *oldest, *newest;
	unsigned count;
};

/* By what it has, and what is to be written: the list where it waits. */
enum park_list park_list_for(const struct peer *peer);
/* Nothing of those is under way. */
bool park_ends_with_a_drain(enum park_list list);

/* Under the park's lock: to the newest end of a list, from the one where it stands, and both. */
void park_link(struct peer *peer, enum park_list list);
void park_unlink(struct peer *peer);
void park_move(struct peer *peer, enum park_list list);

/* Has it had its time there? */
bool park_is_overdue(struct peer *peer, enum park_list list, uint64_t now_ms);
/* A body that comes, and an answer that is taken: one at less than the least rate is, and one that stands still. */
bool park_body_overdue(struct peer *peer, uint64_t now_ms);
bool park_answer_overdue(struct peer *peer, uint64_t now_ms);
