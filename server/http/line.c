/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/line.h"

#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "server/base/clock.h"
#include "server/http/line_private.h"
#include "server/http/park_private.h"

/* What the kernel keeps for one peer. The rest waits here, where it is counted. */
#define KERNEL_OCTETS (32 * 1024)
/* What comes where nothing is expected. */
#define NOISE_MAX ((size_t)16 * 1024)
#define HEARD_AT_ONCE ((size_t)16 * 1024)

struct line {
	const struct line_ops *ops;
	void *owner;
	size_t room;
	pthread_mutex_t lock; /* of all that follows */
	unsigned holders;     /* the connection, the owner, the queue */
	struct peer *peer;    /* from line_park() on; the park's thread alone follows it */
	char *mail;           /* not yet with the peer */
	size_t mail_len, mail_room;
	size_t unsent; /* of it and with the peer */
	bool ends, cuts, gone, queued;
	struct line *next; /* of the queue; under its lock */
};

/* ---- holders ---- */

struct line *line_open(const struct line_ops *ops, void *owner, size_t room)
{
	struct line *line = calloc(1, sizeof *line);
	assert(ops->gone && room > 0);
	if (!line)
		abort();
	*line = (struct line){ .ops = ops, .owner = owner, .room = room, .holders = 2 };
	pthread_mutex_init(&line->lock, NULL);
	return line;
}

/* Locked; gives the lock back. */
static void leave(struct line *line)
{
	bool last = --line->holders == 0;
	pthread_mutex_unlock(&line->lock);
	if (!last)
		return;
	pthread_mutex_destroy(&line->lock);
	free(line->mail);
	free(line);
}

void line_leave(struct line *line)
{
	pthread_mutex_lock(&line->lock);
	leave(line);
}

void line_gone(struct line *line, bool cut)
{
	pthread_mutex_lock(&line->lock);
	assert(!line->gone);
	line->gone = true;
	line->peer = NULL;
	line->unsent = line->mail_len = 0;
	pthread_mutex_unlock(&line->lock);
	line->ops->gone(line->owner, cut);
	line_leave(line);
}

void line_abandon(struct line *line)
{
	line_gone(line, false);
}

/* ---- the queue ---- */

/* Locked. */
static void queue(struct line *line)
{
	struct park *park = line->peer ? line->peer->park : NULL;
	if (!park || line->queued)
		return;
	line->queued = true;
	line->holders++;
	pthread_mutex_lock(&park->queue_lock);
	line->next = park->queue;
	park->queue = line;
	pthread_mutex_unlock(&park->queue_lock);
	(void)eventfd_write(park->wake, 1);
}

static bool add_mail(struct line *line, struct str octets)
{
	size_t needed = line->mail_len + octets.len;
	if (needed > line->mail_room) {
		char *grown = realloc(line->mail, needed);
		if (!grown)
			return false;
		line->mail = grown;
		line->mail_room = needed;
	}
	memcpy(line->mail + line->mail_len, octets.ptr, octets.len);
	line->mail_len = needed;
	line->unsent += octets.len;
	return true;
}

bool line_send(struct line *line, struct str octets)
{
	pthread_mutex_lock(&line->lock);
	bool sent = !line->gone && !line->ends && octets.len <= line->room - line->unsent && add_mail(line, octets);
	if (sent)
		queue(line);
	pthread_mutex_unlock(&line->lock);
	return sent;
}

size_t line_unsent(struct line *line)
{
	pthread_mutex_lock(&line->lock);
	size_t unsent = line->unsent;
	pthread_mutex_unlock(&line->lock);
	return unsent;
}

void line_end(struct line *line)
{
	pthread_mutex_lock(&line->lock);
	line->ends = true;
	queue(line);
	pthread_mutex_unlock(&line->lock);
}

void line_cut(struct line *line)
{
	pthread_mutex_lock(&line->lock);
	line->ends = line->cuts = true;
	queue(line);
	pthread_mutex_unlock(&line->lock);
}

void line_park(struct peer *peer)
{
	struct line *line = peer->line;
	int octets = KERNEL_OCTETS, silence = LINE_SILENCE_MS;
	/* A Unix socket knows neither of both: then there is nobody far away. */
	(void)setsockopt(peer->channel.fd, SOL_SOCKET, SO_SNDBUF, &octets, sizeof octets);
	(void)setsockopt(peer->channel.fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence, sizeof silence);
	pthread_mutex_lock(&line->lock);
	line->peer = peer;
	queue(line);
	pthread_mutex_unlock(&line->lock);
}

/* ---- in the park's thread ---- */

/* What was sent goes to the peer. False: it is cut, or there is no room for it in the ledger. */
static bool take_mail(struct peer *p, bool *ends_out)
{
	struct line *line = p->line;
	pthread_mutex_lock(&line->lock);
	bool taken = !line->cuts;
	if (taken && line->mail_len) {
		taken = octets_room(p, &p->out, line->mail_len, p->park->settings.unsent_max);
		if (taken) {
			memcpy(p->out.ptr + p->out.len, line->mail, line->mail_len);
			p->out.len += line->mail_len;
		}
		free(line->mail);
		line->mail = NULL;
		line->mail_len = line->mail_room = 0;
	}
	*ends_out = line->ends;
	pthread_mutex_unlock(&line->lock);
	return taken;
}

static void count_unsent(struct peer *p)
{
	struct line *line = p->line;
	pthread_mutex_lock(&line->lock);
	line->unsent = line->mail_len + (p->out.len - p->out.at);
	pthread_mutex_unlock(&line->lock);
}

void line_farewell(struct peer *p)
{
	struct str last = p->line->ops->farewell;
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

void line_write(struct peer *p)
{
	bool ends;
	if (!take_mail(p, &ends) || !peer_flush(p, SIZE_MAX)) {
		park_close(p);
		return;
	}
	count_unsent(p);
	if (p->out.len > p->out.at) {
		peer_note_blocked(p);
		park_put(p);
	} else if (ends) {
		park_finish(p);
	} else if (is_draining(p->park)) {
		line_farewell(p);
	} else {
		p->channel.wants = POLLIN;
		park_put(p);
	}
}

static bool hear(struct peer *p, struct str octets)
{
	if (p->line->ops->came)
		return p->line->ops->came(p->line->owner, octets);
	p->discarded += octets.len;
	return p->discarded <= NOISE_MAX;
}

/* An end of the peer's is its end: nothing tells one that still reads from one that left. */
void line_hear(struct peer *p)
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
		line_write(p);
}

static void turn(struct line *line)
{
	pthread_mutex_lock(&line->lock);
	struct peer *p = line->peer;
	line->queued = false;
	pthread_mutex_unlock(&line->lock);
	if (!p || p->ended)
		return;
	/* Nobody else takes it: the first time it comes from its worker, and then it waits here. */
	if (p->list != PARK_BUSY)
		park_take(p);
	if (channel_holds_input(&p->channel))
		line_hear(p);
	else
		line_write(p);
}

static struct line *take_queue(struct park *park)
{
	pthread_mutex_lock(&park->queue_lock);
	struct line *all = park->queue;
	park->queue = NULL;
	pthread_mutex_unlock(&park->queue_lock);
	return all;
}

void line_forget_all(struct park *park)
{
	for (struct line *line = take_queue(park), *next; line; line = next) {
		next = line->next;
		line_leave(line);
	}
}

void line_turns(struct park *park)
{
	for (struct line *line = take_queue(park), *next; line; line = next) {
		next = line->next;
		turn(line);
		line_leave(line);
	}
}
