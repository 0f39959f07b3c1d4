/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Appended to civetweb's translation unit behind civet_park.inl. What arrives at a worker: TLS handshakes, heads, the
 * next request of a connection. A worker takes what is there and never waits for the rest; a handshake or a head that is
 * not whole goes back to the parker with what came of it, so that slow clients hold no threads, however many they are.
 */

/* What a client hears that speaks HTTP where TLS is spoken. */
static const char arrive_plain_http[] = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 37\r\n"
					"Connection: close\r\n\r\nThis port speaks TLS: use https://.\r\n";

/* ---- what is there ---- */

/* Octets that are here, behind those in conn->buf: more than 0, 0 for none yet, -1 at the end or after a fault. */
static int arrive_read(struct mg_connection *conn)
{
	char *into = conn->buf + conn->data_len;
	int room = conn->buf_size - conn->data_len, got, why;
	if (!conn->ssl) {
		got = (int)recv(conn->client.sock, into, (size_t)room, MSG_DONTWAIT);
		return got > 0 ? got : got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
	}
	ERR_clear_error();
	got = SSL_read(conn->ssl, into, room);
	if (got > 0)
		return got;
	why = SSL_get_error(conn->ssl, got);
	ERR_clear_error();
	return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

/* False: more must come. True: it is whole, or as much as there will be, which civetweb judges. */
static int arrive_head(struct mg_connection *conn)
{
	while (conn->data_len < conn->buf_size && get_http_header_len(conn->buf, conn->data_len) == 0) {
		int got = arrive_read(conn);
		if (got <= 0)
			return got < 0;
		conn->data_len += got;
	}
	return 1;
}

/* ---- back to the parker ---- */

/* The thread has no connection any more. */
static void arrive_forget(struct mg_connection *conn)
{
	conn->client.sock = INVALID_SOCKET;
	conn->client.tls = NULL;
	conn->client.head = NULL;
	conn->ssl = NULL;
}

/* Until more of handshake or head comes. They have one deadline; a wait that began before it may double it. */
static void arrive_wait(struct mg_connection *conn, struct parker *parker)
{
	struct socket so = conn->client;
	if (!parker || park_now_ms() - so.since_ms > parker->heads.limit_ms)
		return;
	so.tls = conn->ssl;
	so.head_len = conn->data_len;
	if (so.head_len > 0) {
		so.head = (char *)mg_malloc((size_t)so.head_len);
		if (!so.head)
			return;
		memcpy(so.head, conn->buf, (size_t)so.head_len);
	}
	if (park(parker, &parker->heads, &so))
		arrive_forget(conn);
	else
		mg_free(so.head);
}

/* ---- TLS ---- */

static int arrive_refuse(struct mg_connection *conn, unsigned long fault)
{
	int why = ERR_GET_REASON(fault);
	conn->status_code = 0;
	if (why == SSL_R_HTTP_REQUEST) {
		conn->status_code = 400; /* civet_linger: what the client still sends must not overtake this */
		conn->content_len = conn->consumed_content = 0;
		conn->is_chunked = 0;
		IGNORE_UNUSED_RESULT(
			send(conn->client.sock, arrive_plain_http, sizeof(arrive_plain_http) - 1, MSG_NOSIGNAL));
	}
	if (fault && why != SSL_R_UNEXPECTED_EOF_WHILE_READING)
		civet_tls_refused(conn->request_info.remote_addr, ERR_reason_error_string(fault));
	SSL_free(conn->ssl);
	conn->ssl = NULL;
	ERR_clear_error();
	return -1;
}

/* 1: done; 0: more must come; -1: it will never be. */
static int arrive_handshake(struct mg_connection *conn)
{
	int got, why;
	if (!conn->ssl)
		conn->ssl = civet_tls_begin(conn->phys_ctx, conn->client.sock);
	if (!conn->ssl)
		return -1;
	if (SSL_is_init_finished(conn->ssl))
		return 1;
	ERR_clear_error();
	got = SSL_accept(conn->ssl);
	if (got == 1)
		return 1;
	why = SSL_get_error(conn->ssl, got);
	if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
		return arrive_refuse(conn, ERR_peek_error());
	conn->client.wants_write = why == SSL_ERROR_WANT_WRITE;
	return 0;
}

/* ---- called by the changed source ---- */

/* A worker has a connection. True: a head is whole; false: close_connection, which finds nothing if it was parked. */
int civet_arrive(struct mg_connection *conn)
{
	struct socket *so = &conn->client;
	int carried = so->head_len, done = 1;
	if (!so->is_ssl && !carried)
		return 1; /* the parker saw it whole */
	conn->ssl = (SSL *)so->tls;
	conn->data_len = carried;
	if (carried)
		memcpy(conn->buf, so->head, (size_t)carried);
	mg_free(so->head);
	so->tls = NULL;
	so->head = NULL;
	so->head_len = 0;
	so->wants_write = 0;
	if (!so->since_ms)
		so->since_ms = park_now_ms();
	if (so->is_ssl)
		done = arrive_handshake(conn);
	if (done > 0 && arrive_head(conn)) {
		so->head_len = conn->data_len;
		return 1;
	}
	if (done >= 0)
		arrive_wait(conn, civet_parker(conn->phys_ctx));
	return 0;
}

void civet_take_new(struct mg_context *ctx, struct socket *so)
{
	struct parker *parker = civet_parker(ctx);
	so->since_ms = park_now_ms();
	if (!parker || !park(parker, &parker->heads, so))
		produce_socket(ctx, so);
}

/* Wait a moment for the next request in the thread, unless too many threads do so already. */
static int arrive_next_is_here(struct parker *parker, int fd)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	unsigned patient = __atomic_add_fetch(&parker->patient, 1, __ATOMIC_RELAXED);
	int came = poll(&readable, 1, patient > parker->threads / 2 ? 0 : PARK_PATIENCE_MS) != 0;
	__atomic_sub_fetch(&parker->patient, 1, __ATOMIC_RELAXED);
	return came;
}

