/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks, seen through the reverse proxies that the operator trusts (--trusted-proxy). */
#pragma once

#include "server/http/request.h"

/* An address as 16 octets; IPv4 is ::ffff:a.b.c.d. */
struct address {
	uint8_t octets[16];
};

struct proxy_list; /* a set of networks */

/* "10.0.0.0/8, fd00::/8, 127.0.0.1". INVALID_VALUE naming the part that is none; empty text is an empty set. */
MUST_CHECK err_t proxy_list_parse(struct ctx *cx, struct str text, const struct proxy_list **out);
bool proxy_trusted(const struct proxy_list *list, struct address a);

/* "192.0.2.1", "2001:db8::1", "[2001:db8::1]:4711", "192.0.2.1:80". */
bool address_parse(struct str text, struct address *out);
struct str address_text(struct arena *mem, struct address a);
/* Whom an address stands for: itself, or its /64 for IPv6, where one customer has at least that. */
struct address address_site(struct address a);
/* The same of cx.client_ip, as text. */
struct str address_network(struct arena *mem, struct str client_ip);

/*
 * Set cx.client_ip and secure; the client's address. `peer` is who is connected. The headers of a trusted peer are read
 * from the right: the first address that is not a trusted proxy is the client. A proxy writes X-Forwarded-For or
 * Forwarded (RFC 7239) and passes the other one on from strangers; when both are there and differ, neither is believed.
 */
struct address proxy_apply(struct request *rq, const struct proxy_list *list, struct address peer, bool tls);
