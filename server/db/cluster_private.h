/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of server/db: the files and the server process of one private cluster. Decisions are taken in embedded.c. */
#pragma once

#include "server/db/process_private.h"

struct cluster {
	struct runner runner;
	const char *data_dir, *pgdata, *socket_dir, *log, *bin;
	const char *url, *maintenance_url;
	pid_t server; /* our child; 0 when it is none of ours or not running */
};

enum cluster_state {
	CLUSTER_DOWN,     /* no server process; a pid file that is left is stale */
	CLUSTER_STARTING, /* or recovering */
	CLUSTER_READY,
	CLUSTER_STOPPING
};

/* The folders, made when absent, and that the runner can reach them; the URLs. All strings in cx->mem. */
MUST_CHECK err_t cluster_folder(struct ctx *cx, struct str data_dir, struct cluster *out);
/* Under the exclusive lock: the binaries, and the cluster itself when there is none yet. */
MUST_CHECK err_t cluster_prepare(struct ctx *cx, struct cluster *c);

/* What runs there now, by its pid file and /proc. pid_out: the server, 0 when down. */
enum cluster_state cluster_look(const struct cluster *c, pid_t *pid_out);

/* The same without a connection, for every second: the process lives and says that it is ready. */
bool cluster_is_up(const struct cluster *c);

/* Starts the server and waits until it takes connections; then makes the database when it is new. */
MUST_CHECK err_t cluster_start(struct ctx *cx, struct cluster *c);
/* Fast shutdown of `pid`; harder ones when it takes too long. */
void cluster_stop(struct cluster *c, pid_t pid);
/* Waits, bounded, for a state other than STARTING and STOPPING. */
enum cluster_state cluster_settle(const struct cluster *c, pid_t *pid_out);
