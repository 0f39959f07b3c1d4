/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a search looks through (event/words.h) stands beside each event since its last write. Of those that were written
 * before there was such a column, this job brings it: through all objects once, a portion a run, in order of account
 * and id, from where the row of words_fill says. An object's tags and the calendar's stay as they are.
 */
#pragma once

#include "server/base/ctx.h"

#define WORDS_FILL_EVERY_MS 500          /* between two portions */
#define WORDS_FILL_REST_MS (3600 * 1000) /* when there is nothing left */

/* A job's run (server/jobs/jobs.h): sets cx->found while there is more. What cannot be read stays without words. */
MUST_CHECK err_t words_fill(struct ctx *cx, void *unused);
