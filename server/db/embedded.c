/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who starts and who stops the private cluster.
 *
 * Roles. Everybody who uses it is a user and holds `lock` shared. A user becomes one in enter() (a command, or a server
 * at its start) and ceases to be one in embedded_close(), or by dying. A server that is a user is also a keeper: once a
 * second it sees that the cluster is there. The guard is the server process's parent and no user.
 *
 * Rules. (1) Only who holds `lock.start` starts or stops anything, or becomes a user. (2) Nobody stops what another one
 * uses: who cannot have `lock` exclusively leaves it running. (3) The last one stops it: the user who leaves, or when
 * that was killed the guard. So no death of a user, in whatever order, leaves a cluster without one who will stop it,
 * or takes it from under another.
 *
 *                    spawn                 (recovered)
 *        DOWN ─────────────────> STARTING ────────────> READY ──> ORPHAN   the guard was killed, it is about to stop
 *          ^  ^                     │                    │  └────> MUTE     it claims to be ready and does not answer
 *          │  └── REMAINS <─────────┴── killed ──────────┤           │
 *          │      (its children, for a moment)           │ last one  │
 *          └──────────────── STOPPING <──────────────────┴───────────┘
 *
 * Who cannot look (UNSEEN: no descriptor is left) does nothing, whatever the state.
 *
 * What is done in each of these states, and to whom others are in the way, is the table below.
 */
#include "server/db/embedded.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "server/base/log.h"
#include "server/db/cluster_private.h"

#define LEAVE_WAIT_MS 5000
#define LOOK_AGAIN_MS 20

struct embedded {
	struct arena *mem;
	struct cluster cluster;
	int users, starts; /* descriptors of the two locks */
	unsigned stuck;    /* rounds of the keeper in which it was stopping */
};

enum step {
	SPAWN, /* start it */
	STOP,  /* end what is left of it, which makes it DOWN */
	USE,
	REFUSE_MUTE,  /* a person must look at it */
	REFUSE_UNSEEN /* we cannot look at it */
};

/* clang-format off */
static const struct {
	unsigned wait_ms;             /* in which the state may become another by itself; then: */
	enum step alone, with_others; /* who comes in, and no other user, or some */
} table[] = {
	[CLUSTER_DOWN]     = { 0,      SPAWN, SPAWN },
	[CLUSTER_REMAINS]  = { 5000,   STOP,  STOP },
	[CLUSTER_STARTING] = { 300000, STOP,  STOP }, /* a recovery may take minutes */
	[CLUSTER_READY]    = { 0,      USE,   USE },
	[CLUSTER_ORPHAN]   = { 2000,   STOP,  USE },
	[CLUSTER_MUTE]     = { 2000,   STOP,  REFUSE_MUTE },
	[CLUSTER_STOPPING] = { 30000,  STOP,  STOP },
	[CLUSTER_UNSEEN]   = { 2000,   REFUSE_UNSEEN, REFUSE_UNSEEN },
};
/* clang-format on */

static_assert(ARRAY_LEN(table) == CLUSTER_STATES, "every state has its row");

/* ---- locks ---- */

/*
 * They belong to the runner, so that a server that gave up being root, and the guard, can open them too. A command of
 * another user who may enter the folder is refused here.
 */
static err_t lock_open(struct ctx *cx, const struct cluster *c, const char *path, int *out)
{
	*out = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*out < 0 || (c->runner.change && geteuid() == 0 && fchown(*out, c->runner.uid, c->runner.gid) != 0))
		return REFUSE(cx, INTERNAL, "", "%s cannot be opened: %s.", path, strerror(errno));
	return OK;
}

static bool starts_take(struct embedded *pg, struct deadline until)
{
	while (flock(pg->starts, LOCK_EX | LOCK_NB) != 0)
		if (!wait_ms(LOOK_AGAIN_MS, until))
			return false;
	return true;
}

