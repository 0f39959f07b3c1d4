/* SPDX-License-Identifier: Apache-2.0 */
/* The only door to civetweb: listeners, workers, the guard on raw heads, parking of idle connections, draining. */
#pragma once

#include "server/http/router.h"

struct civet;

struct civet_settings {
	struct str listen; /* "127.0.0.1:8080", "[::1]:8080", several with commas; "…s" with TLS */
	unsigned threads;
	unsigned request_timeout_ms, idle_timeout_ms;
	size_t body_budget; /* octets of request bodies in flight in the whole server */
	unsigned connections_per_address;
};

/* Start to serve `app`. UNAVAILABLE with a text that names the address when a port is taken or not allowed. */
MUST_CHECK err_t civet_open(
	struct ctx *cx, const struct civet_settings *settings, const struct app *app, struct civet **out);

/* Stop accepting, let running answers finish (at most drain_ms), close what idles, stop. */
void civet_close(struct civet *server, unsigned drain_ms);

struct civet_stats {
	unsigned connections, parked, in_flight;
	uint64_t requests, refused_heads;
};
struct civet_stats civet_stats(struct civet *server);
