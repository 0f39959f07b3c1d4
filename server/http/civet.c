/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/civet.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "civetweb.h"

#include "server/base/config.h"
#include "server/base/log.h"
#include "server/crypto/digest.h"
#include "server/data/html.h"
#include "server/data/json.h"
#include "server/http/arrival.h"
#include "server/http/civet_private.h"
#include "server/http/head_check.h"
#include "server/http/head.h"

static_assert(CIVET_CHUNK_LINE_MAX == CHUNK_LINE_MAX, "one bound of a chunk's line");

#define PAGE_POLICY "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
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

/* ---- what the changed civetweb asks (civet_hooks.h) ---- */

static struct civet *owner_of(void *owner)
{
	return owner;
}

int civet_head_len(struct peer *peer)
{
	return (int)peer_arrival(peer)->head_len;
}

int civet_head_fault(struct peer *peer, char *reason, size_t size)
{
	const struct head_fault *fault = peer_arrival(peer)->fault;
	if (!fault)
		return 0;
	snprintf(reason, size, "%s", fault->reason);
	return fault->status;
}

int civet_chunk_size(struct peer *peer, const char *line, size_t len, unsigned long *size)
{
	return chunk_line_read((struct str){ line, len }, size, &peer_arrival(peer)->extensions);
}

static struct address address_of(const struct sockaddr *from)
{
	struct address a = { { [10] = 0xFF, [11] = 0xFF } };
	if (from->sa_family == AF_INET6)
		memcpy(a.octets, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, sizeof a.octets);
	else if (from->sa_family == AF_INET)
		memcpy(a.octets + 12, &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
	else
		a.octets[12] = 127; /* a Unix socket: this machine */
	return a;
}

static struct peer_origin origin_of(const struct civet *server, const struct sockaddr *from)
{
	struct address a = address_of(from);
	return (struct peer_origin){
		.address = a, .network = concurrency_network(a), .trusted = proxy_trusted(server->proxies, a)
	};
}

static const struct concurrency_key *network_of(const struct peer_origin *origin)
{
	return origin->trusted ? NULL : &origin->network;
}

int civet_admit(struct mg_context *ctx, const struct sockaddr *from)
{
	struct civet *server = server_of(ctx);
	struct peer_origin origin = origin_of(server, from);
	return server->park && ledger_take(server->ledger, LEDGER_CONNECTIONS, network_of(&origin), 1);
}

void civet_begin(struct mg_context *ctx, int fd, const struct sockaddr *from, int tls, const void *so, size_t so_len)
{
	struct civet *server = server_of(ctx);
	struct peer_origin origin = origin_of(server, from);
	origin.fd = fd;
	origin.tls = tls;
	if (!peer_begin(server->park, &origin, so, so_len))
		ledger_give(server->ledger, LEDGER_CONNECTIONS, network_of(&origin), 1);
}

void civet_accept_failed(void)
{
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
}

static int taken(bool there, const struct peer_buffer *buffer)
{
	return there ? (int)buffer->len : -1;
}

int civet_peer_arrive(struct peer *peer, char *octets, int room)
{
	struct peer_buffer buffer = { octets, 0, (size_t)room };
	return taken(peer_arrive(peer, &buffer), &buffer);
}

int civet_peer_go_on(struct peer *peer, char *octets, int len, int room)
{
	struct peer_buffer buffer = { octets, (size_t)len, (size_t)room };
	return taken(peer_go_on(peer, &buffer), &buffer);
}

void civet_peer_end(struct peer *peer, int unread)
{
	/* What comes after a head that was refused is nobody's, however long. */
	peer_end(peer, unread || peer_arrival(peer)->fault);
}

int civet_pull(struct peer *peer, char *into, int len)
{
	size_t got = len > 0 ? peer_receive(peer, into, (size_t)len) : 0;
	return len > 0 && !got ? -1 : (int)got;
}

int civet_push(struct peer *peer, const char *octets, int len)
{
	return peer_send(peer, octets, (size_t)len) ? len : -1;
}

/* ---- what the park asks ---- */

static void on_ready(void *owner, struct peer *peer)
{
	civet_enqueue(owner_of(owner)->context, peer, peer_extra(peer));
}

static void on_gone(void *owner, struct peer *peer)
{
	const struct peer_origin *origin = peer_origin(peer);
	ledger_give(owner_of(owner)->ledger, LEDGER_CONNECTIONS, network_of(origin), 1);
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

static const char *code_of(int status)
{
	return status == 431 || status == 414 ? "request_too_large" : "malformed_request";
}

static void error_json(struct buf *body, int status, const char *reason, struct str id)
{
	struct json j = json_begin(body);
	json_object(&j, NULL);
	json_object(&j, "error");
	json_str(&j, "type", STR("invalid_request_error"));
	json_str(&j, "code", str_of(code_of(status)));
	json_str(&j, "message", str_fmt(body->mem, "%s.", reason));
	json_str(&j, "request_id", id);
	json_object_end(&j);
	json_object_end(&j);
}

/* Without the frame of our pages: there is no request that they could be made for. */
static void error_page(struct buf *body, const char *reason, struct str id)
{
	BUF_LIT(body, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
		      "content=\"width=device-width, initial-scale=1\"><title>This address cannot be "
		      "read</title></head><body>"
		      "<main><h1>This address cannot be read</h1><p role=\"alert\">");
	html_escape(body, str_of(reason));
	BUF_LIT(body, ". Go back to where you came from and try again.</p><p>If you ask somebody for help, quote ");
	html_escape(body, id);
	BUF_LIT(body, ".</p></main></body></html>\n");
}

/*
 * What never became a request: the head check's refusals, and whatever else civetweb cannot read. A browser, which an
 * app may have led here with an address that is too long, gets a page.
 */
static int on_error(struct mg_connection *mg, int status, const char *reason)
{
	struct civet *server = mg_get_user_data(mg_get_context(mg));
	struct worker *worker = mg_get_thread_pointer(mg);
	struct arena *mem = worker->mem;
	struct instant now = instant_now();
	struct str id = id_text(mem, "req", id_new(now));
	struct buf body = buf_new(mem, 4096), wire = buf_new(mem, 8192);
	size_t len;
	const char *head = civet_head_here(mg, &len);
	bool page = head_wants_page(head, len);

	if (page)
		error_page(&body, reason, id);
	else
		error_json(&body, status, reason, id);
	buf_fmt(&wire,
		"HTTP/1.1 %d %s\r\nDate: %.*s\r\nRequest-Id: %.*s\r\nX-Content-Type-Options: nosniff\r\n"
		"Content-Type: %s\r\nCache-Control: no-store\r\nContent-Length: %zu\r\n%s"
		"Connection: close\r\n\r\n",
		status, status_phrase(status), STR_ARG(instant_imf(mem, now)), STR_ARG(id),
		page ? "text/html; charset=utf-8" : "application/json", body.len,
		page ? "Content-Security-Policy: " PAGE_POLICY
		       "\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n"
		     : "");
	buf_add(&wire, buf_str(&body));
	atomic_fetch_add(&server->refused_heads, 1);
	(void)mg_write(mg, wire.ptr, wire.len);
	log_event(LOG_INFO, "refused", LOG_STR("id", id), LOG_INT("status", status), LOG_C("reason", reason),
		LOG_C("ip", mg_get_request_info(mg)->remote_addr));
	arena_reset(mem);
	return 0;
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
		.http_error = on_error,
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
		.parked = park.heads + park.idle + park.bodies + park.writers,
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
