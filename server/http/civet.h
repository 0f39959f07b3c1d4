/* SPDX-License-Identifier: Apache-2.0 */
/* The only door to civetweb: listeners, workers, the check of raw heads, the park of connections that wait, draining.
 */
#pragma once

#include "server/http/router.h"

struct civet;
struct tls;

struct civet_settings {
	struct str listen; /* "127.0.0.1:8080", "[::1]:8080", "x/path/of/socket", several with commas */
	struct tls *tls;   /* what all of them speak, as long as the server lives; NULL: plain HTTP */
	unsigned threads;
	unsigned request_timeout_ms; /* a head, and each pause of a client that reads or writes */
	unsigned idle_timeout_ms;    /* between two requests of a connection */
	size_t body_budget;          /* octets of request bodies in flight in the whole server */
	unsigned connections_each;   /* of one network; 0: no limit; trusted proxies have none */
	unsigned waiting_each;       /* threads that wait for peers of one network; 0: an eighth of them */
};

/*
 * Start to serve `app`. SIGPIPE becomes ignored, and the limit of open files is raised as far as it goes.
 * errors  UNAVAILABLE  an address is taken or not allowed (the text names it), no threads
 *         INVALID_VALUE  config->trusted_proxy, or what is no address
 */
MUST_CHECK err_t civet_open(
	struct ctx *cx, const struct civet_settings *settings, const struct app *app, struct civet **out);

/* Stop accepting, let running answers finish (at most drain_ms), close what idles, stop. */
void civet_close(struct civet *server, unsigned drain_ms);

struct civet_stats {
	unsigned connections;
	unsigned parked;          /* without a thread; among them: */
	unsigned held;            /* open for what is told later: streams, sockets */
	unsigned bodies, writers; /* requests that are not whole, answers that are not taken */
	unsigned waiting;         /* threads that wait for peers */
	size_t kept_octets;       /* of such requests and answers */
	unsigned in_flight;
	uint64_t requests, refused_heads;
	uint64_t cut_answers; /* not taken in time, or more than could be kept */
};
struct civet_stats civet_stats(struct civet *server);
