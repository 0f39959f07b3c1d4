/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/held_connection.h"

#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "server/base/clock.h"
#include "server/http/held_connection_private.h"
#include "server/http/park_private.h"

/* What the kernel keeps for one peer. The rest waits here, where it is counted. */
#define KERNEL_OCTETS (32 * 1024)
/* What comes where nothing is expected. */
#define NOISE_MAX ((size_t)16 * 1024)
#define HEARD_AT_ONCE ((size_t)16 * 1024)

struct held_connection {
	const struct held_ops *ops;
	void *owner;
	size_t room;
	pthread_mutex_t lock; /* of all that follows */
	unsigned holders;     /* the connection, the owner, the queue */
	struct peer *peer;    /* from held_park() on; the park's thread alone follows it */
	char *mail;           /* not yet with the peer */
	size_t mail_len, mail_room;
	size_t with_peer; /* and not yet taken */
	bool ends, cuts, gone, queued;
	struct held_connection *next; /* of the queue; under its lock */
};

/* ---- holders ---- */

struct held_connection *held_open(const struct held_ops *ops, void *owner, size_t room)
{
	struct held_connection *held = calloc(1, sizeof *held);
	assert(ops->gone && room > 0);
	if (!held)
		abort();
	*held = (struct held_connection){ .ops = ops, .owner = owner, .room = room, .holders = 2 };
	pthread_mutex_init(&held->lock, NULL);
	return held;
}

/* Locked; gives the lock back. */
static void leave(struct held_connection *held)
{
	assert(held->holders > 0);
	bool last = --held->holders == 0;
	pthread_mutex_unlock(&held->lock);
	if (!last)
		return;
	pthread_mutex_destroy(&held->lock);
	free(held->mail);
	free(held);
}

void held_leave(struct held_connection *held)
{
	pthread_mutex_lock(&held->lock);
	leave(held);
}

void held_gone(struct held_connection *held, bool cut)
{
	pthread_mutex_lock(&held->lock);
	assert(!held->gone);
	held->gone = true;
	held->peer = NULL;
	held->with_peer = held->mail_len = 0;
	pthread_mutex_unlock(&held->lock);
	held->ops->gone(held->owner, cut);
	held_leave(held);
}

void held_abandon(struct held_connection *held)
{
	held_gone(held, false);
}

/* ---- the queue ---- */

/* Locked. */
static void queue(struct held_connection *held)
{
	struct park *park = held->peer ? held->peer->park : NULL;
	if (!park || held->queued)
		return;
	held->queued = true;
	held->holders++;
	pthread_mutex_lock(&park->queue_lock);
	held->next = park->queue;
	park->queue = held;
	pthread_mutex_unlock(&park->queue_lock);
	(void)eventfd_write(park->wake, 1);
}

static bool add_mail(struct held_connection *held, struct str octets)
{
	size_t needed = held->mail_len + octets.len;
	if (needed > held->mail_room) {
		char *grown = realloc(held->mail, needed);
		if (!grown)
			return false;
		held->mail = grown;
		held->mail_room = needed;
	}
	memcpy(held->mail + held->mail_len, octets.ptr, octets.len);
	held->mail_len = needed;
	return true;
}

/* Locked. */
static size_t unsent(const struct held_connection *held)
{
	return held->mail_len + held->with_peer;
}

bool held_send(struct held_connection *held, struct str octets)
{
	pthread_mutex_lock(&held->lock);
	bool sent = !held->gone && !held->ends && unsent(held) + octets.len <= held->room && add_mail(held, octets);
	if (sent)
		queue(held);
	pthread_mutex_unlock(&held->lock);
	return sent;
}

size_t held_unsent(struct held_connection *held)
{
	pthread_mutex_lock(&held->lock);
	size_t count = unsent(held);
	pthread_mutex_unlock(&held->lock);
	return count;
}

void held_end(struct held_connection *held)
{
	pthread_mutex_lock(&held->lock);
	held->ends = true;
	queue(held);
	pthread_mutex_unlock(&held->lock);
}

void held_cut(struct held_connection *held)
{
	pthread_mutex_lock(&held->lock);
	held->ends = held->cuts = true;
	queue(held);
	pthread_mutex_unlock(&held->lock);
}

