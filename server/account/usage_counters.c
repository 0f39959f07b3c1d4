/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/usage_counters.h"

struct usage_counters usage_counters_new(uint64_t salt)
{
	struct arena *mem = arena_open();
	return (struct usage_counters){
		.mem = mem,
		.slots = arena_array(mem, struct usage_counted, USAGE_SLOTS),
		.salt = salt,
	};
}

void usage_counters_end(struct usage_counters *counters)
{
	arena_close(counters->mem);
}

struct usage_counted usage_counted_of(const struct usage_call *call)
{
	struct usage_counted counted = {
		.account = call->account,
		.credential = call->credential,
		.connection = call->connection,
		.method = call->method,
		.path = call->path,
		.day = (int32_t)(instant_s(call->at) / DAY_S),
		.requests = 1,
		.client_errors = call->client_error,
		.server_errors = call->server_error,
	};
	size_t i = 0;
	while (i < USAGE_CLASSES - 1 && call->took_us >= (uint64_t)USAGE_CLASS_FIRST_US << i)
		i++;
	counted.latency[i] = 1;
	return counted;
}

static uint64_t mix(uint64_t hash, const void *octets, size_t count)
{
	const unsigned char *at = octets;
	for (size_t i = 0; i < count; i++)
		hash = (hash ^ at[i]) * UINT64_C(0x100000001B3);
	return hash;
}

static bool same(const struct usage_counted *a, const struct usage_counted *b)
{
	return a->path == b->path && a->method == b->method && a->day == b->day && id_eq(a->account, b->account) &&
	       id_eq(a->credential, b->credential) && id_eq(a->connection, b->connection);
}

/* The slot of this, or the free one where it belongs: there is always one, as USAGE_ALL_MAX are less than all. */
static struct usage_counted *slot_of(const struct usage_counters *counters, const struct usage_counted *wanted)
{
	uint64_t hash = mix(counters->salt, &wanted->account, sizeof wanted->account);
	hash = mix(hash, &wanted->credential, sizeof wanted->credential);
	hash = mix(hash, &wanted->connection, sizeof wanted->connection);
	hash = mix(hash, &wanted->path, sizeof wanted->path);
	hash = mix(hash, &wanted->method, sizeof wanted->method);
	hash = mix(hash, &wanted->day, sizeof wanted->day);
	for (size_t at = (hash ^ hash >> 32) & (USAGE_SLOTS - 1);; at = (at + 1) & (USAGE_SLOTS - 1)) {
		struct usage_counted *slot = &counters->slots[at];
		if (!slot->requests || same(slot, wanted))
			return slot;
	}
}

static void sum(struct usage_counted *slot, const struct usage_counted *counted)
{
	slot->requests += counted->requests;
	slot->client_errors += counted->client_errors;
	slot->server_errors += counted->server_errors;
	for (size_t i = 0; i < USAGE_CLASSES; i++)
		slot->latency[i] += counted->latency[i];
}

bool usage_counters_add(struct usage_counters *counters, const struct usage_counted *counted)
{
	const struct usage_counted other = { .account = counted->account, .day = counted->day };
	const struct usage_counted *as = counted;
	struct usage_counted *slot = slot_of(counters, as);
	if (!slot->requests && counters->count >= USAGE_OWN_MAX) {
		as = &other;
		slot = slot_of(counters, as);
	}
	if (!slot->requests && counters->count >= USAGE_ALL_MAX)
		return false;
	if (slot->requests) {
		sum(slot, counted);
		return true;
	}
	*slot = *counted;
	slot->credential = as->credential;
	slot->connection = as->connection;
	slot->method = as->method;
	slot->path = as->path;
	counters->count++;
	return true;
}
