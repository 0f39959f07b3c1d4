/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends mail that is due: some at once, in one thread, on any number of servers. What the mail server does not take for
 * now is tried again (server/jobs/retry.h), what it refuses for good is not. A server that dies loses nothing, and
 * repeats what was under way, under the same Message-ID.
 */
#pragma once

#include "server/base/ctx.h"
#include "server/mail/mail.h"

#define MAIL_AT_ONCE 8   /* of a server: connections to the mail server */
#define MAIL_LEASE_S 120 /* then who took one has lost it: longer than a try may take */

struct mail_sender; /* outlives requests; belongs to the one thread that runs the job */

/* What of the settings it needs is copied. */
struct mail_sender *mail_sender_open(const struct mail_settings *settings);
/* At a stop, when no job runs any more: waits a moment for what is under way, and notes what became of it. NULL is
 * fine. */
void mail_sender_finish(struct ctx *cx, struct mail_sender *sender);
/* What is still under way is left: it is sent again when its lease has ended. NULL is fine. */
void mail_sender_close(struct mail_sender *sender);

/* A job: takes and sends for a short while. What is under way at its end goes on in the next run. */
err_t mail_send_due(struct ctx *cx, void *sender);

#define MAIL_WAITING_MAX 100000 /* more are not counted */
struct mail_stats {
	uint64_t sent, failed, tries; /* by this process */
	uint64_t waiting;             /* in the database, as it was some seconds ago */
};
/* NULL: all zero. Thread-safe. */
struct mail_stats mail_stats(const struct mail_sender *sender);
