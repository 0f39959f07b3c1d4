/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A private PostgreSQL under the data folder (DESIGN §2): Unix socket only, initdb when absent, started as a child in
 * a session of its own, or adopted when an orphan is found; stopped only by who started it. As root it runs as the
 * system user `calends`, in a folder that this user can reach.
 */
#pragma once

#include "server/base/ctx.h"

struct embedded; /* outlives requests: opened by main or a CLI command, closed at its end */

/*
 * Start or adopt the private cluster in data_dir (made when absent, mode 0700).
 *
 * url_out   a conninfo string for db_open, allocated with the struct, valid until embedded_close
 * errors    UNAVAILABLE or INTERNAL with a text (err_text) that says what is wrong and how to mend it: folder not
 *           reachable for the user, full disk, stale pid file of another program, server binaries missing, socket path
 *           too long (over 107 bytes), another calends has the folder
 */
MUST_CHECK err_t embedded_open(struct ctx *cx, struct str data_dir, struct embedded **out, const char **url_out);

/* Stops the cluster (fast shutdown, bounded wait) if this process started it, and gives the lock back. NULL is fine. */
void embedded_close(struct embedded *pg);
