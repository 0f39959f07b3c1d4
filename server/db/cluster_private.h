/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of server/db: the files and processes of one private cluster. What is to be done is decided in embedded.c. */
#pragma once

#include "server/db/process_private.h"

struct cluster {
	struct runner runner;
	const char *data_dir, *pgdata, *socket_dir, *log, *bin;
	const char *users_lock, *start_lock; /* see embedded.h */
	const char *url, *maintenance_url;
	pid_t guard; /* our child, the server's parent; 0 when there is none of ours */
};

enum cluster_state {
	CLUSTER_DOWN,     /* no process works in the folder; what files are left are stale */
	CLUSTER_REMAINS,  /* processes of a server that was killed */
	CLUSTER_STARTING, /* or recovering */
	CLUSTER_READY,
	CLUSTER_ORPHAN, /* ready, but its guard was killed: it is told to stop at this moment */
	CLUSTER_MUTE, /* it says that it is ready, and does not answer: stopped by a signal, or its disk stands still */
	CLUSTER_STOPPING,
	CLUSTER_UNSEEN, /* nobody knows: we could not look, for want of a descriptor or of rights. Nothing may be done
			 */
	CLUSTER_STATES
};

/* The folders, made when absent, and that the runner can reach them; the URLs. All strings in cx->mem. */
MUST_CHECK err_t cluster_folder(struct ctx *cx, struct str data_dir, struct cluster *out);
/* Under the lock of starts: the binaries, and the cluster itself when there is none yet. Strings in cx->mem. */
MUST_CHECK err_t cluster_prepare(struct ctx *cx, struct cluster *c);

/* Octets that its disk has left; as many as there are where nobody knows. */
uint64_t cluster_room(const struct cluster *c);
/* Is that too little for a server to start? */
bool cluster_is_full(uint64_t room);

/* What runs there now, by its pid file, /proc and (a state that claims to be ready) a connection of 3 s at most. */
enum cluster_state cluster_look(const struct cluster *c);
/* The same without a connection, for every second: the process lives and says that it is ready. */
bool cluster_is_up(const struct cluster *c);

/*
 * CLUSTER_DOWN alone: removes what is stale, starts guard and server, and waits until it begins. Under the lock of
 * starts. *log_from_out: where its words begin in the log, for cluster_wait_ready().
 */
MUST_CHECK err_t cluster_spawn(struct ctx *cx, struct cluster *c, off_t *log_from_out);
/* Waits, within the ctx's deadline, until what was spawned takes connections. UNAVAILABLE, with a text for the
 * operator. */
MUST_CHECK err_t cluster_wait_ready(struct ctx *cx, struct cluster *c, off_t log_from);
/* The database `calends`, made when absent. UNAVAILABLE. */
MUST_CHECK err_t cluster_database(struct ctx *cx, const struct cluster *c);

/*
 * Fast shutdown, then harder ones, each for a bounded time (45 s in all), of the server and of what a killed one left:
 * afterwards no process works in the folder. Wakes what was stopped by a signal, or it could not hear.
 */
void cluster_stop(struct cluster *c);
