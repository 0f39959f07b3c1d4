/* SPDX-License-Identifier: Apache-2.0 */
/* The low-water mark of the disk under the private cluster: what is stored stops before the disk does. */
#pragma once

#include "server/base/ctx.h"

struct disk_watch {
	const char *folder; /* of the cluster; NULL: another machine's, which nobody watches here */
	uint64_t low_bytes; /* 0: never */
};

/*
 * A job: measures once, and tells cx->db (db_disk_low). It is low below the mark, and not any more an eighth above it,
 * so that it does not change with every object. A change is logged.
 * errors  INTERNAL  the folder cannot be looked at
 */
MUST_CHECK err_t disk_measure(struct ctx *cx, void *watch);
