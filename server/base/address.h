/* SPDX-License-Identifier: Apache-2.0 */
/* Internet addresses and networks: as text, and whom they stand for. */
#pragma once

#include "server/base/str.h"

/* An address as 16 octets; IPv4 is ::ffff:a.b.c.d. */
struct address {
	uint8_t octets[16];
};

/* "192.0.2.1", "2001:db8::1", "[2001:db8::1]:4711", "192.0.2.1:80". */
bool address_parse(struct str text, struct address *out);
struct str address_text(struct arena *mem, struct address a);
/* Whom an address stands for: itself, or its /56 for IPv6: what one customer is commonly given (RFC 6177 §2). */
struct address address_site(struct address a);
/* The same of cx.client_ip, as text. */
struct str address_network(struct arena *mem, struct str client_ip);
/* As a range ("192.0.2.1/32", "2001:db8::/56"); absent where it is no address. */
struct str address_range(struct arena *mem, struct str client_ip);

/* Roughly where an address is, to tell people: its /24, of IPv6 its /48. Absent for what is none. */
struct str address_coarse(struct arena *mem, struct str ip);

struct network {
	struct address base;
	unsigned bits; /* of the 128 that must be the same */
};
/* "10.0.0.0/8", "fd00::/8", "192.0.2.1". */
bool network_parse(struct str text, struct network *out);
bool network_holds(const struct network *network, struct address a);
