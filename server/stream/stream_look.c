/* SPDX-License-Identifier: Apache-2.0 */
/* The job that tells: a few statements for all streams of this server, however many there are. */
#include <string.h>

#include "caldav/calendar/ical/ical.h"
#include "server/base/config.h"
#include "server/db/query.h"
#include "server/stream/stream_look.h"
#include "sql.h"

/* Of one calendar at once; one change makes three rows at most (store_sync.c), which are told together. */
#define CHANGES_AT_ONCE 64
#define SAME_NUMBER_MAX 3
/* Calendars that one statement is asked about. */
#define CALENDARS_AT_ONCE 2000
/* A stream is told more while less than this waits for it. */
#define WAITING_MAX ((size_t)8 * 1024)
/* An event with the ids of all its stream's calendars. */
#define EVENT_MAX ((size_t)16 * 1024)

/* ---- who may have something to be told ---- */

struct written_row {
	struct str snapshot;
	struct id account;
	bool lists;
};
DB_RESULT(stream_written, struct written_row, snapshot, account, lists);

struct id_list stream_accounts(struct ctx *cx, const struct look *look, bool listing)
{
	struct id *ids = arena_array(cx->mem, struct id, look->count + 1);
	size_t count = 0;
	for (size_t i = 0; i < look->count; i++) {
		const struct stream *s = look->all[i];
		if (s->ended || (listing && !s->list))
			continue;
		size_t at = 0;
		while (at < count && !id_eq(ids[at], s->in.account))
			at++;
		ids[at] = s->in.account;
		count += at == count;
	}
	return (struct id_list){ ids, count };
}

static void look_again(struct stream *s)
{
	for (size_t i = 0; i < s->count; i++)
		s->calendars[i].look = true;
}

static err_t find_written(struct ctx *cx, struct look *look)
{
	struct streams *all = look->streams;
	struct written_row *rows;
	size_t count;
	TRY(db_rows(cx, &sql_stream_written, stream_written, &rows, &count, IN(all->snapshot),
		IN(stream_accounts(cx, look, false))));
	for (size_t r = 0; r < count; r++)
		for (size_t i = 0; i < look->count && !id_is_zero(rows[r].account); i++)
			if (id_eq(look->all[i]->in.account, rows[r].account)) {
				look_again(look->all[i]);
				look->all[i]->list |= rows[r].lists;
			}
	/* One that is too long to be kept: then the next look is at everything. */
	struct str seen = rows[0].snapshot;
	bool kept = seen.len <= sizeof all->snapshot_text;
	if (kept)
		memcpy(all->snapshot_text, seen.ptr, seen.len);
	else
		for (size_t i = 0; i < look->count; i++)
			look_again(look->all[i]);
	all->snapshot = kept ? (struct str){ all->snapshot_text, seen.len } : STR_ABSENT;
	return OK;
}

/* ---- what changed ---- */

struct changes_row {
	int64_t nth, state, min_modseq;
	struct id id;
	int64_t modseq;
	int16_t component;
	bool deleted;
};
DB_RESULT(stream_changes, struct changes_row, nth, state, min_modseq, id, modseq, component, deleted);

/* What is asked: each calendar since a number once, however many streams are there. */
struct change_query {
	struct id *accounts, *calendars;
	int64_t *since;
	size_t count;
	const struct changes_row **first; /* the answer to each, and of how many rows */
	size_t *rows;
};

static bool may_be_told(struct stream *s)
{
	return !s->ended && held_unsent(s->held) <= WAITING_MAX;
}

static size_t ask(struct change_query *a, const struct stream *s, size_t which)
{
	const struct stream_position *at = &s->calendars[which].at;
	/* The streams of an account stand mostly together, at the same numbers. */
	for (size_t n = a->count; n > 0 && n + 64 > a->count; n--)
		if (id_eq(a->calendars[n - 1], at->calendar) && a->since[n - 1] == at->modseq)
			return n - 1;
	a->accounts[a->count] = s->in.account;
	a->calendars[a->count] = at->calendar;
	a->since[a->count] = at->modseq;
	return a->count++;
}

