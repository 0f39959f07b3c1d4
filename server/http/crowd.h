/* SPDX-License-Identifier: Apache-2.0 */
/* How many of something each address has right now, and no more than a few. IPv6 counts by its /64: that is one site.
 */
#pragma once

#include "server/http/proxy.h"

struct crowd;

/* max 0: no limit, nothing is counted. */
struct crowd *crowd_open(unsigned max);
void crowd_close(struct crowd *crowd);
bool crowd_enter(struct crowd *crowd, struct address a); /* false: it has its fill; not entered */
void crowd_leave(struct crowd *crowd, struct address a);
