/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/ledger.h"

#include <assert.h>
#include <stdlib.h>

struct ledger {
	struct concurrency *kinds[LEDGER_KINDS];
};

struct ledger *ledger_open(const struct ledger_limits *limits)
{
	struct ledger *ledger = calloc(1, sizeof *ledger);
	if (!ledger)
		abort();
	for (size_t i = 0; i < LEDGER_KINDS; i++) {
		assert(!limits->all[i] || limits->each[i] <= limits->all[i]);
		ledger->kinds[i] = concurrency_open(limits->each[i], limits->all[i]);
	}
	return ledger;
}

void ledger_close(struct ledger *ledger)
{
	if (!ledger)
		return;
	for (size_t i = 0; i < LEDGER_KINDS; i++) {
		assert(concurrency_total(ledger->kinds[i]) == 0);
		concurrency_close(ledger->kinds[i]);
	}
	free(ledger);
}

bool ledger_take(struct ledger *ledger, enum ledger_kind kind, const struct concurrency_key *network, size_t n)
{
	assert(kind < LEDGER_KINDS);
	return concurrency_take(ledger->kinds[kind], network, n);
}

void ledger_give(struct ledger *ledger, enum ledger_kind kind, const struct concurrency_key *network, size_t n)
{
	assert(kind < LEDGER_KINDS);
	concurrency_leave(ledger->kinds[kind], network, n);
}

size_t ledger_total(struct ledger *ledger, enum ledger_kind kind)
{
	assert(kind < LEDGER_KINDS);
	return concurrency_total(ledger->kinds[kind]);
}
