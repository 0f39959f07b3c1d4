/* SPDX-License-Identifier: Apache-2.0 */
#include "server/stream/streams.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/log.h"
#include "server/db/query.h"
#include "server/stream/stream_private.h"
#include "sql.h"

/* What one peer may have waiting: what a look tells of at once, and the end. */
#define ROOM ((size_t)96 * 1024)
#define END_CHUNKED "event: end\ndata: {\"object\":\"end\",\"reason\":\"server_stopping\"}\n\n"

/* ---- the end of one ---- */

static void on_gone(void *owner, bool cut)
{
	struct stream *s = owner;
	struct streams *all = s->streams;
	const char *why = atomic_load(&s->why);
	struct arena *mem = arena_open();
	log_event(LOG_INFO, "stream_ended", LOG_STR("id", id_text(mem, "req", s->in.request)),
		LOG_C("reason", why   ? why
				: cut ? "not_taken"
				      : "left"),
		LOG_INT("told", atomic_load(&s->told)),
		LOG_INT("seconds", (clock_monotonic_ms() - s->opened_ms) / 1000));
	arena_close(mem);
	concurrency_leave(all->places, &s->place, 1);
	atomic_fetch_sub(&all->open, 1);
	if (cut)
		atomic_fetch_add(&all->cut, 1);
	atomic_store(&s->gone, true);
}

static const struct held_ops chunked = {
	.gone = on_gone,
	.farewell = STR_INIT("3e\r\n" END_CHUNKED "\r\n0\r\n\r\n"),
};
static const struct held_ops plain = { .gone = on_gone, .farewell = STR_INIT(END_CHUNKED) };
static_assert(sizeof END_CHUNKED - 1 == 0x3e, "the size of the chunk");

static void free_one(struct stream *s)
{
	held_leave(s->held);
	free(s->calendars);
	arena_close(s->mem);
	free(s);
}

/* ---- all of them ---- */

struct streams *streams_open(unsigned all)
{
	struct streams *streams = calloc(1, sizeof *streams);
	if (!streams)
		abort();
	streams->places = concurrency_open(all < STREAMS_EACH ? all : STREAMS_EACH, all);
	pthread_mutex_init(&streams->lock, NULL);
	return streams;
}

void streams_close(struct streams *streams)
{
	if (!streams)
		return;
	while (streams->first) {
		struct stream *s = streams->first;
		streams->first = s->next;
		free_one(s);
	}
	concurrency_close(streams->places);
	pthread_mutex_destroy(&streams->lock);
	free(streams);
}

struct job_bell *streams_bell(struct streams *streams)
{
	return &streams->bell;
}

struct stream **streams_live(struct streams *streams, struct arena *mem, size_t *count_out)
{
	size_t count = 0;
	struct stream *gone = NULL;
	pthread_mutex_lock(&streams->lock);
	for (struct stream **at = &streams->first, *s; (s = *at) != NULL;) {
		if (atomic_load(&s->gone)) {
			*at = s->next;
			s->next = gone;
			gone = s;
		} else {
			count++;
			at = &s->next;
		}
	}
	struct stream **live = arena_array(mem, struct stream *, count + 1);
	size_t i = 0;
	for (struct stream *s = streams->first; s; s = s->next)
		live[i++] = s;
	pthread_mutex_unlock(&streams->lock);
	for (struct stream *next; gone; gone = next) {
		next = gone->next;
		free_one(gone);
	}
	*count_out = count;
	return live;
}

struct stream_stats streams_stats(struct streams *streams)
{
	if (!streams)
		return (struct stream_stats){ 0 };
	return (struct stream_stats){
		.open = atomic_load(&streams->open),
		.opened = atomic_load(&streams->opened),
		.told = atomic_load(&streams->told),
		.resyncs = atomic_load(&streams->resyncs),
		.revoked = atomic_load(&streams->revoked),
		.cut = atomic_load(&streams->cut),
	};
}

/* ---- a new one ---- */

struct access_row {
	int64_t nth;
	struct str may;
};
DB_RESULT(stream_access, struct access_row, nth, may);

