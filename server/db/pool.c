/* SPDX-License-Identifier: Apache-2.0 */
#include "server/db/pool.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/log.h"
#include "server/db/conn_private.h"
#include "sql.h"

static void *must_alloc(size_t count, size_t size)
{
	void *ptr = calloc(count, size);
	if (!ptr) {
		fputs("calends: out of memory\n", stderr);
		abort();
	}
	return ptr;
}

struct db_pool *db_open(const struct db_settings *settings)
{
	assert(settings->url.ptr);
	struct db_pool *pool = must_alloc(1, sizeof *pool);
	pool->url = must_alloc(settings->url.len + 1, 1);
	memcpy(pool->url, settings->url.ptr, settings->url.len);
	pool->limit = settings->connections ? settings->connections : 1;
	pool->share = pool->limit - pool->limit / 4;
	pool->holders = must_alloc(pool->limit, sizeof *pool->holders);
	pool->wait_ms = settings->wait_ms;
	pool->statement_ms = settings->statement_ms ? settings->statement_ms : PATIENCE_DEFAULT_MS;
	pool->prepare = settings->prepare;
	pool->types = must_alloc(sql_query_count, sizeof *pool->types);
	pthread_mutex_init(&pool->lock, NULL);
	return pool;
}

void db_close(struct db_pool *pool)
{
	if (!pool)
		return;
	assert(!pool->first); /* nobody waits; who still holds one was left behind by a stop that took too long */
	while (pool->idle) {
		struct db_conn *conn = pool->idle;
		pool->idle = conn->next;
		conn_close(conn);
	}
	pthread_mutex_destroy(&pool->lock);
	free(pool->holders);
	free(pool->types);
	explicit_bzero(pool->url, strlen(pool->url)); /* it may hold a password */
	free(pool->url);
	free(pool);
}

/* Somebody who waits, on the stack of their own thread, and is woken alone when it is their turn. */
struct db_turn {
	struct db_turn *next;
	struct id account;
	pthread_cond_t called;
	bool granted;
	struct db_conn *conn; /* granted: NULL is the right to open one */
};

/* Who holds this account's first connection in the list, or for zero an entry that is free; NULL if there is none. */
static struct id *holder(struct db_pool *pool, struct id account)
{
	for (unsigned i = 0; i < pool->limit; i++)
		if (id_eq(pool->holders[i], account))
			return &pool->holders[i];
	return NULL;
}

static bool has_its_share(const struct db_pool *pool, struct id account)
{
	unsigned held = 0;
	for (unsigned i = 0; i < pool->limit; i++)
		held += id_eq(pool->holders[i], account);
	return held >= pool->share;
}

/* An idle connection, or the right to open one (*out NULL), if there is one for this account. */
static bool grant(struct db_pool *pool, struct id account, struct db_conn **out)
{
	bool counted = !id_is_zero(account);
	if ((!pool->idle && pool->stats.open == pool->limit) || (counted && has_its_share(pool, account)))
		return false;
	*out = pool->idle;
	assert(!pool->idle || !pool->idle->lent); /* nobody has what is idle */
	if (pool->idle)
		pool->idle = pool->idle->next;
	else
		pool->stats.open++;
	pool->stats.busy++;
	assert(pool->stats.busy <= pool->stats.open && pool->stats.open <= pool->limit);
	if (counted) {
		struct id *free_one = holder(pool, (struct id){ { 0 } });
		assert(free_one); /* there is one for each connection */
		*free_one = account;
	}
	return true;
}

/* One was given back: each who may have it now. After this, all who wait have to. */
static void call_next(struct db_pool *pool, struct id gave)
{
	if (!id_is_zero(gave)) {
		struct id *held = holder(pool, gave);
		assert(held); /* what is given back was lent to this account */
		*held = (struct id){ { 0 } };
	}
	for (struct db_turn **at = &pool->first; *at;) {
		struct db_turn *turn = *at;
		turn->granted = grant(pool, turn->account, &turn->conn);
		if (turn->granted) {
			*at = turn->next;
			pthread_cond_signal(&turn->called);
		} else {
			at = &turn->next;
		}
	}
}

static void wait_for_turn(struct db_pool *pool, struct db_turn *turn, struct deadline until)
{
	struct db_turn **at = &pool->first;
	wait_cond_init(&turn->called);
	while (*at)
		at = &(*at)->next;
	*at = turn;
	pool->stats.waiting++;
	while (!turn->granted && wait_cond(&turn->called, &pool->lock, until))
		;
	pool->stats.waiting--;
	if (!turn->granted) {
		for (at = &pool->first; *at != turn; at = &(*at)->next)
			;
		*at = turn->next;
	}
	pthread_cond_destroy(&turn->called);
}

/* An idle connection, or the right to open one (*out NULL); false when none came free in time. */
static bool take_turn(struct ctx *cx, struct db_conn **out)
{
	struct db_pool *pool = cx->db;
	struct db_turn turn = { .account = cx->account };
	pthread_mutex_lock(&pool->lock);
	turn.granted = grant(pool, cx->account, &turn.conn);
	if (!turn.granted)
		wait_for_turn(pool, &turn, ctx_deadline(cx, pool->wait_ms));
	if (!turn.granted)
		pool->stats.timeouts++;
	pthread_mutex_unlock(&pool->lock);
	*out = turn.conn;
	return turn.granted;
}

