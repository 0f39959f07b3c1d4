/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/response.h"

#include <assert.h>

#include "server/http/client_io.h"
#include "server/http/gzip.h"
#include "server/http/head.h"
#include "server/http/held_connection.h"

#define HEAD_MAX ((size_t)32 * 1024)
#define FLUSH_AT ((size_t)32 * 1024)
/* An answer up to this size is copied after its head, so that it is one write. */
#define ONE_WRITE ((size_t)64 * 1024)
/* Size in hex, CR LF twice, and the last chunk. */
#define CHUNK_FRAME 32

void response_begin(struct response *rs, struct request *rq)
{
	*rs = (struct response){ .rq = rq, .status = 200 };
	rs->head = buf_new(rq->io->out, HEAD_MAX);
	rs->body = buf_new(rq->io->out, REPLY_MAX);
	rs->no_body = rq->method == METHOD_HEAD;
}

err_t response_fits(const struct response *rs)
{
	if (rs->body.full || rs->head.full)
		return FAIL(&rs->rq->cx, INTERNAL, "the answer outgrew its buffer");
	return OK;
}

void response_clear(struct response *rs)
{
	if (rs->held)
		held_abandon(rs->held);
	rs->held = NULL;
	buf_clear(&rs->head);
	buf_clear(&rs->body);
	rs->streaming = rs->may_gzip = rs->store_unsaid = false;
	rs->no_body = rs->rq->method == METHOD_HEAD;
}

static void status_set(struct response *rs, int status)
{
	rs->status = status;
	if (status == 204 || status == 304)
		rs->no_body = true;
}

static bool is_text(struct str type)
{
	return str_starts(type, STR("text/")) || str_starts(type, STR("application/json")) ||
	       str_starts(type, STR("application/xml"));
}

struct buf *reply(struct response *rs, int status, const char *content_type)
{
	status_set(rs, status);
	response_header(rs, "Content-Type", str_of(content_type));
	rs->may_gzip = is_text(str_of(content_type));
	rs->store_unsaid = true;
	return &rs->body;
}

void reply_empty(struct response *rs, int status)
{
	status_set(rs, status);
	rs->store_unsaid = status == 304; /* what the 200 says of caches, it says too (RFC 9110 §15.4.5) */
}

void reply_redirect(struct response *rs, int status, struct str location)
{
	status_set(rs, status);
	response_header(rs, "Location", location);
	rs->store_unsaid = true;
}

void response_restore(struct response *rs, int status, struct str head, struct bytes body)
{
	response_clear(rs);
	status_set(rs, status);
	buf_add(&rs->head, head);
	buf_add(&rs->body, bytes_str(body));
	rs->may_gzip = is_text(head_value(rs, "Content-Type"));
	rs->store_unsaid = body.len > 0;
}

#define CSP_OF(framers)                                                                                                \
	"default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "                \
	"frame-ancestors " framers "; base-uri 'none'; manifest-src 'self'"
#define CSP_OF_ALL CSP_OF("'none'")

struct buf *reply_page(struct response *rs, int status, enum page_forms forms)
{
	reply(rs, status, "text/html; charset=utf-8");
	rs->may_gzip = false; /* BREACH: a page carries the token of its forms */
	response_header(rs, "Content-Security-Policy",
		forms == FORMS_STAY ? STR(CSP_OF_ALL "; form-action 'self'") : STR(CSP_OF_ALL));
	response_header(rs, "X-Frame-Options", STR("DENY"));
	response_header(rs, "Referrer-Policy", STR("no-referrer"));
	return &rs->body;
}

struct buf *reply_public_page(struct response *rs, int status)
{
	struct buf *out = reply_page(rs, status, FORMS_STAY);
	rs->may_gzip = true;
	return out;
}

struct buf *reply_framed_page(struct response *rs, int status, struct str_list origins, bool is_public)
{
	struct buf framers = buf_new(rs->rq->cx.mem, (size_t)8 * 1024);
	for (size_t i = 0; i < origins.count; i++)
		buf_fmt(&framers, "%s%.*s", i ? " " : "", STR_ARG(origins.items[i]));
	reply(rs, status, "text/html; charset=utf-8");
	rs->may_gzip = is_public;
	response_header(rs, "Content-Security-Policy",
		str_fmt(rs->rq->cx.mem, CSP_OF("%.*s") "; form-action 'self'",
			STR_ARG(origins.count ? buf_str(&framers) : STR("*"))));
	response_header(rs, "Referrer-Policy", STR("no-referrer"));
	return &rs->body;
}

/* ---- over the wire ---- */

void response_break(struct response *rs)
{
	rs->broken = true;
	rs->rq->io->ops->close(rs->rq->io);
}

static void put(struct response *rs, struct str octets)
{
	struct client_io *io = rs->rq->io;
	if (!rs->broken && octets.len && !io->ops->write(io, octets))
		response_break(rs);
}

/* Room at once, not by doubling. */
static struct buf wire_new(struct arena *mem, size_t size)
{
	struct buf wire = buf_new(mem, size);
	(void)buf_space(&wire, size);
	wire.len = 0;
	return wire;
}

