/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/usage.h"

#include <pthread.h>

#include "server/account/usage_counters.h"
#include "server/base/log.h"
#include "server/crypto/digest.h"
#include "server/db/pool.h"
#include "server/db/query.h"
#include "sql.h"

#define PORTION 500 /* rows of one statement */
#define FLUSH_PATIENCE_MS 3000
#define TRIM_PORTION 10000
#define TRIM_PORTIONS 200 /* in one run */

struct usage {
	struct arena *mem;
	struct db_pool *db;
	const struct config *config;
	uint64_t salt;
	pthread_mutex_t lock;
	struct usage_counters counters;
	uint64_t lost;
};

static void add(struct usage *usage, const struct usage_counted *counted)
{
	if (!usage_counters_add(&usage->counters, counted))
		usage->lost += (uint64_t)counted->requests;
}

void usage_count(struct usage *usage, const struct usage_call *call)
{
	if (!usage)
		return;
	struct usage_counted counted = usage_counted_of(call);
	pthread_mutex_lock(&usage->lock);
	add(usage, &counted);
	pthread_mutex_unlock(&usage->lock);
}

uint64_t usage_lost(struct usage *usage)
{
	if (!usage)
		return 0;
	pthread_mutex_lock(&usage->lock);
	uint64_t lost = usage->lost;
	pthread_mutex_unlock(&usage->lock);
	return lost;
}

/* ---- writing ---- */

struct portion {
	struct id accounts[PORTION], credentials[PORTION], connections[PORTION];
	int32_t days[PORTION];
	struct str routes[PORTION];
	int64_t requests[PORTION], client_errors[PORTION], server_errors[PORTION], latency[PORTION * USAGE_CLASSES];
	size_t count;
};

static struct str route_text(struct arena *mem, const struct usage_counted *counted)
{
	if (!counted->path)
		return STR("other");
	return counted->method ? str_fmt(mem, "%s %s", counted->method, counted->path) : str_of(counted->path);
}

static void portion_add(struct ctx *cx, struct portion *p, const struct usage_counted *counted)
{
	size_t i = p->count++;
	p->accounts[i] = counted->account;
	p->credentials[i] = counted->credential;
	p->connections[i] = counted->connection;
	p->days[i] = counted->day;
	p->routes[i] = route_text(cx->mem, counted);
	p->requests[i] = counted->requests;
	p->client_errors[i] = counted->client_errors;
	p->server_errors[i] = counted->server_errors;
	for (size_t k = 0; k < USAGE_CLASSES; k++)
		p->latency[i * USAGE_CLASSES + k] = counted->latency[k];
}

#define LIST(type, items) IN(((struct type){ (items), p->count }))
static err_t portion_write(struct ctx *cx, const struct portion *p)
{
	return db_exec(cx, &sql_usage_add, NULL, LIST(id_list, p->accounts), LIST(int32_list, p->days),
		LIST(id_list, p->credentials), LIST(id_list, p->connections), LIST(str_list, p->routes),
		LIST(int64_list, p->requests), LIST(int64_list, p->client_errors), LIST(int64_list, p->server_errors),
		IN(((struct int64_list){ p->latency, p->count * USAGE_CLASSES })), IN((int32_t)USAGE_ROWS_MAX));
}

/* All that was counted, or nothing; there is an empty table then. */
static bool take(struct usage *usage, struct usage_counters *out)
{
	pthread_mutex_lock(&usage->lock);
	bool idle = usage->counters.count == 0;
	pthread_mutex_unlock(&usage->lock);
	if (idle)
		return false;
	struct usage_counters fresh = usage_counters_new(usage->salt);
	pthread_mutex_lock(&usage->lock);
	*out = usage->counters;
	usage->counters = fresh;
	pthread_mutex_unlock(&usage->lock);
	return true;
}

/* Those from `first` on that were not written are counted again. */
static void give_back(struct usage *usage, const struct usage_counters *all, size_t first)
{
	pthread_mutex_lock(&usage->lock);
	for (size_t i = first; i < USAGE_SLOTS; i++)
		if (all->slots[i].requests)
			add(usage, &all->slots[i]);
	pthread_mutex_unlock(&usage->lock);
}

err_t usage_write(struct ctx *cx, void *state)
{
	struct usage *usage = state;
	struct usage_counters all;
	if (db_disk_is_low(cx->db) || !take(usage, &all))
		return OK;
	struct portion *p = arena_new(cx->mem, struct portion);
	size_t written = 0; /* slots before this */
	err_t e = OK;
	for (size_t i = 0; !e && i < USAGE_SLOTS; i++) {
		if (all.slots[i].requests)
			portion_add(cx, p, &all.slots[i]);
		if (p->count == 0 || (p->count < PORTION && i + 1 < USAGE_SLOTS))
			continue;
		e = portion_write(cx, p);
		p->count = 0;
		/* What may have been written is never written twice: a stop in that moment would double a bill. */
		written = e && !e->unsure ? written : i + 1;
	}
	if (e)
		give_back(usage, &all, written);
	usage_counters_end(&all);
	return e;
}

err_t usage_trim(struct ctx *cx)
{
	int32_t before = (int32_t)(instant_s(cx->now) / DAY_S) - USAGE_DAYS_KEPT;
	size_t gone = TRIM_PORTION;
	for (size_t i = 0; i < TRIM_PORTIONS && gone >= TRIM_PORTION; i++)
		TRY(db_exec(cx, &sql_usage_trim, &gone, IN(before), IN((int32_t)TRIM_PORTION)));
	return OK;
}

struct usage *usage_open(struct db_pool *db, const struct config *config)
{
	struct arena *mem = arena_open();
	struct usage *usage = arena_new(mem, struct usage);
	*usage = (struct usage){ .mem = mem, .db = db, .config = config };
	random_fill(&usage->salt, sizeof usage->salt);
	usage->counters = usage_counters_new(usage->salt);
	pthread_mutex_init(&usage->lock, NULL);
	return usage;
}

void usage_close(struct usage *usage)
{
	if (!usage)
		return;
	struct arena *mem = arena_open();
	struct ctx cx = { .mem = mem, .db = usage->db, .config = usage->config, .now = instant_now() };
	ctx_begin(&cx, FLUSH_PATIENCE_MS);
	err_t e = usage_write(&cx, usage);
	if (e)
		log_event(LOG_WARN, "usage_lost", LOG_STR("detail", e->detail));
	db_end(&cx);
	arena_close(mem);
	pthread_mutex_destroy(&usage->lock);
	usage_counters_end(&usage->counters);
	arena_close(usage->mem);
}
