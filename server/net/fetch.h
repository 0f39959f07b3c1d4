/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP(S) calls to other servers: the only user of libcurl. Every call is bounded in time, in the octets of head and
 * body, and in where it goes. Redirects are not followed; no proxy, cookie, .netrc or other setting of the environment
 * is used.
 *
 * The address is judged where the socket is made, from the very address that is then connected to: a name that has
 * another address a moment later gains nothing (docs/adr/0022).
 */
#pragma once

#include "server/base/ctx.h"

#define FETCH_CONNECT_MS 3000u /* look-up, connection and TLS together */
#define FETCH_WHOLE_MS 8000u
#define FETCH_HEAD_MAX ((size_t)32 * 1024) /* all heads of one answer, 1xx ones too */
#define FETCH_BODY_MAX ((size_t)256 * 1024)

struct fetch {
	struct str url;
	struct str_list headers; /* whole lines without their ends: "Authorization: Bearer …" */
	struct str body;         /* absent: GET; else POST of this */
	size_t keep;             /* octets of the answer's body; 0: FETCH_BODY_MAX. What comes after them is not read */
	unsigned whole_ms;       /* 0: FETCH_WHOLE_MS */
	bool may_be_private;     /* http and addresses that are not public, too */
};

enum fetch_fault {
#define FETCH_FAULT(kind, ...) kind,
#include "server/net/faults.def"
#undef FETCH_FAULT
	FETCH_FAULTS
};
/* "timeout"; what it means, for people. */
const char *fetch_fault_name(enum fetch_fault fault);
const char *fetch_fault_text(enum fetch_fault fault);

struct fetched {
	enum fetch_fault fault;             /* FETCHED: there is an answer */
	int status;                         /* 0: none came */
	struct str body;                    /* as much as is kept; of a fault what had come */
	bool cut;                           /* there was more of it */
	struct str request_id, retry_after; /* headers of the answer; absent if none */
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
