/* SPDX-License-Identifier: Apache-2.0 */
/* How many of something each site or account has right now, and no more than a few. */
#pragma once

#include "server/base/address.h"
#include "server/base/id.h"

struct concurrency;

/* Who is counted. The keys of one limit are all of one kind. */
struct concurrency_key {
	uint8_t octets[16];
};
struct concurrency_key concurrency_network(struct address a);  /* IPv6 counts by its /64: that is one site */
struct concurrency_key concurrency_account(struct id account); /* its live and its test world are one */

/* max 0: no limit, nothing is counted. */
struct concurrency *concurrency_open(unsigned max);
void concurrency_close(struct concurrency *limit);
bool concurrency_enter(struct concurrency *limit, struct concurrency_key key); /* false: it has its fill; not entered */
void concurrency_leave(struct concurrency *limit, struct concurrency_key key);
