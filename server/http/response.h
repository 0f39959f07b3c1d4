/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An answer: whole and in one write, or streamed page by page in chunks so that memory stays flat. Request-Id,
 * X-Content-Type-Options, Date, Content-Length, Connection and the DAV header are put there by the layer.
 */
#pragma once

#include "server/base/buf.h"
#include "server/http/request.h"

struct response {
	struct request *rq;
	int status;
	struct buf head; /* header lines, each ended by CR LF */
	struct buf body; /* whole: the body; streamed: what waits for the next chunk */
	bool streaming, broken;
	bool no_body;  /* HEAD, 204, 304 */
	bool may_gzip; /* set by reply_*: worth compressing, no ETag, no CSRF token inside */
	bool closing;  /* the connection ends with this answer */
	uint64_t sent; /* octets of body that went out, for the log */
};

/* Status, and a header line. Values with CR, LF or NUL are dropped whole and logged: no response splitting. */
void response_status(struct response *rs, int status);
void response_header(struct response *rs, const char *name, struct str value);

/* A whole body of this type. Cache-Control: no-store unless the caller sets one before. */
struct buf *reply(struct response *rs, int status, const char *content_type);
void reply_empty(struct response *rs, int status);
/* 303 (after a POST, RFC 9110 §15.4.4) or another status, to an absolute or site-relative location. */
void reply_redirect(struct response *rs, int status, struct str location);
/* text/html with the page headers of DESIGN §3; form_action is an extra CSP form-action origin, absent for none. */
struct buf *reply_page(struct response *rs, int status, struct str form_action);

/*
 * Begin a streamed answer. Everything that can be refused must have been refused before: after this, only a broken
 * connection can signal an error. The returned buffer collects; response_flush sends it as one chunk and empties it.
 * For HEAD nothing is sent. False from response_flush: the client is gone, stop.
 */
struct buf *response_stream(struct response *rs, int status, const char *content_type);
bool response_flush(struct response *rs);          /* when the buffer holds 32 KiB or more, or `rs->body` must go */
bool response_flush_if_large(struct response *rs); /* cheap to call in each round of a loop */
