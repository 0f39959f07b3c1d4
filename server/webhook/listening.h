/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which accounts have somebody who is told of their changes, as far as this process knows, so that a write of which
 * nobody hears wakes no reader of the outbox. It only says who need not hurry: all rows are read at the readers' rest
 * (server/jobs/jobs.h), whatever stands here, so that an endpoint made elsewhere in between costs a second and no
 * event.
 */
#pragma once

#include "server/base/id.h"

#define LISTENING_SLOTS 1024    /* accounts that are known; two in one slot are looked up in turn */
#define LISTENING_FOR_MS 5000   /* so long it is believed */
#define LISTENING_ASKED_MAX 100 /* looked up at once */

struct listening;

struct listening *listening_open(void);
void listening_close(struct listening *listening);

/* May somebody be told of what this account wrote? False where it was looked up lately and nobody listens; who is not
 * known is noted, to be looked up. Thread-safe, as all of these. */
bool listening_may(struct listening *listening, struct id account, uint64_t now_ms);
/* Something of it changed by which somebody may listen: what is known, or just looked up, counts no more. */
void listening_forget(struct listening *listening, struct id account);

/* For who looks up: those that were noted, at most LISTENING_ASKED_MAX; how many. */
size_t listening_asked(struct listening *listening, struct id *out);
/* What was found, unless it was forgotten meanwhile. */
void listening_learn(struct listening *listening, struct id account, bool listened, uint64_t now_ms);
