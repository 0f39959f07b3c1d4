/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/channel.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

/* ---- TLS ---- */

/* 0: later; -1: never. */
static ssize_t tls_pause(struct channel *c, int returned)
{
	int why = SSL_get_error(c->tls, returned);
	ERR_clear_error();
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
		c->wants = why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
		return 0;
	}
	c->broken = why != SSL_ERROR_ZERO_RETURN;
	return -1;
}

static int as_int(size_t len)
{
	return len > INT_MAX ? INT_MAX : (int)len;
}

enum handshake channel_handshake(struct channel *c, const char **reason, bool *plain_http)
{
	assert(c->tls && !c->broken);
	*reason = NULL;
	*plain_http = false;
	if (SSL_is_init_finished(c->tls))
		return HANDSHAKE_DONE;
	ERR_clear_error();
	int done = SSL_accept(c->tls);
	if (done == 1)
		return HANDSHAKE_DONE;
	unsigned long fault = ERR_peek_error();
	int why = ERR_GET_REASON(fault);
	if (tls_pause(c, done) == 0)
		return HANDSHAKE_MORE;
	c->broken = true;
	*plain_http = fault && why == SSL_R_HTTP_REQUEST;
	if (fault && why != SSL_R_UNEXPECTED_EOF_WHILE_READING)
		*reason = ERR_reason_error_string(fault);
	return HANDSHAKE_FAILED;
}

/* ---- octets ---- */

static bool is_pause(void)
{
	return errno == EAGAIN || errno == EINTR;
}

ssize_t channel_read(struct channel *c, char *into, size_t max)
{
	assert(c->fd >= 0 && max > 0);
	if (c->broken)
		return -1;
	if (c->tls) {
		ERR_clear_error();
		int got = SSL_read(c->tls, into, as_int(max));
		return got > 0 ? got : tls_pause(c, got);
	}
	ssize_t got = recv(c->fd, into, max, MSG_DONTWAIT);
	if (got > 0)
		return got;
	c->wants = POLLIN;
	if (got < 0 && is_pause())
		return 0;
	c->broken = got < 0;
	return -1;
}

ssize_t channel_write(struct channel *c, const char *octets, size_t len)
{
	assert(c->fd >= 0 && len > 0);
	if (c->broken)
		return -1;
	if (c->tls) {
		ERR_clear_error();
		int put = SSL_write(c->tls, octets, as_int(len));
		return put > 0 ? put : tls_pause(c, put);
	}
	ssize_t put = send(c->fd, octets, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (put >= 0)
		return put;
	c->wants = POLLOUT;
	if (is_pause())
		return 0;
	c->broken = true;
	return -1;
}

bool channel_holds_input(const struct channel *c)
{
	return c->tls && SSL_pending(c->tls) > 0;
}

/* ---- the end ---- */

void channel_end(struct channel *c)
{
	if (c->tls && !c->broken && SSL_is_init_finished(c->tls)) {
		ERR_clear_error();
		SSL_shutdown(c->tls);
		ERR_clear_error();
	}
	shutdown(c->fd, SHUT_WR);
}

void channel_close(struct channel *c)
{
	if (c->tls)
		SSL_free(c->tls);
	if (c->fd >= 0)
		close(c->fd);
	*c = (struct channel){ .fd = -1 };
}

static size_t asked(const struct channel *c, unsigned long what)
{
	int octets = 0;
	return ioctl(c->fd, what, &octets) == 0 && octets > 0 ? (size_t)octets : 0;
}

size_t channel_unsent(const struct channel *c)
{
	return asked(c, SIOCOUTQ);
}

size_t channel_unread(const struct channel *c)
{
	return asked(c, FIONREAD);
}
