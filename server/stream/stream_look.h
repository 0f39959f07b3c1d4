/* SPDX-License-Identifier: Apache-2.0 */
/* One look of the job at all streams of this server: what its steps share. */
#pragma once

#include "server/stream/stream_private.h"

/* A stream is told so much at once. */
#define TELL_AT_ONCE ((size_t)48 * 1024)

struct look {
	struct streams *streams;
	struct stream **all;
	size_t count;
	struct str public_url;
};

/* Their accounts, each once; listing: of those alone whose calendars are to be listed. */
struct id_list stream_accounts(struct ctx *cx, const struct look *look, bool listing);

/* Ends those whose credential's time is over. */
void stream_end_expired(struct ctx *cx, struct look *look);
/* Ends those whose credential was revoked, or may something else now. */
MUST_CHECK err_t stream_end_revoked(struct ctx *cx, struct look *look);
/* Lists the calendars of those that ask for it: tells of what is gone, and adds what is new. */
MUST_CHECK err_t stream_list_calendars(struct ctx *cx, struct look *look);
