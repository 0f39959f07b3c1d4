/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/park_private.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/base/clock.h"
#include "server/http/held_connection_private.h"

#define EVENTS 64
#define LINGER_OCTETS_MAX ((size_t)4 * 1024 * 1024)
/* One peer's share of the thread before the others have their turn. */
#define TURN_OCTETS ((size_t)256 * 1024)

/* ---- one peer ---- */

/* epoll tells of it once, and then not before the next call. */
static bool watch(struct peer *p)
{
	uint32_t what = p->channel.wants == POLLOUT ? EPOLLOUT : EPOLLIN | EPOLLRDHUP;
	struct epoll_event event = { .events = what | EPOLLONESHOT, .data.ptr = p };
	int op = p->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
	p->watched = epoll_ctl(p->park->epoll, op, p->channel.fd, &event) == 0;
	return p->watched;
}

void park_put(struct peer *p)
{
	struct park *park = p->park;
	enum park_list list = park_list_for(p);
	assert(p->channel.fd >= 0 && (!p->ended || list == PARK_LINGERING));
	bool must_end = park_ends_with_a_drain(list);
	pthread_mutex_lock(&park->lock);
	assert(p->list == PARK_BUSY);
	bool put = !atomic_load(&park->stopped) && !(park->draining && must_end);
	if (put) {
		park_move(p, list);
		put = watch(p);
		if (!put)
			park_move(p, PARK_BUSY);
	}
	pthread_mutex_unlock(&park->lock);
	if (!put)
		park_close(p);
}

enum park_list park_take(struct peer *p)
{
	pthread_mutex_lock(&p->park->lock);
	enum park_list list = p->list;
	assert(list != PARK_BUSY);
	park_move(p, PARK_BUSY);
	pthread_mutex_unlock(&p->park->lock);
	return list;
}

void park_close(struct peer *p)
{
	struct park *park = p->park;
	pthread_mutex_lock(&park->lock);
	assert(p->list == PARK_BUSY);
	park_unlink(p);
	pthread_mutex_unlock(&park->lock);
	bool cut = p->out.len > p->out.at;
	if (cut) {
		/* Cut off: no goodbye, by which it would seem whole. */
		p->channel.broken = true;
		atomic_fetch_add(&park->cut, 1);
	}
	if (!p->ended)
		channel_end(&p->channel);
	channel_close(&p->channel);
	octets_free(p, &p->in);
	octets_free(p, &p->out);
	if (p->held)
		held_gone(p->held, cut);
	park->settings.gone(park->settings.owner, p);
	free(p);
}

void park_finish(struct peer *p)
{
	assert(!p->ended && p->out.at == p->out.len);
	bool unread = p->unread || channel_unread(&p->channel) > 0;
	if (!unread || p->channel.broken) {
		park_close(p);
		return;
	}
	octets_free(p, &p->in);
	channel_end(&p->channel);
	p->ended = true;
	p->since_ms = clock_monotonic_ms();
	p->channel.wants = POLLIN;
	park_put(p);
}

static void hand_over(struct peer *p)
{
	p->park->settings.ready(p->park->settings.owner, p);
}

/* ---- the park's thread: what a peer did ---- */

enum collected { COLLECT_MORE, COLLECT_READY, COLLECT_ENDED };

static enum collected collect(struct peer *p)
{
	ssize_t got = 0;
	if (p->in.len && arrival_is_ready(&p->arrival, p->in.ptr, p->in.len))
		return COLLECT_READY;
	for (;;) {
		if (!octets_room(p, &p->in, 1, ARRIVAL_MAX)) {
			p->fault = PEER_FULL;
			return p->arrival.head_len ? COLLECT_READY : COLLECT_ENDED;
		}
		size_t space = p->in.room - p->in.len;
		got = channel_read(&p->channel, p->in.ptr + p->in.len, space);
		if (got <= 0)
			break;
		if (!p->in.len && p->answered)
			peer_begin_request(p, 0);
		p->in.len += (size_t)got;
		p->came += (size_t)got;
		if (arrival_is_ready(&p->arrival, p->in.ptr, p->in.len))
			return COLLECT_READY;
		if (!p->channel.tls && (size_t)got < space) {
			got = 0;
			break;
		}
	}
	if (!p->in.len)
		octets_free(p, &p->in);
	return got < 0 ? COLLECT_ENDED : COLLECT_MORE;
}

