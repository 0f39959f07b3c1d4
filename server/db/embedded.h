/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A private PostgreSQL under the data folder: Unix socket only, initdb when absent, started as a child in
 * a session of its own, or adopted when an orphan is found; stopped only by who started it. As root it runs as the
 * system user `calends`, in a folder that this user can reach.
 *
 *   DATA/pg              the cluster
 *   DATA/run             its socket (a short folder under /run or /tmp when DATA is too long a name for one)
 *   DATA/postgresql.log  what it prints
 *   DATA/lock            flock: exclusive while somebody decides to start or stop, or is a CLI command that started it;
 *                        shared by a server and by commands beside it
 *
 * The cluster is told to stop when its starter dies in any way (parent-death signal), so that after a kill -9 nothing
 * prevents the next start.
 */
#pragma once

#include "server/base/ctx.h"

struct embedded; /* outlives requests: opened by main or a CLI command, closed at its end */

/*
 * Start, adopt or join the private cluster in data_dir (made when absent; nobody else may enter it).
 * Call it in the thread that lives longest, before others are started: the cluster ends with this thread.
 *
 * url_out   a conninfo string for db_open, allocated with the struct, valid until embedded_close
 * errors    UNAVAILABLE or INTERNAL with a text (err_text) that says what is wrong and how to mend it: folder not
 *           reachable for the user, full disk, pid file of another program, server binaries missing (with the package's
 *           name), socket in use, another calends has the folder
 */
MUST_CHECK err_t embedded_open(struct ctx *cx, struct str data_dir, struct embedded **out, const char **url_out);

/*
 * `serve` calls this every second from a thread of its own, NULL too. The first time opens the folder to commands
 * beside us, which until then wait. A cluster that went away (it crashed, or its starter ended) is started again; it
 * then ends with this thread.
 */
void embedded_keep(struct ctx *cx, struct embedded *pg);

/* Stops the cluster (fast shutdown, bounded wait) if this process started it, and gives the lock back. NULL is fine. */
void embedded_close(struct embedded *pg);
