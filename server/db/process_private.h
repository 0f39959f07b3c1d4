/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of server/db: programs of PostgreSQL as children, under a user of less power. */
#pragma once

#include <sys/types.h>

#include "server/base/ctx.h"

/* Who runs the private cluster: ourselves, or as root the system user `calends`, which is made when absent. */
struct runner {
	uid_t uid;
	gid_t gid;
	bool change; /* we are root and become this user in children */
	const char *name;
};

/* errors  INTERNAL  the system user is not there and cannot be made; the text says how */
MUST_CHECK err_t runner_find(struct ctx *cx, struct runner *out);

/*
 * Runs argv[0] as the runner: in a session of its own, standard output and error into `log` (appended), nothing else
 * open, a bare environment. UNAVAILABLE when it cannot be forked.
 */
struct program {
	const char *const *argv;
	const char *log;
};
MUST_CHECK err_t process_start(struct ctx *cx, const struct runner *as, const struct program *program, pid_t *pid_out);
/* Waits for its end, within the ctx's deadline, and kills it then; its exit status, or 128 + signal. */
int process_wait(struct ctx *cx, pid_t pid);

/*
 * Runs the program as the child of a process of ours that does nothing but guard it: the program lives as long as
 * somebody holds a shared lock (flock) of `users`. When nobody does, whatever they died of, the guard takes the lock of
 * `starts`, so that nobody is about to come, and stops it by SIGINT, after a minute by SIGQUIT, then SIGKILL. When the
 * guard itself is killed, the program gets SIGINT (it is the guard's only thread that forked it: PR_SET_PDEATHSIG is of
 * a thread). The guard ends after its program and ignores the signals that a service manager sends to all.
 */
#define GUARD_NAME "calends-guard" /* as ps(1) shows it: 15 octets at most */
MUST_CHECK err_t guard_start(struct ctx *cx, const struct runner *as, const struct program *program, const char *users,
	const char *starts, pid_t *pid_out);

/* The first part of `path` that the runner cannot pass through, or absent: path itself must be enterable too. */
struct str path_unreachable(struct ctx *cx, const struct runner *as, const char *path);
