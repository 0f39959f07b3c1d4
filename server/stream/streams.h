/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams of changes: connections on which an account's calendars are told of as they change, as Server-Sent Events
 * (the WHATWG's HTML standard §9.2).
 *
 * Where a stream stands is one number for each of its calendars, the counter of sync tokens. One job looks for all that
 * are open on this server: which accounts the outbox has something new of, one statement for all changes of their
 * calendars since each stream's number, and now and then one that asks whether every credential is still what it was
 * (sql/queries/stream.sql). So a change that was missed, for whatever reason, is told by the next look, and a reader
 * that is slow costs no memory: its numbers stay where they are until it has taken what it was sent.
 */
#pragma once

#include "server/base/buf.h"
#include "server/base/ctx.h"
#include "server/http/held_connection.h"

#define STREAMS_EACH 100     /* of one account, with its test world */
#define STREAM_RETRY_MS 2000 /* when a client that lost its connection comes back */
#define STREAM_EVERY_MS 30   /* the job */
#define STREAM_RIGHTS_MS 400 /* how often credentials are asked for */
#define STREAM_QUIET_MS 15000
#define STREAM_LEAVES_MS 300 /* what was told before its end is taken within this time */

struct streams; /* outlives requests */

struct streams *streams_open(unsigned all);
void streams_close(struct streams *streams); /* no connection and no job uses it any more */

/* A calendar of a stream, and the number up to which it is told; 0: nothing that could be gone on from. */
struct stream_position {
	struct id calendar;
	int64_t modseq;
};

/* By what it was opened: a key, a session, or a token (slot from 0 on); a platform's key with the connection that it
 * acts for. */
#define STREAM_OF_KEY (-1)
#define STREAM_OF_SESSION (-2)
struct stream_proof {
	struct id account;
	struct bytes hash;
	int16_t slot; /* STREAM_OF_KEY, STREAM_OF_SESSION */
	struct id user, connection;
	struct str may; /* set by streams_admit() */
};

struct stream_new {
	struct id account, request;
	struct id_list granted; /* only these calendars; items NULL: all */
	bool named;             /* of one calendar; else of all that are selected, also later */
	bool once;              /* it ends when all is told */
	bool chunked;
	struct stream_proof proof;
	struct instant expires_at; /* of the credential, or INSTANT_NONE */
	struct stream_position *positions;
	size_t count;
};

/* Is this the credential of somebody, in this moment? Fills in `may`. CREDENTIALS_INVALID: not any more. */
MUST_CHECK err_t streams_admit(struct ctx *cx, struct stream_proof *proof);
/* A stream, for response_hold. RATE_LIMITED: the account, or all, have their fill. */
MUST_CHECK err_t streams_add(
	struct ctx *cx, struct streams *streams, const struct stream_new *in, struct held_connection **out);

/* A job, and its bell: it rests while no stream is open. */
struct job_bell *streams_bell(struct streams *streams);
err_t streams_run(struct ctx *cx, void *streams);

struct stream_stats {
	unsigned open;
	uint64_t opened, told, resyncs, revoked, cut;
};
struct stream_stats streams_stats(struct streams *streams);

/* ---- what stands on the wire (stream_text.c) ---- */

/*
 * An id of an event: the sync token of the calendar that it is of, which CalDAV and `events/changes` take; of a stream
 * of several calendars followed by the numbers of the others: "…/dav/sync/cal_A/7?cal_B=3&cal_C=12". Nothing where no
 * calendar has a number. For tests.
 */
void stream_id_write(
	struct buf *out, struct str public_url, const struct stream_position *positions, size_t count, size_t first);
/* False: it is none. */
bool stream_id_parse(struct arena *mem, struct str text, struct stream_position **out, size_t *count_out);

/* The first event: where it begins. */
void stream_write_ready(struct buf *out, struct arena *mem, struct str public_url, const struct stream_new *in);
/* Of a calendar that the client knew of: it is gone, or not to be seen any more. `id` absent or empty: the position
 * stays.
 */
void stream_write_removed(struct buf *out, struct arena *mem, struct str id, struct id calendar);