/* After an answer. False: the next head is here. True: the thread is done with the connection, parked or to be closed. */
int civet_park_idle(struct mg_connection *conn)
{
	struct parker *parker = civet_parker(conn->phys_ctx);
	int fd = conn->client.sock;
	struct socket so;
	if (!parker)
		return 0;
	conn->client.head_len = 0;
	if (conn->data_len > 0 || (conn->ssl && SSL_pending(conn->ssl) > 0) || arrive_next_is_here(parker, fd)) {
		if (arrive_head(conn))
			return 0;
		conn->client.since_ms = park_now_ms();
		arrive_wait(conn, parker);
		return 1;
	}
	so = conn->client;
	so.since_ms = 0;
	so.tls = conn->ssl;
	if (park(parker, &parker->idles, &so))
		arrive_forget(conn);
	return 1;
}

/* ---- for civet.c ---- */

/* Octets of a body within TLS are here when they are decrypted: its records are no measure, for half of one is nothing. */
static int64_t arrive_body(struct mg_connection *conn, int64_t buffered)
{
	int got;
	while (buffered >= 0 && conn->data_len < conn->buf_size && (got = arrive_read(conn)) > 0) {
		conn->data_len += got;
		buffered += got;
	}
	return (buffered > 0 ? buffered : 0) + SSL_pending(conn->ssl);
}

size_t civet_body_here(struct mg_connection *conn)
{
	int in_socket = 0;
	int64_t buffered = (int64_t)conn->data_len - conn->request_len - conn->consumed_content;
	if (conn->ssl)
		return (size_t)arrive_body(conn, buffered);
	if (ioctl(conn->client.sock, FIONREAD, &in_socket) != 0)
		in_socket = 0;
	return (size_t)(buffered > 0 ? buffered : 0) + (size_t)in_socket;
}

const char *civet_head_here(const struct mg_connection *conn, size_t *len_out)
{
	*len_out = conn->buf && conn->data_len > 0 ? (size_t)conn->data_len : 0;
	return conn->buf;
}
