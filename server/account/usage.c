/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/usage.h"

#include <pthread.h>

#include "server/base/log.h"
#include "server/crypto/digest.h"
#include "server/db/query.h"
#include "sql.h"

#define SLOTS 8192   /* a power of two */
#define OWN_MAX 4096 /* what is kept apart between two writes */
#define ALL_MAX 6144 /* with the rows for others */
#define PORTION 500       /* rows of one statement */
#define FLUSH_PATIENCE_MS 3000
#define TRIM_PORTION 10000
#define DAY_S INT64_C(86400)

struct slot {
	struct id account, credential, connection;
	const char *method, *path; /* path NULL: other */
	int32_t day;
	bool taken;
	int64_t requests, client_errors, server_errors, latency[USAGE_CLASSES];
};

struct table {
	struct arena *mem;
	struct slot *slots;
	size_t count;
};

struct usage {
	struct arena *mem;
	struct db_pool *db;
	const struct config *config;
	uint64_t salt; /* nobody chooses ids that meet in one slot */
	pthread_mutex_t lock;
	struct table table;
	uint64_t lost;
};

static struct table table_new(void)
{
	struct arena *mem = arena_open();
	return (struct table){ .mem = mem, .slots = arena_array(mem, struct slot, SLOTS) };
}

/* ---- counting ---- */

static uint64_t mix(uint64_t hash, const void *octets, size_t count)
{
	const unsigned char *at = octets;
	for (size_t i = 0; i < count; i++)
		hash = (hash ^ at[i]) * UINT64_C(0x100000001B3);
	return hash;
}

static bool same(const struct slot *a, const struct slot *b)
{
	return a->path == b->path && a->method == b->method && a->day == b->day && id_eq(a->account, b->account) &&
	       id_eq(a->credential, b->credential) && id_eq(a->connection, b->connection);
}

/* The slot of this, or the free one where it belongs. */
static struct slot *slot_of(const struct usage *usage, const struct slot *wanted)
{
	uint64_t hash = mix(usage->salt, &wanted->account, sizeof wanted->account);
	hash = mix(hash, &wanted->credential, sizeof wanted->credential);
	hash = mix(hash, &wanted->connection, sizeof wanted->connection);
	hash = mix(hash, &wanted->path, sizeof wanted->path);
	hash = mix(hash, &wanted->method, sizeof wanted->method);
	hash = mix(hash, &wanted->day, sizeof wanted->day);
	for (size_t at = (hash ^ hash >> 32) & (SLOTS - 1);; at = (at + 1) & (SLOTS - 1)) {
		struct slot *slot = &usage->table.slots[at];
		if (!slot->taken || same(slot, wanted))
			return slot;
	}
}

static void add(struct usage *usage, const struct slot *counted)
{
	struct slot *slot = slot_of(usage, counted);
	struct slot other = { .account = counted->account, .day = counted->day };
	if (!slot->taken && usage->table.count >= OWN_MAX) {
		slot = slot_of(usage, &other);
		if (!slot->taken && usage->table.count >= ALL_MAX) {
			usage->lost += (uint64_t)counted->requests;
			return;
		}
	} else {
		other = *counted;
	}
	if (!slot->taken) {
		*slot = (struct slot){ other.account, other.credential, other.connection, other.method, other.path,
			other.day, .taken = true };
		usage->table.count++;
	}
	slot->requests += counted->requests;
	slot->client_errors += counted->client_errors;
	slot->server_errors += counted->server_errors;
	for (size_t i = 0; i < USAGE_CLASSES; i++)
		slot->latency[i] += counted->latency[i];
}

