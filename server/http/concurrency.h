/* SPDX-License-Identifier: Apache-2.0 */
/* How much of something each network or account has right now, and no more than a share; and all of them together. */
#pragma once

#include "server/base/address.h"
#include "server/base/id.h"

struct concurrency;

/* Who is counted. The keys of one limit are all of one kind. */
struct concurrency_key {
	uint8_t octets[16];
};
struct concurrency_key concurrency_network(struct address a);  /* IPv6 counts by its /56: that is one customer */
struct concurrency_key concurrency_account(struct id account); /* its live and its test world are one */

/* 0: no limit. Without a limit for each nobody is counted by key. */
struct concurrency *concurrency_open(size_t max_each, size_t max_all);
void concurrency_close(struct concurrency *limit);

/* Take `n`; false: it, or all together, would have more than their fill, and nothing is taken. A key of NULL counts
 * among all alone. What is taken is left with the same key. */
bool concurrency_take(struct concurrency *limit, const struct concurrency_key *key, size_t n);
void concurrency_leave(struct concurrency *limit, const struct concurrency_key *key, size_t n);
size_t concurrency_total(struct concurrency *limit);