static void starts_give(struct embedded *pg)
{
	flock(pg->starts, LOCK_UN);
}

/*
 * Under `starts`: is there no other user? The lock is exclusive then, until become_shared_user(). Where it is refused
 * it may be lost (flock(2)), which nobody sees as long as nobody else can start or stop.
 */
static bool is_alone(struct embedded *pg)
{
	return flock(pg->users, LOCK_EX | LOCK_NB) == 0;
}

static void become_shared_user(struct embedded *pg)
{
	int got = flock(pg->users, LOCK_SH | LOCK_NB);
	assert(got == 0); /* under `starts` there is nobody who has it exclusively */
	(void)got;
}

/* ---- enter ---- */

/* The state after the time in which it may become another by itself. */
static enum cluster_state settled(const struct embedded *pg, struct deadline until)
{
	enum cluster_state first = cluster_look(&pg->cluster), now = first;
	struct deadline own = deadline_sooner(until, deadline_in_ms(table[first].wait_ms));
	while (now == first && table[first].wait_ms && wait_ms(LOOK_AGAIN_MS, own))
		now = cluster_look(&pg->cluster);
	return now;
}

static err_t spawn_and_wait(struct ctx *cx, struct embedded *pg)
{
	off_t log_from;
	TRY(cluster_spawn(cx, &pg->cluster, &log_from));
	return cluster_wait_ready(cx, &pg->cluster, log_from);
}

/* Who cannot see whether it runs must not take it for gone: its files would be removed under it. */
static err_t unseen(struct ctx *cx, const struct embedded *pg)
{
	return REFUSE(cx, UNAVAILABLE, "",
		"Whether the private PostgreSQL in %s runs cannot be seen: give this process more file descriptors "
		"(ulimit -n), the "
		"right to read that folder, and /proc.",
		pg->cluster.data_dir);
}

/* Under `starts`: until it is ready, or cannot be. */
static err_t make_ready(struct ctx *cx, struct embedded *pg, bool alone)
{
	struct deadline until = ctx_deadline(cx, UINT32_MAX);
	while (!deadline_passed(until) && !wait_signal_came()) {
		enum cluster_state before = cluster_look(&pg->cluster), state = settled(pg, until);
		if (state != before || deadline_passed(until) || wait_signal_came())
			continue; /* the new state has its own time */
		switch (alone ? table[state].alone : table[state].with_others) {
		case USE:
			return OK;
		case SPAWN:
			return spawn_and_wait(cx, pg);
		case STOP:
			log_event(LOG_WARN, "database_stopped_to_start", LOG_INT("state", state),
				LOG_C("folder", pg->cluster.data_dir));
			cluster_stop(&pg->cluster);
			break;
		case REFUSE_MUTE:
			return REFUSE(cx, UNAVAILABLE, "",
				"The private PostgreSQL in %s runs, is used by another calends, and does not answer: "
				"see its processes and %s.",
				pg->cluster.data_dir, pg->cluster.log);
		case REFUSE_UNSEEN:
			return unseen(cx, pg);
		}
	}
	return REFUSE(cx, UNAVAILABLE, "", "The private PostgreSQL in %s was not ready %s. See %s.",
		pg->cluster.data_dir, wait_signal_came() ? "when we were told to stop" : "in time", pg->cluster.log);
}

static err_t enter(struct ctx *cx, struct embedded *pg)
{
	struct ctx lasting = *cx; /* strings of the cluster live as long as it; errors are the caller's */
	lasting.mem = pg->mem;
	if (!starts_take(pg, ctx_deadline(cx, UINT32_MAX)))
		return REFUSE(cx, UNAVAILABLE, "",
			"Another calends is starting or stopping the PostgreSQL in %s and does not come to an end.",
			pg->cluster.data_dir);
	bool alone = is_alone(pg);
	err_t e = cluster_prepare(&lasting, &pg->cluster);
	if (!e)
		e = make_ready(cx, pg, alone);
	if (!e)
		e = cluster_database(cx, &pg->cluster);
	if (e && alone && cluster_look(&pg->cluster) != CLUSTER_DOWN)
		cluster_stop(&pg->cluster);
	if (!e)
		become_shared_user(pg);
	starts_give(pg);
	return e;
}

