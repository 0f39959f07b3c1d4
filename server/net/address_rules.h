/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which addresses a call to somebody else's URL may go to: those of the public internet. Whoever names a URL must not
 * reach, through this server, what only this server reaches: itself, its network, its cloud's metadata.
 */
#pragma once

#include <sys/socket.h>

#include "server/base/str.h"

/*
 * What kind of special address this is ("loopback", "private network" …), or NULL for a public one. 4 octets of IPv4 or
 * 16 of IPv6; any other number is "unknown".
 *
 * IPv6 forms that lead to an IPv4 address (v4-mapped, NAT64, 6to4, Teredo) are refused whole, whatever they lead to: a
 * public IPv4 address has a form of its own.
 *
 * spec    RFC 6890 and the IANA registries of special-purpose addresses; RFC 6052 §2.1, RFC 8215 (NAT64), RFC 3056
 *         §2 (6to4), RFC 4380 §2.6 (Teredo)
 */
const char *address_special(struct bytes address);

/* The same of a socket address; other families than IPv4 and IPv6 are "unknown". */
const char *sockaddr_special(const struct sockaddr *address);