void usage_count(struct usage *usage, const struct usage_call *call)
{
	size_t class = 0;
	if (!usage)
		return;
	while (class < USAGE_CLASSES - 1 && call->took_us >= UINT64_C(250) << class)
		class ++;
	struct slot counted = { call->account, call->credential, call->connection, call->method, call->path,
		(int32_t)(instant_s(call->at) / DAY_S), .requests = 1, .client_errors = call->client_error,
		.server_errors = call->server_error };
	counted.latency[class] = 1;
	pthread_mutex_lock(&usage->lock);
	add(usage, &counted);
	pthread_mutex_unlock(&usage->lock);
}

uint64_t usage_lost(struct usage *usage)
{
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

static void portion_add(struct ctx *cx, struct portion *p, const struct slot *slot)
{
	size_t i = p->count++;
	p->accounts[i] = slot->account;
	p->credentials[i] = slot->credential;
	p->connections[i] = slot->connection;
	p->days[i] = slot->day;
	p->routes[i] = !slot->path    ? STR("other")
		       : slot->method ? str_fmt(cx->mem, "%s %s", slot->method, slot->path)
				      : str_of(slot->path);
	p->requests[i] = slot->requests;
	p->client_errors[i] = slot->client_errors;
	p->server_errors[i] = slot->server_errors;
	for (size_t k = 0; k < USAGE_CLASSES; k++)
		p->latency[i * USAGE_CLASSES + k] = slot->latency[k];
}

#define LIST(type, items) IN(((struct type){ (items), p->count }))
static err_t portion_write(struct ctx *cx, const struct portion *p)
{
	return db_exec(cx, &sql_usage_add, NULL, LIST(id_list, p->accounts), LIST(int32_list, p->days),
		LIST(id_list, p->credentials), LIST(id_list, p->connections), LIST(str_list, p->routes),
		LIST(int64_list, p->requests), LIST(int64_list, p->client_errors), LIST(int64_list, p->server_errors),
		IN(((struct int64_list){ p->latency, p->count * USAGE_CLASSES })), IN((int32_t)USAGE_ROWS_MAX));
}

/* Those from `first` on that were not written count again. */
static void give_back(struct usage *usage, const struct table *all, size_t first)
{
	pthread_mutex_lock(&usage->lock);
	for (size_t i = first; i < SLOTS; i++)
		if (all->slots[i].taken)
			add(usage, &all->slots[i]);
	pthread_mutex_unlock(&usage->lock);
}

err_t usage_write(struct ctx *cx, void *state)
{
	struct usage *usage = state;
	pthread_mutex_lock(&usage->lock);
	bool idle = usage->table.count == 0;
	pthread_mutex_unlock(&usage->lock);
	if (idle)
		return OK;
	struct table fresh = table_new();
	struct portion *p = arena_new(cx->mem, struct portion);
	size_t written = 0; /* slots before this */
	err_t e = OK;
	pthread_mutex_lock(&usage->lock);
	struct table all = usage->table;
	usage->table = fresh;
	pthread_mutex_unlock(&usage->lock);
	for (size_t i = 0; !e && i < SLOTS; i++) {
		if (all.slots[i].taken)
			portion_add(cx, p, &all.slots[i]);
		if (p->count == 0 || (p->count < PORTION && i + 1 < SLOTS))
			continue;
		e = portion_write(cx, p);
		p->count = 0;
		written = e ? written : i + 1;
	}
	if (e)
		give_back(usage, &all, written);
	arena_close(all.mem);
	return e;
}

err_t usage_trim(struct ctx *cx)
{
	return db_exec(cx, &sql_usage_trim, NULL, IN((int32_t)(instant_s(cx->now) / DAY_S - USAGE_DAYS_KEPT)),
		IN((int32_t)TRIM_PORTION));
}

struct usage *usage_open(struct db_pool *db, const struct config *config)
{
	struct arena *mem = arena_open();
	struct usage *usage = arena_new(mem, struct usage);
	*usage = (struct usage){ .mem = mem, .db = db, .config = config, .table = table_new() };
	random_fill(&usage->salt, sizeof usage->salt);
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
	arena_close(usage->table.mem);
	arena_close(usage->mem);
}
