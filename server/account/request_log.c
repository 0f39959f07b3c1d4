/* SPDX-License-Identifier: Apache-2.0 */
#include "server/account/request_log.h"

#include <pthread.h>
#include <string.h>

#include "server/base/address.h"
#include "server/base/buf.h"
#include "server/base/log.h"
#include "server/db/pool.h"
#include "server/db/query.h"
#include "sql.h"

#define PORTION 512 /* rows of one statement */
#define FLUSH_PATIENCE_MS 3000
#define PATH_KEPT 300
#define PARAM_KEPT 100
#define MESSAGE_KEPT 400
#define AGENT_KEPT 95
#define WORD_MAX 40 /* of a text: what is longer may be a secret */
#define WORD_SHOWN 8

struct queue {
	struct arena *mem; /* its texts, too */
	struct request_told *items;
	size_t count, room;
};

struct request_log {
	struct arena *mem;
	struct db_pool *db;
	const struct config *config;
	pthread_mutex_t lock;
	struct queue queue;
	uint64_t dropped;
};

/* ---- noting ---- */

static bool is_word(char c)
{
	return char_is_alpha(c) || char_is_digit(c) || c == '-' || c == '_';
}

static size_t word_length(struct str text, size_t begin)
{
	size_t end = begin;
	while (end < text.len && is_word(text.ptr[end]))
		end++;
	return end - begin;
}

/*
 * Its beginning of at most `max` octets, as UTF-8 without control characters, where each word of more than 40 letters,
 * digits, "-" and "_" ends after 8: all our secrets are longer, none of our ids is.
 */
static struct str redact(struct arena *mem, struct str text, size_t max)
{
	struct str whole = str_beginning(text, 2 * max);
	struct buf out = buf_new(mem, 3 * whole.len + 4);
	bool utf8 = str_is_utf8(whole);
	for (size_t i = 0; i < whole.len;) {
		size_t word = word_length(whole, i);
		struct str shown = str_sub(whole, i, i + (word > WORD_MAX ? WORD_SHOWN : word));
		buf_add(&out, shown);
		if (word > WORD_MAX)
			BUF_LIT(&out, "…");
		i += word;
		for (; i < whole.len && !is_word(whole.ptr[i]); i++) {
			unsigned char c = (unsigned char)whole.ptr[i];
			buf_char(&out, c < ' ' || c == 0x7F ? ' ' : c >= 0x80 && !utf8 ? '?' : whole.ptr[i]);
		}
	}
	return text.ptr ? str_beginning(buf_str(&out), max) : STR_ABSENT;
}

#define ROOM_FIRST 32

/* Its arena is made with the first request: a server that nobody calls needs none, and one that few call not much. */
static struct request_told *queue_entry(struct queue *queue)
{
	if (!queue->mem)
		queue->mem = arena_open();
	if (queue->count == queue->room) {
		size_t had = queue->room * sizeof *queue->items;
		queue->room = queue->room ? 2 * queue->room : ROOM_FIRST;
		queue->items = arena_grow(queue->mem, queue->items, had, queue->room * sizeof *queue->items);
	}
	return &queue->items[queue->count++];
}

static void queue_add(struct queue *queue, const struct request_told *told)
{
	struct request_told *kept = queue_entry(queue);
	*kept = *told;
	kept->path = redact(queue->mem, told->path, PATH_KEPT);
	kept->param = redact(queue->mem, told->param, PARAM_KEPT);
	kept->message = redact(queue->mem, told->message, MESSAGE_KEPT);
	kept->agent = redact(queue->mem, told->agent, AGENT_KEPT);
	kept->ip = str_dup(queue->mem, told->ip);
}

void request_log_see(struct request_log *log, const struct request_told *told)
{
	if (!log)
		return;
	pthread_mutex_lock(&log->lock);
	if (log->queue.count < REQUEST_LOG_QUEUE_MAX)
		queue_add(&log->queue, told);
	else
		log->dropped++;
	pthread_mutex_unlock(&log->lock);
}

static void drop(struct request_log *log, size_t count)
{
	pthread_mutex_lock(&log->lock);
	log->dropped += count;
	pthread_mutex_unlock(&log->lock);
}

void request_log_drop(struct request_log *log)
{
	if (log)
		drop(log, 1);
}

uint64_t request_log_dropped(struct request_log *log)
{
	if (!log)
		return 0;
	pthread_mutex_lock(&log->lock);
	uint64_t dropped = log->dropped;
	pthread_mutex_unlock(&log->lock);
	return dropped;
}

/* ---- writing ---- */

struct portion {
	struct id accounts[PORTION], ids[PORTION], credentials[PORTION], clients[PORTION], connections[PORTION];
	struct instant at[PORTION];
	struct str methods[PORTION], routes[PORTION], paths[PORTION], codes[PORTION], params[PORTION],
		messages[PORTION], networks[PORTION], agents[PORTION];
	int16_t statuses[PORTION];
	int64_t took[PORTION];
	size_t count;
};