static err_t open_in(struct ctx *cx, struct str data_dir, struct embedded *pg)
{
	struct ctx lasting = *cx;
	lasting.mem = pg->mem;
	TRY(cluster_folder(&lasting, data_dir, &pg->cluster));
	TRY(lock_open(cx, &pg->cluster, pg->cluster.users_lock, &pg->users));
	TRY(lock_open(cx, &pg->cluster, pg->cluster.start_lock, &pg->starts));
	return enter(cx, pg);
}

static void let_go(struct embedded *pg)
{
	if (pg->users >= 0)
		close(pg->users);
	if (pg->starts >= 0)
		close(pg->starts);
	arena_close(pg->mem);
}

err_t embedded_open(struct ctx *cx, struct str data_dir, struct embedded **out, const char **url_out)
{
	struct arena *mem = arena_open();
	struct embedded *pg = arena_new(mem, struct embedded);
	*pg = (struct embedded){ .mem = mem, .users = -1, .starts = -1 };
	err_t e = open_in(cx, data_dir, pg);
	if (e) {
		err_t copy = REFUSE(cx, e->kind, "", "%.*s", STR_ARG(err_logged(e)));
		let_go(pg);
		return copy;
	}
	*out = pg;
	*url_out = pg->cluster.url;
	return OK;
}

/* ---- keep ---- */

#define STUCK_ROUNDS 10 /* seconds for the last of a killed server to go, or for one that stops */

/* The commonest reason is told at once: whoever looks here at night should not have to find PostgreSQL's log first. */
static void tell_gone(const struct cluster *c)
{
	uint64_t left = cluster_room(c);
	log_event(LOG_WARN, "database_gone", LOG_C("folder", c->data_dir), LOG_INT("mib_left", (long long)(left >> 20)),
		LOG_C("disk", cluster_is_full(left) ? "full" : "has room"), LOG_C("see", c->log));
}

/* Under `starts`. What is under way is left to itself, and seen again in a second. */
static err_t start_again(struct ctx *cx, struct embedded *pg)
{
	off_t log_from;
	enum cluster_state state = cluster_look(&pg->cluster);
	if (state == CLUSTER_UNSEEN)
		return unseen(cx, pg);
	if (state == CLUSTER_STARTING || state == CLUSTER_READY ||
		(state != CLUSTER_DOWN && ++pg->stuck < STUCK_ROUNDS))
		return OK;
	tell_gone(&pg->cluster);
	pg->stuck = 0;
	if (state != CLUSTER_DOWN)
		cluster_stop(&pg->cluster);
	return cluster_spawn(cx, &pg->cluster, &log_from);
}

err_t embedded_keep(struct ctx *cx, struct embedded *pg)
{
	if (!pg)
		return OK;
	if (cluster_is_up(&pg->cluster)) {
		pg->stuck = 0;
		return OK;
	}
	if (flock(pg->starts, LOCK_EX | LOCK_NB) != 0)
		return OK; /* somebody is at it */
	err_t e = start_again(cx, pg);
	starts_give(pg);
	return e;
}

const char *embedded_folder(const struct embedded *pg)
{
	return pg ? pg->cluster.data_dir : NULL;
}

/* ---- leave ---- */

void embedded_close(struct embedded *pg)
{
	if (!pg)
		return;
	/* Who is starting beside us becomes its user; where that takes too long, the guard sees that we have gone. */
	if (starts_take(pg, deadline_in_ms(LEAVE_WAIT_MS)) && is_alone(pg) &&
		cluster_look(&pg->cluster) != CLUSTER_DOWN)
		cluster_stop(&pg->cluster);
	let_go(pg);
}
