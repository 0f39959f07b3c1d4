/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by streams.c (which there are), stream_look.c with stream_rights.c and stream_calendars.c (the job) and
 * stream_text.c (what is told). */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "server/http/concurrency.h"
#include "server/jobs/jobs.h"
#include "server/stream/streams.h"

struct stream_calendar {
	struct stream_position at;
	bool look; /* there may be something to tell */
};

/* `gone` aside, the job alone touches one after it was added. */
struct stream {
	struct stream *next;
	struct streams *streams;
	struct held_connection *held;
	struct arena *mem; /* of all that it points to */
	struct stream_new in;
	struct concurrency_key place;
	struct stream_calendar *calendars; /* malloc'ed */
	size_t count;
	bool list; /* which calendars it has is to be asked */
	bool ended;
	uint64_t opened_ms, said_ms;
	atomic_ullong told;
	const char *_Atomic why; /* it ended; NULL: the peer's doing, or the server stops */
	atomic_bool gone;
};

struct streams {
	struct concurrency *places;
	pthread_mutex_t lock; /* of the list */
	struct stream *first;
	atomic_uint open;
	atomic_ullong opened, told, resyncs, revoked, cut;
	struct job_bell bell;
	/* The job's: */
	struct str snapshot;
	char snapshot_text[2048];
	uint64_t rights_ms; /* when credentials are asked for next */
};

/* Frees what is gone; the others, in mem. */
struct stream **streams_live(struct streams *streams, struct arena *mem, size_t *count_out);
/* Sends what stands in `text`; nothing for an empty one. */
void stream_say(struct stream *s, struct arena *mem, struct str text);
/* The last event: why it ends. */
void stream_end(struct stream *s, struct arena *mem, const char *why);

struct stream_change {
	struct id event;
	bool deleted;
};
void stream_write_change(struct buf *out, struct arena *mem, struct str public_url, const struct stream *s,
	size_t which, const struct stream_change *change);
void stream_write_resync(struct buf *out, struct arena *mem, struct str public_url, const struct stream *s,
	size_t which, const char *why);
/* The id of an event now, of this calendar. */
struct str stream_id_of(struct arena *mem, struct str public_url, const struct stream *s, size_t which);
