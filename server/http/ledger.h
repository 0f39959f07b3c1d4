/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one ledger of what waits for peers, by network (an IPv4 address, an IPv6 /56) and in all: connections, the octets
 * that we keep of them or for them, and the few threads that wait themselves. What is not in it waits for nobody.
 */
#pragma once

#include "server/http/concurrency.h"

enum ledger_kind {
	LEDGER_CONNECTIONS, /* each open one */
	LEDGER_OCTETS,      /* of requests that are not whole, and of answers that are not taken */
	LEDGER_THREADS,     /* that wait until a large body comes, or a long answer is taken */
	LEDGER_KINDS
};

struct ledger_limits {
	size_t each[LEDGER_KINDS], all[LEDGER_KINDS]; /* 0: no limit */
};

struct ledger;

struct ledger *ledger_open(const struct ledger_limits *limits);
void ledger_close(struct ledger *ledger); /* everything was given back */

/* False: the network, or all together, have their fill. NULL for a network that is trusted: in all alone. */
bool ledger_take(struct ledger *ledger, enum ledger_kind kind, const struct concurrency_key *network, size_t n);
void ledger_give(struct ledger *ledger, enum ledger_kind kind, const struct concurrency_key *network, size_t n);
size_t ledger_total(struct ledger *ledger, enum ledger_kind kind);
