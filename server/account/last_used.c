/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/last_used.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>

#include "server/base/log.h"
#include "server/crypto/digest.h"
#include "server/db/pool.h"
#include "server/db/query.h"
#include "sql.h"

#define SLOTS_FIRST 256 /* a power of two */
#define AGENT_MAX 95    /* octets of a User-Agent: what tells programs apart stands at its beginning */
#define FLUSH_PATIENCE_MS 3000
#define USES_MAX (1U << 16) /* in one interval; more are forgotten, and one of the next interval tells the same */

struct use {
	struct id account, credential;
	struct instant at;
	char ip[INET6_ADDRSTRLEN]; /* "" for none */
	char agent[AGENT_MAX + 1]; /* likewise */
	bool taken;
};

/* An open-addressed table in an arena of its own; a flush takes it whole and leaves an empty one. */
struct table {
	struct arena *mem;
	struct use *slots;
	size_t size, count;
};

struct last_used {
	struct db_pool *db;
	const struct config *config;
	unsigned every_ms;
	uint64_t salt; /* nobody chooses ids that meet in one slot */
	pthread_mutex_t lock;
	struct table uses;
	struct arena *mem; /* of this struct */
};

static struct table table_new(size_t size)
{
	struct arena *mem = arena_open();
	return (struct table){ .mem = mem, .slots = arena_array(mem, struct use, size), .size = size };
}

/* The slot of this credential, or the free one where it belongs. */
static struct use *table_slot(const struct table *t, uint64_t salt, struct id account, struct id credential)
{
	uint64_t hash = salt;
	for (size_t i = 0; i < sizeof credential.octets; i++)
		hash = (hash ^ credential.octets[i] ^ account.octets[i]) * UINT64_C(0x100000001B3);
	for (size_t at = (hash ^ hash >> 32) & (t->size - 1);; at = (at + 1) & (t->size - 1)) {
		struct use *use = &t->slots[at];
		if (!use->taken || (id_eq(use->credential, credential) && id_eq(use->account, account)))
			return use;
	}
}

static void table_grow(struct table *t, uint64_t salt)
{
	struct table bigger = table_new(t->size * 2);
	for (size_t i = 0; i < t->size; i++)
		if (t->slots[i].taken)
			*table_slot(&bigger, salt, t->slots[i].account, t->slots[i].credential) = t->slots[i];
	bigger.count = t->count;
	arena_close(t->mem);
	*t = bigger;
}

static void put(struct last_used *uses, const struct use *seen)
{
	struct table *t = &uses->uses;
	if (t->count * 2 >= t->size && t->size < USES_MAX * 2)
		table_grow(t, uses->salt);
	struct use *slot = table_slot(t, uses->salt, seen->account, seen->credential);
	if (!slot->taken && t->count >= USES_MAX)
		return;
	t->count += !slot->taken;
	if (!slot->taken || instant_before(slot->at, seen->at))
		*slot = *seen;
}

void last_used_see(struct last_used *uses, struct id account, struct id credential, struct instant at, struct str ip,
	struct str agent)
{
	struct use seen = { .account = account, .credential = credential, .at = at, .taken = true };
	if (ip.len < sizeof seen.ip && ip.len > 0)
		memcpy(seen.ip, ip.ptr, ip.len);
	if (agent.len > 0)
		memcpy(seen.agent, agent.ptr, agent.len < AGENT_MAX ? agent.len : AGENT_MAX);
	pthread_mutex_lock(&uses->lock);
	put(uses, &seen);
	pthread_mutex_unlock(&uses->lock);
	if (uses->every_ms == 0)
		last_used_flush(uses);
}

static struct table take_all(struct last_used *uses)
{
	struct table fresh = table_new(SLOTS_FIRST);
	pthread_mutex_lock(&uses->lock);
	struct table all = uses->uses;
	uses->uses = fresh;
	pthread_mutex_unlock(&uses->lock);
	return all;
}

static err_t write_all(struct ctx *cx, const struct table *t)
{
	struct id *accounts = arena_array(cx->mem, struct id, t->count);
	struct id *credentials = arena_array(cx->mem, struct id, t->count);
	struct instant *times = arena_array(cx->mem, struct instant, t->count);
	struct str *ips = arena_array(cx->mem, struct str, t->count);
	struct str *agents = arena_array(cx->mem, struct str, t->count);
	size_t n = 0;
	for (size_t i = 0; i < t->size; i++) {
		const struct use *use = &t->slots[i];
		if (!use->taken)
			continue;
		accounts[n] = use->account;
		credentials[n] = use->credential;
		times[n] = use->at;
		ips[n] = str_of(use->ip);
		agents[n++] = str_of(use->agent);
	}
	return db_exec(cx, &sql_last_used_write, NULL, IN(((struct id_list){ accounts, n })),
		IN(((struct id_list){ credentials, n })), IN(((struct instant_list){ times, n })),
		IN(((struct str_list){ ips, n })), IN(((struct str_list){ agents, n })));
}

/* What cannot be written is forgotten: the next use tells as much. */
err_t last_used_write(struct ctx *cx, void *state)
{
	struct table all = take_all(state);
	err_t e = OK;
	if (all.count > 0 && !db_disk_is_low(cx->db))
		e = write_all(cx, &all);
	arena_close(all.mem);
	return e;
}

void last_used_flush(struct last_used *uses)
{
	struct arena *mem = arena_open();
	struct ctx cx = { .mem = mem, .db = uses->db, .config = uses->config, .now = instant_now() };
	ctx_begin(&cx, FLUSH_PATIENCE_MS);
	err_t e = last_used_write(&cx, uses);
	if (e)
		log_event(LOG_WARN, "last_used_lost", LOG_STR("detail", e->detail));
	db_end(&cx);
	arena_close(mem);
}

struct last_used *last_used_open(struct db_pool *db, const struct config *config, unsigned every_ms)
{
	struct arena *mem = arena_open();
	struct last_used *uses = arena_new(mem, struct last_used);
	*uses = (struct last_used){ .db = db, .config = config, .every_ms = every_ms, .mem = mem };
	random_fill(&uses->salt, sizeof uses->salt);
	uses->uses = table_new(SLOTS_FIRST);
	pthread_mutex_init(&uses->lock, NULL);
	return uses;
}

void last_used_close(struct last_used *uses)
{
	if (!uses)
		return;
	last_used_flush(uses);
	pthread_mutex_destroy(&uses->lock);
	arena_close(uses->uses.mem);
	arena_close(uses->mem);
}
