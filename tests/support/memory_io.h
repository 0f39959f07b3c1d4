/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection of memory for the router: what a request says is built here, what is answered is kept. For tests that
 * need no server.
 *
 *     struct exchange x = ask(&app, "POST", "/form?a=1", STR("csrf=x"), (struct header[]){ … }, n);
 *     assert_int_equal(x.rs.status, 403);
 */
#pragma once

#include "server/base/config.h"
#include "server/http/client_io.h"
#include "server/http/router.h"
#include "tests/support/test.h"

struct memory_io {
	struct client_io base;
	struct str body; /* what the client still sends */
	struct buf wire; /* what it got */
	size_t writes, write_limit;
	bool closed;
	struct held_connection *held; /* that holds it */
};

static inline ssize_t memory_read(struct client_io *io, char *into, size_t max)
{
	struct memory_io *c = (struct memory_io *)io;
	size_t n = c->body.len < max ? c->body.len : max;
	if (n)
		memcpy(into, c->body.ptr, n);
	c->body = str_from(c->body, n);
	return (ssize_t)n;
}

static inline bool memory_write(struct client_io *io, struct str octets)
{
	struct memory_io *c = (struct memory_io *)io;
	if (c->write_limit && c->writes >= c->write_limit)
		return false;
	c->writes++;
	buf_add(&c->wire, octets);
	return true;
}

static inline bool memory_reserve(struct client_io *io, size_t octets)
{
	(void)io;
	return octets <= MIB(32);
}

static inline bool memory_is_last(struct client_io *io)
{
	return ((struct memory_io *)io)->closed;
}

static inline void memory_close(struct client_io *io)
{
	((struct memory_io *)io)->closed = true;
}

static inline void memory_hold(struct client_io *io, struct held_connection *held)
{
	((struct memory_io *)io)->held = held;
}

static const struct client_io_ops memory_ops = { memory_read, memory_write, memory_reserve, memory_is_last,
	memory_close, memory_hold };

static inline void memory_free(void *out)
{
	arena_close(out);
}

struct exchange {
	struct memory_io io;
	struct request rq;
	struct response rs;
};

/* A request that is not yet run: for what tests set before. Content-Length is the body's. */
static inline struct exchange *exchange_new(const struct app *app, enum method method, const char *target,
	struct str body, const struct header *headers, size_t header_count)
{
	struct exchange *x = arena_new(test_mem, struct exchange);
	x->io.base = (struct client_io){ .ops = &memory_ops, .out = arena_open() };
	arena_defer(test_mem, memory_free, x->io.base.out);
	x->io.body = body;
	x->io.wire = buf_new(test_mem, MIB(64));
	x->rq.cx = test_cx;
	x->rq.cx.config = app->config;
	x->rq.cx.client_ip = STR("192.0.2.7");
	x->rq.app = app;
	x->rq.io = &x->io.base;
	x->rq.method = method;
	x->rq.target = str_of(target);
	struct str rest = x->rq.target, path;
	(void)str_cut(&rest, '?', &path);
	x->rq.query = rest;
	x->rq.content_length = (int64_t)body.len;
	for (size_t i = 0; i < header_count; i++)
		x->rq.headers[i] = headers[i];
	x->rq.header_count = header_count;
	return x;
}

static inline struct exchange *exchange_run(struct exchange *x)
{
	router_run(&x->rq, &x->rs);
	return x;
}

#define HEADERS(...)                                                                                                   \
	(const struct header[]){ __VA_ARGS__ }, sizeof((const struct header[]){ __VA_ARGS__ }) / sizeof(struct header)
#define NO_HEADERS NULL, 0
#define H(name, value)                                                                                                 \
	{                                                                                                              \
		STR_INIT(name), STR_INIT(value)                                                                        \
	}

/* The value of the answer's header; absent if there is none. */
static inline struct str answered(const struct exchange *x, const char *name)
{
	struct str lines = buf_str(&x->io.wire), line, key;
	while (str_cut(&lines, '\n', &line) && line.len > 1)
		if (str_has(line, ':') && str_cut(&line, ':', &key) && str_eq_nocase(key, str_of(name)))
			return str_trim(line, STR_BLANK);
	return STR_ABSENT;
}

static inline struct str answered_body(const struct exchange *x)
{
	struct str all = buf_str(&x->io.wire);
	size_t at = str_find(all, STR("\r\n\r\n"));
	return at == SIZE_MAX ? STR_ABSENT : str_from(all, at + 4);
}
