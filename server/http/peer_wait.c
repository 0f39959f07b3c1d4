/* SPDX-License-Identifier: Apache-2.0 */
/* A worker that waits for a peer itself: a moment, or with a place in the ledger. */
#include <poll.h>

#include "server/base/clock.h"
#include "server/http/park_private.h"

/* How long a stop waits for a worker that waits. */
#define SLICE_MS 250

static bool wait_for(struct peer *p, unsigned ms)
{
	struct pollfd waits = { .fd = p->channel.fd, .events = p->channel.wants };
	return poll(&waits, 1, (int)ms) > 0;
}

bool peer_wait_a_moment(struct peer *p)
{
	struct park *park = p->park;
	if (!p->patience_ms)
		return false;
	bool came = false;
	if (atomic_fetch_add(&park->patient, 1) < park->settings.threads / 2) {
		uint64_t begun = clock_monotonic_ms();
		came = wait_for(p, p->patience_ms);
		uint64_t took = clock_monotonic_ms() - begun;
		p->patience_ms = came && took < p->patience_ms ? p->patience_ms - (unsigned)took : 0;
	}
	atomic_fetch_sub(&park->patient, 1);
	return came;
}

bool peer_share_take(struct peer *p, struct peer_share *share)
{
	if (share->held)
		return true;
	share->network = p->client_known ? &p->client : peer_network(p);
	share->held = ledger_take(p->park->settings.ledger, LEDGER_THREADS, share->network, 1);
	return share->held;
}

void peer_share_leave(struct peer *p, const struct peer_share *share)
{
	if (share->held)
		ledger_give(p->park->settings.ledger, LEDGER_THREADS, share->network, 1);
}

bool peer_wait_long(struct peer *p, bool (*overdue)(struct peer *p, uint64_t now_ms))
{
	while (!atomic_load(&p->park->stopped) && !overdue(p, clock_monotonic_ms()))
		if (wait_for(p, SLICE_MS))
			return true;
	return false;
}
