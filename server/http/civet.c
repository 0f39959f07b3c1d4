/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/civet.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "civetweb.h"

#include "server/base/config.h"
#include "server/base/log.h"
#include "server/http/arrival.h"
#include "server/http/civet_private.h"

#define QUEUE "4096"
#define BACKLOG "1024"
/* Descriptors that connections leave to the rest: database, logs, listeners. */
#define DESCRIPTORS_KEPT 128
/* What is kept of or for peers that are slow: of one answer, for one network, in all. */
#define UNSENT_MAX ((size_t)2 << 20)
#define OCTETS_EACH ((size_t)32 << 20)
#define OCTETS_ALL ((size_t)128 << 20)

static struct civet *server_of(const struct mg_context *ctx)
{
	return mg_get_user_data(ctx);
}

/* ---- what the park asks ---- */

static struct civet *owner_of(void *owner)
{
	return owner;
}

static void on_ready(void *owner, struct peer *peer)
{
	civet_enqueue(owner_of(owner)->context, peer, peer_extra(peer));
}

static void on_gone(void *owner, struct peer *peer)
{
	const struct peer_origin *origin = peer_origin(peer);
	ledger_give(owner_of(owner)->ledger, LEDGER_CONNECTIONS, civet_network(origin), 1);
}

static struct ssl_st *on_tls_begin(void *owner, int fd)
{
	return tls_begin(owner_of(owner)->tls, fd);
}

/* A client that speaks too old a TLS, none at all, or does not trust the certificate. */
static void on_tls_refused(struct peer *peer, const char *reason)
{
	struct arena *mem = arena_open();
	log_event(LOG_INFO, "tls_refused", LOG_C("reason", reason),
		LOG_STR("ip", address_text(mem, peer_origin(peer)->address)));
	arena_close(mem);
}

/* ---- callbacks ---- */

static int on_request(struct mg_connection *mg)
{
	struct civet *server = mg_get_user_data(mg_get_context(mg));
	atomic_fetch_add(&server->in_flight, 1);
	atomic_fetch_add(&server->requests, 1);
	int status = civet_answer(server, mg, mg_get_thread_pointer(mg));
	atomic_fetch_sub(&server->in_flight, 1);
	return status;
}

static int on_message(const struct mg_connection *mg, const char *text)
{
	struct civet *server = mg_get_user_data(mg_get_context(mg));
	if (!server->started && !server->trouble[0]) /* the first names the cause, the last only the consequence */
		snprintf(server->trouble, sizeof server->trouble, "%s", text);
	else if (server->started)
		log_event(LOG_WARN, "civetweb", LOG_C("text", text));
	return 1;
}

static void *on_thread(const struct mg_context *ctx, int type)
{
	(void)ctx;
	if (type != 1)
		return NULL;
	struct worker *worker = calloc(1, sizeof *worker);
	if (!worker)
		abort();
	*worker = (struct worker){ arena_open(), arena_open() };
	return worker;
}

static void on_thread_end(const struct mg_context *ctx, int type, void *pointer)
{
	(void)ctx;
	struct worker *worker = pointer;
	if (type != 1 || !worker)
		return;
	arena_close(worker->mem);
	arena_close(worker->out);
	free(worker);
}

/* Before any thread of civetweb runs. */
static void on_context(const struct mg_context *ctx)
{
	struct civet *server = server_of(ctx);
	server->context = ctx;
	server->park = park_open(&server->park_settings);
}

/* civetweb asks at the start for the context, and at the end whether it must free it: no. */
static int on_tls_context(void **context, void *user_data)
{
	const struct civet *server = user_data;
	*context = tls_context(server->tls);
	return 1;
}

/* ---- start ---- */

/* Each connection is a descriptor. */
static size_t open_max(void)
{
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return 1024 - DESCRIPTORS_KEPT;
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
	(void)getrlimit(RLIMIT_NOFILE, &files);
	rlim_t usable = files.rlim_cur > 2 * DESCRIPTORS_KEPT ? files.rlim_cur - DESCRIPTORS_KEPT : DESCRIPTORS_KEPT;
	return usable > 1000000 ? 1000000 : (size_t)usable;
}

/* In civetweb's words: an address that speaks TLS ends in s (its other endings are not for operators);
 * x/run/calends.sock is a Unix socket, which stays plain. */
static err_t read_listen(struct ctx *cx, const struct civet_settings *s, struct arena *mem, const char **out)
{
	struct str rest = s->listen, address, list = STR("");
	while (str_cut(&rest, ',', &address)) {
		address = str_trim(address, STR_BLANK);
		bool local = str_starts(address, STR("x/"));
		if (!local && (!address.len || !char_is_digit(address.ptr[address.len - 1])))
			return REFUSE(cx, INVALID_VALUE, "listen",
				"--listen '%.*s': give ADDRESS:PORT, like 127.0.0.1:8080", STR_ARG(address));
		list = str_fmt(mem, "%.*s%s%.*s%s", STR_ARG(list), list.len ? "," : "", STR_ARG(address),
			s->tls && !local ? "s" : "");
	}
	*out = list.ptr;
	return OK;
}

