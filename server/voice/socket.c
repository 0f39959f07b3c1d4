/* SPDX-License-Identifier: Apache-2.0 */
#include "server/voice/socket.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "server/base/log.h"
#include "server/db/query.h"
#include "server/http/concurrency.h"
#include "server/http/held_connection.h"
#include "server/http/websocket.h"
#include "server/jobs/jobs.h"
#include "server/voice/session.h"
#include "server/voice/voice_private.h"
#include "sql.h"

/* What a client may leave unread: two of the largest messages. */
#define ROOM (2 * WEBSOCKET_MESSAGE_MAX + 1024)
#define FRAME_MAX (WEBSOCKET_MESSAGE_MAX + 1024)
/* A client has this long to take what it was sent before the end. */
#define LEAVES_MS 300

struct socket {
	struct socket *next;
	struct voice_sockets *all;
	struct held_connection *held;
	struct id account, session, request;
	struct concurrency_key place;
	struct websocket ws;    /* the park's thread alone */
	atomic_ullong ended_ms; /* a close was sent; 0: not yet */
	atomic_bool gone;
};

struct voice_sockets {
	struct concurrency *places;
	atomic_uint open;
	struct job_bell bell;
	pthread_mutex_t lock; /* of the list */
	struct socket *first;
};

/* ---- what is said ---- */

static bool say(struct socket *s, enum websocket_opcode opcode, struct str payload)
{
	struct arena *mem = arena_open();
	struct buf out = buf_new(mem, FRAME_MAX);
	websocket_write(&out, opcode, payload);
	bool sent = held_send(s->held, buf_str(&out));
	arena_close(mem);
	return sent;
}

/* §5.5.1: the last frame; then the connection ends. */
static void say_close(struct socket *s, enum websocket_status status, struct str reason)
{
	unsigned long long never = 0;
	if (!atomic_compare_exchange_strong(&s->ended_ms, &never, clock_monotonic_ms()))
		return;
	struct arena *mem = arena_open();
	struct buf out = buf_new(mem, FRAME_MAX);
	websocket_write_close(&out, status, reason);
	(void)held_send(s->held, buf_str(&out));
	held_end(s->held);
	arena_close(mem);
}

/* ---- what comes ---- */

static bool heard(void *owner, enum websocket_opcode opcode, struct str payload)
{
	struct socket *s = owner;
	switch (opcode) {
	case WS_TEXT:
	case WS_BINARY:
		return say(s, opcode, payload);
	case WS_PING:
		return say(s, WS_PONG, payload);
	case WS_CLOSE:
		return false;
	case WS_PONG:
	case WS_CONTINUATION:
		break;
	}
	return true;
}

static bool on_came(void *owner, struct str octets)
{
	static const struct str why[] = { [WS_PROTOCOL_ERROR - WS_NORMAL] = STR_INIT("not a frame of RFC 6455"),
		[WS_BAD_TEXT - WS_NORMAL] = STR_INIT("text that is no UTF-8"),
		[WS_TOO_BIG - WS_NORMAL] = STR_INIT("a message has 64 KiB at most") };
	struct socket *s = owner;
	if (atomic_load(&s->ended_ms))
		return true; /* nothing is read any more, and the end is on its way */
	int fault = websocket_read(&s->ws, octets, heard, s);
	if (fault)
		say_close(s, (enum websocket_status)fault, why[fault - WS_NORMAL]);
	return true;
}

static void on_gone(void *owner, bool cut)
{
	struct socket *s = owner;
	struct arena *mem = arena_open();
	log_event(LOG_INFO, "voice_socket_ended", LOG_STR("id", id_text(mem, "req", s->request)),
		LOG_STR("session", id_text(mem, "hub", s->session)), LOG_C("cut", cut ? "yes" : NULL));
	arena_close(mem);
	concurrency_leave(s->all->places, &s->place, 1);
	atomic_fetch_sub(&s->all->open, 1);
	websocket_free(&s->ws);
	atomic_store(&s->gone, true);
}

static const struct held_ops ops = { .came = on_came, .gone = on_gone, .farewell = STR_INIT("\x88\x02\x03\xE9") };