/* A strong ETag is of these octets: compressed ones would need another. A weak one is of both (RFC 9110 §8.8.1). */
static bool wants_gzip(struct response *rs)
{
	struct str etag = head_value(rs, "ETag");
	bool strong = etag.ptr && !str_starts(etag, STR("W/"));
	if (!rs->may_gzip || strong || response_has(rs, "Content-Encoding"))
		return false;
	response_header(rs, "Vary", STR("Accept-Encoding"));
	return gzip_accepted(request_header_list(rs->rq, "Accept-Encoding"));
}

static struct str compressed(struct response *rs)
{
	struct str plain = buf_str(&rs->body);
	if (plain.len < GZIP_WORTH || !wants_gzip(rs))
		return plain;
	struct buf out = buf_new(rs->rq->io->out, REPLY_MAX);
	struct gzip *z = gzip_new(rs->rq->io->out);
	if (!z || !gzip_add(z, &out, plain, true))
		return plain;
	response_header(rs, "Content-Encoding", STR("gzip"));
	return buf_str(&out);
}

static void send_whole(struct response *rs)
{
	struct str body = compressed(rs);
	/* Who asks for the head of a stream is told no length: its handler may have stopped early (RFC 9110 §8.6). */
	bool has_length = rs->status != 204 && rs->status != 304 && !(rs->streaming && rs->no_body);
	bool one_write = !rs->no_body && body.len <= ONE_WRITE;
	struct buf wire = buf_new(rs->rq->io->out, HEAD_MAX + ONE_WRITE + 4096);
	head_write(&wire, rs, has_length ? FRAME_LENGTH : FRAME_NONE, body.len);
	rs->head_sent = true;
	rs->sent = rs->no_body ? 0 : body.len;
	if (one_write)
		buf_add(&wire, body);
	put(rs, buf_str(&wire));
	if (!one_write && !rs->no_body)
		put(rs, body);
}

struct buf *response_stream(struct response *rs, int status, const char *content_type)
{
	reply(rs, status, content_type);
	rs->streaming = true;
	return &rs->body;
}

static void stream_head(struct response *rs, struct buf *wire)
{
	if (rs->head_sent)
		return;
	if (wants_gzip(rs)) {
		rs->gzip = gzip_new(rs->rq->io->out);
		if (rs->gzip)
			response_header(rs, "Content-Encoding", STR("gzip"));
	}
	bool whole = rs->no_body || rs->status == 101;
	head_write(wire, rs, whole ? FRAME_NONE : rs->rq->io->http_1_0 ? FRAME_CLOSE : FRAME_CHUNKED, 0);
	rs->head_sent = true;
}

static void add_chunk(struct response *rs, struct buf *wire, struct str data, bool last)
{
	bool chunked = !rs->rq->io->http_1_0;
	if (data.len && chunked)
		buf_fmt(wire, "%zx\r\n", data.len);
	buf_add(wire, data);
	if (data.len && chunked)
		BUF_LIT(wire, "\r\n");
	if (last && chunked)
		BUF_LIT(wire, "0\r\n\r\n");
}

/* One chunk, and the end with it if this is the last. */
static bool stream_out(struct response *rs, bool last)
{
	struct arena *mem = rs->rq->io->out;
	struct str data = rs->no_body ? STR("") : buf_str(&rs->body);
	struct buf head = buf_new(mem, HEAD_MAX), zipped = buf_new(mem, REPLY_MAX);

	/* The head and the compressor stay; what this chunk needs goes back. */
	stream_head(rs, &head);
	struct arena_mark mark = arena_mark(mem);
	if (rs->gzip && !rs->no_body) {
		if (!gzip_add(rs->gzip, &zipped, data, last))
			response_break(rs);
		data = buf_str(&zipped);
	}
	struct buf wire = wire_new(mem, head.len + data.len + CHUNK_FRAME);
	buf_add(&wire, buf_str(&head));
	if (!rs->no_body)
		add_chunk(rs, &wire, data, last);
	put(rs, buf_str(&wire));
	rs->sent += data.len;
	arena_rewind(mem, mark);
	buf_clear(&rs->body);
	return !rs->broken;
}

bool response_flush(struct response *rs)
{
	if (rs->kept || !rs->streaming || !rs->body.len)
		return !rs->broken && !(rs->kept && rs->body.full);
	/* Something did not fit: an answer with a hole in it must not look whole. */
	if (rs->body.full)
		response_break(rs);
	bool whole = stream_out(rs, false);
	ctx_go_on(&rs->rq->cx); /* what the peer took is not the database's time */
	return whole;
}

bool response_flush_if_large(struct response *rs)
{
	return rs->body.len < FLUSH_AT ? !rs->broken : response_flush(rs);
}

void response_hold(struct response *rs, struct held_connection *held)
{
	assert(!rs->held && !rs->no_body && (rs->streaming || rs->status == 101));
	rs->held = held;
	rs->may_gzip = false; /* what is told goes out at once */
}

static void hold(struct response *rs)
{
	struct client_io *io = rs->rq->io;
	io->ops->close(io); /* there is no next request */
	(void)stream_out(rs, false);
	io->ops->hold(io, rs->held);
}

void response_end(struct response *rs)
{
	if (rs->held)
		hold(rs);
	else if (rs->streaming && rs->head_sent)
		(void)stream_out(rs, true);
	else
		send_whole(rs);
	if (rs->closing)
		rs->rq->io->ops->close(rs->rq->io);
}