static void read_on(struct peer *p)
{
	if (peer_is_handshaking(p)) {
		hand_over(p);
		return;
	}
	switch (collect(p)) {
	case COLLECT_MORE:
		park_put(p);
		break;
	case COLLECT_READY:
		hand_over(p);
		break;
	case COLLECT_ENDED:
		park_close(p);
		break;
	}
}

static void write_on(struct peer *p)
{
	if (p->held) {
		held_write(p);
		return;
	}
	if (!peer_flush(p, TURN_OCTETS)) {
		park_close(p);
	} else if (p->out.len > p->out.at) {
		park_put(p);
	} else if (p->ends) {
		park_finish(p);
	} else {
		peer_begin_request(p, p->in.len);
		p->channel.wants = POLLIN;
		read_on(p);
	}
}

static void linger_on(struct peer *p)
{
	char waste[4096];
	ssize_t got = 0;
	for (size_t turn = 0; turn < TURN_OCTETS; turn += (size_t)got) {
		got = recv(p->channel.fd, waste, sizeof waste, MSG_DONTWAIT);
		if (got <= 0)
			break;
		p->discarded += (size_t)got;
	}
	bool pause = got < 0 && (errno == EAGAIN || errno == EINTR);
	if ((got <= 0 && !pause) || p->discarded > LINGER_OCTETS_MAX)
		park_close(p);
	else
		park_put(p);
}

static void give_up(struct peer *p, enum park_list list)
{
	if (list == PARK_BODIES && !atomic_load(&p->park->stopped)) {
		p->fault = PEER_LATE; /* a worker says so to the client */
		hand_over(p);
	} else if (list == PARK_HELD) {
		held_farewell(p);
	} else {
		park_close(p);
	}
}

static void on_event(struct peer *p)
{
	enum park_list list = park_take(p);
	/* Who drips is put back to the end of its list each time, and not looked at there. */
	if (park_is_overdue(p, list, clock_monotonic_ms())) {
		give_up(p, list);
		return;
	}
	switch (list) {
	case PARK_WRITERS:
		write_on(p);
		break;
	case PARK_LINGERING:
		linger_on(p);
		break;
	case PARK_HELD:
		held_hear(p);
		break;
	case PARK_HEADS:
	case PARK_BODIES:
	case PARK_IDLE:
		read_on(p);
		break;
	case PARK_BUSY:
	case PARK_LISTS:
		assert(false);
	}
}

/* ---- the park's thread: what is overdue ---- */

/* The oldest of this list that is, or that may not stay; NULL for none. It is the caller's then. */
static struct peer *take_overdue(struct park *park, enum park_list list, uint64_t now_ms)
{
	struct peer *p, *found = NULL;
	pthread_mutex_lock(&park->lock);
	bool all = atomic_load(&park->stopped) || (park->draining && park_ends_with_a_drain(list));
	while (!found && (p = park->lists[list].oldest) != NULL && (all || p->check_ms <= now_ms)) {
		if (all || (park->draining && p->held) || park_is_overdue(p, list, now_ms))
			found = p;
		else
			park_move(p, list);
	}
	if (found) {
		park_move(found, PARK_BUSY);
		epoll_ctl(park->epoll, EPOLL_CTL_DEL, found->channel.fd, NULL);
		found->watched = false;
	}
	pthread_mutex_unlock(&park->lock);
	return found;
}

static void end_overdue(struct park *park)
{
	uint64_t now_ms = clock_monotonic_ms();
	for (enum park_list list = PARK_HEADS; list < PARK_LISTS; list++) {
		struct peer *p;
		while ((p = take_overdue(park, list, now_ms)) != NULL)
			give_up(p, list);
	}
}

