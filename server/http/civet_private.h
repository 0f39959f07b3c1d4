/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the files that know civetweb: civet.c (the server), civet_hooks.c (what the changed civetweb asks),
 * civet_request.c (a request) and civet_refused.c (what never became one).
 */
#pragma once

#include <stdatomic.h>

#include "server/http/civet.h"
#include "server/http/civet_hooks.h"
#include "server/http/client_io.h"
#include "server/http/park.h"
#include "server/http/proxy.h"
#include "server/http/tls.h"

struct civet {
	const struct app *app;
	struct mg_context *mg;
	const struct mg_context *context; /* the same one, known before any thread runs */
	struct tls *tls;                  /* NULL: plain */
	struct park *park;
	struct park_settings park_settings;
	struct ledger *ledger;
	struct arena *mem; /* as long as the server */
	const struct proxy_list *proxies;
	size_t body_budget;
	atomic_size_t body_octets;
	atomic_uint in_flight;
	atomic_ullong requests, refused_heads;
	atomic_bool draining;
	char trouble[256]; /* what civetweb said while it started, which it does in our thread */
	bool started;
};

/* What a worker thread keeps between requests. */
struct worker {
	struct arena *mem, *out;
};

/* Answer the request that civetweb has read. The status. */
int civet_answer(struct civet *server, struct mg_connection *mg, struct worker *worker);

/* Whose share of the ledger a connection has; NULL where that has no bound. */
const struct concurrency_key *civet_network(const struct peer_origin *origin);

/*
 * What the head check refuses, and whatever else civetweb cannot read: as the API's error, or as a page for a browser,
 * which an app may have led here with an address that is too long. mg_callbacks.http_error.
 */
int civet_refused(struct mg_connection *mg, int status, const char *reason);