static err_t start(struct ctx *cx, const struct civet_settings *s, struct civet *server)
{
	struct arena *mem = server->mem;
	const char *listen;
	char text[256] = "";
	TRY(read_listen(cx, s, mem, &listen));
	const char *options[] = {
		"listening_ports",
		listen,
		"num_threads",
		str_fmt(mem, "%u", s->threads).ptr,
		"request_timeout_ms",
		str_fmt(mem, "%u", s->request_timeout_ms).ptr,
		"keep_alive_timeout_ms",
		str_fmt(mem, "%u", s->request_timeout_ms / 2).ptr,
		"enable_keep_alive",
		"yes",
		"decode_url",
		"no",
		"decode_query_string",
		"no",
		"max_request_size",
		str_fmt(mem, "%zu", ARRIVAL_MAX).ptr,
		"tcp_nodelay",
		"1",
		"connection_queue",
		QUEUE,
		"listen_backlog",
		BACKLOG,
		NULL,
	};
	struct mg_callbacks callbacks = {
		.begin_request = on_request,
		.http_error = civet_refused,
		.log_message = on_message,
		.init_context = on_context,
		.init_thread = on_thread,
		.exit_thread = on_thread_end,
		.external_ssl_ctx = server->tls ? on_tls_context : NULL,
	};
	struct mg_init_data init = { &callbacks, server, options };
	struct mg_error_data error = { .text = text, .text_buffer_size = sizeof text };

	server->mg = mg_start2(&init, &error);
	if (server->mg && !server->park)
		return REFUSE(cx, UNAVAILABLE, "listen",
			"Cannot serve on %.*s: no descriptor or thread is left to wait for connections.",
			STR_ARG(s->listen));
	if (!server->mg)
		return REFUSE(cx, UNAVAILABLE, "listen", "Cannot listen on %.*s: %s", STR_ARG(s->listen),
			server->trouble[0] ? server->trouble : text);
	server->started = true;
	return OK;
}

static void end(struct civet *server)
{
	if (server->park)
		park_stop(server->park);
	if (server->mg)
		mg_stop(server->mg);
	if (server->park)
		park_free(server->park);
	mg_exit_library();
	ledger_close(server->ledger);
	arena_close(server->mem);
	free(server);
}

/* They live as long as the server, an error as long as the caller's memory. */
static err_t read_proxies(struct ctx *cx, const struct app *app, struct civet *server)
{
	struct ctx own = { .mem = server->mem };
	err_t e = proxy_list_parse(&own, app->config ? app->config->trusted_proxy : STR_ABSENT, &server->proxies);
	return e ? REFUSE(cx, INVALID_VALUE, "trusted-proxy", "%.*s", STR_ARG(err_text(e))) : OK;
}

static size_t at_most(size_t n, size_t max)
{
	return n < max ? n : max;
}

/*
 * Workers that wait for peers: half of them a moment (peer.c), a quarter longer. So a quarter of them works, whatever
 * peers do.
 */
static struct ledger *open_ledger(const struct civet_settings *s)
{
	size_t connections = open_max(), waiting = s->threads < 8 ? 1 : s->threads / 4;
	struct ledger_limits limits = {
		.each = {
			[LEDGER_CONNECTIONS] = at_most(s->connections_each, connections),
			[LEDGER_OCTETS] = OCTETS_EACH,
			[LEDGER_THREADS] = at_most(s->waiting_each ? s->waiting_each : (waiting + 1) / 2, waiting),
		},
		.all = {
			[LEDGER_CONNECTIONS] = connections,
			[LEDGER_OCTETS] = OCTETS_ALL,
			[LEDGER_THREADS] = waiting,
		},
	};
	assert(s->threads < 4 || waiting + s->threads / 2 < s->threads);
	return ledger_open(&limits);
}

err_t civet_open(struct ctx *cx, const struct civet_settings *s, const struct app *app, struct civet **out)
{
	struct civet *server = calloc(1, sizeof *server);
	if (!server)
		abort();
	server->app = app;
	server->tls = s->tls;
	server->mem = arena_open();
	server->body_budget = s->body_budget;
	server->ledger = open_ledger(s);
	server->park_settings = (struct park_settings){
		.head_ms = s->request_timeout_ms,
		.idle_ms = s->idle_timeout_ms,
		.threads = s->threads,
		.unsent_max = UNSENT_MAX,
		.ledger = server->ledger,
		.owner = server,
		.ready = on_ready,
		.gone = on_gone,
		.tls_begin = on_tls_begin,
		.tls_refused = on_tls_refused,
	};

	signal(SIGPIPE, SIG_IGN);
	(void)mg_init_library(MG_FEATURES_DEFAULT);
	err_t e = read_proxies(cx, app, server);
	if (!e)
		e = start(cx, s, server);
	if (e) {
		end(server);
		return e;
	}
	*out = server;
	return OK;
}

/* ---- stop ---- */

/* Until nothing is under way: requests that are with a worker or on their way there, bodies, answers. */
static void wait_for_answers(struct civet *server, unsigned ms)
{
	uint64_t until = clock_monotonic_ms() + ms;
	while (park_is_busy(server->park) && clock_monotonic_ms() < until)
		nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
}

/*
 * mg_stop alone cuts running answers, so it comes last: first nobody new is let in and each answer ends its connection;
 * then the running ones get their time.
 */
void civet_close(struct civet *server, unsigned drain_ms)
{
	if (!server)
		return;
	atomic_store(&server->draining, true);
	civet_stop_listening(server->mg);
	park_drain(server->park);
	wait_for_answers(server, drain_ms);
	end(server);
}

struct civet_stats civet_stats(struct civet *server)
{
	struct park_stats park = park_stats(server->park);
	return (struct civet_stats){
		.connections = (unsigned)ledger_total(server->ledger, LEDGER_CONNECTIONS),
		.parked = park.heads + park.idle + park.bodies + park.writers + park.held,
		.held = park.held,
		.bodies = park.bodies,
		.writers = park.writers,
		.waiting = park.waiting,
		.kept_octets = park.octets,
		.in_flight = atomic_load(&server->in_flight),
		.requests = atomic_load(&server->requests),
		.refused_heads = atomic_load(&server->refused_heads),
		.cut_answers = park.cut,
	};
}