/* Absent is "" here: an array's texts have no NULL. */
static struct str given(struct str text)
{
	return text.ptr ? text : STR("");
}

static void portion_add(struct ctx *cx, struct portion *p, const struct request_told *told)
{
	size_t i = p->count++;
	p->accounts[i] = told->account;
	p->ids[i] = told->id;
	p->credentials[i] = told->credential;
	p->clients[i] = told->client;
	p->connections[i] = told->connection;
	p->at[i] = told->at;
	p->methods[i] = str_of(told->method);
	p->routes[i] = str_fmt(cx->mem, "%s %s", told->method, told->route);
	p->paths[i] = given(told->path);
	p->statuses[i] = (int16_t)told->status;
	p->took[i] = (int64_t)told->took_us;
	p->codes[i] = told->code ? str_of(told->code) : STR("");
	p->params[i] = given(told->param);
	p->messages[i] = given(told->message);
	p->networks[i] = given(address_coarse(cx->mem, told->ip));
	p->agents[i] = given(told->agent);
}

#define LIST(type, items) IN(((struct type){ (items), p->count }))
static err_t portion_write(struct ctx *cx, const struct portion *p)
{
	return db_exec(cx, &sql_request_log_add, NULL, LIST(id_list, p->accounts), LIST(id_list, p->ids),
		LIST(instant_list, p->at), LIST(id_list, p->credentials), LIST(id_list, p->clients),
		LIST(id_list, p->connections), LIST(str_list, p->methods), LIST(str_list, p->routes),
		LIST(str_list, p->paths), LIST(int16_list, p->statuses), LIST(int64_list, p->took),
		LIST(str_list, p->codes), LIST(str_list, p->params), LIST(str_list, p->messages),
		LIST(str_list, p->networks), LIST(str_list, p->agents));
}

static struct queue take(struct request_log *log)
{
	pthread_mutex_lock(&log->lock);
	struct queue all = log->queue;
	log->queue = (struct queue){ 0 };
	pthread_mutex_unlock(&log->lock);
	return all;
}

static err_t write_all(struct ctx *cx, const struct queue *all, size_t *written)
{
	struct portion *p = arena_new(cx->mem, struct portion);
	for (size_t i = 0; i < all->count; i++) {
		portion_add(cx, p, &all->items[i]);
		if (p->count < PORTION && i + 1 < all->count)
			continue;
		TRY(portion_write(cx, p));
		p->count = 0;
		*written = i + 1;
	}
	return OK;
}

err_t request_log_write(struct ctx *cx, void *state)
{
	struct request_log *log = state;
	struct queue all = take(log);
	size_t written = 0;
	if (!all.mem)
		return OK;
	err_t e = db_disk_is_low(cx->db) ? OK : write_all(cx, &all, &written);
	drop(log, all.count - written);
	arena_close(all.mem);
	return e;
}

struct request_log *request_log_open(struct db_pool *db, const struct config *config)
{
	struct arena *mem = arena_open();
	struct request_log *log = arena_new(mem, struct request_log);
	*log = (struct request_log){ .mem = mem, .db = db, .config = config };
	pthread_mutex_init(&log->lock, NULL);
	return log;
}

void request_log_close(struct request_log *log)
{
	if (!log)
		return;
	struct arena *mem = arena_open();
	struct ctx cx = { .mem = mem, .db = log->db, .config = log->config, .now = instant_now() };
	ctx_begin(&cx, FLUSH_PATIENCE_MS);
	err_t e = request_log_write(&cx, log);
	if (e)
		log_event(LOG_WARN, "request_log_lost", LOG_STR("detail", e->detail));
	db_end(&cx);
	arena_close(mem);
	pthread_mutex_destroy(&log->lock);
	arena_close(log->mem);
}

/* ---- reading ---- */

#define REQUEST_COLS                                                                                                   \
	id, at, credential, client, connection, method, route, path, status, took_us, code, param, message, network,   \
		agent
DB_RESULT(request_log_before, struct request_row, REQUEST_COLS);
DB_RESULT(request_log_get, struct request_row, REQUEST_COLS);
DB_RESULT(request_log_networks, struct request_network, network, at);

err_t request_log_page(struct ctx *cx, struct id account, const struct request_filter *filter, struct id before,
	size_t limit, struct request_row **out, size_t *count_out)
{
	return db_rows(cx, &sql_request_log_before, request_log_before, out, count_out, IN(account), IN(before),
		IN(filter->status_from), IN(filter->status_to), IN(filter->route), db_in_id_or_null(filter->credential),
		db_in_id_or_null(filter->client), IN((int32_t)limit));
}

err_t request_log_get(struct ctx *cx, struct id account, struct id request, struct request_row *out)
{
	return db_row(cx, &sql_request_log_get, ROW(request_log_get, out), IN(account), IN(request));
}

err_t request_log_networks(struct ctx *cx, struct id account, struct id credential, size_t limit,
	struct request_network **out, size_t *count_out)
{
	return db_rows(cx, &sql_request_log_networks, request_log_networks, out, count_out, IN(account), IN(credential),
		IN((int32_t)limit));
}