/* The end of the rows that are told together: those of whole changes, and not those of the last where there may be
 * more. */
static size_t end_of(const struct changes_row *rows, size_t count)
{
	size_t end = count;
	if (count < CHANGES_AT_ONCE + SAME_NUMBER_MAX)
		return count;
	while (end > 1 && rows[end - 1].modseq == rows[count - 1].modseq)
		end--;
	return end;
}

static void resync(struct ctx *cx, struct look *look, struct stream *s, size_t which, const struct changes_row *row,
	struct buf *out)
{
	const char *why = s->calendars[which].at.modseq ? "stale" : "calendar_added";
	s->calendars[which].at.modseq = row->state;
	stream_write_resync(out, cx->mem, look->public_url, s, which, why);
	atomic_fetch_add(&look->streams->resyncs, 1);
}

/* Its numbers move with what is written, so that each id says what was told before it. */
static void tell_changes(struct ctx *cx, struct look *look, struct stream *s, size_t which,
	const struct changes_row *rows, size_t count, struct buf *out)
{
	struct stream_calendar *calendar = &s->calendars[which];
	size_t end = id_is_zero(rows[0].id) ? 0 : end_of(rows, count), i;
	for (i = 0; i < end && out->len < TELL_AT_ONCE - EVENT_MAX; i++) {
		bool last = i + 1 == end || rows[i + 1].modseq != rows[i].modseq;
		int64_t before = calendar->at.modseq;
		calendar->at.modseq = last ? rows[i].modseq : before;
		if (rows[i].component != COMPONENT_VEVENT)
			continue;
		const struct stream_change change = { rows[i].id, rows[i].deleted };
		stream_write_change(out, cx->mem, look->public_url, s, which, &change);
		atomic_fetch_add(&s->told, 1);
		atomic_fetch_add(&look->streams->told, 1);
	}
	calendar->look = i < count && end > 0;
	if (!calendar->look && rows[0].state > calendar->at.modseq)
		calendar->at.modseq = rows[0].state;
}

static void tell(struct ctx *cx, struct look *look, struct stream *s, const struct change_query *a, const size_t *nth)
{
	struct arena_mark mark = arena_mark(cx->mem);
	struct buf out = buf_new(cx->mem, TELL_AT_ONCE);
	for (size_t i = 0; i < s->count && out.len < TELL_AT_ONCE - EVENT_MAX; i++) {
		if (!s->calendars[i].look || nth[i] == SIZE_MAX)
			continue;
		const struct changes_row *rows = a->first[nth[i]];
		if (!rows) { /* gone, and no row of the outbox says so: a sandbox that was reset */
			s->list = true;
			continue;
		}
		int64_t at = s->calendars[i].at.modseq;
		if (!at || at > rows[0].state || at < rows[0].min_modseq) {
			resync(cx, look, s, i, &rows[0], &out);
			s->calendars[i].look = false;
		} else {
			tell_changes(cx, look, s, i, rows, a->rows[nth[i]], &out);
		}
	}
	stream_say(s, cx->mem, buf_str(&out));
	arena_rewind(cx->mem, mark);
}

static bool looks(const struct stream *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->calendars[i].look)
			return true;
	return false;
}

