/* SPDX-License-Identifier: Apache-2.0 */
/* How many of something each site or account has right now, and no more than a few. */
#pragma once

#include "server/base/id.h"
#include "server/http/proxy.h"

struct crowd;

/* Who is counted. The keys of one crowd are all of one kind. */
struct crowd_key {
	uint8_t octets[16];
};
struct crowd_key crowd_site(struct address a);     /* IPv6 counts by its /64: that is one site */
struct crowd_key crowd_account(struct id account); /* its live and its test world are one */

/* max 0: no limit, nothing is counted. */
struct crowd *crowd_open(unsigned max);
void crowd_close(struct crowd *crowd);
bool crowd_enter(struct crowd *crowd, struct crowd_key key); /* false: it has its fill; not entered */
void crowd_leave(struct crowd *crowd, struct crowd_key key);
