/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the layer needs of whom it talks with, as a table of functions: civet_request.c puts civetweb there, a unit test
 * puts memory. Handlers never see it.
 */
#pragma once

#include <sys/types.h>

#include "server/base/str.h"

struct client_io;
struct held_connection;

enum client_io_fault {
	IO_MALFORMED = -1, /* a chunk that is none, or the client left */
	IO_SLOW = -2,      /* the body did not arrive in time */
	IO_FULL = -3       /* this address has too many bodies under way */
};

struct client_io_ops {
	/* Up to `max` octets of the body: more than 0, 0 at its end, or a client_io_fault. */
	ssize_t (*read)(struct client_io *io, char *into, size_t max);
	/* All of the octets; false: the client is gone or too slow. */
	bool (*write)(struct client_io *io, struct str octets);
	/* Count `octets` more of the body against the server's budget; false: it is used up. */
	bool (*reserve)(struct client_io *io, size_t octets);
	/* Will the connection end with the answer that is written now? The server may be draining. */
	bool (*is_last)(struct client_io *io);
	/* End the connection with this answer. */
	void (*close)(struct client_io *io);
	/* After the answer's head: the connection stays open (held_connection.h). */
	void (*hold)(struct client_io *io, struct held_connection *held);
};

struct client_io {
	const struct client_io_ops *ops;
	struct arena *out; /* memory of the answer: a handler that rewinds its own arena must not take it back */
	bool http_1_0;
	bool expects_continue; /* 100-continue was asked for and not yet sent */
};