static void *run(void *arg)
{
	struct park *park = arg;
	struct epoll_event events[EVENTS];
	prctl(PR_SET_NAME, "park");
	while (!atomic_load(&park->stopped)) {
		int n = epoll_wait(park->epoll, events, EVENTS, PARK_TICK_MS);
		for (int i = 0; i < n; i++)
			if (events[i].data.ptr)
				on_event(events[i].data.ptr);
			else
				eventfd_read(park->wake, &(eventfd_t){ 0 });
		held_turns(park);
		end_overdue(park);
	}
	end_overdue(park);
	return NULL;
}

/* ---- start and stop ---- */

struct park *park_open(const struct park_settings *settings)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
	struct park *park = calloc(1, sizeof *park);
	assert(settings->ledger && settings->ready && settings->gone && settings->head_ms && settings->idle_ms);
	if (!park)
		abort();
	park->settings = *settings;
	pthread_mutex_init(&park->lock, NULL);
	pthread_mutex_init(&park->queue_lock, NULL);
	park->epoll = epoll_create1(EPOLL_CLOEXEC);
	park->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (park->epoll < 0 || park->wake < 0 || epoll_ctl(park->epoll, EPOLL_CTL_ADD, park->wake, &event) != 0 ||
		pthread_create(&park->thread, NULL, run, park) != 0) {
		atomic_store(&park->stopped, true);
		park_free(park);
		return NULL;
	}
	return park;
}

void park_drain(struct park *park)
{
	assert(!atomic_load(&park->stopped));
	pthread_mutex_lock(&park->lock);
	park->draining = true;
	pthread_mutex_unlock(&park->lock);
	(void)eventfd_write(park->wake, 1);
}

bool park_is_busy(struct park *park)
{
	unsigned busy = 0;
	pthread_mutex_lock(&park->lock);
	for (enum park_list list = PARK_BUSY; list < PARK_LISTS; list++)
		busy += park->lists[list].count;
	pthread_mutex_unlock(&park->lock);
	return busy > 0;
}

void park_stop(struct park *park)
{
	assert(!atomic_load(&park->stopped));
	atomic_store(&park->stopped, true);
	(void)eventfd_write(park->wake, 1);
	pthread_join(park->thread, NULL);
}

void park_free(struct park *park)
{
	assert(atomic_load(&park->stopped));
	/* What no worker took any more. */
	while (park->lists[PARK_BUSY].oldest)
		park_close(park->lists[PARK_BUSY].oldest);
	for (enum park_list list = PARK_BUSY; list < PARK_LISTS; list++)
		assert(park->lists[list].count == 0);
	if (park->epoll >= 0)
		close(park->epoll);
	if (park->wake >= 0)
		close(park->wake);
	line_forget_all(park);
	pthread_mutex_destroy(&park->queue_lock);
	pthread_mutex_destroy(&park->lock);
	free(park);
}

struct park_stats park_stats(struct park *park)
{
	pthread_mutex_lock(&park->lock);
	struct park_stats stats = {
		.heads = park->lists[PARK_HEADS].count,
		.bodies = park->lists[PARK_BODIES].count,
		.idle = park->lists[PARK_IDLE].count,
		.writers = park->lists[PARK_WRITERS].count,
		.held = park->lists[PARK_HELD].count,
	};
	pthread_mutex_unlock(&park->lock);
	stats.waiting = (unsigned)ledger_total(park->settings.ledger, LEDGER_THREADS);
	stats.octets = ledger_total(park->settings.ledger, LEDGER_OCTETS);
	stats.cut = atomic_load(&park->cut);
	return stats;
}

/* ---- a new connection ---- */

bool peer_begin(struct park *park, const struct peer_origin *origin, const void *extra, size_t extra_len)
{
	struct peer *p = calloc(1, sizeof *p + extra_len);
	assert(origin->fd >= 0 && (extra || !extra_len));
	if (!p) {
		close(origin->fd);
		return false;
	}
	p->park = park;
	p->origin = *origin;
	p->channel = (struct channel){ .fd = origin->fd, .wants = POLLIN };
	if (extra_len)
		memcpy(p->extra, extra, extra_len);
	peer_begin_request(p, 0);
	pthread_mutex_lock(&park->lock);
	park_link(p, PARK_BUSY);
	pthread_mutex_unlock(&park->lock);
	park_put(p);
	return true;
}
