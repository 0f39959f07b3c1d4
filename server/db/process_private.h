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

MUST_CHECK err_t runner_find(struct ctx *cx, struct runner *out);

/*
 * Runs argv[0] as the runner: in a session of its own, standard output and error into `log` (appended), nothing else
 * open, a bare environment. bound_to_us: it gets SIGINT when this thread ends. UNAVAILABLE when it cannot be forked.
 */
struct program {
	const char *const *argv;
	const char *log;
	bool bound_to_us;
};
MUST_CHECK err_t process_start(struct ctx *cx, const struct runner *as, const struct program *program, pid_t *pid_out);
/* Waits for its end; its exit status, or 128 + signal. */
int process_wait(pid_t pid);

/* The first part of `path` that the runner cannot pass through, or absent: path itself must be enterable too. */
struct str path_unreachable(struct ctx *cx, const struct runner *as, const char *path);

void sleep_ms(unsigned ms);