err_t streams_admit(struct ctx *cx, struct stream_proof *proof)
{
	struct access_row row;
	struct str none = STR("");
#define ONE(type, item) IN(((struct type){ (item), 1 }))
	err_t e = db_row(cx, &sql_stream_access, ROW(stream_access, &row), ONE(id_list, &proof->account),
		ONE(bytes_list, &proof->hash), ONE(int16_list, &proof->slot), ONE(id_list, &proof->user),
		ONE(id_list, &proof->connection), ONE(str_list, &none));
	if (err_is(e, NOT_FOUND) || (!e && !row.may.ptr))
		return FAIL(cx, CREDENTIALS_INVALID, "it ended while it was used");
	TRY(e);
	proof->may = row.may;
	return OK;
}

static struct id_list ids_kept(struct arena *mem, struct id_list from)
{
	if (!from.items)
		return from;
	struct id *items = arena_array(mem, struct id, from.count + 1);
	memcpy(items, from.items, from.count * sizeof *items);
	return (struct id_list){ items, from.count };
}

static struct stream *stream_of(struct streams *streams, const struct stream_new *in)
{
	struct stream *s = calloc(1, sizeof *s);
	if (!s || !(s->calendars = calloc(in->count + 1, sizeof *s->calendars)))
		abort();
	s->streams = streams;
	s->mem = arena_open();
	s->in = *in;
	s->in.granted = ids_kept(s->mem, in->granted);
	struct str hash = str_dup(s->mem, bytes_str(in->proof.hash));
	s->in.proof.hash = bytes_of(hash.ptr, hash.len);
	s->in.proof.may = str_dup(s->mem, in->proof.may);
	s->in.positions = NULL;
	s->place = concurrency_account(in->account);
	s->count = in->count;
	for (size_t i = 0; i < in->count; i++)
		s->calendars[i] = (struct stream_calendar){ in->positions[i], true };
	s->list = true; /* they may have become others since they were asked for */
	s->opened_ms = s->said_ms = clock_monotonic_ms();
	s->held = held_open(in->chunked ? &chunked : &plain, s, ROOM);
	return s;
}

err_t streams_add(struct ctx *cx, struct streams *streams, const struct stream_new *in, struct held_connection **out)
{
	struct concurrency_key place = concurrency_account(in->account);
	if (!concurrency_take(streams->places, &place, 1)) {
		struct err *e = REFUSE(cx, RATE_LIMITED, "",
			"Too many streams are open, of this account (%d at most) or in all. Close some, or wait.",
			STREAMS_EACH);
		e->retry_after_s = 5;
		return e;
	}
	struct stream *s = stream_of(streams, in);
	atomic_fetch_add(&streams->open, 1);
	atomic_fetch_add(&streams->opened, 1);
	*out = s->held;
	pthread_mutex_lock(&streams->lock);
	s->next = streams->first;
	streams->first = s;
	pthread_mutex_unlock(&streams->lock);
	job_bell_ring(&streams->bell);
	return OK;
}

/* ---- telling ---- */

void stream_say(struct stream *s, struct arena *mem, struct str text)
{
	struct buf out = buf_new(mem, ROOM);
	if (!text.len)
		return;
	if (s->in.chunked)
		buf_fmt(&out, "%zx\r\n", text.len);
	buf_add(&out, text);
	if (s->in.chunked)
		BUF_LIT(&out, "\r\n");
	if (!held_send(s->held, buf_str(&out)))
		held_cut(s->held); /* it has more than it may have; nothing when it is gone */
	s->said_ms = clock_monotonic_ms();
}

void stream_end(struct stream *s, struct arena *mem, const char *why)
{
	if (s->ended)
		return;
	s->ended = true;
	atomic_store(&s->why, why);
	s->said_ms = clock_monotonic_ms();
	stream_say(s, mem, str_fmt(mem, "event: end\ndata: {\"object\":\"end\",\"reason\":\"%s\"}\n\n", why));
	if (s->in.chunked)
		(void)held_send(s->held, STR("0\r\n\r\n"));
	held_end(s->held);
}
