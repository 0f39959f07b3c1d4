/* SPDX-License-Identifier: Apache-2.0 */
/* The original starts of a series, of all its rules and RDATE in one ascending order: what a walk (expand.c) goes
 * along. */
#pragma once

#include "caldav/calendar/recur/expand.h"

struct merge_source {
	struct rrule_iter *it;
	bool excludes, has;
	int64_t next;
};

struct merge {
	const struct series *s;
	int steps;
	struct merge_source sources[SERIES_RULES_MAX];
	size_t rdate; /* the next one */
	bool single;  /* without a rule DTSTART is an instance, yet to come */
};

/* Those from `from` to `until`, on the master's clock. */
void merge_open(struct arena *mem, const struct series *s, int64_t from, int64_t until, struct merge *m);
/* Do the rules exclude it? Their iterators follow: ask in ascending order. */
bool merge_excluded(struct merge *m, int64_t local);
/*
 * The next original start, each once; *rdate_out is the RDATE that it came from alone, or NULL. Only an RDATE can be
 * the second of two equal local times: it comes after all that is the first. False: there is none, or the walk is too
 * long (merge_gave_up()).
 */
bool merge_next(struct merge *m, struct when *original_out, const struct rdate **rdate_out);
/* Did it become too much work before all up to `local` was looked at? */
bool merge_gave_up(const struct merge *m, int64_t local);
