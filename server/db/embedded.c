/* SPDX-License-Identifier: Apache-2.0 */
#include "server/db/embedded.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "server/base/log.h"
#include "server/db/cluster_private.h"

#define LOCK_WAIT_MS 30000
#define LOCK_STOP_WAIT_MS 5000

struct embedded {
	struct arena *mem;
	struct cluster cluster;
	int lock;
	bool owner; /* we stop it at the end */
};

/* ---- the lock ---- */

static bool lock_within(int fd, int how, unsigned ms)
{
	for (unsigned waited = 0;; waited += 20) {
		if (flock(fd, how | LOCK_NB) == 0)
			return true;
		if (waited >= ms)
			return false;
		sleep_ms(20);
	}
}

static err_t lock_open(struct ctx *cx, struct embedded *pg)
{
	const char *path = str_c(cx->mem, str_fmt(cx->mem, "%s/lock", pg->cluster.data_dir));
	pg->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (pg->lock < 0)
		return REFUSE(cx, INTERNAL, "", "%s cannot be opened: %s.", path, strerror(errno));
	return OK;
}

/* ---- start, adopt, join ---- */

/*
 * We hold the folder alone. A server that runs nevertheless is an orphan: its starter was killed. It may be about to
 * follow (parent-death signal), so it is looked at for a while before it is taken over.
 */
static err_t own(struct ctx *cx, struct embedded *pg)
{
	struct cluster *c = &pg->cluster;
	pid_t pid;
	enum cluster_state state = cluster_settle(c, &pid);
	for (int looks = 0; looks < 5 && state == CLUSTER_READY; looks++) {
		sleep_ms(50);
		state = cluster_settle(c, &pid);
	}
	if (state == CLUSTER_STARTING || state == CLUSTER_STOPPING) {
		log_event(LOG_WARN, "database_stuck", LOG_INT("pid", pid));
		cluster_stop(c, pid);
		state = CLUSTER_DOWN;
	}
	pg->owner = true;
	if (state != CLUSTER_READY)
		return cluster_start(cx, c);
	log_event(LOG_INFO, "database_adopted", LOG_INT("pid", pid));
	return OK;
}

/* Alone: start or adopt. Others have it open and it is up: join them. They are starting or stopping it: wait. */
static err_t enter(struct ctx *cx, struct embedded *pg)
{
	struct cluster *c = &pg->cluster;
	for (unsigned waited = 0; waited < LOCK_WAIT_MS; waited += 20) {
		pid_t pid;
		if (flock(pg->lock, LOCK_EX | LOCK_NB) == 0) {
			TRY(cluster_prepare(cx, c));
			return own(cx, pg);
		}
		if (flock(pg->lock, LOCK_SH | LOCK_NB) == 0) {
			if (cluster_look(c, &pid) == CLUSTER_READY)
				return OK;
			flock(pg->lock, LOCK_UN);
		}
		sleep_ms(20);
	}
	return REFUSE(
		cx, UNAVAILABLE, "", "Another calends has the data folder %s and does not give it back.", c->data_dir);
}

static err_t open_in(struct ctx *cx, struct str data_dir, struct embedded *pg)
{
	TRY(cluster_folder(cx, data_dir, &pg->cluster));
	TRY(lock_open(cx, pg));
	return enter(cx, pg);
}

err_t embedded_open(struct ctx *cx, struct str data_dir, struct embedded **out, const char **url_out)
{
	struct arena *mem = arena_open();
	struct embedded *pg = arena_new(mem, struct embedded);
	*pg = (struct embedded){ .mem = mem, .lock = -1 };
	/* Errors are the caller's; all else lives with the struct. */
	struct ctx own_cx = *cx;
	own_cx.mem = mem;
	err_t e = open_in(&own_cx, data_dir, pg);
	if (e) {
		err_t copy = REFUSE(cx, e->kind, "", "%.*s", STR_ARG(e->said.ptr ? e->said : e->detail));
		embedded_close(pg);
		return copy;
	}
	*out = pg;
	*url_out = pg->cluster.url;
	return OK;
}

/* Who else notices waits for the lock, and finds it running. */
static err_t restart(struct ctx *cx, struct embedded *pg)
{
	struct ctx own_cx = *cx;
	own_cx.mem = pg->mem;
	if (!lock_within(pg->lock, LOCK_EX, LOCK_STOP_WAIT_MS))
		return OK; /* a command is at work beside us; the next round tries again */
	log_event(LOG_WARN, "database_gone", LOG_C("folder", pg->cluster.data_dir));
	return own(&own_cx, pg);
}

void embedded_keep(struct ctx *cx, struct embedded *pg)
{
	if (!pg)
		return;
	if (!cluster_is_up(&pg->cluster)) {
		err_t e = restart(cx, pg);
		if (e)
			log_event(LOG_ERROR, "database_down", LOG_STR("why", e->said.ptr ? e->said : e->detail));
	}
	flock(pg->lock, LOCK_SH);
}

/* Commands beside us finish first, for a moment. */
static void stop(struct embedded *pg)
{
	pid_t pid;
	lock_within(pg->lock, LOCK_EX, LOCK_STOP_WAIT_MS);
	if (cluster_look(&pg->cluster, &pid) != CLUSTER_DOWN)
		cluster_stop(&pg->cluster, pid);
}

void embedded_close(struct embedded *pg)
{
	if (!pg)
		return;
	if (pg->owner)
		stop(pg);
	if (pg->lock >= 0)
		close(pg->lock);
	arena_close(pg->mem);
}
