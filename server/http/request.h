/* SPDX-License-Identifier: Apache-2.0 */
/* A request as handlers see it: checked, decoded once, bounded. Everything lives in rq->cx.mem until the answer is out.
 */
#pragma once

#include "server/auth/credential.h"
#include "server/base/ctx.h"
#include "server/crypto/certificate.h"
#include "server/data/form.h"
#include "server/data/uri.h"

enum method {
	METHOD_GET,
	METHOD_HEAD,
	METHOD_POST,
	METHOD_PUT,
	METHOD_PATCH,
	METHOD_DELETE,
	METHOD_OPTIONS,
	METHOD_PROPFIND,
	METHOD_PROPPATCH,
	METHOD_REPORT,
	METHOD_MKCALENDAR,
	METHOD_MKCOL,
	METHOD_COPY,
	METHOD_MOVE,
	METHOD_ACL,
	METHOD_LOCK,
	METHOD_UNLOCK,
	METHOD_SEARCH,
	METHOD_UNKNOWN, /* none of ours: the head check answers 501; a preflight may name one */
	METHODS
};
const char *method_name(enum method m);
enum method method_of(struct str name); /* METHOD_UNKNOWN for any other */

struct header {
	struct str name, value; /* value without blanks at its ends */
};

#define HEADERS_MAX 64
#define PATH_ARGS_MAX 6

struct app;
struct limit_state;
struct route;
struct module;
struct api_version;
struct language;
struct manner;
struct client_io; /* client_io.h; not for handlers */

struct request {
	struct ctx cx;
	const struct app *app;
	struct client_io *io;
	enum method method;
	struct str target;  /* as sent, origin form: path[?query] */
	struct path path;   /* decoded per segment (data/uri.h) */
	struct str query;   /* raw, without '?'; absent if there was none */
	struct form params; /* the query, parsed as a form on first use: request_params() */
	struct header headers[HEADERS_MAX];
	size_t header_count;
	struct certificate certificate; /* that the client shows (client_certificate.h) */
	bool secure;                    /* came over TLS, here or at a trusted proxy */
	int64_t content_length;         /* -1 when chunked, 0 when none */
	enum transport sent;            /* how a credential came, also one that was refused */
	struct str body;                /* read up to the route's ceiling; absent before, empty when none came */
	struct form form;               /* BODY_FORM, BODY_FILES: parsed and strict */

	const struct module *module;
	const struct route *route;
	struct str args[PATH_ARGS_MAX]; /* what :names of the pattern matched, decoded, in order */
	size_t arg_count;
	const struct api_version *version; /* chosen (version.h); NULL: not yet, or the module has none */
	struct principal *principal;       /* NULL for ANYONE and strangers */
	struct id acts_for;                /* the connection that a platform's key acts for; zero: none */
	struct str page_origin;            /* what Access-Control-Allow-Origin says (cors.h); absent: nothing */
	const struct language *language;   /* of pages (web/say.h); NULL: English */
	bool language_known;
	const struct manner *manner; /* of pages (web/manner.h); NULL: nobody asked yet */
	struct str csrf_cookie;      /* a new pre-session cookie, to be set with the answer; absent if none */
	struct id counted_as;        /* the account that has a place for it: */
	bool counted, heavy;         /* in app->callers, in app->heavy, until the answer is out */
	struct limit_state *limit;   /* what X-RateLimit-* and RateLimit tell; NULL where nothing is counted */
	const char *error_code;      /* set when the request ended in an error, for the log line */
	err_t failed;                /* what it ended in; NULL: no error, or one that its handler told itself */
	struct id told_client;       /* of a request without a principal: the app that it says it is of */
};

/* The first header of this name (case-insensitive); absent if there is none. The head check makes the dangerous ones
 * unique.
 */
struct str request_header(const struct request *rq, const char *name);
/* All headers of this name joined by ", " (RFC 9110 §5.3); absent if there is none. */
struct str request_header_list(const struct request *rq, const char *name);
struct str request_cookie(const struct request *rq, struct str name);

/* The query as a strict form: MALFORMED for bad escapes, NUL, invalid UTF-8, too many. Parsed once. */
MUST_CHECK err_t request_params(struct request *rq, const struct form **out);

/*
 * A path of ours as an absolute URL, for Location: at the public URL, or at the host that the client speaks to where
 * that is another one (a local address, a proxy that nobody told us of).
 */
struct str request_absolute(const struct request *rq, struct str path);

/* What was asked for as a URL at the public URL, without its query: what a proof of a key names (RFC 9449 §4.2). */
struct str request_public_url(const struct request *rq);

/* Media type of Content-Type without parameters, lower-cased; absent if there was no header. */
struct str request_media_type(const struct request *rq);

/* True when Prefer holds return=minimal (RFC 8144) or Brief: t was sent. */
bool request_wants_minimal(const struct request *rq);
/* Prefer: return=representation (RFC 7240 §4.2). */
bool request_wants_representation(const struct request *rq);

/*
 * Reads the body to its end, at most `max` octets, and sets rq->body. Done by the router; 100 Continue is sent here.
 * errors  TOO_LARGE (from Content-Length before anything is read), TIMEOUT, MALFORMED, UNAVAILABLE (too many bodies)
 */
MUST_CHECK err_t request_read_body(struct request *rq, size_t max);

/* Parses the body, once it was read, as the form that its media type says it is, into rq->form. MALFORMED. */
MUST_CHECK err_t request_read_form(struct request *rq);

/*
 * The body is not wanted: a small one will be read and thrown away after the answer, so that the connection lives on;
 * a large one, one of unknown length, or one that still waits for 100 Continue ends the connection. Before the answer.
 */
void request_leave_body(struct request *rq);

/*
 * The CSRF token of forms shown to this browser (session's, or the pre-session cookie's), to put into a hidden field
 * named "csrf". The router checks it on every POST of a route whose `who` has SESSION or OPTIONAL_SESSION.
 */
struct str request_csrf(struct request *rq);