void held_park(struct peer *peer)
{
	struct held_connection *held = peer->held;
	int octets = KERNEL_OCTETS, silence = HELD_SILENCE_MS;
	/* A Unix socket knows neither of both: then there is nobody far away. */
	(void)setsockopt(peer->channel.fd, SOL_SOCKET, SO_SNDBUF, &octets, sizeof octets);
	(void)setsockopt(peer->channel.fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence, sizeof silence);
	pthread_mutex_lock(&held->lock);
	assert(!held->peer && !held->gone); /* one connection, and no other after its end */
	held->peer = peer;
	queue(held);
	pthread_mutex_unlock(&held->lock);
}

/* ---- in the park's thread ---- */

/* What was sent goes to the peer. False: it is cut, or there is no room for it in the ledger. */
static bool take_mail(struct peer *p, bool *ends_out)
{
	struct held_connection *held = p->held;
	pthread_mutex_lock(&held->lock);
	bool taken = !held->cuts;
	if (taken && held->mail_len) {
		taken = octets_room(p, &p->out, held->mail_len, p->park->settings.unsent_max);
		if (taken) {
			memcpy(p->out.ptr + p->out.len, held->mail, held->mail_len);
			p->out.len += held->mail_len;
			held->with_peer += held->mail_len;
		}
		free(held->mail);
		held->mail = NULL;
		held->mail_len = held->mail_room = 0;
	}
	*ends_out = held->ends;
	pthread_mutex_unlock(&held->lock);
	return taken;
}

/* What came meanwhile is not with it. */
static void count_with_peer(struct peer *p)
{
	struct held_connection *held = p->held;
	pthread_mutex_lock(&held->lock);
	held->with_peer = p->out.len - p->out.at;
	pthread_mutex_unlock(&held->lock);
}

void held_farewell(struct peer *p)
{
	struct str last = p->held->ops->farewell;
	bool room = last.len && octets_room(p, &p->out, last.len, p->park->settings.unsent_max);
	if (room) {
		memcpy(p->out.ptr + p->out.len, last.ptr, last.len);
		p->out.len += last.len;
	}
	if (peer_flush(p, SIZE_MAX) && p->out.len == p->out.at)
		park_finish(p);
	else
		park_close(p);
}

static bool is_draining(struct park *park)
{
	pthread_mutex_lock(&park->lock);
	bool draining = park->draining;
	pthread_mutex_unlock(&park->lock);
	return draining;
}

void held_write(struct peer *p)
{
	bool ends;
	if (!take_mail(p, &ends) || !peer_flush(p, SIZE_MAX)) {
		park_close(p);
		return;
	}
	count_with_peer(p);
	if (p->out.len > p->out.at) {
		peer_note_blocked(p);
		park_put(p);
	} else if (ends) {
		park_finish(p);
	} else if (is_draining(p->park)) {
		held_farewell(p);
	} else {
		p->channel.wants = POLLIN;
		park_put(p);
	}
}

static bool hear(struct peer *p, struct str octets)
{
	if (p->held->ops->came)
		return p->held->ops->came(p->held->owner, octets);
	p->discarded += octets.len;
	return p->discarded <= NOISE_MAX;
}

/* An end of the peer's is its end: nothing tells one that still reads from one that left. */
void held_hear(struct peer *p)
{
	char octets[4096];
	ssize_t got = 0;
	for (size_t turn = 0; turn < HEARD_AT_ONCE || channel_holds_input(&p->channel); turn += (size_t)got) {
		got = channel_read(&p->channel, octets, sizeof octets);
		if (got > 0 && !hear(p, (struct str){ octets, (size_t)got }))
			got = -1;
		if (got <= 0)
			break;
	}
	if (got < 0)
		park_close(p);
	else
		held_write(p);
}

static void turn(struct held_connection *held)
{
	pthread_mutex_lock(&held->lock);
	struct peer *p = held->peer;
	held->queued = false;
	pthread_mutex_unlock(&held->lock);
	if (!p || p->ended)
		return;
	/* Nobody else takes it: the first time it comes from its worker, and then it waits here. */
	if (p->list != PARK_BUSY)
		park_take(p);
	if (channel_holds_input(&p->channel))
		held_hear(p);
	else
		held_write(p);
}

static struct held_connection *take_queue(struct park *park)
{
	pthread_mutex_lock(&park->queue_lock);
	struct held_connection *all = park->queue;
	park->queue = NULL;
	pthread_mutex_unlock(&park->queue_lock);
	return all;
}

void line_forget_all(struct park *park)
{
	for (struct held_connection *held = take_queue(park), *next; held; held = next) {
		next = held->next;
		held_leave(held);
	}
}

void held_turns(struct park *park)
{
	for (struct held_connection *held = take_queue(park), *next; held; held = next) {
		next = held->next;
		turn(held);
		held_leave(held);
	}
}
