/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An answer: whole and in one write, or streamed page by page in chunks so that memory stays flat. Request-Id,
 * X-Content-Type-Options, Date, Content-Length, Connection, CORS and rate headers are put there by the layer.
 *
 * Buffers of an answer have memory of their own: a handler may mark and rewind rq->cx.mem while it fills them.
 */
#pragma once

#include "server/base/buf.h"
#include "server/http/request.h"

#define REPLY_MAX ((size_t)64 * 1024 * 1024)

struct gzip;
struct held_connection;

struct response {
	struct request *rq;
	int status;
	struct buf head; /* header lines, each ended by CR LF */
	struct buf body; /* whole: the body; streamed: what waits for the next chunk */
	bool streaming, broken;
	bool no_body;                 /* HEAD, 204, 304 */
	bool kept;                    /* not sent: a streamed answer stays together (subrequest.h) */
	bool may_gzip;                /* set by reply_*: worth compressing, no CSRF token inside */
	bool closing;                 /* the connection ends with this answer */
	bool head_sent;               /* nothing can be taken back any more */
	bool store_unsaid;            /* Cache-Control: no-store is added unless a Cache-Control stands in the head */
	struct gzip *gzip;            /* of a streamed answer */
	uint64_t sent;                /* octets of body that went out, for the log */
	struct held_connection *held; /* response_hold */
};

/* A header line. Values with CR, LF or NUL are dropped whole and logged: no response splitting. */
void response_header(struct response *rs, const char *name, struct str value);
/* A cookie of ours, as cookie_line() (cookie.h) writes it. */
void response_cookie(struct response *rs, const char *name, struct str value, int64_t max_age_s);
/* Has the answer a header of this name already? */
bool response_has(const struct response *rs, const char *name);

/* A whole body of this type. Cache-Control: no-store unless the caller sets one, before or after. */
struct buf *reply(struct response *rs, int status, const char *content_type);
void reply_empty(struct response *rs, int status);
/* 303 (after a POST, RFC 9110 §15.4.4) or another status, to an absolute or site-relative location. */
void reply_redirect(struct response *rs, int status, struct str location);
/* An answer as it was before: its status, header lines and body, as a handler left them in a response. */
void response_restore(struct response *rs, int status, struct str head, struct bytes body);
/*
 * Where the forms of a page lead. Browsers hold CSP's form-action against every redirect that follows a form, so a page
 * whose form may end at an app cannot have one: nobody here knows where the app leads on (docs/adr/0018).
 */
enum page_forms { FORMS_STAY, FORMS_LEAD_AWAY };

/* text/html with the page headers. */
struct buf *reply_page(struct response *rs, int status, enum page_forms forms);
/* The same for a page that is the same for everybody: nothing in it is secret or repeats what was sent, so it may be
 * compressed. Its forms stay. */
struct buf *reply_public_page(struct response *rs, int status);

/* The same for a page that other sites may show in a frame, those of `origins` or, of none, any: one that neither asks
 * for a cookie nor sets one, so that nobody can be led to do with it what they could not do themselves. Compressed
 * where nothing in it is secret. */
struct buf *reply_framed_page(struct response *rs, int status, struct str_list origins, bool is_public);

/*
 * Begin a streamed answer. Everything that can be refused should have been refused before: once the first chunk went
 * out, only a broken connection can signal an error. The returned buffer collects; response_flush sends it as one
 * chunk and empties it. An answer that never grew to a chunk goes out whole, with Content-Length. For HEAD nothing is
 * sent. False from response_flush: the client is gone, stop.
 */
struct buf *response_stream(struct response *rs, int status, const char *content_type);
bool response_flush(struct response *rs);
bool response_flush_if_large(struct response *rs); /* cheap to call in each round of a loop: sends 32 KiB or more */

/*
 * What is in a streamed answer is its beginning: the connection stays open (held_connection.h) for its owner, who sends
 * what follows, in chunks unless the client speaks HTTP/1.0. As the last step of a handler: should the answer fail all
 * the same, it is abandoned. A 101 has no body; then what follows is of the protocol that it names.
 */
void response_hold(struct response *rs, struct held_connection *held);

/* INTERNAL when the answer outgrew its buffers: it must not go out, nor what it tells of be committed. */
MUST_CHECK err_t response_fits(const struct response *rs);

/* ---- for the router ---- */

/* A new answer to rq, with nothing in it. */
void response_begin(struct response *rs, struct request *rq);
/* Take back what a failed handler wrote; not possible once head_sent. */
void response_clear(struct response *rs);
/* Nothing more goes out, and the connection closes: how a streamed answer tells of a failure. */
void response_break(struct response *rs);
/* Send what was not sent, and the end. */
void response_end(struct response *rs);
