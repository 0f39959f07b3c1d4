/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Octets over a descriptor, through TLS or not. Nothing here waits: what cannot be done now says so, and what to wait
 * for stands in `wants`. One thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct ssl_st;

struct channel {
	int fd;             /* does not block; -1: none */
	struct ssl_st *tls; /* NULL: plain */
	short wants;        /* POLLIN or POLLOUT: what the last call, which could not go on, waits for */
	bool broken;        /* nothing goes any more, not even a goodbye */
};

/* More than 0: octets; 0: nothing now; -1: the peer's end, or a fault. */
ssize_t channel_read(struct channel *c, char *into, size_t max);
/* Octets taken, from 0 on; -1: a fault. What was not taken must come again, first and with what follows it. */
ssize_t channel_write(struct channel *c, const char *octets, size_t len);
/* Decrypted octets that wait in memory, for which no descriptor becomes readable. */
bool channel_holds_input(const struct channel *c);

enum handshake {
	HANDSHAKE_MORE, /* later: see `wants` */
	HANDSHAKE_DONE,
	HANDSHAKE_FAILED
};
/* The server's side. `reason`: why it failed, in OpenSSL's words; NULL when the peer only left. */
enum handshake channel_handshake(struct channel *c, const char **reason, bool *plain_http);

/* Say that nothing more comes from here (RFC 8446 §6.1, FIN). Reading goes on. */
void channel_end(struct channel *c);
void channel_close(struct channel *c);

/* Octets that were written and that the peer has not acknowledged; octets that came and are not read. */
size_t channel_unsent(const struct channel *c);
size_t channel_unread(const struct channel *c);