/* An answer was lost, or there is no connection to be had; and one came. Locked. */
static void note_away(struct db_pool *pool, bool away)
{
	uint64_t now_us = clock_monotonic_us();
	if (away && !pool->away_us) {
		pool->away_us = now_us;
	} else if (!away && pool->away_us) {
		pool->was_away_us = now_us - pool->away_us;
		pool->back_us = now_us;
		pool->away_us = 0;
	}
}

#define AWAY_MOST_US (UINT64_C(600) * US_PER_S)

unsigned db_away_s(struct db_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	uint64_t was_us = pool->was_away_us < AWAY_MOST_US ? pool->was_away_us : AWAY_MOST_US;
	uint64_t back_us = pool->back_us ? clock_monotonic_us() - pool->back_us : UINT64_MAX;
	pthread_mutex_unlock(&pool->lock);
	return back_us <= was_us ? (unsigned)((was_us + back_us + US_PER_S - 1) / US_PER_S) : 0;
}

/* The connection is closed; another may be opened instead. */
static void give_right(struct db_pool *pool, struct id account)
{
	pthread_mutex_lock(&pool->lock);
	assert(pool->stats.open > 0 && pool->stats.busy > 0);
	pool->stats.open--;
	pool->stats.busy--;
	call_next(pool, account);
	pthread_mutex_unlock(&pool->lock);
}

/* One that stood idle while another one's answer was late is most probably as late. */
static bool is_good(struct db_pool *pool, struct db_conn *conn)
{
	pthread_mutex_lock(&pool->lock);
	bool suspect = conn->good_us < pool->suspect_us;
	pthread_mutex_unlock(&pool->lock);
	return !suspect && conn_is_alive(conn);
}

err_t pool_take(struct ctx *cx, struct db_conn **out)
{
	struct db_pool *pool = cx->db;
	struct db_conn *conn;
	assert(pool && !cx->tx); /* who waits for a second one while holding the first waits for themselves */
	for (;;) {
		if (!take_turn(cx, &conn)) {
			struct err *e = FAIL(cx, UNAVAILABLE, "none of %u database connections came free in %u ms",
				pool->limit, pool->wait_ms);
			e->retry_after_s = 1;
			return e;
		}
		if (!conn || is_good(pool, conn))
			break;
		/* The database went away: the others are probably dead too, and are found so in turn. */
		conn_close(conn);
		give_right(pool, cx->account);
		pthread_mutex_lock(&pool->lock);
		pool->stats.reconnects++;
		pthread_mutex_unlock(&pool->lock);
	}
	if (!conn) {
		err_t e = conn_open(cx, pool, &conn);
		if (e) {
			pthread_mutex_lock(&pool->lock);
			note_away(pool, true);
			pthread_mutex_unlock(&pool->lock);
			give_right(pool, cx->account);
			return e;
		}
	}
	assert(!conn->in_transaction && !conn->begin_pending && !conn->broken);
	conn->account = cx->account;
	conn->lent = true;
	*out = conn;
	return OK;
}

void pool_give(struct db_pool *pool, struct db_conn *conn)
{
	bool lost = conn->broken || PQstatus(conn->pg) != CONNECTION_OK;
	assert(conn->lent); /* given back twice, two would write on it */
	conn->lent = false;
	conn->begin_pending = false;
	pthread_mutex_lock(&pool->lock);
	note_away(pool, lost);
	if (conn->late) {
		pool->suspect_us = clock_monotonic_us();
		pool->stats.late++;
	}
	if (lost || conn->in_transaction) {
		pthread_mutex_unlock(&pool->lock);
		struct id account = conn->account;
		conn_close(conn);
		give_right(pool, account);
		return;
	}
	assert(pool->stats.busy > 0 && pool->stats.busy <= pool->stats.open && pool->stats.open <= pool->limit);
	conn->next = pool->idle;
	pool->idle = conn;
	pool->stats.busy--;
	call_next(pool, conn->account);
	pthread_mutex_unlock(&pool->lock);
}

void pool_count(struct db_pool *pool, bool failed)
{
	pthread_mutex_lock(&pool->lock);
	pool->stats.statements++;
	pool->stats.failures += failed;
	pthread_mutex_unlock(&pool->lock);
}

void pool_learn(struct db_pool *pool, const struct query *q, const PGresult *described)
{
	assert(q->index < sql_query_count && sql_queries[q->index] == q);
	struct db_types *types = &pool->types[q->index];
	if (PQresultStatus(described) != PGRES_COMMAND_OK || PQnparams(described) > DB_PARAMS_MAX)
		return;
	pthread_mutex_lock(&pool->lock);
	if (!atomic_load(&types->known)) {
		types->count = PQnparams(described);
		for (int i = 0; i < types->count; i++)
			types->params[i] = PQparamtype(described, i);
		atomic_store(&types->known, true);
	}
	pthread_mutex_unlock(&pool->lock);
}

struct db_stats db_stats(struct db_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	struct db_stats now = pool->stats;
	pthread_mutex_unlock(&pool->lock);
	return now;
}

void db_disk_low(struct db_pool *pool, bool low)
{
	atomic_store(&pool->disk_low, low);
}

bool db_disk_is_low(struct db_pool *pool)
{
	return atomic_load(&pool->disk_low);
}
