/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time zones: the system's tz database, read once and kept (RFC 8536 files, with the rule in their footer, so that no
 * year is too late). A TZID from outside is looked up in this table and never reaches a file path.
 *
 * Local times are int64_t seconds that a clock on the wall would count from 1970-01-01T00:00:00; instants are seconds
 * of UTC. A local time in a gap takes the offset before it, one that happens twice the first (RFC 5545 §3.3.5).
 */
#pragma once

#include "server/base/ctx.h"

struct zone;

/* Load the table; INTERNAL when the system has no time zone data. Called before a server listens; who comes
 * before that loads it too (once, whichever thread). */
MUST_CHECK err_t zone_setup(struct ctx *cx);
/* How many names are known; 0 without data. */
size_t zone_count(void);
/* Of the tz database, as "2025b"; later ones come later in order. Empty where it does not say. */
struct str zone_version(void);

const struct zone *zone_utc(void);
/* By IANA name, link name, /vendor/…/Europe/Berlin or Windows name, in any case of letters. NULL if unknown. */
const struct zone *zone_by_name(struct str tzid);
/* By the name that Windows shows, "(UTC+01:00) Amsterdam, Berlin, …" with or without the offset. NULL if unknown. Where
 * an object brings a VTIMEZONE of that name, it is the VTIMEZONE that counts. */
const struct zone *zone_by_display_name(struct str name);
/* The IANA name; absent of an embedded zone. */
struct str zone_name(const struct zone *zone);

int64_t zone_to_utc(const struct zone *zone, int64_t local);
/* Of a local time that happens twice the second instant; else the same. */
int64_t zone_to_utc_second(const struct zone *zone, int64_t local);
int64_t zone_to_local(const struct zone *zone, int64_t utc);

/* One change of offset: from `utc` on it is `offset`, in seconds east of UTC. */
struct zone_change {
	int64_t utc;
	int32_t offset;
	bool daylight;
};

/* A zone of one's own from changes in order (an embedded VTIMEZONE). `first_offset` holds before them. If `endless`,
 * the last 28 years of changes go on repeating. */
const struct zone *zone_of_changes(
	struct arena *mem, int32_t first_offset, const struct zone_change *changes, size_t count, bool endless);

/* The changes from `utc` on, at most `max`, those of the footer's rule too; for writing a VTIMEZONE. */
size_t zone_changes_after(const struct zone *zone, int64_t utc, struct zone_change *out, size_t max);
int32_t zone_offset_at(const struct zone *zone, int64_t utc);
/* Does the offset stay from `from` to `to`? False also where that cannot be told. */
bool zone_is_steady(const struct zone *zone, int64_t from, int64_t to);
/* RFC 3339 as the zone's clock shows it, with its offset to the minute: 2026-12-01T09:00:00+01:00. */
struct str zone_rfc3339(struct arena *mem, const struct zone *zone, int64_t at);
