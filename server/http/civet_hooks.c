/* SPDX-License-Identifier: Apache-2.0 */
/* What the changed civetweb asks of us (civet_hooks.h): a connection comes, it is its turn, octets in and out. */
#include "server/http/civet_hooks.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "civetweb.h"

#include "server/http/arrival.h"
#include "server/http/civet_private.h"
#include "server/http/head_check.h"

static_assert(CIVET_CHUNK_LINE_MAX == CHUNK_LINE_MAX, "one bound of a chunk's line");

static struct civet *server_of(const struct mg_context *ctx)
{
	return mg_get_user_data(ctx);
}

const struct concurrency_key *civet_network(const struct peer_origin *origin)
{
	return origin->trusted ? NULL : &origin->network;
}

int civet_head_len(struct peer *peer)
{
	return (int)peer_arrival(peer)->head_len;
}

int civet_head_fault(struct peer *peer, char *reason, size_t size)
{
	const struct head_fault *fault = peer_arrival(peer)->fault;
	if (!fault)
		return 0;
	snprintf(reason, size, "%s", fault->reason);
	return fault->status;
}

int civet_chunk_size(struct peer *peer, const char *line, size_t len, unsigned long *size)
{
	return chunk_line_read((struct str){ line, len }, size, &peer_arrival(peer)->extensions);
}

static struct address address_of(const struct sockaddr *from)
{
	struct address a = { { [10] = 0xFF, [11] = 0xFF } };
	if (from->sa_family == AF_INET6)
		memcpy(a.octets, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, sizeof a.octets);
	else if (from->sa_family == AF_INET)
		memcpy(a.octets + 12, &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
	else
		a.octets[12] = 127; /* a Unix socket: this machine */
	return a;
}

static struct peer_origin origin_of(const struct civet *server, const struct sockaddr *from)
{
	struct address a = address_of(from);
	return (struct peer_origin){
		.address = a, .network = concurrency_network(a), .trusted = proxy_trusted(server->proxies, a)
	};
}

int civet_admit(struct mg_context *ctx, const struct sockaddr *from)
{
	struct civet *server = server_of(ctx);
	struct peer_origin origin = origin_of(server, from);
	return server->park && ledger_take(server->ledger, LEDGER_CONNECTIONS, civet_network(&origin), 1);
}

void civet_begin(struct mg_context *ctx, int fd, const struct sockaddr *from, int tls, const void *so, size_t so_len)
{
	struct civet *server = server_of(ctx);
	struct peer_origin origin = origin_of(server, from);
	origin.fd = fd;
	origin.tls = tls;
	if (!peer_begin(server->park, &origin, so, so_len))
		ledger_give(server->ledger, LEDGER_CONNECTIONS, civet_network(&origin), 1);
}

void civet_accept_failed(void)
{
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
}

static int taken(bool there, const struct peer_buffer *buffer)
{
	return there ? (int)buffer->len : -1;
}

int civet_peer_arrive(struct peer *peer, char *octets, int room)
{
	struct peer_buffer buffer = { octets, 0, (size_t)room };
	return taken(peer_arrive(peer, &buffer), &buffer);
}

int civet_peer_go_on(struct peer *peer, char *octets, int len, int room)
{
	struct peer_buffer buffer = { octets, (size_t)len, (size_t)room };
	return taken(peer_go_on(peer, &buffer), &buffer);
}

void civet_peer_end(struct peer *peer, int unread)
{
	/* What comes after a head that was refused is nobody's, however long. */
	peer_end(peer, unread || peer_arrival(peer)->fault);
}

int civet_pull(struct peer *peer, char *into, int len)
{
	size_t got = len > 0 ? peer_receive(peer, into, (size_t)len) : 0;
	return len > 0 && !got ? -1 : (int)got;
}

int civet_push(struct peer *peer, const char *octets, int len)
{
	return peer_send(peer, octets, (size_t)len) ? len : -1;
}
