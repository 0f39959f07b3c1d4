/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between civetweb's changed source (cmake/civetweb.cmake), the code appended to it (civet_glue.inl) and civet_hooks.c.
 * This is the first line of the changed source, so it includes nothing but compiler headers.
 */
#pragma once

#include <stddef.h>

struct mg_context;
struct mg_connection;
struct sockaddr;
struct socket;
struct peer;

#define CIVET_CHUNK_LINE_MAX 1024

/* ---- civet_hooks.c has these; civetweb calls them ---- */

/* A connection of this address comes; 0 refuses it. Each admitted one is begun, and is gone at its end. */
int civet_admit(struct mg_context *ctx, const struct sockaddr *from);
/* It waits for its first request, with a copy of civetweb's socket. */
void civet_begin(struct mg_context *ctx, int fd, const struct sockaddr *from, int tls, const void *so, size_t so_len);
void civet_accept_failed(void);
/* peer_arrive, peer_go_on (park.h) with civetweb's buffer: octets that are in it, or -1. */
int civet_peer_arrive(struct peer *peer, char *buffer, int room);
int civet_peer_go_on(struct peer *peer, char *buffer, int len, int room);
void civet_peer_end(struct peer *peer, int unread);
/* Octets of the request's head, all of it is here; and 0, or the status to refuse it with, whose reason goes to
 * `reason`. */
int civet_head_len(struct peer *peer);
int civet_head_fault(struct peer *peer, char *reason, size_t size);
/* 1: `size` is that of the chunk that this line begins. */
int civet_chunk_size(struct peer *peer, const char *line, size_t len, unsigned long *size);
/* Octets, or -1. */
int civet_pull(struct peer *peer, char *into, int len);
int civet_push(struct peer *peer, const char *octets, int len);

/* ---- civet_glue.inl has these ---- */

/* Give it to a worker. `so`: the copy of civetweb's socket. */
void civet_enqueue(const struct mg_context *ctx, struct peer *peer, void *so);
struct peer *civet_peer(const struct mg_connection *conn);
/* Refuse new connections at once, while running ones go on. */
void civet_stop_listening(struct mg_context *ctx);
/* Will this connection live on after the answer? */
int civet_keeps(const struct mg_connection *conn);
/* The head as it came, as much of it as is here. */
const char *civet_head_here(const struct mg_connection *conn, size_t *len_out);

/* Called by the changed source. */
void civet_take_new(struct mg_context *ctx, struct socket *so);
int civet_arrive(struct mg_connection *conn);
int civet_go_on(struct mg_connection *conn);
void civet_end(struct mg_connection *conn);
char *civet_chunk_line(struct mg_connection *conn, unsigned long *size);
