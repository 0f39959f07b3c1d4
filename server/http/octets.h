/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept for one peer: octets that came, or that it has not taken yet. All but the first few of a connection are
 * taken from the ledger, and given back with octets_free.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct peer;

/* Octets at..len of `room`. */
struct octets {
	char *ptr;
	size_t at, len, room;
};

/* Room for `more` octets after those that are there, at most `max` with them. False: none in the ledger. */
bool octets_room(struct peer *peer, struct octets *octets, size_t more, size_t max);
void octets_free(struct peer *peer, struct octets *octets);
