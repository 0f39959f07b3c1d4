/* SPDX-License-Identifier: Apache-2.0 */
/* One request of civetweb's, as the router sees it. */
#include "server/http/civet_private.h"

#include <assert.h>
#include <string.h>

#include "civetweb.h"

#include "server/base/config.h"
#include "server/db/query.h"
#include "server/http/civet_hooks.h"
#include "server/http/client_certificate.h"

/* One call of mg_read fills what it is given, so it is given pieces. */
#define READ_MAX ((size_t)1024 * 1024)

struct civet_request {
	struct client_io base;
	struct civet *server;
	struct mg_connection *mg;
	struct request *rq;
	size_t reserved;
	bool closing;
};

static struct civet_request *of(struct client_io *io)
{
	return (struct civet_request *)io;
}

/* ---- client_io_ops over civetweb ---- */

static ssize_t io_read(struct client_io *io, char *into, size_t max)
{
	struct civet_request *c = of(io);
	int got = mg_read(c->mg, into, max > READ_MAX ? READ_MAX : max);
	if (got > 0)
		return got;
	switch (peer_fault(civet_peer(c->mg))) {
	case PEER_LATE:
		return IO_SLOW;
	case PEER_FULL:
		return IO_FULL;
	case PEER_LEFT:
		return IO_MALFORMED;
	case PEER_FINE:
		break;
	}
	return got < 0 ? IO_MALFORMED : 0;
}

static bool io_write(struct client_io *io, struct str octets)
{
	return octets.len <= INT32_MAX && mg_write(of(io)->mg, octets.ptr, octets.len) == (int)octets.len;
}

static bool io_reserve(struct client_io *io, size_t octets)
{
	struct civet_request *c = of(io);
	size_t before = atomic_fetch_add(&c->server->body_octets, octets);
	if (before + octets > c->server->body_budget) {
		atomic_fetch_sub(&c->server->body_octets, octets);
		return false;
	}
	c->reserved += octets;
	return true;
}

static bool io_is_last(struct client_io *io)
{
	struct civet_request *c = of(io);
	return c->closing || atomic_load(&c->server->draining) || !civet_keeps(c->mg);
}

static void io_close(struct client_io *io)
{
	of(io)->closing = true;
	mg_disable_connection_keep_alive(of(io)->mg);
}

static void io_hold(struct client_io *io, struct held_connection *held)
{
	peer_hold(civet_peer(of(io)->mg), held);
}

static const struct client_io_ops ops = { io_read, io_write, io_reserve, io_is_last, io_close, io_hold };

/* ---- a request ---- */

static void fill_headers(struct request *rq, const struct mg_request_info *info)
{
	assert(info->num_headers <= HEADERS_MAX);
	for (int i = 0; i < info->num_headers; i++) {
		const struct mg_header *from = &info->http_headers[i];
		rq->headers[i] = (struct header){ str_of(from->name), str_trim(str_of(from->value), STR_BLANK) };
	}
	rq->header_count = (size_t)info->num_headers;
}

/* civetweb cut the target at its '?' in place: the query stands right after. */
static void fill_target(struct request *rq, const struct mg_request_info *info)
{
	struct str path = str_of(info->request_uri);
	rq->target = path;
	if (!info->query_string)
		return;
	rq->query = str_of(info->query_string);
	rq->target = str_fmt(rq->cx.mem, "%s?%s", path.ptr, rq->query.ptr);
	rq->query.ptr = rq->target.ptr + path.len + 1;
}

static int64_t body_length(const struct request *rq)
{
	uint64_t length;
	if (request_header(rq, "Transfer-Encoding").ptr)
		return -1; /* the head check lets nothing but chunked through */
	if (!str_to_u64(request_header(rq, "Content-Length"), INT64_MAX, &length))
		return 0;
	return (int64_t)length;
}

#ifdef CALENDS_DEV
/* `Calends-Fail-Query: 2` fails the second statement before it is sent, `2 after` after it: it ran, and nobody knows.
 */
static void read_fail_query(struct request *rq)
{
	struct str when = request_header(rq, "Calends-Fail-Query"), n;
	uint64_t failing;
	if (str_cut(&when, ' ', &n) && str_to_u64(n, 1000, &failing))
		rq->cx.fail_query = (unsigned)failing | (str_eq(when, STR("after")) ? DB_FAIL_AFTER : 0);
}
#endif

/* It is kept, cut to a length, as text: octets of no encoding, or half a character, the database would refuse. */
static struct str as_ascii(struct arena *mem, struct str text)
{
	char *ascii = arena_take(mem, text.len, 1);
	for (size_t i = 0; i < text.len; i++)
		ascii[i] = (unsigned char)text.ptr[i] < 0x80 ? text.ptr[i] : '?';
	return text.ptr ? (struct str){ ascii, text.len } : STR_ABSENT;
}

static struct request *request_of(struct civet_request *c, const struct mg_request_info *info, struct arena *mem)
{
	const struct app *app = c->server->app;
	struct request *rq = arena_new(mem, struct request);
	struct address peer;

	rq->cx = (struct ctx){
		.mem = mem, .db = app->db, .keys = app->keys, .config = app->config, .now = instant_now()
	};
	ctx_begin(&rq->cx,
		app->config && app->config->deadline_ms ? (unsigned)app->config->deadline_ms : PATIENCE_DEFAULT_MS);
	rq->cx.request_id = id_new(rq->cx.now);
	rq->app = app;
	rq->io = &c->base;
	rq->method = method_of(str_of(info->request_method));
	fill_headers(rq, info);
	fill_target(rq, info);
	rq->content_length = body_length(rq);
	rq->cx.user_agent = as_ascii(mem, request_header(rq, "User-Agent"));
	if (!address_parse(str_of(info->remote_addr), &peer))
		peer = (struct address){ { [10] = 0xFF, [11] = 0xFF, [12] = 127 } };
	struct address client = proxy_apply(rq, c->server->proxies, peer, info->is_ssl);
	peer_set_client(civet_peer(c->mg), concurrency_network(client));
	client_certificate_take(rq, peer_tls(civet_peer(c->mg)), proxy_trusted(c->server->proxies, peer));
#ifdef CALENDS_DEV
	read_fail_query(rq);
#endif
	c->base.http_1_0 = strcmp(info->http_version, "1.0") == 0;
	/* RFC 9110 §10.1.1: an expectation in an HTTP/1.0 request is ignored. */
	c->base.expects_continue = !c->base.http_1_0 && rq->content_length && request_header(rq, "Expect").ptr;
	return rq;
}

/* What the router left unread, which it leaves only when it is small, would be the next request. */
static void discard_rest(struct civet_request *c)
{
	char waste[4096];
	if (c->closing || c->rq->body.ptr || c->rq->content_length == 0)
		return;
	for (int64_t left = c->rq->content_length; left > 0;) {
		ssize_t got = io_read(&c->base, waste, left < (int64_t)sizeof waste ? (size_t)left : sizeof waste);
		if (got <= 0) {
			io_close(&c->base);
			return;
		}
		left -= got;
	}
}

int civet_answer(struct civet *server, struct mg_connection *mg, struct worker *worker)
{
	struct civet_request c = { .base = { .ops = &ops, .out = worker->out }, .server = server, .mg = mg };
	struct response rs;
	c.rq = request_of(&c, mg_get_request_info(mg), worker->mem);
	router_run(c.rq, &rs);
	discard_rest(&c);
	atomic_fetch_sub(&server->body_octets, c.reserved);
	arena_reset(worker->mem);
	arena_reset(worker->out);
	return rs.status;
}
