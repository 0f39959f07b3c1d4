/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table in memory behind usage.h: what was counted, apart by who and what, in bounded memory. No locks: usage.c has
 * one around it.
 */
#pragma once

#include "server/account/usage.h"

#define USAGE_SLOTS 8192   /* a power of two */
#define USAGE_OWN_MAX 4096 /* what is kept apart between two writes */
#define USAGE_ALL_MAX 6144 /* with the rows for others, one an account and day */

struct usage_counted {
	struct id account, credential, connection;
	const char *method, *path; /* as in struct usage_call; path NULL: other */
	int32_t day;               /* since 1970-01-01, of UTC */
	int64_t requests, client_errors, server_errors, latency[USAGE_CLASSES];
};

struct usage_counters {
	struct arena *mem;
	struct usage_counted *slots; /* USAGE_SLOTS; one without requests is free */
	size_t count;
	uint64_t salt;
};

/* Empty. `salt`: so that nobody chooses ids that meet in one slot. */
struct usage_counters usage_counters_new(uint64_t salt);
void usage_counters_end(struct usage_counters *counters);

struct usage_counted usage_counted_of(const struct usage_call *call);
/*
 * Adds it, to what is there of the same. Where there is no room for it, it counts as "other" of its account and day;
 * false: there was none for that either, and it is lost.
 */
bool usage_counters_add(struct usage_counters *counters, const struct usage_counted *counted);
