/* SPDX-License-Identifier: Apache-2.0 */
#include "server/webhook/outbox_reader.h"

#include "server/base/log.h"
#include "server/db/query.h"
#include "server/webhook/tell.h"
#include "sql.h"

#define ROWS_AT_ONCE 100
#define SEEN_OCTETS (16 * 1024) /* larger objects are read one at a time */

DB_RESULT(webhook_changes, struct change_row, scanned, change, account, kind, calendar, object, request, owner, via,
	connection, client, scopes, tz, sequence, modseq, before, component);

struct news {
	bool news;
};
DB_RESULT(webhook_news, struct news, news);

struct listened_row {
	struct id account;
	bool listened;
};
DB_RESULT(webhook_listened, struct listened_row, account, listened);

/* The events of a turn, which one statement adds: a row of the outbox is one for each who is told, or two (of a
 * booking). */
struct telling_batch {
	const struct webhook_views *views;
	size_t count;
	struct id *owners, *ids, *connections, *users, *calendars, *requests, *changes; /* zero: none */
	struct str *types;
	int64_t *sequences, *needs;
	int32_t *vias;
	struct bytes *bodies;
};

/* ---- a turn ---- */

static err_t body_of(struct ctx *cx, const struct telling_batch *batch, const struct change_row *row,
	const struct told *told, struct str *out)
{
	const struct webhook_invitation invitation = { told->content.id, row->calendar, told->invitation,
		!id_is_test(row->account) };
	if (told->invitation)
		return batch->views->invitation(cx, &invitation, out);
	*out = webhook_body(cx, &told->content);
	return OK;
}

/* Its account's changes, and not those of one that is connected to it? */
static bool is_own(const struct change_row *row)
{
	return row->via == VIA_OWN || row->via == VIA_HOSTED;
}

static err_t add(struct ctx *cx, struct telling_batch *batch, const struct change_row *row, struct told *told)
{
	struct str body;
	struct webhook_content *content = &told->content;
	content->id = id_new(cx->now);
	content->type = told->type;
	content->sequence = content->sequence ? content->sequence : row->sequence;
	content->connection = row->connection;
	content->request = row->request;
	content->live = !id_is_test(row->account);
	TRY(body_of(cx, batch, row, told, &body));
	size_t i = batch->count++;
	batch->owners[i] = row->owner;
	batch->ids[i] = content->id;
	batch->types[i] = str_of(told->type);
	batch->sequences[i] = content->sequence;
	batch->connections[i] = row->connection;
	batch->users[i] = is_own(row) ? (struct id){ { 0 } } : row->account;
	batch->needs[i] = (int64_t)told->needs;
	batch->calendars[i] = row->calendar;
	batch->requests[i] = row->request;
	batch->bodies[i] = bytes_of(body.ptr, body.len);
	batch->changes[i] = row->change;
	batch->vias[i] = row->via;
	return OK;
}

static void batch_open(struct ctx *cx, struct telling_batch *batch, size_t most)
{
	struct id **lists[] = { &batch->owners, &batch->ids, &batch->connections, &batch->users, &batch->calendars,
		&batch->requests, &batch->changes };
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		*lists[i] = arena_array(cx->mem, struct id, most);
	batch->types = arena_array(cx->mem, struct str, most);
	batch->sequences = arena_array(cx->mem, int64_t, most);
	batch->needs = arena_array(cx->mem, int64_t, most);
	batch->vias = arena_array(cx->mem, int32_t, most);
	batch->bodies = arena_array(cx->mem, struct bytes, most);
}

static err_t batch_add(struct ctx *cx, const struct telling_batch *f)
{
#define LIST(type, items) IN(((struct type){ (items), f->count }))
	if (!f->count)
		return OK;
	return db_exec(cx, &sql_webhook_events_add, NULL, LIST(id_list, f->owners), LIST(id_list, f->ids),
		LIST(str_list, f->types), LIST(int64_list, f->sequences), LIST(id_list, f->connections),
		LIST(id_list, f->users), LIST(int64_list, f->needs), LIST(id_list, f->calendars),
		LIST(id_list, f->requests), IN(cx->now), LIST(bytes_list, f->bodies), LIST(id_list, f->changes),
		LIST(int32_list, f->vias));
}

/* What the connection may read is asked again when it is sent; but a scope that it never had costs no event. */
static bool may_hear(const struct change_row *row, const struct told *told)
{
	return told->type && (is_own(row) || (told->needs & ~(uint64_t)row->scopes) == 0);
}

/* What objects were before changes that are told now is of no more use. */
static err_t forget_before(struct ctx *cx, const struct change_row *rows, size_t count)
{
	struct id *accounts = arena_array(cx->mem, struct id, count), *objects = arena_array(cx->mem, struct id, count);
	int64_t *modseqs = arena_array(cx->mem, int64_t, count);
	size_t told = 0;
	for (size_t i = 0; i < count; i++) {
		if (!rows[i].before.ptr)
			continue;
		accounts[told] = rows[i].account;
		objects[told] = rows[i].object;
		modseqs[told++] = rows[i].modseq;
	}
	if (!told)
		return OK;
	return db_exec(cx, &sql_webhook_objects_told, NULL, IN(((struct id_list){ accounts, told })),
		IN(((struct id_list){ objects, told })), IN(((struct int64_list){ modseqs, told })));
}