/* Some streams, from `from` on, of CALENDARS_AT_ONCE calendars or a few more. *to_out: after the last of them. */
static err_t look_at_some(struct ctx *cx, struct look *look, size_t from, size_t *to_out)
{
	size_t calendars = 0, to = from, count, k = 0;
	while (to < look->count && (calendars < CALENDARS_AT_ONCE || to == from))
		calendars += look->all[to++]->count;
	*to_out = to;
	struct change_query a = {
		.accounts = arena_array(cx->mem, struct id, calendars + 1),
		.calendars = arena_array(cx->mem, struct id, calendars + 1),
		.since = arena_array(cx->mem, int64_t, calendars + 1),
		.first = arena_array(cx->mem, const struct changes_row *, calendars + 1),
		.rows = arena_array(cx->mem, size_t, calendars + 1),
	};
	size_t *nth = arena_array(cx->mem, size_t, calendars + 1);
	for (size_t n = from; n < to; n++) {
		struct stream *s = look->all[n];
		bool may = may_be_told(s);
		for (size_t i = 0; i < s->count; i++)
			nth[k++] = may && s->calendars[i].look ? ask(&a, s, i) : SIZE_MAX;
	}
	if (!a.count)
		return OK;
	struct changes_row *rows;
	TRY(db_rows(cx, &sql_stream_changes, stream_changes, &rows, &count,
		IN(((struct id_list){ a.accounts, a.count })), IN(((struct id_list){ a.calendars, a.count })),
		IN(((struct int64_list){ a.since, a.count })), IN((int32_t)(CHANGES_AT_ONCE + SAME_NUMBER_MAX))));
	for (size_t r = 0; r < count; r++) {
		size_t n = (size_t)rows[r].nth - 1;
		a.first[n] = a.first[n] ? a.first[n] : &rows[r];
		a.rows[n]++;
	}
	k = 0;
	for (size_t n = from; n < to; n++) {
		struct stream *s = look->all[n];
		tell(cx, look, s, &a, &nth[k]);
		k += s->count;
	}
	return OK;
}

static err_t find_changes(struct ctx *cx, struct look *look)
{
	for (size_t from = 0; from < look->count;) {
		struct arena_mark mark = arena_mark(cx->mem);
		TRY(look_at_some(cx, look, from, &from));
		arena_rewind(cx->mem, mark);
	}
	return OK;
}

/* ---- the job ---- */

/* So that both ends, and whoever stands between, know that the connection lives. And what has ended does end. */
static void keep_or_cut(struct ctx *cx, struct look *look)
{
	uint64_t now_ms = clock_monotonic_ms();
	for (size_t i = 0; i < look->count; i++) {
		struct stream *s = look->all[i];
		if (s->ended && now_ms - s->said_ms >= STREAM_LEAVES_MS)
			held_cut(s->held); /* nobody waits until a slow reader has read */
		else if (!s->ended && now_ms - s->said_ms >= STREAM_QUIET_MS && !held_unsent(s->held))
			stream_say(s, cx->mem, STR(":\n\n"));
	}
}

static void end_told(struct ctx *cx, struct look *look)
{
	for (size_t i = 0; i < look->count; i++) {
		struct stream *s = look->all[i];
		if (s->in.once && !s->ended && !s->list && !looks(s) && !held_unsent(s->held))
			stream_end(s, cx->mem, "all_told");
	}
}

static err_t look_around(struct ctx *cx, struct look *look)
{
	uint64_t now_ms = clock_monotonic_ms();
	stream_end_expired(cx, look);
	if (now_ms >= look->streams->rights_ms) {
		TRY(stream_end_revoked(cx, look));
		look->streams->rights_ms = now_ms + STREAM_RIGHTS_MS;
	}
	TRY(find_written(cx, look));
	TRY(stream_list_calendars(cx, look));
	TRY(find_changes(cx, look));
	end_told(cx, look);
	return OK;
}

err_t streams_run(struct ctx *cx, void *state)
{
	struct look look = { .streams = state, .public_url = cx->config->public_url };
	look.all = streams_live(look.streams, cx->mem, &look.count);
	if (!look.count) {
		look.streams->snapshot = STR_ABSENT;
		return OK;
	}
	cx->found = true;
	err_t e = look_around(cx, &look);
	keep_or_cut(cx, &look);
	if (!e)
		return OK;
	/* Nobody knows what was missed: the next look is at everything. */
	look.streams->snapshot = STR_ABSENT;
	for (size_t i = 0; i < look.count; i++) {
		look_again(look.all[i]);
		look.all[i]->list = true;
	}
	return e;
}
