/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the layer needs of a connection, as a table of functions: civet.c puts civetweb behind it, a unit test puts
 * memory. Handlers never see it.
 */
#pragma once

#include <sys/types.h>

#include "server/base/str.h"

struct civet_conn;

enum conn_fault {
	CONN_MALFORMED = -1, /* a chunk that is none, or the client left */
	CONN_SLOW = -2,      /* the body did not arrive in time */
	CONN_CROWDED = -3    /* this address has too many bodies under way */
};

struct conn_ops {
	/* Up to `max` octets of the body: more than 0, 0 at its end, or a conn_fault. */
	ssize_t (*read)(struct civet_conn *conn, char *into, size_t max);
	/* All of the octets; false: the client is gone or too slow. */
	bool (*write)(struct civet_conn *conn, struct str octets);
	/* Count `octets` more of the body against the server's budget; false: it is used up. */
	bool (*reserve)(struct civet_conn *conn, size_t octets);
	/* Will the connection end with the answer that is written now? The server may be draining. */
	bool (*is_last)(struct civet_conn *conn);
	/* End the connection with this answer. */
	void (*close)(struct civet_conn *conn);
};

struct civet_conn {
	const struct conn_ops *ops;
	struct arena *out; /* memory of the answer: a handler that rewinds its own arena must not take it back */
	bool http_1_0;
	bool expects_continue; /* 100-continue was asked for and not yet sent */
};
