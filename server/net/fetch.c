/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/fetch.h"

#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/net/transfer.h"

/* ---- one ---- */

void fetch_setup(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, transfer_setup);
}

static const struct {
	const char *name, *text;
} faults[] = {
#define FETCH_FAULT(kind, name, text) { name, text },
#include "server/net/faults.def"
#undef FETCH_FAULT
};

const char *fetch_fault_name(enum fetch_fault fault)
{
	return faults[fault].name;
}

/* What it means, for people. */
static const char *fault_text(enum fetch_fault fault)
{
	return faults[fault].text;
}

err_t fetch(struct ctx *cx, const struct fetch *what, struct fetched *out)
{
	struct transfer *t = transfer_new(cx->mem, what, NULL);
	struct fetched got;
	transfer_end(t, t->handle ? curl_easy_perform(t->handle) : CURLE_FAILED_INIT, &got);
	if (got.fault == FETCHED && !got.cut) {
		*out = got;
		return OK;
	}
	return REFUSE(cx, UNAVAILABLE, "", "%.*s cannot be reached: %s.", STR_ARG(what->url),
		got.fault ? fault_text(got.fault) : "its answer is too long");
}

/* ---- many ---- */

#define MAIL_SOCKETS 64

struct fetcher {
	struct arena *mem;
	CURLM *multi;
	struct transfer *running; /* those that are not given back yet */
	unsigned count;
	int mail_sockets[MAIL_SOCKETS]; /* of connections to mail servers, kept ones too; -1: free */
};

struct fetcher *fetcher_open(unsigned connections_kept)
{
	struct arena *mem = arena_open();
	struct fetcher *fetcher = arena_new(mem, struct fetcher);
	*fetcher = (struct fetcher){ .mem = mem, .multi = curl_multi_init() };
	memset(fetcher->mail_sockets, -1, sizeof fetcher->mail_sockets);
	curl_multi_setopt(fetcher->multi, CURLMOPT_MAXCONNECTS, (long)connections_kept);
	curl_multi_setopt(fetcher->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	return fetcher;
}

static void unlink_transfer(struct fetcher *fetcher, struct transfer *t)
{
	struct transfer **at = &fetcher->running;
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	fetcher->count--;
}

/* Of those under way a few dozen: a list that is walked is quick enough. */
static void give_up(struct fetcher *fetcher, struct transfer *t, CURLcode code, struct fetched *out)
{
	unlink_transfer(fetcher, t);
	if (t->handle)
		curl_multi_remove_handle(fetcher->multi, t->handle);
	transfer_end(t, code, out);
}

static bool swap_socket(struct fetcher *fetcher, int was, int is)
{
	size_t i = 0;
	while (i < MAIL_SOCKETS && fetcher->mail_sockets[i] != was)
		i++;
	if (i < MAIL_SOCKETS)
		fetcher->mail_sockets[i] = is;
	return i < MAIL_SOCKETS;
}

static int on_socket(void *user, curl_socket_t fd, curlsocktype purpose)
{
	(void)purpose;
	return swap_socket(user, -1, fd) ? CURL_SOCKOPT_OK : CURL_SOCKOPT_ERROR;
}

static int on_socket_close(void *user, curl_socket_t fd)
{
	(void)swap_socket(user, fd, -1);
	return close(fd);
}

/* libcurl says good-bye to each mail server, and would wait two minutes for what one that is silent says: it hears
 * nothing. */
static void deafen_mail(const struct fetcher *fetcher)
{
	for (size_t i = 0; i < MAIL_SOCKETS; i++)
		if (fetcher->mail_sockets[i] >= 0)
			shutdown(fetcher->mail_sockets[i], SHUT_RD);
}

void fetcher_close(struct fetcher *fetcher)
{
	struct fetched ignored;
	deafen_mail(fetcher);
	while (fetcher->running)
		give_up(fetcher, fetcher->running, CURLE_ABORTED_BY_CALLBACK, &ignored);
	curl_multi_cleanup(fetcher->multi);
	arena_close(fetcher->mem);
}

void fetcher_start(struct fetcher *fetcher, struct arena *mem, const struct fetch *what, void *user)
{
	struct transfer *t = transfer_new(mem, what, user);
	t->next = fetcher->running;
	fetcher->running = t;
	fetcher->count++;
	if (t->handle && what->mail) {
		curl_easy_setopt(t->handle, CURLOPT_SOCKOPTFUNCTION, on_socket);
		curl_easy_setopt(t->handle, CURLOPT_SOCKOPTDATA, fetcher);
		curl_easy_setopt(t->handle, CURLOPT_CLOSESOCKETFUNCTION, on_socket_close);
		curl_easy_setopt(t->handle, CURLOPT_CLOSESOCKETDATA, fetcher);
	}
	if (!t->handle || curl_multi_add_handle(fetcher->multi, t->handle) != CURLM_OK)
		t->stillborn = true;
}

unsigned fetcher_running(const struct fetcher *fetcher)
{
	return fetcher->count;
}

#define GATHER_MS 3 /* how long one that has ended waits for others that do */

void fetcher_work(struct fetcher *fetcher, struct deadline until)
{
	int running, events;
	bool gathers = false;
	curl_multi_perform(fetcher->multi, &running);
	while (running > 0 && !deadline_passed(until)) {
		if (!gathers && running < (int)fetcher->count) {
			gathers = true;
			until = deadline_sooner(until, deadline_in_ms(GATHER_MS));
		}
		curl_multi_poll(fetcher->multi, NULL, 0, (int)deadline_left_ms(until), &events);
		curl_multi_perform(fetcher->multi, &running);
	}
}

void *fetcher_finished(struct fetcher *fetcher, struct fetched *out)
{
	int left;
	const CURLMsg *message;
	struct transfer *t;
	for (t = fetcher->running; t && !t->stillborn; t = t->next)
		;
	if (t) {
		give_up(fetcher, t, CURLE_FAILED_INIT, out);
		return t->user;
	}
	while ((message = curl_multi_info_read(fetcher->multi, &left))) {
		if (message->msg != CURLMSG_DONE)
			continue;
		CURLcode code = message->data.result;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		give_up(fetcher, t, code, out);
		return t->user;
	}
	return NULL;
}
