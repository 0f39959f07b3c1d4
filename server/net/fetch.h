/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP(S) calls to other servers, and mail to the operator's own by SMTP: the only user of libcurl. Every call is
 * bounded in time, in the octets of head and body, and in where it goes. Redirects are not followed; no proxy, cookie,
 * .netrc or other setting of the environment is used.
 *
 * The address is checked where the socket is made, from the very address that is then connected to: a name that has
 * another address a moment later gains nothing (docs/adr/0022).
 */
#pragma once

#include "server/base/ctx.h"

#define FETCH_CONNECT_MS 3000u /* look-up, connection and TLS together */
#define FETCH_WHOLE_MS 8000u
#define FETCH_HEAD_MAX ((size_t)32 * 1024) /* all heads of one answer, 1xx ones too */
#define FETCH_BODY_MAX ((size_t)256 * 1024)

#define FETCH_MAIL_CONNECT_MS 10000u /* look-up, connection, TLS, greeting and login together */
#define FETCH_MAIL_WHOLE_MS 60000u

enum fetch_tls {
	FETCH_TLS_ALWAYS, /* smtps://, or STARTTLS before anything is said (RFC 3207) */
	FETCH_TLS_NEVER   /* of smtp:// */
};

/*
 * A message instead of an HTTP request (RFC 5321). The server is the one that the operator named: its address is
 * checked by nobody, so it is for URLs of settings alone.
 */
struct fetch_mail {
	struct str from, to;       /* addresses; to may be beyond ASCII: sent where the server takes it (RFC 6531) */
	struct str user, password; /* absent: no login */
	struct str authorities;    /* file (PEM) of those who sign the server's certificate; absent: the system's */
	enum fetch_tls tls;
};

struct fetch {
	struct str url;          /* of mail "smtp://host:port/name of this server" or smtps:// */
	struct str_list headers; /* whole lines without their ends: "Authorization: Bearer …" */
	struct str body;         /* absent: GET; else POST of this. Of mail the message, its lines ended by CRLF */
	size_t keep;             /* octets of the answer's body; 0: FETCH_BODY_MAX. What comes after them is not read */
	unsigned whole_ms;       /* 0: FETCH_WHOLE_MS, of mail FETCH_MAIL_WHOLE_MS */
	bool may_be_private;     /* http and addresses that are not public, too */
	const struct fetch_mail *mail; /* NULL: HTTP */
};

enum fetch_fault {
#define FETCH_FAULT(kind, ...) kind,
#include "server/net/faults.def"
#undef FETCH_FAULT
	FETCH_FAULTS
};
/* "timeout" */
const char *fetch_fault_name(enum fetch_fault fault);

struct fetched {
	enum fetch_fault fault; /* FETCHED: there is an answer; of mail: the server has taken it */
	int status;             /* 0: none came; of mail that of its last reply */
	struct str body;        /* as much as is kept; of a fault what had come; of mail its last reply */
	bool final;             /* of mail that was not taken: this message never will be */
	bool cut;               /* there was more of it */
	struct str request_id, retry_after, cache_control; /* headers of the answer; absent if none */
	unsigned duration_ms;
};

/* In main, before the first thread; harmless when repeated. */
void fetch_setup(void);

/* One call, and waits for it. UNAVAILABLE, with a text that names the URL: no answer, or one that is too long. */
MUST_CHECK err_t fetch(struct ctx *cx, const struct fetch *what, struct fetched *out);

/* ---- many at once, in one thread ---- */

struct fetcher; /* outlives requests; belongs to one thread at a time */

struct fetcher *fetcher_open(unsigned connections_kept); /* never NULL */
/* Ends what is under way: receivers may have got it or not. */
void fetcher_close(struct fetcher *fetcher);

/* Begins a call. `what`, all it points at, and `mem`, where the answer goes, are its own until it is finished. */
void fetcher_start(struct fetcher *fetcher, struct arena *mem, const struct fetch *what, void *user);
unsigned fetcher_running(const struct fetcher *fetcher);
/* Works until one has ended, and a moment longer for those that end with it; until then at most. */
void fetcher_work(struct fetcher *fetcher, struct deadline until);
/* One that is finished: its `user`, or NULL when there is none. */
void *fetcher_finished(struct fetcher *fetcher, struct fetched *out);
