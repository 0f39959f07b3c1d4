/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/listen_try.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* "127.0.0.1:8080", "[::1]:8080". False: something else. */
static bool split(struct arena *mem, struct str address, const char **host, const char **port)
{
	size_t colon = address.len;
	while (colon > 0 && address.ptr[colon - 1] != ':')
		colon--;
	if (colon < 2 || str_starts(address, STR("x/")))
		return false;
	struct str name = str_sub(address, 0, colon - 1);
	if (str_starts(name, STR("[")) && str_ends(name, STR("]")))
		name = str_sub(name, 1, name.len - 1);
	*host = str_c(mem, name);
	*port = str_c(mem, str_from(address, colon));
	return *host && *port;
}

/* As civetweb binds: what is left of closed connections does not count, and [::] is of IPv6 alone. */
static int bind_once(const struct addrinfo *at)
{
	const int on = 1;
	int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno == EAFNOSUPPORT ? 0 : errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (at->ai_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	int why = bind(fd, at->ai_addr, at->ai_addrlen) == 0 ? 0 : errno;
	close(fd);
	return why;
}

static err_t try_one(struct ctx *cx, struct str address)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *found;
	const char *host, *port;
	if (!split(cx->mem, address, &host, &port) || getaddrinfo(host, port, &hints, &found) != 0)
		return OK;
	int why = bind_once(found);
	freeaddrinfo(found);
	if (!why)
		return OK;
	return REFUSE(cx, UNAVAILABLE, "listen", "Cannot listen on %.*s: %s", STR_ARG(address), strerror(why));
}

err_t listen_try(struct ctx *cx, struct str listen)
{
	struct str rest = listen, address;
	while (str_cut(&rest, ',', &address))
		TRY(try_one(cx, str_trim(address, STR_BLANK)));
	return OK;
}
