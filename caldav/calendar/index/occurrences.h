/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The occurrences of an object, packed to be stored beside it: runs of even steps with varints, so that a daily event
 * of five years takes some hundred octets. What is packed are the test intervals of RFC 4791 §9.9 (struct extent).
 * Times of floating objects and dates are packed as if UTC; whoever tests them brings the zone.
 */
#pragma once

#include "server/base/str.h"

/* Half-open, in seconds of UTC. */
struct occurrence_span {
	int64_t first, last;
};

/* `spans` sorted by first. Complete from `from` (INT64_MIN: from the beginning). */
struct bytes occurrences_pack(struct arena *mem, const struct occurrence_span *spans, size_t count, int64_t from);

/* From when on it is complete. INT64_MAX when the octets are no occ. */
int64_t occurrences_from(struct bytes occ);

/* Visit those that touch [a, b), in order; the visitor stops with false. */
void occurrences_walk(
	struct bytes occ, int64_t a, int64_t b, bool (*visit)(void *to, struct occurrence_span span), void *to);
