/* SPDX-License-Identifier: Apache-2.0 */
/* Appended to civetweb's translation unit, where its internals can be seen: its sockets become peers of the park (park.h)
 * and back. In `struct socket`, `peer` is the connection's, and `arrived` what a worker's buffer has of a request. */
#include <sys/eventfd.h>

/* The thread has no connection any more: close_connection, which comes next, finds nothing to close. */
static int civet_forget(struct mg_connection *conn)
{
	conn->client.sock = INVALID_SOCKET;
	conn->client.peer = NULL;
	return 0;
}

void civet_take_new(struct mg_context *ctx, struct socket *so)
{
	civet_begin(ctx, so->sock, &so->rsa.sa, so->is_ssl, so, sizeof(*so));
}

void civet_enqueue(const struct mg_context *ctx, struct peer *peer, void *so)
{
	((struct socket *)so)->peer = peer;
	produce_socket((struct mg_context *)ctx, (struct socket *)so);
}

/* A worker has a connection. True: a request is in its buffer. */
int civet_arrive(struct mg_connection *conn)
{
	int len = civet_peer_arrive(conn->client.peer, conn->buf, conn->buf_size);
	if (len < 0)
		return civet_forget(conn);
	conn->client.arrived = len;
	return 1;
}

/* After an answer. True: the next request is in the buffer. */
int civet_go_on(struct mg_connection *conn)
{
	int len = civet_peer_go_on(conn->client.peer, conn->buf, conn->data_len, conn->buf_size);
	if (len < 0)
		return civet_forget(conn);
	conn->data_len = len;
	return 1;
}

/* Before close_connection does anything. */
void civet_end(struct mg_connection *conn)
{
	if (conn->client.peer)
		civet_peer_end(conn->client.peer, conn->content_len > conn->consumed_content ||
			(conn->is_chunked && conn->is_chunked != 4));
	civet_forget(conn);
}

/* The size line of the next chunk, octet by octet from the body. `end` is what strtoul would point to; NULL: no line. */
char *civet_chunk_line(struct mg_connection *conn, unsigned long *size)
{
	char line[CIVET_CHUNK_LINE_MAX];
	size_t len = 0;
	do {
		conn->content_len++;
		if (len == sizeof(line) || mg_read_inner(conn, line + len, 1) != 1)
			return NULL;
	} while (line[len++] != '\n');
	if (!civet_chunk_size(conn->client.peer, line, len, size))
		return NULL;
	conn->is_chunked = *size ? 1 : 3;
	return (char *)"\r";
}

struct peer *civet_peer(const struct mg_connection *conn)
{
	return conn->client.peer;
}

const char *civet_head_here(const struct mg_connection *conn, size_t *len_out)
{
	*len_out = conn->buf && conn->data_len > 0 ? (size_t)conn->data_len : 0;
	return conn->buf;
}

/* Closing the descriptors would race with the accept thread's poll; an eventfd takes their place, and is never ready. */
void civet_stop_listening(struct mg_context *ctx)
{
	int idle = eventfd(0, EFD_CLOEXEC);
	for (unsigned i = 0; i < ctx->num_listening_sockets; i++) {
		shutdown(ctx->listening_sockets[i].sock, SHUT_RDWR);
		if (idle >= 0)
			dup3(idle, ctx->listening_sockets[i].sock, O_CLOEXEC);
	}
	if (idle >= 0)
		close(idle);
}

/* Trailers are not read (is_chunked 3), so nothing may follow them; nor a broken chunk, nor an upgrade that was asked for. */
int civet_keeps(const struct mg_connection *conn)
{
	return should_keep_alive(conn) && conn->is_chunked != 2 && conn->is_chunked != 3 &&
		conn->protocol_type == PROTOCOL_TYPE_HTTP1;
}
