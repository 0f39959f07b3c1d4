/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between civetweb's changed source (cmake/civetweb.cmake), the code appended to it (civet_park.inl) and civet.c. This
 * is the first line of the changed source, so it includes nothing but compiler headers.
 */
#pragma once

#include <stddef.h>

struct mg_context;
struct mg_connection;
struct sockaddr;
struct parker;

/* ---- civet.c has these; civetweb calls them ---- */

/* 0, or the status to refuse the head with; its reason goes to `reason`. */
int civet_head_check(struct mg_context *ctx, char *head, int len, char *reason, size_t size);
/* The size of a chunk; *end becomes NULL for a malformed line, which makes civetweb refuse it. */
unsigned long civet_chunk_size(char *line, size_t len, char **end);
/* A connection of this address comes; 0 refuses it. Each admitted one is taken back by civet_left. */
int civet_admit(struct mg_context *ctx, const struct sockaddr *from);
void civet_left(struct mg_context *ctx, const struct sockaddr *from);
/* The server's side of a new TLS connection, NULL without memory; one that failed, and why. */
struct ssl_st *civet_tls_begin(struct mg_context *ctx, int fd);
void civet_tls_refused(const char *address, const char *reason);
/* The parker that park_open gave. */
struct parker *civet_parker(struct mg_context *ctx);

/* ---- civet_park.inl and civet_arrive.inl have these ---- */

struct park_settings {
	unsigned head_ms, idle_ms; /* a head must be whole, an idle connection must speak again within this time */
	unsigned threads;
};

/* In the init_context callback, before any thread of civetweb runs. NULL when it cannot start. */
struct parker *park_open(const struct mg_context *ctx, const struct park_settings *settings);
/* Close what is parked, and park nothing more: connections end with the answer that they wait for. */
void park_close(struct parker *parker);
void park_free(struct parker *parker);
unsigned park_count(struct parker *parker);

/* Refuse new connections at once, while running ones go on. */
void civet_stop_listening(struct mg_context *ctx);
/* Will this connection live on after the answer? */
int civet_keeps(const struct mg_connection *conn);
/* Octets of the request's body that are here already, in memory or in the socket. */
size_t civet_body_here(struct mg_connection *conn);
/* The head as it came, as much of it as is here. */
const char *civet_head_here(const struct mg_connection *conn, size_t *len_out);

/* Called by the changed source. */
struct socket;
/* True: a head is whole. False: the connection was parked, or is no good. */
int civet_arrive(struct mg_connection *conn);
/* True: the connection is parked or to be closed, and this thread is done with it. */
int civet_park_idle(struct mg_connection *conn);
void civet_take_new(struct mg_context *ctx, struct socket *so);
int civet_body_overdue(const struct mg_connection *conn, int read_now);
void civet_linger(struct mg_connection *conn);
void civet_accept_failed(void);
