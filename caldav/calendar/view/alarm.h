/* SPDX-License-Identifier: Apache-2.0 */
/* When alarms ring (RFC 5545 §3.6.6, RFC 9074). */
#pragma once

#include "caldav/calendar/recur/expand.h"
#include "caldav/calendar/store/store.h"

struct alarm {
	bool good, absolute, from_end;
	int64_t at;          /* absolute: UTC */
	struct length after; /* relative: of start or end */
	int64_t repeat, every;
	int64_t acknowledged; /* what rings up to then has been seen (RFC 9074 §6.1); INT64_MIN: nothing */
};

/* A VALARM; not good: it has no trigger that can be read. */
struct alarm alarm_read(const struct ical_comp *comp);

/*
 * When an alarm of an event rings next, from account_now() on: of one instance (its recurrence id), or with an absent
 * one of any within ALARM_HORIZON_YEARS. What is cancelled has no alarm. INSTANT_NONE: none rings.
 *
 * errors  NOT_FOUND (no such instance), TOO_COSTLY
 */
#define ALARM_HORIZON_YEARS 10
MUST_CHECK err_t alarm_next(
	struct ctx *cx, const struct object *object, struct str instance, struct str zone, struct instant *out);