err_t voice_socket_begin(struct request *rq, struct response *rs, const struct voice_token *token)
{
	struct voice_sockets *all = rq->app->voice;
	struct concurrency_key place = concurrency_account(token->account);
	if (!concurrency_take(all->places, &place, 1)) {
		struct err *e = REFUSE(
			&rq->cx, RATE_LIMITED, "", "A user has %d open voice sockets at most.", VOICE_SOCKETS_EACH);
		e->retry_after_s = 5;
		return e;
	}
	struct socket *s = calloc(1, sizeof *s);
	if (!s)
		abort();
	s->all = all;
	s->account = token->account;
	s->session = token->session;
	s->request = rq->cx.request_id;
	s->place = place;
	s->held = held_open(&ops, s, ROOM);
	atomic_fetch_add(&all->open, 1);
	pthread_mutex_lock(&all->lock);
	s->next = all->first;
	all->first = s;
	pthread_mutex_unlock(&all->lock);
	job_bell_ring(&all->bell);
	(void)say(s, WS_TEXT, voice_hello(rq->cx.mem, token));
	response_hold(rs, s->held);
	return OK;
}

/* ---- all of them ---- */

struct voice_sockets *voice_sockets_open(void)
{
	struct voice_sockets *all = calloc(1, sizeof *all);
	if (!all)
		abort();
	all->places = concurrency_open(VOICE_SOCKETS_EACH, VOICE_SOCKETS_ALL);
	pthread_mutex_init(&all->lock, NULL);
	return all;
}

static void free_one(struct socket *s)
{
	held_leave(s->held);
	free(s);
}

void voice_sockets_close(struct voice_sockets *all)
{
	if (!all)
		return;
	while (all->first) {
		struct socket *s = all->first;
		all->first = s->next;
		free_one(s);
	}
	concurrency_close(all->places);
	pthread_mutex_destroy(&all->lock);
	free(all);
}

struct job_bell *voice_sockets_bell(struct voice_sockets *sockets)
{
	return &sockets->bell;
}

unsigned voice_sockets_count(struct voice_sockets *all)
{
	return all ? atomic_load(&all->open) : 0;
}

/* What is gone is freed; the others, in mem. */
static struct socket **live_ones(struct voice_sockets *all, struct arena *mem, size_t *count_out)
{
	size_t count = 0;
	pthread_mutex_lock(&all->lock);
	struct socket **live = arena_array(mem, struct socket *, atomic_load(&all->open) + 1), *s;
	size_t room = atomic_load(&all->open);
	for (struct socket **at = &all->first; (s = *at) != NULL;) {
		if (atomic_load(&s->gone)) {
			*at = s->next;
			free_one(s);
			continue;
		}
		if (count < room)
			live[count++] = s;
		at = &s->next;
	}
	pthread_mutex_unlock(&all->lock);
	*count_out = count;
	return live;
}

struct over_row {
	int64_t nth;
};
DB_RESULT(voice_sessions_over, struct over_row, nth);

err_t voice_sockets_run(struct ctx *cx, void *state)
{
	struct voice_sockets *all = state;
	struct over_row *over;
	size_t count, over_count;
	struct socket **live = live_ones(all, cx->mem, &count);
	struct id *accounts = arena_array(cx->mem, struct id, count + 1),
		  *ids = arena_array(cx->mem, struct id, count + 1);
	uint64_t now_ms = clock_monotonic_ms();
	if (!count)
		return OK;
	cx->found = true;
	for (size_t i = 0; i < count; i++) {
		unsigned long long ended_ms = atomic_load(&live[i]->ended_ms);
		if (ended_ms && now_ms >= ended_ms + LEAVES_MS)
			held_cut(live[i]->held);
		accounts[i] = live[i]->account;
		ids[i] = live[i]->session;
	}
	TRY(db_rows(cx, &sql_voice_sessions_over, voice_sessions_over, &over, &over_count,
		IN(((struct id_list){ accounts, count })), IN(((struct id_list){ ids, count }))));
	for (size_t i = 0; i < over_count; i++)
		say_close(live[over[i].nth - 1], WS_POLICY, STR("the session has ended"));
	return OK;
}