/* The objects of rows that are all of one account, in one look-up: a page is a hundred round trips else. */
static err_t see(struct ctx *cx, struct change_row *rows, size_t count)
{
	struct id *ids = arena_array(cx->mem, struct id, count);
	struct actor actor = actor_server(rows[0].account);
	struct object *objects;
	size_t asked = 0, found;
	for (size_t i = 0; i < count; i++)
		if (rows[i].kind.ptr && !id_is_zero(rows[i].object))
			ids[asked++] = rows[i].object;
	TRY(object_small_by_ids(cx, &actor, (struct id_list){ ids, asked }, SEEN_OCTETS, &objects, &found));
	for (size_t i = 0; i < count; i++)
		rows[i].seen = object_of_id(objects, found, rows[i].object);
	return OK;
}

static err_t see_all(struct ctx *cx, struct change_row *rows, size_t count)
{
	size_t end;
	for (size_t i = 0; i < count; i++)
		rows[i].seen = NULL;
	for (size_t from = 0; from < count; from = end) {
		for (end = from + 1; end < count && id_eq(rows[end].account, rows[from].account);)
			end++;
		if (end - from > 1)
			TRY(see(cx, rows + from, end - from));
	}
	return OK;
}

static err_t tell_all(struct ctx *cx, struct telling_batch *batch, struct change_row *rows, size_t count)
{
	batch_open(cx, batch, 2 * count);
	TRY(see_all(cx, rows, count));
	for (size_t i = 0; i < count; i++) {
		struct told told = { 0 };
		if (!rows[i].kind.ptr)
			continue; /* the last: how many there were */
		TRY(webhook_tell(cx, batch->views, &rows[i], &told));
		if (!may_hear(&rows[i], &told))
			continue;
		TRY(add(cx, batch, &rows[i], &told));
		if (!told.of_booking)
			continue;
		const char *of_event = told.type;
		TRY(webhook_tell_booking(cx, batch->views, &rows[i], &told));
		if (told.type != of_event)
			TRY(add(cx, batch, &rows[i], &told));
	}
	return OK;
}

/* Soon, where somebody was told, or what is there may not be read yet. Who was told listens, whatever was known of
 * them. */
static void look_again(struct ctx *cx, const struct outbox_reader *of, const struct change_row *rows, size_t count)
{
	cx->found = cx->found || !count;
	for (size_t i = 0; i < count; i++) {
		if (!rows[i].kind.ptr)
			continue;
		cx->found = true;
		listening_forget(of->listening, rows[i].account);
	}
}

enum turn { TELL, PASS_OVER };

/* One transaction: so many rows of the outbox, and the cursor after them. */
static err_t turn(struct ctx *cx, const struct outbox_reader *of, enum turn what, int32_t limit, int32_t *scanned_out)
{
	struct arena_mark mark = arena_mark(cx->mem);
	struct telling_batch batch = { .views = of->views };
	struct change_row *rows;
	size_t count;
	cx->now = instant_now();
	ctx_go_on(cx);
	TRY(db_begin(cx));
	TRY(db_rows(cx, &sql_webhook_changes, webhook_changes, &rows, &count, IN(limit)));
	if (what == TELL)
		TRY(tell_all(cx, &batch, rows, count));
	TRY(forget_before(cx, rows, count));
	TRY(batch_add(cx, &batch));
	TRY(db_commit(cx));
	*scanned_out = count ? rows[count - 1].scanned : 0;
	look_again(cx, of, rows, count);
	arena_rewind(cx->mem, mark);
	return OK;
}

/*
 * A row that cannot be told must not hold up all that come after it, of whatever account: row by row up to it, and then
 * it is passed over.
 */
static err_t turn_by_row(struct ctx *cx, const struct outbox_reader *of)
{
	int32_t scanned;
	for (int32_t i = 0; i < ROWS_AT_ONCE; i++) {
		db_rollback(cx);
		err_t e = turn(cx, of, TELL, 1, &scanned);
		if (err_passes(e) || (!e && !scanned))
			return e;
		if (!e)
			continue;
		log_event(LOG_ERROR, "webhook_row_passed_over", LOG_C("error", err_row(e->kind)->name),
			LOG_STR("detail", err_logged(e)));
		db_rollback(cx);
		return turn(cx, of, PASS_OVER, 1, &scanned);
	}
	return OK;
}

/* Whether those that wrote have anybody who listens: once in LISTENING_FOR_MS each. */
static err_t learn(struct ctx *cx, struct listening *listening)
{
	struct id asked[LISTENING_ASKED_MAX];
	struct listened_row *rows;
	size_t count = listening_asked(listening, asked);
	if (!count)
		return OK;
	TRY(db_rows(
		cx, &sql_webhook_listened, webhook_listened, &rows, &count, IN(((struct id_list){ asked, count }))));
	for (size_t i = 0; i < count; i++)
		listening_learn(listening, rows[i].account, rows[i].listened, clock_monotonic_ms());
	return OK;
}

err_t outbox_reader(struct ctx *cx, void *state)
{
	const struct outbox_reader *of = state;
	int32_t scanned;
	struct news waiting;
	TRY(learn(cx, of->listening));
	TRY(db_row(cx, &sql_webhook_news, ROW(webhook_news, &waiting), IN_NONE));
	if (!waiting.news)
		return OK;
	do {
		err_t e = turn(cx, of, TELL, ROWS_AT_ONCE, &scanned);
		if (e)
			return err_passes(e) ? e : turn_by_row(cx, of);
	} while (scanned >= ROWS_AT_ONCE && !deadline_passed(cx->until));
	return OK;
}
