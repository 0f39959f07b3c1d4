/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When an object's instances are stands beside it in UTC (index/facts.h), by the rules that its time zones had when it
 * was written. Governments change them: where the system's tz database is a newer one, this job goes through all
 * objects once, a portion a run, in order of account and id, and brings what differs. Bytes, tags and sync tokens stay
 * as they are, and nobody is told: to clients nothing changed.
 */
#pragma once

#include "server/base/ctx.h"

#define ZONE_FILL_EVERY_MS 500          /* between two portions */
#define ZONE_FILL_REST_MS (3600 * 1000) /* when there is nothing left */

/* A job's run (server/jobs/jobs.h): sets cx->found while there is more. What cannot be read stays as it is. */
MUST_CHECK err_t zone_fill(struct ctx *cx, void *unused);
