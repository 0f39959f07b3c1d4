/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A private PostgreSQL under the data folder: Unix socket only, initdb when absent, a process of its own that several
 * servers and commands on one folder share. As root it runs as the system user `calends`, in a folder that this user
 * can reach.
 *
 *   DATA/pg              the cluster
 *   DATA/run             its socket (a short folder under /run or /tmp when DATA is too long a name for one)
 *   DATA/postgresql.log  what it prints
 *   DATA/lock            flock, shared by everybody who uses it for as long as they do
 *   DATA/lock.start      flock, exclusive: held by whoever starts or stops it, while they do
 *
 * Between us and it stands a guard (process_private.h), which stops it when nobody uses it any more, whatever they died
 * of. embedded.c has the states and who does what in each; docs/adr/0014 why.
 */
#pragma once

#include "server/base/ctx.h"

struct embedded; /* outlives requests: opened by main or a CLI command, closed at its end */

/*
 * Start or join the private cluster in data_dir (made when absent; nobody else may enter it), within cx->until.
 *
 * url_out   a conninfo string for db_open, allocated with the struct, valid until embedded_close
 * errors    UNAVAILABLE or INTERNAL with a text (err_text) that says what is wrong and how to mend it: folder not
 *           reachable for the user, full disk, server binaries missing (with the package's name), a server that does
 * not answer, another calends has the folder
 */
MUST_CHECK err_t embedded_open(struct ctx *cx, struct str data_dir, struct embedded **out, const char **url_out);

/*
 * A server calls this every second: a cluster that went away is started again, by whoever of those who use it is the
 * first to see it. Does not wait for it. NULL is fine.
 * errors  UNAVAILABLE  it cannot be started, with a text for the operator
 */
MUST_CHECK err_t embedded_keep(struct ctx *cx, struct embedded *pg);

/* Where its files are; NULL for NULL. */
const char *embedded_folder(const struct embedded *pg);

/* Stops the cluster (fast shutdown, bounded) if nobody else uses it. NULL is fine. */
void embedded_close(struct embedded *pg);
