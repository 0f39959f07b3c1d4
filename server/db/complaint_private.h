/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of server/db: what the operator is told of a private cluster that does not start. */
#pragma once

#include "server/base/arena.h"
#include "server/base/str.h"

struct complaint {
	const char *data_dir, *log; /* the cluster's folder; the file in which its server says what is wrong */
	const char *what;           /* became of it: "did not start" */
	struct str said;            /* the end of that file, as far as it is about this start; may be empty */
	bool disk_is_full;
};

/* One sentence: what became of it, in the server's own words where it had some, and what to do if that is known. */
struct str complaint_text(struct arena *mem, const struct complaint *c);
