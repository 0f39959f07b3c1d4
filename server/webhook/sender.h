/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends deliveries that are due: many at once, in one thread, on any number of servers. An endpoint has four under way
 * at most over all of them, so that one that does not answer holds up nobody else; one that is known to answer has
 * more, as long as half of all is free.
 */
#pragma once

#include "server/base/ctx.h"

#define WEBHOOKS_AT_ONCE 64                 /* of a server */
#define WEBHOOKS_EACH 4                     /* of an endpoint, over all servers */
#define WEBHOOKS_EACH_GOOD 12               /* of one that answers: what is taken and noted together costs less */
#define WEBHOOK_LEASE_S 60                  /* then who took a delivery has lost it: longer than a call may take */
#define WEBHOOK_SENT_MAX ((size_t)4096)     /* as webhook_attempt has it */
#define WEBHOOK_ANSWER_KEPT 2048            /* octets of an answer in the log */
#define WEBHOOK_DEAD_S (INT64_C(72) * 3600) /* nothing but failure for so long disables an endpoint */

struct usage;
struct webhook_sender; /* outlives requests; belongs to the one thread that runs the job */

/* Each try counts in `usage` (NULL: nowhere). */
struct webhook_sender *webhook_sender_open(struct usage *usage);
/* At a stop, when no job runs any more: waits a moment for what is under way, and notes what became of it. */
void webhook_sender_finish(struct ctx *cx, struct webhook_sender *sender);
/* What is still under way is left: it is sent again when its lease has ended. */
void webhook_sender_close(struct webhook_sender *sender);

/* A job: takes and sends for a short while. What is under way at its end goes on in the next run. */
err_t webhook_send_due(struct ctx *cx, void *sender);
